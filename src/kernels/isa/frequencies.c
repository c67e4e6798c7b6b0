/* What surrounds the sums of the truncated DFT: pairs of points before and after them, frequencies of
 * both signs out of cosines and sines. dft_table.h says what each function does. */
#include "kernels/isa/frequencies.h"
#include "kernels/isa/pairs.h"

void FH_ISA(fh_fold)(ptrdiff_t m, ptrdiff_t n, const fh_real *x, ptrdiff_t ldx, fh_real *even,
                     fh_real *odd, ptrdiff_t ldf)
{
  for (ptrdiff_t i = 0; i < m; i++) {
    const fh_real *r = x + i * ldx;
    fh_real *e = even + i * ldf, *o = odd + i * ldf;
    e[0] = r[0] + r[0];
    o[0] = 0;
    ptrdiff_t p = 1;
    for (; p + FH_LANES <= n / 2 + 1; p += FH_LANES) {
      const fh_vec a = fh_load(r + p), b = fh_backward(fh_load(r + n - p - FH_LANES + 1));
      fh_store(e + p, a + b);
      fh_store(o + p, a - b);
    }
    for (; p <= n / 2; p++) {
      e[p] = r[p] + r[n - p];
      o[p] = r[p] - r[n - p];
    }
  }
}

void FH_ISA(fh_unfold)(ptrdiff_t m, ptrdiff_t n, const fh_real *even, const fh_real *odd,
                       ptrdiff_t ldf, fh_real *x, ptrdiff_t ldx)
{
  for (ptrdiff_t i = 0; i < m; i++) {
    const fh_real *e = even + i * ldf, *o = odd + i * ldf;
    fh_real *r = x + i * ldx;
    r[0] = e[0];
    ptrdiff_t p = 1;
    for (; p + FH_LANES <= n / 2 + 1; p += FH_LANES) {
      const fh_vec a = fh_load(e + p), b = fh_load(o + p);
      fh_store(r + p, a + b);
      fh_store(r + n - p - FH_LANES + 1, fh_backward(a - b));
    }
    for (; p <= n / 2; p++) {
      r[p] = e[p] + o[p];
      r[n - p] = e[p] - o[p];
    }
  }
}

/* ---- frequencies from cosine and sine sums: Z(+-f) = C -+ i S ---------------------------------- */

/* Whole vectors are stored: what a row has too much is overwritten by the next one. */
void FH_ISA(fh_combine)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nk, ptrdiff_t im,
                        const fh_real *q, ptrdiff_t ldq, fh_real *out)
{
  for (ptrdiff_t j = 0; j < count; j++) {
    const ptrdiff_t f = first + j;
    const fh_real *c = q + 2 * (f < 0 ? -f : f) * ldq, *s = c + ldq;
    const fh_vec sign = fh_all(f < 0 ? -1 : 1);
    for (ptrdiff_t k = 0; k < nk; k += FH_LANES)
      fh_store_pairs(out + 2 * (j * nk + k), fh_load(c + k) + sign * fh_load(s + im + k),
                     fh_load(c + im + k) - sign * fh_load(s + k));
  }
}

static void pairs_or_zero(const fh_real *p, fh_vec *re, fh_vec *im)
{
  *re = *im = fh_all(0);
  if (p) fh_load_pairs(p, re, im);
}

/* Real parts before imaginary ones, cosines before sines, for the same reason. */
void FH_ISA(fh_separate)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nf, ptrdiff_t nk, ptrdiff_t im,
                         const fh_real *in, fh_real *q, ptrdiff_t ldq)
{
  for (ptrdiff_t f = 0; f < nf; f++) {
    const fh_real *plus = f < first + count ? in + 2 * (f - first) * nk : NULL;
    const fh_real *minus = f && -f >= first ? in + 2 * (-f - first) * nk : NULL;
    for (int part = 0; part < 4; part++) {
      fh_real *row = q + (2 * f + part / 2) * ldq + part % 2 * im;
      for (ptrdiff_t k = 0; k < nk; k += FH_LANES) {
        fh_vec pr, pi, mr, mi;
        pairs_or_zero(plus ? plus + 2 * k : NULL, &pr, &pi);
        pairs_or_zero(minus ? minus + 2 * k : NULL, &mr, &mi);
        fh_store(row + k, part == 0   ? pr + mr
                          : part == 1 ? pi + mi
                          : part == 2 ? mi - pi
                                      : pr - mr);
      }
    }
  }
}

void FH_ISA(fh_combine_complex)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t inner, const fh_real *q,
                                fh_real *out)
{
  for (ptrdiff_t j = 0; j < count; j++) {
    const ptrdiff_t f = first + j;
    const fh_real *c = q + 4 * (f < 0 ? -f : f) * inner, *s = c + 2 * inner;
    const fh_real sign = f < 0 ? -1 : 1;
    fh_real *restrict z = out + 2 * j * inner;
    for (ptrdiff_t k = 0; k < inner; k++) {
      z[2 * k] = c[2 * k] + sign * s[2 * k + 1];
      z[2 * k + 1] = c[2 * k + 1] - sign * s[2 * k];
    }
  }
}

void FH_ISA(fh_separate_complex)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nf, ptrdiff_t inner,
                                 const fh_real *in, fh_real *q)
{
  for (ptrdiff_t f = 0; f < nf; f++) {
    const fh_real *plus = f < first + count ? in + 2 * (f - first) * inner : NULL;
    const fh_real *minus = f && -f >= first ? in + 2 * (-f - first) * inner : NULL;
    fh_real *restrict c = q + 4 * f * inner, *restrict s = c + 2 * inner;
    for (ptrdiff_t k = 0; k < inner; k++) {
      const fh_real pr = plus ? plus[2 * k] : 0, pi = plus ? plus[2 * k + 1] : 0;
      const fh_real mr = minus ? minus[2 * k] : 0, mi = minus ? minus[2 * k + 1] : 0;
      c[2 * k] = pr + mr;
      c[2 * k + 1] = pi + mi;
      s[2 * k] = mi - pi;
      s[2 * k + 1] = pr - mr;
    }
  }
}
