/**
 * exponential - exp for activations, as plain code without branches, which compilers turn into
 * vectors; no libm, so that results depend on nothing but this text and the instruction set
 */
#pragma once

#include "kernels/isa/lanes.h"

/* em1: (exp(s) - 1) / s on |s| <= ln 2 / 2, fitted in 40 digits */
#ifdef FH_DOUBLE
typedef uint64_t bits;
enum { FRACTION = 52, BIAS = 1023 };
static const fh_real round_magic = 0x1.8p52, log2e = 1.44269504088896340736,
                     ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
static const fh_real em1[] = {1.0,
                              5.0e-1,
                              1.66666666666666809e-1,
                              4.16666666666666923e-2,
                              8.33333333331955953e-3,
                              1.38888888888718376e-3,
                              1.98412698901562004e-4,
                              2.48015873502188539e-5,
                              2.75572408021115858e-6,
                              2.75572518044096292e-7,
                              2.51100806091804451e-8,
                              2.09216131335819405e-9};
#else
typedef uint32_t bits;
enum { FRACTION = 23, BIAS = 127 };
static const fh_real round_magic = 0x1.8p23f, log2e = 1.44269504f, ln2_hi = 0.693359375f,
                     ln2_lo = -2.12194440e-4f;
static const fh_real em1[] = {1.0f,           5.000000047e-1f, 1.666650499e-1f,
                              4.16663524e-2f, 8.369177167e-3f, 1.394114909e-3f};
#endif
enum { EM1 = sizeof em1 / sizeof *em1 };

FH_INLINE bits to_bits(fh_real x)
{
  union {
    fh_real x;
    bits b;
  } u = {.x = x};
  return u.b;
}
FH_INLINE fh_real from_bits(bits b)
{
  union {
    bits b;
    fh_real x;
  } u = {.b = b};
  return u.x;
}
FH_INLINE fh_real absolute(fh_real x)
{
  return from_bits(to_bits(x) & ~((bits)1 << (8 * sizeof(bits) - 1)));
}
FH_INLINE fh_real with_sign(fh_real magnitude, fh_real sign)
{
  return from_bits(to_bits(magnitude) | (to_bits(sign) & ((bits)1 << (8 * sizeof(bits) - 1))));
}

FH_INLINE fh_real polynomial(const int n, const fh_real *c, fh_real t)
{
  fh_real p = c[n - 1];
  FH_UNROLL
  for (int i = n - 2; i >= 0; i--) p = p * t + c[i];
  return p;
}

/* exp(x + dx) - 1 = scale * (1 + *m) - 1: returns the scale 2^k. */
FH_INLINE fh_real exp_parts(fh_real x, fh_real dx, fh_real *m)
{
  const fh_real magic = x * log2e + round_magic, k = magic - round_magic;
  const fh_real s = (x - k * ln2_hi) - k * ln2_lo + dx;
  *m = s * polynomial(EM1, em1, s);
  return from_bits((to_bits(magic) + BIAS) << FRACTION);
}
