/**
 * gelu_loops - GELU of many numbers, from gelu() and gelu_both() of one: the compiler makes the vectors
 */
#pragma once

#ifdef FH_DOUBLE
#include "kernels/isa/gelu_formula.h"
#else
#include "kernels/isa/gelu_polynomial.h"
#endif

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
