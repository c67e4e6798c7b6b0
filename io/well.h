/**
 * well - the final file without its samples: The Well's layout, links and provenance
 *
 * Internal to io/. The samples are then written to the returned offsets with plain writes, by as
 * many ranks as there are: no parallel HDF5 is involved (docs/data-format.md says why).
 */
#pragma once

#include "io/manifest.h"

/** The per-sample columns of /provenance, in the order of the table in well.c. */
enum { FH_COLUMNS = 8 };
typedef struct {
  const char *name, *units, *long_name;
  size_t bytes;
  char kind; /* 'u', 'i', 'f': number; 'b': boolean */
} fh_column;
extern const fh_column fh_columns[FH_COLUMNS];
/** The value of column c of a record as it stands in the file (8 bytes are enough). */
void fh_column_encode(int c, const fh_sample_record *record, void *value);
void fh_column_decode(int c, const void *value, fh_sample_record *record);

/** Where in the file the first sample of everything stands, in bytes. */
typedef struct {
  ptrdiff_t piece[FH_MAX_PIECES], crc[FH_MAX_PIECES], column[FH_COLUMNS];
} fh_well_offsets;

/** What may differ between two runs that make the same set. */
typedef struct {
  int ranks;
} fh_well_run;

/** Not collective: one rank writes. Errors: FH_ERR_IO, FH_ERR_LIBRARY. */
fh_status fh_well_create(const char *path, const fh_writer_info *info, const char *manifest,
                         const fh_well_run *run, fh_well_offsets *offsets) FH_MUST;
