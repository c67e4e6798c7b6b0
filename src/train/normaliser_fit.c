/* Fitting: block b of samples belongs to rank b mod size, which sums it up by itself; the running sum
   then travels around the ranks in the order of the blocks, so that the additions are always the
   same ones. */
#include <math.h>

#include "base/memory.h"
#include "base/size.h"
#include "train/normaliser.h"

enum { BLOCK_VALUES = 1 << 16, BLOCK_SAMPLES = 64, LANES = 8, TAG = 71 };

typedef struct {
  MPI_Comm comm;
  int rank, size, kind;
  ptrdiff_t n, sample, per_block; /* samples, values of one, samples of a block */
  ptrdiff_t count, run;           /* statistics, and neighbours in memory that share one */
  fh_normaliser_source source;
  void *context;
  fh_real *values;                           /* one block */
  double *running, *part, *mean, *deviation; /* count */
  fh_status status;                          /* what this rank's source said first */
} fit;

static fh_status build(const fh_shape *shape, fit *f)
{
  const ptrdiff_t points = fh_shape_points(shape);
  f->sample = fh_shape_sample(shape);
  f->count = f->kind == FH_NORM_SCALAR ? 1 : shape->channels;
  if (f->kind == FH_NORM_POINT) f->count *= points;
  f->run = f->sample / f->count;
  f->per_block = BLOCK_VALUES / f->sample;
  if (f->per_block < 1) f->per_block = 1;
  if (f->per_block > BLOCK_SAMPLES) f->per_block = BLOCK_SAMPLES;
  FH_NEW(f->values, f->per_block * f->sample);
  FH_NEW(f->running, f->count);
  FH_NEW(f->part, f->count);
  FH_NEW(f->mean, f->count);
  FH_NEW(f->deviation, f->count);
  return FH_OK;
}

static void release(fit *f)
{
  fh_free(f->deviation);
  fh_free(f->mean);
  fh_free(f->part);
  fh_free(f->running);
  fh_free(f->values);
}

static double run_sum(ptrdiff_t n, const fh_real *x)
{
  double lane[LANES] = {0}, sum = 0;
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += (double)x[i + k];
  for (; i < n; i++) lane[0] += (double)x[i];
  for (int k = 0; k < LANES; k++) sum += lane[k];
  return sum;
}

static double run_squares(ptrdiff_t n, double mean, const fh_real *x)
{
  double lane[LANES] = {0}, sum = 0;
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) {
      const double d = (double)x[i + k] - mean;
      lane[k] += d * d;
    }
  for (; i < n; i++) lane[0] += ((double)x[i] - mean) * ((double)x[i] - mean);
  for (int k = 0; k < LANES; k++) sum += lane[k];
  return sum;
}

/* The same, where every value of a sample has statistics of its own. */
static void sum_points(fit *f, ptrdiff_t samples, bool squares)
{
  for (ptrdiff_t i = 0; i < f->count; i++) f->part[i] = 0;
  for (ptrdiff_t s = 0; s < samples; s++) {
    const fh_real *x = f->values + s * f->sample;
    for (ptrdiff_t i = 0; i < f->count; i++) {
      const double d = (double)x[i] - f->mean[i];
      f->part[i] += squares ? d * d : (double)x[i];
    }
  }
}

/* part = sums over the samples of one block, of the values or of the squares about the mean. */
static void sum_block(fit *f, ptrdiff_t samples, bool squares)
{
  if (f->run == 1) {
    sum_points(f, samples, squares);
    return;
  }
  for (ptrdiff_t i = 0; i < f->count; i++) {
    f->part[i] = 0;
    for (ptrdiff_t s = 0; s < samples; s++) {
      const fh_real *x = f->values + s * f->sample + i * f->run;
      f->part[i] += squares ? run_squares(f->run, f->mean[i], x) : run_sum(f->run, x);
    }
  }
}

static fh_status pass_on(fit *f, ptrdiff_t block, ptrdiff_t blocks)
{
  int count;
  FH_TRY(fh_size_int(f->count, &count));
  if (f->size > 1 && block > 0)
    FH_TRY_MPI(MPI_Recv(f->running, count, MPI_DOUBLE, (int)((block - 1) % f->size), TAG, f->comm,
                        MPI_STATUS_IGNORE));
  for (ptrdiff_t i = 0; i < f->count; i++) f->running[i] = (block ? f->running[i] : 0) + f->part[i];
  if (f->size > 1 && block < blocks - 1)
    FH_TRY_MPI(MPI_Send(f->running, count, MPI_DOUBLE, (int)((block + 1) % f->size), TAG, f->comm));
  return FH_OK;
}

/* result = sums over all samples / divisor, on all ranks. A rank whose source fails keeps passing the
   sums on, so that nobody waits for it. */
static fh_status pass(fit *f, bool squares, double divisor, double *result)
{
  const ptrdiff_t blocks = (f->n + f->per_block - 1) / f->per_block;
  int count;
  FH_TRY(fh_size_int(f->count, &count));
  for (ptrdiff_t b = f->rank; b < blocks; b += f->size) {
    const ptrdiff_t first = b * f->per_block, left = f->n - first;
    const ptrdiff_t samples = left < f->per_block ? left : f->per_block;
    if (f->status == FH_OK) f->status = f->source(f->context, first, samples, f->values);
    sum_block(f, samples, squares);
    FH_TRY(pass_on(f, b, blocks));
  }
  FH_TRY_MPI(MPI_Bcast(f->running, count, MPI_DOUBLE, (int)((blocks - 1) % f->size), f->comm));
  FH_TRY(fh_status_agree(f->comm, f->status));
  for (ptrdiff_t i = 0; i < f->count; i++) result[i] = f->running[i] / divisor;
  return FH_OK;
}

/* A channel whose values differ by round-off alone is constant. */
static fh_status check_channel(const fit *f, ptrdiff_t channel, ptrdiff_t points)
{
  bool varies = false;
  for (ptrdiff_t i = channel * points; i < (channel + 1) * points; i++) {
    FH_CHECK(isfinite(f->mean[i]) && isfinite(f->deviation[i]), FH_ERR_NUMERIC,
             "channel %td has mean %g and deviation %g: look for values that are not finite, and "
             "give at least 2 samples",
             channel, f->mean[i], f->deviation[i]);
    varies = varies || f->deviation[i] > 1e-13 * fabs(f->mean[i]);
  }
  FH_CHECK(
      varies, FH_ERR_NUMERIC,
      "channel %td is constant (mean %g, deviation %g) and cannot be divided by its deviation: "
      "leave it out or do not normalise (-normalise_input none, -normalise_output none)",
      channel, f->mean[channel * points], f->deviation[channel * points]);
  return FH_OK;
}

static fh_status run(fit *f, ptrdiff_t channels, double epsilon, fh_normaliser **normaliser)
{
  const double values = (double)f->n * (double)f->run;
  const ptrdiff_t points = f->count / channels;
  FH_TRY(pass(f, false, values, f->mean));
  FH_TRY(pass(f, true, values - 1, f->deviation));
  for (ptrdiff_t i = 0; i < f->count; i++) f->deviation[i] = sqrt(f->deviation[i]);
  for (ptrdiff_t c = 0; c < channels; c++) FH_TRY(check_channel(f, c, points));
  FH_TRY(
      fh_normaliser_create(f->kind, epsilon, channels, points, f->mean, f->deviation, normaliser));
  return FH_OK;
}

static fh_status check(int kind, ptrdiff_t n, const fh_shape *shape)
{
  FH_CHECK(kind >= FH_NORM_NONE && kind <= FH_NORM_SCALAR, FH_ERR_USAGE,
           "normaliser %d is unknown: there are 0 to %d", kind, FH_NORM_SCALAR);
  FH_CHECK(n >= 1 && shape->channels >= 1, FH_ERR_ARG,
           "a normaliser of %td samples with %td channels: at least 1 of both is needed", n,
           shape->channels);
  FH_CHECK(
      fh_layout_is_whole(&shape->layout), FH_ERR_UNSUPPORTED,
      "a normaliser needs whole samples, but %td of %td points are here: use one rank a sample",
      fh_shape_points(shape), fh_grid_size(&shape->layout.grid));
  return FH_OK;
}

fh_status fh_normaliser_fit(MPI_Comm comm, int kind, double epsilon, ptrdiff_t n,
                            const fh_shape *shape, fh_normaliser_source source, void *context,
                            fh_normaliser **normaliser)
{
  fit f = {.comm = comm, .kind = kind, .n = n, .source = source, .context = context};
  *normaliser = NULL;
  FH_TRY(check(kind, n, shape));
  if (kind == FH_NORM_NONE)
    return fh_normaliser_create(kind, epsilon, 0, 0, NULL, NULL, normaliser);
  FH_TRY_MPI(MPI_Comm_rank(comm, &f.rank));
  FH_TRY_MPI(MPI_Comm_size(comm, &f.size));
  fh_status st = fh_status_agree(comm, build(shape, &f));
  if (st == FH_OK) st = run(&f, kind == FH_NORM_SCALAR ? 1 : shape->channels, epsilon, normaliser);
  release(&f);
  FH_TRY(st);
  return FH_OK;
}
