/* The loops of fh_stencil_setup (stencil_kernels.h) for one instruction set. */
#include <stdbool.h>

#include "datagen/skr/stencil_kernels.h"

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)

static void invert(ptrdiff_t n, const float *restrict x, float *restrict y)
{
  for (ptrdiff_t i = 0; i < n; i++) y[i] = 1.0f / x[i];
}

static void narrow(ptrdiff_t n, double scale, const double *restrict x, float *restrict y)
{
  for (ptrdiff_t i = 0; i < n; i++) y[i] = (float)(scale * x[i]);
}

#define COUPLE(name, real)                                                                         \
  static void name(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const real *restrict face,       \
                   real *restrict c, real *restrict d)                                             \
  {                                                                                                \
    for (ptrdiff_t o = 0; o < outer; o++) {                                                        \
      for (ptrdiff_t i = 0; i < n * inner; i++) {                                                  \
        d[i] += face[i] + face[i + inner];                                                         \
        c[i] = face[i + inner];                                                                    \
      }                                                                                            \
      for (ptrdiff_t i = (n - 1) * inner; i < n * inner; i++) c[i] = 0;                            \
      face += (n + 1) * inner, c += n * inner, d += n * inner;                                     \
    }                                                                                              \
  }
COUPLE(couple, float)
COUPLE(couple_real, double)

static void add_pairs(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *restrict fine,
                      float *restrict coarse)
{
  for (ptrdiff_t o = 0; o < outer; o++) {
    if (inner == 1)
      for (ptrdiff_t i = 0; i < n / 2; i++) coarse[i] = fine[2 * i] + fine[2 * i + 1];
    for (ptrdiff_t i = 0; i < n / 2 && inner > 1; i++)
      for (ptrdiff_t k = 0; k < inner; k++)
        coarse[i * inner + k] = fine[2 * i * inner + k] + fine[(2 * i + 1) * inner + k];
    if (n % 2)
      for (ptrdiff_t k = 0; k < inner; k++) coarse[n / 2 * inner + k] = fine[(n - 1) * inner + k];
    fine += n * inner, coarse += (n + 1) / 2 * inner;
  }
}

/* resistances along one line of [inner] columns; between coarse cells i - 1 and i lies fine face 2i */
static void sum_series(ptrdiff_t n, ptrdiff_t inner, const float *restrict r,
                       float *restrict coarse)
{
  const ptrdiff_t half = (n + 1) / 2;
  const bool even = n % 2 == 0; /* the last coarse cell has two fine ones */
  for (ptrdiff_t k = 0; k < inner; k++) {
    coarse[k] = r[k] + 0.5f * r[inner + k];
    coarse[half * inner + k] = r[n * inner + k] + (even ? 0.5f * r[(n - 1) * inner + k] : 0.0f);
  }
  for (ptrdiff_t i = 1; i < half; i++) {
    const float *at = r + 2 * i * inner;
    const bool inside = 2 * i + 1 < n;
    for (ptrdiff_t k = 0; k < inner; k++)
      coarse[i * inner + k] = at[k] + 0.5f * at[k - inner] + (inside ? 0.5f * at[inner + k] : 0.0f);
  }
}

static void find_shares(ptrdiff_t n, ptrdiff_t inner, const float *restrict r,
                        const float *restrict coarse, float *restrict t)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    /* the fine face inside the coarse cell, and the coarse face on this point's side */
    const float *own = r + (i / 2 * 2 + 1) * inner, *side = coarse + (i + 1) / 2 * inner;
    const bool alone = i / 2 * 2 + 1 >= n;
    for (ptrdiff_t k = 0; k < inner; k++) t[i * inner + k] = alone ? 0.0f : 0.5f * own[k] * side[k];
  }
}

/* both for lines of neighbours: two fine points a turn, in the same order of operations */
static void sum_series_line(ptrdiff_t n, const float *restrict r, float *restrict coarse)
{
  const ptrdiff_t half = (n + 1) / 2, pairs = n / 2;
  coarse[0] = r[0] + 0.5f * r[1];
  for (ptrdiff_t i = 1; i < pairs; i++)
    coarse[i] = r[2 * i] + 0.5f * r[2 * i - 1] + 0.5f * r[2 * i + 1];
  if (n % 2 && half > 1) coarse[half - 1] = r[n - 1] + 0.5f * r[n - 2];
  coarse[half] = r[n] + (n % 2 ? 0.0f : 0.5f * r[n - 1]);
}

static void find_shares_line(ptrdiff_t n, const float *restrict r, const float *restrict coarse,
                             float *restrict t)
{
  for (ptrdiff_t i = 0; i < n / 2; i++) {
    t[2 * i] = 0.5f * r[2 * i + 1] * coarse[i];
    t[2 * i + 1] = 0.5f * r[2 * i + 1] * coarse[i + 1];
  }
  if (n % 2) t[n - 1] = 0.0f;
}

static void halve_faces(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *r,
                        float *coarse, float *t)
{
  const ptrdiff_t faces = ((n + 1) / 2 + 1) * inner;
  for (ptrdiff_t o = 0; o < outer; o++) {
    if (inner > 1)
      sum_series(n, inner, r + o * (n + 1) * inner, coarse + o * faces);
    else
      sum_series_line(n, r + o * (n + 1), coarse + o * faces);
  }
  for (ptrdiff_t i = 0; i < outer * faces; i++) coarse[i] = 1.0f / coarse[i];
  for (ptrdiff_t o = 0; o < outer; o++) {
    if (inner > 1)
      find_shares(n, inner, r + o * (n + 1) * inner, coarse + o * faces, t + o * n * inner);
    else
      find_shares_line(n, r + o * (n + 1), coarse + o * faces, t + o * n);
  }
}

const fh_stencil_setup JOIN(fh_stencil_setup, FH_ISA_NAME) = {couple,      couple_real, add_pairs,
                                                              halve_faces, invert,      narrow};
