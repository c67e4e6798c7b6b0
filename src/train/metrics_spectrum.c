#include "train/metrics_spectrum.h"

#include <math.h>

#include "base/memory.h"

/* ---- create ---- */

static void mode_waves(fh_metrics_spectrum *s, const ptrdiff_t *n, const double *extent)
{
  const int dim = s->grid.dim;
  double longest = 0;
  for (int a = 0; a < dim; a++) longest = extent[a] > longest ? extent[a] : longest;
  for (ptrdiff_t m = 0; m < s->fft->modes; m++) {
    ptrdiff_t rest = m;
    double squares = 0;
    for (int a = dim - 1; a >= 0; a--) {
      const ptrdiff_t modes = a == dim - 1 ? s->fft->half : n[a], i = rest % modes;
      const ptrdiff_t j = 2 * i <= n[a] ? i : n[a] - i;
      const double k = (double)j / (s->mirrored[a] ? 2 : 1) * longest / extent[a];
      squares += k * k;
      rest /= modes;
    }
    s->wave[m] = (int32_t)floor(sqrt(squares) + 0.5);
    if (s->wave[m] >= s->count) s->count = s->wave[m] + 1;
  }
}

static fh_status build(const fh_metrics_config *config, fh_metrics_spectrum *s)
{
  ptrdiff_t n[FH_MAX_DIM];
  double extent[FH_MAX_DIM];
  for (int a = 0; a < s->grid.dim; a++) {
    s->mirrored[a] = !config->periodic.value[config->periodic.count == 1 ? 0 : a];
    extent[a] = config->measure.value[config->measure.count == 1 ? 0 : a];
    n[a] = (s->mirrored[a] ? 2 : 1) * s->grid.n[a];
  }
  FH_TRY(fh_rfft_create(s->grid.dim, n, &s->fft));
  FH_NEW(s->wave, s->fft->modes);
  mode_waves(s, n, extent);
  return FH_OK;
}

fh_status fh_metrics_spectrum_create(const fh_metrics_config *config, const fh_grid *grid,
                                     fh_metrics_spectrum **spectrum)
{
  fh_metrics_spectrum *s = NULL;
  *spectrum = NULL;
  FH_NEW(s, 1);
  s->grid = *grid;
  const fh_status st = build(config, s);
  if (st != FH_OK) fh_metrics_spectrum_destroy(&s);
  *spectrum = s;
  return st;
}

void fh_metrics_spectrum_destroy(fh_metrics_spectrum **spectrum)
{
  fh_metrics_spectrum *s = *spectrum;
  if (!s) return;
  fh_free(s->wave);
  fh_rfft_destroy(&s->fft);
  fh_free(s);
  *spectrum = NULL;
}

/* ---- one field ---- */

/* The point of the field that stands at point i of the continued one. */
static ptrdiff_t source(const fh_metrics_spectrum *s, ptrdiff_t i)
{
  ptrdiff_t at = 0, stride = 1;
  for (int a = s->grid.dim - 1; a >= 0; a--) {
    const ptrdiff_t n = s->grid.n[a], wide = s->mirrored[a] ? 2 * n : n, j = i % wide;
    at += stride * (j < n ? j : 2 * n - 1 - j);
    stride *= n;
    i /= wide;
  }
  return at;
}

void fh_metrics_spectrum_add(const fh_metrics_spectrum *s, const fh_real *field, double factor,
                             double *parts)
{
  fh_rfft *fft = s->fft;
  const int last = s->grid.dim - 1;
  const ptrdiff_t n = s->grid.n[last] * (s->mirrored[last] ? 2 : 1);
  const double points = (double)fft->points;
  for (ptrdiff_t i = 0; i < fft->points; i++) fft->field[i] = field[source(s, i)];
  fh_rfft_forward(fft);
  for (ptrdiff_t m = 0; m < fft->modes; m++) {
    const double re = (double)fft->spectrum[2 * m], im = (double)fft->spectrum[2 * m + 1];
    const ptrdiff_t k = m % fft->half;
    const double twice = k == 0 || 2 * k == n ? 1 : 2; /* the other half of the last axis */
    parts[s->wave[m]] += factor * twice * (re * re + im * im) / (points * points);
  }
}
