/**
 * sum - sums that do not depend on the number of ranks
 *
 * Floating-point sums depend on their order. Here every contribution (the gradient of one unit of
 * samples) is rounded once to a fixed-point grid of 64-bit integers, which add exactly, so that any
 * distribution of the units over ranks gives the same bits. The grid of each block of the vector
 * comes from the largest entry of that block over all units of the previous call; when an entry
 * outgrows it, fh_sum_finish reports it on all ranks alike, and the caller repeats the units.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"

typedef struct fh_sum fh_sum;

/**
 * fh_sum_create - an accumulator for vectors of n reals
 *
 * Collective on comm, which must outlive the sum. blocks[0..n_blocks] are ascending offsets,
 * blocks[0] = 0, blocks[n_blocks] = n: entries of one block share an exponent (one block a
 * parameter). max_units bounds how many contributions all ranks together make to one sum.
 * Rounding: at most 2^-43 of the block's largest entry a unit in f32, 2^-(57 - log2 max_units) in
 * f64 (2^-43 for 16384 units); entries below 2^-1000 count as zero. An entry may outgrow the largest
 * one of the previous call 16 times before the units must be repeated.
 * Errors: FH_ERR_ARG for offsets that do not ascend from 0 or max_units outside 1..16384.
 */
fh_status fh_sum_create(MPI_Comm comm, int n_blocks, const ptrdiff_t *blocks, ptrdiff_t max_units,
                        fh_sum **sum) FH_MUST;
void fh_sum_destroy(fh_sum **sum);
/** Forgets what was added since the last finish. Local. */
void fh_sum_begin(fh_sum *s);
/** Adds one unit's vector times 1 and sets the vector to zero for the next unit. Local. */
void fh_sum_add(fh_sum *s, fh_real *vector);
/**
 * fh_sum_finish - the sum over all units of all ranks
 *
 * Collective. *repeat = true: an entry did not fit its grid; the grids are now right: begin again
 * with the same units. *finite = false: some entry was not finite; total is then undefined.
 * Otherwise total holds the sum, the same bits on every rank for any number of ranks; a sum that no
 * fh_real can hold counts as not finite. The first call repeats unless the exponents were set. Ends
 * with an empty sum, as after fh_sum_begin.
 * Errors: FH_ERR_STATE, on all ranks, if all ranks together added more than max_units.
 */
fh_status fh_sum_finish(fh_sum *s, fh_real *total, bool *repeat, bool *finite) FH_MUST;
/** The state (one exponent a block) that a restart needs for equal bits; n_blocks entries. Values
 *  out of range are moved into it, so that a foreign state costs a repeat and nothing else. */
void fh_sum_get_exponents(const fh_sum *s, int64_t *exponents);
void fh_sum_set_exponents(fh_sum *s, const int64_t *exponents);

/** values[i] is non-zero on at most one rank: all ranks receive it, exactly. Collective on comm. */
fh_status fh_sum_scattered(MPI_Comm comm, ptrdiff_t n, double *values) FH_MUST;
