/**
 * stop - the question "has somebody asked this run to stop or to save?"
 *
 * A long loop (trainer, generator) polls once a step. The answer is rank-local, because signals and
 * clocks are: the loop combines it over its ranks with MPI_MAX (the bits are ordered so that END
 * wins and includes a checkpoint) and then acts on all of them together. The library knows nothing
 * of signals; the command provides the poll (src/app/signals.h).
 */
#pragma once

#include <stddef.h>

enum {
  FH_STOP_CHECKPOINT = 1, /* save, then go on; told once per request */
  FH_STOP_END = 2         /* finish this step, save, return FH_STOPPED; told from then on */
};

typedef struct {
  void *context;
  int (*poll)(void *context); /* rank-local, cheap, never blocks; NULL: nobody ever asks */
} fh_stop;

/** The bits that are asked for on this rank now; 0 for stop = NULL. */
static inline int fh_stop_poll(const fh_stop *stop)
{
  return stop && stop->poll ? stop->poll(stop->context) : 0;
}
