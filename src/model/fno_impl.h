/* fno_impl - what the files of the FNO family share; nobody else includes it */
#pragma once

#include "model/fno.h"
#include "model/mg_tfno.h"
#include "operators/spectral/spectral.h"

extern const fh_field fh_fno_fields[], fh_tfno_fields[], fh_mg_tfno_fields[];

extern const char *const fh_fno_factorizations[]; /* names of fh_factor_kind */

fh_status fh_fno_check(void *config, int dim) FH_MUST;
/** Widths of the hidden layers, rounded as neuraloperator rounds them. */
ptrdiff_t fh_fno_lifting_width(const fh_fno_config *c);
ptrdiff_t fh_fno_projection_width(const fh_fno_config *c);
ptrdiff_t fh_fno_mlp_width(const fh_fno_config *c);
/** Output points over input points of a layer along an axis. */
double fh_fno_scaling(const fh_fno_config *c, int dim, int layer, int axis);

/** The steps between input and prediction; config is an fh_fno_config. */
fh_status fh_fno_build(const void *config, int in_channels, int out_channels, fh_program *p,
                       fh_slot *x) FH_MUST;
/** A Fourier layer of dense weights that keeps its grid; c has been checked. */
fh_spectral_config fh_fno_spectral(const fh_fno_config *c, int dim);
/** The Fourier layer of a block on grid: adds its weight to the program where it is factorised or used in part; at: what
 *  a layer with a dense weight, used whole, would be. */
fh_status fh_fno_fourier(const fh_fno_config *c, int layer, const fh_spectral_config *at,
                         const fh_grid *grid, fh_program *p, fh_op **op) FH_MUST;
/** Bytes of the spectral weight that a layer multiplies by on the grid. */
fh_status fh_fno_weight_bytes(const fh_fno_config *c, const fh_grid *grid, double *bytes) FH_MUST;
/** Appends block number layer; *x enters as its input and leaves as its output. */
fh_status fh_fno_block(const fh_fno_config *c, int layer, fh_program *p, fh_slot *x) FH_MUST;
