/**
 * gelu_table_avx2 - GELU in single precision by table, for processors that look up 8 numbers at once
 *
 * Phi(z) = 1/2 + sign(z) G(|z|), where G is a polynomial of degree 7 around the middle of one of eight
 * intervals: eight look-ups beside seven multiply-adds, six more for the density G'. The error of GELU is
 * below 1.5e-7 |z| everywhere, as with gelu_table_avx512.h, which has 32 intervals.
 */
#pragma once

#include <immintrin.h>
#include <string.h>

/* Coefficient k of interval j: 1/2 erf(a / sqrt 2) = sum_k c[k][j] (a - 0.7 (j + 1/2))^k. The density is
 * interpolated at Chebyshev points in 60 digits and integrated: good to 1.2e-9, its derivative to 2.6e-8. */
static const float gelu_table[8][8] = {
    {0.13683064f, 0.35314095f, 0.45994085f, 0.4928572f, 0.49918365f, 0.49994093f, 0.49999732f,
     0.4999999f},
    {0.37524036f, 0.22988214f, 0.08627732f, 0.019837355f, 0.0027942585f, 0.000241126574f,
     1.27473322e-05f, 4.12847101e-07f},
    {-0.065666825f, -0.12068806f, -0.0754928f, -0.024300747f, -0.00440093f, -0.000464170211f,
     -2.90024309e-05f, -1.08406959e-06f},
    {-0.054878864f, 0.0039271014f, 0.029657839f, 0.016539408f, 0.0041552903f, 0.00055549416f,
     4.18593991e-05f, 1.82780525e-06f},
    {0.015738692f, 0.019081686f, -0.000388523331f, -0.006080686f, -0.0025396806f, -0.000457251997f,
     -4.27078776e-05f, -2.20697166e-06f},
    {0.007128224f, -0.004594634f, -0.0043114424f, 0.00049790839f, 0.00097633712f, 0.000268845324f,
     3.26385343e-05f, 2.05121705e-06f},
    {-0.002430895f, -0.0017170137f, 0.0012588006f, 0.000612011412f, -0.000164402387f,
     -0.0001120741f, -1.98560592e-05f, -1.62432957e-06f},
    {-0.000707041705f, 0.000784351665f, 0.000190310748f, -0.000265941548f, -4.01028337e-05f,
     2.87892217e-05f, 8.65914626e-06f, 9.26141865e-07f},
};

enum { GELU_ORDER = 7 };

static inline __m256 gelu_entry(int k, __m256i j)
{
  return _mm256_permutevar8x32_ps(_mm256_loadu_ps(gelu_table[k]), j);
}

/* z Phi(z); with slope also its derivative 1/2 + sign(z) (G + |z| G'). NaN passes: where one operand of
 * min or max is NaN the second is returned. */
static inline __attribute__((always_inline)) __m256 gelu_by_table(__m256 z, __m256 *slope)
{
  const __m256 far = _mm256_set1_ps(5.599f), half = _mm256_set1_ps(0.5f),
               sign = _mm256_set1_ps(-0.0f),
               magic = _mm256_set1_ps(0x1.8p23f); /* whole numbers come to stand in its low bits */
  const __m256 bounded = _mm256_max_ps(_mm256_or_ps(sign, far), z),
               size = _mm256_andnot_ps(sign, bounded), a = _mm256_min_ps(far, size);
  const __m256 index = _mm256_add_ps(_mm256_fmsub_ps(a, _mm256_set1_ps(1 / 0.7f), half), magic);
  const __m256 middle = _mm256_fmadd_ps(_mm256_sub_ps(index, magic), _mm256_set1_ps(0.7f),
                                        _mm256_set1_ps(0.35f)),
               r = _mm256_sub_ps(a, middle);
  const __m256i j = _mm256_castps_si256(index); /* its low three bits */
  __m256 g = gelu_entry(GELU_ORDER, j), dg = g;
  for (int k = GELU_ORDER - 1; k >= 0; k--) {
    if (slope && k < GELU_ORDER - 1) dg = _mm256_fmadd_ps(dg, r, g);
    g = _mm256_fmadd_ps(g, r, gelu_entry(k, j));
  }
  const __m256 beyond = _mm256_cmp_ps(size, far, _CMP_GE_OQ); /* there G is 1/2, the density 0 */
  g = _mm256_blendv_ps(g, half, beyond);
  if (slope) {
    const __m256 odd = _mm256_fmadd_ps(_mm256_andnot_ps(beyond, a), dg, g);
    *slope = _mm256_add_ps(half, _mm256_xor_ps(odd, _mm256_and_ps(z, sign)));
  }
  return _mm256_fmadd_ps(size, g, _mm256_mul_ps(bounded, half));
}

/* n < 8 numbers, zeros behind; and back. Masked stores are far slower than this on some processors. */
static inline __m256 gelu_load_rest(ptrdiff_t n, const float *x)
{
  float rest[8] = {0};
  memcpy(rest, x, (size_t)n * sizeof *x);
  return _mm256_loadu_ps(rest);
}

static inline void gelu_store_rest(ptrdiff_t n, __m256 v, float *y)
{
  float rest[8];
  _mm256_storeu_ps(rest, v);
  memcpy(y, rest, (size_t)n * sizeof *y);
}

static void gelu_forward(ptrdiff_t n, const float *z, float *y)
{
  ptrdiff_t t = 0;
  for (; t + 8 <= n; t += 8) _mm256_storeu_ps(y + t, gelu_by_table(_mm256_loadu_ps(z + t), NULL));
  if (t < n) gelu_store_rest(n - t, gelu_by_table(gelu_load_rest(n - t, z + t), NULL), y + t);
}

static void gelu_backward(ptrdiff_t n, const float *z, const float *dy, float *dz)
{
  ptrdiff_t t = 0;
  __m256 s;
  for (; t + 8 <= n; t += 8) {
    gelu_by_table(_mm256_loadu_ps(z + t), &s);
    _mm256_storeu_ps(dz + t, _mm256_mul_ps(s, _mm256_loadu_ps(dy + t)));
  }
  if (t == n) return;
  gelu_by_table(gelu_load_rest(n - t, z + t), &s);
  gelu_store_rest(n - t, _mm256_mul_ps(s, gelu_load_rest(n - t, dy + t)), dz + t);
}

static void gelu_both_ways(ptrdiff_t n, const float *z, const float *dy, float *y, float *dz)
{
  ptrdiff_t t = 0;
  __m256 s;
  for (; t + 8 <= n; t += 8) {
    const __m256 value = gelu_by_table(_mm256_loadu_ps(z + t), &s), d = _mm256_loadu_ps(dy + t);
    _mm256_storeu_ps(y + t, value);
    _mm256_storeu_ps(dz + t, _mm256_mul_ps(s, d));
  }
  if (t == n) return;
  const __m256 value = gelu_by_table(gelu_load_rest(n - t, z + t), &s),
               d = gelu_load_rest(n - t, dy + t);
  gelu_store_rest(n - t, value, y + t);
  gelu_store_rest(n - t, _mm256_mul_ps(s, d), dz + t);
}
