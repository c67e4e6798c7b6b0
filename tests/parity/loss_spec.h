/**
 * loss_spec - a loss of the reference as one of the engine's
 */
#pragma once

#include "config.h"
#include "file.h"
#include "train/loss.h"

typedef struct {
  fh_loss_config config;
  fh_shape shape; /* of the prediction: leading axes are samples and channels */
  double factor;  /* the reference's number is factor x the sum over samples */
} parity_loss_spec;

/**
 * parity_loss_spec_make - from the class's last name and its arguments
 *
 * class "LpLoss", package "neuralop" or "utilities3"; field: the prediction, whose shape decides.
 * Errors: FH_ERR_UNSUPPORTED, FH_ERR_FORMAT.
 */
fh_status parity_loss_spec_make(const char *package, const char *class, parity_config *arguments,
                                const parity_array *field, parity_loss_spec *spec) FH_MUST;
/** From the sentence in a model file's attribute "loss": "neuralop H1Loss(d=2).rel with ...". */
fh_status parity_loss_spec_read(const char *sentence, const parity_array *field,
                                parity_loss_spec *spec) FH_MUST;
/** The reference's number, and its gradient (may be NULL). */
fh_status parity_loss_value(const parity_loss_spec *spec, const fh_real *prediction,
                            const fh_real *truth, double *value, fh_real *gradient) FH_MUST;
