/**
 * fftw_loss - real discrete Fourier transforms of whole fields, for losses and metrics
 *
 * Plans with FFTW_ESTIMATE, so that the same program gives the same bits every time.
 */
#pragma once

#include "base/real.h"
#include "base/status.h"

/** Buffers and plans of one size. The spectrum holds half of the last axis: n_last/2 + 1. */
typedef struct {
  fh_real *field;                /* points reals */
  fh_real *spectrum;             /* modes complex numbers, (re, im) */
  ptrdiff_t points, modes, half; /* half: modes along the last axis */
  void *forward, *backward;
} fh_rfft;

/** dim = 1..3 axes of n[] points. */
fh_status fh_rfft_create(int dim, const ptrdiff_t *n, fh_rfft **fft) FH_MUST;
void fh_rfft_destroy(fh_rfft **fft);
/** spectrum = sum over the points of field exp(-2 pi i k x / n); keeps field. */
void fh_rfft_forward(fh_rfft *fft);
/** field = sum over all modes of spectrum exp(+2 pi i k x / n), not divided; destroys spectrum. */
void fh_rfft_backward(fh_rfft *fft);
