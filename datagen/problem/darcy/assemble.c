#include <math.h>

#include "datagen/problem/darcy/darcy_impl.h"
#include "datagen/skr/fastelliptic.h"

enum { STENCIL = 5 };

static const int steps[STENCIL][2] = {{-1, 0}, {0, -1}, {0, 0}, {0, 1}, {1, 0}};

/* transmissibility of the face from cell (i, j) towards (di, dj): at the boundary the distance to
   u = 0 is half a cell */
static double cell_face(const fh_darcy_system *s, ptrdiff_t i, ptrdiff_t j, int di, int dj)
{
  const ptrdiff_t ni = i + di, nj = j + dj;
  const double here = s->a[i * s->m[1] + j];
  if (ni < 0 || ni >= s->m[0] || nj < 0 || nj >= s->m[1]) return 2.0 * here;
  const double there = s->a[ni * s->m[1] + nj];
  return 2.0 * here * there / (here + there);
}

/* unknown (i, j) is vertex (i + 1, j + 1) */
static double vertex_face(const fh_darcy_system *s, ptrdiff_t i, ptrdiff_t j, int di, int dj)
{
  const ptrdiff_t width = s->m[1] + 2, here = (i + 1) * width + j + 1;
  return 0.5 * (s->a[here] + s->a[here + di * width + dj]);
}

/* one row in ascending order of columns; returns the number of entries */
static PetscInt fill_row(const fh_darcy_system *s, ptrdiff_t i, ptrdiff_t j, PetscInt *columns,
                         PetscScalar *values)
{
  PetscInt n = 0, diagonal = 0;
  double sum = 0.0;
  for (int e = 0; e < STENCIL; e++) {
    const int di = steps[e][0], dj = steps[e][1];
    const ptrdiff_t ni = i + di, nj = j + dj;
    if (di == 0 && dj == 0) {
      diagonal = n;
      columns[n++] = (PetscInt)(i * s->m[1] + j);
      continue;
    }
    const double face =
        (s->cells ? cell_face : vertex_face)(s, i, j, di, dj) * s->weight[di != 0 ? 0 : 1];
    sum += face;
    if (ni < 0 || ni >= s->m[0] || nj < 0 || nj >= s->m[1]) continue;
    columns[n] = (PetscInt)(ni * s->m[1] + nj);
    values[n++] = -face;
  }
  values[diagonal] = sum;
  return n;
}

/* for -pc_type fastelliptic */
static PetscErrorCode attach_grid(const fh_darcy_system *s, Mat matrix)
{
  const FHSide wall = s->cells ? FH_SIDE_DIRICHLET_CELL : FH_SIDE_DIRICHLET_NODE;
  const FHEllipticGrid grid = {.dim = 2,
                               .n = {(PetscInt)s->m[0], (PetscInt)s->m[1]},
                               .side = {{wall, wall}, {wall, wall}},
                               .spacing = {1.0 / sqrt(s->weight[0]), 1.0 / sqrt(s->weight[1])}};
  PetscFunctionBeginUser;
  PetscCall(FHPCFastEllipticSetGrid((PetscObject)matrix, &grid));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_darcy_matrix_create(fh_problem *p, Mat *matrix)
{
  const PetscInt n = (PetscInt)p->unknowns;
  const fh_darcy *d = p->data;
  PetscFunctionBeginUser;
  PetscCall(MatCreate(p->comm, matrix));
  PetscCall(MatSetSizes(*matrix, PETSC_DECIDE, PETSC_DECIDE, n, n));
  PetscCall(MatSetType(*matrix, MATAIJ));
  PetscCall(MatSeqAIJSetPreallocation(*matrix, STENCIL, NULL));
  /* a rank may own less than a grid row: then all neighbours live elsewhere */
  PetscCall(MatMPIAIJSetPreallocation(*matrix, STENCIL, NULL, STENCIL - 1, NULL));
  PetscCall(MatSetOption(*matrix, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_TRUE));
  PetscCall(attach_grid(&d->system, *matrix));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_darcy_matrix(fh_problem *p, Mat matrix)
{
  const fh_darcy *d = p->data;
  const fh_darcy_system *s = &d->system;
  PetscInt first = 0, last = 0;
  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(matrix, &first, &last));
  for (PetscInt row = first; row < last; row++) {
    PetscInt columns[STENCIL];
    PetscScalar values[STENCIL];
    const PetscInt n = fill_row(s, row / s->m[1], row % s->m[1], columns, values);
    PetscCall(MatSetValues(matrix, 1, &row, n, columns, values, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_darcy_rhs(fh_problem *p, Vec b)
{
  const fh_darcy *d = p->data;
  const fh_darcy_system *s = &d->system;
  const double shift = s->cells ? 0.5 : 1.0;
  const double h0 = p->grid.length[0] / (double)(s->m[0] + (s->cells ? 0 : 1));
  const double h1 = p->grid.length[1] / (double)(s->m[1] + (s->cells ? 0 : 1));
  PetscInt first = 0, last = 0;
  PetscScalar *values = NULL;
  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(b, &first, &last));
  PetscCall(VecGetArrayWrite(b, &values));
  for (PetscInt row = first; row < last; row++)
    values[row - first] = fh_darcy_source(p->config, ((double)(row / s->m[1]) + shift) * h0,
                                          ((double)(row % s->m[1]) + shift) * h1);
  PetscCall(VecRestoreArrayWrite(b, &values));
  PetscFunctionReturn(0);
}
