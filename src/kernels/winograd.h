/**
 * winograd - 3x3 convolutions of stride 1 with a quarter of the multiplications: F(4x4, 3x3)
 *
 * Tiles of 6x6 values become 36 independent numbers, in which the convolution of a tile is a product for each
 * pair of channels (Lavin, Gray, Fast algorithms for convolutional neural networks, 2015). The data
 * gradient is a convolution with the kernel turned round; the weight gradient multiplies in the same 36
 * places, by tiles of x and the transformed dy that the data gradient needs, too (back). In single precision the result of a convolution carries a relative error of about 1e-6 (direct: 3e-7),
 * the weight gradient of about 1e-5 on large grids (direct: 3e-7).
 *
 * One map reads a field of n[0] x n[1] points through two tables and writes one of m[0] x m[1]:
 *   y[o, i, j] = sum_{c,a,b} W[o,c,a,b] x[c, row[i + a], col[j + b]],   an index of -1 reads zero.
 */
#pragma once

#include "base/status.h"
#include "kernels/winograd_kernels.h"

typedef struct {
  const fh_winograd_kernels *k;
  ptrdiff_t in, out;    /* channels read and written */
  ptrdiff_t n[2], m[2]; /* points read and written */
  ptrdiff_t tiles[2];
  ptrdiff_t *source[2]; /* 4 tiles + 2 indices along each axis */
  ptrdiff_t shift;      /* source[1][q] = q - shift inside the grid */
  bool wide; /* the tiles of a group lie side by side in a row; else anywhere in the batch */
  ptrdiff_t pitch_in, pitch_out; /* of transformed data */
} fh_winograd;

/** source[a]: m[a] + 2 indices, copied; source[1][q] = q - shift while that is inside the grid. */
fh_status fh_winograd_create(ptrdiff_t in, ptrdiff_t out, const ptrdiff_t n[2],
                             const ptrdiff_t m[2], const ptrdiff_t *const source[2],
                             ptrdiff_t shift, fh_winograd **w) FH_MUST;
void fh_winograd_destroy(fh_winograd **w);
/** True if it is faster than the direct kernel by an estimate that knows only channels, grid and
 *  instruction set, so that a sample's bits depend on nothing else. Never in double precision. */
bool fh_winograd_pays(ptrdiff_t in, ptrdiff_t out, const ptrdiff_t m[2]);

/** Samples whose tiles fill the vectors that are worked on at once. */
ptrdiff_t fh_winograd_samples(const fh_winograd *w);
/** Reals of a packed weight. */
ptrdiff_t fh_winograd_packed(const fh_winograd *w);
/** Entry a of the kernel of result o and channel c is sign * weight[o * so + c * sc + (flip ? 8 - a : a)]. */
void fh_winograd_pack(const fh_winograd *w, const fh_real *weight, ptrdiff_t so, ptrdiff_t sc,
                      bool flip, fh_real sign, fh_real *packed);
/** Reals of scratch of apply and of gradient. */
ptrdiff_t fh_winograd_work(const fh_winograd *w);
/** y = bias + c + W x for batch samples; bias [out] and c (a field like y) may be NULL. */
void fh_winograd_apply(const fh_winograd *w, ptrdiff_t batch, const fh_real *packed,
                       const fh_real *bias, const fh_real *c, const fh_real *x, fh_real *y,
                       fh_real *work);
/** Adjoint in W and bias: dw[out][in][9] += sign dy (x) x, db[out] += sign * sum of dy; db may be NULL. */
void fh_winograd_gradient(const fh_winograd *w, ptrdiff_t batch, fh_real sign, const fh_real *dy,
                          const fh_real *x, fh_real *dw, fh_real *db, fh_real *work);
/** Adjoint of a convolution, of which w is the map of dy to the gradient of the data: dx = c + W' dy and the gradients
 *  of weight and bias of the convolution from one pass over dy; packed has the sign. w writes the grid of x and
 *  no point beyond it; c, dx and db may be NULL. */
void fh_winograd_back(const fh_winograd *w, ptrdiff_t batch, const fh_real *packed, fh_real sign,
                      const fh_real *c, const fh_real *dy, const fh_real *x, fh_real *dx,
                      fh_real *dw, fh_real *db, fh_real *work);
