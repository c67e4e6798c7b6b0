/** measure - the metrics of a trained model on a data set */
#pragma once

#include "train/evaluate.h"

/**
 * fh_measure - build the model on the set's grid, run it over the set
 *
 * Collective on team. batch: samples of one call (models on patches: one at
 * a time); patches_at_once: fh_operator_create_patchwise; config: of the metrics, NULL for what the set's
 * boundary asks for. *metrics lives as long as *evaluator, which the caller destroys (also after an
 * error). Errors: FH_ERR_SHAPE for axes or channels that do not fit.
 */
fh_status fh_measure(const fh_team *team, const fh_trained *model, fh_dataset *dataset,
                     ptrdiff_t batch, ptrdiff_t patches_at_once, const fh_metrics_config *config,
                     fh_evaluator **evaluator, const fh_metrics **metrics) FH_MUST;
