/* Tiles of the four phases of a fine field: to the places of F(4x4, 3x3) that a stencil of stride 2 needs, and
 * back. See winograd_phases.h. */
#include <string.h>

#include "kernels/isa/pairs.h"
#include "kernels/isa/winograd_tables.h"
#include "kernels/isa/winograd_tile.h"
#include "kernels/winograd_kernels.h"

enum { POINTS = FH_WINOGRAD_POINTS };

/* The supports that a stencil of stride 2 can have along an axis (winograd_phases.h). Each has code of its own, in
 * which a place outside costs nothing. */
#define FOR_SUPPORT(support, call)                                                                 \
  switch (support) {                                                                               \
  case FH_SUPPORT_MIDDLE:                                                                          \
    call(FH_SUPPORT_MIDDLE);                                                                       \
    break;                                                                                         \
  case FH_SUPPORT_FIRST:                                                                           \
    call(FH_SUPPORT_FIRST);                                                                        \
    break;                                                                                         \
  default:                                                                                         \
    call(FH_SUPPORT_LAST);                                                                         \
    break;                                                                                         \
  }

#if FH_WIDTH >= 4

/* one row of places of one phase */
FH_INLINE void store_places(const unsigned columns, const fh_vec o[6], const ptrdiff_t *field,
                            fh_real *v)
{
  FH_UNROLL
  for (int c = 0; c < 6; c++)
    if (fh_tile_has(columns, c)) fh_store(v + field[c], o[c]);
}

/* ---- input --------------------------------------------------------------------------------------------- */

/* along the columns, every second row: t[parity of the column][place][vector] */
FH_INLINE void input_down(const unsigned rows, const fh_real *x, const ptrdiff_t row[12],
                          fh_vec t[2][6][5])
{
  for (int k = 0; k < 5; k++) {
    fh_vec even[6], odd[6], o[6];
    FH_UNROLL
    for (int r = 0; r < 6; r++) fh_load_pairs(x + row[2 * r] + 2 * k * FH_LANES, &even[r], &odd[r]);
    fh_tile_in(even, o);
    FH_UNROLL
    for (int r = 0; r < 6; r++)
      if (fh_tile_has(rows, r)) t[0][r][k] = o[r];
    fh_tile_in(odd, o);
    FH_UNROLL
    for (int r = 0; r < 6; r++)
      if (fh_tile_has(rows, r)) t[1][r][k] = o[r];
  }
}

/* along the rows, in order of the place in the tile */
FH_INLINE void input_across(const unsigned columns, unsigned rows, fh_vec t[6][5],
                            const ptrdiff_t *field, fh_real *v)
{
  for (int r = 0; r < 6; r++) {
    if (!fh_tile_has(rows, r)) continue;
    fh_vec in[6], o[6];
    fh_tile_columns(t[r], in);
    fh_tile_next(in, t[r][4]);
    fh_tile_in(in, o);
    store_places(columns, o, field + 6 * r, v);
  }
}

void FH_ISA(fh_winograd_input_phases)(const fh_real *x, const ptrdiff_t row[12],
                                      const ptrdiff_t field[4][POINTS],
                                      const unsigned support[2][2], fh_real *v)
{
  for (int e = 0; e < 2; e++) { /* rows of parity e */
    fh_vec t[2][6][5];
#define DOWN(rows) input_down(rows, x, row + e, t)
    FOR_SUPPORT(support[0][e], DOWN)
    for (int f = 0; f < 2; f++) {
#define ACROSS(columns) input_across(columns, support[0][e], t[f], field[2 * e + f], v)
      FOR_SUPPORT(support[1][f], ACROSS)
    }
#undef DOWN
#undef ACROSS
  }
}

/* ---- slope --------------------------------------------------------------------------------------------- */

void FH_ISA(fh_winograd_slope_phases)(const fh_real *x, const ptrdiff_t row[8],
                                      const ptrdiff_t field[4][POINTS],
                                      const unsigned support[2][2], fh_real *v)
{
  for (int e = 0; e < 2; e++) {
    fh_vec t[2][6][4];
    for (int k = 0; k < 4; k++) {
      fh_vec even[4], odd[4], o[6];
      FH_UNROLL
      for (int r = 0; r < 4; r++)
        fh_load_pairs(x + row[2 * r + e] + 2 * k * FH_LANES, &even[r], &odd[r]);
      fh_tile_slope(even, o);
      FH_UNROLL
      for (int r = 0; r < 6; r++) t[0][r][k] = o[r];
      fh_tile_slope(odd, o);
      FH_UNROLL
      for (int r = 0; r < 6; r++) t[1][r][k] = o[r];
    }
    for (int r = 0; r < 6; r++)
      for (int f = 0; f < 2 && fh_tile_has(support[0][e], r); f++) {
        fh_vec in[4], o[6];
        fh_tile_columns(t[f][r], in);
        fh_tile_slope(in, o);
        store_places(support[1][f], o, field[2 * e + f] + 6 * r, v);
      }
  }
}

/* ---- output -------------------------------------------------------------------------------------------- */

/* four rows of four vectors of one phase; along the columns of the tile first */
FH_INLINE void output_phase(const unsigned rows, unsigned columns, const fh_real *m,
                            const ptrdiff_t *field, fh_vec y[4][4])
{
  fh_vec t[4][6];
  for (int c = 0; c < 6; c++) {
    fh_vec in[6], o[4];
    if (!fh_tile_has(columns, c)) {
      FH_UNROLL
      for (int r = 0; r < 4; r++) t[r][c] = fh_all(0);
      continue;
    }
    FH_UNROLL
    for (int r = 0; r < 6; r++)
      if (fh_tile_has(rows, r)) in[r] = fh_load(m + field[6 * r + c]);
    fh_tile_out(rows, in, o);
    FH_UNROLL
    for (int r = 0; r < 4; r++) t[r][c] = o[r];
  }
  for (int r = 0; r < 4; r++) {
    fh_vec o[4];
    fh_tile_out(FH_SUPPORT_ALL, t[r], o);
    fh_tile_columns(o, y[r]);
  }
}

FH_INLINE void write_pairs(fh_vec even, fh_vec odd, const fh_real *c, fh_real *y)
{
  fh_vec low = __builtin_shufflevector(even, odd, FH_LOW);
  fh_vec high = __builtin_shufflevector(even, odd, FH_HIGH);
  if (c) {
    low += fh_load(c);
    high += fh_load(c + FH_LANES);
  }
  fh_store(y, low);
  fh_store(y + FH_LANES, high);
}

void FH_ISA(fh_winograd_output_phases)(const fh_real *m, const ptrdiff_t field[4][POINTS],
                                       const unsigned support[2][2], fh_real bias, const fh_real *c,
                                       fh_real *y, ptrdiff_t ld)
{
  for (int e = 0; e < 2; e++) {
    fh_vec phase[2][4][4];
    for (int f = 0; f < 2; f++) {
#define PHASE(rows) output_phase(rows, support[1][f], m, field[2 * e + f], phase[f])
      FOR_SUPPORT(support[0][e], PHASE)
#undef PHASE
    }
    for (int r = 0; r < 4; r++) {
      const ptrdiff_t at = (2 * r + e) * ld;
      FH_UNROLL
      for (int k = 0; k < 4; k++) {
        const ptrdiff_t to = at + 2 * k * FH_LANES;
        write_pairs(phase[0][r][k] + bias, phase[1][r][k] + bias, c ? c + to : NULL, y + to);
      }
    }
  }
}

#else /* vectors of two: fh_winograd_phases_can says no */

void FH_ISA(fh_winograd_input_phases)(const fh_real *x, const ptrdiff_t row[12],
                                      const ptrdiff_t field[4][POINTS],
                                      const unsigned support[2][2], fh_real *v)
{
  (void)x, (void)row, (void)field, (void)support, (void)v;
}
void FH_ISA(fh_winograd_slope_phases)(const fh_real *x, const ptrdiff_t row[8],
                                      const ptrdiff_t field[4][POINTS],
                                      const unsigned support[2][2], fh_real *v)
{
  (void)x, (void)row, (void)field, (void)support, (void)v;
}
void FH_ISA(fh_winograd_output_phases)(const fh_real *m, const ptrdiff_t field[4][POINTS],
                                       const unsigned support[2][2], fh_real bias, const fh_real *c,
                                       fh_real *y, ptrdiff_t ld)
{
  (void)m, (void)field, (void)support, (void)bias, (void)c, (void)y, (void)ld;
}
#endif

/* ---- weights and their gradient -------------------------------------------------------------------- */

static void store_part(fh_real *to, fh_vec v, ptrdiff_t n)
{
  fh_real part[FH_LANES];
  if (n >= FH_LANES) {
    fh_store(to, v);
    return;
  }
  fh_store(part, v);
  memcpy(to, part, (size_t)n * sizeof *to);
}

/* one vector of kernels */
static void transform(const fh_real *w, ptrdiff_t n, const ptrdiff_t *at, fh_real *u)
{
  fh_vec t[3][6];
  for (int c = 0; c < 3; c++) {
    fh_vec in[3];
    FH_UNROLL
    for (int r = 0; r < 3; r++) in[r] = fh_load(w + (3 * r + c) * FH_LANES);
    fh_tile_weight(in, t[c]);
  }
  for (int r = 0; r < 6; r++) {
    const fh_vec in[3] = {t[0][r], t[1][r], t[2][r]};
    fh_vec o[6];
    fh_tile_weight(in, o);
    for (int c = 0; c < 6; c++)
      if (at[6 * r + c] >= 0) store_part(u + at[6 * r + c], o[c], n);
  }
}

void FH_ISA(fh_winograd_weights)(ptrdiff_t n, const fh_real *w, ptrdiff_t stride, const int tap[9],
                                 fh_real sign, const ptrdiff_t at[POINTS], fh_real *u)
{
  fh_real taps[9 * FH_LANES] = {0};
  for (ptrdiff_t l = 0; l < n; l += FH_LANES) {
    const ptrdiff_t now = n - l < FH_LANES ? n - l : FH_LANES;
    for (int a = 0; a < 9; a++)
      for (ptrdiff_t i = 0; i < now && tap[a] >= 0; i++)
        taps[a * FH_LANES + i] = sign * w[(l + i) * stride + tap[a]];
    transform(taps, now, at, u + l);
  }
}

void FH_ISA(fh_winograd_fold_taps)(ptrdiff_t in, ptrdiff_t out, fh_real sign, const fh_real *sum,
                                   const ptrdiff_t at[POINTS], const int tap[9], ptrdiff_t so,
                                   ptrdiff_t sc, fh_real *dw)
{
  const ptrdiff_t row = FH_ISA(fh_winograd_turned_row)(in);
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t n = 0; n < in; n += FH_LANES) {
      const fh_real *s = sum + o * row + n;
      fh_vec t[3][6];
      for (int c = 0; c < 6; c++) {
        fh_vec u[6], part[3];
        FH_UNROLL
        for (int r = 0; r < 6; r++)
          u[r] = at[6 * r + c] < 0 ? fh_all(0) : fh_load(s + at[6 * r + c]);
        fh_tile_weight_back(u, part);
        FH_UNROLL
        for (int r = 0; r < 3; r++) t[r][c] = part[r];
      }
      for (int r = 0; r < 3; r++) {
        fh_vec part[3];
        fh_tile_weight_back(t[r], part);
        for (int c = 0; c < 3; c++) {
          fh_real w[FH_LANES];
          const int a = tap[3 * r + c];
          fh_store(w, part[c]);
          for (ptrdiff_t i = 0; a >= 0 && i < FH_LANES && n + i < in; i++)
            dw[o * so + (n + i) * sc + a] += sign * w[i];
        }
      }
    }
}
