/* multigrid_setup - the matrices of a sample on every level, from its faces: see multigrid.h */
#include <math.h>

#include "datagen/skr/multigrid_impl.h"

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
    float **list[MOST_ARRAYS];
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
