/**
 * unpatch - patches without their padding, put together to a field
 *
 * The inverse of the order in which the operator patch cuts: parts[a] patches along axis a, the last
 * axis fastest (grid/tiles.h). stitch false: the padding is cut off, the patches stay samples of
 * their own. Where ranks share the patches of a sample (team->n_patches > 1), each has
 * count / n_patches consecutive ones and makes its own box of the field out of them: no message.
 * Adjoint: the gradient cut into patches, with zeros in the padding and where a patch reaches beyond
 * the field.
 */
#pragma once

#include "program/op.h"

typedef struct {
  int dim;
  ptrdiff_t parts[3], padding[3];
  bool stitch;
  ptrdiff_t n[3]; /* stitch: points of the field, up to parts times a patch; 0: that many */
} fh_unpatch_config;

extern const fh_op_class fh_unpatch_class;

/** Errors: FH_ERR_ARG for parts below 1 or negative padding; at setup FH_ERR_SHAPE for patches that
 *  are all padding, or samples that are no multiple of the patches; those of fh_tiles_box. */
fh_status fh_unpatch_create(const fh_unpatch_config *config, fh_op **op) FH_MUST;
