/* Sums for norms, accumulated in double whatever the precision of the fields. */
#include "kernels/isa/tables.h"

enum { SUMS = 16, WIDE = FH_VECTOR_BYTES / sizeof(double), VECTORS = SUMS / WIDE };
typedef double wide __attribute__((vector_size(FH_VECTOR_BYTES)));
typedef fh_real narrow
    __attribute__((vector_size(WIDE * sizeof(fh_real)), aligned(sizeof(fh_real)), may_alias));

/* SUMS independent partial sums, element t in number t % SUMS, folded by halves: the same order on
 * every instruction set. */
typedef struct {
  wide v[VECTORS];
} sums;

FH_INLINE wide widened(const fh_real *x)
{
  return __builtin_convertvector(*(const narrow *)x, wide);
}

static double folded(const sums *s)
{
  double t[SUMS];
  for (int l = 0; l < SUMS; l++) t[l] = s->v[l / WIDE][l % WIDE];
  for (int h = SUMS / 2; h > 0; h /= 2)
    for (int l = 0; l < h; l++) t[l] += t[l + h];
  return t[0];
}

void FH_ISA(fh_moments)(ptrdiff_t n, const fh_real *x, double shift, double s[2])
{
  sums a = {{{0}}}, b = {{{0}}};
  ptrdiff_t t = 0;
  for (; t + SUMS <= n; t += SUMS) {
    FH_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      const wide d = widened(x + t + v * WIDE) - shift;
      a.v[v] += d;
      b.v[v] += d * d;
    }
  }
  for (int l = 0; t < n; t++, l++) {
    const double d = (double)x[t] - shift;
    a.v[l / WIDE][l % WIDE] += d;
    b.v[l / WIDE][l % WIDE] += d * d;
  }
  s[0] = folded(&a);
  s[1] = folded(&b);
}

void FH_ISA(fh_weighted_moments)(ptrdiff_t n, const fh_real *dy, const fh_real *w, const fh_real *x,
                                 double shift, double s[2])
{
  sums a = {{{0}}}, b = {{{0}}};
  ptrdiff_t t = 0;
  for (; t + SUMS <= n; t += SUMS) {
    FH_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      const ptrdiff_t at = t + v * WIDE;
      const wide g = w ? widened(dy + at) * widened(w + at) : widened(dy + at);
      a.v[v] += g;
      b.v[v] += g * (widened(x + at) - shift);
    }
  }
  for (int l = 0; t < n; t++, l++) {
    const double g = w ? (double)dy[t] * (double)w[t] : (double)dy[t];
    a.v[l / WIDE][l % WIDE] += g;
    b.v[l / WIDE][l % WIDE] += g * ((double)x[t] - shift);
  }
  s[0] = folded(&a);
  s[1] = folded(&b);
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
