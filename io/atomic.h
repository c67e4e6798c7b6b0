/**
 * atomic - files that are there completely or not at all
 *
 * A file is written under a temporary name in its own folder, fsynced and renamed, and the folder is
 * fsynced. Nothing here is collective: one rank writes. Every error is FH_ERR_IO with the name of
 * the file and what the system said.
 */
#pragma once

#include <stddef.h>

#include "base/status.h"

/** Writes (or replaces) path. */
fh_status fh_atomic_write(const char *path, const void *bytes, size_t size) FH_MUST;
/** The same for a text. */
fh_status fh_atomic_write_text(const char *path, const char *text) FH_MUST;
/** Renames a finished file that was fsynced, and fsyncs the folder of path. */
fh_status fh_atomic_rename(const char *from, const char *path) FH_MUST;
/** Writes all bytes at offset of an open file; path is for the message. */
fh_status fh_file_write_at(int file, const char *path, const void *bytes, size_t size,
                           ptrdiff_t offset) FH_MUST;
/** Reads exactly size bytes. Errors: FH_ERR_IO, also if the file ends before. */
fh_status fh_file_read_at(int file, const char *path, void *bytes, size_t size,
                          ptrdiff_t offset) FH_MUST;
/** A whole file of at most most bytes as text (free with fh_free). */
fh_status fh_file_read_text(const char *path, ptrdiff_t most, char **text) FH_MUST;
/** fsync and close: the file is closed in any case. */
fh_status fh_file_close_synced(int file, const char *path) FH_MUST;
