/* stencil - see README.md */
#include "operators/stencil/stencil.h"

#include <math.h>
#include <string.h>

#include "kernels/pointwise_tile.h"

enum { WEIGHT, BIAS };

typedef struct {
  fh_stencil_config config;
  fh_taps *taps;
} stencil;

typedef struct {
  fh_real *w, *field;
} bench;

static size_t bench_of(const stencil *v, void *work, bench *b)
{
  const fh_taps *t = v->taps;
  fh_carve c = {.base = work};
  b->w = fh_carve_reals(&c, fh_taps_packed(t));
  b->field = fh_carve_reals(&c, fh_taps_work(t));
  return c.used;
}

static fh_status coarse_grid(const fh_stencil_config *c, const fh_grid *fine, fh_grid *coarse)
{
  *coarse = *fine;
  for (int a = 0; a < c->dim; a++) {
    coarse->n[a] = fh_taps_coarse(fine->n[a], c->kernel, c->stride, c->pad);
    FH_CHECK(coarse->n[a] >= 1, FH_ERR_SHAPE,
             "stencil: axis %d has %td points, fewer than a kernel of %td with a padding of %td", a,
             fine->n[a], c->kernel, c->pad);
  }
  return FH_OK;
}

static fh_status make_taps(stencil *v, const fh_grid *fine, const fh_grid *coarse)
{
  const fh_stencil_config *c = &v->config;
  fh_taps_shape h = {.dim = c->dim, .convolution = c->convolution};
  for (int a = 0; a < c->dim; a++) {
    h.fine[a] = fine->n[a];
    h.coarse[a] = coarse->n[a];
    h.kernel[a] = c->kernel;
    h.stride[a] = c->stride;
    h.pad[a] = c->pad;
    memcpy(h.side[a], c->side[a], sizeof h.side[a]);
  }
  return fh_taps_create(&h, c->in_channels, c->out_channels, &v->taps);
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  stencil *v = op->data;
  const fh_stencil_config *c = &v->config;
  const fh_grid *fine = &in[0].layout.grid;
  FH_CHECK(in[0].channels == c->in_channels && fine->dim == c->dim, FH_ERR_SHAPE,
           "stencil: input has %td channels on %d axes, the kernel takes %td on %d", in[0].channels,
           fine->dim, c->in_channels, c->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "stencil: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(fine));
  fh_grid coarse;
  FH_TRY(coarse_grid(c, fine, &coarse));
  out[0] = (fh_shape){in[0].batch, c->out_channels, fh_layout_whole(&coarse)};
  FH_CHECK(!c->add || (in[1].channels == c->out_channels &&
                       fh_grid_same_size(&in[1].layout.grid, &coarse)),
           FH_ERR_SHAPE,
           "stencil: the addend has %td channels of %td points, the result %td of %td",
           in[1].channels, fh_shape_points(&in[1]), c->out_channels, fh_shape_points(&out[0]));
  FH_TRY(make_taps(v, fine, &coarse));
  bench b;
  need->work = bench_of(v, NULL, &b);
  need->bwd_reads_in = 1;
  need->bwd_same = v->config.add ? 1u << 1 : 0;
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const stencil *v = op->data;
  bench b;
  bench_of(v, io->work, &b);
  fh_taps_pack_gather(v->taps, 1, io->param[WEIGHT], b.w);
  fh_taps_gather(v->taps, io->batch, b.w, v->config.bias ? io->param[BIAS] : NULL,
                 v->config.add ? io->in[1] : NULL, io->in[0], io->out[0], b.field);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const stencil *v = op->data;
  const fh_taps *t = v->taps;
  bench b;
  bench_of(v, io->work, &b);
  fh_taps_pack_scatter(t, 1, io->param[WEIGHT], b.w);
  fh_taps_gather_back(t, io->batch, b.w, 1, NULL, io->dout[0], io->in[0], io->din[0],
                      io->dparam[WEIGHT], v->config.bias ? io->dparam[BIAS] : NULL, b.field);
  if (v->config.add)
    fh_pass_gradient(io->batch * fh_shape_sample(&op->out[0]), io->dout[0], io->din[1]);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  stencil *v = op->data;
  fh_taps_destroy(&v->taps);
}

static fh_cost cost(const fh_op *op)
{
  const stencil *v = op->data;
  const double in = (double)fh_shape_sample(&op->in[0]), out = (double)fh_shape_sample(&op->out[0]);
  return (fh_cost){.flops = 2 * (double)(v->taps->in * v->taps->taps) * out,
                   .bytes = (in + (v->config.add ? 2 : 1) * out) * sizeof(fh_real)};
}

static fh_status check(const fh_stencil_config *c)
{
  FH_CHECK(c->in_channels >= 1 && c->out_channels >= 1, FH_ERR_ARG,
           "stencil: %td -> %td channels; both must be positive", c->in_channels, c->out_channels);
  FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG, "stencil: %d axes, allowed are 1 to %d",
           c->dim, FH_MAX_DIM);
  FH_CHECK(c->stride == 1 || c->stride == 2, FH_ERR_ARG, "stencil: stride %td, allowed are 1 and 2",
           c->stride);
  FH_CHECK(c->kernel >= 1 && c->kernel <= 63 && c->pad >= 0 && c->pad < c->kernel, FH_ERR_ARG,
           "stencil: a kernel of %td points with a padding of %td; the padding must be smaller",
           c->kernel, c->pad);
  for (int a = 0; a < c->dim; a++)
    for (int e = 0; e < 2; e++)
      FH_CHECK(c->side[a][e] >= 0 && c->side[a][e] < FH_SIDE_COUNT, FH_ERR_ARG,
               "stencil: boundary kind %d of axis %d is not one of 0..%d", c->side[a][e], a,
               FH_SIDE_COUNT - 1);
  return FH_OK;
}

static fh_status declare(fh_op *op, const fh_stencil_config *c)
{
  ptrdiff_t n[2 + FH_MAX_DIM] = {c->out_channels, c->in_channels}, taps = 1;
  for (int a = 0; a < c->dim; a++) {
    n[2 + a] = c->kernel;
    taps *= c->kernel;
  }
  const double scale = 1 / sqrt((double)c->in_channels * (double)taps);
  FH_TRY(fh_op_param(op, "weight", 2 + c->dim, n, false, FH_INIT_UNIFORM, scale));
  if (c->bias) FH_TRY(fh_op_param(op, "bias", 1, n, false, FH_INIT_UNIFORM, scale));
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in);

#define STENCIL_CLASS(is_linear)                                                                   \
  {                                                                                                \
    .name = "stencil", .setup = setup, .forward = forward, .backward = backward,                   \
    .destroy = destroy, .cost = cost, .example = example, .linear = (is_linear)                    \
  }

const fh_op_class fh_stencil_class = STENCIL_CLASS(false);
/* without a bias it is linear in its inputs */
static const fh_op_class linear_class = STENCIL_CLASS(true);

fh_status fh_stencil_create(const fh_stencil_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(check(config));
  fh_op *o = NULL;
  FH_TRY(fh_op_new(config->bias ? &fh_stencil_class : &linear_class, config->add ? 2 : 1, 1,
                   sizeof(stencil), &o));
  *(stencil *)o->data = (stencil){.config = *config};
  const fh_status st = declare(o, config);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

enum { Z = FH_SIDE_ZERO, M = FH_SIDE_REFLECT, R = FH_SIDE_REPLICATE, P = FH_SIDE_PERIODIC };

/* channels, axes, kernel, stride, padding, bias, addend, sides; samples, points */
static const struct {
  fh_stencil_config config;
  ptrdiff_t batch, n[3];
} cases[] = {
    {{2, 3, 2, 3, 1, 1, false, false, {{Z, Z}, {Z, Z}}, 0}, 2, {6, 9}},
    {{3, 2, 2, 3, 1, 1, true, false, {{P, P}, {P, P}}, 0}, 2, {5, 8}},
    {{2, 2, 2, 3, 1, 1, false, true, {{M, M}, {M, M}}, 0}, 2, {4, 7}},
    {{2, 2, 2, 3, 1, 1, true, true, {{R, R}, {R, R}}, 0}, 1, {3, 5}},
    {{2, 3, 2, 3, 1, 1, false, false, {{Z, M}, {R, Z}}, 0}, 2, {7, 6}},
    {{2, 2, 2, 3, 1, 1, false, false, {{P, P}, {M, R}}, 0}, 2, {2, 40}},
    {{5, 9, 2, 3, 1, 1, true, false, {{Z, Z}, {P, P}}, 0}, 1, {19, 33}},
    {{2, 3, 2, 3, 2, 1, false, false, {{Z, Z}, {Z, Z}}, 0}, 2, {8, 9}},
    {{3, 2, 2, 3, 2, 1, true, false, {{P, P}, {P, P}}, 0}, 2, {6, 7}},
    {{2, 2, 2, 3, 2, 1, false, false, {{M, M}, {M, M}}, 0}, 2, {9, 10}},
    {{2, 2, 2, 3, 2, 1, false, true, {{R, Z}, {M, R}}, 0}, 1, {5, 6}},
    {{2, 3, 2, 3, 2, 0, false, false, {{Z, Z}, {Z, Z}}, 0}, 2, {10, 11}},
    {{1, 2, 2, 3, 2, 1, false, false, {{Z, M}, {P, P}}, 0}, 1, {70, 41}},
    {{2, 2, 2, 4, 2, 1, false, false, {{Z, Z}, {M, M}}, 0}, 1, {8, 12}},
    {{2, 2, 1, 3, 1, 1, true, false, {{Z, M}}, 0}, 2, {11}},
    {{2, 2, 1, 3, 2, 1, false, false, {{P, P}}, 0}, 2, {13}},
    {{1, 1, 1, 3, 1, 1, false, false, {{R, R}}, 0}, 1, {1}},
    {{2, 2, 3, 3, 1, 1, true, false, {{P, P}, {Z, M}, {R, R}}, 0}, 2, {3, 4, 5}},
    {{1, 2, 3, 3, 2, 1, false, false, {{Z, Z}, {P, P}, {M, Z}}, 0}, 2, {4, 5, 6}},
    {{2, 1, 3, 3, 2, 0, false, false, {{Z, Z}, {Z, Z}, {Z, Z}}, 0}, 1, {5, 4, 7}},
    {{2, 2, 2, 5, 1, 2, false, false, {{M, R}, {P, P}}, 0}, 1, {6, 5}},
    {{3, 2, 2, 3, 1, 1, true, true, {{Z, Z}, {P, P}}, FH_CONVOLUTION_WINOGRAD}, 2, {7, 9}},
    {{3, 5, 2, 3, 2, 1, true, true, {{Z, Z}, {P, P}}, FH_CONVOLUTION_WINOGRAD}, 3, {9, 12}},
    {{2, 3, 2, 4, 2, 1, false, false, {{P, P}, {Z, Z}}, FH_CONVOLUTION_WINOGRAD}, 2, {8, 70}},
    {{5, 2, 2, 3, 2, 0, true, false, {{M, M}, {R, R}}, FH_CONVOLUTION_WINOGRAD}, 2, {11, 10}},
    {{2, 5, 2, 3, 1, 1, true, false, {{M, R}, {Z, M}}, FH_CONVOLUTION_WINOGRAD}, 3, {6, 10}},
    {{9, 3, 2, 3, 1, 1, false, true, {{P, P}, {Z, Z}}, FH_CONVOLUTION_WINOGRAD}, 1, {5, 66}},
};

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  const fh_stencil_config *c = &cases[i].config;
  fh_grid fine, coarse;
  FH_TRY(fh_grid_box(c->dim, cases[i].n, FH_PERIODIC, FH_NODE, &fine));
  FH_TRY(coarse_grid(c, &fine, &coarse));
  in[0] = (fh_shape){cases[i].batch, c->in_channels, fh_layout_whole(&fine)};
  in[1] = (fh_shape){cases[i].batch, c->out_channels, fh_layout_whole(&coarse)};
  return fh_stencil_create(c, op);
}
