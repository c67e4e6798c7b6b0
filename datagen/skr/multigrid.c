#include <math.h>

#include "datagen/skr/multigrid_impl.h"

/* ---- geometry ------------------------------------------------------------------------------------ */

/* couplings go with 1/h^2; an axis is halved with the strongest ones */
static bool plan_halving(level *l, double h[3])
{
  double least = HUGE_VAL;
  bool any = false;
  for (int a = 0; a < 3; a++)
    if (l->n[a] > 1) least = fmin(least, h[a]);
  for (int a = 0; a < 3; a++) {
    l->halved[a] = l->n[a] > 1 && h[a] < 1.5 * least;
    if (l->halved[a]) h[a] *= 2.0, any = true;
  }
  return any;
}

static void plan_levels(fh_multigrid *m, const ptrdiff_t n[3], const double spacing[3])
{
  double h[3] = {spacing[0], spacing[1], spacing[2]};
  level *l = m->levels;
  for (int a = 0; a < 3; a++) l->n[a] = n[a];
  for (;; l++) {
    l->size = l->n[0] * l->n[1] * l->n[2];
    m->n_levels = (int)(l - m->levels) + 1;
    if (l->size <= DENSE || m->n_levels == LEVELS || !plan_halving(l, h)) return;
    for (int a = 0; a < 3; a++) l[1].n[a] = l->halved[a] ? half_of(l->n[a]) : l->n[a];
  }
}

/* ---- memory -------------------------------------------------------------------------------------- */

static fh_status new_guarded(float **array, ptrdiff_t count, ptrdiff_t guard)
{
  float *all = NULL;
  FH_NEW(all, count + 2 * guard);
  *array = all + guard;
  return FH_OK;
}

static void free_guarded(float **array, ptrdiff_t guard)
{
  if (*array) fh_free(*array - guard);
  *array = NULL;
}

/* axes of one unknown have no couplings: only the others are told to the kernels */
static fh_status build_level(fh_multigrid *m, level *l)
{
  float **list[MOST_ARRAYS];
  ptrdiff_t now[3];
  l->a.dim = m->dim;
  l->guard = 64;
  for (int a = 0; a < m->dim; a++) {
    ptrdiff_t outer = 0;
    extents(l->n, a, &outer, &l->a.step[a]);
    if (l->a.step[a] > l->guard) l->guard = l->a.step[a];
  }
  l->guard = (l->guard + 15) / 16 * 16;
  visit_arrays(l, list, m->dim);
  for (int i = 0; list[i]; i++) FH_TRY(new_guarded(list[i], m->capacity * l->size, l->guard));
  if (l == &m->levels[m->n_levels - 1]) return FH_OK;
  memcpy(now, l->n, sizeof now);
  for (int a = 0; a < 3; a++) {
    if (!l->halved[a]) continue;
    l->share_size[a] = now[0] * now[1] * now[2];
    FH_NEW(l->t[a], m->capacity * l->share_size[a]);
    now[a] = half_of(now[a]);
    if (a < 2) FH_NEW(l->part[a], m->capacity * now[0] * now[1] * now[2]);
  }
  return FH_OK;
}

static fh_status build(fh_multigrid *m)
{
  const level *last = &m->levels[m->n_levels - 1];
  const ptrdiff_t *n = m->levels[0].n;
  ptrdiff_t most = 0;
  for (int i = 0; i < m->n_levels; i++) FH_TRY(build_level(m, &m->levels[i]));
  FH_CHECK(last->size <= DENSE, FH_ERR_UNSUPPORTED,
           "a coarsest grid of %td unknowns, at most %d are allowed", last->size, DENSE);
  FH_NEW(m->inverse, m->capacity * last->size * last->size);
  for (int a = 0; a < 3; a++)
    if (faces_of(n, a) > most) most = faces_of(n, a);
  FH_NEW(m->resistance, most);
  for (int side = 0; side < 2; side++) {
    FH_NEW(m->reaction[side], m->levels[0].size);
    for (int a = 0; a < 3; a++) FH_NEW(m->face[side][a], faces_of(n, a));
  }
  return FH_OK;
}

/* Chebyshev's iteration on [2/4, 2]; the upper end bounds the eigenvalues of D^-1 A */
static void set_smoother(fh_multigrid *m)
{
  static const double upper = 2.0, lower = 0.5;
  const double middle = 0.5 * (upper + lower), radius = 0.5 * (upper - lower);
  double rho = radius / middle;
  m->rho[0] = 0.0f;
  m->omega[0] = (float)(1.0 / middle);
  for (int k = 1; k < m->degree; k++) {
    const double next = 1.0 / (2.0 * middle / radius - rho);
    m->rho[k] = (float)(next * rho);
    m->omega[k] = (float)(2.0 * next / radius);
    rho = next;
  }
}

fh_status fh_multigrid_create(int dim, const ptrdiff_t n[3], const double spacing[3],
                              ptrdiff_t capacity, int degree, fh_multigrid **multigrid)
{
  fh_multigrid *m = NULL;
  *multigrid = NULL;
  FH_CHECK(degree >= 1 && degree <= MOST_DEGREE, FH_ERR_ARG, "%d products a smoothing: 1 to %d",
           degree, MOST_DEGREE);
  FH_NEW(m, 1);
  m->kernels = fh_stencil_kernels_best();
  m->dim = dim;
  m->capacity = capacity;
  m->degree = degree;
  set_smoother(m);
  plan_levels(m, n, spacing);
  const fh_status st = build(m);
  if (st != FH_OK) fh_multigrid_destroy(&m);
  *multigrid = m;
  return st;
}

void fh_multigrid_destroy(fh_multigrid **multigrid)
{
  fh_multigrid *m = *multigrid;
  if (!m) return;
  for (int i = 0; i < m->n_levels; i++) {
    level *l = &m->levels[i];
    float **list[MOST_ARRAYS];
    visit_arrays(l, list, m->dim);
    for (int k = 0; list[k]; k++) free_guarded(list[k], l->guard);
    for (int a = 0; a < 3; a++) fh_free(l->t[a]);
    for (int a = 0; a < 2; a++) fh_free(l->part[a]);
  }
  for (int side = 0; side < 2; side++) {
    for (int a = 0; a < 3; a++) fh_free(m->face[side][a]);
    fh_free(m->reaction[side]);
  }
  fh_free(m->resistance);
  fh_free(m->inverse);
  fh_free(m);
  *multigrid = NULL;
}

ptrdiff_t fh_multigrid_guard(const fh_multigrid *m)
{
  return m->levels[0].guard;
}
