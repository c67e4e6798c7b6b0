/*
 * Bilinear elements, vertices with the boundary, du/dn = g built in. Integrals by 3x3 Gauss points, c
 * interpolated bilinearly from the vertices. Rows are divided by the area of a cell, so that norms
 * compare with those of the finite volumes.
 */
#include <math.h>

#include "datagen/problem/helmholtz/helmholtz_impl.h"

enum { GAUSS = 3 };

static const double gauss_weight[GAUSS] = {5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0};

static double gauss_point(int q)
{
  static const double root = 0.77459666924148337704; /* sqrt(3/5) */
  return 0.5 + 0.5 * (q - 1) * root;
}

static double hat(int corner, double s)
{
  return corner ? s : 1.0 - s;
}

/* the element with lower vertex (i, j): its columns, and the entries of the row of corner (a, b),
   times the cell's area */
static void element_row(const fh_problem *p, ptrdiff_t i, ptrdiff_t j, int a, int b,
                        double entries[2][2])
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const double *speed = p->value[0] + i * d->n[1] + j;
  for (int e = 0; e < 4; e++) entries[e / 2][e % 2] = 0.0;
  for (int q = 0; q < GAUSS * GAUSS; q++) {
    const double s = gauss_point(q / GAUSS), t = gauss_point(q % GAUSS);
    const double weight = gauss_weight[q / GAUSS] * gauss_weight[q % GAUSS];
    const double here = (1.0 - s) * ((1.0 - t) * speed[0] + t * speed[1]) +
                        s * ((1.0 - t) * speed[d->n[1]] + t * speed[d->n[1] + 1]);
    const double k = c->omega / here;
    for (int e = 0; e < 4; e++) {
      const int f = e / 2, g = e % 2;
      const double along0 = (a == f ? 1.0 : -1.0) * hat(b, t) * hat(g, t) / (d->h[0] * d->h[0]);
      const double along1 = (b == g ? 1.0 : -1.0) * hat(a, s) * hat(f, s) / (d->h[1] * d->h[1]);
      entries[f][g] +=
          weight * (along0 + along1 - k * k * hat(a, s) * hat(b, t) * hat(f, s) * hat(g, t));
    }
  }
}

static bool is_element(const fh_helmholtz *d, ptrdiff_t i, ptrdiff_t j)
{
  return i >= 0 && i + 1 < d->n[0] && j >= 0 && j + 1 < d->n[1];
}

PetscInt fh_helmholtz_q1_row(const fh_problem *p, PetscInt row, PetscInt *columns,
                             PetscScalar *values)
{
  const fh_helmholtz *d = p->data;
  const ptrdiff_t i = row / d->n[1], j = row % d->n[1];
  double sum[3][3] = {{0.0}}, entries[2][2];
  PetscInt n = 0;
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      if (!is_element(d, i - a, j - b)) continue;
      element_row(p, i - a, j - b, a, b, entries);
      for (int e = 0; e < 4; e++) sum[1 - a + e / 2][1 - b + e % 2] += entries[e / 2][e % 2];
    }
  for (ptrdiff_t ni = i - 1; ni <= i + 1; ni++)
    for (ptrdiff_t nj = j - 1; nj <= j + 1; nj++) {
      if (ni < 0 || ni >= d->n[0] || nj < 0 || nj >= d->n[1]) continue;
      columns[n] = (PetscInt)(ni * d->n[1] + nj);
      values[n++] = sum[ni - i + 1][nj - j + 1];
    }
  return n;
}

/* integral of the top flux times the hat of vertex i over the edge from vertex i - a, by length */
static double edge_load(const fh_problem *p, ptrdiff_t i, int a)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  if (i - a < 0 || i - a + 1 >= d->n[0]) return 0.0;
  const double from = (double)(i - a) * d->h[0];
  const double low = fmax(from, 0.5 - c->width), high = fmin(from + d->h[0], 0.5 + c->width);
  if (!(high > low)) return 0.0;
  return (high - low) * hat(a, (0.5 * (low + high) - from) / d->h[0]);
}

double fh_helmholtz_q1_rhs(const fh_problem *p, PetscInt row)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const ptrdiff_t i = row / d->n[1], j = row % d->n[1];
  double sum = 0.0;
  if (c->drive == FH_HELMHOLTZ_TOP_FLUX && c->medium != FH_HELMHOLTZ_MANUFACTURED)
    return j == d->n[1] - 1
               ? c->source * (edge_load(p, i, 0) + edge_load(p, i, 1)) / (d->h[0] * d->h[1])
               : 0.0;
  for (int e = 0; e < 4; e++) {
    const int a = e / 2, b = e % 2;
    if (!is_element(d, i - a, j - b)) continue;
    for (int q = 0; q < GAUSS * GAUSS; q++) {
      const double s = gauss_point(q / GAUSS), t = gauss_point(q % GAUSS);
      sum += gauss_weight[q / GAUSS] * gauss_weight[q % GAUSS] * hat(a, s) * hat(b, t) *
             fh_helmholtz_source(c, 0, ((double)(i - a) + s) * d->h[0],
                                 ((double)(j - b) + t) * d->h[1]);
    }
  }
  return sum;
}
