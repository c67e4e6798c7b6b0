/**
 * patch - a field cut into patches, each with coarser views of what lies around it
 *
 * The indices are those of cut.h. Where ranks share the patches of a sample (team->n_patches > 1),
 * each cuts its own count / n_patches consecutive ones, from the whole field or from what fh_cut_needs
 * says of it: the input's layout then has that many points along each axis (fh_selection_layout).
 * Adjoint: scatter-add with the same indices; a rank has what its own patches contribute, and the caller adds
 * that up over the ranks that share the sample where it is wanted.
 */
#pragma once

#include "operators/patch/cut.h"
#include "program/op.h"

extern const fh_op_class fh_patch_class;

/**
 * fh_patch_create - one input (C channels), one output of 2^(L dim) times the samples,
 * fh_cut_channels and h + 2 p points
 *
 * Errors: those of fh_cut_check; at setup those of fh_cut_create, and FH_ERR_UNSUPPORTED for a part of
 * the field that is not what the patches need.
 */
fh_status fh_patch_create(const fh_patch_config *config, fh_op **op) FH_MUST;
