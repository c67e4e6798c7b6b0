/**
 * add - y = act(x_0 + ... + x_{n-1}), all of one shape
 *
 * Adjoint: dx_i = act'(sum) dy for every i. Without activation the sum itself is not kept.
 */
#pragma once

#include "kernels/pointwise.h"
#include "program/op.h"

extern const fh_op_class fh_add_class;

/** Errors: FH_ERR_ARG for n_in outside 1..FH_OP_MAX_IN. */
fh_status fh_add_create(int n_in, fh_op **op) FH_MUST;
/** The same with an activation (kind is one of fh_activation): it keeps the sum for backward. */
fh_status fh_add_create_activated(int n_in, int kind, fh_op **op) FH_MUST;
