#include "grid/tiles.h"

#include <string.h>

fh_status fh_tiles_make(const fh_grid *grid, const ptrdiff_t parts[FH_MAX_DIM], fh_tiles *t)
{
  *t = (fh_tiles){.grid = *grid, .count = 1};
  for (int a = 0; a < FH_MAX_DIM; a++) {
    const ptrdiff_t n = a < grid->dim ? grid->n[a] : 1;
    t->parts[a] = a < grid->dim ? parts[a] : 1;
    t->size[a] = (n + t->parts[a] - 1) / t->parts[a];
    t->count *= t->parts[a];
    FH_CHECK((t->parts[a] - 1) * t->size[a] < n, FH_ERR_SHAPE,
             "%td points along axis %d cannot be cut into %td patches of %td: nothing is left for "
             "the last one; lower the levels or use a finer grid",
             n, a, t->parts[a], t->size[a]);
  }
  return FH_OK;
}

void fh_tiles_part(const fh_tiles *t, ptrdiff_t i, ptrdiff_t part[FH_MAX_DIM])
{
  part[0] = i / (t->parts[1] * t->parts[2]);
  part[1] = i / t->parts[2] % t->parts[1];
  part[2] = i % t->parts[2];
}

/* the box of count[a] tiles per axis whose first one stands at part */
static fh_layout box_of(const fh_tiles *t, const ptrdiff_t part[FH_MAX_DIM],
                        const ptrdiff_t count[FH_MAX_DIM])
{
  fh_layout box = fh_layout_whole(&t->grid);
  for (int a = 0; a < t->grid.dim; a++) {
    const ptrdiff_t left = t->grid.n[a] - part[a] * t->size[a], size = count[a] * t->size[a];
    box.parts[a] = (int)(t->parts[a] / count[a]);
    box.part[a] = (int)(part[a] / count[a]);
    box.first[a] = part[a] * t->size[a];
    box.count[a] = size < left ? size : left;
  }
  return box;
}

fh_layout fh_tiles_tile(const fh_tiles *t, ptrdiff_t i)
{
  static const ptrdiff_t one[FH_MAX_DIM] = {1, 1, 1};
  ptrdiff_t part[FH_MAX_DIM];
  fh_tiles_part(t, i, part);
  return box_of(t, part, one);
}

fh_status fh_tiles_box(const fh_tiles *t, int ranks, int rank, fh_layout *box)
{
  const ptrdiff_t here = t->count / ranks;
  FH_CHECK(here * ranks == t->count, FH_ERR_USAGE,
           "%d ranks cannot share the %td patches of a sample: choose a divisor of that", ranks,
           t->count);
  ptrdiff_t part[FH_MAX_DIM], count[FH_MAX_DIM] = {1, 1, 1}, left = here;
  for (int a = FH_MAX_DIM - 1; a >= 0; a--) { /* whole axes, then a part of one */
    count[a] = left >= t->parts[a] ? t->parts[a] : left;
    FH_CHECK(left % count[a] == 0 && t->parts[a] % count[a] == 0, FH_ERR_USAGE,
             "%d ranks cannot share the %td patches of a sample: the %td patches of a rank make no "
             "box; choose another -ranks_per_sample",
             ranks, t->count, here);
    left /= count[a];
  }
  fh_tiles_part(t, rank * here, part);
  *box = box_of(t, part, count);
  return FH_OK;
}

/* ---- copies ------------------------------------------------------------------------------------- */

/* a box of count points in two arrays of n points per axis, on three axes, leading ones 1 */
typedef struct {
  ptrdiff_t count[3], n[2][3], first[2]; /* first: offset of the box's first point */
} overlap;

static void set_axis(overlap *o, int axis, ptrdiff_t count, const ptrdiff_t n[2],
                     const ptrdiff_t begin[2])
{
  o->count[axis] = count;
  for (int k = 0; k < 2; k++) {
    o->n[k][axis] = n[k];
    o->first[k] = o->first[k] * n[k] + begin[k];
  }
}

static const overlap point = {{1, 1, 1}, {{1, 1, 1}, {1, 1, 1}}, {0, 0}};

/* array 0 is the patch, array 1 the field */
static overlap in_patch(const fh_tiles *t, ptrdiff_t i, const ptrdiff_t *padding,
                        const fh_layout *box)
{
  const fh_layout tile = fh_tiles_tile(t, i);
  overlap o = point;
  for (int a = 0; a < t->grid.dim; a++) {
    const ptrdiff_t n[2] = {t->size[a] + 2 * padding[a], box->count[a]};
    const ptrdiff_t begin[2] = {padding[a], tile.first[a] - box->first[a]};
    set_axis(&o, 3 - t->grid.dim + a, tile.count[a], n, begin);
  }
  return o;
}

/* array 0 is the box, array 1 the whole field */
static overlap in_box(const fh_layout *box)
{
  overlap o = point;
  for (int a = 0; a < box->grid.dim; a++) {
    const ptrdiff_t n[2] = {box->count[a], box->grid.n[a]}, begin[2] = {0, box->first[a]};
    set_axis(&o, 3 - box->grid.dim + a, box->count[a], n, begin);
  }
  return o;
}

static void copy(const overlap *o, int from, const fh_real *x, fh_real *y)
{
  const int to = 1 - from;
  for (ptrdiff_t i = 0; i < o->count[0]; i++)
    for (ptrdiff_t j = 0; j < o->count[1]; j++)
      memcpy(y + o->first[to] + (i * o->n[to][1] + j) * o->n[to][2],
             x + o->first[from] + (i * o->n[from][1] + j) * o->n[from][2],
             (size_t)o->count[2] * sizeof *x);
}

void fh_tiles_put(const fh_tiles *t, ptrdiff_t i, const ptrdiff_t *padding, const fh_layout *box,
                  const fh_real *patch, fh_real *field)
{
  const overlap o = in_patch(t, i, padding, box);
  copy(&o, 0, patch, field);
}

void fh_tiles_take(const fh_tiles *t, ptrdiff_t i, const ptrdiff_t *padding, const fh_layout *box,
                   const fh_real *field, fh_real *patch)
{
  const overlap o = in_patch(t, i, padding, box);
  copy(&o, 1, field, patch);
}

void fh_box_cut(const fh_layout *box, ptrdiff_t fields, const fh_real *whole, fh_real *boxed)
{
  const overlap o = in_box(box);
  for (ptrdiff_t f = 0; f < fields; f++)
    copy(&o, 1, whole + f * fh_grid_size(&box->grid), boxed + f * fh_layout_size(box));
}

void fh_box_put(const fh_layout *box, ptrdiff_t fields, const fh_real *boxed, fh_real *whole)
{
  const overlap o = in_box(box);
  for (ptrdiff_t f = 0; f < fields; f++)
    copy(&o, 0, boxed + f * fh_layout_size(box), whole + f * fh_grid_size(&box->grid));
}
