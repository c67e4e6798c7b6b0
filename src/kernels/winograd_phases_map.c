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

/* ---- to the places --------------------------------------------------------------------------------- */

/* the rows of a field that a group reads; scale 2 for the fine one */
static fh_winograd_view look(const fh_winograd_phases *p, ptrdiff_t *const source[2],
                             const ptrdiff_t n[2], ptrdiff_t scale, const group *g)
{
  const fh_winograd_rows_of a = {source[0] + 4 * scale * g->row, source[1], 6 * scale,
                                 (4 * p->tiles[1] + 2) * scale,  n[1],      scale};
  return fh_winograd_look(&a, 4 * scale * g->column, (4 * p->k->lanes + 2) * scale,
                          5 * p->k->lanes * scale);
}

static void read_fine(const fh_winograd_phases *p, const bench *b, const group *g, int groups,
                      const fh_real *x)
{
  const ptrdiff_t lanes = p->k->lanes, plane = p->n[0] * p->n[1];
  fh_winograd_view view[FH_WINOGRAD_GROUPS];
  for (int q = 0; q < groups; q++) view[q] = look(p, p->fine, p->n, 2, &g[q]);
  for (ptrdiff_t c = 0; c < p->in; c++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = x + (g[q].sample * p->in + c) * plane;
      if (c + 1 < p->in)
        fh_winograd_fetch(p->n, from + plane, 8 * g[q].row - 2, 8 * g[q].column, 12, 8 * lanes);
      p->k->input_phases(fh_winograd_rows(&view[q], from, b->buffer), view[q].row, p->gather.field,
                         p->gather.support, b->fine + (c * p->k->nr + q) * lanes);
    }
}

static void read_coarse(const fh_winograd_phases *p, const bench *b, const group *g, int groups,
                        const fh_real *y)
{
  const ptrdiff_t lanes = p->k->lanes, plane = p->m[0] * p->m[1];
  fh_winograd_view view[FH_WINOGRAD_GROUPS];
  for (int q = 0; q < groups; q++) view[q] = look(p, p->coarse, p->m, 1, &g[q]);
  for (ptrdiff_t o = 0; o < p->out; o++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = y + (g[q].sample * p->out + o) * plane;
      if (o + 1 < p->out)
        fh_winograd_fetch(p->m, from + plane, 4 * g[q].row - 1, 4 * g[q].column, 6, 4 * lanes);
      p->k->input(1, fh_winograd_rows(&view[q], from, b->buffer), 0, view[q].row,
                  b->coarse + (o * p->k->nr + q) * lanes, p->pitch);
    }
}

static void slope_fine(const fh_winograd_phases *p, const bench *b, const group *g, int groups,
                       const fh_real *x)
{
  const ptrdiff_t lanes = p->k->lanes, plane = p->n[0] * p->n[1];
  for (ptrdiff_t c = 0; c < p->in; c++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = x + (g[q].sample * p->in + c) * plane;
      ptrdiff_t row[8];
      if (c + 1 < p->in)
        fh_winograd_fetch(p->n, from + plane, 8 * g[q].row, 8 * g[q].column, 8, 8 * lanes);
      fh_winograd_part(p->n, 8 * g[q].row, 8 * g[q].column, 8, 8 * lanes, &from, row, b->buffer);
      p->k->slope_phases(from, row, p->scatter.field, p->scatter.support,
                         b->fine + (c * p->k->nr + q) * lanes);
    }
}

static void slope_coarse(const fh_winograd_phases *p, const bench *b, const group *g, int groups,
                         const fh_real *y)
{
  const ptrdiff_t lanes = p->k->lanes, plane = p->m[0] * p->m[1];
  for (ptrdiff_t o = 0; o < p->out; o++)
    for (int q = 0; q < groups; q++) {
      const fh_real *from = y + (g[q].sample * p->out + o) * plane;
      ptrdiff_t row[4];
      if (o + 1 < p->out)
        fh_winograd_fetch(p->m, from + plane, 4 * g[q].row, 4 * g[q].column, 4, 4 * lanes);
      fh_winograd_part(p->m, 4 * g[q].row, 4 * g[q].column, 4, 4 * lanes, &from, row, b->buffer);
      p->k->slope(1, from, 0, row, b->coarse + (o * p->k->nr + q) * lanes, p->pitch);
    }
}

/* ---- from the places ------------------------------------------------------------------------------- */

static void write_fine(const fh_winograd_phases *p, const bench *b, const group *g, int groups,
                       const fh_real *bias, const fh_real *c, fh_real *x)
{
  fh_real block[8 * 8 * FH_WINOGRAD_LANES];
  const ptrdiff_t lanes = p->k->lanes, ld = 8 * lanes, plane = p->n[0] * p->n[1];
  for (ptrdiff_t ch = 0; ch < p->in; ch++)
    for (int q = 0; q < groups; q++) {
      const ptrdiff_t i = 8 * g[q].row, j = 8 * g[q].column,
                      to = (g[q].sample * p->in + ch) * plane;
      const bool inside = i + 8 <= p->n[0] && j + ld <= p->n[1];
      const fh_real *m = b->fine + (ch * p->k->nr + q) * lanes, shift = bias ? bias[ch] : 0;
      const ptrdiff_t at = to + i * p->n[1] + j;
      if (ch + 1 < p->in) {
        fh_winograd_fetch(p->n, x + to + plane, i, j, 8, ld);
        if (c) fh_winograd_fetch(p->n, c + to + plane, i, j, 8, ld);
      }
      p->k->output_phases(m, p->scatter.field, p->scatter.support, shift,
                          inside && c ? c + at : NULL, inside ? x + at : block,
                          inside ? p->n[1] : ld);
      if (!inside) fh_winograd_write_part(p->n, i, j, 8, ld, block, c ? c + to : NULL, x + to);
    }
}

static void write_coarse(const fh_winograd_phases *p, const bench *b, const group *g, int groups,
                         const fh_real *bias, const fh_real *c, fh_real *y)
{
  fh_real block[4 * 4 * FH_WINOGRAD_LANES];
  const ptrdiff_t lanes = p->k->lanes, ld = 4 * lanes, plane = p->m[0] * p->m[1];
  for (ptrdiff_t o = 0; o < p->out; o++)
    for (int q = 0; q < groups; q++) {
      const ptrdiff_t i = 4 * g[q].row, j = 4 * g[q].column,
                      to = (g[q].sample * p->out + o) * plane;
      const bool inside = i + 4 <= p->m[0] && j + ld <= p->m[1];
      const fh_real *m = b->coarse + (o * p->k->nr + q) * lanes, shift = bias ? bias[o] : 0;
      const ptrdiff_t at = to + i * p->m[1] + j;
      if (o + 1 < p->out) {
        fh_winograd_fetch(p->m, y + to + plane, i, j, 4, ld);
        if (c) fh_winograd_fetch(p->m, c + to + plane, i, j, 4, ld);
      }
      p->k->output(m, p->pitch, shift, inside && c ? c + at : NULL, inside ? y + at : block,
                   inside ? p->m[1] : ld);
      if (!inside) fh_winograd_write_part(p->m, i, j, 4, ld, block, c ? c + to : NULL, y + to);
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
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read_fine(p, &b, g, groups, x);
    multiply_gather(p, &b, groups, packed);
    write_coarse(p, &b, g, groups, bias, c, y);
  }
}

void fh_winograd_phases_scatter(const fh_winograd_phases *p, ptrdiff_t batch, const fh_real *packed,
                                const fh_real *bias, const fh_real *c, const fh_real *y, fh_real *x,
                                fh_real *work)
{
  const ptrdiff_t count = count_of(p, batch);
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read_coarse(p, &b, g, groups, y);
    multiply_scatter(p, &b, groups, packed);
    write_fine(p, &b, g, groups, bias, c, x);
  }
}

void fh_winograd_phases_gather_back(const fh_winograd_phases *p, ptrdiff_t batch,
                                    const fh_real *packed, fh_real sign, const fh_real *c,
                                    const fh_real *dy, const fh_real *x, fh_real *dx, fh_real *dw,
                                    fh_real *db, fh_real *work)
{
  const ptrdiff_t count = count_of(p, batch);
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  clear_sums(p, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read_coarse(p, &b, g, groups, dy);
    if (dx) {
      multiply_scatter(p, &b, groups, packed);
      write_fine(p, &b, g, groups, NULL, c, dx);
    }
    slope_fine(p, &b, g, groups, x);
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
  group g[FH_WINOGRAD_GROUPS];
  bench b;
  bench_of(p, work, &b);
  clear_sums(p, &b);
  for (ptrdiff_t i = 0; i < count; i += p->k->nr) {
    const int groups = find(p, i, count, g);
    read_fine(p, &b, g, groups, dx);
    if (dy) {
      multiply_gather(p, &b, groups, packed);
      write_coarse(p, &b, g, groups, NULL, NULL, dy);
    }
    slope_coarse(p, &b, g, groups, y);
    add_scatter_back(p, &b, groups);
  }
  fold(p, &b, true, 1, dw);
}
