/**
 * journal - the samples one rank has finished, appended to one file; internal to io/
 *
 * A header that names the configuration, then records of equal size, each with its CRC-32C. What a
 * dying process leaves at the end is cut off when the journal is opened again; a record whose
 * checksum is wrong counts as not written. Nothing here is collective.
 */
#pragma once

#include "io/writer.h"

typedef struct {
  char path[1024];
  int file;
  uint32_t set;     /* CRC-32C of manifest and configuration: journals of other sets are refused */
  ptrdiff_t values; /* floats per record */
  ptrdiff_t slots;  /* records in the file, good or not */
  void *buffer;     /* one record */
  double synced;    /* when the last fsync was */
} fh_journal;

/** Bytes of one record of so many floats. */
size_t fh_journal_record_bytes(ptrdiff_t values);
/**
 * fh_journal_open - open (or, if create, begin) the journal number id in folder
 *
 * Cuts off a torn end. If there is none and create is false, journal->file is -1.
 * Errors: FH_ERR_IO; FH_ERR_FORMAT (no journal, or one of another set).
 */
fh_status fh_journal_open(const char *folder, int id, uint32_t set, ptrdiff_t values, bool create,
                          fh_journal *journal) FH_MUST;
void fh_journal_close(fh_journal *journal);
/** Appends a record; on failure the journal is as before. */
fh_status fh_journal_append(fh_journal *journal, const fh_sample_record *record,
                            const float *values) FH_MUST;
/** Makes what was appended survive a power cut. */
fh_status fh_journal_sync(fh_journal *journal) FH_MUST;
/** Reads record number slot; *values points into the journal's buffer. *good = false: its checksum
 *  is wrong. */
fh_status fh_journal_read(fh_journal *journal, ptrdiff_t slot, fh_sample_record *record,
                          const float **values, bool *good) FH_MUST;
