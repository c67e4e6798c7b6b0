/* the error by wave number: waves land where they belong, the parts add up, equal bits for any
   distribution of the samples */
#include "train/metrics_spectrum.h"

#include "base/memory.h"
#include "check.h"

enum { SAMPLES = 5, CHANNELS = 2 };
static const double tight = sizeof(fh_real) == 4 ? 2e-5 : 1e-12, pi = 3.141592653589793;
static int rank, size;

typedef struct {
  int dim;
  ptrdiff_t n[3], periodic[3];
  double measure[3];
} domain;

static fh_metrics_config config_of(const domain *d)
{
  fh_metrics_config c;
  MUST(fh_config_defaults(fh_metrics_fields, &c));
  expect(!c.spectrum && !c.periodic.count && !c.measure.count, "nothing is asked for by default");
  c.spectrum = true;
  c.periodic.count = c.measure.count = d->dim;
  for (int a = 0; a < d->dim; a++) {
    c.periodic.value[a] = d->periodic[a];
    c.measure.value[a] = d->measure[a];
  }
  return c;
}

/* product over the axes of a wave with so many half waves along each */
static double wave_at(const domain *d, const ptrdiff_t *halves, ptrdiff_t i)
{
  double x = 1;
  for (int a = d->dim - 1; a >= 0; a--) {
    const double at = ((double)(i % d->n[a]) + 0.5) / (double)d->n[a];
    x *= cos(pi * (double)halves[a] * at);
    i /= d->n[a];
  }
  return x;
}

/* All of a wave's mean square stands at |k| rounded, in waves across the longest side. */
static void test_wave(const domain *d, const ptrdiff_t *halves, ptrdiff_t want)
{
  const fh_shape shape = box_shape(1, 1, d->dim, d->n);
  const fh_metrics_config c = config_of(d);
  const ptrdiff_t points = fh_shape_points(&shape);
  fh_metrics_spectrum *s;
  MUST(fh_metrics_spectrum_create(&c, &shape.layout.grid, &s));
  fh_real *field = fh_calloc(points, sizeof *field);
  double *parts = fh_calloc(s->count, sizeof *parts), square = 0;
  for (ptrdiff_t i = 0; i < points; i++) {
    field[i] = (fh_real)wave_at(d, halves, i);
    square += (double)(field[i] * field[i]) / (double)points;
  }
  fh_metrics_spectrum_add(s, field, 3, parts);
  expect(want < s->count, "the wave number exists");
  for (ptrdiff_t k = 0; k < s->count; k++)
    near(parts[k], k == want ? 3 * square : 0, tight, "mean square at a wave number");
  fh_free(parts);
  fh_free(field);
  fh_metrics_spectrum_destroy(&s);
  expect(!s, "destroy sets the pointer");
}

static void test_waves(void)
{
  const domain line = {1, {16}, {1}, {1}}, open = {1, {15}, {0}, {1}};
  test_wave(&line, (ptrdiff_t[]){0}, 0);
  test_wave(&line, (ptrdiff_t[]){6}, 3);
  test_wave(&line, (ptrdiff_t[]){14}, 7);
  test_wave(&open, (ptrdiff_t[]){8}, 4);
  test_wave(&open, (ptrdiff_t[]){9}, 5); /* 4.5 is rounded up */
  test_wave(&open, (ptrdiff_t[]){14}, 7);
  const domain plane = {2, {12, 20}, {1, 1}, {1, 1}}, wall = {2, {12, 9}, {1, 0}, {1, 1}},
               wide = {2, {8, 16}, {1, 0}, {0.5, 2}};
  test_wave(&plane, (ptrdiff_t[]){6, 8}, 5);
  test_wave(&plane, (ptrdiff_t[]){10, 18}, 10); /* the root of 106 */
  test_wave(&wall, (ptrdiff_t[]){6, 8}, 5);
  test_wave(&wall, (ptrdiff_t[]){0, 7}, 4);
  test_wave(&wide, (ptrdiff_t[]){2, 6},
            5); /* one wave along the short side are four along the long one */
  const domain box = {3, {8, 10, 6}, {1, 0, 1}, {1, 1, 1}};
  test_wave(&box, (ptrdiff_t[]){2, 4, 4}, 3);
  test_wave(&box, (ptrdiff_t[]){6, 8, 2}, 5); /* the root of 26 */
}

/* ---- as a part of the metrics ---- */

typedef struct {
  fh_shape shape;
  fh_real *prediction, *truth; /* [SAMPLES][CHANNELS][points] */
  ptrdiff_t points;
} data;

static data make_data(const domain *d)
{
  data x = {.shape = box_shape(1, CHANNELS, d->dim, d->n)};
  x.points = fh_shape_points(&x.shape);
  const ptrdiff_t total = SAMPLES * CHANNELS * x.points;
  x.prediction = fh_calloc(2 * total, sizeof *x.prediction);
  x.truth = x.prediction + total;
  for (ptrdiff_t i = 0; i < total; i++) {
    x.truth[i] = (fh_real)(1 + noise(60, i));
    x.prediction[i] = x.truth[i] + (fh_real)(0.1 * noise(61, i));
  }
  return x;
}

static fh_metrics *evaluate(const data *x, const fh_metrics_config *c, bool backwards)
{
  fh_metrics *m;
  MUST(fh_metrics_create(c, &x->shape, SAMPLES, &m));
  for (int i = 0; i < SAMPLES; i++) {
    const int64_t s = backwards ? SAMPLES - 1 - i : i;
    if ((backwards ? s / 2 : s) % size != rank) continue;
    const ptrdiff_t at = (ptrdiff_t)s * CHANNELS * x->points;
    MUST(fh_metrics_add(m, 1, x->prediction + at, x->truth + at, &s));
  }
  MUST(fh_metrics_reduce(m, MPI_COMM_WORLD));
  return m;
}

static void check_sums(const data *x, const fh_error_spectrum *s)
{
  const ptrdiff_t total = SAMPLES * CHANNELS * x->points;
  double error = 0, truth = 0, errors = 0, truths = 0;
  for (ptrdiff_t i = 0; i < total; i++) {
    const double e = (double)(x->prediction[i] - x->truth[i]), y = (double)x->truth[i];
    error += e * e / (double)total, truth += y * y / (double)total;
  }
  for (ptrdiff_t k = 0; k < s->count; k++) errors += s->error[k], truths += s->truth[k];
  near(errors / error, 1, tight, "the parts of the error add up to its mean square");
  near(truths / truth, 1, tight, "the parts of the truth add up to its mean square");
}

static void test_metrics(const domain *d)
{
  data x = make_data(d);
  fh_metrics_config c = config_of(d);
  fh_metrics *m = evaluate(&x, &c, false), *other = evaluate(&x, &c, true);
  const fh_error_spectrum *s = fh_metrics_spectrum_of(m), *t = fh_metrics_spectrum_of(other);
  check_sums(&x, s);
  for (ptrdiff_t k = 0; k < s->count; k++)
    expect(!memcmp(s->error + k, t->error + k, sizeof(double)) &&
               !memcmp(s->truth + k, t->truth + k, sizeof(double)),
           "equal bits for any distribution of the samples");
  fh_metrics_destroy(&m);
  fh_metrics_destroy(&other);
  c.spectrum = false;
  m = evaluate(&x, &c, false);
  expect(!fh_metrics_spectrum_of(m), "no spectrum unless asked for");
  fh_metrics_destroy(&m);
  fh_free(x.prediction);
}

/* What the options leave open is the grid's. */
static void test_config_on(void)
{
  fh_grid g;
  MUST(fh_grid_box(2, (ptrdiff_t[]){8, 6}, FH_PERIODIC, FH_CELL, &g));
  g.length[1] = 3;
  g.side[0][0] = g.side[0][1] = FH_OPEN;
  fh_metrics_config c = fh_metrics_config_on(NULL, &g);
  expect(c.periodic.count == 2 && c.periodic.value[0] == 0 && c.periodic.value[1] == 1,
         "the grid's sides");
  expect(c.measure.count == 2, "the grid's extents");
  near(c.measure.value[1], 3, 0, "the grid's extent");
  const fh_metrics_config given = {.measure = {1, {7}}};
  c = fh_metrics_config_on(&given, &g);
  expect(c.periodic.count == 2 && c.measure.count == 1, "what is given stays");
  near(c.measure.value[0], 7, 0, "the given extent");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  test_waves();
  test_metrics(&(domain){1, {33}, {0}, {1}});
  test_metrics(&(domain){2, {16, 15}, {1, 0}, {1, 2}});
  test_metrics(&(domain){3, {6, 5, 4}, {0, 1, 1}, {1, 1, 1}});
  test_config_on();
  return finish("train metrics spectrum");
}
