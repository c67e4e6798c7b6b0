/**
 * metrics - what an evaluation reports, equal for any number of ranks
 *
 * Each sample leaves a row of numbers; rows are gathered by sample index and combined in that order.
 * The metrics, in the order of the list (e = prediction - truth; "frame" = a channel of a sample):
 *  rel_l2          mean over samples of |e|_2 / |y|_2 over all channels (FNO's LpLoss.rel)
 *  rel_h1          the same with |z|^2 + |grad z|^2, central differences, h = measure / n
 *                  (neuraloperator's H1Loss.rel; one-sided of third order at sides without periodicity)
 *  rel_h1_spectral the same with |w DFT z|, w^2 = 1 + the squares of the wave numbers below 20 along each
 *                  axis: the H1 column of the MgNO paper (HsLoss)
 *  rmse            mean over frames of sqrt(mean_x e^2)                                   (PDEBench)
 *  nrmse           mean over frames of sqrt(mean_x e^2) / sqrt(mean_x y^2)                (PDEBench)
 *  crmse           sqrt(mean_b (sum_x e)^2) / points, then mean over channels             (PDEBench)
 *  brmse           mean over frames of the rms of e over the first and last lines or planes of all
 *                  axes, corners counted once an axis                                     (PDEBench)
 *  max_error       max |e| over points and samples, then mean over channels               (PDEBench)
 *  frmse_low/mid/high  sqrt(mean_b of |DFT e|^2 in the shell floor|k|) / points, mean over the shells
 *                  [0,4), [4,12), [12,..), quadrant k >= 0 only; then mean over channels
 *                  (PDEBench; 1-D: all k up to n/2)
 *  vrmse           mean over frames of sqrt(mean_x e^2 / (var_x y + 1e-7)), unbiased      (The Well)
 *  nrmse_well      mean over frames of sqrt(mean_x e^2 / (mean_x y^2 + 1e-7))             (The Well)
 *  spectral_mse_low/mid/high    part of mean_x e^2 in three bins of |k|, k_a = 2 pi j / n_a, with edges
 *                  0, then evenly in log |k| up from 2 pi / max n to pi sqrt(dim); mean over frames;
 *                  the three add up to the mean of e^2                                    (The Well)
 *  spectral_nmse_low/mid/high   the same over (the part of mean_x y^2 in that bin + 1e-7)    (The Well)
 * A norm of the truth that is 0 counts as 1. PDEBench's published code divides its sums by (number of batches - 1); here every sample counts
 * once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/real.h"
#include "program/shape.h"

typedef struct {
  /* one entry: all axes; none: what the grid says */
  fh_int_list periodic; /* 1: the field wraps around */
  fh_real_list measure; /* extents */
  bool spectrum;        /* the error by wave number, too */
} fh_metrics_config;

extern const fh_field fh_metrics_fields[];

typedef struct {
  const char *name, *unit, *long_name;
  double value; /* NaN where the metric does not exist for this grid (a band without shells) */
} fh_metric;

/** config (NULL: all empty) with what it leaves open filled in: differences wrap around where grid does, its extents. */
fh_metrics_config fh_metrics_config_on(const fh_metrics_config *config, const fh_grid *grid);

/** Mean squares of the error and of the truth by wave number (train/metrics_spectrum.h), means over samples and channels. */
typedef struct {
  ptrdiff_t count; /* wave numbers 0 to count - 1 */
  const double *error, *truth;
} fh_error_spectrum;

typedef struct fh_metrics fh_metrics;

/**
 * fh_metrics_create - accumulator for n_samples samples of one shape
 *
 * config: NULL for what the grid asks for.
 * shape: of prediction and truth in physical units; the whole grid must be here.
 * Errors: FH_ERR_USAGE for lists that do not fit the grid, or too few points for the differences;
 * FH_ERR_UNSUPPORTED for a grid that is split over ranks.
 */
fh_status fh_metrics_create(const fh_metrics_config *config, const fh_shape *shape,
                            ptrdiff_t n_samples, fh_metrics **metrics) FH_MUST;
void fh_metrics_destroy(fh_metrics **metrics);
/**
 * fh_metrics_add - the rows of batch samples
 *
 * prediction, truth  [batch][channels][points]
 * sample             [batch]: index of each in 0..n_samples-1; each index once over all ranks
 * Local; allocates nothing. Errors: FH_ERR_ARG for an index out of range or added twice here.
 */
fh_status fh_metrics_add(fh_metrics *metrics, ptrdiff_t batch, const fh_real *prediction,
                         const fh_real *truth, const int64_t *sample) FH_MUST;
/**
 * fh_metrics_reduce - combine what all ranks of comm added
 *
 * Collective on comm. Afterwards the list is the same on every rank, bit for bit for any distribution
 * of the samples. Errors: FH_ERR_STATE if samples are missing or were added on two ranks.
 */
fh_status fh_metrics_reduce(fh_metrics *metrics, MPI_Comm comm) FH_MUST;
/** The list after reduce; it lives as long as metrics. */
int fh_metrics_count(const fh_metrics *metrics);
const fh_metric *fh_metrics_list(const fh_metrics *metrics);
/** One value of the list by name (NULL: there is none of that name). */
const fh_metric *fh_metrics_find(const fh_metrics *metrics, const char *name);
/** After reduce, if config.spectrum (else NULL); lives as long as metrics. */
const fh_error_spectrum *fh_metrics_spectrum_of(const fh_metrics *metrics);
/** After reduce: relative L2 error of each sample, n_samples entries. */
const double *fh_metrics_rel_l2(const fh_metrics *metrics);
