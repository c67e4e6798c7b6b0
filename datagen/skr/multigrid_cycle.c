/* multigrid_cycle - the V-cycle on a piece of the samples: see multigrid.h */
#include "datagen/skr/multigrid_impl.h"

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
