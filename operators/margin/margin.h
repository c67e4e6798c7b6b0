/**
 * margin - points put around the field (pad) or taken away from it (crop)
 *
 * pad: zeros, n[a] -> before[a] + n[a] + after[a] points; the spacing stays, so the grid's extent grows
 * by the same factor. crop drops before[a] and after[a] points from the ends of each axis. Each is the
 * other's adjoint, and crop undoes pad.
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_pad_class, fh_crop_class;

/** Entries beyond dim are ignored. Errors: FH_ERR_ARG for dim outside 1..3 or negative widths. */
fh_status fh_pad_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3],
                        fh_op **op) FH_MUST;
fh_status fh_crop_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3],
                         fh_op **op) FH_MUST;
