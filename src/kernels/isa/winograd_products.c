/* The small products of a Winograd convolution at one place, and the sums of its weight gradient. */
#include "kernels/isa/winograd_tables.h"
#include "kernels/isa/winograd_tile.h"
#include "kernels/winograd_kernels.h"

/* ---- m = u v --------------------------------------------------------------------------------------- */

FH_INLINE void product_rows(const int rows, const int groups, ptrdiff_t in,
                            const fh_real *restrict u, ptrdiff_t ldu, const fh_real *restrict v,
                            fh_real *restrict m)
{
  fh_vec acc[FH_BLOCK][FH_GROUPS];
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int g = 0; g < groups; g++) acc[i][g] = fh_all(0);
  }
#pragma GCC                                                                                        \
    unroll 2 /* counting costs nothing on a free core, and where a neighbour takes its issue slots a tenth */
  for (ptrdiff_t c = 0; c < in; c++) {
    fh_vec vv[FH_GROUPS];
    FH_UNROLL
    for (int g = 0; g < groups; g++) vv[g] = fh_load(v + g * FH_LANES);
    FH_UNROLL
    for (int i = 0; i < rows; i++) {
      FH_UNROLL
      for (int g = 0; g < groups; g++) acc[i][g] += u[i] * vv[g];
    }
    u += ldu;
    v += FH_ROW;
  }
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int g = 0; g < groups; g++) fh_store(m + i * FH_ROW + g * FH_LANES, acc[i][g]);
  }
}

FH_INLINE void all_rows(const int groups, ptrdiff_t in, ptrdiff_t out, const fh_real *u,
                        const fh_real *v, fh_real *m)
{
  ptrdiff_t o = 0;
  for (; o + FH_BLOCK <= out; o += FH_BLOCK)
    product_rows(FH_BLOCK, groups, in, u + o, out, v, m + o * FH_ROW);
  for (; o + 2 <= out; o += 2) product_rows(2, groups, in, u + o, out, v, m + o * FH_ROW);
  if (o < out) product_rows(1, groups, in, u + o, out, v, m + o * FH_ROW);
}

void FH_ISA(fh_winograd_multiply)(int groups, ptrdiff_t in, ptrdiff_t out, const fh_real *u,
                                  const fh_real *v, fh_real *m)
{
  if (groups == 3)
    all_rows(3, in, out, u, v, m);
  else if (groups == 2)
    all_rows(2, in, out, u, v, m);
  else
    all_rows(1, in, out, u, v, m);
}

/* ---- sums over tiles --------------------------------------------------------------------------------- */

ptrdiff_t FH_ISA(fh_winograd_turned_row)(ptrdiff_t in)
{
  return (in + FH_LANES - 1) / FH_LANES * FH_LANES;
}

#define TURN(h)                                                                                    \
  FH_UNROLL                                                                                        \
  for (int i = 0; i < FH_LANES; i++)                                                               \
    if (!(i & h)) {                                                                                \
      const fh_vec low = __builtin_shufflevector(t[i], t[i + h], FH_LOW_##h);                      \
      t[i + h] = __builtin_shufflevector(t[i], t[i + h], FH_HIGH_##h);                             \
      t[i] = low;                                                                                  \
    }

void FH_ISA(fh_winograd_turn)(ptrdiff_t in, int groups, const fh_real *v, fh_real *turned)
{
  const ptrdiff_t row = FH_ISA(fh_winograd_turned_row)(in);
  for (int g = 0; g < groups; g++)
    for (ptrdiff_t n = 0; n < in; n += FH_LANES) {
      fh_vec t[FH_LANES];
      FH_UNROLL
      for (int i = 0; i < FH_LANES; i++)
        t[i] = n + i < in ? fh_load(v + (n + i) * FH_ROW + g * FH_LANES) : fh_all(0);
      TURN(1);
#if FH_WIDTH > 2
      TURN(2);
#endif
#if FH_WIDTH > 4
      TURN(4);
#endif
#if FH_WIDTH > 8
      TURN(8);
#endif
      fh_real *to = turned + g * FH_LANES * row + n;
      FH_UNROLL
      for (int i = 0; i < FH_LANES; i++) fh_store(to + i * row, t[i]);
    }
}

FH_INLINE void add_block(const int rows, const int nv, ptrdiff_t tiles, const fh_real *restrict g,
                         const fh_real *restrict p, ptrdiff_t row, fh_real *restrict sum)
{
  fh_vec acc[FH_BLOCK][3];
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int n = 0; n < nv; n++) acc[i][n] = fh_load(sum + i * row + n * FH_LANES);
  }
#pragma GCC unroll 4
  for (ptrdiff_t k = 0; k < tiles; k++) {
    fh_vec pv[3];
    FH_UNROLL
    for (int n = 0; n < nv; n++) pv[n] = fh_load(p + n * FH_LANES);
    FH_UNROLL
    for (int i = 0; i < rows; i++) {
      FH_UNROLL
      for (int n = 0; n < nv; n++) acc[i][n] += g[i * FH_ROW] * pv[n];
    }
    g++;
    p += row;
  }
  FH_UNROLL
  for (int i = 0; i < rows; i++) {
    FH_UNROLL
    for (int n = 0; n < nv; n++) fh_store(sum + i * row + n * FH_LANES, acc[i][n]);
  }
}

/* all channels for a block of results; never one vector alone where two and two do */
FH_INLINE void add_channels(const int rows, ptrdiff_t tiles, const fh_real *g, const fh_real *p,
                            ptrdiff_t row, fh_real *sum)
{
  for (ptrdiff_t left = row / FH_LANES, at = 0; left > 0;) {
    const ptrdiff_t now = left == 4 || left == 2 ? 2 : left >= 3 ? 3 : 1;
    if (now == 3)
      add_block(rows, 3, tiles, g, p + at, row, sum + at);
    else if (now == 2)
      add_block(rows, 2, tiles, g, p + at, row, sum + at);
    else
      add_block(rows, 1, tiles, g, p + at, row, sum + at);
    at += now * FH_LANES;
    left -= now;
  }
}

void FH_ISA(fh_winograd_add_products)(ptrdiff_t in, ptrdiff_t out, int groups, const fh_real *g,
                                      const fh_real *turned, fh_real *sum)
{
  const ptrdiff_t row = FH_ISA(fh_winograd_turned_row)(in), tiles = groups * FH_LANES;
  ptrdiff_t o = 0;
  for (; o + FH_BLOCK <= out; o += FH_BLOCK)
    add_channels(FH_BLOCK, tiles, g + o * FH_ROW, turned, row, sum + o * row);
  for (; o < out; o++) add_channels(1, tiles, g + o * FH_ROW, turned, row, sum + o * row);
}

/* four sums at once, each lane by itself; at the end in double */
fh_real FH_ISA(fh_winograd_total)(ptrdiff_t n, const fh_real *x)
{
  fh_vec sum[4] = {fh_all(0), fh_all(0), fh_all(0), fh_all(0)};
  double total = 0;
  ptrdiff_t t = 0;
  for (; t + 4 * FH_LANES <= n; t += 4 * FH_LANES) {
    FH_UNROLL
    for (int i = 0; i < 4; i++) sum[i] += fh_load(x + t + i * FH_LANES);
  }
  for (int i = 0; i < 4; i++)
    for (int l = 0; l < FH_LANES; l++) total += (double)sum[i][l];
  for (; t < n; t++) total += (double)x[t];
  return (fh_real)total;
}
