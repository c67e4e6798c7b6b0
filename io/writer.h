/**
 * writer - writing a training set in The Well's layout, sample by sample, from many ranks
 *
 * Samples are appended to one journal per rank beside the target (`F.h5.part/`), each record with
 * its CRC-32C, so that kill -9 loses at most the record in flight; close assembles the journals
 * into F.h5 in the order of the sample index, fsyncs and renames. The bytes of all fields do not
 * depend on the number of ranks. Sets that evolve in time have outputs of several steps
 * (docs/data-format.md).
 */
#pragma once

#include <stdbool.h>

#include "base/real.h"
#include "grid/grid.h"
#include "io/dataset.h"

typedef struct fh_writer fh_writer;

enum { FH_WRITER_MAX_FIELDS = 8, FH_WRITER_MAX_SCALARS = 8, FH_WRITER_MAX_CONSTANTS = 4 };

typedef struct {
  fh_field_info info;
  bool is_output; /* false: an input of the operator to be learned */
} fh_writer_field;

typedef struct {
  char name[64];
  double value; /* the same for the whole file */
} fh_writer_scalar;

/** When the outputs are recorded: steps of them, evenly spaced; 0 steps mean 1, at time first. */
typedef struct {
  ptrdiff_t steps;
  double first, interval;
} fh_writer_time;

/** A field that is the same for all samples; of the file alone: readers of ours do not ask for it. */
typedef struct {
  fh_field_info info;   /* one channel */
  const double *values; /* [points], not owned: needed until the set is finished */
} fh_writer_constant;

/** Where the points of a set of one axis are: the nodes of a mesh of quadratic triangles. */
typedef struct {
  ptrdiff_t n_nodes, n_cells;
  const double (*node)[2];  /* not owned: needed until the set is finished */
  const int32_t (*cell)[6]; /* corners anticlockwise, then middles of 01, 12, 20 */
} fh_writer_mesh;

typedef struct {
  char problem[64];   /* dataset_name */
  const char *config; /* effective configuration as YAML: reproduces the file; copied */
  uint64_t seed;
  ptrdiff_t samples;
  fh_grid grid;
  double shift[FH_MAX_DIM]; /* of the true points against those of grid, for the coordinates */
  fh_writer_time time;
  int n_fields, n_scalars;
  fh_writer_field fields[FH_WRITER_MAX_FIELDS];
  fh_writer_scalar scalars[FH_WRITER_MAX_SCALARS];
  int n_constants;
  fh_writer_constant constants[FH_WRITER_MAX_CONSTANTS];
  fh_writer_mesh mesh; /* n_nodes = 0: none */
} fh_writer_info;

typedef enum { FH_REFUSE_EXISTING, FH_OVERWRITE, FH_RESUME } fh_existing;

/**
 * fh_writer_create - start, or go on with, a set
 *
 * Collective on comm. Errors: FH_ERR_USAGE if path exists (or an unfinished one does) and existing
 * is FH_REFUSE_EXISTING, or if the configuration of the unfinished set differs (FH_RESUME);
 * FH_ERR_IO if the folder cannot be written; FH_ERR_ARG for names that cannot stand in a file. With
 * FH_RESUME and a finished set of the same configuration every sample is there already.
 */
fh_status fh_writer_create(MPI_Comm comm, const char *path, const fh_writer_info *info,
                           fh_existing existing, fh_writer **writer) FH_MUST;
/** The configuration of the set at path, finished or not; NULL if there is none that can be read. On this
 *  rank alone; freed with fh_free. */
void fh_writer_stored_config(const char *path, char **config);
/** True if sample index is already in a journal (the same answer on all ranks). */
bool fh_writer_has(const fh_writer *w, int64_t index);
/**
 * fh_writer_put - append one sample
 *
 * Not collective: any one rank, each sample once. fields[i] is [channels][points] of doubles, of an
 * output [channels][steps][points], stored as float32; of an invalid sample the outputs are stored as
 * NaN. When it returns, the sample
 * survives the death of the process; a power cut costs at most the last second.
 * Errors: FH_ERR_ARG (index outside the set), FH_ERR_STATE (sample already there), FH_ERR_NUMERIC (a
 * value that float32 cannot hold), FH_ERR_IO (disk full: the journal stays good).
 */
fh_status fh_writer_put(fh_writer *w, const double *const *fields,
                        const fh_sample_record *record) FH_MUST;
/* ---- samples that nobody holds whole ------------------------------------------------------------- */

/**
 * fh_writer_create_in_runs - the same set, its values put straight into the file
 *
 * Collective on comm. No journals: nobody can go on with such a set, and its fields have one step; else
 * as fh_writer_create (existing is not FH_RESUME), with FH_ERR_IO if the disk has no room for the file.
 */
fh_status fh_writer_create_in_runs(MPI_Comm comm, const char *path, const fh_writer_info *info,
                                   fh_existing existing, fh_writer **writer) FH_MUST;
/**
 * fh_writer_put_run - count values of a channel from point first on
 *
 * Not collective: any rank, every point of every sample once. piece: the channel, those of all fields
 * counted one after the other. Errors: as fh_writer_put.
 */
fh_status fh_writer_put_run(fh_writer *w, int64_t index, int piece, ptrdiff_t first,
                            ptrdiff_t count, const fh_real *values) FH_MUST;
/** The record of a sample, which is valid. Not collective: one rank, each sample once; fh_writer_finish
 *  takes a sample with a record for complete. */
fh_status fh_writer_put_record(fh_writer *w, const fh_sample_record *record) FH_MUST;

/** Collective. Assembles the file (all samples must be there), writes F.xdmf (for ParaView) and
 *  F.stats.yaml (The Well's normalisation statistics) beside it, removes the journals.
 *  Errors: FH_ERR_STATE if samples are missing; FH_ERR_IO (the journals then stay). */
fh_status fh_writer_finish(fh_writer *w) FH_MUST;
/** Collective. Closes without finishing: the journals stay for a resume. */
void fh_writer_destroy(fh_writer **w);
/** Collective. The same, for sets that nobody can resume: what is not finished is removed. */
void fh_writer_abandon(fh_writer **w);
