/**
 * prolong - transposed convolution of stride 2 to a given finer grid, with an addend
 *
 * y[o, B(2 i + a - p)] = b[o] + v[o, .] + sum of T[c,o,a] x[c,i] over all c, i, a that lead there; what
 * leads outside the fine grid is dropped on a zero side and comes back in on the others (B, as in
 * kernels/taps.h). PyTorch's ConvTranspose is the case of zero sides; periodic sides give a prolongation
 * that commutes with shifts by two points. Parameters "weight" (in, out, k...), "bias" (out), uniform on
 * +-1/sqrt(out k^dim), as PyTorch counts. Adjoint: operators/prolong/README.md.
 */
#pragma once

#include "kernels/taps.h"
#include "program/op.h"

extern const fh_op_class fh_prolong_class;

typedef struct {
  ptrdiff_t in_channels, out_channels;
  int dim;
  ptrdiff_t fine[FH_MAX_DIM];   /* points of the result */
  ptrdiff_t kernel[FH_MAX_DIM]; /* 2 to 4 points; fh_prolong_kernel gives the one that fits */
  ptrdiff_t pad;                /* of the restriction that it is the partner of */
  bool bias;
  bool add;                /* a second input v like y is added */
  int side[FH_MAX_DIM][2]; /* fh_side */
  int convolution;         /* fh_convolution */
} fh_prolong_config;

/** n_fine - 2 (n_coarse - 1) + 2 pad: the kernel that covers a fine axis exactly, 3 or 4 behind a
 *  restriction with a kernel of 3. */
ptrdiff_t fh_prolong_kernel(ptrdiff_t fine, ptrdiff_t coarse, ptrdiff_t pad);
/** Errors: FH_ERR_ARG for fewer than one channel, dim outside 1..3, a kernel outside 2..8 or an
 *  unknown kind of side; FH_ERR_SHAPE in setup for sizes that do not belong together. */
fh_status fh_prolong_create(const fh_prolong_config *config, fh_op **op) FH_MUST;
