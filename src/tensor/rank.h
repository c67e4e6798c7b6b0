/**
 * rank - the ranks of a factorised tensor from the fraction of parameters that it may keep
 *
 * The published rules, as tensorly 0.9 computes them, so that "rank 0.1" means the same here and
 * there. s: the shape, D its number of modes.
 *   CP      R = round(fraction prod(s) / sum(s)); the R weights are not counted
 *   Tucker  r_j = max(round(c s_j), 1) where c solves
 *           prod(s) c^D' + c sum(s_j^2) = fraction prod(s), D' = number of modes that are not fixed;
 *           a fixed mode keeps r_j = s_j
 *   TT      r_j = max(round(f (s_j-1 + s_j)/2), 1), r_0 = r_D = 1, where f solves the quadratic
 *           equation for the number of parameters
 * Halves are rounded to even.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/status.h"

typedef enum { FH_FACTOR_NONE, FH_FACTOR_CP, FH_FACTOR_TUCKER, FH_FACTOR_TT } fh_factor_kind;

enum { FH_FACTOR_MODES = 6 };

/** Number of ranks of a kind: 1, D, D + 1. */
int fh_rank_count(fh_factor_kind kind, int modes);
/**
 * fh_rank_from_fraction - ranks by the rules above
 *
 * fixed: per mode, Tucker only; NULL: none. Errors: FH_ERR_USAGE for a fraction that leaves nothing
 * or that no rank reaches.
 */
fh_status fh_rank_from_fraction(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                                double fraction, const bool *fixed, ptrdiff_t *rank) FH_MUST;
/**
 * fh_rank_resolve - ranks as a user gives them
 *
 * One number up to 1: a fraction. One whole number above 1: the rank of CP, or of every mode (bond)
 * of Tucker (TT). A list: all ranks (Tucker: D; TT: the D - 1 bonds, or D + 1 with the ones around).
 * Errors: FH_ERR_USAGE for the wrong number of ranks, ranks that are not whole, or ranks above what
 * the shape can use.
 */
fh_status fh_rank_resolve(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                          const fh_real_list *given, const bool *fixed, ptrdiff_t *rank) FH_MUST;
/**
 * fh_rank_of_layer - the ranks of one layer from a list for all
 *
 * A list of layers x fh_rank_count numbers has that many for each layer, one layer after the other; any
 * other list is for every layer. own: for fh_rank_resolve.
 */
void fh_rank_of_layer(fh_factor_kind kind, int modes, const fh_real_list *given, int layers,
                      int layer, fh_real_list *own);
/**
 * fh_rank_express - ranks as fh_rank_resolve reads them back
 *
 * Appends fh_rank_count numbers to list. (The CP rank 1 becomes a fraction: 1 alone is one.)
 * Errors: FH_ERR_USAGE if the list has no room.
 */
fh_status fh_rank_express(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                          const ptrdiff_t *rank, fh_real_list *list) FH_MUST;
/** Complex numbers in the factors (CP: and in the weights). */
ptrdiff_t fh_rank_parameters(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                             const ptrdiff_t *rank);
