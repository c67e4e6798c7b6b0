/**
 * factors - a complex tensor as the factors of a CP, Tucker or tensor-train decomposition
 *
 * W has the modes n_1, .., n_D, row-major, the last one fastest; complex numbers are two doubles.
 *   CP      W = sum_r w_r prod_j F_j[s_j, r]   parts: w (R), F_1 (n_1, R), .., F_D
 *   Tucker  W = G x_1 F_1 .. x_D F_D           parts: G (r_1, .., r_D), F_1 (n_1, r_1), .., F_D
 *   TT      W = prod_j F_j[:, s_j, :]          parts: F_1 (1, n_1, r_2), .., F_D (r_D, n_D, 1)
 * These are the shapes of the parameters that a factorised spectral weight has
 * (operators/spectral/weight.h). Everything here is in double, whatever the precision of the library.
 */
#pragma once

#include "tensor/rank.h"

typedef struct {
  fh_factor_kind kind;
  int modes;
  ptrdiff_t n[FH_FACTOR_MODES];
  ptrdiff_t rank[FH_FACTOR_MODES + 1]; /* fh_rank_count of them */
  int parts;
  double *part[FH_FACTOR_MODES + 1]; /* owned */
} fh_factors;

/** Factors of that shape and those ranks, zero. Errors: FH_ERR_ARG for more than FH_FACTOR_MODES
 *  modes or sizes that BLAS cannot count. */
fh_status fh_factors_create(fh_factor_kind kind, int modes, const ptrdiff_t *n,
                            const ptrdiff_t *rank, fh_factors **factors) FH_MUST;
void fh_factors_destroy(fh_factors **factors);
/** Shape of a part; returns its number of modes. */
int fh_factors_shape(const fh_factors *f, int part, ptrdiff_t shape[FH_FACTOR_MODES]);
/** Complex numbers of a part, and of the tensor. */
ptrdiff_t fh_factors_size(const fh_factors *f, int part);
ptrdiff_t fh_factors_dense_size(const fh_factors *f);
/** The tensor: w has 2 fh_factors_dense_size doubles. */
fh_status fh_factors_expand(const fh_factors *f, double *w) FH_MUST;
/** |W - expanded| / |W| in the Frobenius norm; 0 for W = 0 if the factors say so, else infinite. */
fh_status fh_factors_error(const fh_factors *f, const double *w, double *error) FH_MUST;
