/* norm - see README.md */
#include "operators/norm/norm.h"

#include <math.h>
#include <string.h>

#include "kernels/pointwise.h"

enum { WEIGHT, BIAS };

typedef struct {
  fh_norm_config config;
  const fh_pointwise *k;
  ptrdiff_t points, members; /* points of a channel, channels of a group */
} norm;

typedef struct {
  double mean, rstd;
} moments;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  norm *m = op->data;
  const fh_norm_config *c = &m->config;
  const fh_grid *grid = &in[0].layout.grid;
  FH_CHECK(in[0].channels == c->channels, FH_ERR_SHAPE,
           "norm: input has %td channels, the norm was made for %td", in[0].channels, c->channels);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "norm: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(grid));
  if (c->affine == FH_AFFINE_FUNCTION) {
    FH_CHECK(grid->dim == c->dim, FH_ERR_SHAPE, "norm: the grid has %d axes, the weights have %d",
             grid->dim, c->dim);
    for (int a = 0; a < c->dim; a++)
      FH_CHECK(grid->n[a] == c->n[a], FH_ERR_SHAPE,
               "norm: axis %d has %td points, the weights have %td: they belong to one resolution",
               a, grid->n[a], c->n[a]);
  }
  out[0] = in[0];
  m->points = fh_shape_points(&in[0]);
  m->members = c->channels / c->groups;
  need->saved = (size_t)(in[0].batch * c->groups) * sizeof(moments);
  need->bwd_reads_in = 1;
  return FH_OK;
}

/* Shifted by the first value, so that a large mean does not drown the variance. */
static moments measure(const norm *m, const fh_real *x)
{
  const ptrdiff_t n = m->members * m->points;
  double s[2];
  m->k->moments(n, x, (double)x[0], s);
  const double mean = s[0] / (double)n, variance = s[1] / (double)n - mean * mean;
  return (moments){(double)x[0] + mean,
                   1 / sqrt((variance < 0 ? 0 : variance) + m->config.epsilon)};
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const norm *m = op->data;
  const fh_norm_config *c = &m->config;
  const ptrdiff_t p = m->points;
  moments *saved = io->saved, s = {0, 0};
  for (ptrdiff_t r = 0; r < io->batch * c->channels; r++) {
    const ptrdiff_t ch = r % c->channels;
    const fh_real *x = io->in[0] + r * p;
    fh_real *y = io->out[0] + r * p;
    if (r % m->members == 0) {
      s = measure(m, x);
      if (saved) saved[r / m->members] = s;
    }
    if (c->affine == FH_AFFINE_FUNCTION) {
      m->k->standardise_each(p, x, (fh_real)s.mean, (fh_real)s.rstd, io->param[WEIGHT] + ch * p,
                             io->param[BIAS] + ch * p, y);
    } else {
      const bool affine = c->affine == FH_AFFINE_CHANNEL;
      const double w = affine ? (double)io->param[WEIGHT][ch] : 1;
      m->k->standardise(p, x, (fh_real)s.mean, (fh_real)(s.rstd * w),
                        affine ? io->param[BIAS][ch] : 0, y);
    }
  }
  return FH_OK;
}

/* Parameter gradients of one channel of one sample, and its share of the sums of g and g (x - mean),
 * g = dy w. */
static void backward_channel(const norm *m, const fh_bwd *io, ptrdiff_t r, moments s, double g[2])
{
  const fh_norm_config *c = &m->config;
  const ptrdiff_t p = m->points, ch = r % c->channels;
  const fh_real *x = io->in[0] + r * p, *dy = io->dout[0] + r * p;
  const bool each = c->affine == FH_AFFINE_FUNCTION;
  double part[2], w = 1;
  m->k->weighted_moments(p, dy, each ? io->param[WEIGHT] + ch * p : NULL, x, s.mean, part);
  if (each)
    m->k->standardise_params(p, dy, x, (fh_real)s.mean, (fh_real)s.rstd,
                             io->dparam[WEIGHT] + ch * p, io->dparam[BIAS] + ch * p);
  if (c->affine == FH_AFFINE_CHANNEL) {
    io->dparam[WEIGHT][ch] += (fh_real)(part[1] * s.rstd);
    io->dparam[BIAS][ch] += (fh_real)part[0];
    w = (double)io->param[WEIGHT][ch];
  }
  g[0] += w * part[0];
  g[1] += w * part[1];
}

/* dx = rstd (g - mean(g) - xhat mean(g xhat)) for the channels of one group */
static void backward_group(const norm *m, const fh_bwd *io, ptrdiff_t first, moments s)
{
  const fh_norm_config *c = &m->config;
  const ptrdiff_t p = m->points;
  double g[2] = {0, 0};
  for (ptrdiff_t r = first; r < first + m->members; r++) backward_channel(m, io, r, s, g);
  if (!io->din[0]) return;
  const double n = (double)(m->members * p);
  const double mean = s.rstd * g[0] / n, slope = s.rstd * s.rstd * s.rstd * g[1] / n;
  for (ptrdiff_t r = first; r < first + m->members; r++) {
    const ptrdiff_t ch = r % c->channels;
    const double w = c->affine == FH_AFFINE_CHANNEL ? (double)io->param[WEIGHT][ch] : 1;
    m->k->standardise_back(p, io->dout[0] + r * p,
                           c->affine == FH_AFFINE_FUNCTION ? io->param[WEIGHT] + ch * p : NULL,
                           io->in[0] + r * p, (fh_real)s.mean, (fh_real)(s.rstd * w), (fh_real)mean,
                           (fh_real)slope, io->din[0] + r * p);
  }
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const norm *m = op->data;
  const moments *saved = io->saved;
  for (ptrdiff_t i = 0; i < io->batch * m->config.groups; i++)
    backward_group(m, io, i * m->members, saved[i]);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double n = (double)fh_shape_sample(&op->in[0]);
  return (fh_cost){.flops = 6 * n, .bytes = 3 * n * sizeof(fh_real)};
}

static fh_status declare(fh_op *op, const fh_norm_config *c)
{
  ptrdiff_t n[1 + FH_MAX_DIM] = {c->channels};
  if (c->affine == FH_AFFINE_NONE) return FH_OK;
  const int rank = c->affine == FH_AFFINE_FUNCTION ? 1 + c->dim : 1;
  for (int a = 1; a < rank; a++) n[a] = c->n[a - 1];
  FH_TRY(fh_op_param(op, "weight", rank, n, false, FH_INIT_ONE, 0));
  return fh_op_param(op, "bias", rank, n, false, FH_INIT_ZERO, 0);
}

static fh_status check(const fh_norm_config *c)
{
  FH_CHECK(c->channels >= 1 && c->groups >= 1 && c->channels % c->groups == 0, FH_ERR_ARG,
           "norm: %td channels in %td groups; the groups must divide the channels", c->channels,
           c->groups);
  FH_CHECK(c->affine <= FH_AFFINE_FUNCTION, FH_ERR_ARG, "norm: affine kind %d is not one of 0..%d",
           (int)c->affine, (int)FH_AFFINE_FUNCTION);
  FH_CHECK(c->epsilon >= 0, FH_ERR_ARG, "norm: epsilon %g must not be negative", c->epsilon);
  if (c->affine == FH_AFFINE_FUNCTION)
    FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG,
             "norm: weights of each point need a grid of 1 to %d axes, not %d", FH_MAX_DIM, c->dim);
  return FH_OK;
}

fh_status fh_norm_create(const fh_norm_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(check(config));
  fh_op *o = NULL;
  FH_TRY(fh_op_new(&fh_norm_class, 1, 1, sizeof(norm), &o));
  norm *m = o->data;
  m->config = *config;
  m->k = fh_pointwise_get();
  const fh_status st = declare(o, config);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_norm_config config;
    int dim;
    ptrdiff_t batch, n[3];
  } cases[] = {
      {{3, 3, FH_AFFINE_NONE, 1e-5, 0, {0}}, 1, 2, {17}},
      {{6, 2, FH_AFFINE_CHANNEL, 1e-5, 0, {0}}, 2, 3, {5, 7}},
      {{2, 1, FH_AFFINE_FUNCTION, 1e-5, 3, {3, 2, 5}}, 3, 2, {3, 2, 5}},
      {{1, 1, FH_AFFINE_CHANNEL, 1e-3, 0, {0}}, 2, 1, {4, 3}},
      {{4, 4, FH_AFFINE_CHANNEL, 1e-5, 0, {0}}, 3, 2, {3, 3, 4}},
      {{4, 2, FH_AFFINE_FUNCTION, 1e-5, 1, {19}}, 1, 2, {19}},
      {{5, 1, FH_AFFINE_NONE, 1e-5, 0, {0}}, 2, 2, {3, 5}},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(
      fh_example_shape(cases[i].batch, cases[i].config.channels, cases[i].dim, cases[i].n, &in[0]));
  return fh_norm_create(&cases[i].config, op);
}

const fh_op_class fh_norm_class = {.name = "norm",
                                   .setup = setup,
                                   .forward = forward,
                                   .backward = backward,
                                   .cost = cost,
                                   .example = example};
