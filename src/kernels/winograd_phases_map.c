/* winograd_phases_map - gather, scatter and their adjoints; see winograd_phases.h */
#include <string.h>

#include "base/memory.h"
#include "kernels/winograd_impl.h"
#include "kernels/winograd_phases.h"

enum { POINTS = FH_WINOGRAD_POINTS };

/* `lanes` tiles beside each other */
typedef struct {
  ptrdiff_t sample, row, column; /* of the first tile */
} group;

/* transformed fields on the fine and on the coarse side, sums of the weight gradient, one place with tiles and
 * channels exchanged, rows of a group at an edge */
typedef struct {
  fh_real *fine, *coarse, *sum, *turned, *buffer;
} bench;

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b)
{
  return a > b ? a : b;
}

/* reals of the sums of one phase at one place, of either adjoint */
static ptrdiff_t sum_size(const fh_winograd_phases *p)
{
  return larger(p->in * p->k->turned_row(p->out), p->out * p->k->turned_row(p->in));
}

/* of all phases at all places */
static ptrdiff_t sums(const fh_winograd_phases *p)
{
  return larger(p->gather.first[POINTS], p->scatter.first[POINTS]) * sum_size(p);
}

static ptrdiff_t bench_of(const fh_winograd_phases *p, fh_real *work, bench *b)
{
  const ptrdiff_t lanes = p->k->lanes, row = p->k->turned_row(larger(p->in, p->out));
  const ptrdiff_t part[5] = {larger(p->gather.size, p->scatter.size), POINTS * p->pitch, sums(p),
                             p->k->nr * lanes * row, 12 * 10 * lanes};
  fh_real **to[5] = {&b->fine, &b->coarse, &b->sum, &b->turned, &b->buffer};
  ptrdiff_t used = 0;
  for (int i = 0; i < 5; i++) {
    *to[i] = work ? work + used : NULL;
    used += part[i];
  }
  if (work) memset(b->buffer, 0, (size_t)part[4] * sizeof *work);
  return used;
}

ptrdiff_t fh_winograd_phases_work(const fh_winograd_phases *p)
{
  bench b;
  return bench_of(p, NULL, &b);
}

static ptrdiff_t groups_of_row(const fh_winograd_phases *p)
{
  return (p->tiles[1] + p->k->lanes - 1) / p->k->lanes;
}

static ptrdiff_t count_of(const fh_winograd_phases *p, ptrdiff_t batch)
{
  return batch * p->tiles[0] * groups_of_row(p);
}

/* up to nr groups from the i-th on */
static int find(const fh_winograd_phases *p, ptrdiff_t i, ptrdiff_t count, group *g)
{
  const ptrdiff_t of_row = groups_of_row(p);
  int found = 0;
  for (; found < p->k->nr && i + found < count; found++) {
    const ptrdiff_t row = (i + found) / of_row;
    g[found] = (group){row / p->tiles[0], row % p->tiles[0], (i + found) % of_row * p->k->lanes};
  }
  return found;
}

/* ---- the two fields ---------------------------------------------------------------------------------- */

/* one of them: scale points along an axis for each of the coarse field's, and the tables through which it is read */
typedef struct {
  ptrdiff_t scale, channels, plane;
  const ptrdiff_t *n;
  ptrdiff_t *const *source;
} side;

static side fine_side(const fh_winograd_phases *p)
{
  return (side){2, p->in, p->n[0] * p->n[1], p->n, p->fine};
}

static side coarse_side(const fh_winograd_phases *p)
{
  return (side){1, p->out, p->m[0] * p->m[1], p->m, p->coarse};
}

/* the rows that a group reads */
static fh_winograd_view look(const fh_winograd_phases *p, const side *s, const group *g)
{
  const fh_winograd_rows_of a = {s->source[0] + 4 * s->scale * g->row, s->source[1], 6 * s->scale,
                                 (4 * p->tiles[1] + 2) * s->scale,     s->n[1],      s->scale};
  return fh_winograd_look(&a, 4 * s->scale * g->column, (4 * p->k->lanes + 2) * s->scale,
                          5 * p->k->lanes * s->scale);
}

/* what group q of a set asks for: its halo at the ends of the set only, in between the next group does */
static fh_winograd_ahead look_ahead(const fh_winograd_phases *p, const side *s, const group *g,
                                    int groups, int q)
{
  const ptrdiff_t before = q == 0 ? s->scale : 0, behind = q == groups - 1 ? s->scale : 0;
  const ptrdiff_t i = (4 * g[q].row - 1) * s->scale, j = 4 * s->scale * g[q].column - before;
  return fh_winograd_ahead_of(s->n, i, j, 6 * s->scale,
                              before + 4 * s->scale * p->k->lanes + behind);
}

/* the same without a halo */
static void blocks_ahead(const fh_winograd_phases *p, const side *s, const group *g, int groups,
                         fh_winograd_ahead *ahead)
{
  for (int q = 0; q < groups; q++)
    ahead[q] = fh_winograd_ahead_of(s->n, 4 * s->scale * g[q].row, 4 * s->scale * g[q].column,
                                    4 * s->scale, 4 * s->scale * p->k->lanes);
}

/* ---- to the places --------------------------------------------------------------------------------- */

static void read(const fh_winograd_phases *p, const side *s, const group *g, int groups,
                 const fh_real *x, fh_real *v, fh_real *buffer)
{
  fh_winograd_view view[FH_WINOGRAD_GROUPS];
  fh_winograd_ahead ahead[FH_WINOGRAD_GROUPS];
  for (int q = 0; q < groups; q++) {
    view[q] = look(p, s, &g[q]);
    ahead[q] = look_ahead(p, s, g, groups, q);
  }
  for (ptrdiff_t c = 0; c < s->channels; c++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = x + (g[q].sample * s->channels + c) * s->plane;
      fh_real *to = v + (c * p->k->nr + q) * p->k->lanes;
      if (c + 1 < s->channels) fh_winograd_fetch(&ahead[q], from + s->plane);
      from = fh_winograd_rows(&view[q], from, buffer);
      if (s->scale == 2)
        p->k->input_phases(from, view[q].row, p->gather.field, p->gather.support, to);
      else
        p->k->input(1, from, 0, view[q].row, to, p->pitch);
    }
}

static void slope(const fh_winograd_phases *p, const side *s, const group *g, int groups,
                  const fh_real *x, fh_real *v, fh_real *buffer)
{
  const ptrdiff_t tile = 4 * s->scale, columns = tile * p->k->lanes;
  fh_winograd_ahead ahead[FH_WINOGRAD_GROUPS];
  blocks_ahead(p, s, g, groups, ahead);
  for (ptrdiff_t c = 0; c < s->channels; c++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = x + (g[q].sample * s->channels + c) * s->plane;
      fh_real *to = v + (c * p->k->nr + q) * p->k->lanes;
      ptrdiff_t row[8];
      if (c + 1 < s->channels) fh_winograd_fetch(&ahead[q], from + s->plane);
      fh_winograd_part(s->n, tile * g[q].row, tile * g[q].column, tile, columns, &from, row,
                       buffer);
      if (s->scale == 2)
        p->k->slope_phases(from, row, p->scatter.field, p->scatter.support, to);
      else
        p->k->slope(1, from, 0, row, to, p->pitch);
    }
}

/* ---- from the places ------------------------------------------------------------------------------- */

static void transform_back(const fh_winograd_phases *p, const side *s, const fh_real *m,
                           fh_real bias, const fh_real *c, fh_real *y, ptrdiff_t ld)
{
  if (s->scale == 2)
    p->k->output_phases(m, p->scatter.field, p->scatter.support, bias, c, y, ld);
  else
    p->k->output(m, p->pitch, bias, c, y, ld);
}

static void write(const fh_winograd_phases *p, const side *s, const group *g, int groups,
                  const fh_real *v, const fh_real *bias, const fh_real *c, fh_real *y)
{
  fh_real block[8 * 8 * FH_WINOGRAD_LANES];
  const ptrdiff_t tile = 4 * s->scale, ld = tile * p->k->lanes;
  fh_winograd_ahead ahead[FH_WINOGRAD_GROUPS];
  blocks_ahead(p, s, g, groups, ahead);
  for (ptrdiff_t ch = 0; ch < s->channels; ch++)
    for (int q = 0; q < groups; q++) {
      const ptrdiff_t i = tile * g[q].row, j = tile * g[q].column,
                      to = (g[q].sample * s->channels + ch) * s->plane, at = to + i * s->n[1] + j;
      const fh_real *m = v + (ch * p->k->nr + q) * p->k->lanes, shift = bias ? bias[ch] : 0;
      if (ch + 1 < s->channels) {
        fh_winograd_fetch(&ahead[q], y + to + s->plane);
        if (c) fh_winograd_fetch(&ahead[q], c + to + s->plane);
      }
      if (i + tile <= s->n[0] && j + ld <= s->n[1]) {
        transform_back(p, s, m, shift, c ? c + at : NULL, y + at, s->n[1]);
      } else {
        transform_back(p, s, m, shift, NULL, block, ld);
        fh_winograd_write_part(s->n, i, j, tile, ld, block, c ? c + to : NULL, y + to);
      }
    }
}

/* ---- products ---------------------------------------------------------------------------------------- */

/* where the fine field of a place begins: its phases follow each other */
static ptrdiff_t place(const fh_winograd_window *w, int xi)
{
  for (int f = 0; f < 4; f++)
    if (w->slot[f][xi] == w->first[xi]) return w->field[f][xi];
  return 0;
}

static void multiply_gather(const fh_winograd_phases *p, const bench *b, int groups,
                            const fh_real *packed)
{
  for (int xi = 0; xi < POINTS; xi++) {
    const ptrdiff_t first = p->gather.first[xi], count = p->gather.first[xi + 1] - first;
    p->k->multiply(groups, count * p->in, p->out, packed + first * p->in * p->out,
                   b->fine + place(&p->gather, xi), b->coarse + xi * p->pitch);
  }
}

static void multiply_scatter(const fh_winograd_phases *p, const bench *b, int groups,
                             const fh_real *packed)
{
  for (int xi = 0; xi < POINTS; xi++) {
    const ptrdiff_t first = p->scatter.first[xi], count = p->scatter.first[xi + 1] - first;
    if (count > 0)
      p->k->multiply(groups, p->out, count * p->in, packed + first * p->in * p->out,
                     b->coarse + xi * p->pitch, b->fine + place(&p->scatter, xi));
  }
}

/* sum[phase's channel][coarse channel] of each place */
static void add_gather_back(const fh_winograd_phases *p, const bench *b, int groups)
{
  for (int xi = 0; xi < POINTS; xi++) {
    p->k->turn(p->out, groups, b->coarse + xi * p->pitch, b->turned);
    for (int f = 0; f < 4; f++)
      if (p->scatter.slot[f][xi] >= 0)
        p->k->add_products(p->out, p->in, groups, b->fine + p->scatter.field[f][xi], b->turned,
                           b->sum + p->scatter.slot[f][xi] * sum_size(p));
  }
}

/* sum[coarse channel][phase's channel] */
static void add_scatter_back(const fh_winograd_phases *p, const bench *b, int groups)
{
  for (int xi = 0; xi < POINTS; xi++)
    for (int f = 0; f < 4; f++) {
      if (p->gather.slot[f][xi] < 0) continue;
      p->k->turn(p->in, groups, b->fine + p->gather.field[f][xi], b->turned);
      p->k->add_products(p->in, p->out, groups, b->coarse + xi * p->pitch, b->turned,
                         b->sum + p->gather.slot[f][xi] * sum_size(p));
    }
}

static void clear_sums(const fh_winograd_phases *p, const bench *b)
{
  memset(b->sum, 0, (size_t)sums(p) * sizeof *b->sum);
}

static void fold(const fh_winograd_phases *p, const bench *b, bool scatter_back, fh_real sign,
                 fh_real *dw)
{
  const fh_winograd_window *w = scatter_back ? &p->gather : &p->scatter;
  for (int f = 0; f < 4; f++) {
    ptrdiff_t at[POINTS];
    for (int xi = 0; xi < POINTS; xi++)
      at[xi] = w->slot[f][xi] < 0 ? -1 : w->slot[f][xi] * sum_size(p);
    if (scatter_back)
      p->k->fold_taps(p->in, p->out, sign, b->sum, at, w->tap[f], p->in * p->taps, p->taps, dw);
    else
      p->k->fold_taps(p->out, p->in, sign, b->sum, at, w->tap[f], p->taps, p->in * p->taps, dw);
  }
}

/* ---- maps -------------------------------------------------------------------------------------------- */

void fh_winograd_phases_gather(const fh_winograd_phases *p, ptrdiff_t batch, const fh_real *packed,
                               const fh_real *bias, const fh_real *c, const fh_real *x, fh_real *y,
                               fh_real *work)
{
  const ptrdiff_t count = count_of(p, batch);
  const side fine = fine_side(p), coarse = coarse_side(p);
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read(p, &fine, g, groups, x, b.fine, b.buffer);
    multiply_gather(p, &b, groups, packed);
    write(p, &coarse, g, groups, b.coarse, bias, c, y);
  }
}

void fh_winograd_phases_scatter(const fh_winograd_phases *p, ptrdiff_t batch, const fh_real *packed,
                                const fh_real *bias, const fh_real *c, const fh_real *y, fh_real *x,
                                fh_real *work)
{
  const ptrdiff_t count = count_of(p, batch);
  const side fine = fine_side(p), coarse = coarse_side(p);
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read(p, &coarse, g, groups, y, b.coarse, b.buffer);
    multiply_scatter(p, &b, groups, packed);
    write(p, &fine, g, groups, b.fine, bias, c, x);
  }
}

void fh_winograd_phases_gather_back(const fh_winograd_phases *p, ptrdiff_t batch,
                                    const fh_real *packed, fh_real sign, const fh_real *c,
                                    const fh_real *dy, const fh_real *x, fh_real *dx, fh_real *dw,
                                    fh_real *db, fh_real *work)
{
  const ptrdiff_t count = count_of(p, batch);
  const side fine = fine_side(p), coarse = coarse_side(p);
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  clear_sums(p, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read(p, &coarse, g, groups, dy, b.coarse, b.buffer);
    if (dx) {
      multiply_scatter(p, &b, groups, packed);
      write(p, &fine, g, groups, b.fine, NULL, c, dx);
    }
    slope(p, &fine, g, groups, x, b.fine, b.buffer);
    add_gather_back(p, &b, groups);
  }
  fold(p, &b, false, sign, dw);
  if (db) fh_winograd_add_bias(p->k, p->out, p->m[0] * p->m[1], batch, sign, dy, db);
}

void fh_winograd_phases_scatter_back(const fh_winograd_phases *p, ptrdiff_t batch,
                                     const fh_real *packed, const fh_real *dx, const fh_real *y,
                                     fh_real *dy, fh_real *dw, fh_real *work)
{
  const ptrdiff_t count = count_of(p, batch);
  const side fine = fine_side(p), coarse = coarse_side(p);
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  clear_sums(p, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read(p, &fine, g, groups, dx, b.fine, b.buffer);
    if (dy) {
      multiply_gather(p, &b, groups, packed);
      write(p, &coarse, g, groups, b.coarse, NULL, NULL, dy);
    }
    slope(p, &coarse, g, groups, y, b.coarse, b.buffer);
    add_scatter_back(p, &b, groups);
  }
  fold(p, &b, true, 1, dw);
}
