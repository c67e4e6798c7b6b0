#include "datagen/problem/darcy/spline.h"

#include <math.h>

static double difference(const double *y, ptrdiff_t i)
{
  return y[i - 1] - 2.0 * y[i] + y[i + 1];
}

/* Second derivatives: curve[i-1] + 4 curve[i] + curve[i+1] = 6 difference(i); not-a-knot at both
   ends makes curve[1] and curve[n-2] plain differences. */
static void curvature(ptrdiff_t n, const double *y, double *curve, double *factor)
{
  curve[1] = difference(y, 1);
  curve[n - 2] = difference(y, n - 2);
  factor[1] = 0.0;
  for (ptrdiff_t i = 2; i <= n - 3; i++) {
    const double right = 6.0 * difference(y, i) - (i == n - 3 ? curve[n - 2] : 0.0);
    const double pivot = 4.0 - factor[i - 1];
    factor[i] = 1.0 / pivot;
    curve[i] = (right - curve[i - 1]) / pivot;
  }
  for (ptrdiff_t i = n - 4; i >= 2; i--) curve[i] -= factor[i] * curve[i + 1];
  curve[0] = 2.0 * curve[1] - curve[2];
  curve[n - 1] = 2.0 * curve[n - 2] - curve[n - 3];
}

static double value_at(ptrdiff_t n, const double *y, const double *curve, double t)
{
  ptrdiff_t i = (ptrdiff_t)floor(t);
  if (i < 0) i = 0;
  if (i > n - 2) i = n - 2;
  const double s = t - (double)i, r = 1.0 - s;
  return r * y[i] + s * y[i + 1] + (r * r * r - r) / 6.0 * curve[i] +
         (s * s * s - s) / 6.0 * curve[i + 1];
}

/* resamples every row of in and writes it as a column of out */
static void resample_rows(ptrdiff_t n, const double *in, double start, double step, double *out,
                          double *work)
{
  for (ptrdiff_t row = 0; row < n; row++) {
    const double *y = in + row * n;
    curvature(n, y, work, work + n);
    for (ptrdiff_t j = 0; j < n; j++)
      out[j * n + row] = value_at(n, y, work, start + (double)j * step);
  }
}

void fh_spline_resample(ptrdiff_t n, const double *in, double start, double step, double *out,
                        double *work)
{
  double *turned = work + 4 * n;
  resample_rows(n, in, start, step, turned, work);
  resample_rows(n, turned, start, step, out, work);
}
