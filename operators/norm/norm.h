/**
 * norm - each group of channels to mean 0 and variance 1 over the grid, then scaled
 *
 * y = (x - mean) / sqrt(var + epsilon) * weight + bias, statistics over the points and the channels
 * of a group, biased variance, accumulated in double. groups = channels: instance norm; groups = 1:
 * layer norm over the function. Parameters "weight" (1) and "bias" (0): none, one a channel, or one
 * a channel and point (PyTorch's LayerNorm([C, n1, ...])).
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_norm_class;

typedef enum { FH_AFFINE_NONE, FH_AFFINE_CHANNEL, FH_AFFINE_FUNCTION } fh_affine;

typedef struct {
  ptrdiff_t channels, groups;
  fh_affine affine;
  double epsilon; /* 1e-5 in PyTorch */
  int dim;        /* dim and n: the grid, for FH_AFFINE_FUNCTION only */
  ptrdiff_t n[FH_MAX_DIM];
} fh_norm_config;

/** Errors: FH_ERR_ARG if groups does not divide channels. */
fh_status fh_norm_create(const fh_norm_config *config, fh_op **op) FH_MUST;
