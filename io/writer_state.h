/**
 * writer_state - what a writer knows, for the files that make it up; internal to io/
 */
#pragma once

#include "io/journal.h"
#include "io/well.h"

enum { FH_PATH_BYTES = 960 };

struct fh_writer {
  MPI_Comm comm;
  int rank, size;
  char path[FH_PATH_BYTES], folder[FH_PATH_BYTES + 8]; /* folder: path.part */
  fh_writer_info info;                                 /* info.config is config */
  char *config, *manifest;
  uint32_t set; /* CRC-32C of config and manifest */
  fh_piece pieces[FH_MAX_PIECES];
  int n_pieces;
  ptrdiff_t points, values; /* of the grid; of one sample */
  fh_journal journal;       /* this rank's own */
  int n_journals;           /* ids in the folder are below it */
  int64_t *where;           /* per sample: fh_where(journal, slot), or -1 */
  bool *has;                /* per sample: was there when the writer was created */
  float *buffer;            /* one sample, or the values of a run */
  int lock;                 /* rank 0: keeps other runs out of the folder */
  bool finished;            /* F.h5 is there: nothing is left to do */
  /* of a set that is written in runs, without journals (writer_runs.c) */
  bool in_runs;
  int file; /* the assembled file, open */
  fh_well_offsets offsets;
};

/** Of each sample of a piece: mean and sum of squared deviations of its values, then of the
 *  differences of successive steps. */
enum { FH_MOMENTS = 4 };
/** Sums in double that go on from call to call: values in several parts give the bits of the whole. */
static inline double fh_add_values(double sum, const float *values, ptrdiff_t n)
{
  for (ptrdiff_t i = 0; i < n; i++) sum += (double)values[i];
  return sum;
}
static inline double fh_add_deviations(double squares, double mean, const float *values,
                                       ptrdiff_t n)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    const double d = (double)values[i] - mean;
    squares += d * d;
  }
  return squares;
}

/** Journal and slot of a sample in one number; larger ones win when a sample was written twice. */
static inline int64_t fh_where(int journal, ptrdiff_t slot)
{
  return ((int64_t)journal << 40) | (int64_t)slot;
}
static inline int fh_where_journal(int64_t where)
{
  return (int)(where >> 40);
}
static inline ptrdiff_t fh_where_slot(int64_t where)
{
  return (ptrdiff_t)(where & (((int64_t)1 << 40) - 1));
}

/** "F.h5" with its ending replaced: "F.xdmf". Errors: FH_ERR_ARG if too long. */
fh_status fh_path_beside(const char *path, const char *ending, char *beside, size_t bytes) FH_MUST;

/** Errors: FH_ERR_NUMERIC where a value is not finite, or not as the float32 stored. */
fh_status fh_writer_check_value(const fh_writer *w, int64_t index, int piece, ptrdiff_t point,
                                double value, float stored) FH_MUST;
/** Path of the file before it gets its name. */
void fh_writer_assembled(const fh_writer *w, char path[FH_PATH_BYTES + 64]);

/* sets that are written in runs (writer_runs.c), collective but for fh_writer_sync_runs */

fh_status fh_writer_begin_runs(fh_writer *w) FH_MUST;
/** This rank's values are on the disk, and no more will come. */
fh_status fh_writer_sync_runs(fh_writer *w) FH_MUST;
/** After all ranks have synced: checksums, and moments as fh_writer_assemble gives them. */
fh_status fh_writer_end_runs(fh_writer *w, double *moments) FH_MUST;

/* the folder of the journals: rank 0 alone (writer_folder.c) */

/** Creates, empties or adopts the folder; sets lock, finished and n_journals. */
fh_status fh_writer_folder_open(fh_writer *w, fh_existing existing) FH_MUST;
/** Removes journals, descriptions and the folder itself. */
fh_status fh_writer_folder_remove(fh_writer *w) FH_MUST;

/* the final file (assemble.c, skeleton.c, xdmf.c, stats.c) */

/** Collective: path.part/assembled.h5 with all samples, fsynced; moments[piece][FH_MOMENTS][samples] on
 *  rank 0. */
fh_status fh_writer_assemble(fh_writer *w, const char *path, double *moments) FH_MUST;
/** Collective, steps of that: the file without its samples; the moments of all ranks on rank 0. */
fh_status fh_writer_begin_file(fh_writer *w, const char *path, fh_well_offsets *offsets) FH_MUST;
fh_status fh_writer_gather_moments(const fh_writer *w, double *moments) FH_MUST;
/** Rank 0 alone: the file at path with everything but the samples. */
fh_status fh_skeleton_write(const fh_writer *w, const char *path, fh_well_offsets *offsets) FH_MUST;
/** Rank 0 alone. */
fh_status fh_xdmf_write(const char *path, const fh_writer_info *info) FH_MUST;
fh_status fh_stats_write(const fh_writer *w, const double *moments) FH_MUST;
