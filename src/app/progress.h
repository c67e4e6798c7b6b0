/**
 * progress - the listener of a command: what a person sees, and the log file
 *
 * line   one line that rewrites itself (a terminal)
 * plain  a line every ten seconds (a file, a pipe)
 * json   one JSON object a line for everything, sentences and facts included
 * none   sentences only
 */
#pragma once

#include <stdbool.h>

#include "base/log.h"

typedef enum {
  FH_PROGRESS_AUTO, /* line on a terminal, plain elsewhere */
  FH_PROGRESS_LINE,
  FH_PROGRESS_PLAIN,
  FH_PROGRESS_JSON,
  FH_PROGRESS_NONE
} fh_progress_mode;

extern const char *const fh_progress_names[];

typedef struct fh_progress fh_progress;

/** quiet: neither sentences nor progress, but warnings. stream is not owned. */
fh_status fh_progress_create(fh_progress_mode mode, bool quiet, FILE *stream,
                             fh_progress **progress) FH_MUST;
/** Ends a line that is still open, closes the log file. NULL is allowed. */
void fh_progress_destroy(fh_progress **progress);
/** What to give to those who report; valid as long as progress. */
const fh_log *fh_progress_log(const fh_progress *p);
fh_progress_mode fh_progress_mode_of(const fh_progress *p);
/** Facts go to this file as well, one JSON object a line. append: go on with a file that exists.
 *  Errors: FH_ERR_IO. */
fh_status fh_progress_open_log(fh_progress *p, const char *path, bool append) FH_MUST;
/** Tells the effective configuration in the manner of the mode. */
void fh_progress_config(fh_progress *p, const char *yaml);
/** "00:12:30", or dashes for what is not known. */
void fh_progress_duration(char *text, size_t bytes, double seconds);
