/**
 * conv - d-dimensional convolution (cross-correlation, as in PyTorch), stride 1, zeros outside
 *
 * y[o,i] = b[o] + sum_{c,a} W[o,c,a] x[c, i + a - (k-1)/2]; the grid stays. Parameters "weight"
 * (out, in, k...), "bias" (out), both uniform on +-1/sqrt(in k^dim).
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_conv_class;

typedef struct {
  ptrdiff_t in_channels, out_channels;
  int dim;
  ptrdiff_t kernel; /* odd, the same along every axis */
  bool bias;
} fh_conv_config;

/** Errors: FH_ERR_ARG for an even kernel, dim outside 1..3 or fewer than one channel. */
fh_status fh_conv_create(const fh_conv_config *config, fh_op **op) FH_MUST;
