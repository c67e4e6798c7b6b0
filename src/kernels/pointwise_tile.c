#include "kernels/pointwise_tile.h"

#include <string.h>

#include "base/size.h"

fh_real *fh_carve_reals(fh_carve *c, ptrdiff_t count)
{
  fh_real *part = c->base ? (fh_real *)(void *)(c->base + c->used) : NULL;
  c->used += fh_size_aligned((size_t)count * sizeof(fh_real));
  return part;
}

/* The next tile of a row, on its way to the second cache. */
static inline void soon(const fh_real *row)
{
  for (int i = 0; i < FH_TILE; i += 64 / (int)sizeof(fh_real)) __builtin_prefetch(row + i, 0, 2);
}

void fh_tile_soon(ptrdiff_t rows, const fh_real *field, ptrdiff_t ld)
{
  for (ptrdiff_t r = 0; r < rows; r++) soon(field + r * ld + FH_TILE);
}

void fh_copy(ptrdiff_t count, const fh_real *src, fh_real *dst)
{
  memcpy(dst, src, (size_t)count * sizeof(fh_real));
}

void fh_tile_clear(ptrdiff_t rows, ptrdiff_t n, fh_real *tile)
{
  if (n == FH_TILE) return;
  for (ptrdiff_t r = 0; r < rows; r++)
    memset(tile + r * FH_TILE + n, 0, (size_t)(FH_TILE - n) * sizeof(fh_real));
}

void fh_tile_load(ptrdiff_t rows, ptrdiff_t n, const fh_real *src, ptrdiff_t ld, fh_real *tile)
{
  for (ptrdiff_t r = 0; r < rows; r++) {
    soon(src + r * ld + FH_TILE);
    fh_copy(n, src + r * ld, tile + r * FH_TILE);
  }
  fh_tile_clear(rows, n, tile);
}

void fh_tile_store(ptrdiff_t rows, ptrdiff_t n, const fh_real *tile, fh_real *dst, ptrdiff_t ld)
{
  for (ptrdiff_t r = 0; r < rows; r++) {
    soon(dst + r * ld + FH_TILE);
    fh_copy(n, tile + r * FH_TILE, dst + r * ld);
  }
}

void fh_tile_activate(const fh_pointwise *k, int kind, ptrdiff_t rows, ptrdiff_t n,
                      const fh_real *tile, const fh_real *one, fh_real *y, fh_real *slope,
                      ptrdiff_t ld)
{
  for (ptrdiff_t r = 0; r < rows; r++) {
    soon(y + r * ld + FH_TILE);
    if (slope) {
      soon(slope + r * ld + FH_TILE);
      k->activate_both(kind, n, tile + r * FH_TILE, one, y + r * ld, slope + r * ld);
    } else {
      k->activate(kind, n, tile + r * FH_TILE, y + r * ld);
    }
  }
}

void fh_tile_activate_back(const fh_pointwise *k, ptrdiff_t rows, ptrdiff_t n, const fh_real *slope,
                           const fh_real *dy, ptrdiff_t ld, fh_real *tile)
{
  for (ptrdiff_t r = 0; r < rows; r++) {
    soon(slope + r * ld + FH_TILE);
    soon(dy + r * ld + FH_TILE);
    k->multiply(n, slope + r * ld, dy + r * ld, tile + r * FH_TILE);
  }
  fh_tile_clear(rows, n, tile);
}
