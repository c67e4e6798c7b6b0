/**
 * tiles - a grid cut into equal tiles, the way the patches of a sample lie in their field
 *
 * parts tiles along an axis have ceil(n / parts) points each; what the last one has beyond the field
 * does not exist. Tiles are numbered with the last axis fastest. Ranks that share them have
 * consecutive ones, count / ranks each, which must make a box.
 */
#pragma once

#include "base/real.h"
#include "grid/grid.h"

typedef struct {
  fh_grid grid;
  ptrdiff_t parts[FH_MAX_DIM],
      size[FH_MAX_DIM]; /* tiles along an axis, points of one; 1 beyond dim */
  ptrdiff_t count;
} fh_tiles;

/** Errors: FH_ERR_SHAPE where the last tile of an axis would be empty, with the remedy. */
fh_status fh_tiles_make(const fh_grid *grid, const ptrdiff_t parts[FH_MAX_DIM],
                        fh_tiles *tiles) FH_MUST;
/** Place of tile i along each axis. */
void fh_tiles_part(const fh_tiles *tiles, ptrdiff_t i, ptrdiff_t part[FH_MAX_DIM]);
/** The points of tile i that exist. */
fh_layout fh_tiles_tile(const fh_tiles *tiles, ptrdiff_t i);
/**
 * fh_tiles_box - the points of the tiles of one rank
 *
 * Tiles [rank, rank + 1) * count / ranks. Layout.parts and .part number the ranks' boxes; rank is
 * part[0..dim) in the order of the axes. Errors: FH_ERR_USAGE if ranks does not divide the tiles, or
 * if they make no box (ranks that do not divide the tiles of an axis evenly).
 */
fh_status fh_tiles_box(const fh_tiles *tiles, int ranks, int rank, fh_layout *box) FH_MUST;
/**
 * fh_tiles_put - the points of tile i, out of a patch with padding around it, into a field
 *
 * patch: one channel, (size + 2 padding) points per axis; field: one channel of the box, which has the
 * tile. fh_tiles_take is the way back: what does not exist is left alone.
 */
void fh_tiles_put(const fh_tiles *tiles, ptrdiff_t i, const ptrdiff_t *padding,
                  const fh_layout *box, const fh_real *patch, fh_real *field);
void fh_tiles_take(const fh_tiles *tiles, ptrdiff_t i, const ptrdiff_t *padding,
                   const fh_layout *box, const fh_real *field, fh_real *patch);
/** Rows of a box, [fields][box], from and to whole fields. */
void fh_box_cut(const fh_layout *box, ptrdiff_t fields, const fh_real *whole, fh_real *boxed);
void fh_box_put(const fh_layout *box, ptrdiff_t fields, const fh_real *boxed, fh_real *whole);
