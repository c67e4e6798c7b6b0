/**
 * prediction - a set with what a model predicts: inputs, truth if it is known, prediction
 *
 * The file has the layout of every other set (io/writer.h), so that the same tools open it. The
 * prediction of the field u is called u_pred. Of trajectories, frames as far apart as a time step are
 * written: the given ones, which truth and prediction share, and the predicted ones.
 */
#pragma once

#include "base/real.h"
#include "io/writer.h"

typedef struct fh_prediction fh_prediction;

/**
 * fh_prediction_create - begin the file path for predictions of samples of d
 *
 * Collective on comm. count: how many samples will be written. config: YAML that says how the
 * prediction was made. with_truth: the outputs of d are copied into the file.
 * Errors: those of fh_writer_create; FH_ERR_UNSUPPORTED for more than 8 fields or 64 channels.
 */
fh_status fh_prediction_create(MPI_Comm comm, const char *path, const fh_dataset *d,
                               ptrdiff_t count, bool with_truth, const char *config,
                               fh_existing existing, fh_prediction **prediction) FH_MUST;
/**
 * fh_prediction_put - append one sample
 *
 * Not collective: any one rank, each index 0..count-1 once. x: [in_channels][points], truth and
 * predicted: [out_channels][points]; truth may be NULL if with_truth was false. seconds: time the
 * model took.
 */
fh_status fh_prediction_put(fh_prediction *p, int64_t index, const fh_real *x, const fh_real *truth,
                            const fh_real *predicted, double seconds) FH_MUST;
/**
 * fh_prediction_create_in_runs - the same file, for samples that nobody holds whole
 *
 * Collective on comm. Filled by the three calls below, from any rank, every value once; fields,
 * checksums and statistics are those that fh_prediction_put leaves. Errors: as fh_prediction_create.
 */
fh_status fh_prediction_create_in_runs(MPI_Comm comm, const char *path, const fh_dataset *d,
                                       ptrdiff_t count, bool with_truth, const char *config,
                                       fh_existing existing, fh_prediction **prediction) FH_MUST;
/** What fh_dataset_read_slabs gives of sample index: count values of a channel of its inputs, or of its
 *  outputs, from point first on. Not collective. */
fh_status fh_prediction_put_run(fh_prediction *p, int64_t index, bool of_output, ptrdiff_t channel,
                                ptrdiff_t first, ptrdiff_t count, const fh_real *values) FH_MUST;
/** Prediction in a box of the grid, [out_channels][box]. Not collective. */
fh_status fh_prediction_put_box(fh_prediction *p, int64_t index, const fh_layout *box,
                                const fh_real *predicted) FH_MUST;
/** Not collective: one rank, each sample once. */
fh_status fh_prediction_put_seconds(fh_prediction *p, int64_t index, double seconds) FH_MUST;
/**
 * fh_prediction_create_trajectories - the same for trajectories of d, which was opened with pairs
 *
 * steps: frames of each trajectory in the file, from the first one that d may use on, stride frames
 * apart. Inputs in the file are the constant fields.
 */
fh_status fh_prediction_create_trajectories(MPI_Comm comm, const char *path, const fh_dataset *d,
                                            ptrdiff_t count, ptrdiff_t steps, bool with_truth,
                                            const char *config, fh_existing existing,
                                            fh_prediction **prediction) FH_MUST;
/** As fh_prediction_put: constants [constants][points], truth and predicted [steps][frame_out][points]. */
fh_status fh_prediction_put_trajectory(fh_prediction *p, int64_t index, const fh_real *constants,
                                       const fh_real *truth, const fh_real *predicted,
                                       double seconds) FH_MUST;
/** Collective: assembles the file. */
fh_status fh_prediction_finish(fh_prediction *p) FH_MUST;
/** Collective. What was not finished is removed. */
void fh_prediction_destroy(fh_prediction **prediction);
