/**
 * gelu_polynomial - GELU in single precision by two polynomials, without exponential and division
 *
 * With u = z^2: Phi(z) = 1/2 + z P(u), and the density is Q(u); both fall with u like sums of decaying
 * exponentials, so that one polynomial each does for |z| <= 5.625, beyond which Phi is 0 or 1 to the last bit
 * but one. Written in s = u / half - 1, |s| <= 1, which keeps the terms small: no cancellation. The
 * error of GELU is below 1.5e-7 |z| everywhere (as that of the usual z/2 (1 + erf) in this precision); it is not
 * small relative to the tail at z << 0.
 */
#pragma once

#include "kernels/isa/exponential.h"

static const fh_real gelu_far = 5.625f, gelu_half = 5.625f * 5.625f / 2;

/* Interpolated at the Chebyshev points of u in 60 digits; the fit is good to 5e-9. */
static const fh_real gelu_p[] = {
    0.125699118f,     -0.0627763346f,  0.0467927232f,  -0.0382314138f,   0.0319423601f,
    -0.02634711f,     0.0210094023f,   -0.01603158f,   0.0114687737f,    -0.00746144122f,
    0.00478484156f,   -0.00335846911f, 0.00179484871f, -0.000384244282f, 0.000243137547f,
    -0.000436103117f, 0.000180376854f};
static const fh_real gelu_q[] = {0.000146410719f, -0.00115770509f,  0.00458032684f, -0.0120978998f,
                                 0.0238920506f,   -0.0375013873f,   0.0496980734f,  -0.0580473505f,
                                 0.0563775636f,   -0.0431941226f,   0.0363481119f,  -0.0382626019f,
                                 0.0226350594f,   -0.000618118793f, 0.00194618315f, -0.00859189499f,
                                 0.00384737458f};
enum { GELU_TERMS = sizeof gelu_p / sizeof *gelu_p };

/* z within the range of the polynomials; NaN stays */
FH_INLINE fh_real gelu_bounded(fh_real z)
{
  const fh_real low = z < -gelu_far ? -gelu_far : z;
  return low > gelu_far ? gelu_far : low;
}

FH_INLINE fh_real gelu(fh_real z)
{
  const fh_real b = gelu_bounded(z), s = b * b * (1 / gelu_half) - 1;
  const fh_real y = z * (b * polynomial(GELU_TERMS, gelu_p, s) + (fh_real)0.5);
  return z < -gelu_far ? (fh_real)-0.0 : y;
}

FH_INLINE fh_real gelu_both(fh_real z, fh_real *slope)
{
  const fh_real b = gelu_bounded(z), s = b * b * (1 / gelu_half) - 1;
  const fh_real cdf = b * polynomial(GELU_TERMS, gelu_p, s) + (fh_real)0.5;
  const fh_real near = b * polynomial(GELU_TERMS, gelu_q, s) + cdf,
                far = z > 0 ? (fh_real)1 : (fh_real)0;
  *slope = absolute(z) > gelu_far ? far : near;
  return z < -gelu_far ? (fh_real)-0.0 : z * cdf;
}
