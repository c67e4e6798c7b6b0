/**
 * box_muller - two standard normal numbers from two random words
 *
 * Plain code without branches and without the mathematical library, so that compilers turn loops over
 * it into vector instructions and the numbers are the same bits on every machine (compile with
 * -ffp-contract=off where the processor multiplies and adds in one instruction). Errors are below 2 ulp.
 */
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

/** 53 random bits, shifted by half a unit so that 0 cannot occur; nor can 1, to which the largest of them alone
 *  would be rounded. The bits go through the mantissa, since not every instruction set converts integers of 64 bits. */
static inline double fh_open_unit(uint64_t word)
{
  const uint64_t high = (word >> 38) | 0x4330000000000000u, /* 2^52 + the upper 26 bits */
      low = ((word >> 11) & 0x7ffffffu) | 0x4330000000000000u;
  double a, b;
  memcpy(&a, &high, sizeof a);
  memcpy(&b, &low, sizeof b);
  const double u = (a - 0x1p52) * 0x1p-26 + ((b - 0x1p52) + 0.5) * 0x1p-53;
  return u < 1 - 0x1p-53 ? u : 1 - 0x1p-53;
}

/** log(u) for 0 < u < 1, not subnormal: u = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh((m-1)/(m+1)). */
static inline double fh_log_unit(double u)
{
  static const double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  const uint64_t offset = 0x3fe6a09e667f3bcdu;                     /* sqrt(1/2) */
  const uint64_t shifted = bits - offset + 0x4000000000000000u;    /* never negative */
  const uint64_t exponent = (shifted >> 52) | 0x4330000000000000u; /* 2^52 + e + 1024 */
  const uint64_t mantissa = bits - ((shifted >> 52) << 52) + 0x4000000000000000u;
  double e, m;
  memcpy(&e, &exponent, sizeof e);
  memcpy(&m, &mantissa, sizeof m);
  e -= 0x1p52 + 1024.0;
  const double f = m - 1.0, s = f / (m + 1.0), t = s * s;
  double p = 1.0 / 23;
  p = p * t + 1.0 / 21;
  p = p * t + 1.0 / 19;
  p = p * t + 1.0 / 17;
  p = p * t + 1.0 / 15;
  p = p * t + 1.0 / 13;
  p = p * t + 1.0 / 11;
  p = p * t + 1.0 / 9;
  p = p * t + 1.0 / 7;
  p = p * t + 1.0 / 5;
  p = p * t + 1.0 / 3;
  return e * ln2_high + (2.0 * s + (2.0 * s * t * p + e * ln2_low));
}

/** cos and sin of 2 pi u, 0 <= u <= 1: the reduction to an eighth of the circle is exact. */
static inline void fh_circle(double u, double *cosine, double *sine)
{
  const double turns = 4.0 * u, quarter = (turns + 0x1.8p52) - 0x1.8p52;
  const double x = (turns - quarter) * 1.57079632679489661923, t = x * x;
  double s = -1.0 / 121645100408832000.0, c = 1.0 / 20922789888000.0;
  s = s * t + 1.0 / 355687428096000.0;
  s = s * t - 1.0 / 1307674368000.0;
  s = s * t + 1.0 / 6227020800.0;
  s = s * t - 1.0 / 39916800.0;
  s = s * t + 1.0 / 362880.0;
  s = s * t - 1.0 / 5040.0;
  s = s * t + 1.0 / 120.0;
  s = s * t - 1.0 / 6.0;
  s = x + x * t * s;
  c = c * t - 1.0 / 87178291200.0;
  c = c * t + 1.0 / 479001600.0;
  c = c * t - 1.0 / 3628800.0;
  c = c * t + 1.0 / 40320.0;
  c = c * t - 1.0 / 720.0;
  c = c * t + 1.0 / 24.0;
  c = 1.0 + t * (t * c - 0.5);
  const double odd = quarter == 1.0 || quarter == 3.0 ? 1.0 : 0.0;
  const double first = odd == 1.0 ? s : c, second = odd == 1.0 ? c : s;
  *cosine = quarter == 1.0 || quarter == 2.0 ? -first : first;
  *sine = quarter == 2.0 || quarter == 3.0 ? -second : second;
}

/** Box and Muller's pair. */
static inline void fh_box_muller(uint64_t first, uint64_t second, double *z0, double *z1)
{
  const double radius = sqrt(-2.0 * fh_log_unit(fh_open_unit(first)));
  double c, s;
  fh_circle(fh_open_unit(second), &c, &s);
  *z0 = radius * c;
  *z1 = radius * s;
}
