/**
 * mgno - the multigrid neural operator (He, Liu, Xu, ICLR 2024): layers whose weight is a V-cycle
 *
 * u <- act(W u + K u + b), W one cycle of vcycle.h; no lifting, no projection but a head at the end. A
 * variant is the configuration of one of the authors' classes; every other option overrides it.
 * Parameters, their names, number and initial laws are those of xlliu2017/MgNO @ 3a68a90. The formulas
 * and the variants stand in docs/mgno.md.
 */
#pragma once

#include "model/model.h"
#include "model/vcycle.h"

typedef enum {
  FH_MGNO_DARCY,
  FH_MGNO_DARCY_SMOOTH,
  FH_MGNO_PIPE,
  FH_MGNO_NAVIER_STOKES,
  FH_MGNO_HELMHOLTZ
} fh_mgno_variant;
typedef enum { FH_MGNO_AUTO, FH_MGNO_NO, FH_MGNO_YES } fh_mgno_switch;
typedef enum { FH_MGNO_SKIP_AUTO, FH_MGNO_SKIP_NONE, FH_MGNO_SKIP_LINEAR } fh_mgno_skip;
typedef enum {
  FH_MGNO_NORM_AUTO,
  FH_MGNO_NORM_NONE,
  FH_MGNO_NORM_LEVEL, /* inside the cycle, after each prolongation */
  FH_MGNO_NORM_LAYER  /* of each layer's result, before the activation */
} fh_mgno_norm;
typedef enum {
  FH_MGNO_HEAD_AUTO,
  FH_MGNO_HEAD_LINEAR,
  FH_MGNO_HEAD_MLP,
  FH_MGNO_HEAD_CYCLE
} fh_mgno_head;

/** 0, -1 and empty mean: the variant's. */
typedef struct {
  int variant; /* fh_mgno_variant */
  ptrdiff_t n_layers, hidden_channels;
  fh_int_list pre, post; /* smoothing steps of each level, finest first; as many as levels */
  fh_int_list factors;   /* channels of each level over hidden_channels; one: every level */
  char
      sides[FH_TEXT_MAX]; /* fh_side names: one, one an axis, or lower and upper one of each axis */
  ptrdiff_t restriction_padding; /* 0 or 1 */
  ptrdiff_t prolongation_kernel; /* 0: by the sizes */
  int prolongation_wrap;         /* 0: zeros, as in PyTorch, 1: periodic where the sides are */
  int bias;                      /* fh_mgno_switch */
  bool restrict_residual, share;
  int norm;                /* fh_mgno_norm */
  int affine;              /* fh_vcycle_affine */
  int skip;                /* fh_mgno_skip */
  int head;                /* fh_mgno_head */
  ptrdiff_t head_channels; /* of the head's hidden layer */
  bool head_bias;
  int residual;            /* fh_mgno_switch: the input is added to the result */
  int non_linearity;       /* fh_activation */
  int convolution;         /* fh_convolution */
  int side[FH_MAX_DIM][2]; /* fh_side, made from sides by check */
} fh_mgno_config;

extern const fh_model_class fh_mgno_class;
/** The cycle of a layer with these channels of f and u; config has gone through check. */
void fh_mgno_cycle(const fh_mgno_config *config, ptrdiff_t f_channels, ptrdiff_t u_channels,
                   fh_vcycle *cycle);
/**
 * fh_mgno_parts - one V-cycle of a model as a program of its own, and what comes before it
 *
 * cycle   a layer, counted from 0; n_layers: the head, if that is a cycle
 * linear  without biases and norms: W f is linear in f; w can then go backward, and din is W' dout
 * before  from the model's (normalised) input to f; NULL for cycle 0, whose f is the input itself
 * Parameters have the names that they have in the model, so that fh_trained_load fills them. Both are
 * the caller's. Collective on team. Errors: FH_ERR_USAGE for another family or a cycle that is not
 * there; those of building.
 */
fh_status fh_mgno_parts(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                        ptrdiff_t batch, int cycle, bool linear, fh_program **before,
                        fh_program **w) FH_MUST;
