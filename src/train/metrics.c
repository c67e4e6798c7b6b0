#include "train/metrics.h"

#include <math.h>

#include "base/memory.h"
#include "base/size.h"
#include "comm/sum.h"
#include "train/metrics_row.h"
#include "train/metrics_spectrum.h"
#include <string.h>

#define AT(member) offsetof(fh_metrics_config, member)

const fh_field fh_metrics_fields[] = {
    {"metric_periodic", FH_FIELD_INTS, AT(periodic), "", 0, 1, NULL,
     "H1 error and spectrum: wrap the field around (1) or not (0), one number or one for each axis "
     "(default: as the data set says)"},
    {"metric_measure", FH_FIELD_REALS, AT(measure), "", 1e-30, 1e30, NULL,
     "H1 error and spectrum: extent of the grid, one number or one for each axis (default: as the "
     "data set says)"},
    {"spectrum", FH_FIELD_BOOL, AT(spectrum), "false", 0, 0, NULL,
     "also the error and the truth by wave number"},
    FH_FIELDS_END};

/* name, unit, long name: the order of the list */
#define METRIC_LIST(X)                                                                             \
  X(REL_L2, "rel_l2", "1", "relative L2 error, mean over samples")                                 \
  X(REL_H1, "rel_h1", "1", "relative H1 error, mean over samples")                                 \
  X(REL_SPECTRAL_H1, "rel_h1_spectral", "1", "relative spectral H1 error, mean over samples")      \
  X(RMSE, "rmse", "data", "root mean square error, mean over frames")                              \
  X(NRMSE, "nrmse", "1", "root mean square error over that of the truth, mean over frames")        \
  X(CRMSE, "crmse", "data", "root mean square error of the mean over the domain")                  \
  X(BRMSE, "brmse", "data", "root mean square error on the boundary, mean over frames")            \
  X(MAX_ERROR, "max_error", "data", "largest error of all samples, mean over channels")            \
  X(FRMSE_LOW, "frmse_low", "data", "root mean square of Fourier modes 0 to 3 of the error")       \
  X(FRMSE_MID, "frmse_mid", "data", "root mean square of Fourier modes 4 to 11 of the error")      \
  X(FRMSE_HIGH, "frmse_high", "data", "root mean square of Fourier modes from 12 of the error")    \
  X(VRMSE, "vrmse", "1", "root of mean square error over variance of the truth")                   \
  X(NRMSE_WELL, "nrmse_well", "1", "root of mean square error over mean square of the truth")      \
  X(MSE_LOW, "spectral_mse_low", "data^2", "mean square error at long waves")                      \
  X(MSE_MID, "spectral_mse_mid", "data^2", "mean square error at middle waves")                    \
  X(MSE_HIGH, "spectral_mse_high", "data^2", "mean square error at short waves")                   \
  X(NMSE_LOW, "spectral_nmse_low", "1", "mean square error over the truth's at long waves")        \
  X(NMSE_MID, "spectral_nmse_mid", "1", "mean square error over the truth's at middle waves")      \
  X(NMSE_HIGH, "spectral_nmse_high", "1", "mean square error over the truth's at short waves")

enum {
#define METRIC_ENUM(id, name, unit, text) id,
  METRIC_LIST(METRIC_ENUM)
#undef METRIC_ENUM
      METRICS
};

static const fh_metric blank[METRICS] = {
#define METRIC_ENTRY(id, name, unit, text) {name, unit, text, 0},
    METRIC_LIST(METRIC_ENTRY)
#undef METRIC_ENTRY
};

struct fh_metrics {
  fh_metrics_row *row;
  ptrdiff_t n_samples, channels, points;
  double *rows;                  /* [n_samples][width of a row] */
  double *count;                 /* [n_samples]: how often a sample was added */
  double *rel_l2;                /* [n_samples], after reduce */
  fh_metrics_spectrum *spectrum; /* NULL unless asked for */
  double *waves;                 /* [n_samples][2][wave numbers]: of the error, of the truth */
  double *mean_waves;            /* [2][wave numbers], after reduce */
  fh_error_spectrum by_wave;
  fh_metric list[METRICS];
};

/* ---- create ---- */

fh_metrics_config fh_metrics_config_on(const fh_metrics_config *config, const fh_grid *g)
{
  fh_metrics_config c = {0};
  if (config) c = *config;
  const bool sides = c.periodic.count == 0, extents = c.measure.count == 0;
  if (sides) c.periodic.count = g->dim;
  if (extents) c.measure.count = g->dim;
  for (int a = 0; a < g->dim; a++) {
    if (sides) c.periodic.value[a] = g->side[a][0] == FH_PERIODIC;
    if (extents) c.measure.value[a] = g->length[a];
  }
  return c;
}

static fh_status build_spectrum(const fh_metrics_config *config, const fh_grid *grid, fh_metrics *m)
{
  ptrdiff_t size;
  FH_TRY(fh_metrics_spectrum_create(config, grid, &m->spectrum));
  m->by_wave.count = m->spectrum->count;
  FH_TRY(fh_size_mul(m->n_samples, 2 * m->by_wave.count, &size));
  FH_NEW(m->waves, size);
  FH_NEW(m->mean_waves, 2 * m->by_wave.count);
  m->by_wave.error = m->mean_waves;
  m->by_wave.truth = m->mean_waves + m->by_wave.count;
  return FH_OK;
}

static fh_status build(const fh_metrics_config *given, const fh_shape *shape, fh_metrics *m)
{
  const fh_metrics_config config = fh_metrics_config_on(given, &shape->layout.grid);
  FH_CHECK(m->n_samples >= 1, FH_ERR_ARG, "metrics of %td samples: at least 1 is needed",
           m->n_samples);
  FH_TRY(fh_metrics_row_create(&config, shape, &m->row));
  ptrdiff_t size;
  FH_TRY(fh_size_mul(m->n_samples, m->row->width, &size));
  FH_NEW(m->rows, size);
  FH_NEW(m->count, m->n_samples);
  FH_NEW(m->rel_l2, m->n_samples);
  if (config.spectrum) FH_TRY(build_spectrum(&config, &shape->layout.grid, m));
  return FH_OK;
}

fh_status fh_metrics_create(const fh_metrics_config *config, const fh_shape *shape,
                            ptrdiff_t n_samples, fh_metrics **metrics)
{
  fh_metrics *m = NULL;
  *metrics = NULL;
  FH_NEW(m, 1);
  m->n_samples = n_samples;
  m->channels = shape->channels;
  m->points = fh_shape_points(shape);
  for (int i = 0; i < METRICS; i++) m->list[i] = blank[i];
  const fh_status st = build(config, shape, m);
  if (st != FH_OK) fh_metrics_destroy(&m);
  *metrics = m;
  return st;
}

void fh_metrics_destroy(fh_metrics **metrics)
{
  fh_metrics *m = *metrics;
  if (!m) return;
  fh_free(m->mean_waves);
  fh_free(m->waves);
  fh_metrics_spectrum_destroy(&m->spectrum);
  fh_free(m->rel_l2);
  fh_free(m->count);
  fh_free(m->rows);
  fh_metrics_row_destroy(&m->row);
  fh_free(m);
  *metrics = NULL;
}

/* ---- add ---- */

static void add_waves(fh_metrics *m, const fh_real *prediction, const fh_real *truth, double *waves)
{
  const double share = 1 / (double)m->channels;
  for (ptrdiff_t c = 0; c < m->channels; c++) {
    const fh_real *y = truth + c * m->points;
    fh_metrics_row_error(m->row, prediction + c * m->points, y);
    fh_metrics_spectrum_add(m->spectrum, m->row->error, share, waves);
    fh_metrics_spectrum_add(m->spectrum, y, share, waves + m->by_wave.count);
  }
}

fh_status fh_metrics_add(fh_metrics *m, ptrdiff_t batch, const fh_real *prediction,
                         const fh_real *truth, const int64_t *sample)
{
  const ptrdiff_t size = m->channels * m->points;
  for (ptrdiff_t b = 0; b < batch; b++) {
    const ptrdiff_t i = (ptrdiff_t)sample[b];
    FH_CHECK(i >= 0 && i < m->n_samples, FH_ERR_ARG,
             "metrics of sample %td, but they were made for samples 0 to %td", i, m->n_samples - 1);
    FH_CHECK(!(m->count[i] > 0), FH_ERR_ARG, "sample %td was added to the metrics twice", i);
    FH_TRY(fh_metrics_row_fill(m->row, prediction + b * size, truth + b * size,
                               m->rows + i * m->row->width));
    if (m->spectrum)
      add_waves(m, prediction + b * size, truth + b * size, m->waves + i * 2 * m->by_wave.count);
    m->count[i] = 1;
  }
  return FH_OK;
}

/* ---- reduce: all loops run in the order of the samples ---- */

static const double *frame_of(const fh_metrics *m, ptrdiff_t sample, ptrdiff_t channel)
{
  return m->rows + sample * m->row->width + FH_ROW_FRAMES + channel * m->row->frame;
}

static double mean_over_samples(const fh_metrics *m, ptrdiff_t column)
{
  double sum = 0;
  for (ptrdiff_t s = 0; s < m->n_samples; s++) sum += m->rows[s * m->row->width + column];
  return sum / (double)m->n_samples;
}

static double mean_over_frames(const fh_metrics *m, ptrdiff_t column)
{
  double sum = 0;
  for (ptrdiff_t s = 0; s < m->n_samples; s++)
    for (ptrdiff_t c = 0; c < m->channels; c++) sum += frame_of(m, s, c)[column];
  return sum / (double)(m->n_samples * m->channels);
}

static double conserved(const fh_metrics *m)
{
  double sum = 0;
  for (ptrdiff_t c = 0; c < m->channels; c++) {
    double squares = 0;
    for (ptrdiff_t s = 0; s < m->n_samples; s++) {
      const double total = frame_of(m, s, c)[FH_FRAME_TOTAL];
      squares += total * total;
    }
    sum += sqrt(squares / (double)m->n_samples) / (double)m->points;
  }
  return sum / (double)m->channels;
}

static double largest(const fh_metrics *m)
{
  double sum = 0;
  for (ptrdiff_t c = 0; c < m->channels; c++) {
    double most = 0;
    for (ptrdiff_t s = 0; s < m->n_samples; s++) {
      const double x = frame_of(m, s, c)[FH_FRAME_MAX];
      if (!(x <= most)) most = x; /* keeps NaN */
      if (isnan(most)) break;
    }
    sum += most;
  }
  return sum / (double)m->channels;
}

/* Mean over shells [first, last) of the root of the mean over samples. */
static double band(const fh_metrics *m, ptrdiff_t first, ptrdiff_t last)
{
  if (last > m->row->shells) last = m->row->shells;
  if (first >= last) return (double)NAN;
  double sum = 0;
  for (ptrdiff_t c = 0; c < m->channels; c++)
    for (ptrdiff_t k = first; k < last; k++) {
      double energy = 0;
      for (ptrdiff_t s = 0; s < m->n_samples; s++) energy += frame_of(m, s, c)[FH_FRAME_SHELLS + k];
      sum += sqrt(energy / (double)m->n_samples) / (double)m->points;
    }
  return sum / (double)((last - first) * m->channels);
}

static void combine_waves(fh_metrics *m)
{
  const ptrdiff_t columns = 2 * m->by_wave.count;
  for (ptrdiff_t k = 0; k < columns; k++) {
    double sum = 0;
    for (ptrdiff_t s = 0; s < m->n_samples; s++) sum += m->waves[s * columns + k];
    m->mean_waves[k] = sum / (double)m->n_samples;
  }
}

static void combine(fh_metrics *m)
{
  static const struct {
    int metric, column;
  } means[] = {
      {RMSE, FH_FRAME_RMSE},         {NRMSE, FH_FRAME_NRMSE},           {BRMSE, FH_FRAME_BRMSE},
      {VRMSE, FH_FRAME_VRMSE},       {NRMSE_WELL, FH_FRAME_NRMSE_WELL}, {MSE_LOW, FH_FRAME_MSE},
      {MSE_MID, FH_FRAME_MSE + 1},   {MSE_HIGH, FH_FRAME_MSE + 2},      {NMSE_LOW, FH_FRAME_NMSE},
      {NMSE_MID, FH_FRAME_NMSE + 1}, {NMSE_HIGH, FH_FRAME_NMSE + 2}};
  for (size_t i = 0; i < sizeof means / sizeof *means; i++)
    m->list[means[i].metric].value = mean_over_frames(m, means[i].column);
  m->list[REL_L2].value = mean_over_samples(m, FH_ROW_L2);
  m->list[REL_H1].value = mean_over_samples(m, FH_ROW_H1);
  m->list[REL_SPECTRAL_H1].value = mean_over_samples(m, FH_ROW_SPECTRAL_H1);
  m->list[CRMSE].value = conserved(m);
  m->list[MAX_ERROR].value = largest(m);
  m->list[FRMSE_LOW].value = band(m, 0, 4);
  m->list[FRMSE_MID].value = band(m, 4, 12);
  m->list[FRMSE_HIGH].value = band(m, 12, m->row->shells);
  for (ptrdiff_t s = 0; s < m->n_samples; s++)
    m->rel_l2[s] = m->rows[s * m->row->width + FH_ROW_L2];
}

fh_status fh_metrics_reduce(fh_metrics *m, MPI_Comm comm)
{
  FH_TRY(fh_sum_scattered(comm, m->n_samples, m->count));
  for (ptrdiff_t s = 0; s < m->n_samples; s++)
    FH_CHECK(m->count[s] > 0 && m->count[s] < 2, FH_ERR_STATE,
             "sample %td was added to the metrics %g times over all ranks: each must be added once",
             s, m->count[s]);
  FH_TRY(fh_sum_scattered(comm, m->n_samples * m->row->width, m->rows));
  combine(m);
  if (!m->spectrum) return FH_OK;
  FH_TRY(fh_sum_scattered(comm, m->n_samples * 2 * m->by_wave.count, m->waves));
  combine_waves(m);
  return FH_OK;
}

int fh_metrics_count(const fh_metrics *metrics)
{
  (void)metrics;
  return METRICS;
}

const fh_metric *fh_metrics_list(const fh_metrics *metrics)
{
  return metrics->list;
}

const fh_error_spectrum *fh_metrics_spectrum_of(const fh_metrics *metrics)
{
  return metrics->spectrum ? &metrics->by_wave : NULL;
}

const double *fh_metrics_rel_l2(const fh_metrics *metrics)
{
  return metrics->rel_l2;
}

const fh_metric *fh_metrics_find(const fh_metrics *metrics, const char *name)
{
  for (int i = 0; i < METRICS; i++)
    if (!strcmp(metrics->list[i].name, name)) return &metrics->list[i];
  return NULL;
}
