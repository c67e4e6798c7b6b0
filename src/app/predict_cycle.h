/** predict_cycle - what one V-cycle of an MgNO makes of its input in the network, as a set in a file */
#pragma once

#include "app/data.h"
#include "io/writer.h"
#include "train/cycle.h"

typedef struct {
  const char *out, *yaml; /* file to write, and how it is made */
  fh_existing existing;
  ptrdiff_t n, batch; /* samples: in all, of one call of the model */
  int number;         /* of the cycle */
  bool linear;        /* without biases and norms */
} fh_cycle_call;

/** Writes fields f (input) and u = W f (output) of the first n samples. Collective on team. Errors:
 *  those of fh_cycle_create and of the file. */
fh_status fh_predict_cycle(const fh_team *team, const fh_cycle_call *call, const fh_trained *model,
                           fh_dataset *dataset) FH_MUST;
