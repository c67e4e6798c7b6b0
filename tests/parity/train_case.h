/**
 * train_case - a few full-batch steps of training against a file with loss_trace and params_final
 */
#pragma once

#include "config.h"
#include "model_case.h"

/**
 * parity_train_compare - from the file's "params", as many steps as loss_trace has numbers
 *
 * model is built; config is the file's, with the entries "optimizer" and "scheduler". Errors:
 * FH_ERR_UNSUPPORTED for an optimiser or schedule that the engine does not have.
 */
fh_status parity_train_compare(const parity_file *file, const parity_model *model,
                               parity_config *config, parity_report *report) FH_MUST;
