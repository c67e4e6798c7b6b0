#include "operators/patch/cut.h"

#include <string.h>

#include "base/memory.h"

enum { MOST_LEVELS = 8 };

/* ---- indices ------------------------------------------------------------------------------------ */

/* first point of level l of patch i on the field */
static ptrdiff_t origin(ptrdiff_t i, ptrdiff_t h, ptrdiff_t p, int level)
{
  const ptrdiff_t s = (ptrdiff_t)1 << level, half = (h * (s - 1) + 2 * s - 1) / (2 * s);
  return i * h - s * (half + p);
}

/* index inside 0..n-1, or -1 */
static ptrdiff_t inside(ptrdiff_t i, ptrdiff_t n, int outside)
{
  if (i >= 0 && i < n) return i;
  if (outside == FH_OUTSIDE_ZERO) return -1;
  const ptrdiff_t period = outside == FH_OUTSIDE_PERIODIC || n == 1 ? n : 2 * n - 2;
  i = (i % period + period) % period;
  return i < n ? i : period - i;
}

static void fill_axis(fh_cut *v, int axis, ptrdiff_t parts, ptrdiff_t h, ptrdiff_t padding)
{
  const ptrdiff_t n = v->n[axis];
  ptrdiff_t *from = v->from[axis];
  for (ptrdiff_t i = 0; i < parts; i++)
    for (int l = 0; l <= v->config.levels; l++) {
      const ptrdiff_t first = origin(i, h, padding, l), s = (ptrdiff_t)1 << l;
      for (ptrdiff_t r = 0; r < v->size[axis]; r++)
        *from++ = inside(first + s * r, n, v->config.outside);
    }
}

static fh_status fill(fh_cut *v, const fh_grid *grid)
{
  const fh_patch_config *c = &v->config;
  ptrdiff_t parts[3] = {1, 1, 1};
  for (int a = 0; a < c->dim; a++) parts[a] = (ptrdiff_t)1 << c->levels;
  FH_TRY(fh_tiles_make(grid, parts, &v->tiles));
  v->patch = *grid;
  for (int a = 0; a < 3; a++) {
    const int at = a - (3 - c->dim);
    v->n[a] = at >= 0 ? grid->n[at] : 1;
    const ptrdiff_t padding = at >= 0 ? c->padding[at] : 0, h = at >= 0 ? v->tiles.size[at] : 1;
    FH_CHECK(padding <= v->n[a], FH_ERR_SHAPE,
             "patch: a padding of %td points is more than the %td points along axis %d: lower "
             "-padding_fraction",
             padding, v->n[a], at);
    v->size[a] = h + 2 * padding;
    FH_NEW(v->from[a], (at >= 0 ? parts[at] : 1) * (c->levels + 1) * v->size[a]);
    fill_axis(v, a, at >= 0 ? parts[at] : 1, h, padding);
    if (at < 0) continue;
    v->patch.n[at] = v->size[a];
    v->patch.length[at] = fh_grid_spacing(grid, at) * (double)v->size[a];
  }
  return FH_OK;
}

fh_status fh_cut_check(const fh_patch_config *c)
{
  FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG, "patch: %d axes, allowed are 1 to %d",
           c->dim, FH_MAX_DIM);
  FH_CHECK(c->levels >= 0 && c->levels <= MOST_LEVELS, FH_ERR_ARG,
           "patch: %d levels, allowed are 0 to %d", c->levels, MOST_LEVELS);
  FH_CHECK(c->outside >= FH_OUTSIDE_PERIODIC && c->outside <= FH_OUTSIDE_ZERO, FH_ERR_ARG,
           "patch: outside is %d, allowed are 0 to %d", c->outside, FH_OUTSIDE_ZERO);
  for (int a = 0; a < c->dim; a++)
    FH_CHECK(c->padding[a] >= 0, FH_ERR_ARG,
             "patch: a padding of %td points on axis %d; it must not be negative", c->padding[a],
             a);
  return FH_OK;
}

fh_status fh_cut_create(const fh_patch_config *config, const fh_grid *grid, fh_cut **cut)
{
  fh_cut *v = NULL;
  *cut = NULL;
  FH_TRY(fh_cut_check(config));
  FH_CHECK(grid->dim == config->dim, FH_ERR_SHAPE,
           "patch: the grid has %d axes, the patches were made for %d", grid->dim, config->dim);
  FH_NEW(v, 1);
  v->config = *config;
  const fh_status st = fill(v, grid);
  if (st != FH_OK) fh_cut_destroy(&v);
  *cut = v;
  return st;
}

void fh_cut_destroy(fh_cut **cut)
{
  fh_cut *v = *cut;
  if (!v) return;
  for (int a = 0; a < 3; a++) fh_free(v->from[a]);
  fh_free(v);
  *cut = NULL;
}

ptrdiff_t fh_cut_channels(const fh_cut *v, ptrdiff_t channels)
{
  return (v->config.levels + 1) * (channels + (v->config.coordinates ? v->config.dim : 0));
}

/* ---- needs -------------------------------------------------------------------------------------- */

/* place of patch i on three axes, leading ones 0 */
static void part_of(const fh_cut *v, ptrdiff_t i, ptrdiff_t part[3])
{
  ptrdiff_t p[FH_MAX_DIM];
  fh_tiles_part(&v->tiles, i, p);
  for (int a = 0; a < 3; a++) {
    const int at = a - (3 - v->config.dim);
    part[a] = at >= 0 ? p[at] : 0;
  }
}

static void mark(const fh_cut *v, ptrdiff_t first, ptrdiff_t count, bool **wanted)
{
  const ptrdiff_t levels = v->config.levels + 1;
  for (ptrdiff_t i = first; i < first + count; i++) {
    ptrdiff_t part[3];
    part_of(v, i, part);
    for (int at = 0; at < v->config.dim; at++) {
      const int a = at + 3 - v->config.dim;
      const ptrdiff_t *from = v->from[a] + part[a] * levels * v->size[a];
      for (ptrdiff_t r = 0; r < levels * v->size[a]; r++)
        if (from[r] >= 0) wanted[at][from[r]] = true;
    }
  }
}

fh_status fh_cut_needs(const fh_cut *v, ptrdiff_t first, ptrdiff_t count, fh_selection *needs)
{
  bool *wanted[FH_MAX_DIM] = {NULL};
  bool room = true;
  *needs = (fh_selection){0};
  for (int a = 0; a < v->config.dim; a++) {
    wanted[a] = fh_calloc(v->tiles.grid.n[a], sizeof **wanted);
    room = room && wanted[a];
  }
  if (room) mark(v, first, count, wanted);
  const fh_status st =
      room ? fh_selection_create(&v->tiles.grid, (const bool *const *)wanted, needs) : FH_OK;
  for (int a = 0; a < v->config.dim; a++) fh_free(wanted[a]);
  FH_CHECK(room, FH_ERR_MEMORY, "out of memory for the points of %td patches", count);
  return st;
}

/* ---- cutting ------------------------------------------------------------------------------------ */

/* where the points of one level of one patch come from, axis by axis, on the selection */
typedef struct {
  const ptrdiff_t *from[3], *place[3];
  ptrdiff_t row, plane; /* values from one row (plane) of the selection to the next */
} window;

static window window_of(const fh_cut *v, const fh_selection *at, const ptrdiff_t part[3], int level)
{
  static const ptrdiff_t origin_only[1] = {0};
  window w = {.row = at->count[v->config.dim - 1], .plane = 0};
  for (int a = 0; a < 3; a++) {
    const int axis = a - (3 - v->config.dim);
    w.from[a] = v->from[a] + (part[a] * (v->config.levels + 1) + level) * v->size[a];
    w.place[a] = axis >= 0 ? at->place[axis] : origin_only;
  }
  w.plane = w.row * (v->config.dim > 1 ? at->count[v->config.dim - 2] : 1);
  return w;
}

/* row (i, j) of the window on the selection, or NULL: it is outside and zero */
static ptrdiff_t row_at(const window *w, ptrdiff_t i, ptrdiff_t j)
{
  const ptrdiff_t p = w->from[0][i], q = w->from[1][j];
  return p < 0 || q < 0 ? -1 : w->place[0][p] * w->plane + w->place[1][q] * w->row;
}

static void gather(const fh_cut *v, const window *w, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t i = 0; i < v->size[0]; i++)
    for (ptrdiff_t j = 0; j < v->size[1]; j++, y += v->size[2]) {
      const ptrdiff_t row = row_at(w, i, j);
      if (row < 0) {
        memset(y, 0, (size_t)v->size[2] * sizeof *y);
        continue;
      }
      for (ptrdiff_t k = 0; k < v->size[2]; k++) {
        const ptrdiff_t r = w->from[2][k];
        y[k] = r < 0 ? 0 : x[row + w->place[2][r]];
      }
    }
}

static void scatter(const fh_cut *v, const window *w, const fh_real *dy, fh_real *dx)
{
  for (ptrdiff_t i = 0; i < v->size[0]; i++)
    for (ptrdiff_t j = 0; j < v->size[1]; j++, dy += v->size[2]) {
      const ptrdiff_t row = row_at(w, i, j);
      for (ptrdiff_t k = 0; row >= 0 && k < v->size[2]; k++)
        if (w->from[2][k] >= 0) dx[row + w->place[2][w->from[2][k]]] += dy[k];
    }
}

/* i / n along an axis of the field, 0 outside */
static void coordinate(const fh_cut *v, const window *w, int axis, fh_real *y)
{
  const double n = (double)v->n[axis];
  for (ptrdiff_t i = 0; i < v->size[0]; i++)
    for (ptrdiff_t j = 0; j < v->size[1]; j++)
      for (ptrdiff_t k = 0; k < v->size[2]; k++) {
        const ptrdiff_t at[3] = {w->from[0][i], w->from[1][j], w->from[2][k]};
        const bool there = at[0] >= 0 && at[1] >= 0 && at[2] >= 0;
        *y++ = there ? (fh_real)((double)at[axis] / n) : 0;
      }
}

void fh_cut_forward(const fh_cut *v, const fh_selection *at, ptrdiff_t first, ptrdiff_t count,
                    ptrdiff_t channels, const fh_real *x, fh_real *patches)
{
  const ptrdiff_t points = fh_selection_size(at), size = v->size[0] * v->size[1] * v->size[2];
  for (ptrdiff_t i = first; i < first + count; i++) {
    ptrdiff_t part[3];
    part_of(v, i, part);
    for (int l = 0; l <= v->config.levels; l++) {
      const window w = window_of(v, at, part, l);
      for (ptrdiff_t c = 0; c < channels; c++, patches += size)
        gather(v, &w, x + c * points, patches);
      for (int a = 3 - v->config.dim; v->config.coordinates && a < 3; a++, patches += size)
        coordinate(v, &w, a, patches);
    }
  }
}

void fh_cut_adjoint(const fh_cut *v, const fh_selection *at, ptrdiff_t first, ptrdiff_t count,
                    ptrdiff_t channels, const fh_real *dpatches, fh_real *dx)
{
  const ptrdiff_t points = fh_selection_size(at), size = v->size[0] * v->size[1] * v->size[2];
  for (ptrdiff_t i = first; i < first + count; i++) {
    ptrdiff_t part[3];
    part_of(v, i, part);
    for (int l = 0; l <= v->config.levels; l++) {
      const window w = window_of(v, at, part, l);
      for (ptrdiff_t c = 0; c < channels; c++, dpatches += size)
        scatter(v, &w, dpatches, dx + c * points);
      if (v->config.coordinates) dpatches += v->config.dim * size;
    }
  }
}
