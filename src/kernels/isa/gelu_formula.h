/**
 * gelu_formula - GELU(z) = z Phi(z) and its derivative Phi(z) + z phi(z) in double precision
 *
 * With a = |z|: Phi(-a) = exp(-a^2/2) R(a), and (1 + c a) R(a) is a polynomial in
 * t = (a - k) / (a + k) (the form of Shepherd and Laframboise, Math. Comp. 36, 1981; coefficients
 * fitted for this file in 40 digits), so that the far tail is right in relative terms too. The same
 * exponential gives the density.
 */
#pragma once

#include "kernels/isa/exponential.h"

enum { LOW = 27 };
static const fh_real gelu_far = 37.5, inv_sqrt_2pi = 0.39894228040143267794, tail_k = 5,
                     tail_c = 1.25;
static const fh_real tail[] = {
    5.57664961068795612e-1,  -7.85759634765082667e-2, 9.77075756096331316e-3,
    3.27239097975651445e-2,  -4.49651417794300934e-2, 3.65246791765610603e-2,
    -2.12108618804668191e-2, 8.74721192514286599e-3,  -2.1499782234240467e-3,
    -2.38297449700025988e-5, 2.43025209553280447e-4,  -6.72495206169254924e-5,
    -1.40336795495133781e-5, 1.16409293671987003e-5,  8.65701065948544559e-8,
    -1.6912580107058604e-6,  1.32302194292236928e-7,  2.48574394589448304e-7,
    -2.32279999604297085e-8, -3.37928466582464531e-8, 1.3043282158652339e-9,
    2.61499261187444439e-9};
enum { TAIL = sizeof tail / sizeof *tail };

/* Phi(z), and exp(-z^2/2) in *e. */
FH_INLINE fh_real normal_cdf(fh_real z, fh_real *e)
{
  fh_real a = absolute(z);
  a = a < gelu_far ? a : gelu_far;
  /* a^2 = h^2 + (a - h)(a + h) with h^2 exact: the exponent keeps its relative accuracy */
  const fh_real h = from_bits(to_bits(a) & ~(((bits)1 << LOW) - 1));
  fh_real m;
  const fh_real scale = exp_parts((fh_real)-0.5 * h * h, (fh_real)-0.5 * (a - h) * (a + h), &m);
  *e = scale + scale * m;
  const fh_real u = a + tail_k, v = 1 + tail_c * a, r = 1 / (u * v);
  const fh_real q = *e * (polynomial(TAIL, tail, (a - tail_k) * v * r) * (u * r));
  return z > 0 ? 1 - q : q;
}

FH_INLINE fh_real gelu(fh_real z)
{
  fh_real e;
  const fh_real y = z * normal_cdf(z, &e);
  return z < -gelu_far ? (fh_real)-0.0 : y;
}
FH_INLINE fh_real gelu_both(fh_real z, fh_real *slope)
{
  fh_real e;
  const fh_real p = normal_cdf(z, &e);
  const fh_real near = p + z * e * inv_sqrt_2pi, far = z > 0 ? (fh_real)1 : (fh_real)0;
  *slope = absolute(z) > gelu_far ? far : near;
  return z < -gelu_far ? (fh_real)-0.0 : z * p;
}
