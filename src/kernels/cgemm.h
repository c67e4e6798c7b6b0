/**
 * cgemm - the product of two complex matrices, row-major, interleaved
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "base/status.h"

typedef enum { FH_AS_IS, FH_ADJOINT, FH_TRANSPOSED } fh_matrix_form;

/**
 * fh_cgemm - C = op(A) op(B), or C += op(A) op(B), by BLAS
 *
 * op(A) is m x k and op(B) is k x n; the rows of the matrices as stored follow each other without
 * gaps. The sizes must fit an int: check them with fh_cgemm_fits beforehand. The bits of a row may
 * depend on m and n: keep shapes fixed where that matters.
 */
void fh_cgemm(fh_matrix_form form_a, fh_matrix_form form_b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
              const fh_real *a, const fh_real *b, bool add, fh_real *c);
/** Errors: FH_ERR_ARG if a size is more than BLAS's int can hold. */
fh_status fh_cgemm_fits(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) FH_MUST;
/** y += conj(x) for n complex numbers. */
void fh_add_conjugate(ptrdiff_t n, const fh_real *x, fh_real *y);
/** y = conj(x) for n complex numbers. */
void fh_conjugate(ptrdiff_t n, const fh_real *x, fh_real *y);
