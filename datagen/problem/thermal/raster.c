/* Where the points of a regular grid lie among the triangles. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/mesh/mesh_impl.h"
#include "datagen/problem/thermal/thermal_impl.h"

enum { OUTSIDE = -1 };
/* a point counts as inside a triangle that it misses by rounding; two triangles overlap if a point is
   this far inside both */
static const double NEAR = 1e-9, DEEP = 1e-6;

static void point_of(const fh_thermal *d, ptrdiff_t i, ptrdiff_t j, double x[2])
{
  x[0] = d->mesh->lower[0] + fh_grid_point(&d->plate, 0, i);
  x[1] = d->mesh->lower[1] + fh_grid_point(&d->plate, 1, j);
}

static double barycentric(const fh_mesh *m, const int32_t *cell, const double x[2], double l[3])
{
  const double *corner[3] = {m->node[cell[0]], m->node[cell[1]], m->node[cell[2]]};
  const double all = fh_mesh_turn(corner[0], corner[1], corner[2]);
  for (int i = 0; i < 3; i++)
    l[i] = fh_mesh_turn(x, corner[(i + 1) % 3], corner[(i + 2) % 3]) / all;
  return fmin(l[0], fmin(l[1], l[2]));
}

static fh_status take(fh_thermal *d, ptrdiff_t cell, ptrdiff_t i, ptrdiff_t j)
{
  const ptrdiff_t point = i * d->plate.n[1] + j;
  double x[2], l[3], other[3];
  point_of(d, i, j, x);
  const double depth = barycentric(d->mesh, d->mesh->cell[cell], x, l);
  if (depth < -NEAR) return FH_OK;
  FH_CHECK(depth <= DEEP || d->where[point] == OUTSIDE ||
               barycentric(d->mesh, d->mesh->cell[d->where[point]], x, other) <= DEEP,
           FH_ERR_FORMAT, "the mesh overlaps itself at (%g, %g): two triangles hold this point",
           x[0], x[1]);
  if (d->where[point] != OUTSIDE && depth <= DEEP) return FH_OK;
  d->where[point] = (int32_t)cell;
  d->weights[point][0] = l[0];
  d->weights[point][1] = l[1];
  return FH_OK;
}

/* the points in the box of a cell */
static fh_status visit(fh_thermal *d, ptrdiff_t cell)
{
  const fh_mesh *m = d->mesh;
  ptrdiff_t from[2], to[2];
  for (int a = 0; a < 2; a++) {
    double lower = (double)INFINITY, upper = -(double)INFINITY;
    for (int i = 0; i < 3; i++) {
      lower = fmin(lower, m->node[m->cell[cell][i]][a]);
      upper = fmax(upper, m->node[m->cell[cell][i]][a]);
    }
    const double h = fh_grid_spacing(&d->plate, a), last = (double)(d->plate.n[a] - 1);
    from[a] = (ptrdiff_t)fmax(ceil((lower - m->lower[a]) / h - 1e-6), 0.0);
    to[a] = (ptrdiff_t)fmin(floor((upper - m->lower[a]) / h + 1e-6), last);
  }
  for (ptrdiff_t i = from[0]; i <= to[0]; i++)
    for (ptrdiff_t j = from[1]; j <= to[1]; j++) FH_TRY(take(d, cell, i, j));
  return FH_OK;
}

/* the nearest point of the grid that is inside the mesh, among those around x; OUTSIDE if none is */
static ptrdiff_t nearest(const fh_thermal *d, const double x[2])
{
  const double h[2] = {fh_grid_spacing(&d->plate, 0), fh_grid_spacing(&d->plate, 1)};
  ptrdiff_t best = OUTSIDE;
  double least = (double)INFINITY;
  const ptrdiff_t i0 = (ptrdiff_t)floor((x[0] - d->mesh->lower[0]) / h[0]);
  const ptrdiff_t j0 = (ptrdiff_t)floor((x[1] - d->mesh->lower[1]) / h[1]);
  for (ptrdiff_t i = i0 - 1; i <= i0 + 2; i++)
    for (ptrdiff_t j = j0 - 1; j <= j0 + 2; j++) {
      double y[2];
      if (i < 0 || j < 0 || i >= d->plate.n[0] || j >= d->plate.n[1]) continue;
      if (d->where[i * d->plate.n[1] + j] == OUTSIDE) continue;
      point_of(d, i, j, y);
      const double far = hypot((y[0] - x[0]) / h[0], (y[1] - x[1]) / h[1]);
      if (far < least) least = far, best = i * d->plate.n[1] + j;
    }
  return best;
}

/* steps of a quarter of the spacing along the edges of a side; each point once */
static fh_status trace(fh_thermal *d, int side)
{
  const fh_mesh *m = d->mesh;
  const double h = fmin(fh_grid_spacing(&d->plate, 0), fh_grid_spacing(&d->plate, 1));
  const ptrdiff_t size = fh_grid_size(&d->plate);
  bool *taken = NULL;
  FH_NEW(d->rim[side], size);
  FH_NEW(taken, size);
  for (ptrdiff_t e = 0; e < m->n_edges; e++) {
    if (m->edge[e].side != side) continue;
    const double *from = m->node[m->edge[e].node[0]], *to = m->node[m->edge[e].node[1]];
    const ptrdiff_t steps = 1 + (ptrdiff_t)(4.0 * hypot(to[0] - from[0], to[1] - from[1]) / h);
    for (ptrdiff_t s = 0; s <= steps; s++) {
      const double t = (double)s / (double)steps;
      const double x[2] = {from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])};
      const ptrdiff_t point = nearest(d, x);
      if (point == OUTSIDE || taken[point]) continue;
      taken[point] = true;
      d->rim[side][d->n_rim[side]++] = (int32_t)point;
    }
  }
  fh_free(taken);
  return FH_OK;
}

fh_status fh_thermal_raster(fh_thermal *d)
{
  const ptrdiff_t size = fh_grid_size(&d->plate);
  FH_CHECK(size < INT32_MAX, FH_ERR_USAGE, "a grid of %td points is too large", size);
  FH_NEW(d->where, size);
  FH_NEW(d->weights, size);
  for (ptrdiff_t i = 0; i < size; i++) d->where[i] = OUTSIDE;
  for (ptrdiff_t cell = 0; cell < d->mesh->n_cells; cell++) FH_TRY(visit(d, cell));
  for (int side = 0; side < 2; side++) FH_TRY(trace(d, side));
  return FH_OK;
}

void fh_thermal_to_grid(const fh_thermal *d, const double *nodes, double *grid)
{
  const ptrdiff_t size = fh_grid_size(&d->plate);
  for (ptrdiff_t i = 0; i < size; i++) {
    grid[i] = 0.0;
    if (d->where[i] == OUTSIDE) continue;
    const double l[3] = {d->weights[i][0], d->weights[i][1],
                         1.0 - d->weights[i][0] - d->weights[i][1]};
    const int32_t *cell = d->mesh->cell[d->where[i]];
    double shape[FH_MESH_NODES];
    fh_mesh_shape(l, shape);
    for (int k = 0; k < FH_MESH_NODES; k++) grid[i] += shape[k] * nodes[cell[k]];
  }
}
