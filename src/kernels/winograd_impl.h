/* winograd_impl - groups of tiles of the two Winograd files; nobody else includes it */
#pragma once

#include "kernels/winograd.h"

enum { FH_WINOGRAD_LANES = 16 }; /* of the widest instruction set */

/** One group of tiles: a piece of a row of tiles, or up to `lanes` tiles of the batch. */
typedef struct {
  ptrdiff_t sample, row, column; /* wide: of the first tile; else the first tile in `first` */
  ptrdiff_t first, count;        /* tiles of the batch */
} fh_winograd_group;

ptrdiff_t fh_winograd_groups(const fh_winograd *w, ptrdiff_t batch);
void fh_winograd_find(const fh_winograd *w, ptrdiff_t batch, ptrdiff_t group, fh_winograd_group *g);
/** Transformed x of a group to v; buffer: 6 x 5 rows of vectors for each channel. */
void fh_winograd_read(const fh_winograd *w, const fh_winograd_group *g, const fh_real *x,
                      fh_real *v, fh_real *buffer);
/** A lane's tile of a group that is not wide. */
void fh_winograd_tile(const fh_winograd *w, ptrdiff_t tile, ptrdiff_t *sample, ptrdiff_t *row,
                      ptrdiff_t *column);
/** Reals of the buffer of read. */
ptrdiff_t fh_winograd_buffer(const fh_winograd *w);
