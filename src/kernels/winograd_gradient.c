/* winograd_gradient - the gradient of the weight; see winograd.h */
#include <string.h>

#include "kernels/winograd_impl.h"

/* transformed x and dy, x in pairs of tiles, the sums, rows of a group at an edge */
typedef struct {
  fh_real *v, *g, *pairs, *sum, *buffer;
} bench;

static void bench_of(const fh_winograd *w, fh_real *work, bench *b)
{
  const ptrdiff_t row = w->k->sum_row(w->in), tiles = w->k->nr * w->k->lanes;
  b->v = work;
  b->g = b->v + FH_WINOGRAD_POINTS * w->pitch_in;
  b->pairs = b->g + FH_WINOGRAD_POINTS * w->pitch_out;
  b->sum = b->pairs + FH_WINOGRAD_POINTS * (tiles / 2) * row;
  b->buffer = b->sum + FH_WINOGRAD_POINTS * w->out * row;
}

/* ---- reading dy, tiles of 4x4 with zeros where there is nothing ----------------------------------------- */

static void slope_wide(const fh_winograd *w, const fh_winograd_group *g, const fh_real *dy,
                       fh_real *v, fh_real *buffer)
{
  const ptrdiff_t plane = w->m[0] * w->m[1], ld = 4 * w->k->lanes, first = 4 * g->column;
  const ptrdiff_t left = w->m[1] - first, columns = left < ld ? left : ld;
  const bool inside = columns == ld && 4 * g->row + 4 <= w->m[0];
  ptrdiff_t row[4];
  dy += g->sample * w->out * plane + 4 * g->row * w->m[1] + first;
  for (int r = 0; r < 4; r++) row[r] = r * (inside ? w->m[1] : ld);
  if (inside) {
    w->k->slope(w->out, dy, plane, row, v, w->pitch_out);
    return;
  }
  memset(buffer, 0, (size_t)(w->out * 4 * ld) * sizeof *buffer);
  for (ptrdiff_t o = 0; o < w->out; o++)
    for (ptrdiff_t r = 0; r < 4 && 4 * g->row + r < w->m[0]; r++)
      memcpy(buffer + (4 * o + r) * ld, dy + o * plane + r * w->m[1],
             (size_t)columns * sizeof *buffer);
  w->k->slope(w->out, buffer, 4 * ld, row, v, w->pitch_out);
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

/* ---- sums ------------------------------------------------------------------------------------------------ */

/* the sum of a tile's values stands at the place of the point (1, 1) */
static void add_bias(const fh_winograd *w, int groups, fh_real sign, const fh_real *g, fh_real *db)
{
  const ptrdiff_t n = groups * w->k->lanes, row = w->k->nr * w->k->lanes;
  for (ptrdiff_t o = 0; o < w->out; o++) {
    fh_real sum = 0;
    for (ptrdiff_t t = 0; t < n; t++) sum += g[7 * w->pitch_out + o * row + t];
    db[o] += sign * sum;
  }
}

void fh_winograd_gradient(const fh_winograd *w, ptrdiff_t batch, fh_real sign, const fh_real *dy,
                          const fh_real *x, fh_real *dw, fh_real *db, fh_real *work)
{
  const ptrdiff_t count = fh_winograd_groups(w, batch), nr = w->k->nr, lanes = w->k->lanes;
  bench b;
  bench_of(w, work, &b);
  memset(b.sum, 0, (size_t)(FH_WINOGRAD_POINTS * w->out * w->k->sum_row(w->in)) * sizeof *b.sum);
  for (ptrdiff_t i = 0; i < count; i += nr) {
    const int groups = (int)(count - i < nr ? count - i : nr);
    for (int q = 0; q < groups; q++) {
      fh_winograd_group g;
      fh_winograd_find(w, batch, i + q, &g);
      fh_winograd_read(w, &g, x, b.v + q * lanes, b.buffer);
      if (w->wide)
        slope_wide(w, &g, dy, b.g + q * lanes, b.buffer);
      else
        slope_tiles(w, &g, dy, b.g + q * lanes);
    }
    if (db) add_bias(w, groups, sign, b.g, db);
    w->k->pair(w->in, groups, b.v, w->pitch_in, b.pairs);
    w->k->outer(w->in, w->out, groups, b.g, w->pitch_out, b.pairs, b.sum);
  }
  w->k->fold(w->in, w->out, sign, b.sum, dw);
}
