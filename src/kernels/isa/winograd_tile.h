/**
 * winograd_tile - the transforms of F(4, 3) along one axis, on vectors (points 0, 1, -1, 2, -2, infinity)
 */
#pragma once

#include "kernels/isa/blocks.h"

/* FH_GROUPS groups of tiles at once, FH_BLOCK results: what fits into the registers */
#if defined(__AVX512F__)
enum { FH_BLOCK = 8, FH_GROUPS = 3 };
#else
enum { FH_BLOCK = 4, FH_GROUPS = 3 };
#endif
enum { FH_ROW = FH_GROUPS * FH_LANES };

/** B' d: six values */
FH_INLINE void fh_tile_in(const fh_vec d[6], fh_vec o[6])
{
  const fh_vec a = d[4] - 4 * d[2], b = d[3] - 4 * d[1], c = d[4] - d[2], e = d[3] - d[1];
  o[0] = 4 * d[0] + (d[4] - 5 * d[2]);
  o[1] = a + b;
  o[2] = a - b;
  o[3] = c + 2 * e;
  o[4] = c - 2 * e;
  o[5] = 4 * d[1] + (d[5] - 5 * d[3]);
}
/** A place of the six is there. */
FH_INLINE bool fh_tile_has(unsigned support, int place)
{
  return support >> place & 1;
}
/** A' m: four results of the places of a support, which contains 1 to 4; the others are not read. */
FH_INLINE void fh_tile_out(const unsigned support, const fh_vec m[6], fh_vec o[4])
{
  const fh_vec p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
  o[0] = (fh_tile_has(support, 0) ? m[0] + p : p) + r;
  o[1] = q + 2 * s;
  o[2] = p + 4 * r;
  o[3] = q + 8 * s;
  if (fh_tile_has(support, 5)) o[3] += m[5];
}
/** A g, the adjoint of A' m */
FH_INLINE void fh_tile_slope(const fh_vec g[4], fh_vec o[6])
{
  const fh_vec p = g[0] + g[2], q = g[1] + g[3], r = g[0] + 4 * g[2], s = 2 * g[1] + 8 * g[3];
  o[0] = g[0];
  o[1] = p + q;
  o[2] = p - q;
  o[3] = r + s;
  o[4] = r - s;
  o[5] = g[3];
}
/** G w: three weights */
FH_INLINE void fh_tile_weight(const fh_vec w[3], fh_vec o[6])
{
  const fh_real sixth = (fh_real)(1.0 / 6), small = (fh_real)(1.0 / 24);
  const fh_vec p = sixth * (w[0] + w[2]), q = sixth * w[1];
  const fh_vec r = small * w[0] + sixth * w[2], s = (fh_real)(1.0 / 12) * w[1];
  o[0] = (fh_real)0.25 * w[0];
  o[1] = -p - q;
  o[2] = q - p;
  o[3] = r + s;
  o[4] = r - s;
  o[5] = w[2];
}
/** G' u, the adjoint of G w */
FH_INLINE void fh_tile_weight_back(const fh_vec u[6], fh_vec o[3])
{
  const fh_real sixth = (fh_real)(1.0 / 6), small = (fh_real)(1.0 / 24);
  const fh_vec p = u[1] + u[2], q = u[2] - u[1], r = u[3] + u[4], s = u[3] - u[4];
  o[0] = (fh_real)0.25 * u[0] - sixth * p + small * r;
  o[1] = sixth * q + (fh_real)(1.0 / 12) * s;
  o[2] = sixth * (r - p) + u[5];
}

/* v[4 k + j] of four vectors to o[j]: columns of the same place in their tile. Lane 4 q + k is tile k * (lanes / 4) + q.
 * It is its own inverse. */
#if FH_WIDTH >= 4
FH_INLINE void fh_tile_columns(const fh_vec v[4], fh_vec o[4])
{
#if FH_WIDTH == 16
#define FH_UNPACK_LOW 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define FH_UNPACK_HIGH 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#elif FH_WIDTH == 8
#define FH_UNPACK_LOW 0, 8, 1, 9, 4, 12, 5, 13
#define FH_UNPACK_HIGH 2, 10, 3, 11, 6, 14, 7, 15
#else
#define FH_UNPACK_LOW 0, 4, 1, 5
#define FH_UNPACK_HIGH 2, 6, 3, 7
#endif
  const fh_vec a = __builtin_shufflevector(v[0], v[1], FH_UNPACK_LOW);
  const fh_vec b = __builtin_shufflevector(v[0], v[1], FH_UNPACK_HIGH);
  const fh_vec c = __builtin_shufflevector(v[2], v[3], FH_UNPACK_LOW);
  const fh_vec d = __builtin_shufflevector(v[2], v[3], FH_UNPACK_HIGH);
  o[0] = __builtin_shufflevector(a, c, FH_LOW_2);
  o[1] = __builtin_shufflevector(a, c, FH_HIGH_2);
  o[2] = __builtin_shufflevector(b, d, FH_LOW_2);
  o[3] = __builtin_shufflevector(b, d, FH_HIGH_2);
}
/** Columns 4 and 5 of each tile: columns 0 and 1 of the next one; tail holds the columns behind the last. */
FH_INLINE void fh_tile_next(fh_vec o[6], fh_vec tail)
{
#if FH_WIDTH == 8
  /* the column of the tail takes the place of the first tile's, so that one shuffle across halves is enough */
  const fh_vec second = __builtin_shufflevector(tail, tail, 1, 1, 3, 3, 5, 5, 7, 7);
  const fh_vec a = __builtin_shufflevector(o[0], tail, 8, 1, 2, 3, 4, 5, 6, 7);
  const fh_vec b = __builtin_shufflevector(o[1], second, 8, 1, 2, 3, 4, 5, 6, 7);
  o[4] = __builtin_shufflevector(a, a, 4, 5, 6, 7, 1, 2, 3, 0);
  o[5] = __builtin_shufflevector(b, b, 4, 5, 6, 7, 1, 2, 3, 0);
#else
#if FH_WIDTH == 16
#define FH_NEXT 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 2, 3
#else
#define FH_NEXT 1, 2, 3
#endif
  o[4] = __builtin_shufflevector(o[0], tail, FH_NEXT, FH_WIDTH);
  o[5] = __builtin_shufflevector(o[1], tail, FH_NEXT, FH_WIDTH + 1);
#endif
}
#endif
