/**
 * dft - the truncated discrete Fourier transform of real fields, and its exact transpose
 *
 * Of a field x of n[0] x .. x n[dim-1] points, fh_dft_analyse gives the coefficients
 *   X(f) = sum_j x(j) prod_a e^(-2 pi i f_a j_a / n_a) w(f)
 * of a box of frequencies; the last axis holds f >= 0 alone. fh_dft_synthesise is the transpose of
 * that real-linear map, x(j) = sum_f w(f) Re[X(f) prod_a e^(+...)]: with the weights of OUTPUT it is
 * the inverse transform, so the adjoint of a Fourier layer is made of the same two functions.
 *
 * Two methods give the same values up to round-off: products with small matrices of cosines and
 * sines (few frequencies), and FFTW along the axes (many).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "base/status.h"
#include "kernels/dispatch.h"

/** INPUT: w = 1/points. OUTPUT: w = 1 where f = 0 on the last axis or 2 f = other[last], else 2. */
typedef enum { FH_DFT_INPUT, FH_DFT_OUTPUT } fh_dft_side;
typedef enum { FH_DFT_AUTO, FH_DFT_GEMM, FH_DFT_FFTW } fh_dft_method;

/* reals beyond the last coefficient that analyse may overwrite and synthesise may read */
enum { FH_DFT_SLACK = 64 };

typedef struct {
  int dim;
  ptrdiff_t n[3];               /* points per axis */
  ptrdiff_t first[3], count[3]; /* frequencies per axis; first = 0 on the last one */
  /* OUTPUT: points of the grid on which the spectrum was made. A frequency with 2 |f| = the lesser
     of n and other is a cosine: it stands for both signs */
  ptrdiff_t other[3];
  fh_dft_side side;
  fh_dft_method method;
  fh_isa isa;
} fh_dft_spec;

typedef struct fh_dft fh_dft;

/**
 * fh_dft_create - tables and plans
 *
 * Errors: FH_ERR_ARG for frequencies that the grid does not hold (2 |f| > n), FH_ERR_MEMORY,
 * FH_ERR_LIBRARY if FFTW makes no plan.
 */
fh_status fh_dft_create(const fh_dft_spec *spec, fh_dft **dft) FH_MUST;
void fh_dft_destroy(fh_dft **dft);
/** Scratch of analyse and synthesise in bytes, whatever the number of fields. */
size_t fh_dft_work(const fh_dft *dft);
/** Coefficients of one field (complex numbers). */
ptrdiff_t fh_dft_modes(const fh_dft *dft);
/** Index of frequency zero among them. */
ptrdiff_t fh_dft_zero(const fh_dft *dft);
/** The method in use: FH_DFT_GEMM or FH_DFT_FFTW. */
fh_dft_method fh_dft_chosen(const fh_dft *dft);
/** Floating-point operations of one field, by the method in use. */
double fh_dft_flops(const fh_dft *dft);

/**
 * fh_dft_analyse - fields [fields][n..] to coefficients [fields][count..][re, im]
 *
 * FH_DFT_SLACK reals after the last coefficient must be there; they are overwritten. The bits of a field do not depend
 * on the others.
 */
void fh_dft_analyse(const fh_dft *dft, ptrdiff_t fields, const fh_real *x, fh_real *modes,
                    void *work);
/** The transpose: coefficients to fields. FH_DFT_SLACK reals after the last coefficient must be there,
 *  whatever is in them. */
void fh_dft_synthesise(const fh_dft *dft, ptrdiff_t fields, const fh_real *modes, fh_real *x,
                       void *work);
