/**
 * smooth - one smoothing step of a multigrid cycle: v = u + S (f - A u)
 *
 * A and S are 3-point convolutions along each axis (3x3, 3x3x3), A from the channels of u to those of f
 * and S back, each with an optional bias. Inputs f and u on one grid; the result is like u. Parameters
 * "A.weight" (f, u, 3...), "A.bias" (f), "S.weight" (u, f, 3...), "S.bias" (u), uniform on
 * +-1/sqrt(channels read x 3^dim). Boundary kinds as in kernels/taps.h. The first step of a cycle, from
 * u = 0, is S f: a plain `stencil`. Adjoint: operators/smooth/README.md.
 */
#pragma once

#include "kernels/taps.h"
#include "program/op.h"

extern const fh_op_class fh_smooth_class;

typedef struct {
  ptrdiff_t f_channels, u_channels;
  int dim;
  bool bias;
  int side[FH_MAX_DIM][2]; /* fh_side */
  int convolution;         /* fh_convolution */
} fh_smooth_config;

/** Errors: FH_ERR_ARG for fewer than one channel, dim outside 1..3 or an unknown kind of side;
 *  FH_ERR_SHAPE in setup if f and u do not fit together. */
fh_status fh_smooth_create(const fh_smooth_config *config, fh_op **op) FH_MUST;
