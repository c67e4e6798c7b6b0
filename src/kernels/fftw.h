/**
 * fftw - FFTW in the precision of the engine, along one axis of an array
 *
 * Plans are made with FFTW_ESTIMATE: the same plan, and so the same bits, in every run. Transforms
 * are unnormalised. The buffers that run is given must be aligned as fh_calloc aligns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "base/status.h"

typedef struct fh_fftw fh_fftw;

/** Lines [lines][n] of reals to [lines][n/2+1] complex numbers, or back (inverse); out of place,
 *  and the inverse destroys its input. */
fh_status fh_fftw_lines(ptrdiff_t n, ptrdiff_t lines, bool inverse, fh_fftw **plan) FH_MUST;
/** The middle axis of complex [outer][n][inner], in place; inverse: e^(+i..). */
fh_status fh_fftw_axis(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, bool inverse,
                       fh_fftw **plan) FH_MUST;
/** in = out for an axis. */
void fh_fftw_run(const fh_fftw *plan, fh_real *in, fh_real *out);
void fh_fftw_destroy(fh_fftw **plan);
