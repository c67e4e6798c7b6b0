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
  ptrdiff_t first, total; /* place of the n points along the axis of the whole field, its points */
  double h;
  bool periodic;
  fh_edge edge;
} fh_difference;

/** Points that the stencils need along the axis. */
ptrdiff_t fh_difference_least(const fh_difference *d);
/** quotient = D field; n = total. */
void fh_difference_apply(const fh_difference *d, const fh_real *field, fh_real *quotient);
/** gradient += D^T quotient. */
void fh_difference_adjoint(const fh_difference *d, const fh_real *quotient, fh_real *gradient);

/* ---- an axis whose points are spread over ranks ------------------------------------------------- */

enum { FH_DIFFERENCE_HALO = 2 };

/** Points that a rank must have along the axis. */
ptrdiff_t fh_difference_least_here(const fh_difference *d);
/**
 * fh_difference_apply_part - quotients of the points here, and of the one before and after them
 *
 * low, high  [outer][FH_DIFFERENCE_HALO][inner]: the points before and after; not read where there are
 *            none
 * before, after  [outer][1][inner]: quotients beyond the ends, 0 where there are none or where they are
 *                one-sided; NULL: not wanted. The same bits as fh_difference_apply on the whole field.
 */
void fh_difference_apply_part(const fh_difference *d, const fh_real *field, const fh_real *low,
                              const fh_real *high, fh_real *quotient, fh_real *before,
                              fh_real *after);
/** gradient += the part of D^T quotient that is here. */
void fh_difference_adjoint_part(const fh_difference *d, const fh_real *quotient,
                                const fh_real *before, const fh_real *after, fh_real *gradient);
