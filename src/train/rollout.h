/**
 * rollout - a time step applied to its own predictions, against trajectories; equal for any number of
 * ranks
 *
 * From the first frames that a data set may use, n steps are predicted; only the constant fields are
 * taken from the data after that. e_k = prediction - truth of step k, all channels:
 *  rel_l2[k], rel_h1[k], rmse[k], vrmse[k], max_error[k]   the metrics of that name (metrics.h) of frame
 *               k, mean over trajectories (max_error: the largest of all)
 *  full         mean over trajectories of sqrt(sum_k |e_k|^2) / sqrt(sum_k |y_k|^2): relative L2 of all
 *               frames together (FNO's and MgNO's test_l2_full)
 *  persistence  the same, had the last given frame stayed as it is
 */
#pragma once

#include "io/dataset.h"
#include "train/metrics.h"
#include "train/trained.h"

typedef struct {
  ptrdiff_t steps, trajectories;
  ptrdiff_t frame; /* of the file: the last given one */
  double full, persistence;
  const double *rel_l2, *rel_h1, *rmse, *vrmse, *max_error; /* [steps] */
} fh_rollout_errors;

typedef struct fh_rollout fh_rollout;

/**
 * fh_rollout_check - can a model of this spec run steps on the data, with truth for each if truth?
 *
 * Local. Errors: FH_ERR_USAGE if the data are no trajectories or have too few frames; FH_ERR_SHAPE if
 * a prediction cannot be an input.
 */
fh_status fh_rollout_check(const fh_model_spec *spec, const fh_dataset *dataset, ptrdiff_t steps,
                           bool truth) FH_MUST;
/**
 * fh_rollout_create - for an operator that is built on the grid of the data set
 *
 * Local; nothing is owned. batch: trajectories of one call of the operator.
 * Errors: those of fh_rollout_check; of the metrics (config NULL: what the sides of the data ask for).
 */
fh_status fh_rollout_create(const fh_team *team, const fh_model_spec *spec, fh_operator *op,
                            fh_dataset *dataset, const fh_metrics_config *config, ptrdiff_t steps,
                            ptrdiff_t batch, fh_rollout **rollout) FH_MUST;
void fh_rollout_destroy(fh_rollout **rollout);
/** Collective on the team. The errors live until the next run or destroy; NaN from where the
 *  predictions are not finite. */
fh_status fh_rollout_run(fh_rollout *rollout, const fh_rollout_errors **errors) FH_MUST;
