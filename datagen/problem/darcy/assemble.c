#include <math.h>

#include "datagen/problem/darcy/darcy_impl.h"
#include "datagen/problem/rows.h"
#include "datagen/skr/fastelliptic.h"

enum { STENCIL = 7 }; /* 5 in two dimensions */

static bool is_inside(const fh_darcy_system *s, const ptrdiff_t i[FH_MAX_DIM], int axis, int step)
{
  return i[axis] + step >= 0 && i[axis] + step < s->m[axis];
}

/* distance in memory of neighbours along an axis, in an array with `more` extra points per axis */
static ptrdiff_t stride(const fh_darcy_system *s, int axis, ptrdiff_t more)
{
  ptrdiff_t product = 1;
  for (int a = axis + 1; a < s->dim; a++) product *= s->m[a] + more;
  return product;
}

/* transmissibility of the face from a cell towards step: at the boundary the distance to u = 0 is half
   a cell */
static double cell_face(const fh_darcy_system *s, const ptrdiff_t i[FH_MAX_DIM], ptrdiff_t row,
                        int axis, int step)
{
  const double here = s->a[row];
  if (!is_inside(s, i, axis, step)) return 2.0 * here;
  const double there = s->a[row + step * stride(s, axis, 0)];
  return 2.0 * here * there / (here + there);
}

/* unknown (i, j, k) is vertex (i + 1, j + 1, k + 1) */
static double vertex_face(const fh_darcy_system *s, const ptrdiff_t i[FH_MAX_DIM], ptrdiff_t row,
                          int axis, int step)
{
  ptrdiff_t here = 0;
  (void)row;
  for (int a = 0; a < s->dim; a++) here += (i[a] + 1) * stride(s, a, 2);
  return 0.5 * (s->a[here] + s->a[here + step * stride(s, axis, 2)]);
}

static void split(const fh_darcy_system *s, ptrdiff_t row, ptrdiff_t i[FH_MAX_DIM])
{
  i[0] = row / (s->m[1] * s->m[2]);
  i[1] = row / s->m[2] % s->m[1];
  i[2] = row % s->m[2];
}

/* one row in ascending order of columns: axes forwards for the lower neighbours, then backwards */
static PetscInt fill_row(const fh_problem *p, PetscInt row, PetscInt *columns, PetscScalar *values)
{
  const fh_darcy *d = p->data;
  const fh_darcy_system *s = &d->system;
  ptrdiff_t i[FH_MAX_DIM];
  PetscInt n = 0, diagonal = 0;
  double sum = 0.0;
  split(s, row, i);
  for (int e = 0; e <= 2 * s->dim; e++) {
    const int step = e < s->dim ? -1 : 1, axis = e < s->dim ? e : 2 * s->dim - e;
    if (e == s->dim) {
      diagonal = n;
      columns[n++] = row;
      continue;
    }
    const double face =
        (s->cells ? cell_face : vertex_face)(s, i, row, axis, step) * s->weight[axis];
    sum += face;
    if (!is_inside(s, i, axis, step)) continue;
    columns[n] = (PetscInt)(row + step * stride(s, axis, 0));
    values[n++] = -face;
  }
  values[diagonal] = sum;
  return n;
}

double fh_darcy_row_rhs(const fh_problem *p, PetscInt row)
{
  const fh_darcy *d = p->data;
  const fh_darcy_system *s = &d->system;
  const double shift = s->cells ? 0.5 : 1.0;
  ptrdiff_t i[FH_MAX_DIM];
  double x[FH_MAX_DIM] = {0.0};
  split(s, row, i);
  for (int a = 0; a < s->dim; a++)
    x[a] = ((double)i[a] + shift) * (p->grid.length[a] / (double)(s->m[a] + (s->cells ? 0 : 1)));
  return fh_darcy_source(p->config, x);
}

/* for -pc_type fastelliptic */
static PetscErrorCode attach_grid(const fh_darcy_system *s, Mat matrix)
{
  const FHSide wall = s->cells ? FH_SIDE_DIRICHLET_CELL : FH_SIDE_DIRICHLET_NODE;
  FHEllipticGrid grid = {.dim = s->dim};
  PetscFunctionBeginUser;
  for (int a = 0; a < s->dim; a++) {
    grid.n[a] = (PetscInt)s->m[a];
    grid.side[a][0] = grid.side[a][1] = wall;
    grid.spacing[a] = 1.0 / sqrt(s->weight[a]);
  }
  PetscCall(FHPCFastEllipticSetGrid((PetscObject)matrix, &grid));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_darcy_matrix_create(fh_problem *p, Mat *matrix)
{
  const fh_darcy *d = p->data;
  PetscFunctionBeginUser;
  PetscCall(fh_rows_create(p, p->grid.dim == 3 ? STENCIL : STENCIL - 2, matrix));
  PetscCall(attach_grid(&d->system, *matrix));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_darcy_matrix(fh_problem *p, Mat matrix)
{
  return fh_rows_matrix(p, fill_row, matrix);
}

PetscErrorCode fh_darcy_rhs(fh_problem *p, Vec b)
{
  return fh_rows_vector(p, fh_darcy_row_rhs, b);
}
