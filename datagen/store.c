#include "datagen/store.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/spectral/fftw_plane.h"

const char *const fh_store_names[] = {"points", "mean", "spectral", NULL};

struct fh_store_reduction {
  fh_store_method method;
  ptrdiff_t step[FH_MAX_DIM], first[FH_MAX_DIM]; /* between taken points; the first of them */
  fh_plane *fine, *coarse;                       /* SPECTRAL: the same waves on both grids */
  double *modes;
};

/* ---- creation ------------------------------------------------------------------------------------ */

static bool has_both_ends(const fh_grid *g, int axis)
{
  return g->points == FH_NODE && g->side[axis][0] != FH_PERIODIC;
}

/* intervals between vertices, or cells, of n points */
static ptrdiff_t pieces(const fh_grid *g, int axis, ptrdiff_t n)
{
  return has_both_ends(g, axis) ? n - 1 : n;
}

static fh_status check_axis(const fh_store *s, int a, ptrdiff_t stored)
{
  const fh_grid *g = &s->problem->grid;
  const fh_store_method method = s->reduction->method;
  const bool is_periodic = g->points == FH_NODE && g->side[a][0] == FH_PERIODIC;
  FH_CHECK(
      stored >= 2 && stored <= g->n[a], FH_ERR_USAGE,
      "store_size = %td along axis %d: between 2 and the %td points of the solver are possible",
      stored, a, g->n[a]);
  FH_CHECK(method != FH_STORE_SPECTRAL || (is_periodic && g->dim <= 2), FH_ERR_USAGE,
           "store_by = spectral needs a periodic grid of 1 or 2 axes: take points or mean");
  FH_CHECK(method != FH_STORE_MEAN || g->points == FH_CELL, FH_ERR_USAGE,
           "store_by = mean is of cells, but this grid has vertices: take points");
  FH_CHECK(method == FH_STORE_SPECTRAL || pieces(g, a, g->n[a]) % pieces(g, a, stored) == 0,
           FH_ERR_USAGE,
           "store_size = %td: the %td %s along axis %d are no multiple of %td; take a -size with "
           "(size%s) divisible by it",
           stored, pieces(g, a, g->n[a]), g->points == FH_CELL ? "cells" : "intervals", a,
           pieces(g, a, stored), has_both_ends(g, a) ? " - 1" : "");
  return FH_OK;
}

static void set_axis(fh_store *s, int a, ptrdiff_t stored)
{
  const fh_grid *g = &s->problem->grid;
  fh_store_reduction *r = s->reduction;
  s->grid.n[a] = stored;
  if (r->method == FH_STORE_SPECTRAL) return;
  r->step[a] = pieces(g, a, g->n[a]) / pieces(g, a, stored);
  if (r->method == FH_STORE_MEAN) return;
  r->first[a] = g->points == FH_CELL ? (r->step[a] - 1) / 2 : 0;
  s->shift[a] = fh_grid_point(g, a, r->first[a]) - fh_grid_point(&s->grid, a, 0);
}

static fh_status create_planes(const fh_store *s)
{
  const fh_grid *fine = &s->problem->grid, *coarse = &s->grid;
  const bool line = fine->dim == 1;
  const ptrdiff_t from[2] = {line ? 1 : fine->n[0], fine->n[line ? 0 : 1]};
  const ptrdiff_t to[2] = {line ? 1 : coarse->n[0], coarse->n[line ? 0 : 1]};
  const ptrdiff_t cut[2] = {(to[0] - 1) / 2, (to[1] - 1) / 2};
  fh_store_reduction *r = s->reduction;
  FH_TRY(fh_plane_create(MPI_COMM_SELF, from, cut, &r->fine));
  FH_TRY(fh_plane_create(MPI_COMM_SELF, to, cut, &r->coarse));
  FH_NEW(r->modes, 2 * fh_plane_where(r->fine)->modes);
  return FH_OK;
}

static fh_status reduce_grid(fh_store *s, const fh_store_config *c)
{
  const int dim = s->grid.dim;
  FH_CHECK(c->size.count == 1 || c->size.count == dim, FH_ERR_USAGE,
           "store_size has %d numbers, the problem has %d axes: give 1 or %d", c->size.count, dim,
           dim);
  FH_NEW(s->reduction, 1);
  s->reduction->method = (fh_store_method)c->method;
  for (int a = 0; a < FH_MAX_DIM; a++) s->reduction->step[a] = 1;
  for (int a = 0; a < dim; a++) {
    const ptrdiff_t stored = c->size.value[c->size.count == 1 ? 0 : a];
    FH_TRY(check_axis(s, a, stored));
    set_axis(s, a, stored);
  }
  if (s->reduction->method == FH_STORE_SPECTRAL) FH_TRY(create_planes(s));
  return FH_OK;
}

static bool is_own(const fh_store *s, int f)
{
  return !s->is_whole || (s->steps > 1 && s->problem->fields[f].is_output);
}

static ptrdiff_t steps_of(const fh_store *s, int f)
{
  return s->problem->fields[f].is_output ? s->steps : 1;
}

static fh_status build(const fh_store_config *c, fh_store *s)
{
  const fh_problem *p = s->problem;
  s->grid = p->grid;
  s->is_whole = c->size.count == 0 || (c->size.count == 1 && c->size.value[0] == 0);
  FH_CHECK(!s->is_whole || c->method == FH_STORE_POINTS, FH_ERR_USAGE,
           "store_by = %s says how fewer points are stored: give -store_size, too",
           fh_store_names[c->method]);
  s->steps = p->time.steps > 1 ? p->time.steps : 1;
  FH_CHECK(
      s->is_whole || p->n_constants + p->mesh.n_nodes == 0, FH_ERR_USAGE,
      "store_size: the problem '%s' has a mesh, or fields that are the same for all samples, which "
      "are stored as they are",
      p->class->name);
  if (!s->is_whole) FH_TRY(reduce_grid(s, c));
  s->points = fh_grid_size(&s->grid);
  for (int f = 0; f < p->n_fields; f++) {
    ptrdiff_t size = 0;
    FH_TRY(fh_size_mul(p->fields[f].info.channels * steps_of(s, f), s->points, &size));
    if (is_own(s, f))
      FH_NEW(s->value[f], size);
    else
      s->value[f] = p->value[f];
  }
  return FH_OK;
}

fh_status fh_store_create(const fh_problem *problem, const fh_store_config *config,
                          fh_store **store)
{
  fh_store *s = NULL;
  *store = NULL;
  FH_NEW(s, 1);
  s->problem = problem;
  const fh_status st = build(config, s);
  if (st != FH_OK) fh_store_destroy(&s);
  *store = s;
  return st;
}

void fh_store_destroy(fh_store **store)
{
  fh_store *s = *store;
  if (!s) return;
  for (int f = 0; f < s->problem->n_fields; f++)
    if (is_own(s, f)) fh_free(s->value[f]);
  if (s->reduction) {
    fh_plane_destroy(&s->reduction->fine);
    fh_plane_destroy(&s->reduction->coarse);
    fh_free(s->reduction->modes);
  }
  fh_free(s->reduction);
  fh_free(s);
  *store = NULL;
}

/* ---- one channel --------------------------------------------------------------------------------- */

/* mean of the points from x, y, z on: of one point, or of step cells along each axis */
static double take(const fh_store *s, const double *from, const ptrdiff_t at[FH_MAX_DIM])
{
  const ptrdiff_t *n = s->problem->grid.n, *step = s->reduction->step;
  double sum = 0.0;
  if (s->reduction->method == FH_STORE_POINTS) return from[(at[0] * n[1] + at[1]) * n[2] + at[2]];
  for (ptrdiff_t x = at[0]; x < at[0] + step[0]; x++)
    for (ptrdiff_t y = at[1]; y < at[1] + step[1]; y++)
      for (ptrdiff_t z = at[2]; z < at[2] + step[2]; z++) sum += from[(x * n[1] + y) * n[2] + z];
  return sum / (double)(step[0] * step[1] * step[2]);
}

static void take_all(const fh_store *s, const double *from, double *to)
{
  const fh_store_reduction *r = s->reduction;
  ptrdiff_t at[FH_MAX_DIM], i = 0;
  for (ptrdiff_t x = 0; x < s->grid.n[0]; x++)
    for (ptrdiff_t y = 0; y < s->grid.n[1]; y++)
      for (ptrdiff_t z = 0; z < s->grid.n[2]; z++, i++) {
        at[0] = x * r->step[0] + r->first[0];
        at[1] = y * r->step[1] + r->first[1];
        at[2] = z * r->step[2] + r->first[2];
        to[i] = take(s, from, at);
      }
}

static fh_status reduce(const fh_store *s, const double *from, double *to)
{
  const fh_store_reduction *r = s->reduction;
  if (!r) {
    if (to != from) memcpy(to, from, (size_t)s->points * sizeof *to);
    return FH_OK;
  }
  if (r->method != FH_STORE_SPECTRAL) {
    take_all(s, from, to);
    return FH_OK;
  }
  FH_TRY(fh_plane_to_modes(r->fine, from, r->modes));
  return fh_plane_to_points(r->coarse, r->modes, to);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static fh_status take_fields(fh_store *s, bool outputs, ptrdiff_t step)
{
  const fh_problem *p = s->problem;
  const ptrdiff_t whole = fh_grid_size(&p->grid);
  for (int f = 0; f < p->n_fields; f++) {
    if (p->fields[f].is_output != outputs) continue;
    for (ptrdiff_t c = 0; c < p->fields[f].info.channels; c++)
      FH_TRY(reduce(s, p->value[f] + c * whole,
                    s->value[f] + (c * steps_of(s, f) + step) * s->points));
  }
  return FH_OK;
}

fh_status fh_store_inputs(fh_store *s)
{
  return take_fields(s, false, 0);
}

fh_status fh_store_outputs(fh_store *s, ptrdiff_t step)
{
  FH_CHECK(step >= 0 && step < s->steps, FH_ERR_ARG, "step %td of %td", step, s->steps);
  return take_fields(s, true, step);
}

void fh_store_invalidate(fh_store *s, bool inputs_too)
{
  const fh_problem *p = s->problem;
  for (int f = 0; f < p->n_fields; f++) {
    if (!p->fields[f].is_output && !inputs_too) continue;
    const ptrdiff_t size = p->fields[f].info.channels * steps_of(s, f) * s->points;
    for (ptrdiff_t i = 0; i < size; i++) s->value[f][i] = (double)NAN;
  }
}
