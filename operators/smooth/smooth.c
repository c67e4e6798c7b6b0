/* smooth - see README.md */
#include "operators/smooth/smooth.h"

#include <math.h>
#include <string.h>

#include "kernels/pointwise_tile.h"

enum { A_WEIGHT, S_WEIGHT, A_BIAS, S_BIAS };
enum { F, U };

typedef struct {
  fh_smooth_config config;
  fh_taps *a, *s;  /* u -> f and f -> u */
  ptrdiff_t chunk; /* samples at once */
} smooth;

typedef struct {
  fh_real *wa, *ws; /* packed weights */
  fh_real *bias;    /* -a */
  fh_real *r, *h;   /* fields like f of a chunk */
  fh_real *field;
} bench;

static size_t bench_of(const smooth *v, ptrdiff_t f, void *work, bench *b)
{
  const ptrdiff_t for_a = fh_taps_work(v->a), for_s = fh_taps_work(v->s);
  fh_carve c = {.base = work};
  b->wa = fh_carve_reals(&c, fh_taps_packed(v->a));
  b->ws = fh_carve_reals(&c, fh_taps_packed(v->s));
  b->bias = fh_carve_reals(&c, v->a->out);
  b->r = fh_carve_reals(&c, v->chunk * f);
  b->h = fh_carve_reals(&c, v->chunk * f);
  b->field = fh_carve_reals(&c, for_a > for_s ? for_a : for_s);
  return c.used;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  smooth *v = op->data;
  const fh_smooth_config *c = &v->config;
  const fh_grid *grid = &in[F].layout.grid;
  FH_CHECK(
      in[F].channels == c->f_channels && in[U].channels == c->u_channels && grid->dim == c->dim &&
          fh_grid_same_size(grid, &in[U].layout.grid),
      FH_ERR_SHAPE,
      "smooth: f has %td channels of %td points on %d axes and u %td of %td; the step was made "
      "for %td and %td channels on %d axes of one grid",
      in[F].channels, fh_shape_points(&in[F]), grid->dim, in[U].channels, fh_shape_points(&in[U]),
      c->f_channels, c->u_channels, c->dim);
  FH_CHECK(fh_layout_is_whole(&in[F].layout), FH_ERR_UNSUPPORTED,
           "smooth: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[F].layout), fh_grid_size(grid));
  out[0] = in[U];
  FH_TRY(fh_taps_create_same(c->dim, grid->n, c->side, c->convolution, c->u_channels, c->f_channels,
                             &v->a));
  FH_TRY(fh_taps_create_same(c->dim, grid->n, c->side, c->convolution, c->f_channels, c->u_channels,
                             &v->s));
  v->chunk = fh_taps_samples(v->a);
  if (v->chunk > in[F].batch) v->chunk = in[F].batch;
  bench b;
  need->work = bench_of(v, fh_shape_sample(&in[F]), NULL, &b);
  need->saved = (size_t)fh_shape_size(&in[F]) * sizeof(fh_real);
  need->bwd_reads_in = 1u << U;
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const smooth *v = op->data;
  const ptrdiff_t nf = fh_shape_sample(&op->in[F]), nu = fh_shape_sample(&op->in[U]);
  const bool bias = v->config.bias;
  fh_real *saved = io->saved;
  bench b;
  bench_of(v, nf, io->work, &b);
  fh_taps_pack_gather(v->a, -1, io->param[A_WEIGHT], b.wa);
  fh_taps_pack_gather(v->s, 1, io->param[S_WEIGHT], b.ws);
  for (ptrdiff_t o = 0; bias && o < v->a->out; o++) b.bias[o] = -io->param[A_BIAS][o];
  for (ptrdiff_t i = 0; i < io->batch; i += v->chunk) {
    const ptrdiff_t n = io->batch - i < v->chunk ? io->batch - i : v->chunk;
    const fh_real *u = io->in[U] + i * nu;
    fh_real *r = saved ? saved + i * nf : b.r;
    fh_taps_gather(v->a, n, b.wa, bias ? b.bias : NULL, io->in[F] + i * nf, u, r, b.field);
    fh_taps_gather(v->s, n, b.ws, bias ? io->param[S_BIAS] : NULL, u, r, io->out[0] + i * nu,
                   b.field);
  }
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const smooth *v = op->data;
  const ptrdiff_t nf = fh_shape_sample(&op->in[F]), nu = fh_shape_sample(&op->in[U]);
  const bool bias = v->config.bias;
  const fh_real *saved = io->saved;
  bench b;
  bench_of(v, nf, io->work, &b);
  fh_taps_pack_scatter(v->a, -1, io->param[A_WEIGHT], b.wa);
  fh_taps_pack_scatter(v->s, 1, io->param[S_WEIGHT], b.ws);
  for (ptrdiff_t i = 0; i < io->batch; i += v->chunk) {
    const ptrdiff_t n = io->batch - i < v->chunk ? io->batch - i : v->chunk;
    const fh_real *g = io->dout[0] + i * nu, *u = io->in[U] + i * nu;
    fh_real *h = io->din[F] ? io->din[F] + i * nf : b.h;
    fh_taps_gather_back(v->s, n, b.ws, 1, NULL, g, saved + i * nf, h, io->dparam[S_WEIGHT],
                        bias ? io->dparam[S_BIAS] : NULL, b.field);
    fh_taps_gather_back(v->a, n, b.wa, -1, g, h, u, io->din[U] ? io->din[U] + i * nu : NULL,
                        io->dparam[A_WEIGHT], bias ? io->dparam[A_BIAS] : NULL, b.field);
  }
  return FH_OK;
}

static void destroy(fh_op *op)
{
  smooth *v = op->data;
  fh_taps_destroy(&v->a);
  fh_taps_destroy(&v->s);
}

static fh_cost cost(const fh_op *op)
{
  const smooth *v = op->data;
  const double f = (double)fh_shape_sample(&op->in[F]), u = (double)fh_shape_sample(&op->in[U]);
  return (fh_cost){.flops = 4 * (double)(v->a->in * v->a->taps) * f,
                   .bytes = (3 * f + 3 * u) * sizeof(fh_real)};
}

static fh_status check(const fh_smooth_config *c)
{
  FH_CHECK(c->f_channels >= 1 && c->u_channels >= 1, FH_ERR_ARG,
           "smooth: f has %td channels and u %td; both must be positive", c->f_channels,
           c->u_channels);
  FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG, "smooth: %d axes, allowed are 1 to %d",
           c->dim, FH_MAX_DIM);
  for (int a = 0; a < c->dim; a++)
    for (int e = 0; e < 2; e++)
      FH_CHECK(c->side[a][e] >= 0 && c->side[a][e] < FH_SIDE_COUNT, FH_ERR_ARG,
               "smooth: boundary kind %d of axis %d is not one of 0..%d", c->side[a][e], a,
               FH_SIDE_COUNT - 1);
  return FH_OK;
}

static fh_status declare(fh_op *op, const fh_smooth_config *c)
{
  const ptrdiff_t a[2 + FH_MAX_DIM] = {c->f_channels, c->u_channels, 3, 3, 3};
  const ptrdiff_t s[2 + FH_MAX_DIM] = {c->u_channels, c->f_channels, 3, 3, 3};
  const double of_a = 1 / sqrt((double)c->u_channels * pow(3, c->dim));
  const double of_s = 1 / sqrt((double)c->f_channels * pow(3, c->dim));
  FH_TRY(fh_op_param(op, "A.weight", 2 + c->dim, a, false, FH_INIT_UNIFORM, of_a));
  FH_TRY(fh_op_param(op, "S.weight", 2 + c->dim, s, false, FH_INIT_UNIFORM, of_s));
  if (!c->bias) return FH_OK;
  FH_TRY(fh_op_param(op, "A.bias", 1, a, false, FH_INIT_UNIFORM, of_a));
  FH_TRY(fh_op_param(op, "S.bias", 1, s, false, FH_INIT_UNIFORM, of_s));
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in);

#define SMOOTH_CLASS(is_linear)                                                                    \
  {                                                                                                \
    .name = "smooth", .setup = setup, .forward = forward, .backward = backward,                    \
    .destroy = destroy, .cost = cost, .example = example, .linear = (is_linear)                    \
  }

const fh_op_class fh_smooth_class = SMOOTH_CLASS(false);
/* without biases it is linear in its inputs */
static const fh_op_class linear_class = SMOOTH_CLASS(true);

fh_status fh_smooth_create(const fh_smooth_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(check(config));
  fh_op *o = NULL;
  FH_TRY(fh_op_new(config->bias ? &fh_smooth_class : &linear_class, 2, 1, sizeof(smooth), &o));
  *(smooth *)o->data = (smooth){.config = *config};
  const fh_status st = declare(o, config);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

enum { Z = FH_SIDE_ZERO, M = FH_SIDE_REFLECT, R = FH_SIDE_REPLICATE, P = FH_SIDE_PERIODIC };

/* channels of f and u, axes, bias, sides; samples, points */
static const struct {
  fh_smooth_config config;
  ptrdiff_t batch, n[3];
} cases[] = {
    {{2, 3, 2, false, {{Z, Z}, {Z, Z}}, 0}, 2, {6, 5}},
    {{3, 2, 2, true, {{P, P}, {P, P}}, 0}, 2, {5, 8}},
    {{2, 2, 2, true, {{M, M}, {M, M}}, 0}, 2, {4, 7}},
    {{1, 4, 2, false, {{R, Z}, {M, R}}, 0}, 1, {5, 6}},
    {{4, 1, 2, false, {{P, P}, {Z, M}}, 0}, 2, {3, 9}},
    {{9, 9, 2, true, {{Z, Z}, {P, P}}, 0}, 1, {13, 35}},
    {{2, 3, 1, true, {{Z, M}}, 0}, 2, {11}},
    {{2, 2, 3, false, {{P, P}, {Z, R}, {M, M}}, 0}, 2, {3, 4, 5}},
    {{2, 3, 2, true, {{Z, Z}, {Z, Z}}, FH_CONVOLUTION_WINOGRAD}, 2, {6, 5}},
    {{3, 2, 2, true, {{P, P}, {R, M}}, FH_CONVOLUTION_WINOGRAD}, 3, {5, 9}},
    {{9, 5, 2, false, {{M, M}, {P, P}}, FH_CONVOLUTION_WINOGRAD}, 1, {9, 67}},
};

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  const fh_smooth_config *c = &cases[i].config;
  FH_TRY(fh_example_shape(cases[i].batch, c->f_channels, c->dim, cases[i].n, &in[F]));
  FH_TRY(fh_example_shape(cases[i].batch, c->u_channels, c->dim, cases[i].n, &in[U]));
  return fh_smooth_create(c, op);
}
