/**
 * pointwise_tile - the points of a sample in tiles that stay in the cache
 *
 * A field is [channels][points], and rows whose distance is a power of two share the same few
 * places of the cache: a tile is therefore a copy, rows of FH_TILE reals, columns beyond the last
 * point zero. All points of a sample are cut the same way whatever the batch.
 */
#pragma once

#include "kernels/pointwise.h"

/* points in a tile: short rows, so that all tiles of a layer stay near (measured: 512 bytes) */
enum { FH_TILE = 512 / sizeof(fh_real) };

/** Parts of a workspace, each aligned: with base NULL it only counts. */
typedef struct {
  char *base;
  size_t used;
} fh_carve;

/** The next count reals of the workspace, or NULL while counting. */
fh_real *fh_carve_reals(fh_carve *c, ptrdiff_t count);

/** Asks for the tile behind this one in each row of a field that is written or added. */
void fh_tile_soon(ptrdiff_t rows, const fh_real *field, ptrdiff_t ld);
/** tile[r][0..n) = src[r * ld + 0..n) for r < rows, and zeros behind. n <= FH_TILE. */
void fh_tile_load(ptrdiff_t rows, ptrdiff_t n, const fh_real *src, ptrdiff_t ld, fh_real *tile);
/** Zeros in columns n..FH_TILE of a tile. */
void fh_tile_clear(ptrdiff_t rows, ptrdiff_t n, fh_real *tile);
/** dst[r * ld + 0..n) = tile[r][0..n). */
void fh_tile_store(ptrdiff_t rows, ptrdiff_t n, const fh_real *tile, fh_real *dst, ptrdiff_t ld);
/** y[r * ld + t] = f(tile[r][t]); with slope also slope[r * ld + t] = f'(tile[r][t]), r < rows, t < n. kind:
 *  fh_activation; one: FH_TILE ones, read with slope alone. */
void fh_tile_activate(const fh_pointwise *k, int kind, ptrdiff_t rows, ptrdiff_t n,
                      const fh_real *tile, const fh_real *one, fh_real *y, fh_real *slope,
                      ptrdiff_t ld);
/** The adjoint of fh_tile_activate: tile[r][0..n) = slope dy, and zeros behind. */
void fh_tile_activate_back(const fh_pointwise *k, ptrdiff_t rows, ptrdiff_t n, const fh_real *slope,
                           const fh_real *dy, ptrdiff_t ld, fh_real *tile);
/** dst = src for count reals, with no overlap. */
void fh_copy(ptrdiff_t count, const fh_real *src, fh_real *dst);
