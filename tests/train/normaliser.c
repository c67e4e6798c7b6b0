/* normaliser: mean and deviation by their definitions, the same bits on any number of ranks, encode and
   decode as inverses, the adjoint, and what must be refused on all ranks alike */
#include "train/normaliser.h"

#include "base/memory.h"
#include "check.h"

enum {
  SAMPLES = 150,
  CHANNELS = 3,
  N1 = 20,
  N2 = 37,
  POINTS = N1 * N2,
  SAMPLE = CHANNELS * POINTS
};

static double number(ptrdiff_t sample, ptrdiff_t channel, ptrdiff_t point)
{
  return 3.0 * (double)channel +
         noise((uint64_t)sample, channel * POINTS + point) * (1 + (double)(point % 5));
}

typedef struct {
  ptrdiff_t fails_at, constant, bad; /* sample; channel; sample; -1: never */
  ptrdiff_t read;
} made_up;

static fh_status source(void *context, ptrdiff_t first, ptrdiff_t count, fh_real *values)
{
  made_up *m = context;
  m->read += count;
  FH_CHECK(m->fails_at < first || m->fails_at >= first + count, FH_ERR_IO, "sample %td is broken",
           m->fails_at);
  for (ptrdiff_t s = 0; s < count; s++)
    for (ptrdiff_t c = 0; c < CHANNELS; c++)
      for (ptrdiff_t p = 0; p < POINTS; p++) {
        fh_real *v = values + s * SAMPLE + c * POINTS + p;
        *v = c == m->constant ? (fh_real)0.1 : (fh_real)number(first + s, c, p);
        if (first + s == m->bad && p == 5) *v = (fh_real)NAN;
      }
  return FH_OK;
}

static fh_shape shape_of(void)
{
  return box_shape(SAMPLES, CHANNELS, 2, (ptrdiff_t[]){N1, N2});
}

static fh_normaliser *fit(MPI_Comm comm, int kind, made_up m)
{
  const fh_shape shape = shape_of();
  fh_normaliser *n;
  MUST(fh_normaliser_fit(comm, kind, -1, SAMPLES, &shape, source, &m, &n));
  return n;
}

static const made_up good = {-1, -1, -1, 0};

/* Entry (c, p) belongs to statistic index(kind, c, p). */
static ptrdiff_t index_of(int kind, ptrdiff_t c, ptrdiff_t p)
{
  return kind == FH_NORM_SCALAR ? 0 : kind == FH_NORM_CHANNEL ? c : c * POINTS + p;
}

static void check_definition(int kind, const fh_normaliser *n)
{
  const ptrdiff_t count = n->channels * n->points;
  double *mean = fh_calloc(3 * count, sizeof *mean), *square = mean + count, *size = square + count;
  for (int pass = 0; pass < 2; pass++)
    for (ptrdiff_t s = 0; s < SAMPLES; s++)
      for (ptrdiff_t c = 0; c < CHANNELS; c++)
        for (ptrdiff_t p = 0; p < POINTS; p++) {
          const ptrdiff_t i = index_of(kind, c, p);
          const double x = (double)(fh_real)number(s, c, p);
          if (pass == 0)
            mean[i] += x, size[i]++;
          else
            square[i] += (x - mean[i] / size[i]) * (x - mean[i] / size[i]);
        }
  for (ptrdiff_t i = 0; i < count; i++) {
    near(n->mean[i], mean[i] / size[i], 1e-12, "mean");
    near(n->deviation[i], sqrt(square[i] / (size[i] - 1)), 1e-12, "unbiased deviation");
  }
  fh_free(mean);
}

static void test_kind(int kind)
{
  fh_normaliser *all = fit(MPI_COMM_WORLD, kind, good), *alone = fit(MPI_COMM_SELF, kind, good);
  const size_t bytes = sizeof(double) * (size_t)(all->channels * all->points);
  expect(!memcmp(all->mean, alone->mean, bytes), "means of the same bits on any number of ranks");
  expect(!memcmp(all->deviation, alone->deviation, bytes), "deviations as well");
  expect(all->epsilon >= 1e-7 && all->epsilon <= (kind == FH_NORM_CHANNEL ? 1e-7 : 1e-5),
         "the epsilon of the kind");
  check_definition(kind, all);
  fh_normaliser_destroy(&all);
  fh_normaliser_destroy(&alone);
}

/* decode(encode(x)) = x, and <decode'(a), b> = <a, adjoint(b)> with decode' the linear part. */
static void test_use(int kind)
{
  enum { BATCH = 2, SIZE = BATCH * SAMPLE };
  static fh_real x[SIZE], y[SIZE], b[SIZE], zero[SIZE];
  const fh_shape shape = shape_of();
  fh_normaliser *n = fit(MPI_COMM_WORLD, kind, good);
  const double tolerance = sizeof(fh_real) == 4 ? 1e-5 : 1e-13;
  double forward = 0, backward = 0;
  fill_noise(900, SIZE, x);
  memcpy(y, x, sizeof x);
  MUST(fh_normaliser_encode(n, BATCH, &shape, y));
  const ptrdiff_t i = index_of(kind, 1, 77), at = SAMPLE + POINTS + 77;
  near((double)y[at], ((double)x[at] - n->mean[i]) / (n->deviation[i] + n->epsilon), tolerance,
       "encoded");
  MUST(fh_normaliser_decode(n, BATCH, &shape, y));
  for (ptrdiff_t k = 0; k < SIZE; k++)
    near((double)y[k], (double)x[k], tolerance, "decode undoes encode");
  memset(zero, 0, sizeof zero);
  fill_noise(901, SIZE, b);
  memcpy(y, b, sizeof b);
  MUST(fh_normaliser_decode_adjoint(n, BATCH, &shape, y));
  for (ptrdiff_t k = 0; k < SIZE; k++) backward += (double)x[k] * (double)y[k];
  MUST(fh_normaliser_decode(n, BATCH, &shape, x));
  MUST(fh_normaliser_decode(n, BATCH, &shape, zero));
  for (ptrdiff_t k = 0; k < SIZE; k++) forward += ((double)x[k] - (double)zero[k]) * (double)b[k];
  near(forward / SIZE, backward / SIZE, tolerance, "adjoint of decode");
  fh_normaliser_destroy(&n);
}

/* More ranks than blocks, and a channel that is constant at single points only. */
static fh_status boundary_source(void *context, ptrdiff_t first, ptrdiff_t count, fh_real *values)
{
  (void)context;
  for (ptrdiff_t s = 0; s < count; s++)
    for (ptrdiff_t p = 0; p < 4; p++)
      values[4 * s + p] = p % 3 == 0 ? 0 : (fh_real)noise((uint64_t)(first + s), p);
  return FH_OK;
}

static void test_few_samples(void)
{
  const ptrdiff_t points = 4;
  const fh_shape shape = box_shape(2, 1, 1, &points);
  fh_real x[4] = {0, 1, 2, 0};
  fh_normaliser *n;
  MUST(fh_normaliser_fit(MPI_COMM_WORLD, FH_NORM_POINT, -1, 2, &shape, boundary_source, NULL, &n));
  MUST(fh_normaliser_encode(n, 1, &shape, x));
  expect(fabs((double)x[0]) <= 0 && isfinite(x[3]), "points that never change become 0");
  fh_normaliser_destroy(&n);
  MUST(fh_normaliser_fit(MPI_COMM_WORLD, FH_NORM_NONE, -1, 2, &shape, boundary_source, NULL, &n));
  MUST(fh_normaliser_encode(n, 1, &shape, x));
  MUST(fh_normaliser_decode(n, 1, &shape, x));
  expect(fabs((double)x[0]) <= 0, "no normaliser changes nothing");
  fh_normaliser_destroy(&n);
}

static void refuse_fit(int kind, made_up m, ptrdiff_t samples, fh_status want, const char *words)
{
  const fh_shape shape = shape_of();
  fh_normaliser *n;
  refused(fh_normaliser_fit(MPI_COMM_WORLD, kind, -1, samples, &shape, source, &m, &n), want,
          words);
  expect(n == NULL, "no normaliser after an error");
}

static void test_fit_errors(void)
{
  made_up broken = good, constant = good, bad = good;
  broken.fails_at = 40;
  constant.constant = 1;
  bad.bad = 17;
  refuse_fit(FH_NORM_CHANNEL, broken, SAMPLES, FH_ERR_IO, "sample 40 is broken");
  refuse_fit(FH_NORM_CHANNEL, constant, SAMPLES, FH_ERR_NUMERIC, "channel 1 is constant");
  refuse_fit(FH_NORM_POINT, constant, SAMPLES, FH_ERR_NUMERIC, "channel 1 is constant");
  refuse_fit(FH_NORM_SCALAR, bad, SAMPLES, FH_ERR_NUMERIC, "not finite");
  refuse_fit(FH_NORM_POINT, good, 1, FH_ERR_NUMERIC, "at least 2 samples");
  refuse_fit(FH_NORM_CHANNEL, good, 0, FH_ERR_ARG, "0 samples");
  refuse_fit(7, good, SAMPLES, FH_ERR_USAGE, "normaliser 7");
}

static void test_use_errors(void)
{
  const double mean[2] = {0, 1}, deviation[2] = {1, 2}, negative[2] = {1, -2},
               nan[2] = {(double)NAN, 1};
  const fh_shape three = box_shape(1, 3, 1, (ptrdiff_t[]){2}),
                 long_one = box_shape(1, 1, 1, (ptrdiff_t[]){5});
  fh_real x[6] = {0};
  fh_normaliser *n;
  MUST(fh_normaliser_create(FH_NORM_CHANNEL, 0, 2, 1, mean, deviation, &n));
  refused(fh_normaliser_encode(n, 1, &three, x), FH_ERR_SHAPE, "2 channels but the data have 3");
  refused(fh_normaliser_decode(n, 1, &three, x), FH_ERR_SHAPE, "2 channels");
  refused(fh_normaliser_decode_adjoint(n, 1, &three, x), FH_ERR_SHAPE, "2 channels");
  fh_normaliser_destroy(&n);
  MUST(fh_normaliser_create(FH_NORM_POINT, 0, 1, 2, mean, deviation, &n));
  refused(fh_normaliser_encode(n, 1, &long_one, x), FH_ERR_SHAPE, "2 points but the data have 5");
  fh_normaliser_destroy(&n);
  refused(fh_normaliser_create(FH_NORM_POINT, 0, 1, 2, mean, negative, &n), FH_ERR_FORMAT, "-2");
  refused(fh_normaliser_create(FH_NORM_POINT, 0, 1, 2, nan, deviation, &n), FH_ERR_FORMAT, "nan");
  refused(fh_normaliser_create(FH_NORM_POINT, 0, 0, 2, mean, deviation, &n), FH_ERR_FORMAT,
          "0 channels");
  refused(fh_normaliser_create(FH_NORM_POINT, (double)NAN, 1, 2, mean, deviation, &n),
          FH_ERR_FORMAT, "nan");
  refused(fh_normaliser_create(9, 0, 1, 2, mean, deviation, &n), FH_ERR_USAGE, "normaliser 9");
  expect(n == NULL, "no normaliser after an error");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  for (int kind = FH_NORM_CHANNEL; kind <= FH_NORM_SCALAR; kind++) test_kind(kind), test_use(kind);
  test_few_samples();
  test_fit_errors();
  test_use_errors();
  return finish("train normaliser");
}
