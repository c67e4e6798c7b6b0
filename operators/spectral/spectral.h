/**
 * spectral - the Fourier layer: truncated DFT, one complex matrix a mode, inverse DFT, bias
 *
 * y = F_out^-1 [ R(k) (F x)(k) ] + b, exactly as neuraloperator's SpectralConv defines it: the
 * forward transform carries 1/points, the last axis the half spectrum, the other axes the
 * frequencies -m/2 .. (m-1)/2. Even and odd grids and modes, output grids other than the input's.
 *
 * The inverse over the last axis ignores the imaginary parts at frequency zero and Nyquist, which is
 * the reference's enforce_hermitian_symmetry; without that option the reference does the same in
 * exact arithmetic, so there is no such option here.
 *
 * Differs from the reference on purpose in two places. When the grid holds fewer frequencies than
 * the weight, rows of the weight are chosen by frequency, row(f) = f + M/2; the reference centres
 * the block of rows, which applies an odd number of rows out of an even number one frequency off.
 * And an output grid other than the input's gives what exact resampling (operators/resample) of the
 * output on the input's grid would give; the reference puts negative frequencies in wrong places.
 */
#pragma once

#include "program/op.h"

typedef enum { FH_SPECTRAL_AUTO, FH_SPECTRAL_GEMM, FH_SPECTRAL_FFTW } fh_spectral_method;

typedef struct {
  ptrdiff_t in_channels, out_channels; /* separable: the same number */
  int dim;                             /* axes, 1..3 */
  /* frequencies in use per axis as neuraloperator's n_modes, in total; the last axis keeps
     modes/2+1 columns of the half spectrum */
  ptrdiff_t modes[3];
  /* stored rows per axis (last: columns); 0: what modes needs. Larger: the central part is used */
  ptrdiff_t weight_modes[3];
  bool bias, separable;
  ptrdiff_t out_n[3]; /* output points per axis; 0: as the input */
  double init_std;    /* standard deviation of the weight; 0: sqrt(2 / (in + out)) */
  int method;         /* fh_spectral_method; auto: by cost, at setup */
  /* channels of the mixing where a channel matrix stands before it (mid_in) or after it (mid_out);
     0: there is none. mid_each: the mixing multiplies each of mid_in = mid_out channels by itself */
  ptrdiff_t mid_in, mid_out;
  bool mid_each;
} fh_spectral_config;

/** Rows (last axis: columns) of a stored weight: count[a] from first[a]. */
typedef struct {
  ptrdiff_t first[3], count[3];
} fh_spectral_rows;

/** Rows that the weight stores along an axis. */
ptrdiff_t fh_spectral_stored(const fh_spectral_config *config, int axis);
/** Those that a layer between grids of n_in and n_out points (dim entries each) uses: the frequencies that modes,
 *  the weight and both grids hold. */
fh_spectral_rows fh_spectral_rows_used(const fh_spectral_config *config, const ptrdiff_t *n_in,
                                       const ptrdiff_t *n_out);

/**
 * fh_spectral_create - a Fourier layer with dense weights
 *
 * Parameters: "weight.tensor" (in, out, m1, .., mN) complex, separable (C, m1, .., mN), normal of
 * standard deviation init_std; "bias" (out, 1, .., 1) if asked for, normal with the same deviation.
 * With channel matrices: "weight.in" (in, mid_in), "weight.out" (out, mid_out), and weight.tensor
 * between them, (mid_in or in, mid_out or out, m1, .., mN) or, with mid_each, (mid_in, m1, .., mN):
 *   Y = weight.out . R(k) . weight.in^T X
 * One input (in_channels), one output (out_channels) on the whole grid of the rank. The grid is
 * taken to be periodic whatever its boundary kind says. Errors: FH_ERR_ARG for a configuration that
 * makes no sense; at setup FH_ERR_SHAPE for channels or axes that do not fit, FH_ERR_UNSUPPORTED
 * for a grid that is split over ranks.
 */
fh_status fh_spectral_create(const fh_spectral_config *config, fh_op **op) FH_MUST;
