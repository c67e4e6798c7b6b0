/* Tiles of a 3x3 convolution to the 36 places of F(4x4, 3x3) and back (Lavin, Gray, 2015), vectors of tiles. */
#include "kernels/winograd_kernels.h"

#include "kernels/isa/winograd_tables.h"
#include "kernels/isa/winograd_tile.h"

/* ---- input: v = B' d B ----------------------------------------------------------------------------- */

static void input_tiles(const fh_real *d, fh_real *v, ptrdiff_t pitch)
{
  fh_vec t[6][6];
  for (int c = 0; c < 6; c++) {
    fh_vec in[6], o[6];
    FH_UNROLL
    for (int r = 0; r < 6; r++) in[r] = fh_load(d + (6 * r + c) * FH_LANES);
    fh_tile_in(in, o);
    FH_UNROLL
    for (int r = 0; r < 6; r++) t[r][c] = o[r];
  }
  for (int r = 0; r < 6; r++) {
    fh_vec o[6];
    fh_tile_in(t[r], o);
    FH_UNROLL
    for (int c = 0; c < 6; c++) fh_store(v + (6 * r + c) * pitch, o[c]);
  }
}

#if FH_WIDTH >= 4
/* the columns of the rows first, as they lie; then along the rows, sorted by the place in the tile */
static void input(ptrdiff_t channels, const fh_real *x, ptrdiff_t channel, const ptrdiff_t row[6],
                  fh_real *v, ptrdiff_t pitch)
{
  for (ptrdiff_t i = 0; i < channels; i++, x += channel, v += FH_ROW) {
    fh_vec t[6][5];
    for (int k = 0; k < 5; k++) {
      fh_vec in[6], o[6];
      FH_UNROLL
      for (int r = 0; r < 6; r++) in[r] = fh_load(x + row[r] + k * FH_LANES);
      fh_tile_in(in, o);
      FH_UNROLL
      for (int r = 0; r < 6; r++) t[r][k] = o[r];
    }
    for (int r = 0; r < 6; r++) {
      fh_vec in[6], o[6];
      fh_tile_columns(t[r], in);
      fh_tile_next(in, t[r][4]);
      fh_tile_in(in, o);
      FH_UNROLL
      for (int c = 0; c < 6; c++) fh_store(v + (6 * r + c) * pitch, o[c]);
    }
  }
}
#endif

/* ---- slope: v = A g A' ------------------------------------------------------------------------------ */

static void slope_tiles(const fh_real *d, fh_real *v, ptrdiff_t pitch)
{
  fh_vec t[6][4];
  for (int c = 0; c < 4; c++) {
    fh_vec in[4], o[6];
    FH_UNROLL
    for (int r = 0; r < 4; r++) in[r] = fh_load(d + (4 * r + c) * FH_LANES);
    fh_tile_slope(in, o);
    FH_UNROLL
    for (int r = 0; r < 6; r++) t[r][c] = o[r];
  }
  for (int r = 0; r < 6; r++) {
    fh_vec o[6];
    fh_tile_slope(t[r], o);
    FH_UNROLL
    for (int c = 0; c < 6; c++) fh_store(v + (6 * r + c) * pitch, o[c]);
  }
}

#if FH_WIDTH >= 4
static void slope(ptrdiff_t channels, const fh_real *g, ptrdiff_t channel, const ptrdiff_t row[4],
                  fh_real *v, ptrdiff_t pitch)
{
  for (ptrdiff_t i = 0; i < channels; i++, g += channel, v += FH_ROW) {
    fh_vec t[6][4];
    for (int k = 0; k < 4; k++) {
      fh_vec in[4], o[6];
      FH_UNROLL
      for (int r = 0; r < 4; r++) in[r] = fh_load(g + row[r] + k * FH_LANES);
      fh_tile_slope(in, o);
      FH_UNROLL
      for (int r = 0; r < 6; r++) t[r][k] = o[r];
    }
    for (int r = 0; r < 6; r++) {
      fh_vec in[4], o[6];
      fh_tile_columns(t[r], in);
      fh_tile_slope(in, o);
      FH_UNROLL
      for (int c = 0; c < 6; c++) fh_store(v + (6 * r + c) * pitch, o[c]);
    }
  }
}
#endif

/* ---- output: y = A' m A ------------------------------------------------------------------------------ */

/* along the columns of the tile; t[row][place along the row] */
FH_INLINE void rows_of(const fh_real *m, ptrdiff_t pitch, fh_vec t[4][6])
{
  for (int c = 0; c < 6; c++) {
    fh_vec in[6], o[4];
    FH_UNROLL
    for (int r = 0; r < 6; r++) in[r] = fh_load(m + (6 * r + c) * pitch);
    fh_tile_out(FH_SUPPORT_ALL, in, o);
    FH_UNROLL
    for (int r = 0; r < 4; r++) t[r][c] = o[r];
  }
}

static void output_tiles(const fh_real *m, ptrdiff_t pitch, fh_real bias, fh_real *y)
{
  fh_vec t[4][6];
  rows_of(m, pitch, t);
  for (int r = 0; r < 4; r++) {
    fh_vec o[4];
    fh_tile_out(FH_SUPPORT_ALL, t[r], o);
    FH_UNROLL
    for (int c = 0; c < 4; c++) fh_store(y + (4 * r + c) * FH_LANES, o[c] + bias);
  }
}

#if FH_WIDTH >= 4
static void output(const fh_real *m, ptrdiff_t pitch, fh_real bias, const fh_real *c, fh_real *y,
                   ptrdiff_t ld)
{
  fh_vec t[4][6];
  rows_of(m, pitch, t);
  for (int r = 0; r < 4; r++, y += ld) {
    fh_vec o[4], v[4];
    fh_tile_out(FH_SUPPORT_ALL, t[r], o);
    fh_tile_columns(o, v);
    FH_UNROLL
    for (int k = 0; k < 4; k++) {
      fh_vec sum = v[k] + bias;
      if (c) sum += fh_load(c + r * ld + k * FH_LANES);
      fh_store(y + k * FH_LANES, sum);
    }
  }
}
#define WIDE(kernel) kernel
#else
#define WIDE(kernel) NULL
#endif

const fh_winograd_kernels FH_ISA(fh_winograd_kernels) = {
    .lanes = FH_LANES,
    .nr = FH_GROUPS,
    .wide = FH_WIDTH >= 4,
    .input = WIDE(input),
    .input_tiles = input_tiles,
    .slope = WIDE(slope),
    .slope_tiles = slope_tiles,
    .output = WIDE(output),
    .output_tiles = output_tiles,
    .input_phases = FH_ISA(fh_winograd_input_phases),
    .slope_phases = FH_ISA(fh_winograd_slope_phases),
    .output_phases = FH_ISA(fh_winograd_output_phases),
    .weights = FH_ISA(fh_winograd_weights),
    .multiply = FH_ISA(fh_winograd_multiply),
    .turned_row = FH_ISA(fh_winograd_turned_row),
    .turn = FH_ISA(fh_winograd_turn),
    .add_products = FH_ISA(fh_winograd_add_products),
    .fold_taps = FH_ISA(fh_winograd_fold_taps),
    .total = FH_ISA(fh_winograd_total)};
