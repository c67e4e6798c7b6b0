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

static void enter(parity_report *r, const char *what, double difference)
{
  if (isnan(difference)) difference = (double)INFINITY;
  if (difference > r->worst) r->worst = difference;
  const double excess = difference / r->allowed;
  if (excess <= 1 || (r->failure[0] && excess <= r->excess)) return;
  r->excess = excess;
  snprintf(r->failure, sizeof r->failure, "%s %s is %.1e off, allowed %.1e", FH_PRECISION, what,
           difference, r->allowed);
}

/* a maximum that a NaN does not slip through */
static double larger(double a, double b)
{
  return b <= a ? a : b;
}

static double scale_of(ptrdiff_t n, const double *want, double scale)
{
  for (ptrdiff_t i = 0; i < n; i++) scale = fmax(scale, fabs(want[i]));
  return scale > 0 ? scale : 1;
}

void parity_compare_f64(parity_report *report, const char *what, ptrdiff_t n, const double *got,
                        const double *want, double scale)
{
  double difference = 0;
  for (ptrdiff_t i = 0; i < n && !isnan(difference); i++)
    difference = larger(difference, fabs(got[i] - want[i]));
  enter(report, what, difference / scale_of(n, want, scale));
}

void parity_compare(parity_report *report, const char *what, ptrdiff_t n, const fh_real *got,
                    const double *want, double scale)
{
  double difference = 0;
  for (ptrdiff_t i = 0; i < n && !isnan(difference); i++)
    difference = larger(difference, fabs((double)got[i] - want[i]));
  enter(report, what, difference / scale_of(n, want, scale));
}
