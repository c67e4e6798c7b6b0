/* residual - see README.md */
#include "operators/residual/residual.h"

#include <math.h>
#include <string.h>

#include "kernels/pointwise_tile.h"

enum { WEIGHT, BIAS };
enum { F, U };

typedef struct {
  fh_residual_config config;
  fh_taps *taps;
} residual;

typedef struct {
  fh_real *w, *b, *field;
} bench;

static size_t bench_of(const residual *v, void *work, bench *b)
{
  const fh_taps *t = v->taps;
  fh_carve c = {.base = work};
  b->w = fh_carve_reals(&c, fh_taps_packed(t));
  b->b = fh_carve_reals(&c, t->out);
  b->field = fh_carve_reals(&c, fh_taps_work(t));
  return c.used;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  residual *v = op->data;
  const fh_residual_config *c = &v->config;
  const fh_grid *grid = &in[F].layout.grid;
  FH_CHECK(in[F].channels == c->f_channels && in[U].channels == c->u_channels &&
               grid->dim == c->dim && fh_grid_same_size(grid, &in[U].layout.grid),
           FH_ERR_SHAPE,
           "residual: f has %td channels of %td points on %d axes and u %td of %td; A maps %td "
           "channels to %td on %d axes of one grid",
           in[F].channels, fh_shape_points(&in[F]), grid->dim, in[U].channels,
           fh_shape_points(&in[U]), c->u_channels, c->f_channels, c->dim);
  FH_CHECK(fh_layout_is_whole(&in[F].layout), FH_ERR_UNSUPPORTED,
           "residual: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[F].layout), fh_grid_size(grid));
  out[0] = in[F];
  FH_TRY(fh_taps_create_same(c->dim, grid->n, c->side, c->convolution, c->u_channels, c->f_channels,
                             &v->taps));
  bench b;
  need->work = bench_of(v, NULL, &b);
  need->bwd_reads_in = 1u << U;
  need->bwd_same = 1u << F;
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const residual *v = op->data;
  bench b;
  bench_of(v, io->work, &b);
  fh_taps_pack_gather(v->taps, -1, io->param[WEIGHT], b.w);
  for (ptrdiff_t o = 0; v->config.bias && o < v->taps->out; o++) b.b[o] = -io->param[BIAS][o];
  fh_taps_gather(v->taps, io->batch, b.w, v->config.bias ? b.b : NULL, io->in[F], io->in[U],
                 io->out[0], b.field);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const residual *v = op->data;
  const fh_taps *t = v->taps;
  bench b;
  bench_of(v, io->work, &b);
  fh_taps_pack_scatter(t, -1, io->param[WEIGHT], b.w);
  fh_taps_gather_back(t, io->batch, b.w, -1, NULL, io->dout[0], io->in[U], io->din[U],
                      io->dparam[WEIGHT], v->config.bias ? io->dparam[BIAS] : NULL, b.field);
  fh_pass_gradient(io->batch * fh_shape_sample(&op->in[F]), io->dout[0], io->din[F]);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  residual *v = op->data;
  fh_taps_destroy(&v->taps);
}

static fh_cost cost(const fh_op *op)
{
  const residual *v = op->data;
  const double f = (double)fh_shape_sample(&op->in[F]), u = (double)fh_shape_sample(&op->in[U]);
  return (fh_cost){.flops = 2 * (double)(v->taps->in * v->taps->taps) * f,
                   .bytes = (2 * f + u) * sizeof(fh_real)};
}

static fh_status check(const fh_residual_config *c)
{
  FH_CHECK(c->f_channels >= 1 && c->u_channels >= 1, FH_ERR_ARG,
           "residual: f has %td channels and u %td; both must be positive", c->f_channels,
           c->u_channels);
  FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG,
           "residual: %d axes, allowed are 1 to %d", c->dim, FH_MAX_DIM);
  for (int a = 0; a < c->dim; a++)
    for (int e = 0; e < 2; e++)
      FH_CHECK(c->side[a][e] >= 0 && c->side[a][e] < FH_SIDE_COUNT, FH_ERR_ARG,
               "residual: boundary kind %d of axis %d is not one of 0..%d", c->side[a][e], a,
               FH_SIDE_COUNT - 1);
  return FH_OK;
}

static fh_status declare(fh_op *op, const fh_residual_config *c)
{
  const ptrdiff_t n[2 + FH_MAX_DIM] = {c->f_channels, c->u_channels, 3, 3, 3};
  const double scale = 1 / sqrt((double)c->u_channels * pow(3, c->dim));
  FH_TRY(fh_op_param(op, "weight", 2 + c->dim, n, false, FH_INIT_UNIFORM, scale));
  if (c->bias) FH_TRY(fh_op_param(op, "bias", 1, n, false, FH_INIT_UNIFORM, scale));
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in);

#define RESIDUAL_CLASS(is_linear)                                                                  \
  {                                                                                                \
    .name = "residual", .setup = setup, .forward = forward, .backward = backward,                  \
    .destroy = destroy, .cost = cost, .example = example, .linear = (is_linear)                    \
  }

const fh_op_class fh_residual_class = RESIDUAL_CLASS(false);
/* without a bias it is linear in its inputs */
static const fh_op_class linear_class = RESIDUAL_CLASS(true);

fh_status fh_residual_create(const fh_residual_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(check(config));
  fh_op *o = NULL;
  FH_TRY(fh_op_new(config->bias ? &fh_residual_class : &linear_class, 2, 1, sizeof(residual), &o));
  *(residual *)o->data = (residual){.config = *config};
  const fh_status st = declare(o, config);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

enum { Z = FH_SIDE_ZERO, M = FH_SIDE_REFLECT, R = FH_SIDE_REPLICATE, P = FH_SIDE_PERIODIC };

/* channels of f and u, axes, bias, sides; samples, points */
static const struct {
  fh_residual_config config;
  ptrdiff_t batch, n[3];
} cases[] = {
    {{2, 3, 2, false, {{Z, Z}, {Z, Z}}, 0}, 2, {6, 5}},
    {{3, 2, 2, true, {{P, P}, {M, M}}, 0}, 2, {5, 7}},
    {{1, 2, 2, true, {{R, Z}, {M, R}}, 0}, 1, {4, 6}},
    {{2, 2, 1, false, {{Z, M}}, 0}, 2, {9}},
    {{2, 1, 3, true, {{P, P}, {Z, Z}, {R, M}}, 0}, 2, {3, 4, 5}},
    {{2, 3, 2, true, {{Z, Z}, {P, P}}, FH_CONVOLUTION_WINOGRAD}, 2, {6, 9}},
    {{3, 1, 2, false, {{M, R}, {Z, M}}, FH_CONVOLUTION_WINOGRAD}, 2, {9, 7}},
};

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  const fh_residual_config *c = &cases[i].config;
  FH_TRY(fh_example_shape(cases[i].batch, c->f_channels, c->dim, cases[i].n, &in[F]));
  FH_TRY(fh_example_shape(cases[i].batch, c->u_channels, c->dim, cases[i].n, &in[U]));
  return fh_residual_create(c, op);
}
