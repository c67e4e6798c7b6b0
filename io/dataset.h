/**
 * dataset - reading training sets: The Well's layout, or any HDF5 file with x and y at its root
 *
 * Lazy: opening reads shapes and names only; samples are read when asked for, by each rank for
 * itself (independent transfers: see docs/data-format.md for why never collective).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "grid/grid.h"
#include "grid/selection.h"

typedef struct fh_dataset fh_dataset;

/** Whether trajectories are cut into one-step pairs; AUTO: if nothing else makes sense of the file
 *  (docs/data-format.md says when that is). */
typedef enum { FH_PAIRS_NO, FH_PAIRS_YES, FH_PAIRS_AUTO } fh_pairs;

/** Items first, first + 1, ... of a sequence; count 0: up to its end. */
typedef struct {
  ptrdiff_t first, count;
} fh_range;

/** What to take from a file; an empty name means: find it. */
typedef struct {
  char inputs[256], outputs[256]; /* comma-separated names of data sets: "a", "x", "t0_fields/a" */
  fh_boundary boundary;           /* for files that do not state it */
  int dim;                        /* axes of the grid; 0: find (docs/data-format.md says how) */
  bool skip_invalid; /* leave out the samples of our sets that no solver could solve: the others
                        are counted anew from 0 */
  fh_range samples;  /* of the file, or trajectories: only these, counted anew from 0 */
  int pairs;         /* fh_pairs */
  ptrdiff_t history, stride; /* pairs: frames of the input, frames of a step; 0: 1 */
  fh_range frames;           /* pairs: only these frames of each trajectory */
} fh_dataset_choice;

/**
 * How trajectories are cut into samples. Pair p of a trajectory has the input frames t - (history - 1)
 * stride, ..., t - stride, t and the target frame t + stride, with t = first + (history - 1) stride + p.
 * Channels of the input: those of the oldest frame, ..., of the newest, then the constant fields.
 * Sample number = trajectory * pairs + p.
 */
typedef struct {
  ptrdiff_t history, stride;
  ptrdiff_t first, frames;       /* of the file: what may be used of a trajectory */
  ptrdiff_t trajectories, pairs; /* pairs of each trajectory */
  ptrdiff_t frame_in, frame_out; /* channels of a frame in the input and in the target */
  ptrdiff_t constants;           /* channels that do not change with time */
  bool feeds_back; /* both frames hold the same fields: a prediction can be an input */
} fh_dataset_time;

typedef struct {
  char name[64], unit[64], long_name[128];
  int channels;
} fh_field_info;

/** What is known of one sample besides its fields; stored under /provenance. */
typedef struct {
  int64_t index;
  uint64_t seed;
  int32_t iterations;
  int32_t rung;     /* 0: the asked solver; 1, 2, ...: the step of the failure ladder that worked */
  int32_t strategy; /* how it was solved: a number of the generator's (datagen/skr/strategy.h) */
  double residual;  /* recomputed: ||b - A u|| / ||b|| */
  double seconds;
  bool valid; /* false: no solver reached the tolerance; the fields hold NaN */
} fh_sample_record;

/**
 * fh_dataset_open - open a set for reading
 *
 * Collective on comm: rank 0 opens and checks, the others receive the description.
 * Errors: FH_ERR_IO (missing), FH_ERR_FORMAT (damaged, foreign, wrong rank or type; the sentence
 * names the data set and what was expected).
 */
fh_status fh_dataset_open(MPI_Comm comm, const char *path, const fh_dataset_choice *choice,
                          fh_dataset **dataset) FH_MUST;
void fh_dataset_close(fh_dataset **dataset);

const char *fh_dataset_path(const fh_dataset *d);
/** What fh_dataset_read counts: samples, or pairs of all trajectories. */
ptrdiff_t fh_dataset_samples(const fh_dataset *d);
const fh_grid *fh_dataset_grid(const fh_dataset *d);
int fh_dataset_in_channels(const fh_dataset *d);
int fh_dataset_out_channels(const fh_dataset *d);
int fh_dataset_n_inputs(const fh_dataset *d);
int fh_dataset_n_outputs(const fh_dataset *d);
const fh_field_info *fh_dataset_input(const fh_dataset *d, int i);
const fh_field_info *fh_dataset_output(const fh_dataset *d, int i);

/**
 * fh_dataset_read - count samples, in any order
 *
 * Not collective. x: [count][in_channels][points], y: [count][out_channels][points]; either may be
 * NULL. Channels of several data sets follow each other in the order of the choice.
 * Errors: FH_ERR_ARG for an index outside the set; FH_ERR_FORMAT if a value is not finite, or if
 * the stored checksum of a sample does not match what was read (both name the sample).
 */
fh_status fh_dataset_read(fh_dataset *d, ptrdiff_t count, const int64_t *samples, fh_real *x,
                          fh_real *y) FH_MUST;

/**
 * fh_dataset_read_part - some points of one sample
 *
 * x: [in_channels][selection in], y: [out_channels][selection out]; either may be NULL. Independent
 * reads of the rows and columns that are needed, and no others. Where a sample has a checksum, the whole
 * of it passes through a small buffer before its first part is given away, and not again while parts of
 * the same sample are read. Not collective; not for trajectories. Errors: as fh_dataset_read.
 */
fh_status fh_dataset_read_part(fh_dataset *d, int64_t sample, const fh_selection *in, fh_real *x,
                               const fh_selection *out, fh_real *y) FH_MUST;

/** Takes the values [count] of one channel from point first on. */
typedef fh_status (*fh_slab_taker)(void *context, ptrdiff_t channel, ptrdiff_t first,
                                   ptrdiff_t count, const fh_real *values);
/**
 * fh_dataset_read_slabs - one sample that nobody holds whole: all inputs, or all outputs, piece by piece
 *
 * The channels one after the other, each from its first point to its last; a piece has at most 2^18
 * values. Not collective; not for trajectories. Errors: as fh_dataset_read, and what take returned; a
 * wrong checksum is found when the last piece has been taken.
 */
fh_status fh_dataset_read_slabs(fh_dataset *d, int64_t sample, bool outputs, fh_slab_taker take,
                                void *context) FH_MUST;

/* ---- trajectories ------------------------------------------------------------------------------- */

/** How trajectories are cut into samples; NULL if samples are taken whole. */
const fh_dataset_time *fh_dataset_pairs(const fh_dataset *d);
/** Time of a frame of the file, as it states (else the number of the frame). */
double fh_dataset_frame_time(const fh_dataset *d, ptrdiff_t frame);
/**
 * fh_dataset_read_frame - one frame of a trajectory, as it stands in inputs and targets
 *
 * Not collective; only with pairs. frame: of the file. in: [frame_in][points], out:
 * [frame_out][points]; either may be NULL. Errors: as fh_dataset_read.
 */
fh_status fh_dataset_read_frame(fh_dataset *d, int64_t trajectory, int64_t frame, fh_real *in,
                                fh_real *out) FH_MUST;
/** The constant fields of a trajectory, [constants][points]. The same rules. */
fh_status fh_dataset_read_constants(fh_dataset *d, int64_t trajectory, fh_real *values) FH_MUST;

/* ---- what only files of Fredholm have --------------------------------------------------------- */

/** The effective configuration (YAML) that reproduces the file; NULL for foreign files. */
const char *fh_dataset_config(const fh_dataset *d);
/** Name of the problem ("" for foreign files) and master seed. */
const char *fh_dataset_problem(const fh_dataset *d);
uint64_t fh_dataset_seed(const fh_dataset *d);
/** True if the file has a checksum for every sample, which fh_dataset_read verifies. */
bool fh_dataset_has_checksums(const fh_dataset *d);
/** What is known of samples [first, first + count), counted as in the file, also with skip_invalid.
 *  Not collective.
 *  Errors: FH_ERR_UNSUPPORTED for foreign files. */
fh_status fh_dataset_records(fh_dataset *d, ptrdiff_t first, ptrdiff_t count,
                             fh_sample_record *records) FH_MUST;
