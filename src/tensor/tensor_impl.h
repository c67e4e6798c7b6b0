/* tensor_impl - dense complex algebra on row-major matrices, by BLAS and LAPACK; nobody outside of
 * src/tensor includes it */
#pragma once

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "tensor/factors.h"

typedef double complex fh_z;

static inline fh_z *fh_z_of(double *w)
{
  return (fh_z *)w;
}

static inline const fh_z *fh_z_in(const double *w)
{
  return (const fh_z *)w;
}

/* Fails where a product of sizes or one of them is more than BLAS's int can hold. */
fh_status fh_tensor_fits(int modes, const ptrdiff_t *n, ptrdiff_t *size) FH_MUST;

/* of sizes that fh_tensor_fits has checked */
ptrdiff_t fh_product(int count, const ptrdiff_t *n);

typedef enum { FH_Z_PLAIN, FH_Z_TRANSPOSED, FH_Z_ADJOINT } fh_z_form;
/* C (m x n) = op(A) op(B), op(A) m x k, op(B) k x n, all without gaps */
void fh_z_multiply(fh_z_form fa, fh_z_form fb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const fh_z *a,
                   const fh_z *b, fh_z *c);
/* out (columns x rows) = the adjoint of in (rows x columns) */
void fh_z_adjoint(ptrdiff_t rows, ptrdiff_t columns, const fh_z *in, fh_z *out);
/* y *= x or conj(x), entry by entry, in real arithmetic (C's own product looks for infinities) */
void fh_z_times(ptrdiff_t n, const fh_z *x, bool conjugate, fh_z *y);
/* sum of |x|^2 */
double fh_z_energy(ptrdiff_t n, const fh_z *x);

/* Left singular vectors u (m x min(m, n)) and singular values sigma (min(m, n), falling) of a (m x n),
 * which is destroyed. Errors: FH_ERR_NUMERIC if LAPACK gives up. */
fh_status fh_left_vectors(ptrdiff_t m, ptrdiff_t n, fh_z *a, fh_z *u, double *sigma) FH_MUST;
/* x (rows x n) with x h = b, where h (n x n) is Hermitian and positive definite; x overwrites b, h is
 * destroyed. *definite: false if h is not, then b is as before. */
void fh_solve_definite(ptrdiff_t n, fh_z *h, ptrdiff_t rows, fh_z *b, bool *definite);

/* ---- along the modes of a tensor ---------------------------------------------------------------- */

/* out [n_j][before][after] from w [before][n_j][after] */
void fh_unfold(int modes, const ptrdiff_t *n, int j, const fh_z *w, fh_z *out);
/* out = the matrix (rows x n_j) times w along mode j; out differs from w in n_j -> rows alone */
void fh_along(int modes, const ptrdiff_t *n, int j, ptrdiff_t rows, const fh_z *matrix,
              const fh_z *w, fh_z *out);
/* Leading left singular vectors (n_j x rank) of the unfolding along mode j. */
fh_status fh_unfolding_vectors(int modes, const ptrdiff_t *n, int j, const fh_z *w, ptrdiff_t rank,
                               fh_z *u) FH_MUST;

/* ---- CP --------------------------------------------------------------------------------------------- */

/* The number of leading modes that makes the tensor as a matrix (leading x others) most square. */
int fh_half_of_modes(int modes, const ptrdiff_t *n);
/* Products of the factors' rows of modes first .. last - 1 (rows: all their indices, columns: R). */
void fh_khatri_rao(const fh_factors *f, int first, int last, bool conjugate, fh_z *out);
