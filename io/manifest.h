/**
 * manifest - the description of a set as JSON, and how its fields are cut into data sets
 *
 * The text stands in the journals' folder and in the file (/provenance/manifest), so that our own
 * files are read back without touching the variable-length strings that The Well's layout needs.
 * Internal to io/.
 */
#pragma once

#include "io/writer.h"

enum { FH_MANIFEST_VERSION = 1, FH_MAX_PIECES = 64, FH_MAX_MANIFEST = 1 << 20 };

/** One scalar field of the file: a channel of a field of the operator. */
typedef struct {
  char name[96]; /* "u", or "u_0", "u_1", ... of a field with several channels */
  int field, channel;
  bool is_output;
  ptrdiff_t steps; /* of its time axis, if it is an output; else 1 */
} fh_piece;

/** Steps of the outputs: at least 1. */
static inline ptrdiff_t fh_manifest_steps(const fh_writer_info *info)
{
  return info->time.steps > 1 ? info->time.steps : 1;
}
/** Checks names, sizes and counts. Errors: FH_ERR_ARG. */
fh_status fh_manifest_check(const fh_writer_info *info) FH_MUST;
/** The pieces of info in the order of the fields. */
fh_status fh_manifest_pieces(const fh_writer_info *info, fh_piece pieces[FH_MAX_PIECES],
                             int *count) FH_MUST;
/** Several lines of JSON (free with fh_free); equal descriptions give equal texts. */
fh_status fh_manifest_print(const fh_writer_info *info, char **text) FH_MUST;
/** The way back; info->config is NULL. Errors: FH_ERR_FORMAT. */
fh_status fh_manifest_parse(const char *text, fh_writer_info *info) FH_MUST;
/** Errors: FH_ERR_USAGE naming the first line that differs between was and is. */
fh_status fh_manifest_compare(const char *path, const char *was, const char *is) FH_MUST;
