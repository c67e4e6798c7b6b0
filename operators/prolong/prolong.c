/* prolong - see README.md */
#include "operators/prolong/prolong.h"

#include <math.h>
#include <string.h>

#include "kernels/pointwise_tile.h"

enum { WEIGHT, BIAS };

typedef struct {
  fh_prolong_config config;
  fh_taps *taps; /* its fine field is the result, its coarse field the input */
} prolong;

typedef struct {
  fh_real *w, *field;
} bench;

static size_t bench_of(const prolong *v, void *work, bench *b)
{
  const fh_taps *t = v->taps;
  fh_carve c = {.base = work};
  b->w = fh_carve_reals(&c, fh_taps_packed(t));
  b->field = fh_carve_reals(&c, fh_taps_work(t));
  return c.used;
}

ptrdiff_t fh_prolong_kernel(ptrdiff_t fine, ptrdiff_t coarse, ptrdiff_t pad)
{
  return fine - 2 * (coarse - 1) + 2 * pad;
}

static fh_status make_taps(prolong *v, const fh_grid *coarse)
{
  const fh_prolong_config *c = &v->config;
  fh_taps_shape h = {.dim = c->dim, .convolution = c->convolution};
  for (int a = 0; a < c->dim; a++) {
    const ptrdiff_t exact = fh_prolong_kernel(c->fine[a], coarse->n[a], c->pad);
    FH_CHECK(exact >= 1 && exact <= 6, FH_ERR_SHAPE,
             "prolong: axis %d goes from %td to %td points; a grid twice as fine has about %td", a,
             coarse->n[a], c->fine[a], 2 * coarse->n[a]);
    h.fine[a] = c->fine[a];
    h.coarse[a] = coarse->n[a];
    h.kernel[a] = c->kernel[a];
    h.stride[a] = 2;
    h.pad[a] = c->pad;
    memcpy(h.side[a], c->side[a], sizeof h.side[a]);
  }
  return fh_taps_create(&h, c->out_channels, c->in_channels, &v->taps);
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  prolong *v = op->data;
  const fh_prolong_config *c = &v->config;
  const fh_grid *coarse = &in[0].layout.grid;
  FH_CHECK(in[0].channels == c->in_channels && coarse->dim == c->dim, FH_ERR_SHAPE,
           "prolong: input has %td channels on %d axes, the kernel takes %td on %d", in[0].channels,
           coarse->dim, c->in_channels, c->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "prolong: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(coarse));
  fh_grid fine = *coarse;
  memcpy(fine.n, c->fine, (size_t)c->dim * sizeof *fine.n);
  out[0] = (fh_shape){in[0].batch, c->out_channels, fh_layout_whole(&fine)};
  FH_CHECK(!c->add ||
               (in[1].channels == c->out_channels && fh_grid_same_size(&in[1].layout.grid, &fine)),
           FH_ERR_SHAPE,
           "prolong: the addend has %td channels of %td points, the result %td of %td",
           in[1].channels, fh_shape_points(&in[1]), c->out_channels, fh_shape_points(&out[0]));
  FH_TRY(make_taps(v, coarse));
  bench b;
  need->work = bench_of(v, NULL, &b);
  need->bwd_reads_in = 1;
  need->bwd_same = v->config.add ? 1u << 1 : 0;
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const prolong *v = op->data;
  bench b;
  bench_of(v, io->work, &b);
  fh_taps_pack_scatter(v->taps, 1, io->param[WEIGHT], b.w);
  fh_taps_scatter(v->taps, io->batch, b.w, v->config.bias ? io->param[BIAS] : NULL,
                  v->config.add ? io->in[1] : NULL, io->in[0], io->out[0], b.field);
  return FH_OK;
}

/* db[o] += sum of dy[o] over points and samples, sample by sample in double */
static void bias_gradient(const fh_shape *out, ptrdiff_t batch, const fh_real *dy, fh_real *db)
{
  const ptrdiff_t points = fh_shape_points(out);
  for (ptrdiff_t o = 0; o < out->channels; o++) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < batch; i++)
      for (ptrdiff_t q = 0; q < points; q++)
        sum += (double)dy[(i * out->channels + o) * points + q];
    db[o] += (fh_real)sum;
  }
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const prolong *v = op->data;
  const fh_taps *t = v->taps;
  bench b;
  bench_of(v, io->work, &b);
  fh_taps_pack_gather(t, 1, io->param[WEIGHT], b.w);
  fh_taps_scatter_back(t, io->batch, b.w, io->dout[0], io->in[0], io->din[0], io->dparam[WEIGHT],
                       b.field);
  if (v->config.bias) bias_gradient(&op->out[0], io->batch, io->dout[0], io->dparam[BIAS]);
  if (v->config.add)
    fh_pass_gradient(io->batch * fh_shape_sample(&op->out[0]), io->dout[0], io->din[1]);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  prolong *v = op->data;
  fh_taps_destroy(&v->taps);
}

static fh_cost cost(const fh_op *op)
{
  const prolong *v = op->data;
  const double in = (double)fh_shape_sample(&op->in[0]), out = (double)fh_shape_sample(&op->out[0]);
  return (fh_cost){.flops = 2 * (double)(v->taps->in * v->taps->taps) * in,
                   .bytes = (in + (v->config.add ? 2 : 1) * out) * sizeof(fh_real)};
}

static fh_status check(const fh_prolong_config *c)
{
  FH_CHECK(c->in_channels >= 1 && c->out_channels >= 1, FH_ERR_ARG,
           "prolong: %td -> %td channels; both must be positive", c->in_channels, c->out_channels);
  FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG, "prolong: %d axes, allowed are 1 to %d",
           c->dim, FH_MAX_DIM);
  for (int a = 0; a < c->dim; a++) {
    FH_CHECK(
        c->kernel[a] >= 2 && c->kernel[a] <= 8 && c->pad >= 0 && c->pad < c->kernel[a], FH_ERR_ARG,
        "prolong: a kernel of %td points on axis %d with a padding of %td; it has 2 to 8 points "
        "and more than the padding",
        c->kernel[a], a, c->pad);
    for (int e = 0; e < 2; e++)
      FH_CHECK(c->side[a][e] >= 0 && c->side[a][e] < FH_SIDE_COUNT, FH_ERR_ARG,
               "prolong: boundary kind %d of axis %d is not one of 0..%d", c->side[a][e], a,
               FH_SIDE_COUNT - 1);
  }
  return FH_OK;
}

static fh_status declare(fh_op *op, const fh_prolong_config *c)
{
  ptrdiff_t n[2 + FH_MAX_DIM] = {c->in_channels, c->out_channels}, taps = 1;
  for (int a = 0; a < c->dim; a++) {
    n[2 + a] = c->kernel[a];
    taps *= c->kernel[a];
  }
  const double scale = 1 / sqrt((double)c->out_channels * (double)taps);
  FH_TRY(fh_op_param(op, "weight", 2 + c->dim, n, false, FH_INIT_UNIFORM, scale));
  if (c->bias) FH_TRY(fh_op_param(op, "bias", 1, n + 1, false, FH_INIT_UNIFORM, scale));
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in);

#define PROLONG_CLASS(is_linear)                                                                   \
  {                                                                                                \
    .name = "prolong", .setup = setup, .forward = forward, .backward = backward,                   \
    .destroy = destroy, .cost = cost, .example = example, .linear = (is_linear)                    \
  }

const fh_op_class fh_prolong_class = PROLONG_CLASS(false);
/* without a bias it is linear in its inputs */
static const fh_op_class linear_class = PROLONG_CLASS(true);

fh_status fh_prolong_create(const fh_prolong_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(check(config));
  fh_op *o = NULL;
  FH_TRY(fh_op_new(config->bias ? &fh_prolong_class : &linear_class, config->add ? 2 : 1, 1,
                   sizeof(prolong), &o));
  *(prolong *)o->data = (prolong){.config = *config};
  const fh_status st = declare(o, config);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

enum { Z = FH_SIDE_ZERO, M = FH_SIDE_REFLECT, R = FH_SIDE_REPLICATE, P = FH_SIDE_PERIODIC };

/* channels, axes, fine points, kernel, padding, bias, addend, sides, convolution; samples, coarse points */
static const struct {
  fh_prolong_config config;
  ptrdiff_t batch, n[3];
} cases[] = {
    {{3, 2, 2, {8, 12}, {4, 4}, 1, false, true, {{Z, Z}, {Z, Z}}, 0}, 2, {4, 6}},
    {{2, 3, 2, {7, 13}, {3, 3}, 1, true, false, {{Z, Z}, {Z, Z}}, 0}, 2, {4, 7}},
    {{2, 2, 2, {8, 9}, {4, 3}, 1, false, true, {{P, P}, {Z, Z}}, 0}, 2, {4, 5}},
    {{2, 2, 2, {6, 10}, {4, 4}, 1, true, true, {{P, P}, {P, P}}, 0}, 2, {3, 5}},
    {{2, 2, 2, {10, 11}, {4, 3}, 0, false, true, {{Z, Z}, {Z, Z}}, 0}, 2, {4, 5}},
    {{2, 1, 2, {8, 9}, {4, 3}, 1, false, false, {{M, R}, {Z, M}}, 0}, 1, {4, 5}},
    {{2, 2, 2, {7, 8}, {4, 3}, 1, false, true, {{Z, Z}, {P, P}}, 0}, 2, {4, 4}},
    {{9, 5, 2, {66, 38}, {4, 4}, 1, false, true, {{Z, Z}, {P, P}}, 0}, 1, {33, 19}},
    {{2, 3, 1, {12}, {4}, 1, true, false, {{P, P}}, 0}, 2, {6}},
    {{2, 2, 1, {1}, {3}, 1, false, true, {{Z, Z}}, 0}, 2, {1}},
    {{2, 2, 3, {4, 5, 6}, {4, 3, 4}, 1, true, true, {{Z, Z}, {Z, Z}, {P, P}}, 0}, 2, {2, 3, 3}},
    {{3, 5, 2, {8, 12}, {4, 4}, 1, true, true, {{Z, Z}, {Z, Z}}, FH_CONVOLUTION_WINOGRAD},
     3,
     {4, 6}},
    {{2, 3, 2, {7, 12}, {3, 4}, 1, false, true, {{Z, Z}, {P, P}}, FH_CONVOLUTION_WINOGRAD},
     2,
     {4, 6}},
    {{5, 2, 2, {9, 73}, {3, 3}, 1, true, false, {{Z, Z}, {Z, Z}}, FH_CONVOLUTION_WINOGRAD},
     1,
     {5, 37}},
    {{2, 2, 2, {11, 10}, {3, 4}, 0, false, true, {{M, M}, {Z, Z}}, FH_CONVOLUTION_WINOGRAD},
     2,
     {5, 4}},
};

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  const fh_prolong_config *c = &cases[i].config;
  fh_grid fine, coarse;
  FH_TRY(fh_grid_box(c->dim, cases[i].n, FH_PERIODIC, FH_NODE, &coarse));
  FH_TRY(fh_grid_box(c->dim, c->fine, FH_PERIODIC, FH_NODE, &fine));
  in[0] = (fh_shape){cases[i].batch, c->in_channels, fh_layout_whole(&coarse)};
  in[1] = (fh_shape){cases[i].batch, c->out_channels, fh_layout_whole(&fine)};
  return fh_prolong_create(c, op);
}
