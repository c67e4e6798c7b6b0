/**
 * rfft - real discrete Fourier transforms of whole fields, for losses and metrics
 *
 * All modes are computed; the operators' truncated transforms are in dft.h.
 */
#pragma once

#include "base/real.h"
#include "base/status.h"
#include "kernels/fftw.h"

/** Buffers and plans of one size. The spectrum holds half of the last axis: n_last/2 + 1. */
typedef struct {
  fh_real *field;                 /* points reals, the last axis contiguous */
  fh_real *spectrum;              /* modes complex numbers, (re, im) */
  ptrdiff_t points, modes, half;  /* half: modes along the last axis */
  fh_fftw *lines[2], *axis[2][2]; /* [.][0] forward, [.][1] backward */
  int n_axis;                     /* axes before the last */
} fh_rfft;

/** dim = 1..3 axes of n[] points. Errors: FH_ERR_ARG for another dim. */
fh_status fh_rfft_create(int dim, const ptrdiff_t *n, fh_rfft **fft) FH_MUST;
void fh_rfft_destroy(fh_rfft **fft);
/** spectrum = sum over the points of field exp(-2 pi i k x / n); destroys field. */
void fh_rfft_forward(fh_rfft *fft);
/** field = sum over all modes of spectrum exp(+2 pi i k x / n), not divided; destroys spectrum. */
void fh_rfft_backward(fh_rfft *fft);
