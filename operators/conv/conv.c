/* conv - see README.md */
#include "operators/conv/conv.h"

#include <math.h>
#include <string.h>

#include "kernels/conv_box.h"
#include "kernels/pointwise.h"
#include "kernels/pointwise_tile.h"

enum { WEIGHT, BIAS };
/* points of a weight gradient at once: long, because its sums (out x in k^dim vectors) are many */
enum { PIECE = 8 * FH_TILE };

/* Every padded field has extents `large` = n + k - 1, so that entry a of the kernel is a shift by
 * one number: the convolution is a small matrix (out) x (in k^dim) applied to shifted rows. */
typedef struct {
  fh_conv_config config;
  const fh_pointwise *k;
  ptrdiff_t taps;                      /* k^dim */
  ptrdiff_t small[3], large[3], at[3]; /* the field, the padded field, where the field lies in it */
  ptrdiff_t points, padded;            /* of a channel; padded: with slack for whole strips */
  ptrdiff_t *off_in, *off_out;         /* shifted rows: [in][taps], [out][taps] */
} conv;

typedef struct {
  fh_real *w, *x, *g, *dw, *db;
} bench;

static size_t bench_of(const conv *v, bool backward, void *work, bench *b)
{
  const ptrdiff_t in = v->config.in_channels, out = v->config.out_channels, lanes = v->k->lanes;
  fh_carve c = {.base = work};
  b->w = fh_carve_reals(&c, v->k->packed_size(out, in * v->taps) + in * out * v->taps);
  b->x = fh_carve_reals(&c, in * v->padded);
  b->g = backward ? fh_carve_reals(&c, out * v->padded) : NULL;
  b->dw = backward ? fh_carve_reals(&c, out * in * v->taps * lanes) : NULL;
  b->db = backward ? fh_carve_reals(&c, out * lanes) : NULL;
  return c.used;
}

/* distance of kernel entry a in a padded field, from the row of entry 0 */
static ptrdiff_t shift(const conv *v, ptrdiff_t a)
{
  ptrdiff_t k[3], e[3];
  for (int d = 0; d < 3; d++) k[d] = v->at[d] ? v->config.kernel : 1;
  e[2] = a % k[2];
  e[1] = a / k[2] % k[1];
  e[0] = a / k[2] / k[1];
  return (e[0] * v->large[1] + e[1]) * v->large[2] + e[2];
}

static fh_status shifted_rows(const conv *v, ptrdiff_t channels, ptrdiff_t **off)
{
  FH_NEW(*off, channels * v->taps);
  for (ptrdiff_t c = 0; c < channels; c++)
    for (ptrdiff_t a = 0; a < v->taps; a++) (*off)[c * v->taps + a] = c * v->padded + shift(v, a);
  return FH_OK;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  conv *v = op->data;
  const fh_conv_config *c = &v->config;
  const fh_grid *grid = &in[0].layout.grid;
  FH_CHECK(in[0].channels == c->in_channels && grid->dim == c->dim, FH_ERR_SHAPE,
           "conv: input has %td channels on %d axes, the kernel takes %td on %d", in[0].channels,
           grid->dim, c->in_channels, c->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "conv: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(grid));
  out[0] = in[0];
  out[0].channels = c->out_channels;
  fh_box_extents(c->dim, grid->n, v->small);
  v->padded = 1;
  for (int a = 0; a < 3; a++) {
    v->at[a] = a < 3 - c->dim ? 0 : c->kernel / 2;
    v->large[a] = v->small[a] + 2 * v->at[a];
    v->padded *= v->large[a];
  }
  v->padded += shift(v, v->taps - 1) + v->k->strip;
  v->points = fh_shape_points(&in[0]);
  FH_TRY(shifted_rows(v, c->in_channels, &v->off_in));
  FH_TRY(shifted_rows(v, c->out_channels, &v->off_out));
  bench b;
  need->work = bench_of(v, true, NULL, &b);
  need->bwd_reads_in = 1;
  return FH_OK;
}

/* Zeros and the field in the middle of them, channel by channel. */
static void surround(const conv *v, ptrdiff_t channels, const fh_real *field, fh_real *padded)
{
  memset(padded, 0, (size_t)(channels * v->padded) * sizeof *padded);
  for (ptrdiff_t c = 0; c < channels; c++)
    fh_box_insert(1, v->small, field + c * v->points, v->large, v->at, padded + c * v->padded);
}

/* y = W * x row by row: row (i, j) of the result starts where the padded field's does. */
static void convolve(const conv *v, ptrdiff_t m, ptrdiff_t k, const fh_real *w, const fh_real *bias,
                     const fh_real *padded, const ptrdiff_t *off, fh_real *y)
{
  const ptrdiff_t n = v->small[2];
  for (ptrdiff_t i = 0; i < v->small[0]; i++)
    for (ptrdiff_t j = 0; j < v->small[1]; j++)
      v->k->apply(m, k * v->taps, n, w, bias, NULL, 0, NULL,
                  padded + (i * v->large[1] + j) * v->large[2], 0, off,
                  y + (i * v->small[1] + j) * n, v->points);
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const conv *v = op->data;
  const fh_conv_config *c = &v->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels;
  bench b;
  bench_of(v, false, io->work, &b);
  v->k->pack(out, in * v->taps, io->param[WEIGHT], in * v->taps, 1, b.w);
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    surround(v, in, io->in[0] + i * in * v->points, b.x);
    convolve(v, out, in, b.w, c->bias ? io->param[BIAS] : NULL, b.x, v->off_in,
             io->out[0] + i * out * v->points);
  }
  return FH_OK;
}

/* W'[c][o][a] = W[o][c][last - a]: the adjoint is the convolution with this kernel. */
static void pack_adjoint(const conv *v, const fh_real *w, fh_real *packed)
{
  const ptrdiff_t in = v->config.in_channels, out = v->config.out_channels, taps = v->taps;
  fh_real *flipped = packed + v->k->packed_size(out, in * taps);
  for (ptrdiff_t c = 0; c < in; c++)
    for (ptrdiff_t o = 0; o < out; o++)
      for (ptrdiff_t a = 0; a < taps; a++)
        flipped[(c * out + o) * taps + a] = w[(o * in + c) * taps + taps - 1 - a];
  v->k->pack(in, out * taps, flipped, out * taps, 1, packed);
}

/* dW[o][c][a] += sum over all points of dy[o] times x[c] shifted by a. Both fields are padded alike
 * and dy is zero in its padding, so that a whole channel is one long row. */
static void weight_gradient(const conv *v, const bench *b)
{
  const ptrdiff_t in = v->config.in_channels, out = v->config.out_channels;
  const fh_real *g = b->g + shift(v, v->taps - 1) / 2; /* the field's first point to the front */
  const ptrdiff_t length = v->large[0] * v->large[1] * v->large[2] - shift(v, v->taps - 1) / 2;
  for (ptrdiff_t t = 0; t < length; t += PIECE) {
    const ptrdiff_t n = length - t < PIECE ? length - t : PIECE;
    v->k->outer(out, in * v->taps, n, g + t, v->padded, b->x + t, 0, v->off_in, b->dw);
    if (v->config.bias) v->k->row_sums(out, n, g + t, v->padded, b->db);
  }
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const conv *v = op->data;
  const ptrdiff_t in = v->config.in_channels, out = v->config.out_channels;
  bench b;
  bench_of(v, true, io->work, &b);
  pack_adjoint(v, io->param[WEIGHT], b.w);
  memset(b.dw, 0, (size_t)(out * in * v->taps * v->k->lanes) * sizeof(fh_real));
  memset(b.db, 0, (size_t)(out * v->k->lanes) * sizeof(fh_real));
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    surround(v, in, io->in[0] + i * in * v->points, b.x);
    surround(v, out, io->dout[0] + i * out * v->points, b.g);
    weight_gradient(v, &b);
    if (io->din[0])
      convolve(v, in, out, b.w, NULL, b.g, v->off_out, io->din[0] + i * in * v->points);
  }
  v->k->fold(out * in * v->taps, b.dw, io->dparam[WEIGHT]);
  if (v->config.bias) v->k->fold(out, b.db, io->dparam[BIAS]);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  conv *v = op->data;
  fh_free(v->off_in);
  fh_free(v->off_out);
}

static fh_cost cost(const fh_op *op)
{
  const conv *v = op->data;
  const double p = (double)v->points, in = (double)v->config.in_channels,
               out = (double)v->config.out_channels;
  return (fh_cost){.flops = 2 * in * out * (double)v->taps * p,
                   .bytes = (in + out) * p * sizeof(fh_real)};
}

static fh_status declare(fh_op *op, const fh_conv_config *c, ptrdiff_t taps)
{
  ptrdiff_t n[2 + FH_MAX_DIM] = {c->out_channels, c->in_channels};
  for (int a = 0; a < c->dim; a++) n[2 + a] = c->kernel;
  const double scale = 1 / sqrt((double)(c->in_channels * taps));
  FH_TRY(fh_op_param(op, "weight", 2 + c->dim, n, false, FH_INIT_UNIFORM, scale));
  if (c->bias) FH_TRY(fh_op_param(op, "bias", 1, n, false, FH_INIT_UNIFORM, scale));
  return FH_OK;
}

fh_status fh_conv_create(const fh_conv_config *config, fh_op **op)
{
  *op = NULL;
  const fh_conv_config *c = config;
  FH_CHECK(c->in_channels >= 1 && c->out_channels >= 1, FH_ERR_ARG,
           "conv: %td -> %td channels; both must be positive", c->in_channels, c->out_channels);
  FH_CHECK(c->dim >= 1 && c->dim <= FH_MAX_DIM, FH_ERR_ARG, "conv: %d axes, allowed are 1 to %d",
           c->dim, FH_MAX_DIM);
  FH_CHECK(c->kernel >= 1 && c->kernel % 2 == 1, FH_ERR_ARG,
           "conv: a kernel of %td points has no middle; take an odd number", c->kernel);
  ptrdiff_t taps = 0, weights = 0;
  FH_TRY(fh_size_product(c->dim, (const ptrdiff_t[]){c->kernel, c->kernel, c->kernel}, &taps));
  FH_TRY(fh_size_product(3, (const ptrdiff_t[]){c->in_channels, c->out_channels, taps}, &weights));
  fh_op *o = NULL;
  FH_TRY(fh_op_new(&fh_conv_class, 1, 1, sizeof(conv), &o));
  conv *v = o->data;
  v->config = *c;
  v->k = fh_pointwise_get();
  v->taps = taps;
  const fh_status st = declare(o, c, taps);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_conv_config config;
    ptrdiff_t batch, n[3];
  } cases[] = {
      {{2, 3, 1, 3, true}, 2, {11}},      {{3, 5, 2, 3, false}, 2, {6, 9}},
      {{2, 2, 3, 3, true}, 2, {3, 4, 5}}, {{1, 1, 2, 5, true}, 1, {3, 2}},
      {{9, 4, 2, 1, true}, 1, {5, 4}},    {{1, 9, 1, 7, false}, 2, {2}},
      {{4, 1, 2, 3, true}, 2, {17, 33}},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(fh_example_shape(cases[i].batch, cases[i].config.in_channels, cases[i].config.dim,
                          cases[i].n, &in[0]));
  return fh_conv_create(&cases[i].config, op);
}

const fh_op_class fh_conv_class = {.name = "conv",
                                   .setup = setup,
                                   .forward = forward,
                                   .backward = backward,
                                   .destroy = destroy,
                                   .cost = cost,
                                   .example = example};
