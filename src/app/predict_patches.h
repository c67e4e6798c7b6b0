/** predict_patches - what a model on patches makes of samples that no rank holds whole, in a file */
#pragma once

#include "io/prediction.h"
#include "train/trained.h"

typedef struct {
  const char *out, *yaml; /* file to write, and how it is made */
  fh_existing existing;
  ptrdiff_t n; /* samples in all */
  bool truth;  /* write what the data say, too */
} fh_patches_call;

/**
 * fh_predict_patches - read, predict and write, a few patches at a time
 *
 * Collective on team. op: works patch by patch, built on the grid of dataset, which is not opened with
 * pairs. Of a sample a rank has in memory what the patches of one call need, and slabs of a bounded size;
 * ranks that share a sample (team->patches) make and write a part of its patches each.
 * Errors: those of the data set and of the file; FH_ERR_NUMERIC if a prediction is not finite. What was
 * written is then gone.
 */
fh_status fh_predict_patches(const fh_team *team, const fh_patches_call *call, fh_operator *op,
                             fh_dataset *dataset) FH_MUST;
