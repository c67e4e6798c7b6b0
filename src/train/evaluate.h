/**
 * evaluate - a model against a data set, in parallel over samples
 */
#pragma once

#include "io/dataset.h"
#include "train/metrics.h"
#include "train/trained.h"

typedef struct fh_evaluator fh_evaluator;

/**
 * fh_evaluator_create - an operator built on the data set's grid
 *
 * Collective on team; nothing is owned, all must outlive the evaluator. batch: samples of one call.
 * patches_at_once: fh_operator_create_patchwise; of such a model on one rank a sample only what
 * patches need is read of the inputs; truth and prediction are whole, as the metrics need them.
 * Errors: FH_ERR_SHAPE if the channels differ or the model does not go on this grid.
 */
fh_status fh_evaluator_create(const fh_team *team, const fh_model_spec *spec,
                              const fh_normaliser *input, const fh_normaliser *output,
                              fh_dataset *dataset, ptrdiff_t batch, ptrdiff_t patches_at_once,
                              fh_evaluator **e) FH_MUST;
void fh_evaluator_destroy(fh_evaluator **e);
/** Its operator: to load parameters into. */
fh_operator *fh_evaluator_operator(fh_evaluator *e);
/**
 * fh_evaluator_run - all metrics over the whole set
 *
 * Collective. config: of the metrics, NULL for what the data set's boundary asks for. The result
 * lives until the next run or destroy; equal bits for any number of ranks.
 */
fh_status fh_evaluator_run(fh_evaluator *e, const fh_metrics_config *config,
                           const fh_metrics **metrics) FH_MUST;
