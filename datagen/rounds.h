/**
 * rounds - ranks that work at their own pace agree on what happened, a little later
 *
 * Every rank does its piece of a round and posts what came of it; the sums over all ranks arrive two
 * rounds later, the same on all of them. So nobody waits for the slowest in every round, and all
 * leave a loop after the same round.
 */
#pragma once

#include <stdbool.h>

#include "base/status.h"

typedef struct {
  double done, iterations, failed;       /* summed */
  double stop, error, residual, culprit; /* the largest of all ranks */
} fh_round;

typedef struct fh_rounds fh_rounds;

/** Collective on comm, which must return errors; not owned. */
fh_status fh_rounds_create(MPI_Comm comm, fh_rounds **rounds) FH_MUST;
/** Collective if rounds are in flight: finishes them. */
void fh_rounds_destroy(fh_rounds **rounds);
/** Posts this rank's part of the next round. *arrived: *total holds an earlier round's. */
fh_status fh_rounds_post(fh_rounds *r, const fh_round *mine, bool *arrived,
                         fh_round *total) FH_MUST;
/** After the last post: *arrived: *total holds the next one; false: there are no more. */
fh_status fh_rounds_drain(fh_rounds *r, bool *arrived, fh_round *total) FH_MUST;
