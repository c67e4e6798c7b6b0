#include "grid/grid.h"

#include <stdio.h>
#include <string.h>

fh_status fh_grid_box(int dim, const ptrdiff_t *n, fh_boundary boundary, fh_points points,
                      fh_grid *grid)
{
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM, FH_ERR_ARG, "a grid has 1 to %d axes, not %d", FH_MAX_DIM,
           dim);
  memset(grid, 0, sizeof *grid);
  grid->dim = dim;
  grid->points = points;
  for (int a = 0; a < FH_MAX_DIM; a++) {
    grid->n[a] = a < dim ? n[a] : 1;
    grid->length[a] = 1.0;
    grid->side[a][0] = grid->side[a][1] = boundary;
    FH_CHECK(grid->n[a] >= 1, FH_ERR_ARG,
             "axis %d of the grid has %td points, at least 1 is needed", a, grid->n[a]);
  }
  return FH_OK;
}

ptrdiff_t fh_grid_size(const fh_grid *grid)
{
  return grid->n[0] * grid->n[1] * grid->n[2];
}

/* nodes of a non-periodic axis include both ends */
static bool includes_both_ends(const fh_grid *grid, int axis)
{
  return grid->points == FH_NODE && grid->side[axis][0] != FH_PERIODIC && grid->n[axis] > 1;
}

double fh_grid_spacing(const fh_grid *grid, int axis)
{
  const ptrdiff_t n = grid->n[axis];
  return grid->length[axis] / (double)(includes_both_ends(grid, axis) ? n - 1 : n);
}

double fh_grid_point(const fh_grid *grid, int axis, ptrdiff_t i)
{
  const double shift = grid->points == FH_CELL ? 0.5 : 0.0;
  return ((double)i + shift) * fh_grid_spacing(grid, axis);
}

bool fh_grid_same_size(const fh_grid *a, const fh_grid *b)
{
  if (a->dim != b->dim) return false;
  for (int i = 0; i < a->dim; i++)
    if (a->n[i] != b->n[i]) return false;
  return true;
}

const char *fh_grid_text(const fh_grid *grid, char text[64])
{
  int used = 0;
  for (int a = 0; a < grid->dim; a++)
    used += snprintf(text + used, (size_t)(64 - used), "%s%td", a ? "x" : "", grid->n[a]);
  return text;
}

const char *fh_boundary_name(fh_boundary boundary)
{
  static const char *const names[] = {"periodic", "dirichlet", "neumann", "open"};
  return names[boundary];
}

fh_layout fh_layout_whole(const fh_grid *grid)
{
  fh_layout layout = {.grid = *grid, .parts = {1, 1, 1}};
  for (int a = 0; a < FH_MAX_DIM; a++) layout.count[a] = grid->n[a];
  return layout;
}

fh_status fh_layout_split(const fh_grid *grid, const int parts[FH_MAX_DIM],
                          const int part[FH_MAX_DIM], fh_layout *layout)
{
  *layout = fh_layout_whole(grid);
  for (int a = 0; a < grid->dim; a++) {
    FH_CHECK(parts[a] >= 1 && part[a] >= 0 && part[a] < parts[a], FH_ERR_ARG,
             "axis %d: part %d of %d does not exist", a, part[a], parts[a]);
    const ptrdiff_t base = grid->n[a] / parts[a], extra = grid->n[a] % parts[a], p = part[a];
    layout->parts[a] = parts[a];
    layout->part[a] = part[a];
    layout->first[a] = p * base + (p < extra ? p : extra);
    layout->count[a] = base + (p < extra ? 1 : 0);
  }
  return FH_OK;
}

ptrdiff_t fh_layout_size(const fh_layout *layout)
{
  return layout->count[0] * layout->count[1] * layout->count[2];
}

bool fh_layout_is_whole(const fh_layout *layout)
{
  return fh_layout_size(layout) == fh_grid_size(&layout->grid);
}
