/* The 36 small products of a Winograd convolution, and the sums of its weight gradient. */
#include <string.h>

#include "kernels/isa/pairs.h"
#include "kernels/isa/winograd_tables.h"
#include "kernels/isa/winograd_tile.h"
#include "kernels/winograd_kernels.h"

enum { POINTS = FH_WINOGRAD_POINTS };

/* ---- m = u v -------------------------------------------------------------------------------------- */

FH_INLINE void product(const int rows, const int groups, ptrdiff_t in, const fh_real *restrict u,
                       const fh_real *restrict v, fh_real *restrict m)
{
  fh_vec acc[FH_BLOCK][FH_GROUPS];
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int g = 0; g < groups; g++) acc[i][g] = fh_all(0);
  }
  for (ptrdiff_t c = 0; c < in; c++) {
    fh_vec vv[FH_GROUPS];
    FH_UNROLL
    for (int g = 0; g < groups; g++) vv[g] = fh_load(v + g * FH_LANES);
    FH_UNROLL
    for (int i = 0; i < rows; i++) {
      FH_UNROLL
      for (int g = 0; g < groups; g++) acc[i][g] += u[i] * vv[g];
    }
    u += rows;
    v += FH_ROW;
  }
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int g = 0; g < groups; g++) fh_store(m + i * FH_ROW + g * FH_LANES, acc[i][g]);
  }
}

/* all results at one place: v stays in the first-level cache */
FH_INLINE void place(const int groups, ptrdiff_t in, ptrdiff_t out, const fh_real *u,
                     const fh_real *v, fh_real *m)
{
  while (out >= FH_BLOCK) {
    product(FH_BLOCK, groups, in, u, v, m);
    u += FH_BLOCK * in;
    m += FH_BLOCK * FH_ROW;
    out -= FH_BLOCK;
  }
#if defined(__AVX512F__)
  if (out >= 4) {
    product(4, groups, in, u, v, m);
    u += 4 * in;
    m += 4 * FH_ROW;
    out -= 4;
  }
#endif
  if (out >= 2) {
    product(2, groups, in, u, v, m);
    u += 2 * in;
    m += 2 * FH_ROW;
    out -= 2;
  }
  if (out) product(1, groups, in, u, v, m);
}

void FH_ISA(fh_winograd_products)(int points, int groups, ptrdiff_t in, ptrdiff_t out,
                                  const fh_real *u, const fh_real *v, ptrdiff_t pitch_in,
                                  fh_real *m, ptrdiff_t pitch_out)
{
  for (int xi = 0; xi < points; xi++, u += in * out, v += pitch_in, m += pitch_out)
    if (groups == 3)
      place(3, in, out, u, v, m);
    else if (groups == 2)
      place(2, in, out, u, v, m);
    else
      place(1, in, out, u, v, m);
}

/* ---- channels and tiles transposed, two tiles together ------------------------------------------------- */

enum { HALF = FH_LANES / 2 }; /* channels in a vector of pairs */

static ptrdiff_t vectors(ptrdiff_t in)
{
  return (in + HALF - 1) / HALF;
}

ptrdiff_t FH_ISA(fh_winograd_sum_row)(ptrdiff_t in)
{
  return vectors(in) * FH_LANES;
}

#define TRANSPOSE(h)                                                                               \
  FH_UNROLL                                                                                        \
  for (int i = 0; i < HALF; i++)                                                                   \
    if (!(i & (h / 2))) {                                                                          \
      const fh_vec low = __builtin_shufflevector(t[i], t[i + h / 2], FH_LOW_##h);                  \
      t[i + h / 2] = __builtin_shufflevector(t[i], t[i + h / 2], FH_HIGH_##h);                     \
      t[i] = low;                                                                                  \
    }

void FH_ISA(fh_winograd_pair)(ptrdiff_t in, int groups, const fh_real *v, ptrdiff_t pitch,
                              fh_real *pairs)
{
  const ptrdiff_t row = vectors(in) * FH_LANES;
  for (int xi = 0; xi < POINTS; xi++)
    for (int g = 0; g < groups; g++)
      for (ptrdiff_t n = 0; n < vectors(in); n++) {
        fh_vec t[HALF];
        FH_UNROLL
        for (int i = 0; i < HALF; i++)
          t[i] = n * HALF + i < in
                     ? fh_load(v + xi * pitch + (n * HALF + i) * FH_ROW + g * FH_LANES)
                     : fh_all(0);
#if FH_WIDTH > 2
        TRANSPOSE(2);
#endif
#if FH_WIDTH > 4
        TRANSPOSE(4);
#endif
#if FH_WIDTH > 8
        TRANSPOSE(8);
#endif
        fh_real *to = pairs + ((xi * FH_GROUPS + g) * HALF) * row + n * FH_LANES;
        FH_UNROLL
        for (int i = 0; i < HALF; i++) fh_store(to + i * row, t[i]);
      }
}

/* (g[0], g[1], g[0], g[1], ...) */
FH_INLINE fh_vec both(const fh_real *g)
{
#ifdef FH_DOUBLE
  return fh_alternating(g[0], g[1]);
#else
  typedef double wide __attribute__((vector_size(FH_VECTOR_BYTES)));
  double two;
  memcpy(&two, g, sizeof two);
  return (fh_vec)(two - (wide){0});
#endif
}

FH_INLINE void add_outer(const int rows, const int nv, ptrdiff_t pairs, const fh_real *restrict g,
                         const fh_real *restrict p, ptrdiff_t row, fh_real *restrict sum)
{
  fh_vec acc[FH_BLOCK][3];
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int n = 0; n < nv; n++) acc[i][n] = fh_load(sum + i * row + n * FH_LANES);
  }
  for (ptrdiff_t k = 0; k < pairs; k++) {
    fh_vec pv[3];
    FH_UNROLL
    for (int n = 0; n < nv; n++) pv[n] = fh_load(p + n * FH_LANES);
    FH_UNROLL
    for (int i = 0; i < rows; i++) {
      const fh_vec gv = both(g + i * FH_ROW);
      FH_UNROLL
      for (int n = 0; n < nv; n++) acc[i][n] += gv * pv[n];
    }
    g += 2;
    p += row;
  }
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int n = 0; n < nv; n++) fh_store(sum + i * row + n * FH_LANES, acc[i][n]);
  }
}

/* all channels for a block of results; never one vector alone where two and two do */
FH_INLINE void add_row(const int rows, ptrdiff_t pairs, const fh_real *g, const fh_real *p,
                       ptrdiff_t row, fh_real *sum)
{
  for (ptrdiff_t left = row / FH_LANES, n = 0; left > 0;) {
    const ptrdiff_t now = left == 4 || left == 2 ? 2 : left >= 3 ? 3 : 1;
    const ptrdiff_t at = n * FH_LANES;
    if (now == 3)
      add_outer(rows, 3, pairs, g, p + at, row, sum + at);
    else if (now == 2)
      add_outer(rows, 2, pairs, g, p + at, row, sum + at);
    else
      add_outer(rows, 1, pairs, g, p + at, row, sum + at);
    n += now;
    left -= now;
  }
}

void FH_ISA(fh_winograd_outer)(ptrdiff_t in, ptrdiff_t out, int groups, const fh_real *g,
                               ptrdiff_t pitch, const fh_real *pairs, fh_real *sum)
{
  const ptrdiff_t row = vectors(in) * FH_LANES, count = groups * HALF;
  for (int xi = 0; xi < POINTS; xi++, g += pitch, pairs += FH_GROUPS * HALF * row) {
    ptrdiff_t o = 0;
    for (; o + FH_BLOCK <= out; o += FH_BLOCK, sum += FH_BLOCK * row)
      add_row(FH_BLOCK, count, g + o * FH_ROW, pairs, row, sum);
    for (; o + 2 <= out; o += 2, sum += 2 * row) add_row(2, count, g + o * FH_ROW, pairs, row, sum);
    for (; o < out; o++, sum += row) add_row(1, count, g + o * FH_ROW, pairs, row, sum);
  }
}

/* ---- dw = G' sum G --------------------------------------------------------------------------------------- */

void FH_ISA(fh_winograd_fold)(ptrdiff_t in, ptrdiff_t out, fh_real sign, const fh_real *sum,
                              fh_real *dw)
{
  const ptrdiff_t row = vectors(in) * FH_LANES, place = out * row;
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t n = 0; n < vectors(in); n++) {
      const fh_real *s = sum + o * row + n * FH_LANES;
      fh_vec t[3][6];
      fh_real w[9][FH_LANES];
      for (int c = 0; c < 6; c++) {
        fh_vec u[6], part[3];
        FH_UNROLL
        for (int r = 0; r < 6; r++) u[r] = fh_load(s + (6 * r + c) * place);
        fh_tile_weight_back(u, part);
        FH_UNROLL
        for (int r = 0; r < 3; r++) t[r][c] = part[r];
      }
      for (int r = 0; r < 3; r++) {
        fh_vec part[3];
        fh_tile_weight_back(t[r], part);
        for (int c = 0; c < 3; c++) fh_store(w[3 * r + c], part[c]);
      }
      for (ptrdiff_t i = 0; i < HALF && n * HALF + i < in; i++) {
        fh_real *to = dw + (o * in + n * HALF + i) * 9;
        for (int a = 0; a < 9; a++) to[a] += sign * (w[a][2 * i] + w[a][2 * i + 1]);
      }
    }
}
