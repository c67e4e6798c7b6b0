/**
 * conv_box - boxes inside larger boxes: what padding, cropping and convolutions copy
 *
 * Fields are [channels][n1][n2][n3] with the last axis contiguous; a field of fewer axes has ones in
 * front.
 */
#pragma once

#include <stddef.h>

#include "base/real.h"

/** Three extents of n[0..dim): ones in front. */
void fh_box_extents(int dim, const ptrdiff_t *n, ptrdiff_t extents[3]);
/** large[c][i + at] = small[c][i] for all points i of small; the rest of large is not touched. */
void fh_box_insert(ptrdiff_t channels, const ptrdiff_t small_n[3], const fh_real *small,
                   const ptrdiff_t large_n[3], const ptrdiff_t at[3], fh_real *large);
/** The adjoint on the box: small[c][i] = large[c][i + at]. */
void fh_box_extract(ptrdiff_t channels, const ptrdiff_t small_n[3], fh_real *small,
                    const ptrdiff_t large_n[3], const ptrdiff_t at[3], const fh_real *large);
