/**
 * json_lines - a log with one JSON object a line, complete after every line
 *
 * One rank writes. A line is written with one call to the system, so that a reader (and the file
 * after a kill) never sees a part of it in the middle of the log.
 */
#pragma once

#include <stdbool.h>

#include "base/status.h"

struct cJSON;
typedef struct fh_json_lines fh_json_lines;

/**
 * fh_json_lines_open - begin a log, or go on with one
 *
 * resume: keep what is there (a torn last line is cut off); otherwise the file begins empty.
 * Errors: FH_ERR_IO.
 */
fh_status fh_json_lines_open(const char *path, bool resume, fh_json_lines **log) FH_MUST;
/** Appends object as one line. Errors: FH_ERR_IO (disk full), FH_ERR_MEMORY. */
fh_status fh_json_lines_append(fh_json_lines *log, const struct cJSON *object) FH_MUST;
/** Closes; NULL is allowed. */
void fh_json_lines_close(fh_json_lines **log);
