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

typedef struct fh_dataset fh_dataset;

/** What to take from a file; an empty name means: find it. */
typedef struct {
  char inputs[256], outputs[256]; /* comma-separated names of data sets: "a", "x", "t0_fields/a" */
  fh_boundary boundary;           /* for files that do not state it */
  int dim;                        /* axes of the grid; 0: find (docs/data-format.md says how) */
  bool skip_invalid; /* leave out the samples of our sets that no solver could solve: the others
                        are counted anew from 0 */
} fh_dataset_choice;

typedef struct {
  char name[64], unit[64], long_name[128];
  int channels;
} fh_field_info;

/** What is known of one sample besides its fields; stored under /provenance. */
typedef struct {
  int64_t index;
  uint64_t seed;
  int32_t iterations;
  int32_t rung;    /* 0: the asked solver; 1, 2, ...: the step of the failure ladder that worked */
  double residual; /* recomputed: ||b - A u|| / ||b|| */
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
