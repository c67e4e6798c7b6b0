/**
 * fftw_lines - FFTW's real transforms along one axis of a box, in place, in single or double
 *
 * With fftw_series.c the only place of the generator that calls FFTW (plans with FFTW_ESTIMATE). Serial.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/** Transforms whose functions are eigenvectors of second differences; k, j = 0..n-1. */
typedef enum {
  FH_LINES_SINE_NODE,    /* sin(pi (k + 1)(j + 1) / (n + 1)) */
  FH_LINES_SINE_CELL,    /* sin(pi (k + 1)(j + 1/2) / n) */
  FH_LINES_COSINE_CELL,  /* cos(pi k (j + 1/2) / n) */
  FH_LINES_SINE_MIXED,   /* sin(pi (k + 1/2)(j + 1/2) / n) */
  FH_LINES_COSINE_MIXED, /* cos(pi (k + 1/2)(j + 1/2) / n) */
  FH_LINES_FOURIER       /* half-complex: cosines k = 0..n/2, then sines of n - k */
} fh_lines_kind;

typedef struct fh_lines fh_lines;

/**
 * fh_lines_create - plan the transforms of data [outer][n][inner] along the axis n
 *
 * data (float if single, else double) is where all of them will work; its content is kept. inverse:
 * back, without its factor: there and back multiplies by fh_lines_gain.
 * Errors: FH_ERR_ARG for sizes that an int does not hold; FH_ERR_LIBRARY.
 */
fh_status fh_lines_create(bool single, fh_lines_kind kind, bool inverse, ptrdiff_t outer,
                          ptrdiff_t n, ptrdiff_t inner, void *data, fh_lines **lines) FH_MUST;
void fh_lines_destroy(fh_lines **lines);
void fh_lines_run(const fh_lines *lines);
double fh_lines_gain(fh_lines_kind kind, ptrdiff_t n);
/** 2 - 2 cos(...): what second differences, -u(j-1) + 2 u(j) - u(j+1), make of function k. */
double fh_lines_eigenvalue(fh_lines_kind kind, ptrdiff_t n, ptrdiff_t k);
