/* linear - see README.md */
#include "operators/linear/linear.h"

#include <math.h>
#include <string.h>

#include "kernels/pointwise_tile.h"

enum { WEIGHT, BIAS };

typedef struct {
  fh_linear_config config;
  const fh_pointwise *k;
  ptrdiff_t points;
} linear;

/* what a call works with: weights in the kernels' order, tiles of x and z, a row of ones, sums of the gradients */
typedef struct {
  fh_real *w, *x, *z, *one, *dw, *db;
} bench;

static size_t bench_of(const linear *l, bool backward, void *work, bench *b)
{
  const ptrdiff_t in = l->config.in_channels, out = l->config.out_channels;
  fh_carve c = {.base = work};
  b->w = fh_carve_reals(&c, l->k->packed_size(in, out));
  b->x = fh_carve_reals(&c, in * FH_TILE);
  b->z = fh_carve_reals(&c, out * FH_TILE);
  b->one = fh_carve_reals(&c, FH_TILE);
  b->dw = backward ? fh_carve_reals(&c, out * in * l->k->lanes) : NULL;
  b->db = backward ? fh_carve_reals(&c, out * l->k->lanes) : NULL;
  return c.used;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  linear *l = op->data;
  const fh_linear_config *c = &l->config;
  FH_CHECK(in[0].channels == c->in_channels, FH_ERR_SHAPE,
           "linear: input has %td channels, the matrix takes %td", in[0].channels, c->in_channels);
  out[0] = in[0];
  out[0].channels = c->out_channels;
  l->points = fh_shape_points(&in[0]);
  if (c->add)
    FH_CHECK(in[1].channels == c->out_channels && fh_shape_points(&in[1]) == l->points,
             FH_ERR_SHAPE, "linear: the addend is %td x %td points, the result %td x %td",
             in[1].channels, fh_shape_points(&in[1]), c->out_channels, l->points);
  bench b;
  need->work = bench_of(l, true, NULL, &b);
  if (c->activation != FH_ACT_IDENTITY)
    need->saved = (size_t)fh_shape_size(&out[0]) * sizeof(fh_real);
  need->bwd_reads_in = 1;
  if (c->add && c->activation == FH_ACT_IDENTITY) need->bwd_same = 1u << 1;
  return FH_OK;
}

/* One tile: y = act(z), z = W x + b + s; keep = act'(z) if keep. */
static void forward_tile(const linear *l, const bench *b, const fh_real *bias, ptrdiff_t n,
                         const fh_real *x, const fh_real *s, fh_real *keep, fh_real *y)
{
  const fh_linear_config *c = &l->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = l->points;
  fh_tile_load(in, n, x, p, b->x);
  if (s) fh_tile_soon(out, s, p);
  if (c->activation == FH_ACT_IDENTITY) {
    fh_tile_soon(out, y, p);
    l->k->apply(out, in, n, b->w, bias, s, p, NULL, b->x, FH_TILE, NULL, y, p);
    return;
  }
  l->k->apply(out, in, n, b->w, bias, s, p, NULL, b->x, FH_TILE, NULL, b->z, FH_TILE);
  fh_tile_activate(l->k, c->activation, out, n, b->z, b->one, y, keep, p);
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const linear *l = op->data;
  const fh_linear_config *c = &l->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = l->points;
  bench b;
  bench_of(l, false, io->work, &b);
  l->k->pack(out, in, io->param[WEIGHT], in, 1, b.w);
  for (ptrdiff_t t = 0; t < FH_TILE; t++) b.one[t] = 1;
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    for (ptrdiff_t t = 0; t < p; t += FH_TILE) {
      const ptrdiff_t n = p - t < FH_TILE ? p - t : FH_TILE, at = i * out * p + t;
      forward_tile(l, &b, c->bias ? io->param[BIAS] : NULL, n, io->in[0] + i * in * p + t,
                   c->add ? io->in[1] + at : NULL, io->saved ? (fh_real *)io->saved + at : NULL,
                   io->out[0] + at);
    }
  }
  return FH_OK;
}

/* dz = slope dy with slope = act'(z); ds = dz; dW += dz x', db += dz 1; dx = W' dz */
static void backward_tile(const linear *l, const bench *b, ptrdiff_t n, const fh_real *slope,
                          const fh_real *dy, const fh_real *x, fh_real *dx, fh_real *ds)
{
  const fh_linear_config *c = &l->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = l->points;
  if (c->activation == FH_ACT_IDENTITY) {
    fh_tile_load(out, n, dy, p, b->z);
  } else {
    fh_tile_activate_back(l->k, out, n, slope, dy, p, b->z);
  }
  if (ds) fh_tile_store(out, n, b->z, ds, p);
  fh_tile_load(in, n, x, p, b->x);
  l->k->outer(out, in, n, b->z, FH_TILE, b->x, FH_TILE, NULL, b->dw);
  if (c->bias) l->k->row_sums(out, n, b->z, FH_TILE, b->db);
  if (!dx) return;
  fh_tile_soon(in, dx, p);
  l->k->apply(in, out, n, b->w, NULL, NULL, 0, NULL, b->z, FH_TILE, NULL, dx, p);
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const linear *l = op->data;
  const fh_linear_config *c = &l->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = l->points;
  bench b;
  bench_of(l, true, io->work, &b);
  l->k->pack(in, out, io->param[WEIGHT], 1, in, b.w);
  memset(b.dw, 0, (size_t)(out * in * l->k->lanes) * sizeof(fh_real));
  memset(b.db, 0, (size_t)(out * l->k->lanes) * sizeof(fh_real));
  fh_real *ds = c->add && io->din[1] != io->dout[0] ? io->din[1] : NULL;
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    for (ptrdiff_t t = 0; t < p; t += FH_TILE) {
      const ptrdiff_t n = p - t < FH_TILE ? p - t : FH_TILE;
      const ptrdiff_t at = i * out * p + t, at_x = i * in * p + t;
      backward_tile(l, &b, n, io->saved ? (const fh_real *)io->saved + at : NULL, io->dout[0] + at,
                    io->in[0] + at_x, io->din[0] ? io->din[0] + at_x : NULL, ds ? ds + at : NULL);
    }
  }
  l->k->fold(out * in, b.dw, io->dparam[WEIGHT]);
  if (c->bias) l->k->fold(out, b.db, io->dparam[BIAS]);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const fh_linear_config *c = &((const linear *)op->data)->config;
  const double p = (double)fh_shape_points(&op->in[0]), in = (double)c->in_channels,
               out = (double)c->out_channels;
  return (fh_cost){.flops = 2 * in * out * p,
                   .bytes = (in + (c->add ? 2 : 1) * out) * p * sizeof(fh_real)};
}

fh_status fh_linear_create(const fh_linear_config *config, fh_op **op)
{
  *op = NULL;
  const ptrdiff_t in = config->in_channels, out = config->out_channels;
  FH_CHECK(in >= 1 && out >= 1, FH_ERR_ARG, "linear: %td -> %td channels; both must be positive",
           in, out);
  FH_CHECK(config->activation >= 0 && config->activation < FH_ACT_COUNT, FH_ERR_ARG,
           "linear: activation %d is not one of 0..%d", config->activation, FH_ACT_COUNT - 1);
  fh_op *o = NULL;
  FH_TRY(fh_op_new(&fh_linear_class, config->add ? 2 : 1, 1, sizeof(linear), &o));
  linear *l = o->data;
  l->config = *config;
  l->k = fh_pointwise_get();
  const double scale = 1 / sqrt((double)in);
  fh_status st =
      fh_op_param(o, "weight", 2, (const ptrdiff_t[]){out, in}, false, FH_INIT_UNIFORM, scale);
  if (st == FH_OK && config->bias)
    st = fh_op_param(o, "bias", 1, &out, false, FH_INIT_UNIFORM, scale);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_linear_config config;
    int dim;
    ptrdiff_t batch, n[3];
  } cases[] = {
      {{3, 5, true, false, FH_ACT_IDENTITY}, 1, 2, {7}},
      {{1, 1, false, false, FH_ACT_IDENTITY}, 2, 1, {3, 5}},
      {{11, 9, true, true, FH_ACT_GELU}, 2, 3, {9, 17}},
      {{4, 13, false, true, FH_ACT_IDENTITY}, 3, 2, {2, 3, 5}},
      {{2, 16, true, false, FH_ACT_TANH}, 1, 2, {1}},
      {{16, 3, true, true, FH_ACT_TANH}, 3, 2, {4, 5, 8}},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(fh_example_shape(cases[i].batch, cases[i].config.in_channels, cases[i].dim, cases[i].n,
                          &in[0]));
  FH_TRY(fh_example_shape(cases[i].batch, cases[i].config.out_channels, cases[i].dim, cases[i].n,
                          &in[1]));
  return fh_linear_create(&cases[i].config, op);
}

const fh_op_class fh_linear_class = {.name = "linear",
                                     .setup = setup,
                                     .forward = forward,
                                     .backward = backward,
                                     .cost = cost,
                                     .example = example};
