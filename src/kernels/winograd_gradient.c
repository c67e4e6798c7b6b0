/* winograd_gradient - the gradient of the weight; see winograd.h */
#include <string.h>

#include "kernels/winograd_impl.h"

/* transformed field that is read through the tables, slopes (or products) of the other one, a place with tiles and
 * channels exchanged, the sums, rows of a group at an edge */
typedef struct {
  fh_real *v, *g, *turned, *sum, *buffer;
} bench;

static ptrdiff_t bench_of(const fh_winograd *w, fh_real *work, bench *b)
{
  const ptrdiff_t row = w->k->turned_row(w->in);
  const ptrdiff_t part[5] = {FH_WINOGRAD_POINTS * w->pitch_in, FH_WINOGRAD_POINTS * w->pitch_out,
                             w->k->nr * w->k->lanes * row, FH_WINOGRAD_POINTS * w->out * row,
                             fh_winograd_buffer(w)};
  fh_real **to[5] = {&b->v, &b->g, &b->turned, &b->sum, &b->buffer};
  ptrdiff_t used = 0;
  for (int i = 0; i < 5; i++) {
    *to[i] = work ? work + used : NULL;
    used += part[i];
  }
  if (work) memset(b->buffer, 0, (size_t)part[4] * sizeof *work);
  return used;
}

ptrdiff_t fh_winograd_work(const fh_winograd *w)
{
  bench b;
  const ptrdiff_t apply = fh_winograd_apply_work(w), gradient = bench_of(w, NULL, &b);
  return apply > gradient ? apply : gradient;
}

/* ---- reading dy, tiles of 4x4 with zeros where there is nothing ----------------------------------------- */

static void slope_wide(const fh_winograd *w, const fh_winograd_group *g, int groups,
                       const fh_real *dy, fh_real *v, fh_real *buffer)
{
  const ptrdiff_t plane = w->m[0] * w->m[1], lanes = w->k->lanes;
  fh_winograd_ahead ahead[FH_WINOGRAD_GROUPS];
  for (int q = 0; q < groups; q++)
    ahead[q] = fh_winograd_ahead_of(w->m, 4 * g[q].row, 4 * g[q].column, 4, 4 * lanes);
  for (ptrdiff_t o = 0; o < w->out; o++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = dy + (g[q].sample * w->out + o) * plane;
      ptrdiff_t row[4];
      if (o + 1 < w->out) fh_winograd_fetch(&ahead[q], from + plane);
      fh_winograd_part(w->m, 4 * g[q].row, 4 * g[q].column, 4, 4 * lanes, &from, row, buffer);
      w->k->slope(1, from, 0, row, v + (o * w->k->nr + q) * lanes, w->pitch_out);
    }
}

static void slope_tiles(const fh_winograd *w, const fh_winograd_group *g, const fh_real *dy,
                        fh_real *v)
{
  const ptrdiff_t lanes = w->k->lanes, plane = w->m[0] * w->m[1];
  ptrdiff_t at[16 * FH_WINOGRAD_LANES];
  fh_real d[16 * FH_WINOGRAD_LANES];
  for (ptrdiff_t l = 0; l < lanes; l++) {
    ptrdiff_t sample, row, column;
    fh_winograd_tile(w, g->first + (l < g->count ? l : 0), &sample, &row, &column);
    for (ptrdiff_t r = 0; r < 4; r++)
      for (ptrdiff_t c = 0; c < 4; c++) {
        const ptrdiff_t i = 4 * row + r, j = 4 * column + c;
        at[(4 * r + c) * lanes + l] = l >= g->count || i >= w->m[0] || j >= w->m[1]
                                          ? -1
                                          : (sample * w->out * w->m[0] + i) * w->m[1] + j;
      }
  }
  for (ptrdiff_t o = 0; o < w->out; o++, dy += plane, v += w->k->nr * lanes) {
    for (ptrdiff_t q = 0; q < 16 * lanes; q++) {
      const fh_real value = dy[at[q] < 0 ? 0 : at[q]];
      d[q] = at[q] < 0 ? 0 : value;
    }
    w->k->slope_tiles(d, v, w->pitch_out);
  }
}

static void slope(const fh_winograd *w, const fh_winograd_group *g, int groups, const fh_real *dy,
                  fh_real *v, fh_real *buffer)
{
  if (w->wide) {
    slope_wide(w, g, groups, dy, v, buffer);
    return;
  }
  for (int q = 0; q < groups; q++) slope_tiles(w, &g[q], dy, v + q * w->k->lanes);
}

/* ---- sums ------------------------------------------------------------------------------------------------ */

void fh_winograd_add_bias(const fh_winograd_kernels *k, ptrdiff_t channels, ptrdiff_t points,
                          ptrdiff_t batch, fh_real sign, const fh_real *dy, fh_real *db)
{
  for (ptrdiff_t i = 0; i < batch; i++)
    for (ptrdiff_t o = 0; o < channels; o++)
      db[o] += sign * k->total(points, dy + (i * channels + o) * points);
}

static void add(const fh_winograd *w, const bench *b, int groups)
{
  const ptrdiff_t place = w->out * w->k->turned_row(w->in);
  for (int xi = 0; xi < FH_WINOGRAD_POINTS; xi++) {
    w->k->turn(w->in, groups, b->v + xi * w->pitch_in, b->turned);
    w->k->add_products(w->in, w->out, groups, b->g + xi * w->pitch_out, b->turned,
                       b->sum + xi * place);
  }
}

static void clear(const fh_winograd *w, const bench *b)
{
  const ptrdiff_t place = w->out * w->k->turned_row(w->in);
  memset(b->sum, 0, (size_t)(FH_WINOGRAD_POINTS * place) * sizeof *b->sum);
}

/* entry a of the kernel of result o and channel c stands at dw[o * so + c * sc + (flip ? 8 - a : a)] */
static void fold(const fh_winograd *w, const bench *b, fh_real sign, ptrdiff_t so, ptrdiff_t sc,
                 bool flip, fh_real *dw)
{
  const ptrdiff_t place = w->out * w->k->turned_row(w->in);
  ptrdiff_t at[FH_WINOGRAD_POINTS];
  int tap[9];
  for (int xi = 0; xi < FH_WINOGRAD_POINTS; xi++) at[xi] = xi * place;
  for (int a = 0; a < 9; a++) tap[a] = flip ? 8 - a : a;
  w->k->fold_taps(w->in, w->out, sign, b->sum, at, tap, so, sc, dw);
}

void fh_winograd_gradient(const fh_winograd *w, ptrdiff_t batch, fh_real sign, const fh_real *dy,
                          const fh_real *x, fh_real *dw, fh_real *db, fh_real *work)
{
  const ptrdiff_t count = fh_winograd_groups(w, batch);
  fh_winograd_group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(w, work, &b);
  clear(w, &b);
  for (ptrdiff_t i = 0; i < count; i += w->k->nr) {
    const int groups = fh_winograd_find_groups(w, batch, i, count, g);
    fh_winograd_read(w, g, groups, x, b.v, b.buffer);
    slope(w, g, groups, dy, b.g, b.buffer);
    add(w, &b, groups);
  }
  fold(w, &b, sign, 9 * w->in, 9, false, dw);
  if (db) fh_winograd_add_bias(w->k, w->out, w->m[0] * w->m[1], batch, sign, dy, db);
}

void fh_winograd_back(const fh_winograd *w, ptrdiff_t batch, const fh_real *packed, fh_real sign,
                      const fh_real *c, const fh_real *dy, const fh_real *x, fh_real *dx,
                      fh_real *dw, fh_real *db, fh_real *work)
{
  const ptrdiff_t count = fh_winograd_groups(w, batch);
  fh_winograd_group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(w, work, &b);
  clear(w, &b);
  for (ptrdiff_t i = 0; i < count; i += w->k->nr) {
    const int groups = fh_winograd_find_groups(w, batch, i, count, g);
    fh_winograd_read(w, g, groups, dy, b.v, b.buffer);
    if (dx) fh_winograd_write(w, g, groups, packed, b.v, b.g, NULL, c, dx);
    slope(w, g, groups, x, b.g, b.buffer);
    add(w, &b, groups);
  }
  fold(w, &b, sign, 9, 9 * w->out, true, dw);
  if (db) fh_winograd_add_bias(w->k, w->in, w->n[0] * w->n[1], batch, sign, dy, db);
}
