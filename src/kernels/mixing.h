/**
 * mixing - one complex matrix a mode: the multiplication of spectra by weights, and its adjoints
 *
 * Complex numbers are interleaved, modes are contiguous: spectra [samples][channels][modes], weights
 * [in][out][modes] as the parameter lies in memory. Vectors run over modes, several samples and
 * outputs are kept in registers, so that a weight is read once for four samples. The bits of a
 * sample's spectrum do not depend on the number of samples.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "kernels/dispatch.h"

typedef struct {
  ptrdiff_t samples, in, out, modes;
} fh_mix_size;

typedef struct {
  /** y[s][o][k] = sum_i w[i][o][k] x[s][i][k] */
  void (*forward)(const fh_mix_size *n, const fh_real *w, const fh_real *x, fh_real *y);
  /** dx[s][i][k] = sum_o conj(w[i][o][k]) dy[s][o][k] */
  void (*backward)(const fh_mix_size *n, const fh_real *w, const fh_real *dy, fh_real *dx);
  /** dw[i][o][k] += sum_s conj(x[s][i][k]) dy[s][o][k] */
  void (*gradient)(const fh_mix_size *n, const fh_real *x, const fh_real *dy, fh_real *dw);
  /* the same with one weight a channel and mode, w[c][k]; in = out = channels */
  void (*each_forward)(const fh_mix_size *n, const fh_real *w, const fh_real *x, fh_real *y);
  void (*each_backward)(const fh_mix_size *n, const fh_real *w, const fh_real *dy, fh_real *dx);
  void (*each_gradient)(const fh_mix_size *n, const fh_real *x, const fh_real *dy, fh_real *dw);
} fh_mix_table;

const fh_mix_table *fh_mix_table_get(fh_isa isa);

/** A box of the stored modes of a weight: count[a] from first[a] out of stored[a]. */
typedef struct {
  int dim;
  ptrdiff_t stored[3], first[3], count[3];
} fh_mix_box;

/** True if the box is all there is: then gather and scatter are not needed. */
bool fh_mix_box_is_whole(const fh_mix_box *b);
/** part[matrices][count..] = w[matrices][first..]; complex. */
void fh_mix_gather(const fh_mix_box *b, ptrdiff_t matrices, const fh_real *w, fh_real *part);
/** w[matrices][first..] += part[matrices][count..]. */
void fh_mix_scatter(const fh_mix_box *b, ptrdiff_t matrices, const fh_real *part, fh_real *w);
