/* Activations and their derivatives. GELU: by polynomials or by formula; single precision on longer vectors by an
 * exponential and a quotient (256 bits) or by table (512 bits). tanh(a) = E / (E + 2) with E = exp(2a) - 1 taken without cancellation. */
#include "kernels/isa/exponential.h"
#include "kernels/isa/tables.h"

#if defined(__AVX512F__) && !defined(FH_DOUBLE)
#include "kernels/isa/gelu_table_avx512.h"
#elif defined(__AVX2__) && !defined(FH_DOUBLE)
#include "kernels/isa/gelu_avx2.h"
#else
#include "kernels/isa/gelu_loops.h"
#endif

#ifdef FH_DOUBLE
static const fh_real tanh_far = 20;
#else
static const fh_real tanh_far = 10;
#endif

FH_INLINE fh_real hyperbolic_tangent(fh_real z)
{
  fh_real a = absolute(z), m;
  a = a > tanh_far ? tanh_far : a;
  const fh_real scale = exp_parts(2 * a, 0, &m), e = (scale - 1) + scale * m;
  return with_sign(e / (e + 2), z);
}

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
