/* Sums for norms, accumulated in double whatever the precision of the fields. */
#include "kernels/isa/tables.h"

enum { SUMS = 16 }; /* independent partial sums: a fixed order for every instruction set */

static double folded(const double *s)
{
  double t[SUMS];
  for (int l = 0; l < SUMS; l++) t[l] = s[l];
  for (int h = SUMS / 2; h > 0; h /= 2)
    for (int l = 0; l < h; l++) t[l] += t[l + h];
  return t[0];
}

void FH_ISA(fh_moments)(ptrdiff_t n, const fh_real *x, double shift, double s[2])
{
  double a[SUMS] = {0}, b[SUMS] = {0};
  ptrdiff_t t = 0;
  for (; t + SUMS <= n; t += SUMS)
    for (int l = 0; l < SUMS; l++) {
      const double d = (double)x[t + l] - shift;
      a[l] += d;
      b[l] += d * d;
    }
  for (int l = 0; t < n; t++, l++) {
    const double d = (double)x[t] - shift;
    a[l] += d;
    b[l] += d * d;
  }
  s[0] = folded(a);
  s[1] = folded(b);
}

void FH_ISA(fh_weighted_moments)(ptrdiff_t n, const fh_real *dy, const fh_real *w, const fh_real *x,
                                 double shift, double s[2])
{
  double a[SUMS] = {0}, b[SUMS] = {0};
  for (ptrdiff_t t = 0; t < n; t += SUMS) {
    const int left = n - t < SUMS ? (int)(n - t) : SUMS;
    double g[SUMS];
    for (int l = 0; l < left; l++)
      g[l] = w ? (double)dy[t + l] * (double)w[t + l] : (double)dy[t + l];
    for (int l = 0; l < left; l++) {
      a[l] += g[l];
      b[l] += g[l] * ((double)x[t + l] - shift);
    }
  }
  s[0] = folded(a);
  s[1] = folded(b);
}

void FH_ISA(fh_standardise)(ptrdiff_t n, const fh_real *restrict x, fh_real shift, fh_real scale,
                            fh_real offset, fh_real *restrict y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = (x[t] - shift) * scale + offset;
}

void FH_ISA(fh_standardise_each)(ptrdiff_t n, const fh_real *restrict x, fh_real shift,
                                 fh_real scale, const fh_real *restrict w,
                                 const fh_real *restrict b, fh_real *restrict y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = (x[t] - shift) * scale * w[t] + b[t];
}

void FH_ISA(fh_standardise_params)(ptrdiff_t n, const fh_real *restrict dy,
                                   const fh_real *restrict x, fh_real shift, fh_real scale,
                                   fh_real *restrict dw, fh_real *restrict db)
{
  for (ptrdiff_t t = 0; t < n; t++) {
    dw[t] += dy[t] * ((x[t] - shift) * scale);
    db[t] += dy[t];
  }
}

void FH_ISA(fh_standardise_back)(ptrdiff_t n, const fh_real *restrict dy, const fh_real *w,
                                 const fh_real *restrict x, fh_real shift, fh_real scale,
                                 fh_real mean, fh_real slope, fh_real *restrict dx)
{
  if (w)
    for (ptrdiff_t t = 0; t < n; t++)
      dx[t] = scale * (dy[t] * w[t]) - mean - (x[t] - shift) * slope;
  else
    for (ptrdiff_t t = 0; t < n; t++) dx[t] = scale * dy[t] - mean - (x[t] - shift) * slope;
}
