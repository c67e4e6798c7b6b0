/* The system as plain arrays: the numbers of assemble.c without a matrix. */
#include "datagen/problem/darcy/darcy_impl.h"

/* Faces along an axis of cells a [outer][n][inner]: harmonic means; at the boundary u = 0 is half a cell
   away. */
static void cell_faces(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, double weight,
                       const double *restrict a, double *restrict face)
{
  for (ptrdiff_t o = 0; o < outer; o++) {
    for (ptrdiff_t k = 0; k < inner; k++) {
      face[k] = 2.0 * a[k] * weight;
      face[n * inner + k] = 2.0 * a[(n - 1) * inner + k] * weight;
    }
    for (ptrdiff_t i = inner; i < n * inner; i++)
      face[i] = 2.0 * a[i] * a[i - inner] / (a[i] + a[i - inner]) * weight;
    a += n * inner, face += (n + 1) * inner;
  }
}

/* One line of faces along an axis of vertices: face i lies between vertices i and i + 1 of the line, which
   starts at a; unknowns are the inner vertices. */
static void vertex_line(ptrdiff_t n, ptrdiff_t step, double weight, const double *a,
                        ptrdiff_t face_step, double *face)
{
  for (ptrdiff_t i = 0; i <= n; i++)
    face[i * face_step] = 0.5 * (a[i * step] + a[(i + 1) * step]) * weight;
}

static void vertex_faces(const fh_darcy_system *y, int axis, double *face)
{
  ptrdiff_t step[FH_MAX_DIM], from[FH_MAX_DIM] = {0}, count[FH_MAX_DIM], face_step = 1;
  ptrdiff_t product = 1;
  for (int k = FH_MAX_DIM - 1; k >= 0; k--) {
    const bool there = k < y->dim;
    step[k] = there ? product : 0;
    from[k] = there && k != axis ? 1 : 0; /* lines lie among the inner vertices */
    count[k] = k == axis ? 1 : y->m[k];
    if (there) product *= y->m[k] + 2;
    if (k > axis) face_step *= y->m[k];
  }
  for (ptrdiff_t i = 0; i < count[0]; i++)
    for (ptrdiff_t j = 0; j < count[1]; j++)
      for (ptrdiff_t k = 0; k < count[2]; k++) {
        const double *a =
            y->a + (i + from[0]) * step[0] + (j + from[1]) * step[1] + (k + from[2]) * step[2];
        const ptrdiff_t m1 = axis == 1 ? y->m[1] + 1 : y->m[1];
        const ptrdiff_t m2 = axis == 2 ? y->m[2] + 1 : y->m[2];
        vertex_line(y->m[axis], step[axis], y->weight[axis], a, face_step,
                    face + (i * m1 + j) * m2 + k);
      }
}

bool fh_darcy_stencil(const fh_problem *p, fh_stencil *s)
{
  const fh_darcy_config *c = p->config;
  const fh_darcy *d = p->data;
  const fh_darcy_system *y = &d->system;
  if (c->scheme == FH_DARCY_FNO_COMPAT) return false; /* need not be definite */
  if (!s) return true;
  for (int axis = 0; axis < y->dim; axis++) {
    ptrdiff_t outer = 1, inner = 1;
    for (int k = 0; k < axis; k++) outer *= y->m[k];
    for (int k = axis + 1; k < y->dim; k++) inner *= y->m[k];
    if (y->cells) {
      cell_faces(outer, y->m[axis], inner, y->weight[axis], y->a, s->face[axis]);
    } else {
      vertex_faces(y, axis, s->face[axis]);
    }
  }
  const bool exact = c->coefficient == FH_DARCY_MANUFACTURED || c->coefficient == FH_DARCY_LAYERS;
  for (ptrdiff_t i = 0; i < p->unknowns; i++)
    s->rhs[i] = exact ? fh_darcy_row_rhs(p, (PetscInt)i) : c->source;
  return true;
}
