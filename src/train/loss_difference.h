/**
 * loss_difference - difference quotients along an axis of a flattened field, and their adjoint
 *
 * A field is [outer][n][inner]. Inside: (z[i+1] - z[i-1]) / 2h. At the ends of a periodic axis the
 * same around the corner, else one-sided (fh_edge). Used by the H1 loss alone.
 */
#pragma once

#include "base/real.h"
#include "train/loss.h"

typedef struct {
  ptrdiff_t outer, n, inner;
  double h;
  bool periodic;
  fh_edge edge;
} fh_difference;

/** Points that the stencils need along the axis. */
ptrdiff_t fh_difference_least(const fh_difference *d);
/** quotient = D field. */
void fh_difference_apply(const fh_difference *d, const fh_real *field, fh_real *quotient);
/** gradient += D^T quotient. */
void fh_difference_adjoint(const fh_difference *d, const fh_real *quotient, fh_real *gradient);
