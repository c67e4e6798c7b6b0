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

typedef struct {
  int lanes, nr;
  bool wide; /* input, slope and output exist: tiles side by side in rows */
  /** u: G w G' of each pair of channels, in the order in which products reads it; entry a of the kernel of
   *  result o and channel c is sign * w[o * so + c * sc + (flip ? 8 - a : a)]. */
  void (*pack)(ptrdiff_t in, ptrdiff_t out, const fh_real *w, ptrdiff_t so, ptrdiff_t sc, bool flip,
               fh_real sign, fh_real *u);

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

  /** m = U v at the next `points` of the 36 places, all results; groups <= nr. */
  void (*products)(int points, int groups, ptrdiff_t in, ptrdiff_t out, const fh_real *u,
                   const fh_real *v, ptrdiff_t pitch_in, fh_real *m, ptrdiff_t pitch_out);
  /** y = bias + c + A' m A of one group of one row of tiles, rows of y and c ld apart; c may be NULL. */
  void (*output)(const fh_real *m, ptrdiff_t pitch, fh_real bias, const fh_real *c, fh_real *y,
                 ptrdiff_t ld);
  /** The same to tiles anywhere: y[4 r + c][lane]. */
  void (*output_tiles)(const fh_real *m, ptrdiff_t pitch, fh_real bias, fh_real *y);

  /* ---- gradient of the weight: sums over tiles, two tiles beside each other in a vector ----------- */
  /** Numbers of a row of the sums: 2 for each channel, rounded up to vectors. */
  ptrdiff_t (*sum_row)(ptrdiff_t in);
  /** pairs[xi][tile / 2][sum_row] = v, channels and tiles transposed; zero where channels end. */
  void (*pair)(ptrdiff_t in, int groups, const fh_real *v, ptrdiff_t pitch, fh_real *pairs);
  /** sum[xi][out][sum_row] += g (x) pairs. */
  void (*outer)(ptrdiff_t in, ptrdiff_t out, int groups, const fh_real *g, ptrdiff_t pitch,
                const fh_real *pairs, fh_real *sum);
  /** dw[out][in][9] += sign * G' sum G. */
  void (*fold)(ptrdiff_t in, ptrdiff_t out, fh_real sign, const fh_real *sum, fh_real *dw);
} fh_winograd_kernels;

/** The kernels of fh_isa_best(). */
const fh_winograd_kernels *fh_winograd_kernels_get(void);
