/**
 * resample - change of resolution, exact in Fourier space
 *
 * Finer: the trigonometric interpolant of least degree through the points (the Nyquist frequency
 * of an even grid stands half at +n/2 and half at -n/2). Coarser: the frequencies that the new grid
 * holds are kept; on an even grid the two that meet at its Nyquist frequency are added, as sampling
 * adds them, so that up and then down is the identity. The tensor product of the axes; the adjoint is
 * the transposed map. The same as a spectral layer of all modes with the unit as weight.
 */
#pragma once

#include "program/op.h"

/**
 * fh_resample_create - an operator from any grid of dim axes to one of out_n points
 *
 * out_n[d] = 0: axis d keeps its points. Channels stay. The grid is taken to be periodic. Errors:
 * FH_ERR_ARG for dim outside 1..3 or negative sizes; at setup FH_ERR_SHAPE if the axes do not fit,
 * FH_ERR_UNSUPPORTED for a grid that is split over ranks.
 */
fh_status fh_resample_create(int dim, const ptrdiff_t out_n[3], fh_op **op) FH_MUST;
