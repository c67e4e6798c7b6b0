/**
 * size - sizes that may come from a user or a file, multiplied and converted without wrapping
 *
 * Counts and indices are ptrdiff_t, bytes size_t. Everything here fails with FH_ERR_ARG instead of
 * overflowing.
 */
#pragma once

#include <stddef.h>

#include "base/status.h"

/** *product = a * b for counts >= 0. */
fh_status fh_size_mul(ptrdiff_t a, ptrdiff_t b, ptrdiff_t *product) FH_MUST;
/** *product of n counts >= 0 (1 for n = 0). */
fh_status fh_size_product(int n, const ptrdiff_t *counts, ptrdiff_t *product) FH_MUST;
/** *n = count as the int that MPI and BLAS take. */
fh_status fh_size_int(ptrdiff_t count, int *n) FH_MUST;
/** Bytes rounded up to the alignment of every buffer. */
size_t fh_size_aligned(size_t bytes);
