/** report - metrics as JSON */
#pragma once

#include <cjson/cJSON.h>

#include "io/dataset.h"
#include "train/rollout.h"

/** {"data": path, "samples": n, "grid": "16x16", "metrics": {...}}; NULL if there is no memory. */
cJSON *fh_report_test(const fh_dataset *dataset, const fh_metrics *metrics);
/** Adds "spectrum": {"rel_l2": root of error over truth, "mse", "truth": mean squares}, each a list over wave numbers 0, 1, ... */
void fh_report_spectrum(cJSON *report, const fh_error_spectrum *spectrum);
/** Adds "rollout": {"steps", "trajectories", "input_frames", "stride", "rel_l2_full",
 *  "persistence_rel_l2_full", and "time", "rel_l2", "rel_h1", "rmse", "vrmse", "max_error" step by step}. */
void fh_report_rollout(cJSON *report, const fh_dataset *dataset, const fh_rollout_errors *e);
/** Adds a number; what is not finite becomes null, which JSON can say. */
void fh_report_number(cJSON *object, const char *name, double value);
/** Writes report to path and, if stream is not NULL, to stream; frees it. One rank calls.
 *  Errors: FH_ERR_IO; FH_ERR_MEMORY also for report = NULL. */
fh_status fh_report_write(cJSON *report, const char *path, FILE *stream) FH_MUST;
