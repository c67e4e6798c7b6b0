/**
 * loss - how far a prediction is from the truth, per sample, and its gradient
 *
 * neuraloperator's LpLoss and H1Loss (periodic or not per axis, any extent) and MgNO's spectral H1
 * (HsLoss); formulas: docs/architecture.md and reference implementations named at each kind.
 */
#pragma once

#include "base/config.h"
#include "base/real.h"
#include "program/shape.h"

typedef enum {
  FH_LOSS_LP,          /* neuraloperator LpLoss */
  FH_LOSS_H1,          /* neuraloperator H1Loss: finite differences */
  FH_LOSS_SPECTRAL_H1, /* MgNO HsLoss: DFT, weights 1 + kx^2[|kx|<K] + ky^2[|ky|<K] */
  FH_LOSS_MSE
} fh_loss_kind;

typedef struct {
  int kind;      /* fh_loss_kind */
  bool relative; /* divide by the norm of the truth */
  double p;      /* LP: the exponent */
  fh_real_list
      measure; /* extent per axis; one entry: all axes; neuraloperator: 1 now, 2 pi in the paper */
  bool periodic;             /* H1: wrap the differences around */
  fh_int_list periodic_axes; /* H1: per axis, overrides periodic when given */
  bool square_root;          /* H1: false keeps the square */
  ptrdiff_t truncation;      /* SPECTRAL_H1: K, 0: none */
  double weight;             /* SPECTRAL_H1: factor a of the squared wave numbers' term */
  double epsilon;            /* added to the norm of the truth */
} fh_loss_config;

extern const fh_field fh_loss_fields[];

typedef struct fh_loss fh_loss;

/** shape: of prediction and truth. Errors: FH_ERR_USAGE for what the grid cannot carry. */
fh_status fh_loss_create(const fh_loss_config *config, const fh_shape *shape,
                         fh_loss **loss) FH_MUST;
void fh_loss_destroy(fh_loss **loss);
/**
 * fh_loss_eval - losses of batch samples, and the gradient of their sum
 *
 * prediction, truth  [batch][channels][points]
 * value              [batch]: the loss of each sample, summed over channels
 * gradient           d(sum of value)/d(prediction) x scale, or NULL
 * Not collective; allocates nothing. A sample's value does not depend on its batch.
 */
fh_status fh_loss_eval(fh_loss *loss, ptrdiff_t batch, const fh_real *prediction,
                       const fh_real *truth, double scale, double *value,
                       fh_real *gradient) FH_MUST;
