/* Rows between plain and phased fields, each value read and written once, and sums of products of rows. */

#include "kernels/taps_kernels.h"

#include "kernels/isa/blocks.h"
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

#define ADD_PAIRS(h)                                                                               \
  FH_UNROLL                                                                                        \
  for (int i = 0; i < FH_LANES / (2 * h); i++)                                                     \
  v[i] = __builtin_shufflevector(v[2 * i], v[2 * i + 1], FH_LOW_##h) +                             \
         __builtin_shufflevector(v[2 * i], v[2 * i + 1], FH_HIGH_##h)

/* lane l of the result is the sum of the lanes of v[l] */
FH_INLINE fh_vec sums_of(fh_vec *v)
{
  ADD_PAIRS(1);
#if FH_WIDTH > 2
  ADD_PAIRS(2);
#endif
#if FH_WIDTH > 4
  ADD_PAIRS(4);
#endif
#if FH_WIDTH > 8
  ADD_PAIRS(8);
#endif
  return v[0];
}

/* rows of a at once, and room for the sums in whole vectors; the products of one row with many */
#if defined(__AVX512F__)
enum { ROWS = 4, MANY = 16, SUMS = 16 };
#else
enum { ROWS = 3, MANY = 8, SUMS = 16 };
#endif

/* sum[i][j] += a_i x_j for gm x gk <= SUMS pairs of rows, in registers. Where k ends the last row is
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
    for (; i + ROWS <= m; i += ROWS)
      for (ptrdiff_t j = 0; j < k; j += 4)
        products(ROWS, 4, k - j, p, a + i * lda + t, lda, x + t, off + j, sum + i * k + j, k);
    for (; i + 2 <= m; i += 2)
      for (ptrdiff_t j = 0; j < k; j += 4)
        products(2, 4, k - j, p, a + i * lda + t, lda, x + t, off + j, sum + i * k + j, k);
    for (; i < m; i++)
      for (ptrdiff_t j = 0; j < k; j += MANY)
        products(1, MANY, k - j, p, a + i * lda + t, lda, x + t, off + j, sum + i * k + j, k);
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
