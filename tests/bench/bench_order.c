/* bench_order N SIZE ORDER [two_opt]: what an order of N log-normal Darcy samples costs and gives. */
#include "datagen/common.h"
#include "datagen/skr/order.h"

int main(int argc, char **argv)
{
  fh_generate_config c;
  const fh_field *fields = NULL;
  const fh_problem_class *class = NULL;
  fh_problem *p = NULL;
  fh_order_report r;
  int rank = 0, none = 1;
  char **name = argv;
  if (argc < 4) {
    fputs("usage: bench_order N SIZE ORDER [two_opt]; orders: those of -sequence_order\n", stderr);
    return 64;
  }
  EXPECT(!PetscInitialize(&none, &name, NULL, NULL), "PETSc");
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  EXPECT_OK(fh_generate_prepare("darcy", "lognormal-darcy-1", &c, &fields));
  set(&c, "size", argv[2]);
  set(&c, "sequence_order", argv[3]);
  set(&c, "sequence_two_opt", argc > 4 ? "true" : "false");
  const ptrdiff_t n = atol(argv[1]);
  int64_t *wanted = malloc((size_t)n * sizeof *wanted), *tour = malloc((size_t)n * sizeof *tour);
  for (ptrdiff_t i = 0; i < n; i++) wanted[i] = i;
  EXPECT_OK(fh_problem_find("darcy", &class));
  EXPECT_OK(fh_problem_create(MPI_COMM_SELF, class, c.problem_config, &c.size, &p));
  EXPECT_OK(fh_order_tour(MPI_COMM_WORLD, &c.order, p, 0, n, wanted, tour, &r));
  if (rank == 0)
    printf("%s %s^2 x %td: %td coefficients, draw %.2f s, sort %.2f s, mean step %.4g of %.4g, at "
           "most %.4g\n",
           argv[3], argv[2], n, r.coefficients, r.sampling, r.sorting, r.after, r.before,
           r.after_bound);
  free(wanted), free(tour);
  fh_problem_destroy(&p);
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
