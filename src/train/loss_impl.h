/* loss_impl - what the files of the loss share; nobody else includes it */
#pragma once

#include "kernels/rfft.h"
#include "train/loss.h"
#include "train/loss_difference.h"

typedef struct fh_loss_team fh_loss_team;

/* Every kind is built on a power sum S(z) per channel, whose gradient is power * half(z):
   norm = (factor S)^(1/power), or factor S without the root. MSE is LP of 2 without the root. */
struct fh_loss {
  fh_loss_config config;
  ptrdiff_t channels, points; /* points: here */
  int dim;
  double power, factor;
  bool root, relative;
  fh_difference axis[FH_MAX_DIM];
  fh_rfft *fft;
  fh_real *mode_weight; /* SPECTRAL_H1: w^2 of each mode of the half spectrum / points */
  fh_real *difference, *quotient, *half; /* one channel each */
  fh_loss_team *team; /* of a field that ranks share; NULL: the whole field is here */
};

/** Sum of |z|^p over n values, and half = gradient / p unless half is NULL. */
double fh_loss_power_sum(double p, ptrdiff_t n, const fh_real *z, fh_real *half);
/** The norm of a field of this sum. */
double fh_loss_norm(const fh_loss *l, double sum);
/** What the norm is divided by. */
double fh_loss_denominator(const fh_loss *l, double truth_sum);
/** The gradient of norm / denominator is this times half. */
double fh_loss_slope(const fh_loss *l, double sum, double denominator);

/* ---- loss_team.c -------------------------------------------------------------------------------- */

fh_status fh_loss_team_create(MPI_Comm comm, const fh_tiles *tiles, const fh_shape *shape,
                              fh_loss *l) FH_MUST;
void fh_loss_team_destroy(fh_loss_team **team);
fh_status fh_loss_team_eval(fh_loss *l, ptrdiff_t batch, const fh_real *prediction,
                            const fh_real *truth, double scale, double *value,
                            fh_real *gradient) FH_MUST;
