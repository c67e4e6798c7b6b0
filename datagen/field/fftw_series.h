/**
 * fftw_series - the sum of a cosine or Fourier series at all points of a grid
 *
 * With fftw_lines.c the only place of the generator that calls FFTW (plans with FFTW_ESTIMATE: the same sums every
 * time). Serial; 1 to 3 axes.
 */
#pragma once

#include <stddef.h>

#include "base/status.h"

typedef enum {
  FH_SERIES_COSINE_CELL, /* cos(pi k (j + 1/2) / n), k = 0..n-1 (DCT-III) */
  FH_SERIES_COSINE_NODE, /* cos(pi k j / (n - 1)), k = 0..n-1 (DCT-I) */
  FH_SERIES_FOURIER      /* exp(2 pi i k j / n), last axis k = 0..n/2, the others 0..n-1 */
} fh_series_basis;

typedef struct fh_series fh_series;

/**
 * fh_series_create - plan sums at n[0..dim) points
 *
 * Errors: FH_ERR_ARG for COSINE_NODE with fewer than 2 points on an axis; FH_ERR_MEMORY.
 */
fh_status fh_series_create(fh_series_basis basis, int dim, const ptrdiff_t *n,
                           fh_series **series) FH_MUST;
void fh_series_destroy(fh_series **series);
/**
 * fh_series_coefficients - what is summed; fill it before every sum
 *
 * Cosines: [n0]..[nd] reals, the coefficient of a product of cosines times fh_series_factor of every
 * axis. Fourier: [n0]..[nd/2+1] pairs (re, im), Hermitian where the last index is 0. Owned by the
 * series.
 */
double *fh_series_coefficients(fh_series *s);
/** How many reals fh_series_coefficients holds. */
ptrdiff_t fh_series_size(const fh_series *s);
/** The factor of index k on an axis of n points (1 for Fourier). */
double fh_series_factor(fh_series_basis basis, ptrdiff_t n, ptrdiff_t k);
/** Sums; the coefficients are lost. Returns [n0]..[nd] values, valid until the next sum. */
const double *fh_series_sum(fh_series *s);
