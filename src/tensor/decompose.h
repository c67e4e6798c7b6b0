/**
 * decompose - the factors of a given complex tensor: HOSVD and HOOI, CP-ALS, TT-SVD
 *
 * w: the tensor with the modes n[0..modes-1], row-major, two doubles a complex number, finite. All
 * functions are local, use BLAS and LAPACK in double, and give the same bits for the same arguments on
 * one kind of machine. Errors of all: FH_ERR_ARG for sizes that do not fit an int, FH_ERR_MEMORY,
 * FH_ERR_NUMERIC if LAPACK gives up.
 *
 * De Lathauwer, De Moor, Vandewalle, SIAM J. Matrix Anal. Appl. 21 (2000) 1253 and 1324 (HOSVD, HOOI);
 * Kolda, Bader, SIAM Review 51 (2009) 455 (CP-ALS); Oseledets, SIAM J. Sci. Comput. 33 (2011) 2295
 * (TT-SVD).
 */
#pragma once

#include <stdint.h>

#include "tensor/factors.h"

/** When the methods that go over the factors again and again stop. */
typedef struct {
  ptrdiff_t sweeps; /* at most */
  double tolerance; /* or when a sweep lowers the error by less than this share of it */
  double target;    /* or when the relative error is no larger; 0: go on */
  uint64_t seed;    /* of the random columns that CP starts from */
} fh_sweeps;

/** The ranks that a factorisation of that shape can make use of: lowers those of Tucker to the
 *  product of the others, those of TT to what stands on either side. The best error stays the same. */
void fh_rank_clip(fh_factor_kind kind, int modes, const ptrdiff_t *n, ptrdiff_t *rank);

/* ---- Tucker ------------------------------------------------------------------------------------- */

/**
 * fh_hosvd - the higher-order singular value decomposition
 *
 * rank   NULL: complete, min(n_j, product of the others); else as many leading vectors of each mode,
 *        at most those. The error is at most sqrt(modes) times the best one of these ranks.
 */
fh_status fh_hosvd(int modes, const ptrdiff_t *n, const double *w, const ptrdiff_t *rank,
                   fh_factors **factors) FH_MUST;
/**
 * fh_hosvd_ranks - ranks of a relative error
 *
 * complete: of fh_hosvd. Drops, one after the other, the slice of the core that costs least error per
 * number saved, as long as what was dropped stays within error |W|: the complete decomposition cut to
 * rank[] has at most that error.
 */
fh_status fh_hosvd_ranks(const fh_factors *complete, double error, ptrdiff_t *rank) FH_MUST;
/** The leading part of a Tucker decomposition. */
fh_status fh_tucker_cut(const fh_factors *factors, const ptrdiff_t *rank, fh_factors **cut) FH_MUST;
/**
 * fh_hooi - higher-order orthogonal iteration: better factors of the same ranks
 *
 * factors: a Tucker decomposition with orthonormal factors and ranks that fh_rank_clip leaves; improved
 * in place. No sweep raises the error.
 */
fh_status fh_hooi(const double *w, const fh_sweeps *sweeps, fh_factors *factors) FH_MUST;

/* ---- tensor train ------------------------------------------------------------------------------- */

/**
 * fh_tt_svd - one truncated singular value decomposition a bond
 *
 * rank   modes + 1 ranks as fh_rank_clip leaves them, or NULL: the smallest that keep the relative
 *        error within error. With ranks given the error is at most sqrt(modes - 1) times the best.
 * dropped  receives the root of the sum of the squares of all dropped singular values, which bounds
 *        |W - TT| (to rounding it is equal); may be NULL
 */
fh_status fh_tt_svd(int modes, const ptrdiff_t *n, const double *w, const ptrdiff_t *rank,
                    double error, fh_factors **factors, double *dropped) FH_MUST;

/* ---- CP ----------------------------------------------------------------------------------------- */

/**
 * fh_cp_grow - more components
 *
 * factors   a CP decomposition or NULL (none yet); replaced by one with rank components that begins
 *           with the old ones. The new columns are leading singular vectors of what the old ones do not
 *           explain, then random; their weights are 0.
 */
fh_status fh_cp_grow(int modes, const ptrdiff_t *n, const double *w, ptrdiff_t rank, uint64_t seed,
                     fh_factors **factors) FH_MUST;
/**
 * fh_cp_als - alternating least squares from where the factors stand
 *
 * Solves for one factor after the other by normal equations with a proximal term (1e-12 of the mean
 * diagonal times the distance from the old factor), so that no sweep raises the error, however
 * dependent the columns. *error: the relative error reached; sweeps done are added to *done (may be
 * NULL).
 */
fh_status fh_cp_als(const double *w, const fh_sweeps *sweeps, fh_factors *factors, double *error,
                    ptrdiff_t *done) FH_MUST;

/* ---- any kind ----------------------------------------------------------------------------------- */

/**
 * fh_decompose - factors of given ranks (as fh_rank_clip leaves them)
 *
 * Tucker: HOSVD, then HOOI. TT: TT-SVD. CP: ALS.
 */
fh_status fh_decompose(fh_factor_kind kind, int modes, const ptrdiff_t *n, const double *w,
                       const ptrdiff_t *rank, const fh_sweeps *sweeps,
                       fh_factors **factors) FH_MUST;
/**
 * fh_decompose_to - factors of a relative error in (0, 1]
 *
 * With ranks as small as the method finds. CP: the rank doubles until the error is reached, then is
 * halved in between. Errors: FH_ERR_USAGE if CP needs as many numbers as the tensor has.
 */
fh_status fh_decompose_to(fh_factor_kind kind, int modes, const ptrdiff_t *n, const double *w,
                          double error, const fh_sweeps *sweeps, fh_factors **factors) FH_MUST;
