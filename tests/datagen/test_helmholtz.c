/* Helmholtz: order of convergence of every scheme and boundary, symmetry, inertia, resonance, several
   ranks. */
#include "datagen/problem/helmholtz/helmholtz.h"
#include "problems.h"

static const double pi = 3.14159265358979323846;

static double exact(const fh_generate_config *c, int part, const double x[3])
{
  return fh_helmholtz_exact((const fh_helmholtz_config *)(const void *)c->problem_config, part,
                            x[0], x[1]);
}

static fh_generate_config with(const char *scheme, const char *boundary, const char *medium)
{
  fh_generate_config c = defaults_of("helmholtz");
  set(&c, "scheme", scheme);
  set(&c, "boundary", boundary);
  set(&c, "medium", medium);
  return c;
}

static void test_order(const char *scheme, const char *boundary, const char *omega, int vertices)
{
  fh_generate_config c = with(scheme, boundary, "manufactured");
  set(&c, "omega", omega);
  set(&c, "tolerance", "1e-10");
  const double order = least_order(c, exact, 2, 32, 128, vertices);
  EXPECT(order >= 1.9 && order < 2.4, "%s, %s, omega %s: order %g", scheme, boundary, omega, order);
}

/* how many eigenvalues are negative: the signs of the pivots of a dense copy */
static int negative_eigenvalues(const fh_generate_config *c)
{
  fh_labeller *l = NULL;
  bool usable = false;
  char why[256];
  int count = 0;
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, c, &l));
  EXPECT_OK(fh_labeller_assemble(l, 0, &usable, why));
  const int n = (int)l->problem->unknowns;
  double *a = calloc((size_t)(n * n), sizeof *a);
  for (PetscInt i = 0; i < n; i++)
    for (PetscInt j = 0; j < n; j++)
      EXPECT(!MatGetValues(l->matrix, 1, &i, 1, &j, a + i * n + j), "entry");
  for (int k = 0; k < n; k++) { /* LDL' without pivoting: Sylvester's law */
    count += a[k * n + k] < 0.0;
    for (int i = k + 1; i < n; i++) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (int j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  free(a);
  fh_labeller_destroy(&l);
  return count;
}

/* k^2 = 9.7^2 = 9.53 pi^2: p^2 + q^2 is less for 4 pairs p, q > 0, for 11 pairs p, q >= 0 */
static void test_inertia(void)
{
  fh_generate_config c = with("fv", "dirichlet", "linear");
  set(&c, "amplitude", "0");
  set(&c, "omega", "9.7");
  set(&c, "size", "20");
  int count = negative_eigenvalues(&c);
  EXPECT(count == 4, "%d negative eigenvalues with u = 0, 4 expected", count);
  set(&c, "boundary", "neumann");
  count = negative_eigenvalues(&c);
  EXPECT(count == 11, "%d negative eigenvalues with du/dn = 0, 11 expected", count);
  set(&c, "scheme", "q1_fem");
  count = negative_eigenvalues(&c);
  EXPECT(count == 11, "%d negative eigenvalues with q1_fem, 11 expected", count);
}

static void test_symmetry(void)
{
  const char *const boundaries[] = {"dirichlet", "neumann", "impedance"};
  for (int b = 0; b < 3; b++) {
    fh_generate_config c = with("fv", boundaries[b], "linear");
    const double skew = asymmetry(&c);
    EXPECT(skew == 0.0, "%s: the matrix is not symmetric: %g", boundaries[b], skew);
  }
  fh_generate_config c = with("q1_fem", "neumann", "tanh");
  set(&c, "speed", "2");
  const double skew = asymmetry(&c);
  EXPECT(skew <= 1e-9, "q1_fem: the matrix is not symmetric: %g", skew);
}

/* k^2 at an eigenvalue of the discrete Laplacian whose function the source excites: no solution */
static void test_resonance(void)
{
  fh_generate_config c = with("fv", "dirichlet", "linear");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256], omega[64];
  enum { N = 24 };
  const double lambda = 2.0 * (2.0 - 2.0 * cos(3.0 * pi / N)) * N * N;
  set(&c, "amplitude", "0");
  set(&c, "size", "24");
  snprintf(omega, sizeof omega, "%.17g", sqrt(lambda));
  set(&c, "omega", omega);
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(!record.valid && isnan(l->problem->value[1][5]) && !isnan(l->problem->value[0][5]),
         "resonance is not noticed: residual %g", record.residual);
  fh_labeller_destroy(&l);
  snprintf(omega, sizeof omega, "%.17g", sqrt(lambda) * (1.0 + 1e-8)); /* solvable, but worthless */
  set(&c, "omega", omega);
  set(&c, "tolerance", "1e-5");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(!record.valid && strstr(why, "resonance"), "%s", why);
  fh_labeller_destroy(&l);
}

/* a strict bound: some samples fall, the others are what they are with a lenient one */
static void test_some_resonate(void)
{
  fh_generate_config c = with("fv", "neumann", "linear");
  fh_labeller *strict = NULL, *lenient = NULL;
  fh_sample_record a, b;
  char why[256];
  int failed = 0;
  set(&c, "size", "24");
  fh_generate_config d = c;
  set(&d, "resonance", "0.15");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &lenient));
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &d, &strict));
  for (int s = 0; s < 40; s++) {
    EXPECT_OK(fh_labeller_make(lenient, s, &a, why));
    EXPECT_OK(fh_labeller_make(strict, s, &b, why));
    EXPECT(a.valid && a.rung == 0, "sample %d, rung %d", s, a.rung);
    failed += !b.valid;
    if (b.valid)
      EXPECT(memcmp(lenient->problem->value[1], strict->problem->value[1],
                    24 * 24 * sizeof(double)) == 0,
             "sample %d is harmed", s);
  }
  EXPECT(failed > 0 && failed < 40, "%d of 40 refused", failed);
  fh_labeller_destroy(&strict);
  fh_labeller_destroy(&lenient);
}

/* an impedance boundary lets a wave out: |u| stays small where walls make it resonate */
static double largest(fh_generate_config c)
{
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double most = 0.0;
  set(&c, "drive", "gaussian");
  set(&c, "width", "0.05");
  set(&c, "omega", "25");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  for (int s = 0; s < 5; s++) {
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid && record.rung == 0, "%s", why);
    for (int f = 1; f < l->problem->n_fields; f++)
      for (ptrdiff_t i = 0; i < fh_grid_size(&l->problem->grid); i++)
        most = fmax(most, fabs(l->problem->value[f][i]));
  }
  fh_labeller_destroy(&l);
  return most;
}

static void test_magnitudes(void)
{
  const double open = largest(with("fv", "impedance", "linear"));
  const double closed = largest(with("fv", "neumann", "linear"));
  /* the free wave of a Gaussian: (i/4) H0(k r) times its integral 2 pi width^2 exp(-(k width)^2/2) */
  const double free_wave = 0.25 * 2.0 * pi * 0.0025 * exp(-0.5 * 1.25 * 1.25);
  EXPECT(open > 0.3 * free_wave && open < 3.0 * free_wave, "open: %g, free wave %g", open,
         free_wave);
  EXPECT(closed > 2.0 * open, "walls: %g, open: %g", closed, open);
}

/* both schemes solve the same equation: the same wave but for their errors */
static void test_schemes_agree(void)
{
  double sum[2] = {0.0, 0.0};
  for (int scheme = 0; scheme < 2; scheme++) {
    fh_generate_config c = with(scheme ? "q1_fem" : "fv", "neumann", "linear");
    fh_labeller *l = NULL;
    fh_sample_record record;
    char why[256];
    set(&c, "amplitude", "0.1");
    set(&c, "omega", "4");
    set(&c, "drive", "top_flux");
    set(&c, "field_modes", "6");
    set(&c, "size", scheme ? "129" : "128");
    EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
    EXPECT_OK(fh_labeller_make(l, 1, &record, why));
    const double *u = l->problem->value[1];
    /* the middle of the square: a vertex, or the mean of four cells */
    sum[scheme] =
        scheme ? u[64 * 129 + 64]
               : 0.25 * (u[63 * 128 + 63] + u[63 * 128 + 64] + u[64 * 128 + 63] + u[64 * 128 + 64]);
    fh_labeller_destroy(&l);
  }
  EXPECT(fabs(sum[0] - sum[1]) <= 2e-3 * fabs(sum[0]) && fabs(sum[0]) > 1e-3, "%g, %g", sum[0],
         sum[1]);
}

static void test_bad_medium(void)
{
  fh_generate_config c = with("fv", "dirichlet", "linear");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "amplitude", "50");
  set(&c, "size", "8");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(!record.valid && strstr(why, "wave speed") && isnan(l->problem->value[0][0]), "%s", why);
  fh_labeller_destroy(&l);
}

int main(int argc, char **argv)
{
  int size = 1;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char *const cases[][3] = {{"fv", "dirichlet", "linear"},
                                  {"fv", "neumann", "tanh"},
                                  {"fv", "impedance", "linear"},
                                  {"q1_fem", "neumann", "linear"}};
  for (int i = 0; i < 4; i++) {
    fh_generate_config c = with(cases[i][0], cases[i][1], cases[i][2]);
    set(&c, "size", "21,30");
    set(&c, "tolerance", "1e-10");
    expect_shared(&c, 1e-7);
  }
  if (size == 1) {
    test_order("fv", "dirichlet", "10", 0);
    test_order("fv", "neumann", "10", 0);
    test_order("fv", "impedance", "10", 0);
    test_order("fv", "impedance", "2", 0);
    test_order("q1_fem", "neumann", "10", 1);
    test_inertia();
    test_symmetry();
    test_resonance();
    test_some_resonate();
    test_magnitudes();
    test_schemes_agree();
    test_bad_medium();
    refuse("helmholtz", "omega", "-1", "positive");
    refuse("helmholtz", "scheme", "q1_fem", "neumann only");
    refuse("helmholtz", "drive", "top_flux", "needs boundary");
    refuse("helmholtz", "size", "1", "at least 2");
  }
  if (PetscGlobalRank == 0) printf("helmholtz: orders, inertia, resonance, shared samples\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
