/** inspect_mgno - the V-cycles of a model, as tables and as operators; called by rank 0 alone */
#pragma once

#include "comm/team.h"
#include "train/trained.h"

/** Levels, sizes, channels, smoothing steps, kernels and parameters of every cycle of an MgNO on its
 *  grid; nothing for other families. */
fh_status fh_inspect_cycles(FILE *stream, const fh_trained *m, const fh_team *team) FH_MUST;
/** The cycle of that number without biases and norms: its norm, its transpose, what it does to waves
 *  and to a point source, its stencils. */
fh_status fh_inspect_cycle(FILE *stream, const fh_trained *m, const fh_team *team,
                           int number) FH_MUST;
