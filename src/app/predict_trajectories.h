/** predict_trajectories - what a time step makes of trajectories, as trajectories in a file */
#pragma once

#include "app/data.h"
#include "io/prediction.h"
#include "train/trained.h"

typedef struct {
  const char *out, *yaml; /* file to write, and how it is made */
  fh_existing existing;
  ptrdiff_t n, batch; /* trajectories: in all, of one call of the model */
  ptrdiff_t
      rollout; /* steps on predictions alone from the first frames; 0: each from true frames */
  bool truth;  /* write what the data say, too */
} fh_trajectory_call;

/** Collective on team. dataset: opened with pairs; op: built on its grid. Errors: those of
 *  fh_rollout_check, of the file, FH_ERR_NUMERIC if a prediction is not finite. */
fh_status fh_predict_trajectories(const fh_team *team, const fh_trajectory_call *call,
                                  const fh_model_spec *spec, fh_operator *op,
                                  fh_dataset *dataset) FH_MUST;
