/**
 * crop - drops before[a] and after[a] points from the ends of each axis
 *
 * The inverse of pad with the same widths, and its adjoint.
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_crop_class;

/** Entries beyond dim are ignored. Errors: FH_ERR_ARG for dim outside 1..3 or negative widths. */
fh_status fh_crop_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3],
                         fh_op **op) FH_MUST;
