/* Activations and their derivatives.
 *
 * GELU(z) = z Phi(z). With a = |z|: Phi(-a) = exp(-a^2/2) R(a), and (1 + c a) R(a) is a polynomial
 * in t = (a - k) / (a + k) (the form of Shepherd and Laframboise, Math. Comp. 36, 1981; coefficients
 * fitted for this file in 40 digits), so that the far tail is right in relative terms too. The same
 * exponential gives the density, and with it the derivative Phi(z) + z phi(z).
 *
 * tanh(a) = E / (E + 2) with E = exp(2a) - 1 taken without cancellation.
 *
 * Plain loops without branches, which compilers turn into vectors. No libm: results depend on
 * nothing but this text and the instruction set. */
#include "kernels/isa/tables.h"

#ifdef FH_DOUBLE
typedef uint64_t bits;
enum { FRACTION = 52, BIAS = 1023, LOW = 27 };
static const fh_real round_magic = 0x1.8p52, gelu_far = 37.5, tanh_far = 20,
                     log2e = 1.44269504088896340736, ln2_hi = 6.93147180369123816490e-01,
                     ln2_lo = 1.90821492927058770002e-10, inv_sqrt_2pi = 0.39894228040143267794;
static const fh_real tail_k = 5, tail_c = 1.25;
static const fh_real tail[] = {
    5.57664961068795612e-1,  -7.85759634765082667e-2, 9.77075756096331316e-3,
    3.27239097975651445e-2,  -4.49651417794300934e-2, 3.65246791765610603e-2,
    -2.12108618804668191e-2, 8.74721192514286599e-3,  -2.1499782234240467e-3,
    -2.38297449700025988e-5, 2.43025209553280447e-4,  -6.72495206169254924e-5,
    -1.40336795495133781e-5, 1.16409293671987003e-5,  8.65701065948544559e-8,
    -1.6912580107058604e-6,  1.32302194292236928e-7,  2.48574394589448304e-7,
    -2.32279999604297085e-8, -3.37928466582464531e-8, 1.3043282158652339e-9,
    2.61499261187444439e-9};
/* (exp(s) - 1) / s on |s| <= ln 2 / 2 */
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
enum { FRACTION = 23, BIAS = 127, LOW = 12 };
static const fh_real round_magic = 0x1.8p23f, gelu_far = 13, tanh_far = 10, log2e = 1.44269504f,
                     ln2_hi = 0.693359375f, ln2_lo = -2.12194440e-4f, inv_sqrt_2pi = 0.398942280f;
static const fh_real tail_k = 4.5f, tail_c = 0.5f;
static const fh_real tail[] = {2.756110248e-1f, -1.251999637e-1f, 7.229423931e-2f,  -2.94045566e-2f,
                               5.063594686e-3f, 3.233864264e-3f,  -3.185279395e-3f, 1.235146429e-3f,
                               -6.26797977e-5f, -1.435923995e-4f};
static const fh_real em1[] = {1.0f,           5.000000047e-1f, 1.666650499e-1f,
                              4.16663524e-2f, 8.369177167e-3f, 1.394114909e-3f};
#endif
enum { TAIL = sizeof tail / sizeof *tail, EM1 = sizeof em1 / sizeof *em1 };

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

FH_INLINE fh_real hyperbolic_tangent(fh_real z)
{
  fh_real a = absolute(z), m;
  a = a > tanh_far ? tanh_far : a;
  const fh_real scale = exp_parts(2 * a, 0, &m), e = (scale - 1) + scale * m;
  return with_sign(e / (e + 2), z);
}

#if defined(__AVX512F__) && !defined(FH_DOUBLE)
#include "kernels/isa/gelu_table.h"
#else
static void gelu_forward(ptrdiff_t n, const fh_real *z, fh_real *y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = gelu(z[t]);
}
static void gelu_backward(ptrdiff_t n, const fh_real *z, const fh_real *dy, fh_real *dz)
{
  fh_real slope;
  for (ptrdiff_t t = 0; t < n; t++) {
    gelu_both(z[t], &slope);
    dz[t] = dy[t] * slope;
  }
}
static void gelu_both_ways(ptrdiff_t n, const fh_real *z, const fh_real *dy, fh_real *y,
                           fh_real *dz)
{
  fh_real slope;
  for (ptrdiff_t t = 0; t < n; t++) {
    y[t] = gelu_both(z[t], &slope);
    dz[t] = dy[t] * slope;
  }
}
#endif

#define EACH(text)                                                                                 \
  for (ptrdiff_t t = 0; t < n; t++) {                                                              \
    text;                                                                                          \
  }                                                                                                \
  break

void FH_ISA(fh_activate)(int kind, ptrdiff_t n, const fh_real *z, fh_real *y)
{
  switch (kind) {
  case FH_ACT_IDENTITY:
    EACH(y[t] = z[t]);
  case FH_ACT_RELU:
    EACH(y[t] = z[t] < 0 ? 0 : z[t]);
  case FH_ACT_GELU:
    gelu_forward(n, z, y);
    break;
  case FH_ACT_TANH:
    EACH(y[t] = hyperbolic_tangent(z[t]));
  }
}

void FH_ISA(fh_activate_back)(int kind, ptrdiff_t n, const fh_real *z, const fh_real *dy,
                              fh_real *dz)
{
  fh_real slope;
  switch (kind) {
  case FH_ACT_IDENTITY:
    EACH(dz[t] = dy[t]);
  case FH_ACT_RELU:
    EACH(dz[t] = z[t] > 0 ? dy[t] : 0);
  case FH_ACT_GELU:
    gelu_backward(n, z, dy, dz);
    break;
  case FH_ACT_TANH:
    EACH(slope = hyperbolic_tangent(z[t]); dz[t] = dy[t] * (1 - slope * slope));
  }
}

void FH_ISA(fh_activate_both)(int kind, ptrdiff_t n, const fh_real *z, const fh_real *dy,
                              fh_real *y, fh_real *dz)
{
  fh_real f, d;
  switch (kind) {
  case FH_ACT_IDENTITY:
    EACH(d = dy[t]; y[t] = z[t]; dz[t] = d);
  case FH_ACT_RELU:
    EACH(d = z[t] > 0 ? dy[t] : 0; y[t] = z[t] < 0 ? 0 : z[t]; dz[t] = d);
  case FH_ACT_GELU:
    gelu_both_ways(n, z, dy, y, dz);
    break;
  case FH_ACT_TANH:
    EACH(f = hyperbolic_tangent(z[t]); d = dy[t] * (1 - f * f); y[t] = f; dz[t] = d);
  }
}
