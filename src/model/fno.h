/**
 * fno - the Fourier neural operator, with the options of neuraloperator's class FNO
 *
 * positional embedding -> lifting -> padding -> blocks -> crop -> projection; the formula of a block
 * stands in docs/models.md. Options, names of the parameters, their number and their initial laws are
 * those of neuraloperator 2 (models/fno.py, layers/fno_block.py), except: the change of resolution is
 * exact in Fourier space; padding may be one-sided; the norm over the whole function has its own name;
 * spectral weights may be factorised jointly over the layers.
 */
#pragma once

#include "model/model.h"
#include "operators/spectral/weight.h"

typedef enum { FH_FNO_NO_SKIP, FH_FNO_IDENTITY, FH_FNO_LINEAR, FH_FNO_SOFT_GATING } fh_fno_skip;
typedef enum { FH_FNO_NO_NORM, FH_FNO_INSTANCE, FH_FNO_GROUP, FH_FNO_LAYER } fh_fno_norm;

typedef struct {
  fh_int_list n_modes; /* frequencies per axis in total, as neuraloperator counts; one: all axes */
  fh_int_list max_n_modes; /* rows (last axis: columns) that the weight stores; empty: n_modes */
  ptrdiff_t hidden_channels, n_layers;
  double lifting_channel_ratio, projection_channel_ratio;
  int positional_embedding; /* 0: none, 1: the coordinates are appended to the input */
  int non_linearity;        /* fh_activation */
  int norm;                 /* fh_fno_norm */
  ptrdiff_t norm_groups;
  int fno_skip, channel_mlp_skip; /* fh_fno_skip */
  ptrdiff_t conv_bias_kernel;     /* side of the linear skip's kernel */
  bool use_channel_mlp;
  double channel_mlp_expansion;
  bool preactivation;
  int stabilizer; /* 0: none, 1: tanh before the Fourier layer */
  bool separable;
  fh_real_list domain_padding;            /* fraction of each axis; one: all axes; empty: none */
  int domain_padding_mode;                /* 0: on both sides, 1: behind the field only */
  fh_real_list resolution_scaling_factor; /* one, one a layer, or one a layer and axis; empty: 1 */
  int spectral_method;                    /* fh_spectral_method */
  int factorization;                      /* fh_factor_kind, of the spectral weights */
  fh_real_list rank;                      /* a fraction, or ranks: fh_rank_resolve */
  fh_int_list fixed_rank_modes;           /* Tucker: modes of the weight that keep their size */
  int implementation;                     /* fh_spectral_way */
  bool joint_factorization;               /* one tensor over all layers */
  double tensor_dropout; /* probability that an index of a rank is left out, in training */
  ptrdiff_t patches;     /* no option: of a sample, that share the factors (mg-tfno); 0: one */
} fh_fno_config;

/** The options of the FNO family in a spec of fno, tfno or mg-tfno; NULL for another family. */
fh_fno_config *fh_fno_config_of(const fh_model_spec *spec);

/** A factorised spectral weight: what it is and how it is multiplied. */
typedef struct {
  const char *kind;        /* "cp", "tucker", "tt"; NULL: there is no such weight */
  fh_weight_config config; /* ranks in config.rank */
  int modes, n_ranks;
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  ptrdiff_t parameters, dense; /* complex numbers: in the factors, in the tensor that they make */
  fh_spectral_way way;         /* taken */
  fh_weight_cost cost;         /* of both ways */
} fh_fno_weight;

/** The weight of a layer (layer 0: of all layers, where they are joint) of a model of the FNO family;
 *  w->kind NULL for other models and layers. Errors: those of the model's check. */
fh_status fh_fno_weight_find(const fh_model_spec *spec, int dim, int layer,
                             fh_fno_weight *w) FH_MUST;

/** fno: dense weights by default; tfno: the same with Tucker, rank 0.1. */
extern const fh_model_class fh_fno_class, fh_tfno_class;
