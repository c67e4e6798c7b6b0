/**
 * gelu_table_avx2 - GELU in single precision by table, for processors that look up 4 numbers at once
 *
 * Phi(z) = 1/2 + sign(z) G(|z|), where G is a polynomial of degree 9 around the middle of one of four
 * intervals: ten look-ups and twelve products, nine more for the density G'. The error of GELU is
 * below 1.5e-7 |z| everywhere, as with gelu_table_avx512.h, which has 32 intervals. Eight intervals would do with
 * degree 7, but a look-up across the halves of a vector takes as long as four within them (AMD Zen 3).
 */
#pragma once

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

/* Coefficient k of interval j: 1/2 erf(a / sqrt 2) = sum_k c[k][j] (a - 1.4 (j + 1/2))^k. The density is
 * interpolated at Chebyshev points in 60 digits and integrated: good to 3.1e-9, its derivative to 4.0e-8. */
static const float gelu_table[10][4] = {
    {0.25803635f, 0.4821356f, 0.49976736f, 0.49999952f},
    {0.31225392f, 0.043983597f, 0.0008726827f, 2.4389608e-06f},
    {-0.10928865f, -0.046182774f, -0.0015272052f, -5.974764e-06f},
    {-0.02654162f, 0.024997365f, 0.001636279f, 9.3534145e-06f},
    {0.022856416f, -0.0054264893f, -0.0011770685f, -1.0471437e-05f},
    {0.0007814788f, -0.0014708233f, 0.0005786233f, 8.849782e-06f},
    {-0.0031233886f, 0.0012383033f, -0.00018127481f, -5.7858606e-06f},
    {0.00021784582f, -0.00019460016f, 2.131281e-05f, 3.0289189e-06f},
    {0.00028446113f, -8.152132e-05f, 1.1490848e-05f, -1.3272811e-06f},
    {-3.9425657e-05f, 3.416323e-05f, -5.7919247e-06f, 3.7653825e-07f},
};

static inline __m256 gelu_entry(int k, __m256i j)
{
  return _mm256_permutevar_ps(_mm256_broadcast_ps((const __m128 *)(const void *)gelu_table[k]), j);
}

/* G by powers of r^2 and r^4, a short chain of dependent products; with slope also G' in *dg. */
static inline __attribute__((always_inline)) __m256 gelu_polynomial(__m256 r, __m256i j, bool slope,
                                                                    __m256 *dg)
{
  const __m256 r2 = _mm256_mul_ps(r, r), r4 = _mm256_mul_ps(r2, r2), twice = _mm256_add_ps(r, r),
               dr4 = _mm256_mul_ps(twice, _mm256_add_ps(r2, r2)); /* 4 r^3 */
  __m256 d = gelu_entry(9, j), g = _mm256_fmadd_ps(d, r, gelu_entry(8, j));
  for (int k = 4; k >= 0; k -= 4) {
    const __m256 c1 = gelu_entry(k + 1, j), c3 = gelu_entry(k + 3, j),
                 top = _mm256_fmadd_ps(c3, r, gelu_entry(k + 2, j)),
                 low = _mm256_fmadd_ps(top, r2, _mm256_fmadd_ps(c1, r, gelu_entry(k, j)));
    if (slope) {
      const __m256 dlow = _mm256_fmadd_ps(twice, top, _mm256_fmadd_ps(c3, r2, c1));
      d = _mm256_fmadd_ps(dr4, g, _mm256_fmadd_ps(d, r4, dlow));
    }
    g = _mm256_fmadd_ps(g, r4, low);
  }
  *dg = d;
  return g;
}

/* z Phi(z); with slope also its derivative 1/2 + sign(z) (G + |z| G'). NaN passes: where one operand of
 * min or max is NaN the second is returned. */
static inline __attribute__((always_inline)) __m256 gelu_by_table(__m256 z, __m256 *slope)
{
  const __m256 far = _mm256_set1_ps(5.599f), half = _mm256_set1_ps(0.5f),
               sign = _mm256_set1_ps(-0.0f),
               magic = _mm256_set1_ps(0x1.8p23f); /* the interval comes to stand in its low bits */
  const __m256 bounded = _mm256_max_ps(_mm256_or_ps(sign, far), z),
               size = _mm256_andnot_ps(sign, bounded), a = _mm256_min_ps(far, size);
  const __m256 index = _mm256_add_ps(_mm256_fmsub_ps(a, _mm256_set1_ps(1 / 1.4f), half), magic);
  const __m256 r = _mm256_fnmadd_ps(_mm256_sub_ps(index, magic), _mm256_set1_ps(1.4f),
                                    _mm256_sub_ps(a, _mm256_set1_ps(0.7f)));
  __m256 dg, g = gelu_polynomial(r, _mm256_castps_si256(index), slope != NULL, &dg);
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
