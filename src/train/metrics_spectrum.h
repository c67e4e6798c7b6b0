/**
 * metrics_spectrum - how the mean square of a field is spread over wave numbers
 *
 * The wave number of a mode is |k|, in waves across the longest side of the domain, rounded to a whole number. Along
 * axes that are not periodic a field is continued by its mirror image, so that half waves count, too (a cosine transform, in
 * which a field that does not vanish at its sides has no jump there). The parts add up to the mean square.
 */
#pragma once

#include "kernels/rfft.h"
#include "train/metrics.h"

typedef struct {
  fh_grid grid;
  bool mirrored[FH_MAX_DIM];
  ptrdiff_t count; /* of wave numbers: 0 to count - 1 */
  fh_rfft *fft;    /* of the continued field */
  int32_t *wave;   /* of each mode */
} fh_metrics_spectrum;

/** config: as of fh_metrics_create, for each axis: what is periodic, and the extents. */
fh_status fh_metrics_spectrum_create(const fh_metrics_config *config, const fh_grid *grid,
                                     fh_metrics_spectrum **spectrum) FH_MUST;
void fh_metrics_spectrum_destroy(fh_metrics_spectrum **spectrum);
/** Adds factor times the parts of field's (all points of the grid) mean square to parts[count]. */
void fh_metrics_spectrum_add(const fh_metrics_spectrum *spectrum, const fh_real *field,
                             double factor, double *parts);
