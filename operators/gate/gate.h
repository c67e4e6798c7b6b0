/**
 * gate - y_c = w_c x_c, one multiplier a channel ("soft gating")
 *
 * Parameter "weight" (1, channels), initially 1. Adjoint: dx = w dy, dw_c += <x_c, dy_c>.
 */
#pragma once

#include "program/op.h"

extern const fh_op_class fh_gate_class;

fh_status fh_gate_create(ptrdiff_t channels, fh_op **op) FH_MUST;
