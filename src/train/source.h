/**
 * source - samples of a data set as the model wants them: normalised, and kept in memory if they fit
 */
#pragma once

#include "io/dataset.h"
#include "train/normaliser.h"

typedef struct fh_source fh_source;

/**
 * fh_source_create - wrap a data set
 *
 * Local. The data set and the normalisers are not owned; NULL normalisers leave values alone.
 * cache_bytes: keep every sample read until this much memory is used (0: always read the file).
 */
fh_status fh_source_create(fh_dataset *dataset, const fh_normaliser *input,
                           const fh_normaliser *output, size_t cache_bytes,
                           fh_source **source) FH_MUST;
/**
 * fh_source_select - from now on only some points of every sample
 *
 * in: of x, must outlive the source; NULL: all. out: the box of y. What is read, kept and given away is
 * [channels][selected points]. Before the first read.
 */
fh_status fh_source_select(fh_source *source, const fh_selection *in, const fh_layout *out) FH_MUST;
void fh_source_destroy(fh_source **source);
/**
 * fh_source_read - count samples into x [count][in_channels][points] and y [count][out_channels]...
 *
 * Local. x is encoded by the input normaliser, y by the output normaliser (give NULL at create to
 * get y as stored). Errors: those of fh_dataset_read.
 */
fh_status fh_source_read(fh_source *source, ptrdiff_t count, const int64_t *samples, fh_real *x,
                         fh_real *y) FH_MUST;
/** Shapes of x and y for a batch. */
fh_shape fh_source_in_shape(const fh_source *source, ptrdiff_t batch);
fh_shape fh_source_out_shape(const fh_source *source, ptrdiff_t batch);
ptrdiff_t fh_source_samples(const fh_source *source);
const fh_dataset *fh_source_dataset(const fh_source *source);

/**
 * fh_source_fit - the normalisers of a training set
 *
 * Of trajectories: over all frames that are used, each counted once; a field has the same numbers in
 * every frame of the input and in the target.
 *
 * Collective on comm. kinds: fh_norm_kind of inputs and outputs; FH_NORM_NONE gives NULL.
 */
fh_status fh_source_fit(MPI_Comm comm, fh_dataset *dataset, int input_kind, int output_kind,
                        double epsilon, fh_normaliser **input, fh_normaliser **output) FH_MUST;
