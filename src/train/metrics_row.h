/**
 * metrics_row - the numbers that one sample leaves for the metrics
 *
 * A row is [relative L2, relative H1, spectral H1, then one frame for each channel]; a frame is described by the
 * FH_FRAME_ columns. Only metrics.c and rollout.c use it.
 */
#pragma once

#include "kernels/rfft.h"
#include "train/loss.h"
#include "train/metrics.h"

enum { FH_ROW_L2, FH_ROW_H1, FH_ROW_SPECTRAL_H1, FH_ROW_FRAMES }; /* columns of a row */

enum {
  FH_FRAME_RMSE,
  FH_FRAME_NRMSE,
  FH_FRAME_TOTAL, /* sum of the error over the points */
  FH_FRAME_BRMSE,
  FH_FRAME_MAX,
  FH_FRAME_VRMSE,
  FH_FRAME_NRMSE_WELL,
  FH_FRAME_MSE,                       /* three bins */
  FH_FRAME_NMSE = FH_FRAME_MSE + 3,   /* three bins */
  FH_FRAME_SHELLS = FH_FRAME_NMSE + 3 /* |DFT of the error|^2 in each shell */
};

typedef struct {
  fh_grid grid;
  ptrdiff_t channels, points, shells, frame, width; /* frame, width: columns of a frame, of a row */
  fh_loss *l2, *h1, *spectral_h1;
  fh_rfft *fft;
  int32_t *shell; /* of each mode; -1: in none */
  int8_t *bin;    /* of each mode: 0, 1, 2 */
  fh_real *error; /* one channel */
} fh_metrics_row;

/** config: for all axes or one an axis. Errors as of fh_metrics_create. */
fh_status fh_metrics_row_create(const fh_metrics_config *config, const fh_shape *shape,
                                fh_metrics_row **row) FH_MUST;
void fh_metrics_row_destroy(fh_metrics_row **row);
/** prediction, truth: one sample. Allocates nothing. */
fh_status fh_metrics_row_fill(fh_metrics_row *row, const fh_real *prediction, const fh_real *truth,
                              double *out) FH_MUST;
/** row->error = prediction - truth of one channel. */
void fh_metrics_row_error(fh_metrics_row *row, const fh_real *prediction, const fh_real *truth);
