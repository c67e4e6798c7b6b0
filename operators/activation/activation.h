/**
 * activation - y = f(x) at every point
 *
 * GELU is the exact one, x Phi(x) with the normal distribution function. Adjoint: dx = f'(x) dy.
 */
#pragma once

#include "kernels/pointwise.h"
#include "program/op.h"

extern const fh_op_class fh_activation_class;

/** kind is one of fh_activation (kernels/pointwise.h). Errors: FH_ERR_ARG for another kind. */
fh_status fh_activation_create(int kind, fh_op **op) FH_MUST;
