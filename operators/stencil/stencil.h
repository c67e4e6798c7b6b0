/**
 * stencil - d-dimensional convolution of stride 1 or 2 with any boundary kind on each side
 *
 * y[o,i] = b[o] + sum_{c,a} W[o,c,a] x[c, B(s i + a - p)] (+ v[o,i]): cross-correlation as in PyTorch;
 * B is the boundary of each side (kernels/taps.h). Stride 2 leaves floor((n + 2 p - k) / 2) + 1
 * points along each axis: a restriction. Parameters "weight" (out, in, k...), "bias" (out), both
 * uniform on +-1/sqrt(in k^dim). Adjoint: operators/stencil/README.md.
 */
#pragma once

#include "kernels/taps.h"
#include "program/op.h"

extern const fh_op_class fh_stencil_class;

typedef struct {
  ptrdiff_t in_channels, out_channels;
  int dim;
  ptrdiff_t kernel, stride, pad; /* the same along every axis; PyTorch's 3, 1, 1 keeps the grid */
  bool bias;
  bool add;                /* a second input v like y is added */
  int side[FH_MAX_DIM][2]; /* fh_side: lower and upper side of each axis */
  int convolution;         /* fh_convolution */
} fh_stencil_config;

/** Errors: FH_ERR_ARG for fewer than one channel, dim outside 1..3, a stride other than 1 and 2, or
 *  an unknown kind of side; FH_ERR_SHAPE in setup for a grid that is too small. */
fh_status fh_stencil_create(const fh_stencil_config *config, fh_op **op) FH_MUST;
