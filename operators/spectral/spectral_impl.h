/**
 * spectral_impl - what the files of this folder share
 */
#pragma once

#include "kernels/mixing.h"
#include "operators/spectral/spectral.h"

/** The cases of the conformance test. */
fh_status fh_spectral_example(int i, fh_op **op, fh_shape *in) FH_MUST;

/** The same rows as of fh_spectral_rows_used, for mixing. */
fh_mix_box fh_spectral_box(const fh_spectral_config *config, const ptrdiff_t *n_in,
                           const ptrdiff_t *n_out);

/** Channels of the layer (outer) and of the mixing (mid) on one side of it. */
typedef struct {
  ptrdiff_t samples, outer, mid, modes;
} fh_channel_size;

/* Matrices a, b [outer][mid]; spectra [samples][channels][modes]; all complex. room: one matrix. */

/** p = a^T x */
void fh_channel_in(const fh_channel_size *n, const fh_real *a, const fh_real *x, fh_real *p);
/** da += conj(x) dp^T */
void fh_channel_in_gradient(const fh_channel_size *n, const fh_real *x, const fh_real *dp,
                            fh_real *room, fh_real *da);
/** dx = conj(a) dp */
void fh_channel_in_backward(const fh_channel_size *n, const fh_real *a, const fh_real *dp,
                            fh_real *room, fh_real *dx);
/** y = b q */
void fh_channel_out(const fh_channel_size *n, const fh_real *b, const fh_real *q, fh_real *y);
/** db += dy q^H */
void fh_channel_out_gradient(const fh_channel_size *n, const fh_real *q, const fh_real *dy,
                             fh_real *db);
/** dq = b^H dy */
void fh_channel_out_backward(const fh_channel_size *n, const fh_real *b, const fh_real *dy,
                             fh_real *dq);
