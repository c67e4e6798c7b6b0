/* Rows between plain and phased fields, each value read and written once, and sums of products of rows. */

#include "kernels/taps_kernels.h"

#include "kernels/isa/pairs.h"

static void unweave(ptrdiff_t n, const fh_real *x, fh_real *a, fh_real *b)
{
  ptrdiff_t t = 0;
  for (; t + FH_LANES <= n; t += FH_LANES) {
    fh_vec even, odd;
    fh_load_pairs(x + 2 * t, &even, &odd);
    fh_store(a + t, even);
    fh_store(b + t, odd);
  }
  for (; t < n; t++) {
    a[t] = x[2 * t];
    b[t] = x[2 * t + 1];
  }
}

static void weave(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real bias, const fh_real *c,
                  fh_real *y)
{
  ptrdiff_t t = 0;
  for (; t + FH_LANES <= n; t += FH_LANES) {
    const fh_vec va = fh_load(a + t) + bias, vb = fh_load(b + t) + bias;
    fh_store_pairs(y + 2 * t, va, vb);
    if (!c) continue;
    fh_store(y + 2 * t, fh_load(y + 2 * t) + fh_load(c + 2 * t));
    fh_store(y + 2 * t + FH_LANES, fh_load(y + 2 * t + FH_LANES) + fh_load(c + 2 * t + FH_LANES));
  }
  for (; t < n; t++) {
    y[2 * t] = c ? a[t] + bias + c[2 * t] : a[t] + bias;
    y[2 * t + 1] = c ? b[t] + bias + c[2 * t + 1] : b[t] + bias;
  }
}

static void shift(ptrdiff_t n, const fh_real *x, fh_real bias, const fh_real *c, fh_real *y)
{
  if (c)
    for (ptrdiff_t t = 0; t < n; t++) y[t] = x[t] + bias + c[t];
  else
    for (ptrdiff_t t = 0; t < n; t++) y[t] = x[t] + bias;
}

static void scale(ptrdiff_t n, fh_real s, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = s * x[t];
}

/* ---- products of all pairs of rows --------------------------------------------------------------- */

#ifdef FH_DOUBLE
#define LANES (FH_VECTOR_BYTES / 8)
#else
#define LANES (FH_VECTOR_BYTES / 4)
#endif

/* LOW_h and HIGH_h: blocks of h lanes, the even and the odd ones of two vectors in turn */
#if LANES == 16
#define LOW_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define LOW_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define LOW_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define LOW_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#elif LANES == 8
#define LOW_1 0, 8, 2, 10, 4, 12, 6, 14
#define HIGH_1 1, 9, 3, 11, 5, 13, 7, 15
#define LOW_2 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH_2 2, 3, 10, 11, 6, 7, 14, 15
#define LOW_4 0, 1, 2, 3, 8, 9, 10, 11
#define HIGH_4 4, 5, 6, 7, 12, 13, 14, 15
#elif LANES == 4
#define LOW_1 0, 4, 2, 6
#define HIGH_1 1, 5, 3, 7
#define LOW_2 0, 1, 4, 5
#define HIGH_2 2, 3, 6, 7
#else
#define LOW_1 0, 2
#define HIGH_1 1, 3
#endif

#define ADD_PAIRS(h)                                                                               \
  FH_UNROLL                                                                                        \
  for (int i = 0; i < LANES / (2 * h); i++)                                                        \
  v[i] = __builtin_shufflevector(v[2 * i], v[2 * i + 1], LOW_##h) +                                \
         __builtin_shufflevector(v[2 * i], v[2 * i + 1], HIGH_##h)

/* lane l of the result is the sum of the lanes of v[l] */
FH_INLINE fh_vec sums_of(fh_vec *v)
{
  ADD_PAIRS(1);
#if LANES > 2
  ADD_PAIRS(2);
#endif
#if LANES > 4
  ADD_PAIRS(4);
#endif
#if LANES > 8
  ADD_PAIRS(8);
#endif
  return v[0];
}

#if defined(__AVX512F__)
enum { SUMS = 16 };
#else
enum { SUMS = 8 };
#endif

/* sum[i][j] += a_i x_j for gm x gk = SUMS pairs of rows, in registers. Where k ends the last row is
 * repeated, and its copies are not stored. */
FH_INLINE void products(const int gm, const int gk, ptrdiff_t k, ptrdiff_t n, const fh_real *a,
                        ptrdiff_t lda, const fh_real *x, const ptrdiff_t *off, fh_real *sum,
                        ptrdiff_t ld)
{
  const fh_real *row[SUMS];
  fh_vec acc[SUMS];
  fh_real total[SUMS];
  FH_UNROLL
  for (int j = 0; j < gk; j++) row[j] = x + off[j < k ? j : k - 1];
  FH_UNROLL
  for (int i = 0; i < SUMS; i++) acc[i] = fh_all(0);
  for (ptrdiff_t t = 0; t < n; t += FH_LANES) {
    fh_vec av[SUMS];
    FH_UNROLL
    for (int i = 0; i < gm; i++) av[i] = fh_load(a + i * lda + t);
    FH_UNROLL
    for (int j = 0; j < gk; j++) {
      const fh_vec xv = fh_load(row[j] + t);
      FH_UNROLL
      for (int i = 0; i < gm; i++) acc[i * gk + j] += av[i] * xv;
    }
  }
  FH_UNROLL
  for (int i = 0; i < SUMS; i += FH_LANES) fh_store(total + i, sums_of(acc + i));
  for (int i = 0; i < gm; i++)
    for (int j = 0; j < gk && j < k; j++) sum[i * ld + j] += total[i * gk + j];
}

/* points at once: the rows of a stay in the first-level cache */
enum { PIECE = 4096 / sizeof(fh_real) };

static void outer(ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, const fh_real *a, ptrdiff_t lda,
                  const fh_real *x, const ptrdiff_t *off, fh_real *sum)
{
  for (ptrdiff_t t = 0; t < n; t += PIECE) {
    const ptrdiff_t p = n - t < PIECE ? n - t : PIECE;
    ptrdiff_t i = 0;
    for (; i + SUMS / 4 <= m; i += SUMS / 4)
      for (ptrdiff_t j = 0; j < k; j += 4)
        products(SUMS / 4, 4, k - j, p, a + i * lda + t, lda, x + t, off + j, sum + i * k + j, k);
    for (; i < m; i++)
      for (ptrdiff_t j = 0; j < k; j += SUMS)
        products(1, SUMS, k - j, p, a + i * lda + t, lda, x + t, off + j, sum + i * k + j, k);
  }
}

static void row_sums(ptrdiff_t m, ptrdiff_t n, const fh_real *a, ptrdiff_t lda, fh_real *sum)
{
  for (ptrdiff_t i = 0; i < m; i++) {
    fh_vec acc = fh_all(0);
    for (ptrdiff_t t = 0; t < n; t += FH_LANES) acc += fh_load(a + i * lda + t);
    for (int l = 0; l < FH_LANES; l++) sum[i] += acc[l];
  }
}

const fh_taps_kernels FH_ISA(fh_taps_kernels) = {.unweave = unweave,
                                                 .weave = weave,
                                                 .shift = shift,
                                                 .scale = scale,
                                                 .outer = outer,
                                                 .row_sums = row_sums};
