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
  float *buffer;            /* one sample */
  int lock;                 /* rank 0: keeps other runs out of the folder */
  bool finished;            /* F.h5 is there: nothing is left to do */
};

/** Of each sample of a piece: mean and sum of squared deviations of its values, then of the
 *  differences of successive steps. */
enum { FH_MOMENTS = 4 };

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

/* the folder of the journals: rank 0 alone (writer_folder.c) */

/** Creates, empties or adopts the folder; sets lock, finished and n_journals. */
fh_status fh_writer_folder_open(fh_writer *w, fh_existing existing) FH_MUST;
/** Removes journals, descriptions and the folder itself. */
fh_status fh_writer_folder_remove(fh_writer *w) FH_MUST;

/* the final file (assemble.c, skeleton.c, xdmf.c, stats.c) */

/** Collective: path.part/assembled.h5 with all samples, fsynced; moments[piece][FH_MOMENTS][samples] on
 *  rank 0. */
fh_status fh_writer_assemble(fh_writer *w, const char *path, double *moments) FH_MUST;
/** Rank 0 alone: the file at path with everything but the samples. */
fh_status fh_skeleton_write(const fh_writer *w, const char *path, fh_well_offsets *offsets) FH_MUST;
/** Rank 0 alone. */
fh_status fh_xdmf_write(const char *path, const fh_writer_info *info) FH_MUST;
fh_status fh_stats_write(const fh_writer *w, const double *moments) FH_MUST;
