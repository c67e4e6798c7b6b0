/* Resampling against the trigonometric interpolant at the points of the new grid; up and down is the
 * identity; a spectral layer with another output grid is the layer followed by resampling. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "operators/resample/resample.h"
#include "operators/spectral/spectral.h"

static int failures;

static void expect(const char *what, double error)
{
  if (error <= 1e-13) return;
  failures++;
  printf("FAIL %s: %.3g\n", what, error);
}

/* y = op(x) for one sample on n; params[] of the operator, all in w */
static fh_status apply(fh_op *op, const ptrdiff_t *n, int dim, ptrdiff_t channels, const fh_real *w,
                       const fh_real *x, fh_real *y)
{
  fh_grid grid;
  fh_need need;
  FH_TRY(fh_grid_box(dim, n, FH_PERIODIC, FH_NODE, &grid));
  const fh_shape shape = {1, channels, fh_layout_whole(&grid)};
  FH_TRY(fh_op_setup(op, NULL, &shape, &need));
  char *work = NULL;
  FH_NEW(work, (ptrdiff_t)need.work);
  const fh_fwd io = {.batch = 1, .in = {x}, .out = {y}, .param = {w}, .work = work};
  const fh_status st = op->class->forward(op, &io);
  fh_free(work);
  return st;
}

static fh_status resampled(const ptrdiff_t *n, const ptrdiff_t *to, int dim, ptrdiff_t channels,
                           const fh_real *x, fh_real *y)
{
  fh_op *op = NULL;
  FH_TRY(fh_resample_create(dim, to, &op));
  const fh_status st = apply(op, n, dim, channels, NULL, x, y);
  fh_op_destroy(&op);
  return st;
}

static void fill(fh_real *x, ptrdiff_t n)
{
  const fh_rng r = {.seed = 5, .stream = FH_STREAM_TEST};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

static double difference(ptrdiff_t n, const fh_real *a, const fh_real *b)
{
  double worst = 0;
  for (ptrdiff_t i = 0; i < n; i++)
    if (!(fabs((double)(a[i] - b[i])) <= worst)) worst = fabs((double)(a[i] - b[i]));
  return worst;
}

/* cos and sin of every frequency that a grid of n points holds, at m points */
static fh_status check_waves(ptrdiff_t n, ptrdiff_t m)
{
  const ptrdiff_t from[3] = {n}, to[3] = {m};
  fh_real x[64], y[64], z[64];
  const double pi = acos(-1.0);
  for (ptrdiff_t f = 0; 2 * f <= n; f++)
    for (int sine = 0; sine < 2; sine++) {
      if (2 * f == n && sine) continue;
      for (ptrdiff_t j = 0; j < n; j++)
        x[j] = (fh_real)cos(2 * pi * (double)(f * j) / (double)n - sine * pi / 2);
      for (ptrdiff_t j = 0; j < m; j++)
        z[j] = 2 * f > m ? 0 : (fh_real)cos(2 * pi * (double)(f * j) / (double)m - sine * pi / 2);
      FH_TRY(resampled(from, to, 1, 1, x, y));
      expect("a wave on another grid", difference(m, y, z));
    }
  return FH_OK;
}

static fh_status check_there_and_back(void)
{
  const ptrdiff_t n[3] = {4, 5, 6}, fine[3] = {7, 8, 6};
  fh_real x[240], y[2 * 336], z[240];
  fill(x, 240);
  FH_TRY(resampled(n, fine, 3, 2, x, y));
  FH_TRY(resampled(fine, n, 3, 2, y, z));
  expect("up and down", difference(240, x, z));
  const ptrdiff_t a[3] = {6, 8}, b[3] = {12, 24};
  FH_TRY(resampled(a, b, 2, 1, x, y));
  for (int i = 0; i < 48; i++) z[i] = y[i / 8 * 2 * 24 + i % 8 * 3];
  expect("an interpolant goes through the points", difference(48, x, z));
  return FH_OK;
}

static fh_status check_layer(const ptrdiff_t *n, const ptrdiff_t *out, const ptrdiff_t *modes)
{
  fh_real x[2 * 256], w[2 * 2 * 2 * 256], y[3 * 256], z[3 * 256], same[3 * 256];
  fill(x, 2 * 256);
  fill(w, 2 * 2 * 2 * 256);
  fh_spectral_config c = {.in_channels = 2, .out_channels = 2, .dim = 2};
  memcpy(c.modes, modes, 2 * sizeof *modes);
  fh_op *op = NULL;
  FH_TRY(fh_spectral_create(&c, &op));
  FH_TRY(apply(op, n, 2, 2, w, x, same));
  fh_op_destroy(&op);
  FH_TRY(resampled(n, out, 2, 2, same, z));
  memcpy(c.out_n, out, 2 * sizeof *out);
  FH_TRY(fh_spectral_create(&c, &op));
  FH_TRY(apply(op, n, 2, 2, w, x, y));
  fh_op_destroy(&op);
  expect("a layer with its own output grid", difference(2 * out[0] * out[1], y, z) / 10);
  return FH_OK;
}

/* the status of making the layer and setting it up for channels on an 8 x 8 grid */
static fh_status attempt(fh_spectral_config c, ptrdiff_t channels)
{
  fh_op *op = NULL;
  fh_need need;
  fh_grid grid;
  FH_TRY(fh_grid_box(2, (ptrdiff_t[]){8, 8, 1}, FH_PERIODIC, FH_NODE, &grid));
  fh_shape shape = {1, channels, fh_layout_whole(&grid)};
  fh_status st = fh_spectral_create(&c, &op);
  if (st == FH_OK && channels > 8) /* half of the grid is elsewhere */
    st = fh_layout_split(&grid, (int[]){2, 1, 1}, (int[]){0, 0, 0}, &shape.layout);
  if (st == FH_OK) st = fh_op_setup(op, NULL, &shape, &need);
  fh_op_destroy(&op);
  return st;
}

static void check_refusals(void)
{
  const fh_spectral_config good = {
      .in_channels = 2, .out_channels = 3, .dim = 2, .modes = {4, 4}, .bias = true};
  fh_spectral_config c[6] = {good, good, good, good, good, good};
  c[0].dim = 4;
  c[1].modes[1] = 0;
  c[2].separable = true;
  c[3].out_channels = 0;
  c[4].method = 7;
  c[5].init_std = -1;
  int wrong = attempt(good, 2) != FH_OK;
  for (int i = 0; i < 6; i++) wrong += attempt(c[i], 2) != FH_ERR_ARG;
  wrong += attempt(good, 3) != FH_ERR_SHAPE;
  c[0] = good;
  c[0].dim = 1;
  wrong += attempt(c[0], 2) != FH_ERR_SHAPE;
  c[0] = good;
  c[0].in_channels = 9;
  wrong += attempt(c[0], 9) != FH_ERR_UNSUPPORTED;
  expect("what makes no sense is refused", wrong);
}

static fh_status run(void)
{
  check_refusals();
  static const ptrdiff_t lengths[8] = {1, 2, 5, 6, 8, 9, 16, 33};
  for (size_t i = 0; i < 8; i++)
    for (size_t j = 0; j < 8; j++) FH_TRY(check_waves(lengths[i], lengths[j]));
  FH_TRY(check_there_and_back());
  static const ptrdiff_t layers[6][9] = {
      {8, 8, 0, 12, 11, 0, 8, 8}, {8, 8, 0, 6, 6, 0, 8, 8},   {9, 7, 0, 6, 10, 0, 9, 7},
      {8, 8, 0, 8, 16, 0, 6, 8},  {12, 8, 0, 8, 4, 0, 12, 8}, {7, 10, 0, 14, 6, 0, 5, 6},
  };
  for (size_t i = 0; i < 6; i++) FH_TRY(check_layer(layers[i], layers[i] + 3, layers[i] + 6));
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  if (!failures && st == FH_OK) printf("resampling is trigonometric interpolation\n");
  MPI_Finalize();
  return failures || st != FH_OK;
}
