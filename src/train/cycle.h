/**
 * cycle - a V-cycle of a trained MgNO as an operator of its own, W: f -> u
 *
 * Without its biases and norms W is a matrix (docs/mgno.md): apply it, apply its transpose, and hand
 * both to whatever takes an operator, an eigensolver or a Krylov method. fh_cycle_input is the f that
 * the network feeds it for given data.
 */
#pragma once

#include "train/trained.h"

typedef struct fh_cycle fh_cycle;

/**
 * fh_cycle_create - cycle number of trained on grid
 *
 * number  a layer, counted from 0; the number of layers: the head, if it is a cycle
 * linear  without biases and norms
 * batch   most fields of one call
 * Collective on team. trained must outlive the cycle. Errors: FH_ERR_USAGE for another family or a
 * cycle that is not there; FH_ERR_SHAPE as fh_operator_create.
 */
fh_status fh_cycle_create(const fh_trained *trained, const fh_team *team, const fh_grid *grid,
                          int number, bool linear, ptrdiff_t batch, fh_cycle **cycle) FH_MUST;
void fh_cycle_destroy(fh_cycle **cycle);
/** Shapes of f and u for the largest batch. */
const fh_shape *fh_cycle_f_shape(const fh_cycle *c);
const fh_shape *fh_cycle_u_shape(const fh_cycle *c);
/** Its program: parameters conv_list.<number>... in the order of the cycle. */
fh_program *fh_cycle_program(fh_cycle *c);
/** u = W f: f [batch][f_channels][points], u [batch][u_channels][points]. Local; allocates nothing. */
fh_status fh_cycle_apply(fh_cycle *c, ptrdiff_t batch, const fh_real *f, fh_real *u) FH_MUST;
/** f = W' u, so that <W g, u> = <g, W' u> with plain sums. Errors: FH_ERR_STATE unless linear. */
fh_status fh_cycle_adjoint(fh_cycle *c, ptrdiff_t batch, const fh_real *u, fh_real *f) FH_MUST;
/** f of this cycle in the network: x [batch][in_channels][points] as in the training set. */
fh_status fh_cycle_input(fh_cycle *c, ptrdiff_t batch, const fh_real *x, fh_real *f) FH_MUST;
/**
 * fh_cycle_norm - the largest singular value of W, by power iteration on W'W
 *
 * Only for linear cycles. steps: of the iteration; the value grows towards the norm. seed: of the
 * first vector. Errors: FH_ERR_STATE unless linear, FH_ERR_NUMERIC if W is not finite.
 */
fh_status fh_cycle_norm(fh_cycle *c, int steps, uint64_t seed, double *norm) FH_MUST;
