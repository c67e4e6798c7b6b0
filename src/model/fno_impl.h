/* fno_impl - what the files of the FNO family share; nobody else includes it */
#pragma once

#include "model/fno.h"

extern const fh_field fh_fno_fields[];

fh_status fh_fno_check(void *config, int dim) FH_MUST;
/** Widths of the hidden layers, rounded as neuraloperator rounds them. */
ptrdiff_t fh_fno_lifting_width(const fh_fno_config *c);
ptrdiff_t fh_fno_projection_width(const fh_fno_config *c);
ptrdiff_t fh_fno_mlp_width(const fh_fno_config *c);
/** Output points over input points of a layer along an axis. */
double fh_fno_scaling(const fh_fno_config *c, int dim, int layer, int axis);

/** Appends block number layer; *x enters as its input and leaves as its output. */
fh_status fh_fno_block(const fh_fno_config *c, int layer, fh_program *p, fh_slot *x) FH_MUST;
