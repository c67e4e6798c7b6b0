#include "train/metrics_row.h"

#include <math.h>

#include "base/memory.h"

static const double pi = 3.141592653589793;

/* ---- create ---- */

static fh_status make_losses(const fh_metrics_config *config, const fh_shape *shape,
                             fh_metrics_row *r)
{
  fh_loss_config c;
  FH_TRY(fh_config_defaults(fh_loss_fields, &c));
  c.relative = c.joint = true;
  c.epsilon = 0;
  c.kind = FH_LOSS_LP;
  FH_TRY(fh_loss_create(&c, shape, &r->l2));
  FH_CHECK(config->periodic.count == 1 || config->periodic.count == r->grid.dim, FH_ERR_USAGE,
           "-metric_periodic has %d numbers for a grid of %d axes: give one, or one an axis",
           config->periodic.count, r->grid.dim);
  FH_CHECK(config->measure.count == 1 || config->measure.count == r->grid.dim, FH_ERR_USAGE,
           "-metric_measure has %d numbers for a grid of %d axes: give one, or one an axis",
           config->measure.count, r->grid.dim);
  c.kind = FH_LOSS_H1;
  c.measure = config->measure;
  c.periodic_axes.count = r->grid.dim;
  for (int a = 0; a < r->grid.dim; a++)
    c.periodic_axes.value[a] = config->periodic.value[config->periodic.count == 1 ? 0 : a];
  FH_TRY(fh_loss_create(&c, shape, &r->h1));
  c.kind = FH_LOSS_SPECTRAL_H1;
  c.truncation = 20;
  FH_TRY(fh_loss_create(&c, shape, &r->spectral_h1));
  return FH_OK;
}

/* PDEBench counts all modes of a line, but of planes and boxes only shells below half the smallest
   axis. */
static ptrdiff_t count_shells(const fh_grid *g)
{
  if (g->dim == 1) return g->n[0] / 2 + 1;
  ptrdiff_t least = g->n[0] / 2;
  for (int a = 1; a < g->dim; a++)
    if (g->n[a] / 2 < least) least = g->n[a] / 2;
  return least;
}

/* Wave numbers of a mode of the half spectrum: signed index per axis. */
static void mode_numbers(const fh_grid *g, ptrdiff_t half, ptrdiff_t mode, ptrdiff_t *k)
{
  k[g->dim - 1] = mode % half;
  mode /= half;
  for (int a = g->dim - 2; a >= 0; a--) {
    const ptrdiff_t i = mode % g->n[a];
    k[a] = 2 * i < g->n[a] ? i : i - g->n[a];
    mode /= g->n[a];
  }
}

static int32_t shell_of(const fh_grid *g, ptrdiff_t shells, const ptrdiff_t *k)
{
  double squares = 0;
  for (int a = 0; a < g->dim; a++) {
    if (k[a] < 0 || (g->dim > 1 && k[a] >= g->n[a] / 2)) return -1;
    squares += (double)(k[a] * k[a]);
  }
  const double shell = floor(sqrt(squares));
  return shell < (double)shells ? (int32_t)shell : -1;
}

static int8_t bin_of(const fh_grid *g, const ptrdiff_t *k)
{
  double squares = 0, most = 1;
  for (int a = 0; a < g->dim; a++) {
    const double wave = 2 * pi * (double)k[a] / (double)g->n[a];
    squares += wave * wave;
    if ((double)g->n[a] > most) most = (double)g->n[a];
  }
  const double low = log10(2 * pi / most), high = log10(pi * sqrt(g->dim) + 1e-6);
  const double wave = sqrt(squares);
  if (wave < pow(10, low + (high - low) / 3)) return 0;
  return wave < pow(10, low + 2 * (high - low) / 3) ? 1 : 2;
}

static fh_status build(const fh_metrics_config *config, const fh_shape *shape, fh_metrics_row *r)
{
  FH_TRY(make_losses(config, shape, r));
  FH_CHECK(r->channels >= 1 && r->points >= 2, FH_ERR_USAGE,
           "metrics of %td channels and %td points: at least 1 and 2 are needed", r->channels,
           r->points);
  r->shells = count_shells(&r->grid);
  r->frame = FH_FRAME_SHELLS + r->shells;
  r->width = FH_ROW_FRAMES + r->channels * r->frame;
  FH_TRY(fh_rfft_create(r->grid.dim, r->grid.n, &r->fft));
  FH_NEW(r->shell, r->fft->modes);
  FH_NEW(r->bin, r->fft->modes);
  FH_NEW(r->error, r->points);
  for (ptrdiff_t m = 0; m < r->fft->modes; m++) {
    ptrdiff_t k[FH_MAX_DIM];
    mode_numbers(&r->grid, r->fft->half, m, k);
    r->shell[m] = shell_of(&r->grid, r->shells, k);
    r->bin[m] = bin_of(&r->grid, k);
  }
  return FH_OK;
}

fh_status fh_metrics_row_create(const fh_metrics_config *config, const fh_shape *shape,
                                fh_metrics_row **row)
{
  fh_metrics_row *r = NULL;
  *row = NULL;
  FH_NEW(r, 1);
  r->grid = shape->layout.grid;
  r->channels = shape->channels;
  r->points = fh_grid_size(&r->grid);
  const fh_status st = build(config, shape, r);
  if (st != FH_OK) fh_metrics_row_destroy(&r);
  *row = r;
  return st;
}

void fh_metrics_row_destroy(fh_metrics_row **row)
{
  fh_metrics_row *r = *row;
  if (!r) return;
  fh_free(r->error);
  fh_free(r->bin);
  fh_free(r->shell);
  fh_rfft_destroy(&r->fft);
  fh_loss_destroy(&r->spectral_h1);
  fh_loss_destroy(&r->h1);
  fh_loss_destroy(&r->l2);
  fh_free(r);
  *row = NULL;
}

/* ---- one frame ---- */

typedef struct {
  double total, squares, most, truth_squares, truth_variance;
} moments;

static moments measure(ptrdiff_t n, const fh_real *error, const fh_real *truth)
{
  moments m = {0, 0, 0, 0, 0};
  double truth_total = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double e = (double)error[i], y = (double)truth[i], size = fabs(e);
    m.total += e;
    m.squares += e * e;
    if (!(size <= m.most) && !isnan(m.most)) m.most = size; /* keeps NaN */
    m.truth_squares += y * y;
    truth_total += y;
  }
  const double mean = truth_total / (double)n;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double d = (double)truth[i] - mean;
    m.truth_variance += d * d;
  }
  m.truth_variance /= (double)(n - 1);
  return m;
}

/* Sum of squares over the first and the last plane across an axis. */
static double side_squares(const fh_grid *g, int axis, const fh_real *error)
{
  ptrdiff_t outer = 1, inner = 1;
  for (int a = 0; a < axis; a++) outer *= g->n[a];
  for (int a = axis + 1; a < g->dim; a++) inner *= g->n[a];
  double sum = 0;
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < inner; i++) {
      const fh_real *line = error + o * g->n[axis] * inner + i;
      const double first = (double)line[0], last = (double)line[(g->n[axis] - 1) * inner];
      sum += first * first + last * last;
    }
  return sum;
}

static double boundary_rms(const fh_grid *g, ptrdiff_t points, const fh_real *error)
{
  double sum = 0, count = 0;
  for (int a = 0; a < g->dim; a++) {
    sum += side_squares(g, a, error);
    count += 2 * (double)(points / g->n[a]);
  }
  return sqrt(sum / count);
}

/* Adds |DFT|^2 to the bins (all modes, as parts of the mean square) and to the shells unless NULL. */
static void add_spectrum(fh_metrics_row *r, const fh_real *field, double *bins, double *shells)
{
  const ptrdiff_t n = r->grid.n[r->grid.dim - 1];
  const double points = (double)r->points;
  for (ptrdiff_t i = 0; i < r->points; i++) r->fft->field[i] = field[i];
  fh_rfft_forward(r->fft);
  for (ptrdiff_t m = 0; m < r->fft->modes; m++) {
    const double re = (double)r->fft->spectrum[2 * m], im = (double)r->fft->spectrum[2 * m + 1];
    const double energy = re * re + im * im;
    const ptrdiff_t k = m % r->fft->half;
    bins[r->bin[m]] += (k == 0 || 2 * k == n ? 1 : 2) * energy / (points * points);
    if (shells && r->shell[m] >= 0) shells[r->shell[m]] += energy;
  }
}

static double or_one(double norm)
{
  return norm > 0 || isnan(norm) ? norm : 1;
}

void fh_metrics_row_error(fh_metrics_row *r, const fh_real *prediction, const fh_real *truth)
{
  for (ptrdiff_t i = 0; i < r->points; i++) r->error[i] = prediction[i] - truth[i];
}

static void fill_frame(fh_metrics_row *r, const fh_real *prediction, const fh_real *truth,
                       double *frame)
{
  double truth_bins[3] = {0, 0, 0};
  for (ptrdiff_t i = 0; i < r->frame; i++) frame[i] = 0;
  fh_metrics_row_error(r, prediction, truth);
  const moments m = measure(r->points, r->error, truth);
  const double mean = m.squares / (double)r->points,
               truth_mean = m.truth_squares / (double)r->points;
  frame[FH_FRAME_RMSE] = sqrt(mean);
  frame[FH_FRAME_NRMSE] = sqrt(mean) / or_one(sqrt(truth_mean));
  frame[FH_FRAME_TOTAL] = m.total;
  frame[FH_FRAME_BRMSE] = boundary_rms(&r->grid, r->points, r->error);
  frame[FH_FRAME_MAX] = m.most;
  frame[FH_FRAME_VRMSE] = sqrt(mean / (m.truth_variance + 1e-7));
  frame[FH_FRAME_NRMSE_WELL] = sqrt(mean / (truth_mean + 1e-7));
  add_spectrum(r, r->error, frame + FH_FRAME_MSE, frame + FH_FRAME_SHELLS);
  add_spectrum(r, truth, truth_bins, NULL);
  for (int b = 0; b < 3; b++)
    frame[FH_FRAME_NMSE + b] = frame[FH_FRAME_MSE + b] / (truth_bins[b] + 1e-7);
}

fh_status fh_metrics_row_fill(fh_metrics_row *r, const fh_real *prediction, const fh_real *truth,
                              double *out)
{
  FH_TRY(fh_loss_eval(r->l2, 1, prediction, truth, 1, &out[FH_ROW_L2], NULL));
  FH_TRY(fh_loss_eval(r->h1, 1, prediction, truth, 1, &out[FH_ROW_H1], NULL));
  FH_TRY(fh_loss_eval(r->spectral_h1, 1, prediction, truth, 1, &out[FH_ROW_SPECTRAL_H1], NULL));
  for (ptrdiff_t c = 0; c < r->channels; c++)
    fill_frame(r, prediction + c * r->points, truth + c * r->points,
               out + FH_ROW_FRAMES + c * r->frame);
  return FH_OK;
}
