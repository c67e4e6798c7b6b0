#include "report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(char *text, size_t bytes, const char *separator, const char *format,
                   va_list list)
{
  const size_t used = strlen(text);
  const int n = used ? snprintf(text + used, bytes - used, "%s", separator) : 0;
  if (used + (size_t)n < bytes) vsnprintf(text + used + n, bytes - used - (size_t)n, format, list);
}

void parity_compared(parity_report *report, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  append(report->compared, sizeof report->compared, " ", format, list);
  va_end(list);
}

void parity_note(parity_report *report, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  append(report->note, sizeof report->note, "; ", format, list);
  va_end(list);
}

static void enter(parity_report *report, const char *what, double difference)
{
  if (isnan(difference)) difference = INFINITY;
  if (report->where[0] && difference <= report->worst) return;
  report->worst = difference;
  snprintf(report->where, sizeof report->where, "%s", what);
}

/* a maximum that a NaN does not slip through */
static double larger(double a, double b)
{
  return b <= a ? a : b;
}

void parity_compare_f64(parity_report *report, const char *what, ptrdiff_t n, const double *got,
                        const double *want, double scale)
{
  double difference = 0;
  for (ptrdiff_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
  if (scale == 0) scale = 1;
  for (ptrdiff_t i = 0; i < n && !isnan(difference); i++)
    difference = larger(difference, fabs(got[i] - want[i]) / scale);
  enter(report, what, difference);
}

void parity_compare(parity_report *report, const char *what, ptrdiff_t n, const fh_real *got,
                    const double *want, double scale)
{
  double difference = 0;
  for (ptrdiff_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
  if (scale == 0) scale = 1;
  for (ptrdiff_t i = 0; i < n && !isnan(difference); i++)
    difference = larger(difference, fabs((double)got[i] - want[i]) / scale);
  enter(report, what, difference);
}

void parity_compare_each(parity_report *report, const char *what, ptrdiff_t n, const double *got,
                         const double *want)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    char text[128];
    snprintf(text, sizeof text, "%s[%td]", what, i);
    parity_compare_f64(report, text, 1, &got[i], &want[i], 0);
  }
}
