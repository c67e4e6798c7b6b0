/* Poisson: order of convergence, linearity in the coefficients, the published law, several ranks. */
#include "datagen/problem/poisson/poisson.h"
#include "problems.h"

static double exact(const fh_generate_config *c, int part, const double x[3])
{
  (void)c, (void)part;
  return fh_poisson_exact(x[0], x[1]);
}

static void test_order(void)
{
  fh_generate_config c = defaults_of("poisson");
  set(&c, "law", "manufactured");
  set(&c, "tolerance", "1e-11");
  const double order = least_order(c, exact, 2, 16, 128, 1);
  EXPECT(order >= 1.95 && order < 2.2, "order %g", order);
  set(&c, "law", "chebyshev");
  const double skew = asymmetry(&c);
  EXPECT(skew == 0.0, "the matrix is not symmetric: %g", skew);
}

/* published: five polynomials in x alone, so that f depends on x only and two sides see one value */
static void test_published(void)
{
  fh_generate_config c = defaults_of("poisson");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  enum { N = 20 };
  set(&c, "law", "chebyshev_x");
  set(&c, "size", "20");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 5, &record, why));
  const fh_problem *p = l->problem;
  EXPECT(record.valid && p->constant_matrix, "%s", why);
  const double *f = p->value[0], *g = p->value[1], *u = p->value[2];
  for (int i = 0; i < N; i++) {
    EXPECT(f[i * N + 3] == f[i * N + 11], "f varies along y");
    EXPECT(i < 1 || i > N - 2 || (g[i] == g[5] && g[(N - 1) * N + i] == g[(N - 1) * N + 5]),
           "g varies along x = 0 or x = 1");
    EXPECT(u[i] == g[i] && u[i * N] == g[i * N], "u is not g on the boundary");
  }
  EXPECT(f[3] != f[5 * N + 3] && g[3 * N] != g[5 * N] && g[N + 1] == 0.0, "no polynomials");
  fh_labeller_destroy(&l);
}

/* A higher degree adds terms to the same sample; coefficients stay below the amplitude. */
static void test_degrees(void)
{
  fh_generate_config c = defaults_of("poisson");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double most = 0.0, mean = 0.0;
  set(&c, "degree", "0");
  set(&c, "size", "5");
  set(&c, "amplitude", "3");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  for (int s = 0; s < 400; s++) {
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid, "%s", why);
    most = fmax(most, fabs(l->problem->value[0][7]));
    mean += l->problem->value[0][7] / 400.0;
    EXPECT(l->problem->value[0][7] == l->problem->value[0][12], "degree 0 is not constant");
  }
  EXPECT(most > 2.9 && most < 3.0 && fabs(mean) < 0.35, "uniform on (-3, 3): %g, mean %g", most,
         mean);
  fh_labeller_destroy(&l);
}

int main(int argc, char **argv)
{
  int size = 1;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  fh_generate_config c = defaults_of("poisson");
  set(&c, "size", "21,30");
  set(&c, "tolerance", "1e-10");
  expect_shared(&c, 1e-8);
  set(&c, "law", "chebyshev_x");
  expect_shared(&c, 1e-8);
  set(&c, "law", "field");
  expect_shared(&c, 1e-8);
  set(&c, "size", "3,9"); /* ranks with less than a grid row */
  expect_shared(&c, 1e-8);
  if (size == 1) {
    test_order();
    test_published();
    test_degrees();
    refuse("poisson", "size", "2", "at least 3");
    refuse("poisson", "amplitude", "-1", "positive");
    refuse("poisson", "size", "8,8,8", "2 axes");
  }
  if (PetscGlobalRank == 0) printf("poisson: order, published law, shared samples\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
