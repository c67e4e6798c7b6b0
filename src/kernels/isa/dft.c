/* Folded cosine and sine sums in registers: a block of NF frequencies (or points) x NV vectors of
 * columns keeps 2 NF NV accumulators; the two halves of a pair are added and subtracted on the way. */
#include "kernels/dft_table.h"
#include "kernels/isa/frequencies.h"
#include "kernels/isa/lanes.h"

#if FH_VECTOR_BYTES == 64
enum { BLOCK = 6, REGISTERS = 24 };
#else
enum { BLOCK = 3, REGISTERS = 12 };
#endif

/* size of block i when count items are cut into the least number of blocks of at most most */
static inline ptrdiff_t share(ptrdiff_t count, ptrdiff_t most, ptrdiff_t i, ptrdiff_t *blocks)
{
  *blocks = (count + most - 1) / most;
  return count / *blocks + (i < count % *blocks);
}

typedef struct {
  ptrdiff_t n, half, nf, ld_in, ld_out;
} sums;

FH_INLINE void analyse_block(const int nf, const int nv, const sums *z, const fh_real *tab,
                             const fh_real *x, fh_real *q)
{
  fh_vec c[BLOCK][2], s[BLOCK][2];
  FH_UNROLL
  for (int f = 0; f < nf; f++) {
    FH_UNROLL
    for (int v = 0; v < nv; v++) c[f][v] = s[f][v] = fh_all(0);
  }
  const ptrdiff_t ld = z->ld_in, ldt = 2 * z->nf;
  for (ptrdiff_t p = 0; p < z->half; p++) {
    const fh_real *lo = x + p * ld, *hi = p ? x + (z->n - p) * ld : x;
    fh_vec even[2], odd[2];
    FH_UNROLL
    for (int v = 0; v < nv; v++) {
      const fh_vec a = fh_load(lo + v * FH_LANES), b = fh_load(hi + v * FH_LANES);
      even[v] = a + b;
      odd[v] = a - b;
    }
    FH_UNROLL
    for (int f = 0; f < nf; f++) {
      FH_UNROLL
      for (int v = 0; v < nv; v++) {
        c[f][v] += tab[2 * f] * even[v];
        s[f][v] += tab[2 * f + 1] * odd[v];
      }
    }
    tab += ldt;
  }
  FH_UNROLL
  for (int f = 0; f < nf; f++) {
    FH_UNROLL
    for (int v = 0; v < nv; v++) {
      fh_store(q + 2 * f * z->ld_out + v * FH_LANES, c[f][v]);
      fh_store(q + (2 * f + 1) * z->ld_out + v * FH_LANES, s[f][v]);
    }
  }
}

FH_INLINE void synthesise_block(const int np, const int nv, const sums *z, ptrdiff_t p0,
                                const fh_real *tab, const fh_real *q, fh_real *x)
{
  fh_vec e[BLOCK][2], o[BLOCK][2];
  FH_UNROLL
  for (int p = 0; p < np; p++) {
    FH_UNROLL
    for (int v = 0; v < nv; v++) e[p][v] = o[p][v] = fh_all(0);
  }
  for (ptrdiff_t f = 0; f < z->nf; f++) {
    const fh_real *tc = tab + 2 * f * z->half + p0, *ts = tc + z->half;
    fh_vec c[2], s[2];
    FH_UNROLL
    for (int v = 0; v < nv; v++) {
      c[v] = fh_load(q + 2 * f * z->ld_in + v * FH_LANES);
      s[v] = fh_load(q + (2 * f + 1) * z->ld_in + v * FH_LANES);
    }
    FH_UNROLL
    for (int p = 0; p < np; p++) {
      FH_UNROLL
      for (int v = 0; v < nv; v++) {
        e[p][v] += tc[p] * c[v];
        o[p][v] += ts[p] * s[v];
      }
    }
  }
  FH_UNROLL
  for (int p = 0; p < np; p++) {
    fh_real *lo = x + (p0 + p) * z->ld_out, *hi = p0 + p ? x + (z->n - p0 - p) * z->ld_out : x;
    FH_UNROLL
    for (int v = 0; v < nv; v++) {
      fh_store(lo + v * FH_LANES, e[p][v] + o[p][v]);
      fh_store(hi + v * FH_LANES, e[p][v] - o[p][v]);
    }
  }
}

#if FH_VECTOR_BYTES == 64
#define FH_BLOCK_CASES(call)                                                                       \
  case 1:                                                                                          \
    call(1);                                                                                       \
    break;                                                                                         \
  case 2:                                                                                          \
    call(2);                                                                                       \
    break;                                                                                         \
  case 3:                                                                                          \
    call(3);                                                                                       \
    break;                                                                                         \
  case 4:                                                                                          \
    call(4);                                                                                       \
    break;                                                                                         \
  case 5:                                                                                          \
    call(5);                                                                                       \
    break;                                                                                         \
  default:                                                                                         \
    call(6);                                                                                       \
    break;
#else
#define FH_BLOCK_CASES(call)                                                                       \
  case 1:                                                                                          \
    call(1);                                                                                       \
    break;                                                                                         \
  case 2:                                                                                          \
    call(2);                                                                                       \
    break;                                                                                         \
  default:                                                                                         \
    call(3);                                                                                       \
    break;
#endif

static void analyse_strip(const int nv, const sums *z, const fh_real *tab, const fh_real *x,
                          fh_real *q)
{
  ptrdiff_t blocks = 1;
  for (ptrdiff_t i = 0, f = 0; i < blocks; i++) {
    const ptrdiff_t nf = share(z->nf, BLOCK, i, &blocks);
    const fh_real *t = tab + 2 * f;
    fh_real *out = q + 2 * f * z->ld_out;
#define CALL(count)                                                                                \
  nv == 2 ? analyse_block(count, 2, z, t, x, out) : analyse_block(count, 1, z, t, x, out)
    switch (nf) {
      FH_BLOCK_CASES(CALL)
    }
#undef CALL
    f += nf;
  }
}

static void synthesise_strip(const int nv, const sums *z, const fh_real *tab, const fh_real *q,
                             fh_real *x)
{
  ptrdiff_t blocks = 1;
  for (ptrdiff_t i = 0, p = 0; i < blocks; i++) {
    const ptrdiff_t np = share(z->half, BLOCK, i, &blocks);
#define CALL(count)                                                                                \
  nv == 2 ? synthesise_block(count, 2, z, p, tab, q, x)                                            \
          : synthesise_block(count, 1, z, p, tab, q, x)
    switch (np) {
      FH_BLOCK_CASES(CALL)
    }
#undef CALL
    p += np;
  }
}

/* fewer columns than a vector has lanes */
static void analyse_narrow(const sums *z, ptrdiff_t inner, const fh_real *tab, const fh_real *x,
                           fh_real *q)
{
  for (ptrdiff_t f = 0; f < z->nf; f++)
    for (ptrdiff_t j = 0; j < inner; j++) {
      fh_real c = 0, s = 0;
      for (ptrdiff_t p = 0; p < z->half; p++) {
        const fh_real lo = x[p * z->ld_in + j], hi = x[(p ? z->n - p : 0) * z->ld_in + j];
        c += tab[2 * (p * z->nf + f)] * (lo + hi);
        s += tab[2 * (p * z->nf + f) + 1] * (lo - hi);
      }
      q[2 * f * z->ld_out + j] = c;
      q[(2 * f + 1) * z->ld_out + j] = s;
    }
}

static void synthesise_narrow(const sums *z, ptrdiff_t inner, const fh_real *tab, const fh_real *q,
                              fh_real *x)
{
  for (ptrdiff_t p = 0; p < z->half; p++)
    for (ptrdiff_t j = 0; j < inner; j++) {
      fh_real e = 0, o = 0;
      for (ptrdiff_t f = 0; f < z->nf; f++) {
        e += tab[2 * f * z->half + p] * q[2 * f * z->ld_in + j];
        o += tab[(2 * f + 1) * z->half + p] * q[(2 * f + 1) * z->ld_in + j];
      }
      x[p * z->ld_out + j] = e + o;
      x[(p ? z->n - p : 0) * z->ld_out + j] = e - o;
    }
}

/* The last strip overlaps the one before it: its columns are computed twice, to the same bits. */
#define FOR_STRIPS(inner, two, one)                                                                \
  do {                                                                                             \
    ptrdiff_t j = 0;                                                                               \
    for (; j + 2 * FH_LANES <= (inner); j += 2 * FH_LANES) two(j);                                 \
    for (; j + FH_LANES <= (inner); j += FH_LANES) one(j);                                         \
    if (j < (inner)) one((inner)-FH_LANES);                                                        \
  } while (0)

static void analyse(ptrdiff_t n, ptrdiff_t nf, ptrdiff_t inner, const fh_real *tab,
                    const fh_real *x, ptrdiff_t ldx, fh_real *q, ptrdiff_t ldq)
{
  const sums z = {n, n / 2 + 1, nf, ldx, ldq};
  if (inner < FH_LANES) {
    analyse_narrow(&z, inner, tab, x, q);
    return;
  }
#define TWO(j) analyse_strip(2, &z, tab, x + (j), q + (j))
#define ONE(j) analyse_strip(1, &z, tab, x + (j), q + (j))
  FOR_STRIPS(inner, TWO, ONE);
#undef TWO
#undef ONE
}

static void synthesise(ptrdiff_t n, ptrdiff_t nf, ptrdiff_t inner, const fh_real *tab,
                       const fh_real *q, ptrdiff_t ldq, fh_real *x, ptrdiff_t ldx)
{
  const sums z = {n, n / 2 + 1, nf, ldq, ldx};
  if (inner < FH_LANES) {
    synthesise_narrow(&z, inner, tab, q, x);
    return;
  }
#define TWO(j) synthesise_strip(2, &z, tab, q + (j), x + (j))
#define ONE(j) synthesise_strip(1, &z, tab, q + (j), x + (j))
  FOR_STRIPS(inner, TWO, ONE);
#undef TWO
#undef ONE
}

/* ---- small product: MR rows x NV vectors in registers ------------------------------------------ */

FH_INLINE void product_block(const int mr, const int nv, ptrdiff_t k, const fh_real *a,
                             ptrdiff_t lda, const fh_real *b, ptrdiff_t ldb, fh_real *c,
                             ptrdiff_t ldc)
{
  fh_vec acc[12][4];
  FH_UNROLL
  for (int i = 0; i < mr; i++) {
    FH_UNROLL
    for (int v = 0; v < nv; v++) acc[i][v] = fh_all(0);
  }
  for (ptrdiff_t t = 0; t < k; t++) {
    fh_vec row[4];
    FH_UNROLL
    for (int v = 0; v < nv; v++) row[v] = fh_load(b + t * ldb + v * FH_LANES);
    FH_UNROLL
    for (int i = 0; i < mr; i++) {
      FH_UNROLL
      for (int v = 0; v < nv; v++) acc[i][v] += a[i * lda + t] * row[v];
    }
  }
  FH_UNROLL
  for (int i = 0; i < mr; i++) {
    FH_UNROLL
    for (int v = 0; v < nv; v++) fh_store(c + i * ldc + v * FH_LANES, acc[i][v]);
  }
}

/* as many rows as the registers hold, but no more than 12 */
#define ROWS_MOST(nv) (REGISTERS / (nv) < 12 ? REGISTERS / (nv) : 12)

#define PRODUCT_STRIP(nv)                                                                          \
  static void product_strip_##nv(ptrdiff_t m, ptrdiff_t k, const fh_real *a, ptrdiff_t lda,        \
                                 const fh_real *b, ptrdiff_t ldb, fh_real *c, ptrdiff_t ldc)       \
  {                                                                                                \
    ptrdiff_t blocks = 1;                                                                          \
    for (ptrdiff_t i = 0, r = 0; i < blocks; i++) {                                                \
      const ptrdiff_t mr = share(m, ROWS_MOST(nv), i, &blocks);                                    \
      const fh_real *ar = a + r * lda;                                                             \
      fh_real *cr = c + r * ldc;                                                                   \
      switch (mr) {                                                                                \
        PRODUCT_CASE(1, nv)                                                                        \
        PRODUCT_CASE(2, nv)                                                                        \
        PRODUCT_CASE(3, nv)                                                                        \
        PRODUCT_CASE(4, nv)                                                                        \
        PRODUCT_CASE(5, nv)                                                                        \
        PRODUCT_CASE(6, nv)                                                                        \
        PRODUCT_CASE(7, nv)                                                                        \
        PRODUCT_CASE(8, nv)                                                                        \
        PRODUCT_CASE(9, nv)                                                                        \
        PRODUCT_CASE(10, nv)                                                                       \
        PRODUCT_CASE(11, nv)                                                                       \
        PRODUCT_CASE(12, nv)                                                                       \
      }                                                                                            \
      r += mr;                                                                                     \
    }                                                                                              \
  }
#define PRODUCT_CASE(mr, nv)                                                                       \
  case mr:                                                                                         \
    if (mr <= ROWS_MOST(nv)) product_block(mr, nv, k, ar, lda, b, ldb, cr, ldc);                   \
    break;
PRODUCT_STRIP(1)
PRODUCT_STRIP(2)
PRODUCT_STRIP(4)

static void product(ptrdiff_t m, ptrdiff_t k, ptrdiff_t columns, const fh_real *a, ptrdiff_t lda,
                    const fh_real *b, ptrdiff_t ldb, fh_real *c, ptrdiff_t ldc)
{
  ptrdiff_t j = 0;
  if (m < 1) return;
  for (; j + 4 * FH_LANES <= columns; j += 4 * FH_LANES)
    product_strip_4(m, k, a, lda, b + j, ldb, c + j, ldc);
  for (; j + 2 * FH_LANES <= columns; j += 2 * FH_LANES)
    product_strip_2(m, k, a, lda, b + j, ldb, c + j, ldc);
  for (; j + FH_LANES <= columns; j += FH_LANES)
    product_strip_1(m, k, a, lda, b + j, ldb, c + j, ldc);
}

extern const fh_dft_table FH_ISA(fh_dft_table);
const fh_dft_table FH_ISA(fh_dft_table) = {
    FH_LANES,
    analyse,
    synthesise,
    product,
    FH_ISA(fh_fold),
    FH_ISA(fh_unfold),
    FH_ISA(fh_combine),
    FH_ISA(fh_separate),
    FH_ISA(fh_combine_complex),
    FH_ISA(fh_separate_complex),
};
