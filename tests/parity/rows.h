/**
 * rows - where the reference takes the rows of a spectral weight from
 *
 * A grid that holds k of the n frequencies along a leading axis uses k of the M stored rows. The
 * engine takes them by frequency, row(f) = f + M/2. The reference takes the k rows in the middle,
 * which are one row lower if M is even and k odd: it then applies every row one frequency off. Both
 * mean the same numbers once the rows of the file are moved up by that much; rows that fall off the
 * end come back at the start, where neither uses them.
 */
#pragma once

#include "file.h"

typedef struct {
  int dim;
  ptrdiff_t by[PARITY_MAX_RANK]; /* rows to move up along each axis; the last axis never moves */
} parity_shift;

/** modes: frequencies in use; rows: stored; grid: points of the field. */
parity_shift parity_shift_of(int dim, const ptrdiff_t *modes, const ptrdiff_t *rows,
                             const ptrdiff_t *grid);
bool parity_shift_is_zero(const parity_shift *shift);
/**
 * True if the reference changes the resolution of the last axis rightly: it treats the last column
 * of the spectrum of the input grid as the Nyquist frequency of the output grid, so that neither may
 * be among the frequencies in use.
 */
bool parity_scaling_is_sound(ptrdiff_t modes, ptrdiff_t points, ptrdiff_t out_points);
/** Moves the rows of a weight whose last dim axes are the modes. */
fh_status parity_move_rows(const parity_shift *shift, parity_array *weight) FH_MUST;
