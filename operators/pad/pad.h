/**
 * pad - zeros around the field: n[a] -> before[a] + n[a] + after[a] points
 *
 * The spacing stays, so the grid's extent grows by the same factor. Adjoint: crop.
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_pad_class;

/** Entries beyond dim are ignored. Errors: FH_ERR_ARG for dim outside 1..3 or negative widths. */
fh_status fh_pad_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3],
                        fh_op **op) FH_MUST;
