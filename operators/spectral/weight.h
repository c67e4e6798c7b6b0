/**
 * weight - spectral weights that are computed from factors: CP, Tucker, tensor train
 *
 * The tensor W has the modes (layers,) in, out, m1, .., mN; separable: (layers,) channels, m1, .., mN.
 *   CP      W = sum_r w_r prod_j F_j[s_j, r]        weight.weights (R), weight.factors.factor_j (s_j, R)
 *   Tucker  W = core x_1 F_1 .. x_D F_D             weight.core (r_1, .., r_D), ..factor_j (s_j, r_j)
 *   TT      W = prod_j F_j[:, s_j, :]               ..factor_j (r_j, s_j, r_j+1)
 * All are complex, normal with deviations that give W the deviation asked for (CP's weights are 1).
 * Names and shapes are those of neuraloperator; its deviation for TT is too small by sqrt(prod r).
 *
 * Where the grid of the layers holds fewer frequencies than the weight (patches, coarse grids, a frequency curriculum) the map
 * computes the rows in use only, once for all calls; a dense weight is a map as well then, which copies them.
 *
 * Two ways to use one (fh_spectral_way). Rebuilt: the map gives W, and layers have dense weights.
 * In the middle: the map gives what stands between the two channel matrices, and the layer
 * multiplies by those, sample by sample (mid_in, mid_out of fh_spectral_config). A map runs once an
 * optimiser step forward and, unless it waits, once a unit of samples backward, so that rebuilding pays
 * when many samples share it.
 */
#pragma once

#include "operators/spectral/spectral.h"
#include "program/program.h"

typedef enum {
  FH_WEIGHT_DENSE, /* itself, for layers that use a part of it */
  FH_WEIGHT_CP,
  FH_WEIGHT_TUCKER,
  FH_WEIGHT_TT
} fh_weight_kind;
typedef enum { FH_WAY_AUTO, FH_WAY_MIDDLE, FH_WAY_REBUILT } fh_spectral_way;

typedef struct {
  int kind;         /* fh_weight_kind */
  ptrdiff_t layers; /* 0: one layer, without a mode for layers; else jointly factorised layers */
  fh_spectral_config at; /* of the layers: channels, axes, stored modes, separable, deviation */
  /* CP: R. Tucker: one a mode. TT: one more than modes, the first and the last are 1 */
  ptrdiff_t rank[FH_PARAM_MAX_RANK];
  int way;        /* fh_spectral_way; auto: by cost */
  double dropout; /* tensor dropout in training: probability that an index of a rank is left out */
  ptrdiff_t samples; /* that share one run of the map and its adjoint, for the choice; 0: 4 */
  fh_spectral_rows
      rows; /* that all the layers use (fh_spectral_rows_used): no others are computed; count 0: all */
} fh_weight_config;

/** Modes of the tensor and their sizes. */
int fh_spectral_weight_shape(const fh_weight_config *config, ptrdiff_t shape[FH_PARAM_MAX_RANK]);
/** Flops of the mixing of one sample forward and of the map forward, for either way. */
typedef struct {
  double sample[3], map[3]; /* by fh_spectral_way */
} fh_weight_cost;
fh_weight_cost fh_spectral_weight_cost(const fh_weight_config *config);
/** The way that config asks for, or the cheaper one where it asks for none. The middle way exists
 *  for layers that mix channels; TT also needs a tensor for one layer. */
fh_spectral_way fh_spectral_weight_way(const fh_weight_config *config);
/** Of a weight that is rebuilt: whether its gradient goes on to the factors once an optimiser step, after it has been
 *  added up (fh_map.waits), because that costs less than going once a unit of samples. The same for all grids. */
bool fh_spectral_weight_waits(const fh_weight_config *config);

/**
 * fh_spectral_weight_add - the weights of one or more layers, in a program
 *
 * name    prefix of the parameters' names
 * layers  names of the steps that follow: one, or config->layers
 * Makes the map, and binds what the steps of those names will ask for. *layer receives the
 * configuration with which to create them. Errors: FH_ERR_ARG for ranks or shapes that make no
 * sense; those of fh_program_map.
 */
fh_status fh_spectral_weight_add(const fh_weight_config *config, fh_program *p, const char *name,
                                 const char *const *layers, fh_spectral_config *layer) FH_MUST;
/** The configuration of the layers alone, for a layer whose weights were added with others. */
fh_spectral_config fh_spectral_weight_layer(const fh_weight_config *config);
/** The map alone. */
fh_status fh_spectral_weight_map(const fh_weight_config *config, fh_map **map) FH_MUST;
