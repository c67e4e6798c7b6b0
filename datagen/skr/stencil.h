/**
 * stencil - a symmetric system on a box as plain arrays: conductances of faces, and a right-hand side
 *
 * The finite-volume systems -div(a grad u) + s u = f, which have a 5-point (7-point) matrix, without the
 * matrix: row i is
 *
 *     sum over its faces of conductance * (u_i - u_neighbour) + reaction_i u_i = rhs_i,
 *
 * a neighbour behind the boundary being 0. What a problem fills is what the batched solvers work on
 * (batch.h): nothing is assembled, sorted or copied into a sparse format.
 */
#pragma once

#include <stddef.h>

enum { FH_STENCIL_DIM = 3 };

typedef struct {
  int dim;
  ptrdiff_t n[FH_STENCIL_DIM]; /* unknowns per axis, the last of dim axes contiguous; beyond: 1 */
  /* face[a]: unknowns with one more entry along axis a; entry i lies between unknowns i-1 and i, the
     first and the last are boundary faces: 0 where nothing flows. All others > 0. */
  double *face[FH_STENCIL_DIM];
  double *reaction; /* [unknowns], >= 0; zero unless the problem writes it */
  double *rhs;      /* [unknowns] */
} fh_stencil;

static inline ptrdiff_t fh_stencil_size(const fh_stencil *s)
{
  return s->n[0] * s->n[1] * s->n[2];
}
/** Entries of face[axis]. */
static inline ptrdiff_t fh_stencil_faces(const fh_stencil *s, int axis)
{
  return fh_stencil_size(s) / s->n[axis] * (s->n[axis] + 1);
}
