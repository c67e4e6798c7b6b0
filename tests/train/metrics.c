/* metrics: every one against its formula written out with plain loops, the same bits for any
   distribution of the samples, known cases, and what must be refused */
#include "train/metrics.h"

#include "base/memory.h"
#include "check.h"

enum { SAMPLES = 7, CHANNELS = 2, MOST = 1024 };
static const double tight = sizeof(fh_real) == 4 ? 2e-5 : 1e-12;
static int rank, size;

typedef struct {
  fh_shape shape;
  int dim;
  ptrdiff_t n[3], points;
  double *e, *y; /* [SAMPLES][CHANNELS][points] */
  fh_real *prediction, *truth;
} data;

static data make_data(int dim, ptrdiff_t n1, ptrdiff_t n2, ptrdiff_t n3)
{
  data d = {.dim = dim, .n = {n1, n2, n3}, .points = n1 * n2 * n3};
  const ptrdiff_t total = SAMPLES * CHANNELS * d.points;
  d.shape = box_shape(1, CHANNELS, dim, d.n);
  d.e = fh_calloc(2 * total, sizeof *d.e);
  d.y = d.e + total;
  d.prediction = fh_calloc(2 * total, sizeof *d.prediction);
  d.truth = d.prediction + total;
  for (ptrdiff_t i = 0; i < total; i++) {
    d.truth[i] = (fh_real)(1 + noise(50, i));
    d.prediction[i] = (fh_real)((double)d.truth[i] + 0.1 * noise(51, i));
    d.e[i] = (double)(d.prediction[i] - d.truth[i]);
    d.y[i] = (double)d.truth[i];
  }
  return d;
}

static void free_data(data *d)
{
  fh_free(d->e);
  fh_free(d->prediction);
}

static fh_metrics_config defaults(void)
{
  fh_metrics_config c;
  MUST(fh_config_defaults(fh_metrics_fields, &c));
  c.periodic = (fh_int_list){1, {1}};
  c.measure = (fh_real_list){1, {1}};
  return c;
}

static const double *frame(const data *d, const double *x, int s, int c)
{
  return x + (s * CHANNELS + c) * d->points;
}

/* ---- formulas ---- */

static double mean_square(ptrdiff_t n, const double *x)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sum / (double)n;
}

static double variance(ptrdiff_t n, const double *x)
{
  double mean = 0, sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) mean += x[i] / (double)n;
  for (ptrdiff_t i = 0; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum / (double)(n - 1);
}

static double total(ptrdiff_t n, const double *x)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += x[i];
  return sum;
}

/* |DFT|^2 of mode k, by its sum */
static double energy(const data *d, const double *x, const ptrdiff_t *k)
{
  double re = 0, im = 0;
  for (ptrdiff_t i = 0; i < d->points; i++) {
    const ptrdiff_t at[3] = {i / (d->n[1] * d->n[2]), i / d->n[2] % d->n[1], i % d->n[2]};
    double turns = 0;
    for (int a = 0; a < 3; a++) turns += (double)(k[a] * at[a]) / (double)d->n[a];
    re += x[i] * cos(2 * acos(-1) * turns), im -= x[i] * sin(2 * acos(-1) * turns);
  }
  return re * re + im * im;
}

/* Energy of all modes in three bins of |k|, as parts of the mean square. */
static void bins_of(const data *d, const double *x, double *bins)
{
  ptrdiff_t most = 1;
  for (int a = 0; a < 3; a++) most = d->n[a] > most ? d->n[a] : most;
  const double low = log10(2 * acos(-1) / (double)most);
  const double high = log10(acos(-1) * sqrt(d->dim) + 1e-6), third = (high - low) / 3;
  bins[0] = bins[1] = bins[2] = 0;
  for (ptrdiff_t i = 0; i < d->points; i++) {
    const ptrdiff_t k[3] = {i / (d->n[1] * d->n[2]), i / d->n[2] % d->n[1], i % d->n[2]};
    double wave = 0;
    for (int a = 0; a < 3; a++) {
      const double j = (double)(2 * k[a] < d->n[a] ? k[a] : k[a] - d->n[a]);
      wave += pow(2 * acos(-1) * j / (double)d->n[a], 2);
    }
    const double where = wave > 0 ? (log10(sqrt(wave)) - low) / third : 0;
    bins[where < 1 ? 0 : where < 2 ? 1 : 2] += energy(d, x, k) / pow((double)d->points, 2);
  }
}

static double relative_l2(const data *d)
{
  double sum = 0;
  for (int s = 0; s < SAMPLES; s++)
    sum += sqrt(mean_square(CHANNELS * d->points, frame(d, d->e, s, 0)) /
                mean_square(CHANNELS * d->points, frame(d, d->y, s, 0)));
  return sum / SAMPLES;
}

/* Sum of squares of one channel's values and central differences, periodic, spacing 1/n. */
static double h1_square(const data *d, const double *x)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < d->points; i++) {
    sum += x[i] * x[i];
    for (int a = 3 - d->dim; a < 3; a++) {
      const ptrdiff_t axis = a - (3 - d->dim), n = d->n[axis];
      ptrdiff_t stride = 1;
      for (int b = (int)axis + 1; b < d->dim; b++) stride *= d->n[b];
      const ptrdiff_t at = i / stride % n, start = i - at * stride;
      const double slope =
          (x[start + (at + 1) % n * stride] - x[start + (at + n - 1) % n * stride]) * (double)n / 2;
      sum += slope * slope;
    }
  }
  return sum;
}

static double relative_h1(const data *d)
{
  double sum = 0;
  for (int s = 0; s < SAMPLES; s++) {
    double e = 0, y = 0;
    for (int c = 0; c < CHANNELS; c++) {
      e += h1_square(d, frame(d, d->e, s, c));
      y += h1_square(d, frame(d, d->y, s, c));
    }
    sum += sqrt(e / y) / SAMPLES;
  }
  return sum;
}

static double boundary(const data *d, const double *e)
{
  double sum = 0, count = 0;
  for (ptrdiff_t i = 0; i < d->points; i++) {
    const ptrdiff_t at[3] = {i / (d->n[1] * d->n[2]), i / d->n[2] % d->n[1], i % d->n[2]};
    for (int a = 0; a < d->dim; a++)
      if (at[a] == 0 || at[a] == d->n[a] - 1) sum += e[i] * e[i], count++;
  }
  return sqrt(sum / count);
}

/* PDEBench's shells of one channel: roots of means over samples, divided by the points. */
static ptrdiff_t shells_of(const data *d, int c, double *root)
{
  ptrdiff_t shells = MOST;
  for (int a = 0; a < d->dim; a++) shells = d->n[a] / 2 < shells ? d->n[a] / 2 : shells;
  if (d->dim == 1) shells = d->n[0] / 2 + 1;
  for (ptrdiff_t k = 0; k < shells; k++) root[k] = 0;
  const ptrdiff_t end[3] = {d->dim == 1 ? shells : d->n[0] / 2, d->dim > 1 ? d->n[1] / 2 : 1,
                            d->dim > 2 ? d->n[2] / 2 : 1};
  ptrdiff_t k[3];
  for (k[0] = 0; k[0] < end[0]; k[0]++)
    for (k[1] = 0; k[1] < end[1]; k[1]++)
      for (k[2] = 0; k[2] < end[2]; k[2]++) {
        const ptrdiff_t shell = (ptrdiff_t)sqrt((double)(k[0] * k[0] + k[1] * k[1] + k[2] * k[2]));
        for (int s = 0; s < SAMPLES && shell < shells; s++)
          root[shell] += energy(d, frame(d, d->e, s, c), k) / SAMPLES;
      }
  for (ptrdiff_t i = 0; i < shells; i++) root[i] = sqrt(root[i]) / (double)d->points;
  return shells;
}

/* ---- comparison ---- */

static fh_metrics *evaluate(const data *d, const fh_metrics_config *c, bool backwards)
{
  fh_metrics *m;
  MUST(fh_metrics_create(c, &d->shape, SAMPLES, &m));
  for (int i = 0; i < SAMPLES; i++) {
    const int s = backwards ? SAMPLES - 1 - i : i;
    const int64_t sample = s;
    if ((backwards ? s / 2 : s) % size != rank) continue;
    const ptrdiff_t at = s * CHANNELS * d->points;
    MUST(fh_metrics_add(m, 1, d->prediction + at, d->truth + at, &sample));
  }
  MUST(fh_metrics_reduce(m, MPI_COMM_WORLD));
  return m;
}

static void same(const fh_metrics *m, const char *name, double want)
{
  const fh_metric *found = fh_metrics_find(m, name);
  expect(found != NULL, name);
  if (found) near(found->value / want, 1, tight * 10, name);
}

static void check_frames(const data *d, const fh_metrics *m)
{
  double rmse = 0, nrmse = 0, brmse = 0, vrmse = 0, well = 0, csum = 0, most = 0;
  const ptrdiff_t n = d->points;
  const double frames = SAMPLES * CHANNELS;
  for (int c = 0; c < CHANNELS; c++) {
    double squares = 0, worst = 0;
    for (int s = 0; s < SAMPLES; s++) {
      const double *e = frame(d, d->e, s, c), *y = frame(d, d->y, s, c), mse = mean_square(n, e);
      rmse += sqrt(mse) / frames;
      nrmse += sqrt(mse / mean_square(n, y)) / frames;
      vrmse += sqrt(mse / (variance(n, y) + 1e-7)) / frames;
      well += sqrt(mse / (mean_square(n, y) + 1e-7)) / frames;
      brmse += boundary(d, e) / frames;
      squares += pow(total(n, e), 2);
      for (ptrdiff_t i = 0; i < n; i++) worst = fmax(worst, fabs(e[i]));
    }
    csum += sqrt(squares / SAMPLES) / (double)n / CHANNELS;
    most += worst / CHANNELS;
  }
  same(m, "rmse", rmse), same(m, "nrmse", nrmse), same(m, "vrmse", vrmse);
  same(m, "nrmse_well", well), same(m, "brmse", brmse), same(m, "crmse", csum);
  same(m, "max_error", most);
}

static void check_spectra(const data *d, const fh_metrics *m)
{
  static const char *const names[3][3] = {
      {"frmse_low", "frmse_mid", "frmse_high"},
      {"spectral_mse_low", "spectral_mse_mid", "spectral_mse_high"},
      {"spectral_nmse_low", "spectral_nmse_mid", "spectral_nmse_high"}};
  static const ptrdiff_t edges[4] = {0, 4, 12, MOST};
  double band[3] = {0}, mse[3] = {0}, nmse[3] = {0}, parts = 0, all = 0;
  ptrdiff_t shells = 0;
  for (int c = 0; c < CHANNELS; c++) {
    double root[MOST];
    shells = shells_of(d, c, root);
    for (int b = 0; b < 3; b++) {
      const ptrdiff_t last = edges[b + 1] < shells ? edges[b + 1] : shells;
      for (ptrdiff_t k = edges[b]; k < last; k++)
        band[b] += root[k] / (double)(last - edges[b]) / CHANNELS;
    }
    for (int s = 0; s < SAMPLES; s++) {
      double e[3], y[3];
      bins_of(d, frame(d, d->e, s, c), e);
      bins_of(d, frame(d, d->y, s, c), y);
      all += mean_square(d->points, frame(d, d->e, s, c)) / (SAMPLES * CHANNELS);
      for (int b = 0; b < 3; b++)
        mse[b] += e[b] / (SAMPLES * CHANNELS),
            nmse[b] += e[b] / (y[b] + 1e-7) / (SAMPLES * CHANNELS);
    }
  }
  for (int b = 0; b < 3; b++) {
    if (edges[b] < shells)
      same(m, names[0][b], band[b]);
    else
      expect(isnan(fh_metrics_find(m, names[0][b])->value), "a band without shells is NaN");
    same(m, names[1][b], mse[b]), same(m, names[2][b], nmse[b]);
    parts += fh_metrics_find(m, names[1][b])->value;
  }
  near(parts / all, 1, tight * 10, "the spectral parts add up to the mean square error");
}

static void test_formulas(int dim, ptrdiff_t n1, ptrdiff_t n2, ptrdiff_t n3)
{
  data d = make_data(dim, n1, n2, n3);
  const fh_metrics_config c = defaults();
  fh_metrics *m = evaluate(&d, &c, false), *other = evaluate(&d, &c, true);
  same(m, "rel_l2", relative_l2(&d));
  same(m, "rel_h1", relative_h1(&d));
  check_frames(&d, m);
  check_spectra(&d, m);
  for (int i = 0; i < fh_metrics_count(m); i++)
    expect(!memcmp(&fh_metrics_list(m)[i].value, &fh_metrics_list(other)[i].value, sizeof(double)),
           "equal bits for any distribution of the samples");
  double mean = 0;
  for (int s = 0; s < SAMPLES; s++) mean += fh_metrics_rel_l2(m)[s] / SAMPLES;
  near(mean, relative_l2(&d), tight, "errors of the samples");
  fh_metrics_destroy(&m);
  fh_metrics_destroy(&other);
  free_data(&d);
}

/* A perfect prediction has no error; the mean as prediction has VRMSE 1 (sqrt((n-1)/n)). */
static void test_known_cases(void)
{
  data d = make_data(2, 16, 16, 1);
  const fh_metrics_config c = defaults();
  for (ptrdiff_t i = 0; i < SAMPLES * CHANNELS * d.points; i++) d.prediction[i] = d.truth[i];
  fh_metrics *m = evaluate(&d, &c, false);
  for (int i = 0; i < fh_metrics_count(m); i++) {
    const double x = fh_metrics_list(m)[i].value;
    expect(isnan(x) || fabs(x) <= 0, fh_metrics_list(m)[i].name);
  }
  fh_metrics_destroy(&m);
  for (int f = 0; f < SAMPLES * CHANNELS; f++) {
    const fh_real mean = (fh_real)(total(d.points, d.y + f * d.points) / (double)d.points);
    for (ptrdiff_t i = 0; i < d.points; i++) d.prediction[f * d.points + i] = mean;
  }
  m = evaluate(&d, &c, false);
  near(fh_metrics_find(m, "vrmse")->value, sqrt(255.0 / 256), 1e-5, "VRMSE of the mean");
  fh_metrics_destroy(&m);
  d.prediction[5] = (fh_real)NAN;
  m = evaluate(&d, &c, false);
  expect(isnan(fh_metrics_find(m, "max_error")->value) &&
             isnan(fh_metrics_find(m, "rel_l2")->value),
         "NaN in a prediction shows");
  fh_metrics_destroy(&m);
  free_data(&d);
}

/* On a line, one-sided differences see no jump at the ends; periodic ones do. */
static void test_h1_options(void)
{
  data d = make_data(1, 16, 1, 1);
  fh_metrics_config c = defaults();
  for (ptrdiff_t i = 0; i < SAMPLES * CHANNELS * 16; i++) {
    d.truth[i] = (fh_real)(i % 16);
    d.prediction[i] = 2 * d.truth[i] + 1;
  }
  c.periodic.value[0] = 0;
  fh_metrics *m = evaluate(&d, &c, false);
  const double slopes = 16 * 256, e = 1496 + 0.0, y = 1240;
  near(fh_metrics_find(m, "rel_h1")->value, sqrt((e + slopes) / (y + slopes)), 1e-6,
       "one-sided H1");
  fh_metrics_destroy(&m);
  c.measure.value[0] = 16;
  m = evaluate(&d, &c, false);
  near(fh_metrics_find(m, "rel_h1")->value, sqrt((e + 16) / (y + 16)), 1e-6, "H1 with an extent");
  fh_metrics_destroy(&m);
  free_data(&d);
}

/* waves have the weight 1 + k^2 in the spectral H1 error, but from wave number 20 on they have 1 */
static void test_spectral_h1(void)
{
  static const struct {
    int error, truth;
    double want;
  } cases[] = {{3, 5, 10.0 / 26}, {19, 2, 362.0 / 5}, {20, 3, 1.0 / 10}, {1, 22, 2}};
  data d = make_data(1, 48, 1, 1);
  const fh_metrics_config c = defaults();
  for (int k = 0; k < 4; k++) {
    for (ptrdiff_t i = 0; i < SAMPLES * CHANNELS * 48; i++) {
      const double x = 2 * acos(-1.0) * (double)(i % 48) / 48;
      d.truth[i] = (fh_real)cos(cases[k].truth * x);
      d.prediction[i] = (fh_real)((double)d.truth[i] + 0.5 * sin(cases[k].error * x));
    }
    fh_metrics *m = evaluate(&d, &c, false);
    near(fh_metrics_find(m, "rel_h1_spectral")->value, 0.5 * sqrt(cases[k].want), 1e-5,
         "spectral H1 error of a wave");
    fh_metrics_destroy(&m);
  }
  free_data(&d);
}

static void test_errors(void)
{
  data d = make_data(2, 4, 3, 1);
  fh_metrics_config c = defaults();
  fh_metrics *m;
  const int64_t twice[2] = {3, 3}, outside = SAMPLES, negative = -1, zero = 0;
  MUST(fh_metrics_create(&c, &d.shape, SAMPLES, &m));
  refused(fh_metrics_add(m, 2, d.prediction, d.truth, twice), FH_ERR_ARG, "sample 3 was added");
  refused(fh_metrics_add(m, 1, d.prediction, d.truth, &outside), FH_ERR_ARG, "0 to 6");
  refused(fh_metrics_add(m, 1, d.prediction, d.truth, &negative), FH_ERR_ARG, "sample -1");
  refused(fh_metrics_reduce(m, MPI_COMM_WORLD), FH_ERR_STATE, "added once");
  fh_metrics_destroy(&m);
  expect(m == NULL, "destroy sets the pointer");
  MUST(fh_metrics_create(&c, &d.shape, 1, &m));
  MUST(fh_metrics_add(m, 1, d.prediction, d.truth, &zero));
  if (size > 1) refused(fh_metrics_reduce(m, MPI_COMM_WORLD), FH_ERR_STATE, "over all ranks");
  fh_metrics_destroy(&m);
  refused(fh_metrics_create(&c, &d.shape, 0, &m), FH_ERR_ARG, "0 samples");
  c.periodic = (fh_int_list){1, {0}};
  refused(fh_metrics_create(&c, &d.shape, 1, &m), FH_ERR_USAGE, "axis 1 has 3 points");
  c.periodic = (fh_int_list){3, {1, 1, 1}};
  refused(fh_metrics_create(&c, &d.shape, 1, &m), FH_ERR_USAGE, "-metric_periodic has 3");
  c = defaults();
  c.measure = (fh_real_list){3, {1, 1, 1}};
  refused(fh_metrics_create(&c, &d.shape, 1, &m), FH_ERR_USAGE, "-metric_measure has 3");
  c = defaults();
  const fh_shape point = box_shape(1, 1, 1, (ptrdiff_t[]){1});
  refused(fh_metrics_create(&c, &point, 1, &m), FH_ERR_USAGE, "1 points");
  fh_shape part = d.shape;
  MUST(fh_layout_split(&part.layout.grid, (int[]){2, 1, 1}, (int[]){0, 0, 0}, &part.layout));
  refused(fh_metrics_create(&c, &part, 1, &m), FH_ERR_UNSUPPORTED, "6 of 12 points");
  free_data(&d);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  test_formulas(1, 32, 1, 1);
  test_formulas(1, 9, 1, 1);
  test_formulas(2, 10, 9, 1);
  test_formulas(2, 26, 26, 1);
  test_formulas(3, 5, 6, 4);
  test_known_cases();
  test_h1_options();
  test_spectral_h1();
  test_errors();
  return finish("train metrics");
}
