#include "datagen/skr/multigrid.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { LEVELS = 32, DENSE = 32, MOST_DEGREE = 3 };

/* One grid for all samples, which lie one after the other. */
typedef struct {
  ptrdiff_t n[3], size, guard;
  bool halved[3];          /* axes that the next grid has half of */
  ptrdiff_t share_size[3]; /* entries of t for a sample */
  fh_stencil_level a;
  float *
      t[3]; /* shares, see stencil_kernels.h; axis k on the grid where the axes before are halved */
  float *b, *x, *y; /* right-hand side, solution, and another one */
  float *part[2];   /* between transfers along two axes */
} level;

struct fh_multigrid {
  const fh_stencil_kernels *kernels;
  int dim, n_levels, degree;
  ptrdiff_t capacity;
  float rho[MOST_DEGREE], omega[MOST_DEGREE];
  level levels[LEVELS];
  float *inverse;                  /* [capacity][dense][dense] of the coarsest matrices */
  float *face[2][3], *reaction[2]; /* of the sample that is set up: fine, coarse */
  float *resistance;
};

/* ---- geometry ------------------------------------------------------------------------------------ */

static ptrdiff_t half_of(ptrdiff_t n)
{
  return (n + 1) / 2;
}

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

/* products of extents before and behind an axis, where the axes before it have the extents of `now` */
static void extents(const ptrdiff_t now[3], int axis, ptrdiff_t *outer, ptrdiff_t *inner)
{
  *outer = *inner = 1;
  for (int a = 0; a < axis; a++) *outer *= now[a];
  for (int a = axis + 1; a < 3; a++) *inner *= now[a];
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

/* everything of a level that is one entry an unknown */
static void visit_arrays(level *l, float **list[10], int dim)
{
  float **const fixed[] = {&l->a.d, &l->a.w, &l->b, &l->x, &l->y};
  int n = 0;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) list[n++] = fixed[i];
  for (int a = 0; a < dim; a++) list[n++] = &l->a.c[a];
  list[n] = NULL;
}

/* axes of one unknown have no couplings: only the others are told to the kernels */
static fh_status build_level(fh_multigrid *m, level *l)
{
  float **list[10];
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

static ptrdiff_t faces_of(const ptrdiff_t n[3], int axis)
{
  return n[0] * n[1] * n[2] / n[axis] * (n[axis] + 1);
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
    float **list[10];
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

/* ---- the matrices of a sample -------------------------------------------------------------------- */

/* level arrays of one sample from its faces */
static void store_level(fh_multigrid *m, level *l, ptrdiff_t sample, float *const face[3],
                        const float *reaction)
{
  const ptrdiff_t at = sample * l->size;
  memcpy(l->a.d + at, reaction, (size_t)l->size * sizeof *reaction);
  for (int a = 0; a < m->dim; a++) {
    ptrdiff_t outer = 1, inner = 1;
    extents(l->n, a, &outer, &inner);
    m->kernels->setup->couple(outer, l->n[a], inner, face[a], l->a.c[a] + at, l->a.d + at);
  }
  m->kernels->setup->invert(l->size, l->a.d + at, l->a.w + at);
}

static void swap(float **a, float **b)
{
  float *t = *a;
  *a = *b;
  *b = t;
}

/* faces on the grid `now`, halved along one axis, in m->face[0]; m->face[1] is room */
static void halve(fh_multigrid *m, level *l, ptrdiff_t sample, ptrdiff_t now[3], int axis)
{
  const fh_stencil_kernels *k = m->kernels;
  float **fine = m->face[0], **coarse = m->face[1];
  ptrdiff_t outer = 1, inner = 1;
  for (int a = 0; a < m->dim; a++) {
    ptrdiff_t with_faces[3] = {now[0], now[1], now[2]};
    with_faces[a] += a == axis ? 0 : 1;
    extents(with_faces, axis, &outer, &inner);
    if (a == axis) {
      k->setup->invert(faces_of(now, a), fine[a], m->resistance);
      k->setup->halve_faces(outer, now[axis], inner, m->resistance, coarse[a],
                            l->t[axis] + sample * l->share_size[axis]);
    } else {
      k->setup->add_pairs(outer, now[axis], inner, fine[a], coarse[a]);
    }
    swap(&fine[a], &coarse[a]);
  }
  extents(now, axis, &outer, &inner);
  k->setup->add_pairs(outer, now[axis], inner, m->reaction[0], m->reaction[1]);
  swap(&m->reaction[0], &m->reaction[1]);
  now[axis] = half_of(now[axis]);
}

/* inverse of the matrix of a level by Cholesky's factor, in double */
static bool invert_dense(const fh_multigrid *m, const level *l, ptrdiff_t sample)
{
  const ptrdiff_t n = l->size, at = sample * n;
  double f[DENSE][DENSE] = {{0.0}}, column[DENSE];
  for (ptrdiff_t i = 0; i < n; i++) {
    f[i][i] = (double)l->a.d[at + i];
    for (int a = 0; a < m->dim; a++) {
      const ptrdiff_t j = i + l->a.step[a];
      if (j < n) f[j][i] -= (double)l->a.c[a][at + i];
    }
  }
  for (ptrdiff_t j = 0; j < n; j++)
    for (ptrdiff_t i = j; i < n; i++) {
      double sum = f[i][j];
      for (ptrdiff_t k = 0; k < j; k++) sum -= f[i][k] * f[j][k];
      if (i == j && !(sum > 0.0 && sum < HUGE_VAL)) return false;
      f[i][j] = i == j ? sqrt(sum) : sum / f[j][j];
    }
  for (ptrdiff_t c = 0; c < n; c++) {
    for (ptrdiff_t i = 0; i < n; i++) {
      double sum = i == c ? 1.0 : 0.0;
      for (ptrdiff_t k = 0; k < i; k++) sum -= f[i][k] * column[k];
      column[i] = sum / f[i][i];
    }
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
      for (ptrdiff_t k = i + 1; k < n; k++) column[i] -= f[k][i] * column[k];
      column[i] /= f[i][i];
      m->inverse[(sample * n + c) * n + i] = (float)column[i];
    }
  }
  return true;
}

bool fh_multigrid_set(fh_multigrid *m, ptrdiff_t sample, const fh_stencil *s, double scale)
{
  for (int a = 0; a < m->dim; a++)
    m->kernels->setup->narrow(fh_stencil_faces(s, a), scale, s->face[a], m->face[0][a]);
  m->kernels->setup->narrow(fh_stencil_size(s), scale, s->reaction, m->reaction[0]);
  for (int i = 0; i < m->n_levels; i++) {
    level *l = &m->levels[i];
    ptrdiff_t now[3] = {l->n[0], l->n[1], l->n[2]};
    store_level(m, l, sample, m->face[0], m->reaction[0]);
    if (i == m->n_levels - 1) break;
    for (int a = 0; a < 3; a++)
      if (l->halved[a]) halve(m, l, sample, now, a);
  }
  return invert_dense(m, &m->levels[m->n_levels - 1], sample);
}

void fh_multigrid_clear(fh_multigrid *m, ptrdiff_t sample)
{
  for (int i = 0; i < m->n_levels; i++) {
    level *l = &m->levels[i];
    float **list[10];
    visit_arrays(l, list, m->dim);
    for (int k = 0; list[k]; k++)
      memset(*list[k] + sample * l->size, 0, (size_t)l->size * sizeof(float));
    for (int a = 0; a < 3; a++)
      if (l->t[a])
        memset(l->t[a] + sample * l->share_size[a], 0, (size_t)l->share_size[a] * sizeof(float));
  }
  const ptrdiff_t n = m->levels[m->n_levels - 1].size;
  memset(m->inverse + sample * n * n, 0, (size_t)(n * n) * sizeof(float));
}

/* ---- the cycle ----------------------------------------------------------------------------------- */

/* levels of a piece of the samples */
static fh_stencil_level from_sample(const level *l, ptrdiff_t from)
{
  fh_stencil_level a = l->a;
  a.d += from * l->size, a.w += from * l->size;
  for (int k = 0; k < a.dim; k++) a.c[k] += from * l->size;
  return a;
}

static void solve_dense(const fh_multigrid *m, const level *l, ptrdiff_t from, ptrdiff_t count,
                        const float *b, float *x)
{
  const ptrdiff_t n = l->size;
  for (ptrdiff_t s = 0; s < count; s++, b += n, x += n) {
    const float *row = m->inverse + (from + s) * n * n;
    for (ptrdiff_t i = 0; i < n; i++, row += n) {
      float sum = 0.0f;
      for (ptrdiff_t k = 0; k < n; k++) sum += row[k] * b[k];
      x[i] = sum;
    }
  }
}

/* r on this level -> the right-hand side of the next one */
static void restrict_all(const fh_multigrid *m, level *l, ptrdiff_t from, ptrdiff_t count,
                         const float *r, float *to)
{
  ptrdiff_t now[3] = {l->n[0], l->n[1], l->n[2]};
  int last = 2;
  while (!l->halved[last]) last--;
  for (int a = 0; a <= last; a++) {
    ptrdiff_t outer = 1, inner = 1;
    if (!l->halved[a]) continue;
    float *next = a == last ? to : l->part[a];
    extents(now, a, &outer, &inner);
    m->kernels->restrict_axis(count * outer, now[a], inner, l->t[a] + from * l->share_size[a], r,
                              next);
    now[a] = half_of(now[a]);
    r = next;
  }
}

/* x += what the next level found */
static void prolong_all(const fh_multigrid *m, level *l, ptrdiff_t from, ptrdiff_t count,
                        const float *coarse, float *x)
{
  ptrdiff_t now[3];
  int first = 0;
  while (!l->halved[first]) first++;
  for (int a = 0; a < 3; a++) now[a] = l->halved[a] ? half_of(l->n[a]) : l->n[a];
  for (int a = 2; a >= first; a--) {
    ptrdiff_t outer = 1, inner = 1;
    if (!l->halved[a]) continue;
    int before = a - 1; /* the next axis to be doubled has room behind its own halving */
    while (before > first && !l->halved[before]) before--;
    float *next = a == first ? x : l->part[before];
    now[a] = l->n[a];
    extents(now, a, &outer, &inner);
    m->kernels->prolong_axis(count * outer, now[a], inner, l->t[a] + from * l->share_size[a],
                             a == first, coarse, next);
    coarse = next;
  }
}

/* smoothing from x, which may be said to be zero; the result is in *x, *y is room */
static void smooth(const fh_multigrid *m, const fh_stencil_level *a, ptrdiff_t n, bool zero,
                   const float *b, float **x, float **y)
{
  for (int k = 0; k < m->degree; k++) {
    if (k == 0 && zero) {
      m->kernels->begin(a, n, m->omega[0], b, *x);
      if (m->degree > 1) memset(*y, 0, (size_t)n * sizeof **y);
      continue;
    }
    m->kernels->sweep(a, n, m->rho[k], m->omega[k], b, *x, *y);
    swap(x, y);
  }
}

/* result in z */
static void cycle(fh_multigrid *m, int i, ptrdiff_t from, ptrdiff_t count, const float *b, float *z)
{
  level *l = &m->levels[i], *next = l + 1;
  const ptrdiff_t n = count * l->size;
  if (i == m->n_levels - 1) {
    solve_dense(m, l, from, count, b, z);
    return;
  }
  const fh_stencil_level a = from_sample(l, from);
  float *x = l->x, *y = l->y;
  smooth(m, &a, n, true, b, &x, &y);
  m->kernels->defect(&a, n, b, x, y);
  restrict_all(m, l, from, count, y, next->b);
  cycle(m, i + 1, from, count, next->b, i + 1 == m->n_levels - 1 ? next->x : NULL);
  prolong_all(m, l, from, count, next->x, x);
  smooth(m, &a, n, false, b, &x, &y);
  /* the finest result goes out; the others stay in their level's x */
  if (z) {
    memcpy(z, x, (size_t)n * sizeof *z);
  } else if (x != l->x) {
    swap(&l->x, &l->y);
  }
}

void fh_multigrid_apply(fh_multigrid *m, ptrdiff_t from, ptrdiff_t count, const float *r, float *z)
{
  cycle(m, 0, from, count, r, z);
}
