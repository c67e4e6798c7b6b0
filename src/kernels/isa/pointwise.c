/* Small matrices on tiles. apply keeps a block of MR rows x NR vectors of y in registers and runs
 * over k: with 4 x 3 a multiply-add needs the fewest loads, and channels are multiples of 4. outer
 * keeps GM x GK vectors of partial sums and runs over the points. */
#include <stdbool.h>

#include "kernels/isa/tables.h"

#if defined(__AVX512F__)
enum { MR = 8, NR = 2, GM = 4, GK = 4 };
#else
enum { MR = 4, NR = 3, GM = 3, GK = 4 };
#endif

/* Rows in the next block: MR while there are as many, then what is left in blocks of at most 4. */
static inline int block_rows(ptrdiff_t left)
{
  return left >= MR ? MR : left >= 4 ? 4 : (int)left;
}

/* Vectors in the next strip: NR, but no strip of one vector behind a full one. */
static inline int strip_vectors(ptrdiff_t left)
{
  return left >= NR + 2 || left == NR ? NR : left >= 2 ? 2 : 1;
}

static ptrdiff_t packed_size(ptrdiff_t m, ptrdiff_t k)
{
  return m * k;
}

static void pack(ptrdiff_t m, ptrdiff_t k, const fh_real *w, ptrdiff_t si, ptrdiff_t sj, fh_real *p)
{
  for (ptrdiff_t i0 = 0; i0 < m;) {
    const int rows = block_rows(m - i0);
    for (ptrdiff_t j = 0; j < k; j++)
      for (int i = 0; i < rows; i++) *p++ = w[(i0 + i) * si + j * sj];
    i0 += rows;
  }
}

/* y = init + w x for a block of rows x nr vectors; init comes in y's place. even: rows of x are ldx apart, which
 * saves an instruction in twenty of the inner loop; else at off. */
FH_INLINE void block(const bool even, const int rows, const int nr, ptrdiff_t k,
                     const fh_real *restrict w, const fh_real *bias, const fh_real *c,
                     ptrdiff_t ldc, const fh_real *scale, const fh_real *restrict x, ptrdiff_t ldx,
                     const ptrdiff_t *restrict off, fh_real *y, ptrdiff_t ldy)
{
  fh_vec acc[MR][NR];
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    const fh_vec b = fh_all(bias ? bias[i] : 0);
    const fh_real s = scale ? scale[i] : 1;
    FH_UNROLL
    for (int v = 0; v < nr; v++) acc[i][v] = c ? b + s * fh_load(c + i * ldc + v * FH_LANES) : b;
  }
#pragma GCC unroll 2
  for (ptrdiff_t j = 0; j < k; j++) {
    const fh_real *row = even ? x + j * ldx : x + off[j];
    fh_vec xv[NR];
    FH_UNROLL
    for (int v = 0; v < nr; v++) xv[v] = fh_load(row + v * FH_LANES);
    FH_UNROLL
    for (int i = 0; i < rows; i++) {
      FH_UNROLL
      for (int v = 0; v < nr; v++) acc[i][v] += w[i] * xv[v];
    }
    w += rows;
  }
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int v = 0; v < nr; v++) fh_store(y + i * ldy + v * FH_LANES, acc[i][v]);
  }
}

/* `count` blocks of rows x nr vectors beside each other; rows and nr are constants where it is called. */
FH_INLINE void sized_blocks(const bool even, const int rows, const int nr, ptrdiff_t count,
                            ptrdiff_t k, const fh_real *w, const fh_real *bias, const fh_real *c,
                            ptrdiff_t ldc, const fh_real *scale, const fh_real *x, ptrdiff_t ldx,
                            const ptrdiff_t *off, fh_real *y, ptrdiff_t ldy)
{
  for (ptrdiff_t s = 0; s < count * nr * FH_LANES; s += nr * FH_LANES)
    block(even, rows, nr, k, w, bias, c ? c + s : NULL, ldc, scale, x + s, ldx, off, y + s, ldy);
}

FH_INLINE void blocks_of(const bool even, const int nr, int rows, ptrdiff_t count, ptrdiff_t k,
                         const fh_real *w, const fh_real *bias, const fh_real *c, ptrdiff_t ldc,
                         const fh_real *scale, const fh_real *x, ptrdiff_t ldx,
                         const ptrdiff_t *off, fh_real *y, ptrdiff_t ldy)
{
  if (rows == MR)
    sized_blocks(even, MR, nr, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else if (rows == 4)
    sized_blocks(even, 4, nr, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else if (rows == 3)
    sized_blocks(even, 3, nr, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else if (rows == 2)
    sized_blocks(even, 2, nr, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else
    sized_blocks(even, 1, nr, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
}

FH_INLINE void blocks(const bool even, int nr, int rows, ptrdiff_t count, ptrdiff_t k,
                      const fh_real *w, const fh_real *bias, const fh_real *c, ptrdiff_t ldc,
                      const fh_real *scale, const fh_real *x, ptrdiff_t ldx, const ptrdiff_t *off,
                      fh_real *y, ptrdiff_t ldy)
{
  if (nr == NR)
    blocks_of(even, NR, rows, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else if (nr == 2)
    blocks_of(even, 2, rows, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else
    blocks_of(even, 1, rows, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
}

static void any_blocks(int nr, int rows, ptrdiff_t count, ptrdiff_t k, const fh_real *w,
                       const fh_real *bias, const fh_real *c, ptrdiff_t ldc, const fh_real *scale,
                       const fh_real *x, ptrdiff_t ldx, const ptrdiff_t *off, fh_real *y,
                       ptrdiff_t ldy)
{
  if (off)
    blocks(false, nr, rows, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
  else
    blocks(true, nr, rows, count, k, w, bias, c, ldc, scale, x, ldx, off, y, ldy);
}

/* The last columns, less than a vector: through a buffer, because y and c end at n. */
static void short_block(int rows, ptrdiff_t k, ptrdiff_t n, const fh_real *w, const fh_real *bias,
                        const fh_real *c, ptrdiff_t ldc, const fh_real *scale, const fh_real *x,
                        ptrdiff_t ldx, const ptrdiff_t *off, fh_real *y, ptrdiff_t ldy)
{
  fh_real buffer[MR * FH_LANES] = {0};
  if (c)
    for (int i = 0; i < rows; i++)
      for (ptrdiff_t t = 0; t < n; t++) buffer[i * FH_LANES + t] = c[i * ldc + t];
  any_blocks(1, rows, 1, k, w, bias, c ? buffer : NULL, FH_LANES, scale, x, ldx, off, buffer,
             FH_LANES);
  for (int i = 0; i < rows; i++)
    for (ptrdiff_t t = 0; t < n; t++) y[i * ldy + t] = buffer[i * FH_LANES + t];
}

/* Columns whose x stays in the first cache while the rows of y pass by. */
static inline ptrdiff_t near_columns(ptrdiff_t k)
{
  enum { NEAR_BYTES = 16 << 10 };
  const ptrdiff_t vectors = NEAR_BYTES / (k * FH_VECTOR_BYTES);
  return (vectors > NR ? vectors : NR) * FH_LANES;
}

/* Rows of y one block after the other, each from left to right: rows whose distance is a power of two share a few places
 * of the cache, where a strip of all of them has no room for whole lines. */
static void apply(ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, const fh_real *packed, const fh_real *bias,
                  const fh_real *c, ptrdiff_t ldc, const fh_real *scale, const fh_real *x,
                  ptrdiff_t ldx, const ptrdiff_t *off, fh_real *y, ptrdiff_t ldy)
{
  const ptrdiff_t near = near_columns(k);
  for (ptrdiff_t begin = 0, end; begin < n; begin = end) {
    end = n - begin < near + FH_LANES ? n : begin + near;
    const fh_real *w = packed;
    for (ptrdiff_t i = 0, rows; i < m; i += rows, w += rows * k) {
      rows = block_rows(m - i);
      const fh_real *b = bias ? bias + i : NULL, *s = scale ? scale + i : NULL;
      for (ptrdiff_t t = begin; t < end;) {
        const fh_real *ct = c ? c + i * ldc + t : NULL;
        fh_real *yt = y + i * ldy + t;
        const ptrdiff_t left = (end - t) / FH_LANES;
        if (left == 0) {
          short_block((int)rows, k, end - t, w, b, ct, ldc, s, x + t, ldx, off, yt, ldy);
          break;
        }
        const int nr = strip_vectors(left);
        ptrdiff_t count = 1; /* strips as wide */
        while (count * nr < left && strip_vectors(left - count * nr) == nr) count++;
        any_blocks(nr, (int)rows, count, k, w, b, ct, ldc, s, x + t, ldx, off, yt, ldy);
        t += count * nr * FH_LANES;
      }
    }
  }
}

/* sum[i][j] += a_i x_j for gm x GK rows. Where k ends the last row is repeated, and its copies are
 * not stored. */
FH_INLINE void outer_block(const int gm, ptrdiff_t k, ptrdiff_t n, const fh_real *a, ptrdiff_t lda,
                           const fh_real *const *row, fh_real *sum, ptrdiff_t ld)
{
  const fh_real *xr[GK];
  fh_vec acc[GM][GK];
  FH_UNROLL
  for (int j = 0; j < GK; j++) xr[j] = row[j < k ? j : k - 1];
  FH_UNROLL
  for (int i = 0; i < gm; i++) {
    FH_UNROLL
    for (int j = 0; j < GK; j++) acc[i][j] = fh_all(0);
  }
  for (ptrdiff_t t = 0; t < n; t += FH_LANES) {
    fh_vec xv[GK];
    FH_UNROLL
    for (int j = 0; j < GK; j++) xv[j] = fh_load(xr[j] + t);
    FH_UNROLL
    for (int i = 0; i < gm; i++) {
      const fh_vec av = fh_load(a + i * lda + t);
      FH_UNROLL
      for (int j = 0; j < GK; j++) acc[i][j] += av * xv[j];
    }
  }
  FH_UNROLL
  for (int i = 0; i < gm; i++) {
    FH_UNROLL
    for (int j = 0; j < GK; j++)
      if (j < k) {
        fh_real *s = sum + i * ld + j * FH_LANES;
        fh_store(s, fh_load(s) + acc[i][j]);
      }
  }
}

/* Rows in the next block of outer. */
static inline int outer_rows(ptrdiff_t left)
{
  return left >= GM ? GM : left >= 2 ? 2 : 1;
}

static void outer(ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, const fh_real *a, ptrdiff_t lda,
                  const fh_real *x, ptrdiff_t ldx, const ptrdiff_t *off, fh_real *sum)
{
  const ptrdiff_t ld = k * FH_LANES;
  for (ptrdiff_t i = 0, rows; i < m; i += rows, a += rows * lda, sum += rows * ld) {
    rows = outer_rows(m - i);
    for (ptrdiff_t j = 0; j < k; j += GK) {
      fh_real *s = sum + j * FH_LANES;
      const fh_real *row[GK];
      for (ptrdiff_t q = 0; q < GK && j + q < k; q++)
        row[q] = x + (off ? off[j + q] : (j + q) * ldx);
      if (rows == GM)
        outer_block(GM, k - j, n, a, lda, row, s, ld);
      else if (rows == 2)
        outer_block(2, k - j, n, a, lda, row, s, ld);
      else
        outer_block(1, k - j, n, a, lda, row, s, ld);
    }
  }
}

static void row_sums(ptrdiff_t m, ptrdiff_t n, const fh_real *a, ptrdiff_t lda, fh_real *sum)
{
  for (ptrdiff_t i = 0; i < m; i++) {
    fh_vec acc = fh_all(0);
    for (ptrdiff_t t = 0; t < n; t += FH_LANES) acc += fh_load(a + i * lda + t);
    fh_store(sum + i * FH_LANES, fh_load(sum + i * FH_LANES) + acc);
  }
}

static void row_dots(ptrdiff_t m, ptrdiff_t n, const fh_real *a, ptrdiff_t lda, const fh_real *b,
                     ptrdiff_t ldb, fh_real *sum)
{
  for (ptrdiff_t i = 0; i < m; i++) {
    fh_vec acc = fh_all(0);
    for (ptrdiff_t t = 0; t < n; t += FH_LANES)
      acc += fh_load(a + i * lda + t) * fh_load(b + i * ldb + t);
    fh_store(sum + i * FH_LANES, fh_load(sum + i * FH_LANES) + acc);
  }
}

static void scale_rows(ptrdiff_t m, ptrdiff_t n, const fh_real *scale, const fh_real *x,
                       ptrdiff_t ldx, fh_real *y, ptrdiff_t ldy)
{
  for (ptrdiff_t i = 0; i < m; i++)
    for (ptrdiff_t t = 0; t < n; t++) y[i * ldy + t] = scale[i] * x[i * ldx + t];
}

static void add(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real *y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = a[t] + b[t];
}

static void multiply(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real *y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = a[t] * b[t];
}

static void fold(ptrdiff_t count, const fh_real *sum, fh_real *total)
{
  for (ptrdiff_t i = 0; i < count; i++) {
    fh_real s[FH_LANES];
    for (int l = 0; l < FH_LANES; l++) s[l] = sum[i * FH_LANES + l];
    for (int h = FH_LANES / 2; h > 0; h /= 2)
      for (int l = 0; l < h; l++) s[l] += s[l + h];
    total[i] += s[0];
  }
}

const fh_pointwise FH_ISA(fh_pointwise) = {
    .activate = FH_ISA(fh_activate),
    .activate_back = FH_ISA(fh_activate_back),
    .activate_both = FH_ISA(fh_activate_both),
    .lanes = FH_LANES,
    .strip = 2 * FH_LANES,
    .packed_size = packed_size,
    .pack = pack,
    .apply = apply,
    .scale_rows = scale_rows,
    .add = add,
    .multiply = multiply,
    .outer = outer,
    .row_sums = row_sums,
    .row_dots = row_dots,
    .fold = fold,
    .moments = FH_ISA(fh_moments),
    .weighted_moments = FH_ISA(fh_weighted_moments),
    .standardise = FH_ISA(fh_standardise),
    .standardise_each = FH_ISA(fh_standardise_each),
    .standardise_params = FH_ISA(fh_standardise_params),
    .standardise_back = FH_ISA(fh_standardise_back),
};
