#include <math.h>

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

enum { MEAN, STD, RMS, MOMENTS, MOST = FH_MAX_PIECES + FH_WRITER_MAX_CONSTANTS };

static fh_status add_block(fh_text *t, const fh_writer *w, const char *key, const double *values)
{
  FH_TRY(fh_text_add(t, "%s:\n", key));
  for (int p = 0; p < w->n_pieces; p++)
    FH_TRY(fh_text_add(t, "  %s: %.17g\n", w->pieces[p].name, values[p]));
  for (int c = 0; c < w->info.n_constants; c++)
    FH_TRY(
        fh_text_add(t, "  %s: %.17g\n", w->info.constants[c].info.name, values[w->n_pieces + c]));
  return FH_OK;
}

/* The loader asks for the statistics of time differences of the fields that have a time axis. One
 * step has no differences: 0 and 1 leave the values as they are. */
static fh_status add_differences(fh_text *t, const fh_writer *w)
{
  static const char *const keys[] = {"mean_delta", "std_delta", "rms_delta"};
  FH_TRY(fh_text_add(t, "# steady fields have no time differences: neutral values\n"));
  for (int k = 0; k < 3; k++) {
    FH_TRY(fh_text_add(t, "%s:\n", keys[k]));
    for (int p = 0; p < w->n_pieces; p++)
      FH_TRY(fh_text_add(t, "  %s: %d.0\n", w->pieces[p].name, k > 0));
  }
  return FH_OK;
}

static fh_status add_all(fh_text *t, const fh_writer *w, const double *moments)
{
  static const char *const keys[MOMENTS] = {"mean", "std", "rms"};
  double values[MOMENTS][MOST];
  for (int p = 0; p < w->n_pieces + w->info.n_constants; p++) {
    const double *of_piece = moments + 2 * p * w->info.samples;
    const moments_of_field m =
        p < w->n_pieces ? combine(of_piece, of_piece + w->info.samples, w->info.samples, w->points)
                        : of_constant(w, &w->info.constants[p - w->n_pieces]);
    values[MEAN][p] = m.mean;
    values[STD][p] = m.std;
    values[RMS][p] = m.rms;
  }
  FH_TRY(fh_text_add(t, "# population moments over samples and points, in double precision\n"));
  for (int k = 0; k < MOMENTS; k++) FH_TRY(add_block(t, w, keys[k], values[k]));
  FH_TRY(add_differences(t, w));
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
