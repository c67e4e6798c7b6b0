/**
 * winograd_kernels - what happens to tiles of a 3x3 convolution, for each instruction set
 *
 * The vector runs over tiles: a group is `lanes` tiles of 4x4 results, `nr` groups are worked on
 * at once. xi = 0..35 is the place in the transformed tile of 6x6. Transformed data is
 * v[xi * pitch + channel * nr * lanes + tile], products m the same with the channels of the result.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "kernels/dispatch.h"

enum { FH_WINOGRAD_POINTS = 36 };
/** Places 0 to 5 along an axis where a transformed kernel of three entries is not zero, as bits: only its middle entry,
 *  the first two, the last two, all three. */
enum {
  FH_SUPPORT_MIDDLE = 0x1e,
  FH_SUPPORT_FIRST = 0x1f,
  FH_SUPPORT_LAST = 0x3e,
  FH_SUPPORT_ALL = 0x3f
};

typedef struct {
  int lanes, nr;
  bool wide; /* input, slope and output exist: tiles side by side in rows */
  /** One group of one row of tiles, all channels: v = B' d B, where row r of d begins at x + row[r], next
   *  channel `channel` further; 5 lanes numbers of it must be readable. */
  void (*input)(ptrdiff_t channels, const fh_real *x, ptrdiff_t channel, const ptrdiff_t row[6],
                fh_real *v, ptrdiff_t pitch);
  /** The same from tiles anywhere: d[6 r + c][lane] of one channel. */
  void (*input_tiles)(const fh_real *d, fh_real *v, ptrdiff_t pitch);
  /** v = A g A' of 4x4 values: row r begins at g + row[r], 4 lanes numbers are read. */
  void (*slope)(ptrdiff_t channels, const fh_real *g, ptrdiff_t channel, const ptrdiff_t row[4],
                fh_real *v, ptrdiff_t pitch);
  /** The same from d[4 r + c][lane] of one channel. */
  void (*slope_tiles)(const fh_real *d, fh_real *v, ptrdiff_t pitch);

  /** y = bias + c + A' m A of one group of one row of tiles, rows of y and c ld apart; c may be NULL. */
  void (*output)(const fh_real *m, ptrdiff_t pitch, fh_real bias, const fh_real *c, fh_real *y,
                 ptrdiff_t ld);
  /** The same to tiles anywhere: y[4 r + c][lane]. */
  void (*output_tiles)(const fh_real *m, ptrdiff_t pitch, fh_real bias, fh_real *y);

  /* ---- stencils of stride 2 (winograd_phases.h): the fine field as four, by the parity of row and column.
   * field[phase] and support: see fh_winograd_window; phase 2 e + f: rows of parity e, columns of parity f. */
  /** One channel of one group, 12 rows of the fine field: v[field[f][xi]] = B' d B of each phase; 10 lanes
   *  numbers of a row must be readable. */
  void (*input_phases)(const fh_real *x, const ptrdiff_t row[12],
                       const ptrdiff_t field[4][FH_WINOGRAD_POINTS], const unsigned support[2][2],
                       fh_real *v);
  /** The same for v = A g A' of 8 rows; 8 lanes numbers are read. */
  void (*slope_phases)(const fh_real *x, const ptrdiff_t row[8],
                       const ptrdiff_t field[4][FH_WINOGRAD_POINTS], const unsigned support[2][2],
                       fh_real *v);
  /** 8 rows of 8 lanes numbers: y = bias + c + A' m A of each phase in its place; c may be NULL. */
  void (*output_phases)(const fh_real *m, const ptrdiff_t field[4][FH_WINOGRAD_POINTS],
                        const unsigned support[2][2], fh_real bias, const fh_real *c, fh_real *y,
                        ptrdiff_t ld);
  /** u[at[xi] + l] = G w G' for l < n, where at[xi] >= 0; entry a of the kernel is sign * w[l * stride +
   *  tap[a]], or 0 where tap[a] < 0. */
  void (*weights)(ptrdiff_t n, const fh_real *w, ptrdiff_t stride, const int tap[9], fh_real sign,
                  const ptrdiff_t at[FH_WINOGRAD_POINTS], fh_real *u);
  /** m[out] = sum over c < in of u[c][out] v[c] at one place. */
  void (*multiply)(int groups, ptrdiff_t in, ptrdiff_t out, const fh_real *u, const fh_real *v,
                   fh_real *m);

  /* ---- gradient of the weight: sums over tiles ---------------------------------------------------- */
  /** Numbers of a row of channels: rounded up to vectors. */
  ptrdiff_t (*turned_row)(ptrdiff_t in);
  /** turned[tile][turned_row] = v[channel][tile] at one place, zero where channels end. */
  void (*turn)(ptrdiff_t in, int groups, const fh_real *v, fh_real *turned);
  /** sum[out][turned_row] += g[out][tile] turned[tile] at one place. */
  void (*add_products)(ptrdiff_t in, ptrdiff_t out, int groups, const fh_real *g,
                       const fh_real *turned, fh_real *sum);
  /** dw[o * so + c * sc + tap[a]] += sign * (G' sum G)[a] where tap[a] >= 0; sum + at[xi] is place xi, at[xi] < 0:
   *  nothing is there. */
  void (*fold_taps)(ptrdiff_t in, ptrdiff_t out, fh_real sign, const fh_real *sum,
                    const ptrdiff_t at[FH_WINOGRAD_POINTS], const int tap[9], ptrdiff_t so,
                    ptrdiff_t sc, fh_real *dw);
  /** The sum of n numbers. */
  fh_real (*total)(ptrdiff_t n, const fh_real *x);
} fh_winograd_kernels;

/** The kernels of fh_isa_best(). */
const fh_winograd_kernels *fh_winograd_kernels_get(void);
