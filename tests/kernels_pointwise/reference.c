#include "kernels_pointwise/reference.h"

#include <math.h>
#include <stdio.h>

#include "kernels/pointwise.h"

static int failures, checks;
static double worst;

void check(const char *what, double error, double allowed)
{
  checks++;
  if (error > worst) worst = error;
  if (error <= allowed) return;
  failures++;
  printf("FAIL %s: relative error %.3g, allowed %.3g\n", what, error, allowed);
}

bool told(const char *subject)
{
  if (!failures) printf("%s: %d checks, worst relative error %.2g\n", subject, checks, worst);
  return failures == 0;
}

fh_status box(ptrdiff_t batch, ptrdiff_t channels, int dim, const ptrdiff_t *n, fh_shape *s)
{
  fh_grid grid;
  FH_TRY(fh_grid_box(dim, n, FH_PERIODIC, FH_NODE, &grid));
  *s = (fh_shape){batch, channels, fh_layout_whole(&grid)};
  return FH_OK;
}

void linear_forward(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *w, const fh_real *b,
                    const fh_real *x, fh_real *y)
{
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t t = 0; t < p; t++) {
      double sum = b ? (double)b[o] : 0;
      for (ptrdiff_t i = 0; i < in; i++) sum += (double)w[o * in + i] * (double)x[i * p + t];
      y[o * p + t] = (fh_real)sum;
    }
}
void linear_input(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *w, const fh_real *dy,
                  fh_real *dx)
{
  for (ptrdiff_t i = 0; i < in; i++)
    for (ptrdiff_t t = 0; t < p; t++) {
      double sum = 0;
      for (ptrdiff_t o = 0; o < out; o++) sum += (double)w[o * in + i] * (double)dy[o * p + t];
      dx[i * p + t] = (fh_real)sum;
    }
}
void linear_params(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *x, const fh_real *dy,
                   fh_real *dw, fh_real *db)
{
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t t = 0; t < p; t++) {
      if (db) db[o] += dy[o * p + t];
      for (ptrdiff_t i = 0; i < in; i++) dw[o * in + i] += dy[o * p + t] * x[i * p + t];
    }
}

void zero(fh_real *x, ptrdiff_t n)
{
  for (ptrdiff_t i = 0; i < n; i++) x[i] = 0;
}

fh_real act(int kind, double z)
{
  return (fh_real)(kind == FH_ACT_GELU   ? 0.5 * z * erfc(-z / sqrt(2))
                   : kind == FH_ACT_TANH ? tanh(z)
                                         : z);
}
fh_real act_slope(int kind, double z)
{
  return (fh_real)(kind == FH_ACT_GELU
                       ? 0.5 * erfc(-z / sqrt(2)) + z * exp(-z * z / 2) / sqrt(2 * acos(-1.0))
                   : kind == FH_ACT_TANH ? 1 - tanh(z) * tanh(z)
                                         : 1);
}
