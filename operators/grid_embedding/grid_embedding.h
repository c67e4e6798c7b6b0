/**
 * grid_embedding - appends the coordinates as channels
 *
 * Channel C + a holds i_a / n_a (0 first, 1 never reached), axis by axis, after the C channels of
 * the data. Affine: its adjoint drops the appended channels.
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_grid_embedding_class;

/** dim is that of the grid, 1..3. */
fh_status fh_grid_embedding_create(int dim, fh_op **op) FH_MUST;
