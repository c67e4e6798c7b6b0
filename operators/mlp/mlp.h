/**
 * mlp - two linear layers with an activation between, at every point; the hidden field is never
 * stored
 *
 * y = out_act(W1 act(W0 x + b0) + b1 + skip), processed in tiles of points that stay in the cache;
 * backward computes the hidden values again. skip is a second input s: nothing, s itself, or s
 * times a multiplier per channel (initially 1). Parameters: "fcs.0.weight" (hidden, in),
 * "fcs.0.bias", "fcs.1.weight" (out, hidden), "fcs.1.bias", then "gate.weight" (1, out) if gated.
 *
 * With a join, x = join_act(Wj s + u) for the inputs u and s, and "join.weight" (in, out) is the
 * first parameter: all that a Fourier block does behind its Fourier layer u = K(s), in one pass.
 */
#pragma once

#include "kernels/pointwise.h"
#include "program/op.h"

extern const fh_op_class fh_mlp_class;

typedef enum { FH_MLP_NO_SKIP, FH_MLP_ADD_SKIP, FH_MLP_GATE_SKIP } fh_mlp_skip;

typedef struct {
  ptrdiff_t in_channels, hidden, out_channels;
  int activation;      /* fh_activation between the layers */
  fh_mlp_skip skip;    /* a second input of out_channels */
  int out_activation;  /* fh_activation at the end; 0 is the identity */
  bool join;           /* x = join_act(Wj s + u); a second input whatever skip is */
  int join_activation; /* fh_activation of the join */
  /* Names of the parameters, for models whose files name the others beside the perceptron (step
   * "fno_blocks", fcs_prefix "channel_mlp.0.", gate_role "channel_mlp_skips.0.weight", join_role
   * "fno_skips.0.conv.weight"). NULL: as above. Copied. */
  const char *fcs_prefix, *gate_role, *join_role;
} fh_mlp_config;

/** Errors: FH_ERR_ARG for fewer than one channel or an unknown activation. */
fh_status fh_mlp_create(const fh_mlp_config *config, fh_op **op) FH_MUST;
