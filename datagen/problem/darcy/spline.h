/* spline - not-a-knot cubic splines on a uniform grid, as MATLAB's interp2(..., 'spline') */
#pragma once

#include <stddef.h>

/*
 * Resamples in[n][n] to out[n][n] along both axes: point j of out lies at start + j * step in units of
 * the spacing of in, with 0 at its first point; outside, the end cubics go on. n >= 4;
 * work: 4 * n + n * n doubles.
 */
void fh_spline_resample(ptrdiff_t n, const double *in, double start, double step, double *out,
                        double *work);
