/**
 * linear - the same matrix at every point (a 1x1 convolution), with what usually follows it
 *
 * y = act(W x + b + s): bias b, addend s (a second input) and activation are optional. Fusing them
 * saves a pass over the field each. Parameters: "weight" (out, in), "bias" (out), both uniform on
 * +-1/sqrt(in). Adjoint: operators/linear/README.md.
 */
#pragma once

#include "kernels/pointwise.h"
#include "program/op.h"

extern const fh_op_class fh_linear_class;

typedef struct {
  ptrdiff_t in_channels, out_channels;
  bool bias;
  bool add;       /* a second input of out_channels is added before the activation */
  int activation; /* fh_activation; 0 is the identity */
} fh_linear_config;

/** Errors: FH_ERR_ARG for fewer than one channel or an unknown activation. */
fh_status fh_linear_create(const fh_linear_config *config, fh_op **op) FH_MUST;
