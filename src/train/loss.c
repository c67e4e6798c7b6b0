#include "train/loss.h"

#include <math.h>

#include "base/memory.h"
#include "train/loss_impl.h"

const char *const fh_loss_names[] = {"lp", "h1", "spectral-h1", "mse", NULL};
static const char *const edge_names[] = {"third", "first", NULL};

#define AT(member) offsetof(fh_loss_config, member)

const fh_field fh_loss_fields[] = {
    {"loss", FH_FIELD_ENUM, AT(kind), "h1", 0, 0, fh_loss_names,
     "what is minimised: lp, h1 (differences), spectral-h1 (MgNO's HsLoss), mse"},
    {"loss_relative", FH_FIELD_BOOL, AT(relative), "true", 0, 0, NULL,
     "lp, h1, spectral-h1: divide by the norm of the truth"},
    {"loss_p", FH_FIELD_REAL, AT(p), "2", 1, 64, NULL, "lp: the exponent"},
    {"loss_measure", FH_FIELD_REALS, AT(measure), "1", 1e-30, 1e30, NULL,
     "lp, h1: extent of the grid, one number or one for each axis"},
    {"loss_quadrature", FH_FIELD_BOOL, AT(quadrature), "true", 0, 0, NULL,
     "absolute lp, h1: weigh the sums with the spacings, as integrals"},
    {"loss_periodic", FH_FIELD_BOOL, AT(periodic), "true", 0, 0, NULL,
     "h1: wrap the differences around"},
    {"loss_periodic_axes", FH_FIELD_INTS, AT(periodic_axes), "", 0, 1, NULL,
     "h1: the same for each axis, 1 or 0"},
    {"loss_edge", FH_FIELD_ENUM, AT(edge), "third", 0, 0, edge_names,
     "h1: order of the one-sided differences where an axis is not periodic, third or first"},
    {"loss_value_weight", FH_FIELD_REAL, AT(value_weight), "1", 0, 1e30, NULL,
     "h1: factor of the values' square beside that of the differences"},
    {"loss_square_root", FH_FIELD_BOOL, AT(square_root), "true", 0, 0, NULL,
     "lp, h1, spectral-h1: take the root of both norms"},
    {"loss_truncation", FH_FIELD_INT, AT(truncation), "20", 0, 1e9, NULL,
     "spectral-h1: wave numbers from here on are not weighted; 0: all are"},
    {"loss_weight", FH_FIELD_REAL, AT(weight), "1", 0, 1e30, NULL,
     "spectral-h1: factor a of the wave numbers"},
    {"loss_joint", FH_FIELD_BOOL, AT(joint), "false", 0, 0, NULL,
     "one norm over all channels instead of the sum of one for each"},
    {"loss_epsilon", FH_FIELD_REAL, AT(epsilon), "1e-8", 0, 1, NULL,
     "added to the norm of the truth"},
    FH_FIELDS_END};

/* ---- create ---- */

static fh_status check(const fh_loss_config *c, const fh_shape *shape)
{
  const int dim = shape->layout.grid.dim;
  FH_CHECK(c->kind >= FH_LOSS_LP && c->kind <= FH_LOSS_MSE, FH_ERR_USAGE,
           "loss %d is unknown: there are 0 to %d", c->kind, FH_LOSS_MSE);
  FH_CHECK(c->measure.count == 1 || c->measure.count == dim, FH_ERR_USAGE,
           "-loss_measure has %d numbers for a grid of %d axes: give one, or one an axis",
           c->measure.count, dim);
  FH_CHECK(c->periodic_axes.count == 0 || c->periodic_axes.count == dim, FH_ERR_USAGE,
           "-loss_periodic_axes has %d numbers for a grid of %d axes: give one an axis",
           c->periodic_axes.count, dim);
  FH_CHECK(c->kind != FH_LOSS_LP || c->p >= 1, FH_ERR_USAGE,
           "-loss_p is %g: a norm needs an exponent of at least 1", c->p);
  FH_CHECK(c->epsilon >= 0 && c->value_weight >= 0, FH_ERR_USAGE,
           "-loss_epsilon %g and -loss_value_weight %g cannot be negative", c->epsilon,
           c->value_weight);
  return FH_OK;
}

static double measure_of(const fh_loss_config *c, int axis)
{
  return c->measure.value[c->measure.count == 1 ? 0 : axis];
}

static fh_status plan_axis(const fh_loss_config *c, const fh_layout *box, int a, fh_difference *d)
{
  const fh_grid *grid = &box->grid;
  *d = (fh_difference){.outer = 1, .n = box->count[a], .inner = 1, .edge = c->edge};
  d->first = box->first[a];
  d->total = grid->n[a];
  for (int b = 0; b < a; b++) d->outer *= box->count[b];
  for (int b = a + 1; b < grid->dim; b++) d->inner *= box->count[b];
  d->h = measure_of(c, a) / (double)grid->n[a];
  d->periodic = c->periodic_axes.count ? c->periodic_axes.value[a] != 0 : c->periodic;
  FH_CHECK(d->h > 0, FH_ERR_USAGE, "-loss_measure of axis %d is %g: extents must be positive", a,
           measure_of(c, a));
  FH_CHECK(c->kind != FH_LOSS_H1 || d->total >= fh_difference_least(d), FH_ERR_USAGE,
           "axis %d has %td points, but one-sided differences need %td: take a finer grid or "
           "-loss_periodic",
           a, d->total, fh_difference_least(d));
  return FH_OK;
}

/* MgNO numbers the frequencies 0..n/2-1, then i - n; for odd n that calls (n-1)/2 by -(n+1)/2. A real
   field cannot tell k from -k, so both share the mean of their squares. */
static double square_of_mode(const fh_loss_config *c, ptrdiff_t n, ptrdiff_t i)
{
  double sum = 0;
  const ptrdiff_t pair[2] = {i, (n - i) % n};
  for (int j = 0; j < 2; j++) {
    const ptrdiff_t k = pair[j] < n / 2 ? pair[j] : n - pair[j];
    if (c->truncation == 0 || k < c->truncation) sum += (double)k * (double)k;
  }
  return sum / 2;
}

static void fill_mode_weights(const fh_grid *grid, fh_loss *l)
{
  const fh_loss_config *c = &l->config;
  for (ptrdiff_t m = 0; m < l->fft->modes; m++) {
    const int last = grid->dim - 1;
    double squares = square_of_mode(c, grid->n[last], m % l->fft->half);
    ptrdiff_t rest = m / l->fft->half;
    for (int a = last - 1; a >= 0; a--) {
      squares += square_of_mode(c, grid->n[a], rest % grid->n[a]);
      rest /= grid->n[a];
    }
    const double w = 1 + c->weight * c->weight * squares;
    l->mode_weight[m] = (fh_real)(w / (double)l->points);
  }
}

/* points: of the whole field */
static void resolve(fh_loss *l, ptrdiff_t points)
{
  const fh_loss_config *c = &l->config;
  const bool mse = c->kind == FH_LOSS_MSE;
  l->power = c->kind == FH_LOSS_LP ? c->p : 2;
  l->root = !mse && c->square_root;
  l->relative = !mse && c->relative;
  l->factor = 1;
  if (mse)
    l->factor = 1 / (double)(l->channels * points);
  else if (!c->relative && c->quadrature && c->kind != FH_LOSS_SPECTRAL_H1)
    for (int a = 0; a < l->dim; a++) l->factor *= l->axis[a].h;
}

static fh_status plan(const fh_shape *shape, fh_loss *l)
{
  const fh_grid *grid = &shape->layout.grid;
  FH_TRY(check(&l->config, shape));
  l->dim = grid->dim;
  l->channels = shape->channels;
  l->points = fh_shape_points(shape);
  for (int a = 0; a < l->dim; a++) FH_TRY(plan_axis(&l->config, &shape->layout, a, &l->axis[a]));
  resolve(l, fh_grid_size(grid));
  return FH_OK;
}

static fh_status build(const fh_shape *shape, fh_loss *l)
{
  const fh_grid *grid = &shape->layout.grid;
  FH_CHECK(fh_layout_is_whole(&shape->layout), FH_ERR_UNSUPPORTED,
           "this loss needs the whole grid on each rank, but %td of %td points are here: use one "
           "rank a sample",
           fh_layout_size(&shape->layout), fh_grid_size(grid));
  FH_TRY(plan(shape, l));
  FH_NEW(l->difference, l->points);
  FH_NEW(l->quotient, l->points);
  FH_NEW(l->half, l->points);
  if (l->config.kind != FH_LOSS_SPECTRAL_H1) return FH_OK;
  FH_TRY(fh_rfft_create(grid->dim, grid->n, &l->fft));
  FH_NEW(l->mode_weight, l->fft->modes);
  fill_mode_weights(grid, l);
  return FH_OK;
}

fh_status fh_loss_create(const fh_loss_config *config, const fh_shape *shape, fh_loss **loss)
{
  fh_loss *l = NULL;
  *loss = NULL;
  FH_NEW(l, 1);
  l->config = *config;
  const fh_status st = build(shape, l);
  if (st != FH_OK) fh_loss_destroy(&l);
  *loss = l;
  return st;
}

static fh_status build_shared(MPI_Comm comm, const fh_tiles *tiles, const fh_shape *shape,
                              fh_loss *l)
{
  FH_CHECK(l->config.kind != FH_LOSS_SPECTRAL_H1, FH_ERR_UNSUPPORTED,
           "the spectral H1 loss needs the whole field on each rank, %td of %td points are here",
           fh_layout_size(&shape->layout), fh_grid_size(&shape->layout.grid));
  FH_TRY(plan(shape, l));
  return fh_loss_team_create(comm, tiles, shape, l);
}

fh_status fh_loss_create_shared(const fh_loss_config *config, MPI_Comm comm, const fh_tiles *tiles,
                                const fh_shape *shape, fh_loss **loss)
{
  fh_loss *l = NULL;
  *loss = NULL;
  FH_NEW(l, 1);
  l->config = *config;
  const fh_status st = build_shared(comm, tiles, shape, l);
  if (st != FH_OK) fh_loss_destroy(&l);
  *loss = l;
  return st;
}

void fh_loss_destroy(fh_loss **loss)
{
  fh_loss *l = *loss;
  if (!l) return;
  fh_loss_team_destroy(&l->team);
  fh_rfft_destroy(&l->fft);
  fh_free(l->mode_weight);
  fh_free(l->half);
  fh_free(l->quotient);
  fh_free(l->difference);
  fh_free(l);
  *loss = NULL;
}

/* ---- power sums: S(z), and half = gradient of S / power unless half is NULL ---- */

enum { LANES = 8 }; /* sums that the compiler may keep in a vector, added up in a fixed order */

static double sum_squares(ptrdiff_t n, const fh_real *z)
{
  double lane[LANES] = {0}, sum = 0;
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += (double)z[i + k] * (double)z[i + k];
  for (; i < n; i++) lane[0] += (double)z[i] * (double)z[i];
  for (int k = 0; k < LANES; k++) sum += lane[k];
  return sum;
}

static double power_sum(double p, ptrdiff_t n, const fh_real *z, fh_real *half)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double x = fabs((double)z[i]);
    const double slope = p == 1 ? (double)(x > 0) : pow(x, p - 1); /* p = 1: no slope at 0 */
    sum += slope * x;
    if (half) half[i] = (fh_real)(z[i] < 0 ? -slope : slope);
  }
  return sum;
}

static void scale_into(ptrdiff_t n, fh_real factor, const fh_real *restrict x, fh_real *restrict y)
{
  for (ptrdiff_t i = 0; i < n; i++) y[i] = factor * x[i];
}

static double h1_sum(const fh_loss *l, const fh_real *z, fh_real *half)
{
  double sum = l->config.value_weight * sum_squares(l->points, z);
  if (half) scale_into(l->points, (fh_real)l->config.value_weight, z, half);
  for (int a = 0; a < l->dim; a++) {
    fh_difference_apply(&l->axis[a], z, l->quotient);
    sum += sum_squares(l->points, l->quotient);
    if (half) fh_difference_adjoint(&l->axis[a], l->quotient, half);
  }
  return sum;
}

static double spectral_sum(const fh_loss *l, const fh_real *z, fh_real *half)
{
  const fh_rfft *f = l->fft;
  const ptrdiff_t n = l->axis[l->dim - 1].n;
  double sum = 0;
  scale_into(l->points, 1, z, f->field);
  fh_rfft_forward(l->fft);
  for (ptrdiff_t m = 0; m < f->modes; m++) {
    fh_real *mode = f->spectrum + 2 * m;
    const ptrdiff_t k = m % f->half;
    const double both = k == 0 || 2 * k == n ? 1 : 2; /* the half that is not stored */
    const double re = (double)mode[0], im = (double)mode[1];
    sum += both * (double)l->mode_weight[m] * (re * re + im * im);
    mode[0] *= l->mode_weight[m];
    mode[1] *= l->mode_weight[m];
  }
  if (!half) return sum;
  fh_rfft_backward(l->fft);
  scale_into(l->points, 1, f->field, half);
  return sum;
}

double fh_loss_power_sum(double p, ptrdiff_t n, const fh_real *z, fh_real *half)
{
  if (p < 2 || p > 2) return power_sum(p, n, z, half);
  if (half) scale_into(n, 1, z, half);
  return sum_squares(n, z);
}

static double form(const fh_loss *l, const fh_real *z, fh_real *half)
{
  if (l->config.kind == FH_LOSS_H1) return h1_sum(l, z, half);
  if (l->config.kind == FH_LOSS_SPECTRAL_H1) return spectral_sum(l, z, half);
  return fh_loss_power_sum(l->power, l->points, z, half);
}

/* ---- values and gradients from the sums ---- */

double fh_loss_norm(const fh_loss *l, double sum)
{
  const double x = l->factor * sum;
  if (!l->root) return x;
  return l->power < 2 || l->power > 2 ? pow(x, 1 / l->power) : sqrt(x);
}

double fh_loss_denominator(const fh_loss *l, double truth_sum)
{
  if (!l->relative) return 1;
  const double d = fh_loss_norm(l, truth_sum) + l->config.epsilon;
  return d > 0 || d < 0 || isnan(d) ? d : 1;
}

double fh_loss_slope(const fh_loss *l, double sum, double denominator)
{
  if (!l->root) return l->power * l->factor / denominator;
  return sum > 0 ? fh_loss_norm(l, sum) / sum / denominator : 0;
}

static double channel_sum(fh_loss *l, const fh_real *prediction, const fh_real *truth,
                          bool gradient)
{
  for (ptrdiff_t i = 0; i < l->points; i++) l->difference[i] = prediction[i] - truth[i];
  return form(l, l->difference, gradient ? l->half : NULL);
}

static double separate(fh_loss *l, const fh_real *prediction, const fh_real *truth, double scale,
                       fh_real *gradient)
{
  double value = 0;
  for (ptrdiff_t c = 0; c < l->channels; c++) {
    const ptrdiff_t at = c * l->points;
    const double sum = channel_sum(l, prediction + at, truth + at, gradient != NULL);
    const double denominator = fh_loss_denominator(l, l->relative ? form(l, truth + at, NULL) : 1);
    value += fh_loss_norm(l, sum) / denominator;
    if (!gradient) continue;
    const double slope = scale * fh_loss_slope(l, sum, denominator);
    scale_into(l->points, (fh_real)slope, l->half, gradient + at);
  }
  return value;
}

static double joint(fh_loss *l, const fh_real *prediction, const fh_real *truth, double scale,
                    fh_real *gradient)
{
  double sum = 0, truth_sum = 0;
  for (ptrdiff_t c = 0; c < l->channels; c++) {
    const ptrdiff_t at = c * l->points;
    sum += channel_sum(l, prediction + at, truth + at, false);
    if (l->relative) truth_sum += form(l, truth + at, NULL);
  }
  const double denominator = fh_loss_denominator(l, truth_sum);
  const double slope = scale * fh_loss_slope(l, sum, denominator);
  for (ptrdiff_t c = 0; gradient && c < l->channels; c++) {
    const ptrdiff_t at = c * l->points;
    channel_sum(l, prediction + at, truth + at, true);
    scale_into(l->points, (fh_real)slope, l->half, gradient + at);
  }
  return fh_loss_norm(l, sum) / denominator;
}

fh_status fh_loss_eval(fh_loss *loss, ptrdiff_t batch, const fh_real *prediction,
                       const fh_real *truth, double scale, double *value, fh_real *gradient)
{
  const ptrdiff_t sample = loss->channels * loss->points;
  FH_CHECK(batch >= 0, FH_ERR_ARG, "a loss of %td samples: the number cannot be negative", batch);
  if (loss->team) return fh_loss_team_eval(loss, batch, prediction, truth, scale, value, gradient);
  for (ptrdiff_t b = 0; b < batch; b++) {
    const ptrdiff_t at = b * sample;
    /* One channel is its own joint norm, without a second pass for the gradient. */
    const bool together = loss->config.joint && loss->channels > 1;
    value[b] = (together ? joint : separate)(loss, prediction + at, truth + at, scale,
                                             gradient ? gradient + at : NULL);
  }
  return FH_OK;
}
