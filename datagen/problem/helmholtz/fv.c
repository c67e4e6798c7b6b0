/*
 * Cells, 5-point. At a boundary face the flux F = du/dn and the face value U = u + (h/2) F meet the
 * boundary condition F = i k U + g (Neumann: k = 0), so F = (i k u + g) / (1 - i k h/2); for u = 0 on
 * the boundary F = -2u/h. Complex numbers as 2x2 blocks with the second row negated, which keeps the
 * matrix symmetric: [Ar -Ai; -Ai -Ar] (Re u, Im u) = (Re b, -Im b).
 */
#include "datagen/problem/helmholtz/helmholtz_impl.h"

typedef struct {
  double re, im;
} complex_number;

static const int steps[5][2] = {{-1, 0}, {0, -1}, {0, 0}, {0, 1}, {1, 0}};

static bool is_inside(const fh_helmholtz *d, ptrdiff_t i, ptrdiff_t j)
{
  return i >= 0 && i < d->n[0] && j >= 0 && j < d->n[1];
}

/* k on the boundary face, extrapolated from two cells: the cell's own would cost an order */
static double face_number(const fh_problem *p, ptrdiff_t i, ptrdiff_t j, const int step[2])
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const double *speed = p->value[0];
  const double here = c->omega / speed[i * d->n[1] + j];
  const double next = c->omega / speed[(i - step[0]) * d->n[1] + j - step[1]];
  const double face = 1.5 * here - 0.5 * next;
  return face > 0.0 ? face : here;
}

/* 1 / (1 - i k h/2) of a boundary face, and its k */
static complex_number face_factor(const fh_problem *p, ptrdiff_t i, ptrdiff_t j, const int step[2],
                                  double *k)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  *k = c->boundary == FH_HELMHOLTZ_IMPEDANCE ? face_number(p, i, j, step) : 0.0;
  const double half = 0.5 * *k * d->h[step[0] ? 0 : 1], size = 1.0 + half * half;
  return (complex_number){1.0 / size, half / size};
}

/* what the faces and k^2 put on the diagonal */
static complex_number diagonal(const fh_problem *p, ptrdiff_t i, ptrdiff_t j)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const double number = c->omega / p->value[0][i * d->n[1] + j];
  complex_number sum = {-number * number, 0.0};
  for (int e = 0; e < 5; e++) {
    const int *step = steps[e];
    if (step[0] == 0 && step[1] == 0) continue;
    const double h = d->h[step[0] ? 0 : 1];
    if (is_inside(d, i + step[0], j + step[1])) {
      sum.re += 1.0 / (h * h);
    } else if (c->boundary == FH_HELMHOLTZ_DIRICHLET) {
      sum.re += 2.0 / (h * h);
    } else {
      double k = 0.0; /* -i k factor / h */
      const complex_number factor = face_factor(p, i, j, step, &k);
      sum.re += k * factor.im / h;
      sum.im -= k * factor.re / h;
    }
  }
  return sum;
}

PetscInt fh_helmholtz_fv_row(const fh_problem *p, PetscInt row, PetscInt *columns,
                             PetscScalar *values)
{
  const fh_helmholtz *d = p->data;
  const int part = row % d->parts;
  const ptrdiff_t cell = row / d->parts, i = cell / d->n[1], j = cell % d->n[1];
  const double sign = part == 0 ? 1.0 : -1.0;
  PetscInt n = 0;
  for (int e = 0; e < 5; e++) {
    const ptrdiff_t ni = i + steps[e][0], nj = j + steps[e][1];
    if (!is_inside(d, ni, nj)) continue;
    const PetscInt column = (PetscInt)((ni * d->n[1] + nj) * d->parts);
    if (ni != i || nj != j) {
      const double h = d->h[ni != i ? 0 : 1];
      columns[n] = column + part;
      values[n++] = -sign / (h * h);
      continue;
    }
    const complex_number own = diagonal(p, i, j);
    columns[n] = column + part;
    values[n++] = sign * own.re;
    if (d->parts == 1) continue;
    columns[n] = column + 1 - part;
    values[n++] = -own.im;
  }
  return n;
}

/* g of a boundary face, both parts */
static complex_number face_data(const fh_problem *p, ptrdiff_t i, ptrdiff_t j, const int step[2])
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const int axis = step[0] ? 0 : 1;
  const bool upper = step[axis] > 0;
  double x[2] = {fh_grid_point(&p->grid, 0, i), fh_grid_point(&p->grid, 1, j)};
  const double from = x[0] - 0.5 * d->h[0], to = x[0] + 0.5 * d->h[0];
  x[axis] = upper ? p->grid.length[axis] : 0.0;
  if (c->medium != FH_HELMHOLTZ_MANUFACTURED)
    return (complex_number){c->drive == FH_HELMHOLTZ_TOP_FLUX && axis == 1 && upper
                                ? c->source * fh_helmholtz_share(c, from, to)
                                : 0.0,
                            0.0};
  return (complex_number){fh_helmholtz_flux(c, 0, axis, upper, x[0], x[1]),
                          fh_helmholtz_flux(c, 1, axis, upper, x[0], x[1])};
}

double fh_helmholtz_fv_rhs(const fh_problem *p, PetscInt row)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const int part = row % d->parts;
  const ptrdiff_t cell = row / d->parts, i = cell / d->n[1], j = cell % d->n[1];
  double sum =
      fh_helmholtz_source(c, part, fh_grid_point(&p->grid, 0, i), fh_grid_point(&p->grid, 1, j));
  for (int e = 0; e < 5 && c->boundary != FH_HELMHOLTZ_DIRICHLET; e++) {
    double k = 0.0;
    if (is_inside(d, i + steps[e][0], j + steps[e][1])) continue;
    const complex_number factor = face_factor(p, i, j, steps[e], &k);
    const complex_number g = face_data(p, i, j, steps[e]);
    const double h = d->h[steps[e][0] ? 0 : 1];
    sum +=
        (part == 0 ? g.re * factor.re - g.im * factor.im : g.re * factor.im + g.im * factor.re) / h;
  }
  return part == 0 ? sum : -sum;
}
