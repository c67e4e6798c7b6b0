/**
 * dft_table - the inner loops of the truncated DFT, one table an instruction set
 *
 * A real signal of n points and its cosine and sine sums are folded: points p and n - p share the
 * products of frequency f, since cosines are even and sines are odd. Row 2f of a "rows" array is
 * the cosine sum of frequency f, row 2f + 1 the sine sum; f = 0 .. nf-1. half = n/2 + 1 pairs.
 */
#pragma once

#include "base/real.h"
#include "kernels/dispatch.h"

#include <stddef.h>

typedef struct {
  int lanes; /* reals in a vector: tables and scratch rows are padded to a multiple of it */
  /** q[2f], q[2f+1] = sums over the n rows of x; tab[half][nf][cos, sin], self-paired points
   *  (0 and n/2) halved. inner columns, whatever the number. */
  void (*analyse)(ptrdiff_t n, ptrdiff_t nf, ptrdiff_t inner, const fh_real *tab, const fh_real *x,
                  ptrdiff_t ldx, fh_real *q, ptrdiff_t ldq);
  /** The transpose: x[p] = sum over f of cos q[2f] + sin q[2f+1]; tab[nf][cos, sin][half], whole. */
  void (*synthesise)(ptrdiff_t n, ptrdiff_t nf, ptrdiff_t inner, const fh_real *tab,
                     const fh_real *q, ptrdiff_t ldq, fh_real *x, ptrdiff_t ldx);
  /** c = a b: m rows, k terms; the columns of b and c are a multiple of lanes. The bits of a row
   *  do not depend on the other rows. */
  void (*product)(ptrdiff_t m, ptrdiff_t k, ptrdiff_t columns, const fh_real *a, ptrdiff_t lda,
                  const fh_real *b, ptrdiff_t ldb, fh_real *c, ptrdiff_t ldc);
  /** even[p] = x[p] + x[n-p], odd[p] = x[p] - x[n-p], p < half, along each of m rows. */
  void (*fold)(ptrdiff_t m, ptrdiff_t n, const fh_real *x, ptrdiff_t ldx, fh_real *even,
               fh_real *odd, ptrdiff_t ldf);
  /** x[p] = even[p] + odd[p], x[n-p] = even[p] - odd[p], along each of m rows; odd[0] = 0. */
  void (*unfold)(ptrdiff_t m, ptrdiff_t n, const fh_real *even, const fh_real *odd, ptrdiff_t ldf,
                 fh_real *x, ptrdiff_t ldx);
  /** rows (cos, sin) of complex columns - re at q[.][k], im at q[.][im + k], k < nk - to frequencies
   *  first .. first+count-1 of interleaved columns. Here and in separate whole vectors are read and
   *  written: FH_DFT_SLACK reals beyond the end must be there. */
  void (*combine)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nk, ptrdiff_t im, const fh_real *q,
                  ptrdiff_t ldq, fh_real *out);
  /** The transpose of combine; all 2 nf rows are written. */
  void (*separate)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nf, ptrdiff_t nk, ptrdiff_t im,
                   const fh_real *in, fh_real *q, ptrdiff_t ldq);
  /** combine along an axis whose rows are complex already: inner interleaved numbers a row. */
  void (*combine_complex)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t inner, const fh_real *q,
                          fh_real *out);
  /** The transpose of combine_complex; all 2 nf rows are written. */
  void (*separate_complex)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nf, ptrdiff_t inner,
                           const fh_real *in, fh_real *q);
} fh_dft_table;

const fh_dft_table *fh_dft_table_get(fh_isa isa);
