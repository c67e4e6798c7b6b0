/* Darcy: order of convergence of every scheme, published magnitudes, one sample on several ranks. */
#include "datagen/problem/darcy/darcy.h"
#include "datagen/problem/darcy/spline.h"
#include "problems.h"

/* largest error against the exact solution, at the points of the stored field */
static double error_at(const char *scheme, const char *coefficient, int n, int m)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double worst = 0.0;
  set(&c, "scheme", scheme);
  set(&c, "coefficient", coefficient);
  set(&c, "tolerance", "1e-11");
  c.size = (fh_int_list){2, {n, m}};
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(record.valid && record.residual <= 1e-11, "%s: %s", scheme, why);
  const fh_problem *p = l->problem;
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j < m; j++) {
      const double x[3] = {fh_grid_point(&p->grid, 0, i), fh_grid_point(&p->grid, 1, j), 0.0};
      const double exact = fh_darcy_exact((const fh_darcy_config *)p->config, x);
      worst = fmax(worst, fabs(p->value[1][i * m + j] - exact));
    }
  fh_labeller_destroy(&l);
  return worst;
}

/* the least slope over four grids of n by n * share; vertices: one more */
static double order(const char *scheme, const char *coefficient, int vertices, double share)
{
  double before = 0.0, least = (double)INFINITY;
  for (int n = 16; n <= 128; n *= 2) {
    const double error = error_at(scheme, coefficient, n + vertices, (int)(n * share) + vertices);
    if (before > 0.0) least = fmin(least, log2(before / error));
    before = error;
  }
  return least;
}

static void test_orders(void)
{
  const double harmonic = order("harmonic_fv", "manufactured", 0, 0.75);
  const double arithmetic = order("arithmetic_fd", "manufactured", 1, 0.75);
  const double compat = order("fno_compat", "manufactured", 0, 1.0);
  const double layers = order("harmonic_fv", "layers", 0, 0.75);
  EXPECT(harmonic >= 1.9, "harmonic_fv: order %g", harmonic);
  EXPECT(arithmetic >= 1.9, "arithmetic_fd: order %g", arithmetic);
  EXPECT(compat >= 1.9, "fno_compat: order %g", compat);
  EXPECT(layers >= 1.9, "harmonic_fv across a jump: order %g", layers);
  /* what the harmonic mean is for: the arithmetic one has lost its order there */
  const double jump = order("arithmetic_fd", "layers", 0, 1.0);
  EXPECT(jump < 1.5, "arithmetic_fd across a jump: order %g", jump);
}

static double exact_at(const fh_generate_config *c, int part, const double x[3])
{
  (void)part;
  return fh_darcy_exact((const fh_darcy_config *)(const void *)c->problem_config, x);
}

static void test_cube(const char *scheme, const char *coefficient, int vertices)
{
  fh_generate_config c = defaults();
  set(&c, "dim", "3");
  set(&c, "scheme", scheme);
  set(&c, "coefficient", coefficient);
  set(&c, "tolerance", "1e-10");
  const double found = least_order(c, exact_at, 3, 16, 64, vertices);
  EXPECT(found >= 1.9 && found < 2.3, "%s, %s in 3-D: order %g", scheme, coefficient, found);
  c.size = (fh_int_list){3, {7, 6, 5}};
  set(&c, "coefficient", "two_phase");
  const double skew = asymmetry(&c);
  EXPECT(skew == 0.0, "%s in 3-D is not symmetric: %g", scheme, skew);
}

/* f = 1, a in {3, 12}: between the cube's 0.0562 (a = 1, centre) / 12 and / 3 */
static void test_cube_magnitudes(void)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "dim", "3");
  set(&c, "size", "20");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  for (int s = 0; s < 10; s++) {
    double top = 0.0;
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid && record.rung == 0, "%s", why);
    for (int i = 0; i < 8000; i++) {
      EXPECT(l->problem->value[1][i] > 0.0, "u = %g", l->problem->value[1][i]);
      top = fmax(top, l->problem->value[1][i]);
    }
    EXPECT(top > 0.0562 / 12.0 && top < 0.0562 / 3.0, "max u %g", top);
  }
  fh_labeller_destroy(&l);
}

/* P(|g| <= 0.3 deviations) = 0.236 of a Gaussian; channels follow the level line g = 0 */
static void test_channels(void)
{
  enum { SAMPLES = 40 };
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double share = 0.0;
  set(&c, "coefficient", "channels");
  set(&c, "values", "100,1");
  set(&c, "field_tau", "8");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  const ptrdiff_t size = fh_grid_size(&l->problem->grid);
  for (int s = 0; s < SAMPLES; s++) {
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid && record.rung == 0, "%s", why);
    for (ptrdiff_t i = 0; i < size; i++) {
      const double a = l->problem->value[0][i];
      EXPECT(a == 100.0 || a == 1.0, "a = %g", a);
      share += (a == 100.0) / (double)size / SAMPLES;
    }
  }
  EXPECT(fabs(share - 0.236) <= 0.03, "channels cover %g, 0.236 expected", share);
  fh_labeller_destroy(&l);
}

/* not-a-knot splines reproduce cubics, also outside */
static void test_spline(void)
{
  enum { N = 9 };
  double in[N * N], out[N * N], work[N * N + 4 * N];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) in[i * N + j] = pow(i - 3.0, 3) * (1.0 + j * j) + j;
  fh_spline_resample(N, in, -0.5, 9.0 / 8.0, out, work);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      const double s = -0.5 + i * 9.0 / 8.0, t = -0.5 + j * 9.0 / 8.0;
      const double exact = pow(s - 3.0, 3) * (1.0 + t * t) + t;
      EXPECT(fabs(out[i * N + j] - exact) <= 1e-10, "(%d,%d): %g, %g", i, j, out[i * N + j], exact);
    }
}

/* f = 1, a in {3, 12}: what independent codes give */
static void test_magnitudes(const char *scheme)
{
  enum { SAMPLES = 20 };
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double most = 0.0, mean = 0.0, least_most = (double)INFINITY;
  set(&c, "scheme", scheme);
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  const ptrdiff_t size = fh_grid_size(&l->problem->grid);
  for (int s = 0; s < SAMPLES; s++) {
    double top = 0.0;
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid && record.rung == 0, "%s", why);
    for (ptrdiff_t i = 0; i < size; i++) {
      const double a = l->problem->value[0][i], u = l->problem->value[1][i];
      EXPECT(a == 3.0 || a == 12.0, "a = %g", a);
      top = fmax(top, u);
      mean += u / (double)size / SAMPLES;
    }
    most = fmax(most, top);
    least_most = fmin(least_most, top);
  }
  EXPECT(least_most >= 0.009 && most <= 0.017, "%s: max u %g to %g", scheme, least_most, most);
  EXPECT(mean >= 0.005 && mean <= 0.006, "%s: mean u %g", scheme, mean);
  fh_labeller_destroy(&l);
}

/* several ranks on one sample: the same coefficient to the bit, the same solution to the tolerance */
static void test_shared_sample(const char *scheme, const char *coefficient, const char *size)
{
  fh_generate_config c = defaults();
  fh_labeller *alone = NULL, *together = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "scheme", scheme);
  set(&c, "coefficient", coefficient);
  set(&c, "size", size);
  set(&c, "tolerance", "1e-10");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &alone));
  EXPECT_OK(fh_labeller_create(MPI_COMM_WORLD, &c, &together));
  const ptrdiff_t points = fh_grid_size(&alone->problem->grid);
  for (int s = 0; s < 3; s++) {
    double difference = 0.0, norm = 0.0;
    EXPECT_OK(fh_labeller_make(alone, s, &record, why));
    EXPECT(record.valid, "%s", why);
    EXPECT_OK(fh_labeller_make(together, s, &record, why));
    EXPECT(record.valid && record.residual <= 1e-10, "%s", why);
    double *const *a = alone->problem->value, *const *b = together->problem->value;
    EXPECT(memcmp(a[0], b[0], (size_t)points * sizeof(double)) == 0, "coefficients differ");
    for (ptrdiff_t i = 0; i < points && together->rank == 0; i++) {
      difference += (a[1][i] - b[1][i]) * (a[1][i] - b[1][i]);
      norm += a[1][i] * a[1][i];
    }
    EXPECT(sqrt(difference) <= 1e-8 * sqrt(norm), "%g of %g", sqrt(difference), sqrt(norm));
  }
  fh_labeller_destroy(&alone);
  fh_labeller_destroy(&together);
}

static void test_matrix(const char *scheme)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  bool usable = false;
  char why[256];
  PetscBool symmetric = PETSC_FALSE;
  PetscReal before = 0.0, after = 0.0;
  set(&c, "scheme", scheme);
  set(&c, "size", "12");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_assemble(l, 3, &usable, why));
  EXPECT(usable && !l->problem->constant_matrix, "%s", why);
  EXPECT(!MatNorm(l->matrix, NORM_FROBENIUS, &before), "norm");
  Mat transposed = NULL;
  EXPECT(!MatTranspose(l->matrix, MAT_INITIAL_MATRIX, &transposed), "transpose");
  EXPECT(!MatEqual(l->matrix, transposed, &symmetric) && symmetric, "%s is not symmetric", scheme);
  (void)MatDestroy(&transposed);
  EXPECT_OK(fh_labeller_assemble(l, 4, &usable, why));
  EXPECT(!MatNorm(l->matrix, NORM_FROBENIUS, &after), "norm");
  EXPECT(fabs(before - after) > 1e-8, "two samples have the same matrix");
  fh_labeller_destroy(&l);
}

/* a matrix that is the same for all samples is assembled once, so that its factor is kept */
static void test_constant_matrix(void)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "values", "5,5");
  set(&c, "size", "12");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT(l->problem->constant_matrix, "a constant coefficient is not noticed");
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  const double before = l->problem->value[1][70];
  /* somebody doubles the matrix: the next sample shows that it was not assembled again */
  EXPECT(record.valid && !MatScale(l->matrix, 2.0), "%s", why);
  EXPECT_OK(fh_labeller_make(l, 1, &record, why));
  const double after = l->problem->value[1][70];
  EXPECT(record.valid && fabs(2.0 * after - before) <= 1e-7 * before, "%g, then %g", before, after);
  fh_labeller_destroy(&l);
}

static void expect_refused(const char *name, const char *value, const char *word)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  set(&c, name, value);
  EXPECT_FAILS(FH_ERR_USAGE, word, fh_labeller_create(MPI_COMM_SELF, &c, &l));
}

/* u at 33 x 33 points (a at the first of them), solved on a finer grid */
static double *solved(const char *scheme, int size, int64_t index, double *first)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  const bool cells = strcmp(scheme, "harmonic_fv") == 0;
  set(&c, "coefficient", "multiscale");
  set(&c, "scheme", scheme);
  set(&c, "scales", "3");
  set(&c, "tolerance", "1e-10");
  set(&c, "store_by", cells ? "mean" : "points");
  c.size = (fh_int_list){1, {size + !cells}};
  c.store.size = (fh_int_list){1, {32 + !cells}};
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, index, &record, why));
  EXPECT(record.valid, "%s", why);
  double *u = malloc((size_t)l->store->points * sizeof *u);
  memcpy(u, l->store->value[1], (size_t)l->store->points * sizeof *u);
  *first = l->store->value[0][0];
  fh_labeller_destroy(&l);
  return u;
}

static double distance(const double *a, const double *b, int points)
{
  double sum = 0.0;
  for (int i = 0; i < points; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

/* the solution converges at second order, and the coefficient is the same function on every grid */
static void test_multiscale(const char *scheme)
{
  double a[3], *u[3];
  for (int i = 0; i < 3; i++) u[i] = solved(scheme, 64 << i, 1, &a[i]);
  const double order = log2(distance(u[0], u[1], 1024) / distance(u[1], u[2], 1024));
  EXPECT(order >= 1.9 && order < 2.3, "%s, multiscale: order %g", scheme, order);
  if (strcmp(scheme, "harmonic_fv") != 0)
    EXPECT(a[0] == 1.5 * 1.5 * 1.5 && a[1] == a[0] && a[2] == a[0], "a at the corner: %g", a[0]);
  for (int i = 0; i < 3; i++) free(u[i]);
}

/* another sample, another coefficient; the matrix changes */
static void test_multiscale_law(void)
{
  fh_darcy_config c = {.scales = 2, .dim = 2};
  const double wave[FH_DARCY_SCALES] = {1.25, 2.5}, x[3] = {0.3, 0.1, 0.0};
  const double pi = 3.14159265358979323846;
  const double wanted = (1.0 + 0.5 * cos(1.25 * pi * 0.4)) * (1.0 + 0.5 * sin(1.25 * pi * -0.8)) *
                        (1.0 + 0.5 * cos(2.5 * pi * 0.4)) * (1.0 + 0.5 * sin(2.5 * pi * -0.8));
  const double is = fh_darcy_multiscale(&c, wave, x);
  EXPECT(fabs(is - wanted) <= 1e-14, "a = %g, not %g", is, wanted);
  double a[2], *u[2];
  for (int i = 0; i < 2; i++) u[i] = solved("arithmetic_fd", 32, i, &a[i]);
  EXPECT(distance(u[0], u[1], 1089) > 0.01 * distance(u[0], u[0] + 1, 1088),
         "two samples are equal");
  for (int i = 0; i < 2; i++) free(u[i]);
}

static void test_errors(void)
{
  expect_refused("values", "12", "1 numbers");
  expect_refused("values", "12,-3", "-3");
  expect_refused("size", "1", "at least 2");
  expect_refused("size", "8,8,8", "2 axes");
  expect_refused("field_alpha", "0.5", "needs more than 1");
  /* a coefficient that overflows is a failed sample, not a failed run */
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "coefficient", "lognormal");
  set(&c, "scale", "1e5");
  set(&c, "size", "8");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(!record.valid && strstr(why, "positive and finite") && isnan(l->problem->value[1][0]),
         "%s", why);
  fh_labeller_destroy(&l);
}

int main(int argc, char **argv)
{
  int size = 1;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  test_shared_sample("harmonic_fv", "two_phase", "33");
  test_shared_sample("arithmetic_fd", "lognormal", "20,31");
  test_shared_sample("fno_compat", "lognormal", "24");
  test_shared_sample("harmonic_fv", "lognormal", "2,31"); /* ranks with less than a grid row */
  test_shared_sample("harmonic_fv", "two_phase", "2");
  test_shared_sample("harmonic_fv", "channels", "24");
  fh_generate_config cube = defaults();
  set(&cube, "dim", "3");
  set(&cube, "size", "9,7,8");
  set(&cube, "tolerance", "1e-10");
  expect_shared(&cube, 1e-8);
  set(&cube, "scheme", "arithmetic_fd");
  set(&cube, "coefficient", "lognormal");
  expect_shared(&cube, 1e-8);
  if (size == 1) {
    test_spline();
    test_orders();
    test_cube("harmonic_fv", "manufactured", 0);
    test_cube("arithmetic_fd", "manufactured", 1);
    test_cube("harmonic_fv", "layers", 0);
    test_cube_magnitudes();
    test_channels();
    test_magnitudes("harmonic_fv");
    test_magnitudes("arithmetic_fd");
    test_magnitudes("fno_compat");
    test_matrix("harmonic_fv");
    test_matrix("arithmetic_fd");
    test_constant_matrix();
    test_multiscale("harmonic_fv");
    test_multiscale("arithmetic_fd");
    test_multiscale_law();
    test_errors();
  }
  if (PetscGlobalRank == 0) printf("darcy: orders, magnitudes, shared samples\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
