/* Random fields: the law, the published constants, and that a mode is the same at every resolution. */
#include <math.h>

#include "datagen/field/grf.h"
#include "io/scratch.h"

static const double pi = 3.14159265358979323846;

static fh_grf *make(int boundary, int dim, ptrdiff_t n, fh_points points, fh_boundary side,
                    const fh_grf_law *law, fh_grid *grid)
{
  const ptrdiff_t counts[FH_MAX_DIM] = {n, n, n};
  fh_grf_law l = *law;
  fh_grf *g = NULL;
  l.boundary = boundary;
  EXPECT_OK(fh_grid_box(dim, counts, side, points, grid));
  EXPECT_OK(fh_grf_create(&l, grid, &g));
  return g;
}

/* value at a point of the unit-norm eigenfunction: cosines; or, periodic, cos (part 0) or sin (1) */
static double eigenfunction(int boundary, int part, const ptrdiff_t k[3], const double x[3])
{
  double phase = 0.0, value = 1.0;
  if (boundary == FH_GRF_NEUMANN) {
    for (int a = 0; a < 3; a++) value *= (k[a] ? sqrt(2.0) : 1.0) * cos(pi * (double)k[a] * x[a]);
    return value;
  }
  for (int a = 0; a < 3; a++) phase += 2.0 * pi * (double)k[a] * x[a];
  if (k[0] == 0 && k[1] == 0 && k[2] == 0) return part ? 0.0 : 1.0;
  return sqrt(2.0) * (part ? sin(phase) : cos(phase));
}

static void point(const fh_grid *g, ptrdiff_t i, double x[3])
{
  const ptrdiff_t at[3] = {i / (g->n[1] * g->n[2]), i / g->n[2] % g->n[1], i % g->n[2]};
  for (int a = 0; a < 3; a++) x[a] = a < g->dim ? fh_grid_point(g, a, at[a]) : 0.0;
}

/* coefficient of one mode: exact on cell centres, where the eigenfunctions are orthonormal */
static double project(const fh_grid *grid, const double *values, int boundary, int part,
                      const ptrdiff_t k[3])
{
  const ptrdiff_t size = fh_grid_size(grid);
  double sum = 0.0, x[3];
  for (ptrdiff_t i = 0; i < size; i++) {
    point(grid, i, x);
    sum += values[i] * eigenfunction(boundary, part, k, x);
  }
  return sum / (double)size;
}

static double *sample(fh_grf *g, const fh_grid *grid, uint64_t seed, uint64_t index)
{
  double *v = calloc((size_t)fh_grid_size(grid), sizeof *v);
  fh_grf_sample(g, seed, index, 0, v);
  return v;
}

/* the modes that the coarse grid has are those of the fine one; on vertices and on cells alike */
static void test_resolution(int boundary, int dim, ptrdiff_t coarse, ptrdiff_t fine)
{
  const fh_grf_law law = {.tau = 3.0, .alpha = 2.0};
  fh_grid gc, gf;
  fh_grf *c = make(boundary, dim, coarse, FH_CELL, FH_DIRICHLET, &law, &gc);
  fh_grf *f = make(boundary, dim, fine, FH_CELL, FH_DIRICHLET, &law, &gf);
  double *vc = sample(c, &gc, 5, 17), *vf = sample(f, &gf, 5, 17), largest = 0.0;
  const ptrdiff_t k[][3] = {{1, 0, 0}, {0, 1, 0}, {2, 3, 0}, {3, 1, 2}, {2, -1, 0}, {-1, 3, 1}};
  for (int i = 0; i < 6; i++)
    for (int part = 0; part < 1 + boundary; part++) {
      const ptrdiff_t cut[3] = {k[i][0], dim > 1 ? k[i][1] : 0, dim > 2 ? k[i][2] : 0};
      const double a = project(&gc, vc, boundary, part, cut);
      const double b = project(&gf, vf, boundary, part, cut);
      EXPECT(fabs(a - b) <= 1e-12, "dim %d mode %d: %.17g, %.17g", dim, i, a, b);
      if (fabs(a) > largest) largest = fabs(a);
    }
  EXPECT(largest > 1e-3, "only zeros were compared");
  free(vc), free(vf);
  fh_grf_destroy(&c), fh_grf_destroy(&f);
}

/* with a limit on the modes it is one function: its series, read off the cells of one grid, gives
   the values at the vertices of another */
static void test_one_function(int boundary)
{
  enum { MODES = 5 };
  const fh_grf_law law = {
      .tau = 2.0, .alpha = 1.5, .mean = 0.25, .mean_mode = true, .modes = MODES};
  fh_grid gc, gv;
  fh_grf *c = make(boundary, 2, 16, FH_CELL, FH_DIRICHLET, &law, &gc);
  fh_grf *v = make(boundary, 2, 24, FH_NODE, FH_DIRICHLET, &law, &gv);
  double *cells = sample(c, &gc, 9, 1), *vertices = sample(v, &gv, 9, 1), x[3];
  const ptrdiff_t first = boundary == FH_GRF_PERIODIC ? 1 - MODES : 0;
  for (ptrdiff_t i = 0; i < fh_grid_size(&gv); i += 7) {
    double sum = 0.0;
    point(&gv, i, x);
    for (ptrdiff_t p = first; p < MODES; p++)
      for (ptrdiff_t q = 0; q < MODES; q++)
        for (int part = 0; part < 1 + boundary; part++) {
          const ptrdiff_t k[3] = {p, q, 0};
          if (boundary == FH_GRF_PERIODIC && q == 0 && p < 0) continue; /* counted with -k */
          sum += project(&gc, cells, boundary, part, k) * eigenfunction(boundary, part, k, x);
        }
    EXPECT(fabs(sum - vertices[i]) <= 1e-12, "vertex %td: %.17g, %.17g", i, sum, vertices[i]);
  }
  free(cells), free(vertices);
  fh_grf_destroy(&c), fh_grf_destroy(&v);
}

/* divided by their deviations, the coefficients of all modes are standard normal and uncorrelated */
static void test_spectrum(int boundary)
{
  enum { N = 12, SAMPLES = 60, MODES = 5 };
  const fh_grf_law law = {.sigma = 1.7, .tau = 4.0, .alpha = 2.2, .mean_mode = true};
  fh_grid grid;
  fh_grf *g = make(boundary, 2, N, FH_CELL, FH_PERIODIC, &law, &grid);
  double sum = 0.0, square = 0.0, fourth = 0.0, next = 0.0, last = 0.0;
  ptrdiff_t count = 0;
  for (int s = 0; s < SAMPLES; s++) {
    double *v = sample(g, &grid, 1, (uint64_t)s);
    for (ptrdiff_t p = 0; p < MODES; p++)
      for (ptrdiff_t q = 0; q < MODES; q++)
        for (int part = 0; part < 1 + boundary; part++) {
          const ptrdiff_t k[3] = {p, q, 0};
          if (part && p == 0 && q == 0) continue;
          const double lambda = (double)(p * p + q * q) * pi * pi * (boundary ? 4.0 : 1.0);
          const double law_here = 1.7 * pow(lambda + 16.0, -1.1);
          EXPECT(fabs(fh_grf_deviation(g, k) - law_here) <= 1e-14, "deviation of (%td,%td)", p, q);
          const double xi = project(&grid, v, boundary, part, k) / law_here;
          sum += xi, square += xi * xi, fourth += xi * xi * xi * xi, next += xi * last;
          last = xi;
          count++;
        }
    free(v);
  }
  const double n = (double)count, five = 5.0 / sqrt(n); /* five standard errors */
  EXPECT(fabs(sum / n) <= five, "mean %g of %td", sum / n, count);
  EXPECT(fabs(square / n - 1.0) <= five * sqrt(2.0), "variance %g", square / n);
  EXPECT(fabs(fourth / n - 3.0) <= five * sqrt(96.0), "fourth moment %g", fourth / n);
  EXPECT(fabs(next / n) <= five, "correlation %g", next / n);
  fh_grf_destroy(&g);
}

/* standard deviation at a point: published constants, and the mean of many fields */
static void test_variance(int boundary, int dim, double sigma, double tau, double alpha,
                          double published)
{
  enum { SAMPLES = 300 };
  const ptrdiff_t n = dim == 1 ? 1024 : dim == 2 ? 64 : 12;
  const fh_grf_law law = {.sigma = sigma, .tau = tau, .alpha = alpha};
  fh_grid grid;
  fh_grf *g = make(boundary, dim, n, FH_CELL, FH_PERIODIC, &law, &grid);
  const double deviation = sqrt(fh_grf_variance(g));
  EXPECT(!(published > 0.0) || fabs(deviation - published) <= 5e-5, "deviation %g, published %g",
         deviation, published);
  double mean = 0.0, spread = 0.0;
  for (int s = 0; s < SAMPLES; s++) {
    double *v = sample(g, &grid, 2, (uint64_t)s), energy = 0.0;
    for (ptrdiff_t i = 0; i < fh_grid_size(&grid); i++) energy += v[i] * v[i];
    energy /= (double)fh_grid_size(&grid);
    mean += energy / SAMPLES, spread += energy * energy / SAMPLES;
    free(v);
  }
  const double error = sqrt((spread - mean * mean) / SAMPLES);
  EXPECT(fabs(mean - deviation * deviation) <= 5.0 * error, "variance %g of samples, %g of the law",
         mean, deviation * deviation);
  fh_grf_destroy(&g);
}

static void test_streams(void)
{
  const fh_grf_law law = {.tau = 3.0, .alpha = 2.0};
  fh_grid grid;
  fh_grf *g = make(FH_GRF_NEUMANN, 2, 32, FH_CELL, FH_DIRICHLET, &law, &grid);
  const size_t bytes = (size_t)fh_grid_size(&grid) * sizeof(double);
  double *a = sample(g, &grid, 1, 1), *b = sample(g, &grid, 1, 2), *c = sample(g, &grid, 2, 1);
  double *again = sample(g, &grid, 1, 1), *field = calloc(1, bytes);
  fh_grf_sample(g, 1, 1, 1, field);
  EXPECT(memcmp(a, again, bytes) == 0, "the same sample twice");
  EXPECT(memcmp(a, b, bytes) && memcmp(a, c, bytes) && memcmp(a, field, bytes),
         "another sample, seed or field is the same");
  free(a), free(b), free(c), free(again), free(field);
  fh_grf_destroy(&g);
}

static void test_errors(void)
{
  const ptrdiff_t n[3] = {8, 8, 8}, one[3] = {1, 1, 1};
  fh_grid grid, single;
  fh_grf *g = NULL;
  fh_grf_law law = {.tau = 3.0, .alpha = 1.0};
  EXPECT_OK(fh_grid_box(2, n, FH_DIRICHLET, FH_CELL, &grid));
  EXPECT_OK(fh_grid_box(2, one, FH_DIRICHLET, FH_NODE, &single));
  EXPECT_FAILS(FH_ERR_USAGE, "field_alpha = 1", fh_grf_create(&law, &grid, &g));
  law.alpha = 2.0;
  EXPECT_FAILS(FH_ERR_ARG, "at least 2", fh_grf_create(&law, &single, &g));
  law.tau = 0.0;
  EXPECT_FAILS(FH_ERR_USAGE, "field_tau = 0", fh_grf_create(&law, &grid, &g));
  law.sigma = 1.0;
  EXPECT_OK(fh_grf_create(&law, &grid, &g));
  fh_grf_destroy(&g);
  EXPECT(g == NULL, "destroy leaves a pointer");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  for (int boundary = 0; boundary < 2; boundary++) {
    for (int dim = 1; dim <= 3; dim++) test_resolution(boundary, dim, 8, 20);
    test_resolution(boundary, 2, 9, 16);
    test_one_function(boundary);
    test_spectrum(boundary);
    test_variance(boundary, 3, 0.0, 5.0, 2.0, 0.0);
  }
  test_resolution(FH_GRF_NEUMANN, 2, 64, 256);
  test_variance(FH_GRF_NEUMANN, 2, 0.0, 3.0, 2.0, 0.29206);  /* FNO Darcy */
  test_variance(FH_GRF_PERIODIC, 2, 0.0, 7.0, 2.5, 0.18523); /* FNO Navier-Stokes, 2022 script */
  test_variance(FH_GRF_PERIODIC, 2, 26.191637, 7.0, 2.5, 0.26195); /* 2020 script: sqrt(2) 7^1.5 */
  test_variance(FH_GRF_PERIODIC, 1, 49.0, 7.0, 2.5, 0.27410);      /* FNO Burgers */
  test_streams();
  test_errors();
  printf("random fields: law, constants, modes equal at every resolution\n");
  MPI_Finalize();
  return 0;
}
