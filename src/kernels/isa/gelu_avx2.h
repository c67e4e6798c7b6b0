/**
 * gelu_avx2 - GELU in single precision, for processors that divide faster than they look up tables
 *
 * With a = |z| and E = exp(-a^2 / 2) the other half of the distribution is
 *   Q = Phi(-a) = E R(a),   R(a) = P(v) / (a + 3),   v = (a - 3) / (a + 3),
 * P a polynomial of degree 6: R is a smooth function (Mills' ratio), and one exponential serves Q and the density. Then
 *   GELU = max(z, 0) - a Q,   its derivative is Q - a phi(a) or, for positive z, 1 minus that.
 * The error of GELU is below 1.8e-7 |z|, that of the derivative below 1.8e-7, and where z is very negative GELU keeps five digits.
 */
#pragma once

#include <immintrin.h>
#include <string.h>

/* P, fitted so that the error of Q is even: 4.4e-9, and at most 5e-5 of what is left of Q */
static const float gelu_ratio[7] = {0.72908473f,   -0.50932777f,  0.22998339f, -0.04748076f,
                                    -0.010806848f, 0.0071513457f, 0.002081544f};
static const float gelu_far = 13;
/* 2^f for |f| <= 1/2, relative error 1.9e-9 */
static const float gelu_power[7] = {
    1, 0.6931472f, 0.24022646f, 0.055503286f, 0.009618489f, 0.0013399931f, 0.00015345812f};

/* c0 + c1 x + ... + c6 x^6 in a short chain of dependent products */
static inline __attribute__((always_inline)) __m256 gelu_polynomial(const float *c, __m256 x)
{
  const __m256 x2 = _mm256_mul_ps(x, x);
  const __m256 c01 = _mm256_fmadd_ps(_mm256_set1_ps(c[1]), x, _mm256_set1_ps(c[0])),
               c23 = _mm256_fmadd_ps(_mm256_set1_ps(c[3]), x, _mm256_set1_ps(c[2])),
               c45 = _mm256_fmadd_ps(_mm256_set1_ps(c[5]), x, _mm256_set1_ps(c[4]));
  const __m256 low = _mm256_fmadd_ps(c23, x2, c01),
               high = _mm256_fmadd_ps(_mm256_set1_ps(c[6]), x2, c45);
  return _mm256_fmadd_ps(high, _mm256_mul_ps(x2, x2), low);
}

/* exp(-a^2 / 2) for 0 <= a <= gelu_far, a normal number */
static inline __attribute__((always_inline)) __m256 gelu_exponential(__m256 a)
{
  const __m256 square = _mm256_mul_ps(a, a),
               scale = _mm256_set1_ps(-0.72134752044448170f), /* -1 / (2 log 2) */
      magic = _mm256_set1_ps(0x1.8p23f); /* the exponent comes to stand in its low bits */
  const __m256 shifted = _mm256_fmadd_ps(square, scale, magic),
               f = _mm256_fmsub_ps(square, scale, _mm256_sub_ps(shifted, magic));
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(gelu_polynomial(gelu_power, f)),
                                              _mm256_slli_epi32(_mm256_castps_si256(shifted), 23)));
}

/* z Phi(z); with slope also its derivative. NaN passes: where one operand of min or max is NaN the second is returned. */
static inline __attribute__((always_inline)) __m256 gelu_of(__m256 z, __m256 *slope)
{
  const __m256 one = _mm256_set1_ps(1), three = _mm256_set1_ps(3), far = _mm256_set1_ps(gelu_far);
  const __m256 a = _mm256_min_ps(far, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), z));
  /* less 2e-37, so that it is 0 from gelu_far on */
  const __m256 e = _mm256_sub_ps(gelu_exponential(a), gelu_exponential(far));
  const __m256 u = _mm256_div_ps(one, _mm256_add_ps(a, three)),
               v = _mm256_mul_ps(_mm256_sub_ps(a, three), u),
               q = _mm256_mul_ps(e, _mm256_mul_ps(u, gelu_polynomial(gelu_ratio, v)));
  if (slope) {
    const __m256 share = _mm256_mul_ps(a, _mm256_set1_ps(0.39894228040143268f)),
                 left = _mm256_fnmadd_ps(share, e, q);
    *slope = _mm256_blendv_ps(_mm256_sub_ps(one, left), left, z);
  }
  return _mm256_fnmadd_ps(a, q, _mm256_max_ps(_mm256_setzero_ps(), z));
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
  for (; t + 8 <= n; t += 8) _mm256_storeu_ps(y + t, gelu_of(_mm256_loadu_ps(z + t), NULL));
  if (t < n) gelu_store_rest(n - t, gelu_of(gelu_load_rest(n - t, z + t), NULL), y + t);
}

static void gelu_backward(ptrdiff_t n, const float *z, const float *dy, float *dz)
{
  ptrdiff_t t = 0;
  __m256 s;
  for (; t + 8 <= n; t += 8) {
    gelu_of(_mm256_loadu_ps(z + t), &s);
    _mm256_storeu_ps(dz + t, _mm256_mul_ps(s, _mm256_loadu_ps(dy + t)));
  }
  if (t == n) return;
  gelu_of(gelu_load_rest(n - t, z + t), &s);
  gelu_store_rest(n - t, _mm256_mul_ps(s, gelu_load_rest(n - t, dy + t)), dz + t);
}

static void gelu_both_ways(ptrdiff_t n, const float *z, const float *dy, float *y, float *dz)
{
  ptrdiff_t t = 0;
  __m256 s;
  for (; t + 8 <= n; t += 8) {
    const __m256 value = gelu_of(_mm256_loadu_ps(z + t), &s), d = _mm256_loadu_ps(dy + t);
    _mm256_storeu_ps(y + t, value);
    _mm256_storeu_ps(dz + t, _mm256_mul_ps(s, d));
  }
  if (t == n) return;
  const __m256 value = gelu_of(gelu_load_rest(n - t, z + t), &s), d = gelu_load_rest(n - t, dy + t);
  gelu_store_rest(n - t, value, y + t);
  gelu_store_rest(n - t, _mm256_mul_ps(s, d), dz + t);
}
