#include "train/normaliser.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"

const char *const fh_norm_names[] = {"none", "channel", "point", "scalar", NULL};

double fh_norm_epsilon(int kind)
{
  return kind == FH_NORM_CHANNEL ? 1e-7 : 1e-5;
}

/* ---- create ---- */

static fh_status check_numbers(const fh_normaliser *n)
{
  for (ptrdiff_t i = 0; i < n->channels * n->points; i++)
    FH_CHECK(isfinite(n->mean[i]) && isfinite(n->deviation[i]) && n->deviation[i] + n->epsilon > 0,
             FH_ERR_FORMAT,
             "normaliser of channel %td: mean %g and deviation %g + %g cannot be divided by",
             i / n->points, n->mean[i], n->deviation[i], n->epsilon);
  return FH_OK;
}

static fh_status build(fh_normaliser *n, const double *mean, const double *deviation)
{
  ptrdiff_t count;
  FH_CHECK(n->kind >= FH_NORM_NONE && n->kind <= FH_NORM_SCALAR, FH_ERR_USAGE,
           "normaliser %d is unknown: there are 0 to %d", n->kind, FH_NORM_SCALAR);
  if (n->kind == FH_NORM_NONE) return FH_OK;
  FH_CHECK(n->channels >= 1 && n->points >= 1, FH_ERR_FORMAT,
           "a normaliser of %td channels and %td points: at least 1 of both is needed", n->channels,
           n->points);
  FH_CHECK(isfinite(n->epsilon) && n->epsilon >= 0, FH_ERR_FORMAT,
           "a normaliser with epsilon %g: it cannot be negative", n->epsilon);
  FH_TRY(fh_size_mul(n->channels, n->points, &count));
  FH_NEW(n->mean, count);
  FH_NEW(n->deviation, count);
  memcpy(n->mean, mean, sizeof *mean * (size_t)count);
  memcpy(n->deviation, deviation, sizeof *deviation * (size_t)count);
  return check_numbers(n);
}

fh_status fh_normaliser_create(int kind, double epsilon, ptrdiff_t channels, ptrdiff_t points,
                               const double *mean, const double *deviation,
                               fh_normaliser **normaliser)
{
  fh_normaliser *n = NULL;
  *normaliser = NULL;
  FH_NEW(n, 1);
  n->kind = kind;
  n->epsilon = epsilon < 0 ? fh_norm_epsilon(kind) : epsilon;
  n->channels = kind == FH_NORM_NONE ? 0 : channels;
  n->points = kind == FH_NORM_NONE ? 0 : points;
  const fh_status st = build(n, mean, deviation);
  if (st != FH_OK) fh_normaliser_destroy(&n);
  *normaliser = n;
  return st;
}

/* one channel after the other; from: statistics of all points, to: of the selected ones */
static void select_points(const fh_selection *at, const fh_grid *grid, ptrdiff_t channels,
                          const double *from, double *to)
{
  const ptrdiff_t n1 = grid->dim > 1 ? grid->n[1] : 1, n2 = grid->dim > 2 ? grid->n[2] : 1;
  for (ptrdiff_t c = 0; c < channels; c++, from += fh_grid_size(grid))
    for (ptrdiff_t i = 0; i < at->count[0]; i++)
      for (ptrdiff_t j = 0; j < at->count[1]; j++)
        for (ptrdiff_t k = 0; k < at->count[2]; k++)
          *to++ = from[(at->at[0][i] * n1 + at->at[1][j]) * n2 + at->at[2][k]];
}

fh_status fh_normaliser_select(const fh_normaliser *n, const fh_selection *at, const fh_grid *grid,
                               fh_normaliser **normaliser)
{
  const ptrdiff_t points = fh_selection_size(at);
  *normaliser = NULL;
  if (n->kind != FH_NORM_POINT)
    return fh_normaliser_create(n->kind, n->epsilon, n->channels, n->points, n->mean, n->deviation,
                                normaliser);
  FH_CHECK(n->points == fh_grid_size(grid), FH_ERR_SHAPE,
           "the normaliser was fitted at %td points but the grid has %td", n->points,
           fh_grid_size(grid));
  double *mean = NULL;
  FH_NEW(mean, 2 * n->channels * points);
  double *deviation = mean + n->channels * points;
  select_points(at, grid, n->channels, n->mean, mean);
  select_points(at, grid, n->channels, n->deviation, deviation);
  const fh_status st =
      fh_normaliser_create(n->kind, n->epsilon, n->channels, points, mean, deviation, normaliser);
  fh_free(mean);
  return st;
}

fh_status fh_normaliser_part(const fh_normaliser *n, const fh_shape *shape,
                             fh_normaliser **normaliser)
{
  fh_selection box;
  *normaliser = NULL;
  FH_TRY(fh_selection_box(&shape->layout, &box));
  const fh_status st = fh_normaliser_select(n, &box, &shape->layout.grid, normaliser);
  fh_selection_clear(&box);
  return st;
}

void fh_normaliser_destroy(fh_normaliser **normaliser)
{
  fh_normaliser *n = *normaliser;
  if (!n) return;
  fh_free(n->deviation);
  fh_free(n->mean);
  fh_free(n);
  *normaliser = NULL;
}

/* ---- use ---- */

typedef void (*run_action)(ptrdiff_t count, double mean, double scale, fh_real *values);

static void encode_run(ptrdiff_t count, double mean, double scale, fh_real *values)
{
  for (ptrdiff_t i = 0; i < count; i++) values[i] = (fh_real)(((double)values[i] - mean) / scale);
}

static void decode_run(ptrdiff_t count, double mean, double scale, fh_real *values)
{
  for (ptrdiff_t i = 0; i < count; i++) values[i] = (fh_real)((double)values[i] * scale + mean);
}

static void adjoint_run(ptrdiff_t count, double mean, double scale, fh_real *values)
{
  (void)mean;
  for (ptrdiff_t i = 0; i < count; i++) values[i] = (fh_real)((double)values[i] * scale);
}

static fh_status check_shape(const fh_normaliser *n, const fh_shape *shape)
{
  const ptrdiff_t points = fh_shape_points(shape);
  FH_CHECK(n->kind == FH_NORM_SCALAR || n->channels == shape->channels, FH_ERR_SHAPE,
           "the normaliser has %td channels but the data have %td: it belongs to another data set",
           n->channels, shape->channels);
  FH_CHECK(n->kind != FH_NORM_POINT || n->points == points, FH_ERR_SHAPE,
           "the normaliser was fitted at %td points but the data have %td: use the grid of the "
           "training, or a normaliser by channel",
           n->points, points);
  return FH_OK;
}

static fh_status apply(const fh_normaliser *n, ptrdiff_t batch, const fh_shape *shape,
                       run_action action, fh_real *values)
{
  if (n->kind == FH_NORM_NONE) return FH_OK;
  FH_TRY(check_shape(n, shape));
  const ptrdiff_t sample = fh_shape_sample(shape), count = n->channels * n->points;
  const ptrdiff_t run = sample / count; /* neighbours in memory with the same mean */
  for (ptrdiff_t b = 0; b < batch; b++)
    for (ptrdiff_t i = 0; i < count; i++)
      action(run, n->mean[i], n->deviation[i] + n->epsilon, values + b * sample + i * run);
  return FH_OK;
}

fh_status fh_normaliser_encode(const fh_normaliser *n, ptrdiff_t batch, const fh_shape *shape,
                               fh_real *values)
{
  FH_TRY(apply(n, batch, shape, encode_run, values));
  return FH_OK;
}

fh_status fh_normaliser_decode(const fh_normaliser *n, ptrdiff_t batch, const fh_shape *shape,
                               fh_real *values)
{
  FH_TRY(apply(n, batch, shape, decode_run, values));
  return FH_OK;
}

fh_status fh_normaliser_decode_adjoint(const fh_normaliser *n, ptrdiff_t batch,
                                       const fh_shape *shape, fh_real *gradient)
{
  FH_TRY(apply(n, batch, shape, adjoint_run, gradient));
  return FH_OK;
}
