/**
 * residual - r = f - (A u + b), A a 3-point convolution along each axis
 *
 * Inputs f and u, on one grid; f has the channels of A's result. Parameters "weight" (f, u, 3...) and
 * "bias" (f), both uniform on +-1/sqrt(u 3^dim). Boundary kinds as in kernels/taps.h.
 * Adjoint: operators/residual/README.md.
 */
#pragma once

#include "kernels/taps.h"
#include "program/op.h"

extern const fh_op_class fh_residual_class;

typedef struct {
  ptrdiff_t f_channels, u_channels;
  int dim;
  bool bias;
  int side[FH_MAX_DIM][2]; /* fh_side */
  int convolution;         /* fh_convolution */
} fh_residual_config;

/** Errors: FH_ERR_ARG for fewer than one channel, dim outside 1..3 or an unknown kind of side;
 *  FH_ERR_SHAPE in setup if f and u do not fit together. */
fh_status fh_residual_create(const fh_residual_config *config, fh_op **op) FH_MUST;
