/* The loops of stencil_kernels.h for one instruction set. */
#include "datagen/skr/stencil_kernels.h"

#include <stdbool.h>

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX2__)
#define BYTES 32
#else
#define BYTES 16
#endif
enum { WIDE = BYTES / sizeof(double) };

#define INLINE static inline __attribute__((always_inline))

/* vectors at any address; WIDE floats go with WIDE doubles */
typedef double real_v __attribute__((vector_size(BYTES)));
typedef double real_u __attribute__((vector_size(BYTES), aligned(sizeof(double)), may_alias));
typedef float half_v __attribute__((vector_size(BYTES / 2)));
typedef float half_u __attribute__((vector_size(BYTES / 2), aligned(sizeof(float)), may_alias));

INLINE real_v load(const double *p)
{
  return *(const real_u *)p;
}
INLINE real_v load_half(const float *p)
{
  const half_v v = *(const half_u *)p;
  return __builtin_convertvector(v, real_v);
}
INLINE void store(double *p, real_v v)
{
  *(real_u *)p = v;
}
INLINE void store_half(float *p, real_v v)
{
  *(half_u *)p = __builtin_convertvector(v, half_v);
}
INLINE double total(real_v v)
{
  double sum = 0.0;
  for (int i = 0; i < WIDE; i++) sum += v[i];
  return sum;
}

/* ---- double precision: the outer iteration ------------------------------------------------------- */

static void combine(ptrdiff_t n, const float *restrict z, double beta, double *restrict p)
{
  for (ptrdiff_t i = 0; i < n; i++) p[i] = (double)z[i] + beta * p[i];
}

INLINE real_v row(const int dim, const fh_stencil_matrix *a, const double *x, ptrdiff_t i)
{
  real_v sum = load(a->d + i) * load(x + i);
  for (int k = 0; k < dim; k++) {
    const ptrdiff_t s = a->step[k];
    const double *c = a->c[k] + i;
    sum -= load(c) * load(x + i + s) + load(c - s) * load(x + i - s);
  }
  return sum;
}

INLINE double row_one(const int dim, const fh_stencil_matrix *a, const double *x, ptrdiff_t i)
{
  double sum = a->d[i] * x[i];
  for (int k = 0; k < dim; k++) {
    const ptrdiff_t s = a->step[k];
    const double *c = a->c[k] + i;
    sum -= c[0] * x[i + s] + c[-s] * x[i - s];
  }
  return sum;
}

INLINE double apply_dim(const int dim, const fh_stencil_matrix *a, ptrdiff_t n, const double *p,
                        double *q)
{
  real_v sum = {0.0};
  double rest = 0.0;
  ptrdiff_t i = 0;
  for (; i + WIDE <= n; i += WIDE) {
    const real_v v = row(dim, a, p, i);
    store(q + i, v);
    sum += v * load(p + i);
  }
  for (; i < n; i++) {
    q[i] = row_one(dim, a, p, i);
    rest += q[i] * p[i];
  }
  return total(sum) + rest;
}

static double apply(const fh_stencil_matrix *a, ptrdiff_t n, const double *p, double *q)
{
  if (a->dim == 2) return apply_dim(2, a, n, p, q);
  return a->dim == 3 ? apply_dim(3, a, n, p, q) : apply_dim(1, a, n, p, q);
}

static double advance(ptrdiff_t n, double alpha, const double *p, const double *q, double *x,
                      double *r, float scale, float *s)
{
  const double factor = (double)scale;
  real_v sum = {0.0};
  double rest = 0.0;
  ptrdiff_t i = 0;
  for (; i + WIDE <= n; i += WIDE) {
    const real_v v = load(r + i) - alpha * load(q + i);
    store(x + i, load(x + i) + alpha * load(p + i));
    store(r + i, v);
    store_half(s + i, factor * v);
    sum += v * v;
  }
  for (; i < n; i++) {
    x[i] += alpha * p[i];
    r[i] -= alpha * q[i];
    s[i] = (float)(factor * r[i]);
    rest += r[i] * r[i];
  }
  return total(sum) + rest;
}

INLINE double residual_dim(const int dim, const fh_stencil_matrix *a, ptrdiff_t n, const double *x,
                           const double *b, double *r, float scale, float *s)
{
  const double factor = (double)scale;
  real_v sum = {0.0};
  double rest = 0.0;
  ptrdiff_t i = 0;
  for (; i + WIDE <= n; i += WIDE) {
    const real_v v = load(b + i) - row(dim, a, x, i);
    store(r + i, v);
    store_half(s + i, factor * v);
    sum += v * v;
  }
  for (; i < n; i++) {
    r[i] = b[i] - row_one(dim, a, x, i);
    s[i] = (float)(factor * r[i]);
    rest += r[i] * r[i];
  }
  return total(sum) + rest;
}

static double residual(const fh_stencil_matrix *a, ptrdiff_t n, const double *x, const double *b,
                       double *r, float scale, float *s)
{
  if (a->dim == 2) return residual_dim(2, a, n, x, b, r, scale, s);
  if (a->dim == 3) return residual_dim(3, a, n, x, b, r, scale, s);
  return residual_dim(1, a, n, x, b, r, scale, s);
}

static double dot(ptrdiff_t n, const double *r, const float *z)
{
  real_v sum = {0.0}, more = {0.0};
  double rest = 0.0;
  ptrdiff_t i = 0;
  for (; i + 2 * WIDE <= n; i += 2 * WIDE) {
    sum += load(r + i) * load_half(z + i);
    more += load(r + i + WIDE) * load_half(z + i + WIDE);
  }
  for (; i < n; i++) rest += r[i] * (double)z[i];
  return total(sum + more) + rest;
}

/* ---- single precision: the preconditioner -------------------------------------------------------- */

static void begin(const fh_stencil_level *l, ptrdiff_t n, float omega, const float *restrict b,
                  float *restrict x)
{
  const float *restrict w = l->w;
  for (ptrdiff_t i = 0; i < n; i++) x[i] = omega * (w[i] * b[i]);
}

/* b + sum of c x */
INLINE float gathered(const int dim, const fh_stencil_level *l, const float *b, const float *x,
                      ptrdiff_t i)
{
  float sum = b[i];
  for (int k = 0; k < dim; k++) {
    const ptrdiff_t s = l->step[k];
    const float *c = l->c[k];
    sum += c[i] * x[i + s] + c[i - s] * x[i - s];
  }
  return sum;
}

INLINE void sweep_dim(const int dim, const fh_stencil_level *level, ptrdiff_t n, float rho,
                      float omega, const float *restrict b, const float *restrict x,
                      float *restrict out)
{
  const fh_stencil_level l = *level;
  const float *restrict w = l.w;
  for (ptrdiff_t i = 0; i < n; i++)
    out[i] = x[i] + rho * (x[i] - out[i]) + omega * (w[i] * gathered(dim, &l, b, x, i) - x[i]);
}

static void sweep(const fh_stencil_level *l, ptrdiff_t n, float rho, float omega, const float *b,
                  const float *x, float *out)
{
  if (l->dim == 2) {
    sweep_dim(2, l, n, rho, omega, b, x, out);
  } else if (l->dim == 3) {
    sweep_dim(3, l, n, rho, omega, b, x, out);
  } else {
    sweep_dim(1, l, n, rho, omega, b, x, out);
  }
}

INLINE void defect_dim(const int dim, const fh_stencil_level *level, ptrdiff_t n,
                       const float *restrict b, const float *restrict x, float *restrict r)
{
  const fh_stencil_level l = *level;
  const float *restrict d = l.d;
  for (ptrdiff_t i = 0; i < n; i++) r[i] = gathered(dim, &l, b, x, i) - d[i] * x[i];
}

static void defect(const fh_stencil_level *l, ptrdiff_t n, const float *b, const float *x, float *r)
{
  if (l->dim == 2) {
    defect_dim(2, l, n, b, x, r);
  } else if (l->dim == 3) {
    defect_dim(3, l, n, b, x, r);
  } else {
    defect_dim(1, l, n, b, x, r);
  }
}

/* one coarse line [inner] from the fine lines 2i-1 (NULL: none), 2i, 2i+1 (none), 2i+2 (none) */
INLINE void gather_line(ptrdiff_t inner, const float *const t[4], const float *const f[4],
                        float *restrict to)
{
  for (ptrdiff_t k = 0; k < inner; k++) to[k] = (1.0f - t[1][k]) * f[1][k];
  if (f[0])
    for (ptrdiff_t k = 0; k < inner; k++) to[k] += t[0][k] * f[0][k];
  if (f[2])
    for (ptrdiff_t k = 0; k < inner; k++) to[k] += (1.0f - t[2][k]) * f[2][k];
  if (f[3])
    for (ptrdiff_t k = 0; k < inner; k++) to[k] += t[3][k] * f[3][k];
}

static void restrict_rows(ptrdiff_t n, ptrdiff_t inner, const float *t, const float *fine,
                          float *coarse)
{
  const ptrdiff_t half = (n + 1) / 2;
  for (ptrdiff_t i = 0; i < half; i++) {
    const float *from[4] = {NULL, NULL, NULL, NULL}, *share[4] = {NULL, NULL, NULL, NULL};
    for (int k = 0; k < 4; k++) {
      const ptrdiff_t line = 2 * i - 1 + k;
      if (line < 0 || line >= n) continue;
      from[k] = fine + line * inner;
      share[k] = t + line * inner;
    }
    gather_line(inner, share, from, coarse + i * inner);
  }
}

/* along contiguous entries */
static void restrict_line(ptrdiff_t n, const float *restrict t, const float *restrict f,
                          float *restrict to)
{
  const ptrdiff_t half = (n + 1) / 2;
  if (half < 3) {
    restrict_rows(n, 1, t, f, to);
    return;
  }
  to[0] = (1.0f - t[0]) * f[0] + (1.0f - t[1]) * f[1] + t[2] * f[2];
  for (ptrdiff_t i = 1; i < half - 1; i++)
    to[i] = (1.0f - t[2 * i]) * f[2 * i] + t[2 * i - 1] * f[2 * i - 1] +
            (1.0f - t[2 * i + 1]) * f[2 * i + 1] + t[2 * i + 2] * f[2 * i + 2];
  const ptrdiff_t last = 2 * (half - 1);
  to[half - 1] = (1.0f - t[last]) * f[last] + t[last - 1] * f[last - 1] +
                 (last + 1 < n ? (1.0f - t[last + 1]) * f[last + 1] : 0.0f);
}

static void restrict_axis(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *t,
                          const float *fine, float *coarse)
{
  for (ptrdiff_t o = 0; o < outer; o++) {
    if (inner > 1) {
      restrict_rows(n, inner, t, fine, coarse);
    } else {
      restrict_line(n, t, fine, coarse);
    }
    t += n * inner, fine += n * inner, coarse += (n + 1) / 2 * inner;
  }
}

/* a fine line from its own coarse line and the other one (NULL: the boundary, 0) */
INLINE void spread_line(ptrdiff_t inner, const float *restrict t, const float *restrict own,
                        const float *restrict other, int add, float *restrict to)
{
  if (other && add) {
    for (ptrdiff_t k = 0; k < inner; k++) to[k] += own[k] + t[k] * (other[k] - own[k]);
  } else if (other) {
    for (ptrdiff_t k = 0; k < inner; k++) to[k] = own[k] + t[k] * (other[k] - own[k]);
  } else if (add) {
    for (ptrdiff_t k = 0; k < inner; k++) to[k] += own[k] - t[k] * own[k];
  } else {
    for (ptrdiff_t k = 0; k < inner; k++) to[k] = own[k] - t[k] * own[k];
  }
}

static void prolong_rows(ptrdiff_t n, ptrdiff_t inner, const float *t, int add, const float *coarse,
                         float *fine)
{
  const ptrdiff_t half = (n + 1) / 2;
  for (ptrdiff_t i = 0; i < n; i++) {
    const ptrdiff_t own = i / 2, other = i % 2 ? own + 1 : own - 1;
    spread_line(inner, t + i * inner, coarse + own * inner,
                other >= 0 && other < half ? coarse + other * inner : NULL, add, fine + i * inner);
  }
}

INLINE void prolong_line(ptrdiff_t n, const float *restrict t, const int add,
                         const float *restrict c, float *restrict fine)
{
  const ptrdiff_t half = (n + 1) / 2;
  if (half < 3) {
    prolong_rows(n, 1, t, add, c, fine);
    return;
  }
  fine[0] = (add ? fine[0] : 0.0f) + (c[0] - t[0] * c[0]);
  fine[1] = (add ? fine[1] : 0.0f) + (c[0] + t[1] * (c[1] - c[0]));
  for (ptrdiff_t i = 1; i < half - 1; i++) {
    fine[2 * i] = (add ? fine[2 * i] : 0.0f) + (c[i] + t[2 * i] * (c[i - 1] - c[i]));
    fine[2 * i + 1] = (add ? fine[2 * i + 1] : 0.0f) + (c[i] + t[2 * i + 1] * (c[i + 1] - c[i]));
  }
  const ptrdiff_t i = half - 1;
  fine[2 * i] = (add ? fine[2 * i] : 0.0f) + (c[i] + t[2 * i] * (c[i - 1] - c[i]));
  if (2 * i + 1 < n)
    fine[2 * i + 1] = (add ? fine[2 * i + 1] : 0.0f) + (c[i] - t[2 * i + 1] * c[i]);
}

static void prolong_axis(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *t, int add,
                         const float *coarse, float *fine)
{
  for (ptrdiff_t o = 0; o < outer; o++) {
    if (inner > 1) {
      prolong_rows(n, inner, t, add, coarse, fine);
    } else if (add) {
      prolong_line(n, t, 1, coarse, fine);
    } else {
      prolong_line(n, t, 0, coarse, fine);
    }
    t += n * inner, fine += n * inner, coarse += (n + 1) / 2 * inner;
  }
}

const fh_stencil_kernels JOIN(fh_stencil_kernels,
                              FH_ISA_NAME) = {&JOIN(fh_stencil_setup, FH_ISA_NAME),
                                              combine,
                                              apply,
                                              advance,
                                              residual,
                                              dot,
                                              begin,
                                              sweep,
                                              defect,
                                              restrict_axis,
                                              prolong_axis};
