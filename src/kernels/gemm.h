/**
 * gemm - the product of two real matrices, row-major
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "base/status.h"

/**
 * fh_gemm - C = alpha op(A) op(B) + beta C, by BLAS
 *
 * op(A) is m x k and op(B) is k x n; op is the transposed where at / bt is set. lda, ldb, ldc are the
 * distances of rows as stored. With beta = 0 the old C is not read. The bits of a row may depend on
 * m and n: keep shapes fixed where that matters. Errors: FH_ERR_ARG for sizes that BLAS's int
 * cannot hold.
 */
fh_status fh_gemm(bool at, bool bt, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, fh_real alpha,
                  const fh_real *a, ptrdiff_t lda, const fh_real *b, ptrdiff_t ldb, fh_real beta,
                  fh_real *c, ptrdiff_t ldc) FH_MUST;
