#include "base/log.h"

#include <stdarg.h>

void fh_log_message(const fh_log *log, fh_log_level level, const char *format, ...)
{
  char text[1024];
  va_list args;
  if (!log || !log->message) return;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  log->message(log->context, level, text);
}

void fh_log_progress(const fh_log *log, const char *unit, ptrdiff_t done, ptrdiff_t total, int n,
                     const fh_log_value *values)
{
  if (log && log->progress) log->progress(log->context, unit, done, total, n, values);
}

void fh_log_record(const fh_log *log, const char *event, int n, const fh_log_value *values)
{
  if (log && log->record) log->record(log->context, event, n, values);
}
