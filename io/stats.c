#include <math.h>
#include <string.h>

#include "io/atomic.h"
#include "io/text.h"
#include "io/writer_state.h"

/* what The Well's normalisation reads: population moments over samples and points */
typedef struct {
  double mean, std, rms;
} moments_of_field;

/* Combines the samples in the order of their index (Chan et al.): the same on any number of ranks.
 * Invalid samples hold NaN and do not count. */
static moments_of_field combine(const double *mean, const double *deviation, ptrdiff_t samples,
                                ptrdiff_t points)
{
  double n = 0, m = 0, d = 0;
  for (ptrdiff_t i = 0; i < samples; i++) {
    if (!isfinite(mean[i]) || !isfinite(deviation[i])) continue;
    const double more = (double)points, both = n + more, delta = mean[i] - m;
    m += delta * (more / both);
    d += deviation[i] + delta * delta * (n * more / both);
    n = both;
  }
  const double variance = n > 0 ? d / n : 0;
  return (moments_of_field){m, sqrt(variance), sqrt(variance + m * m)};
}

/* of a field that is the same for all samples */
static moments_of_field of_constant(const fh_writer *w, const fh_writer_constant *c)
{
  double sum = 0, squares = 0;
  for (ptrdiff_t i = 0; i < w->points; i++) sum += c->values[i];
  const double mean = sum / (double)w->points;
  for (ptrdiff_t i = 0; i < w->points; i++)
    squares += (c->values[i] - mean) * (c->values[i] - mean);
  const double variance = squares / (double)w->points;
  return (moments_of_field){mean, sqrt(variance), sqrt(variance + mean * mean)};
}

enum { MOST = FH_MAX_PIECES + FH_WRITER_MAX_CONSTANTS };

static fh_status add_number(fh_text *t, const char *name, double value)
{
  char number[32];
  snprintf(number, sizeof number, "%.17g", value);
  const bool whole = strspn(number, "-0123456789") == strlen(number); /* YAML: not an integer */
  return fh_text_add(t, "  %s: %s%s\n", name, number, whole ? ".0" : "");
}

/* values: of the fields of the samples, then of the constant ones, which have no differences */
static fh_status add_block(fh_text *t, const fh_writer *w, const char *key, const double *values,
                           bool differences)
{
  FH_TRY(fh_text_add(t, "%s:\n", key));
  for (int p = 0; p < w->n_pieces; p++) FH_TRY(add_number(t, w->pieces[p].name, values[p]));
  for (int c = 0; !differences && c < w->info.n_constants; c++)
    FH_TRY(add_number(t, w->info.constants[c].info.name, values[w->n_pieces + c]));
  return FH_OK;
}

/* The loader asks for the statistics of time differences of all fields. One step has no differences: 0
 * and 1 leave the values as they are. */
static moments_of_field of_piece(const fh_writer *w, int p, const double *moments, bool differences)
{
  const ptrdiff_t n = w->info.samples, steps = w->pieces[p].steps;
  const double *mean = moments + (FH_MOMENTS * p + (differences ? 2 : 0)) * n;
  if (differences && steps == 1) return (moments_of_field){0.0, 1.0, 1.0};
  return combine(mean, mean + n, n, w->points * (differences ? steps - 1 : steps));
}

static fh_status add_moments(fh_text *t, const fh_writer *w, const double *moments,
                             bool differences)
{
  const char *ending = differences ? "_delta" : "";
  double mean[MOST], std[MOST], rms[MOST];
  char key[32];
  for (int p = 0; p < w->n_pieces + w->info.n_constants; p++) {
    const moments_of_field m = p < w->n_pieces
                                   ? of_piece(w, p, moments, differences)
                                   : of_constant(w, &w->info.constants[p - w->n_pieces]);
    mean[p] = m.mean;
    std[p] = m.std;
    rms[p] = m.rms;
  }
  snprintf(key, sizeof key, "mean%s", ending);
  FH_TRY(add_block(t, w, key, mean, differences));
  snprintf(key, sizeof key, "std%s", ending);
  FH_TRY(add_block(t, w, key, std, differences));
  snprintf(key, sizeof key, "rms%s", ending);
  FH_TRY(add_block(t, w, key, rms, differences));
  return FH_OK;
}

static fh_status add_all(fh_text *t, const fh_writer *w, const double *moments)
{
  FH_TRY(fh_text_add(t, "# population moments over samples and points, in double precision\n"));
  FH_TRY(add_moments(t, w, moments, false));
  FH_TRY(
      fh_text_add(t, "# of differences of successive steps; fields without have neutral values\n"));
  FH_TRY(add_moments(t, w, moments, true));
  return FH_OK;
}

fh_status fh_stats_write(const fh_writer *w, const double *moments)
{
  char beside[FH_PATH_BYTES];
  fh_text text = {0};
  FH_TRY(fh_path_beside(w->path, ".stats.yaml", beside, sizeof beside));
  fh_status st = add_all(&text, w, moments);
  if (st == FH_OK) st = fh_atomic_write(beside, text.data, text.length);
  fh_text_clear(&text);
  if (st != FH_OK) return fh_status_trace(st, __FILE__, __LINE__, __func__);
  return FH_OK;
}
