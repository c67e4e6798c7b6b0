/**
 * objective - what is minimised: the loss of a batch, whole or block by block, wherever its points are
 *
 * A model whose patches are shared by the ranks of a sample leaves each rank a box of the prediction.
 * Losses are then computed box by box (loss.h: halos and partial sums), blocks where they are; what
 * needs the whole field (spectral H1, blocks that boxes cut, boxes too thin for the differences) is
 * gathered on every rank of the sample.
 */
#pragma once

#include "comm/team.h"
#include "model/model.h"
#include "train/loss.h"
#include "train/normaliser.h"

typedef struct fh_objective fh_objective;

typedef struct {
  const fh_loss_config *loss;
  const fh_int_list *blocks; /* per axis: the loss is the sum of the losses of that many blocks */
  const fh_normaliser
      *decode; /* predictions are compared in physical units: of the outputs; or NULL */
  const fh_model_part *part; /* of a model that works patch by patch; cut NULL: another */
} fh_objective_config;

/**
 * fh_objective_create - shape: of the predictions of a call, as the program gives them
 *
 * Collective on team->patches. Nothing of config is owned; loss, blocks and part are not read again.
 * Errors: those of fh_loss_create; FH_ERR_USAGE for blocks that do not divide the points.
 */
fh_status fh_objective_create(const fh_team *team, const fh_objective_config *config,
                              const fh_shape *shape, fh_objective **objective) FH_MUST;
void fh_objective_destroy(fh_objective **objective);
/** Which points of the truth it must be given: those of the prediction, or the whole field. */
const fh_layout *fh_objective_truth(const fh_objective *o);
/** True if predictions are gathered. */
bool fh_objective_gathers(const fh_objective *o);
/**
 * fh_objective_eval - losses of batch samples, the same on all ranks that share them, and slope, the
 * gradient of their sum times scale
 *
 * prediction, slope [batch][channels][points of the prediction]; truth: of fh_objective_truth. Collective
 * on team->patches.
 */
fh_status fh_objective_eval(fh_objective *o, ptrdiff_t batch, const fh_real *prediction,
                            const fh_real *truth, double scale, double *values,
                            fh_real *slope) FH_MUST;
