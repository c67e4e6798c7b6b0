/**
 * taps_kernels - rows of a field to phases and back, and their products, for each instruction set
 */
#pragma once

#include <stddef.h>

#include "base/real.h"
#include "kernels/dispatch.h"

typedef struct {
  /** a[t] = x[2t], b[t] = x[2t + 1], t < n. */
  void (*unweave)(ptrdiff_t n, const fh_real *x, fh_real *a, fh_real *b);
  /** y[2t] = a[t] + bias + c[2t], y[2t + 1] = b[t] + bias + c[2t + 1], t < n; c may be NULL. */
  void (*weave)(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real bias, const fh_real *c,
                fh_real *y);
  /** y = x + bias + c; c may be NULL. */
  void (*shift)(ptrdiff_t n, const fh_real *x, fh_real bias, const fh_real *c, fh_real *y);
  /** y = s x. */
  void (*scale)(ptrdiff_t n, fh_real s, const fh_real *x, fh_real *y);
  /** sum[i][j] += sum over t of a[i * lda + t] x[off[j] + t], i < m, j < k, t < n (rounded up to whole
   *  vectors: a must be zero and x finite beyond n). */
  void (*outer)(ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, const fh_real *a, ptrdiff_t lda,
                const fh_real *x, const ptrdiff_t *off, fh_real *sum);
  /** sum[i] += sum of a[i * lda + t], t < n as in outer. */
  void (*row_sums)(ptrdiff_t m, ptrdiff_t n, const fh_real *a, ptrdiff_t lda, fh_real *sum);
} fh_taps_kernels;

/** The kernels of fh_isa_best(). */
const fh_taps_kernels *fh_taps_kernels_get(void);
