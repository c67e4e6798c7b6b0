/**
 * multigrid - V-cycles on stencils, for several samples at a time
 *
 * A preconditioner for the systems of stencil.h in single precision. Coarse cells are pairs of fine ones
 * along every axis (of axes of unequal spacing only those with the strong couplings); a coarse face has
 * the fine resistances between the middles of its cells in series, and what lies beside each other in
 * parallel. A value is carried from coarse to fine cells by the same resistances: between two coarse
 * cells it varies as the flow through them makes it (as in black box multigrid: Alcouffe, Brandt, Dendy,
 * Painter, SIAM J. Sci. Stat. Comput. 2, 1981, on cells and with 5 points on all levels), so that
 * jumps of 1000 do little harm. Smoothing by Chebyshev's iteration in D^-1 A on [2/4, 2]: the bound 2
 * holds for every such matrix. The cycle is symmetric: CG may use it.
 */
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "datagen/skr/stencil.h"
#include "datagen/skr/stencil_kernels.h"

typedef struct fh_multigrid fh_multigrid;

/**
 * fh_multigrid_create - for `capacity` samples on n unknowns per axis
 *
 * spacing: distance of neighbours per axis. degree: matrix products of a smoothing, 1 to 3.
 */
fh_status fh_multigrid_create(int dim, const ptrdiff_t n[3], const double spacing[3],
                              ptrdiff_t capacity, int degree, fh_multigrid **multigrid) FH_MUST;
void fh_multigrid_destroy(fh_multigrid **multigrid);
/** Entries that arrays of unknowns need, finite, before their first and after their last one. */
ptrdiff_t fh_multigrid_guard(const fh_multigrid *m);
/**
 * fh_multigrid_set - the matrix of one sample, times scale
 *
 * False if the coarsest matrix is not positive definite (or not finite): the sample has no cycle.
 */
bool fh_multigrid_set(fh_multigrid *m, ptrdiff_t sample, const fh_stencil *s, double scale);
/** A sample that has no matrix any more: numbers that are not finite would reach its neighbours. */
void fh_multigrid_clear(fh_multigrid *m, ptrdiff_t sample);
/** z [samples][unknowns] = one cycle on r [samples][unknowns], samples from...from+count-1. z has
    guards. */
void fh_multigrid_apply(fh_multigrid *m, ptrdiff_t from, ptrdiff_t count, const float *r, float *z);
