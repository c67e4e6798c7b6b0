/**
 * log - what a long loop tells whoever runs it
 *
 * The library never prints. A loop that lasts (trainer, generator) takes an fh_log and tells it
 * sentences, progress and facts; the command renders them as a line that rewrites itself, as plain
 * lines or as JSON lines, and writes the facts to log.jsonl. Any member may be NULL, and a NULL log
 * is a listener that does not care. Usually rank 0 alone has a listener; nothing here is collective.
 */
#pragma once

#include <stddef.h>

#include "base/status.h"

typedef enum { FH_LOG_DEBUG, FH_LOG_INFO, FH_LOG_WARNING } fh_log_level;

typedef struct {
  const char *name; /* "loss", "rate" */
  double value;     /* may be NaN */
} fh_log_value;

typedef struct {
  void *context;
  /* a sentence without a newline */
  void (*message)(void *context, fh_log_level level, const char *text);
  /* done of total units ("samples", "steps") are finished, and what the numbers are now; call it as
     often as you like: the listener decides how often a person sees it */
  void (*progress)(void *context, const char *unit, ptrdiff_t done, ptrdiff_t total, int n,
                   const fh_log_value *values);
  /* a fact worth keeping ("epoch", "checkpoint"): one line of log.jsonl */
  void (*record)(void *context, const char *event, int n, const fh_log_value *values);
} fh_log;

void fh_log_message(const fh_log *log, fh_log_level level, const char *format, ...) FH_PRINTF(3, 4);
void fh_log_progress(const fh_log *log, const char *unit, ptrdiff_t done, ptrdiff_t total, int n,
                     const fh_log_value *values);
void fh_log_record(const fh_log *log, const char *event, int n, const fh_log_value *values);
