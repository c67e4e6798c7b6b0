/* Burgers: the exact solution of Cole and Hopf in space and time, order in time, failures. */
#include "datagen/problem/burgers/burgers.h"
#include "problems.h"

static double exact(const fh_generate_config *c, int part, const double x[3])
{
  const fh_burgers_config *b = (const void *)c->problem_config;
  (void)part;
  return fh_burgers_exact(b, b->march.end_time, x[0]);
}

static fh_generate_config cole_hopf(const char *size)
{
  fh_generate_config c = defaults_of("burgers");
  set(&c, "initial", "cole_hopf");
  set(&c, "viscosity", "0.2");
  set(&c, "length", "2");
  set(&c, "end_time", "0.4");
  set(&c, "tolerance", "1e-13");
  set(&c, "size", size);
  return c;
}

static void test_spectral(void)
{
  const char *const sizes[] = {"16", "32", "64", "129"};
  double errors[4];
  for (int i = 0; i < 4; i++) {
    const fh_generate_config c = cole_hopf(sizes[i]);
    errors[i] = largest_error(&c, exact);
  }
  EXPECT(errors[1] <= errors[0] / 10.0 && errors[2] <= errors[1] / 100.0 && errors[3] <= 1e-10,
         "spectral accuracy: %g %g %g %g", errors[0], errors[1], errors[2], errors[3]);
}

static void test_order(void)
{
  fh_generate_config c = cole_hopf("128");
  set(&c, "courant", "100");
  set(&c, "dt", "0.02");
  const double once = largest_error(&c, exact);
  set(&c, "dt", "0.01");
  const double twice = largest_error(&c, exact);
  EXPECT(once < 1e-3 && twice > 1e-12, "errors %g and %g tell no order", once, twice);
  EXPECT(log2(once / twice) >= 3.8, "order %g", log2(once / twice));
}

/* every frame of a trajectory against the exact solution */
static void test_trajectory(void)
{
  fh_generate_config c = cole_hopf("96");
  const fh_burgers_config *b = (const void *)c.problem_config;
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "record_every", "0.1");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  const fh_store *s = l->store;
  EXPECT(record.valid && s->steps == 5 && l->problem->n_fields == 1, "%s", why);
  for (ptrdiff_t t = 0; t < s->steps; t++)
    for (ptrdiff_t i = 0; i < s->points; i++) {
      const double wanted = fh_burgers_exact(b, 0.1 * (double)t, fh_grid_point(&s->grid, 0, i));
      EXPECT(fabs(s->value[0][t * s->points + i] - wanted) <= 1e-9, "frame %td point %td", t, i);
    }
  fh_labeller_destroy(&l);
}

/* the published set at fewer points: a wave that is carried as far as on 8192 */
static void test_resolutions(void)
{
  fh_labeller *l[2] = {NULL, NULL};
  fh_sample_record record;
  char why[256];
  for (int i = 0; i < 2; i++) {
    fh_generate_config c;
    const fh_field *fields = NULL;
    EXPECT_OK(fh_generate_prepare(NULL, "fno-burgers-1", &c, &fields));
    set(&c, "size", i ? "1024" : "256");
    set(&c, "store_size", "128");
    EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l[i]));
    EXPECT_OK(fh_labeller_make(l[i], 3, &record, why));
    EXPECT(record.valid, "%s", why);
    EXPECT(l[i]->store->points == 128, "%td points", l[i]->store->points);
  }
  double worst = 0.0, most = 0.0;
  for (int i = 0; i < 128; i++) {
    worst = fmax(worst, fabs(l[0]->store->value[1][i] - l[1]->store->value[1][i]));
    most = fmax(most, fabs(l[1]->store->value[1][i]));
  }
  EXPECT(worst <= 1e-5 * most && most > 0.0, "256 and 1024 points: %g of %g", worst, most);
  fh_labeller_destroy(&l[0]);
  fh_labeller_destroy(&l[1]);
}

int main(int argc, char **argv)
{
  int size = 1, rank = 0;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (size == 1) {
    test_spectral();
    test_order();
    test_trajectory();
    test_resolutions();
    refuse("burgers", "size", "2", "too small");
    refuse("burgers", "end_time", "0", "positive");
  } else {
    fh_generate_config c = defaults_of("burgers");
    fh_labeller *l = NULL;
    EXPECT_FAILS(FH_ERR_USAGE, "not shared", fh_labeller_create(MPI_COMM_WORLD, &c, &l));
  }
  if (rank == 0) printf("burgers: Cole-Hopf, fourth order in time\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
