/* winograd - the convolution; see winograd.h */
#include "kernels/winograd.h"

#include <string.h>

#include "base/memory.h"
#include "kernels/winograd_impl.h"

extern const fh_winograd_kernels fh_winograd_kernels_generic, fh_winograd_kernels_avx2,
    fh_winograd_kernels_avx512;

const fh_winograd_kernels *fh_winograd_kernels_get(void)
{
  static const fh_winograd_kernels *const tables[FH_ISA_COUNT] = {
      &fh_winograd_kernels_generic, &fh_winograd_kernels_avx2, &fh_winograd_kernels_avx512};
  return tables[fh_isa_best()];
}

/* ---- shapes -------------------------------------------------------------------------------------- */

static ptrdiff_t ceiling(ptrdiff_t a, ptrdiff_t b)
{
  return (a + b - 1) / b;
}

/* an odd number of cache lines, so that the 36 places do not share the same ones of the cache */
static ptrdiff_t odd_lines(ptrdiff_t n)
{
  const ptrdiff_t line = FH_ALIGNMENT / (ptrdiff_t)sizeof(fh_real);
  return (ceiling(n, line) | 1) * line;
}

/* a row of tiles fills at least three quarters of its vectors */
static bool is_wide(const fh_winograd_kernels *k, const ptrdiff_t tiles[2])
{
  const ptrdiff_t filled = ceiling(tiles[1], k->lanes) * k->lanes;
  return k->wide && 4 * tiles[1] >= 3 * filled;
}

/* groups of one sample by itself */
static ptrdiff_t groups_of(const fh_winograd_kernels *k, const ptrdiff_t tiles[2])
{
  return is_wide(k, tiles) ? tiles[0] * ceiling(tiles[1], k->lanes)
                           : ceiling(tiles[0] * tiles[1], k->lanes);
}

bool fh_winograd_pays(ptrdiff_t in, ptrdiff_t out, const ptrdiff_t m[2])
{
  if (sizeof(fh_real) > sizeof(float)) return false;
  const fh_winograd_kernels *k = fh_winograd_kernels_get();
  const ptrdiff_t tiles[2] = {ceiling(m[0], 4), ceiling(m[1], 4)};
  const double groups = (double)groups_of(k, tiles), pairs = (double)(in * out);
  /* instructions: products of vectors, transforms of a group of a channel, weights */
  const double here = groups * (36 * pairs + 350 * (double)in + 280 * (double)out) + 40 * pairs;
  const double direct = 9 * pairs * (double)(m[0] * ceiling(m[1], k->lanes));
  return here < 0.8 * direct;
}

static fh_status copy_source(fh_winograd *w, int a, const ptrdiff_t *source)
{
  const ptrdiff_t count = 4 * w->tiles[a] + 2;
  FH_NEW(w->source[a], count);
  for (ptrdiff_t q = 0; q < count; q++) w->source[a][q] = q < w->m[a] + 2 ? source[q] : -1;
  return FH_OK;
}

fh_status fh_winograd_create(ptrdiff_t in, ptrdiff_t out, const ptrdiff_t n[2],
                             const ptrdiff_t m[2], const ptrdiff_t *const source[2],
                             ptrdiff_t shift, fh_winograd **winograd)
{
  fh_winograd *w = NULL;
  *winograd = NULL;
  FH_NEW(w, 1);
  w->k = fh_winograd_kernels_get();
  w->in = in;
  w->out = out;
  w->shift = shift;
  fh_status st = FH_OK;
  for (int a = 0; a < 2 && st == FH_OK; a++) {
    w->n[a] = n[a];
    w->m[a] = m[a];
    w->tiles[a] = ceiling(m[a], 4);
    st = copy_source(w, a, source[a]);
  }
  w->wide = is_wide(w->k, w->tiles);
  w->pitch_in = odd_lines(in * w->k->nr * w->k->lanes);
  w->pitch_out = odd_lines(out * w->k->nr * w->k->lanes);
  if (st != FH_OK) fh_winograd_destroy(&w);
  *winograd = w;
  return st;
}

void fh_winograd_destroy(fh_winograd **winograd)
{
  fh_winograd *w = *winograd;
  if (!w) return;
  for (int a = 0; a < 2; a++) fh_free(w->source[a]);
  fh_free(w);
  *winograd = NULL;
}

ptrdiff_t fh_winograd_samples(const fh_winograd *w)
{
  return w->wide ? 1 : ceiling(2 * w->k->nr * w->k->lanes, w->tiles[0] * w->tiles[1]);
}

ptrdiff_t fh_winograd_packed(const fh_winograd *w)
{
  return FH_WINOGRAD_POINTS * w->in * w->out;
}

void fh_winograd_pack(const fh_winograd *w, const fh_real *weight, ptrdiff_t so, ptrdiff_t sc,
                      bool flip, fh_real sign, fh_real *packed)
{
  int tap[9];
  for (int a = 0; a < 9; a++) tap[a] = flip ? 8 - a : a;
  for (ptrdiff_t c = 0; c < w->in; c++) {
    ptrdiff_t at[FH_WINOGRAD_POINTS];
    for (int xi = 0; xi < FH_WINOGRAD_POINTS; xi++) at[xi] = (xi * w->in + c) * w->out;
    w->k->weights(w->out, weight + c * sc, so, tap, sign, at, packed);
  }
}

/* ---- groups ---------------------------------------------------------------------------------------- */

ptrdiff_t fh_winograd_groups(const fh_winograd *w, ptrdiff_t batch)
{
  if (w->wide) return batch * groups_of(w->k, w->tiles);
  return ceiling(batch * w->tiles[0] * w->tiles[1], w->k->lanes);
}

void fh_winograd_find(const fh_winograd *w, ptrdiff_t batch, ptrdiff_t group, fh_winograd_group *g)
{
  const ptrdiff_t lanes = w->k->lanes, all = batch * w->tiles[0] * w->tiles[1];
  *g = (fh_winograd_group){0};
  if (w->wide) {
    const ptrdiff_t of_row = ceiling(w->tiles[1], lanes), row = group / of_row;
    g->column = group % of_row * lanes;
    g->row = row % w->tiles[0];
    g->sample = row / w->tiles[0];
    g->count = w->tiles[1] - g->column < lanes ? w->tiles[1] - g->column : lanes;
  } else {
    g->first = group * lanes;
    g->count = all - g->first < lanes ? all - g->first : lanes;
  }
}

void fh_winograd_tile(const fh_winograd *w, ptrdiff_t tile, ptrdiff_t *sample, ptrdiff_t *row,
                      ptrdiff_t *column)
{
  *column = tile % w->tiles[1];
  *row = tile / w->tiles[1] % w->tiles[0];
  *sample = tile / w->tiles[1] / w->tiles[0];
}

/* ---- reading --------------------------------------------------------------------------------------- */

ptrdiff_t fh_winograd_buffer(const fh_winograd *w)
{
  return 6 * 5 * w->k->lanes;
}

/* channel by channel, the groups side by side: while one is transformed the next is on its way */
static void read_wide(const fh_winograd *w, const fh_winograd_group *g, int groups,
                      const fh_real *x, fh_real *v, fh_real *buffer)
{
  const ptrdiff_t plane = w->n[0] * w->n[1], lanes = w->k->lanes;
  fh_winograd_view view[FH_WINOGRAD_GROUPS];
  fh_winograd_ahead ahead[FH_WINOGRAD_GROUPS];
  for (int q = 0; q < groups; q++) {
    const ptrdiff_t before = q == 0,
                    behind = q == groups - 1; /* others are asked for by the next group */
    const fh_winograd_rows_of a = {w->source[0] + 4 * g[q].row, w->source[1], 6,
                                   4 * w->tiles[1] + 2,         w->n[1],      w->shift};
    view[q] = fh_winograd_look(&a, 4 * g[q].column, 4 * lanes + 2, 5 * lanes);
    ahead[q] = fh_winograd_ahead_of(w->n, 4 * g[q].row - w->shift, 4 * g[q].column - before, 6,
                                    before + 4 * lanes + behind);
  }
  for (ptrdiff_t c = 0; c < w->in; c++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = x + (g[q].sample * w->in + c) * plane;
      if (c + 1 < w->in) fh_winograd_fetch(&ahead[q], from + plane);
      w->k->input(1, fh_winograd_rows(&view[q], from, buffer), 0, view[q].row,
                  v + (c * w->k->nr + q) * lanes, w->pitch_in);
    }
}

/* where the 36 values of each lane's tile lie in the field of the first channel; -1: nowhere */
static void find_values(const fh_winograd *w, const fh_winograd_group *g, ptrdiff_t *at)
{
  const ptrdiff_t lanes = w->k->lanes;
  for (ptrdiff_t l = 0; l < lanes; l++) {
    ptrdiff_t sample, row, column;
    fh_winograd_tile(w, g->first + (l < g->count ? l : 0), &sample, &row, &column);
    for (ptrdiff_t r = 0; r < 6; r++)
      for (ptrdiff_t c = 0; c < 6; c++) {
        const ptrdiff_t i = w->source[0][4 * row + r], j = w->source[1][4 * column + c];
        at[(6 * r + c) * lanes + l] =
            i < 0 || j < 0 || l >= g->count ? -1 : (sample * w->in * w->n[0] + i) * w->n[1] + j;
      }
  }
}

static void read_tiles(const fh_winograd *w, const fh_winograd_group *g, const fh_real *x,
                       fh_real *v)
{
  const ptrdiff_t lanes = w->k->lanes, plane = w->n[0] * w->n[1];
  ptrdiff_t at[FH_WINOGRAD_POINTS * FH_WINOGRAD_LANES];
  fh_real d[FH_WINOGRAD_POINTS * FH_WINOGRAD_LANES];
  find_values(w, g, at);
  for (ptrdiff_t c = 0; c < w->in; c++, x += plane, v += w->k->nr * lanes) {
    for (ptrdiff_t q = 0; q < FH_WINOGRAD_POINTS * lanes; q++) {
      const fh_real value = x[at[q] < 0 ? 0 : at[q]];
      d[q] = at[q] < 0 ? 0 : value;
    }
    w->k->input_tiles(d, v, w->pitch_in);
  }
}

void fh_winograd_read(const fh_winograd *w, const fh_winograd_group *g, int groups,
                      const fh_real *x, fh_real *v, fh_real *buffer)
{
  if (w->wide) {
    read_wide(w, g, groups, x, v, buffer);
    return;
  }
  for (int q = 0; q < groups; q++) read_tiles(w, &g[q], x, v + q * w->k->lanes);
}

/* ---- writing --------------------------------------------------------------------------------------- */

static void write_wide(const fh_winograd *w, const fh_winograd_group *g, ptrdiff_t o,
                       const fh_real *m, fh_real bias, const fh_real *c, fh_real *y)
{
  fh_real block[16 * FH_WINOGRAD_LANES];
  const ptrdiff_t ld = 4 * w->k->lanes, plane = w->m[0] * w->m[1];
  const ptrdiff_t at = (g->sample * w->out + o) * plane + 4 * (g->row * w->m[1] + g->column);
  if (4 * g->column + ld <= w->m[1] && 4 * g->row + 4 <= w->m[0]) {
    w->k->output(m, w->pitch_out, bias, c ? c + at : NULL, y + at, w->m[1]);
  } else {
    w->k->output(m, w->pitch_out, bias, NULL, block, ld);
    const ptrdiff_t to = (g->sample * w->out + o) * plane;
    fh_winograd_write_part(w->m, 4 * g->row, 4 * g->column, 4, ld, block, c ? c + to : NULL,
                           y + to);
  }
}

static void write_tiles(const fh_winograd *w, const fh_winograd_group *g, ptrdiff_t o,
                        const fh_real *m, fh_real bias, const fh_real *c, fh_real *y)
{
  const ptrdiff_t lanes = w->k->lanes;
  fh_real block[16 * FH_WINOGRAD_LANES];
  w->k->output_tiles(m, w->pitch_out, bias, block);
  for (ptrdiff_t l = 0; l < g->count; l++) {
    ptrdiff_t sample, row, column;
    fh_winograd_tile(w, g->first + l, &sample, &row, &column);
    for (ptrdiff_t r = 0; r < 4 && 4 * row + r < w->m[0]; r++)
      for (ptrdiff_t q = 0; q < 4 && 4 * column + q < w->m[1]; q++) {
        const ptrdiff_t at = ((sample * w->out + o) * w->m[0] + 4 * row + r) * w->m[1];
        const fh_real value = block[(4 * r + q) * lanes + l];
        y[at + 4 * column + q] = c ? value + c[at + 4 * column + q] : value;
      }
  }
}

/* ---- the convolution --------------------------------------------------------------------------------- */

/* transformed data, products, rows of a group at an edge */
typedef struct {
  fh_real *v, *m, *buffer;
} bench;

static ptrdiff_t bench_of(const fh_winograd *w, fh_real *work, bench *b)
{
  const ptrdiff_t v = FH_WINOGRAD_POINTS * w->pitch_in;
  const ptrdiff_t m = FH_WINOGRAD_POINTS * w->pitch_out;
  *b = (bench){work, work + v, work + v + m};
  if (work) memset(b->buffer, 0, (size_t)fh_winograd_buffer(w) * sizeof *work);
  return v + m + fh_winograd_buffer(w);
}

ptrdiff_t fh_winograd_apply_work(const fh_winograd *w)
{
  bench b;
  return bench_of(w, NULL, &b);
}

/* all results of up to nr groups from their transformed data */
static void write_groups(const fh_winograd *w, const fh_real *products, const fh_winograd_group *g,
                         int groups, const fh_real *bias, const fh_real *c, fh_real *y)
{
  const ptrdiff_t row = w->k->nr * w->k->lanes, plane = w->m[0] * w->m[1];
  fh_winograd_ahead ahead[FH_WINOGRAD_GROUPS];
  for (int q = 0; q < groups; q++)
    ahead[q] =
        fh_winograd_ahead_of(w->m, 4 * g[q].row, 4 * g[q].column, 4, w->wide * 4 * w->k->lanes);
  for (ptrdiff_t o = 0; o < w->out; o++)
    for (int q = 0; q < groups; q++) {
      const fh_real *m = products + o * row + q * w->k->lanes, shift = bias ? bias[o] : 0;
      const ptrdiff_t next = (g[q].sample * w->out + o + 1) * plane;
      if (o + 1 < w->out) {
        fh_winograd_fetch(&ahead[q], y + next);
        if (c) fh_winograd_fetch(&ahead[q], c + next);
      }
      if (w->wide)
        write_wide(w, &g[q], o, m, shift, c, y);
      else
        write_tiles(w, &g[q], o, m, shift, c, y);
    }
}

void fh_winograd_write(const fh_winograd *w, const fh_winograd_group *g, int groups,
                       const fh_real *packed, const fh_real *v, fh_real *m, const fh_real *bias,
                       const fh_real *c, fh_real *y)
{
  for (int xi = 0; xi < FH_WINOGRAD_POINTS; xi++)
    w->k->multiply(groups, w->in, w->out, packed + xi * w->in * w->out, v + xi * w->pitch_in,
                   m + xi * w->pitch_out);
  write_groups(w, m, g, groups, bias, c, y);
}

int fh_winograd_find_groups(const fh_winograd *w, ptrdiff_t batch, ptrdiff_t i, ptrdiff_t count,
                            fh_winograd_group *g)
{
  int found = 0;
  for (; found < w->k->nr && i + found < count; found++)
    fh_winograd_find(w, batch, i + found, &g[found]);
  return found;
}

void fh_winograd_apply(const fh_winograd *w, ptrdiff_t batch, const fh_real *packed,
                       const fh_real *bias, const fh_real *c, const fh_real *x, fh_real *y,
                       fh_real *work)
{
  const ptrdiff_t count = fh_winograd_groups(w, batch);
  fh_winograd_group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(w, work, &b);
  for (ptrdiff_t i = 0; i < count; i += w->k->nr) {
    const int groups = fh_winograd_find_groups(w, batch, i, count, g);
    fh_winograd_read(w, g, groups, x, b.v, b.buffer);
    fh_winograd_write(w, g, groups, packed, b.v, b.m, bias, c, y);
  }
}
