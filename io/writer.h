/**
 * writer - writing a training set in The Well's layout, sample by sample, from many ranks
 *
 * Samples are appended to one journal per rank beside the target (`F.h5.part/`), each record with
 * its CRC-32C, so that kill -9 loses at most the record in flight; close assembles the journals
 * into F.h5 in the order of the sample index, fsyncs and renames. The bytes of all fields do not
 * depend on the number of ranks.
 */
#pragma once

#include <stdbool.h>

#include "grid/grid.h"
#include "io/dataset.h"

typedef struct fh_writer fh_writer;

enum { FH_WRITER_MAX_FIELDS = 8, FH_WRITER_MAX_SCALARS = 8 };

typedef struct {
  fh_field_info info;
  bool is_output; /* false: an input of the operator to be learned */
} fh_writer_field;

typedef struct {
  char name[64];
  double value; /* the same for the whole file */
} fh_writer_scalar;

typedef struct {
  char problem[64];   /* dataset_name */
  const char *config; /* effective configuration as YAML: reproduces the file; not owned */
  uint64_t seed;
  ptrdiff_t samples;
  fh_grid grid;
  int n_fields, n_scalars;
  fh_writer_field fields[FH_WRITER_MAX_FIELDS];
  fh_writer_scalar scalars[FH_WRITER_MAX_SCALARS];
} fh_writer_info;

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

typedef enum { FH_REFUSE_EXISTING, FH_OVERWRITE, FH_RESUME } fh_existing;

/**
 * fh_writer_create - start, or go on with, a set
 *
 * Collective on comm. Errors: FH_ERR_USAGE if path exists (or an unfinished one does) and existing
 * is FH_REFUSE_EXISTING, or if the configuration of the unfinished set differs (FH_RESUME);
 * FH_ERR_IO if the folder cannot be written.
 */
fh_status fh_writer_create(MPI_Comm comm, const char *path, const fh_writer_info *info,
                           fh_existing existing, fh_writer **writer) FH_MUST;
/** True if sample index is already in a journal (the same answer on all ranks). */
bool fh_writer_has(const fh_writer *w, int64_t index);
/** Appends one sample; fields[i] is [channels][points] of doubles, stored as float32. Not
 *  collective: any one rank, each sample once. Durable when it returns. */
fh_status fh_writer_put(fh_writer *w, const double *const *fields,
                        const fh_sample_record *record) FH_MUST;
/** Collective. Assembles the file (all samples must be there), writes its XDMF, removes the
 *  journals. Errors: FH_ERR_STATE if samples are missing; FH_ERR_IO (the journals then stay). */
fh_status fh_writer_finish(fh_writer *w) FH_MUST;
/** Collective. Closes without finishing: the journals stay for a resume. */
void fh_writer_destroy(fh_writer **w);
