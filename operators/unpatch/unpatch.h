/**
 * unpatch - patches without their padding, put together to a field
 *
 * The inverse of the order in which the operator patch cuts: parts[a] patches along axis a, the last
 * axis fastest. stitch false: the padding is cut off, the patches stay samples of their own.
 * Where ranks share the patches of a sample (team->n_patches > 1), each has count / n_patches
 * consecutive ones, and the field is put together on all of them by one MPI_Allgather; the adjoint
 * needs no message.
 * Adjoint: the gradient cut into patches, with zeros in the padding.
 */
#pragma once

#include "program/op.h"

typedef struct {
  int dim;
  ptrdiff_t parts[3], padding[3];
  bool stitch;
} fh_unpatch_config;

extern const fh_op_class fh_unpatch_class;

/** Errors: FH_ERR_ARG for parts below 1 or negative padding; at setup FH_ERR_SHAPE for patches that
 *  are all padding, or samples that are no multiple of the patches. */
fh_status fh_unpatch_create(const fh_unpatch_config *config, fh_op **op) FH_MUST;
