/* mlp - see README.md */
#include "operators/mlp/mlp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/pointwise_tile.h"

enum { W0, B0, W1, B1, GATE };

typedef struct {
  fh_mlp_config config;
  const fh_pointwise *k;
  ptrdiff_t points;
} mlp;

/* What a call works with. Matrices in the kernels' order: w0, w1 forward, t0, t1 transposed. Tiles:
 * x, h = act(W0 x + b0) and g the gradient at the hidden layer, z the result, s the
 * skip where it is ragged; a row of ones. Sums of the gradients: d... */
typedef struct {
  fh_real *w0, *w1, *t0, *t1, *x, *h, *g, *z, *s, *one, *dw0, *db0, *dw1, *db1, *dgate;
  size_t sums; /* bytes of dw0..dgate, which lie together */
} bench;

static size_t bench_of(const mlp *m, bool backward, void *work, bench *b)
{
  const ptrdiff_t in = m->config.in_channels, hid = m->config.hidden, out = m->config.out_channels,
                  lanes = m->k->lanes;
  memset(b, 0, sizeof *b);
  fh_carve c = {.base = work};
  b->w0 = fh_carve_reals(&c, m->k->packed_size(hid, in));
  b->w1 = fh_carve_reals(&c, m->k->packed_size(out, hid));
  b->x = fh_carve_reals(&c, in * FH_TILE);
  b->h = fh_carve_reals(&c, hid * FH_TILE);
  b->z = fh_carve_reals(&c, out * FH_TILE);
  b->one = fh_carve_reals(&c, FH_TILE);
  if (!backward) return c.used;
  b->t0 = fh_carve_reals(&c, m->k->packed_size(in, hid));
  b->t1 = fh_carve_reals(&c, m->k->packed_size(hid, out));
  b->g = fh_carve_reals(&c, hid * FH_TILE);
  b->s = fh_carve_reals(&c, m->config.skip == FH_MLP_GATE_SKIP ? out * FH_TILE : 0);
  const size_t before = c.used;
  b->dw0 = fh_carve_reals(&c, hid * in * lanes);
  b->db0 = fh_carve_reals(&c, hid * lanes);
  b->dw1 = fh_carve_reals(&c, out * hid * lanes);
  b->db1 = fh_carve_reals(&c, out * lanes);
  b->dgate = fh_carve_reals(&c, out * lanes);
  b->sums = c.used - before;
  return c.used;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  mlp *m = op->data;
  const fh_mlp_config *c = &m->config;
  FH_CHECK(in[0].channels == c->in_channels, FH_ERR_SHAPE,
           "mlp: input has %td channels, the first layer takes %td", in[0].channels,
           c->in_channels);
  out[0] = in[0];
  out[0].channels = c->out_channels;
  m->points = fh_shape_points(&in[0]);
  if (c->skip != FH_MLP_NO_SKIP)
    FH_CHECK(in[1].channels == c->out_channels && fh_shape_points(&in[1]) == m->points,
             FH_ERR_SHAPE, "mlp: the skip is %td x %td points, the result %td x %td",
             in[1].channels, fh_shape_points(&in[1]), c->out_channels, m->points);
  bench b;
  need->work = bench_of(m, true, NULL, &b);
  if (c->out_activation != FH_ACT_IDENTITY)
    need->saved = (size_t)fh_shape_size(&out[0]) * sizeof(fh_real);
  need->bwd_reads_in = c->skip == FH_MLP_GATE_SKIP ? 3 : 1;
  if (c->skip == FH_MLP_ADD_SKIP && c->out_activation == FH_ACT_IDENTITY) need->bwd_same = 1u << 1;
  return FH_OK;
}

/* One tile: y = out_act(z), z = W1 act(W0 x + b0) + b1 + skip; keep = out_act'(z) if keep. */
static void forward_tile(const mlp *m, const bench *b, const fh_real *const *param, ptrdiff_t n,
                         const fh_real *x, const fh_real *s, fh_real *keep, fh_real *y)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels, p = m->points;
  fh_tile_load(in, n, x, p, b->x);
  m->k->apply(hid, in, n, b->w0, param[B0], NULL, 0, NULL, b->x, FH_TILE, NULL, b->h, FH_TILE);
  for (ptrdiff_t r = 0; r < hid; r++)
    m->k->activate(c->activation, n, b->h + r * FH_TILE, b->h + r * FH_TILE);
  const fh_real *gate = c->skip == FH_MLP_GATE_SKIP ? param[GATE] : NULL;
  if (s) fh_tile_soon(out, s, p);
  if (c->out_activation == FH_ACT_IDENTITY) {
    fh_tile_soon(out, y, p);
    m->k->apply(out, hid, n, b->w1, param[B1], s, p, gate, b->h, FH_TILE, NULL, y, p);
    return;
  }
  m->k->apply(out, hid, n, b->w1, param[B1], s, p, gate, b->h, FH_TILE, NULL, b->z, FH_TILE);
  fh_tile_activate(m->k, c->out_activation, out, n, b->z, b->one, y, keep, p);
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const mlp *m = op->data;
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels, p = m->points;
  bench b;
  bench_of(m, false, io->work, &b);
  m->k->pack(hid, in, io->param[W0], in, 1, b.w0);
  m->k->pack(out, hid, io->param[W1], hid, 1, b.w1);
  for (ptrdiff_t t = 0; t < FH_TILE; t++) b.one[t] = 1;
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    for (ptrdiff_t t = 0; t < p; t += FH_TILE) {
      const ptrdiff_t n = p - t < FH_TILE ? p - t : FH_TILE, at = i * out * p + t;
      forward_tile(m, &b, io->param, n, io->in[0] + i * in * p + t,
                   c->skip != FH_MLP_NO_SKIP ? io->in[1] + at : NULL,
                   io->saved ? (fh_real *)io->saved + at : NULL, io->out[0] + at);
    }
  }
  return FH_OK;
}

/* dz = slope dy in a tile, slope = out_act'(z); the skip's share of it: ds = dz or g .* dz, dg += <dz, s> */
static void backward_end(const mlp *m, const bench *b, const fh_real *gate, ptrdiff_t n,
                         const fh_real *slope, const fh_real *dy, const fh_real *s, fh_real *ds)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t out = c->out_channels, p = m->points;
  if (c->out_activation == FH_ACT_IDENTITY) {
    fh_tile_load(out, n, dy, p, b->z);
  } else {
    fh_tile_activate_back(m->k, out, n, slope, dy, p, b->z);
  }
  if (c->skip == FH_MLP_GATE_SKIP) {
    const bool ragged = n % m->k->lanes != 0; /* whole vectors would read past the field */
    if (ragged)
      fh_tile_load(out, n, s, p, b->s);
    else
      fh_tile_soon(out, s, p);
    m->k->row_dots(out, n, b->z, FH_TILE, ragged ? b->s : s, ragged ? FH_TILE : p, b->dgate);
  }
  if (!ds) return;
  if (c->skip == FH_MLP_ADD_SKIP) {
    fh_tile_store(out, n, b->z, ds, p);
  } else {
    fh_tile_soon(out, ds, p);
    m->k->scale_rows(out, n, gate, b->z, FH_TILE, ds, p);
  }
}

/* Hidden values again, then both layers downwards. */
static void backward_layers(const mlp *m, const bench *b, const fh_real *bias0, ptrdiff_t n,
                            const fh_real *x, fh_real *dx)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels, p = m->points;
  const fh_pointwise *k = m->k;
  fh_tile_load(in, n, x, p, b->x);
  k->apply(hid, in, n, b->w0, bias0, NULL, 0, NULL, b->x, FH_TILE, NULL, b->h, FH_TILE);
  k->apply(hid, out, n, b->t1, NULL, NULL, 0, NULL, b->z, FH_TILE, NULL, b->g, FH_TILE);
  for (ptrdiff_t r = 0; r < hid; r++) {
    fh_real *h = b->h + r * FH_TILE, *g = b->g + r * FH_TILE;
    k->activate_both(c->activation, n, h, g, h, g);
  }
  fh_tile_clear(hid, n, b->h);
  fh_tile_clear(hid, n, b->g);
  k->outer(out, hid, n, b->z, FH_TILE, b->h, FH_TILE, NULL, b->dw1);
  k->row_sums(out, n, b->z, FH_TILE, b->db1);
  k->outer(hid, in, n, b->g, FH_TILE, b->x, FH_TILE, NULL, b->dw0);
  k->row_sums(hid, n, b->g, FH_TILE, b->db0);
  if (!dx) return;
  fh_tile_soon(in, dx, p);
  k->apply(in, hid, n, b->t0, NULL, NULL, 0, NULL, b->g, FH_TILE, NULL, dx, p);
}

static void fold_gradients(const mlp *m, const bench *b, fh_real *const *dparam)
{
  const fh_mlp_config *c = &m->config;
  m->k->fold(c->hidden * c->in_channels, b->dw0, dparam[W0]);
  m->k->fold(c->hidden, b->db0, dparam[B0]);
  m->k->fold(c->out_channels * c->hidden, b->dw1, dparam[W1]);
  m->k->fold(c->out_channels, b->db1, dparam[B1]);
  if (c->skip == FH_MLP_GATE_SKIP) m->k->fold(c->out_channels, b->dgate, dparam[GATE]);
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const mlp *m = op->data;
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels, p = m->points;
  const bool gate = c->skip == FH_MLP_GATE_SKIP;
  bench b;
  bench_of(m, true, io->work, &b);
  m->k->pack(hid, in, io->param[W0], in, 1, b.w0);
  m->k->pack(in, hid, io->param[W0], 1, in, b.t0);
  m->k->pack(hid, out, io->param[W1], 1, hid, b.t1);
  memset(b.dw0, 0, b.sums);
  fh_real *ds = c->skip != FH_MLP_NO_SKIP && io->din[1] != io->dout[0] ? io->din[1] : NULL;
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    for (ptrdiff_t t = 0; t < p; t += FH_TILE) {
      const ptrdiff_t n = p - t < FH_TILE ? p - t : FH_TILE;
      const ptrdiff_t at = i * out * p + t, at_x = i * in * p + t;
      backward_end(m, &b, gate ? io->param[GATE] : NULL, n,
                   io->saved ? (const fh_real *)io->saved + at : NULL, io->dout[0] + at,
                   gate ? io->in[1] + at : NULL, ds ? ds + at : NULL);
      backward_layers(m, &b, io->param[B0], n, io->in[0] + at_x,
                      io->din[0] ? io->din[0] + at_x : NULL);
    }
  }
  fold_gradients(m, &b, io->dparam);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const fh_mlp_config *c = &((const mlp *)op->data)->config;
  const double p = (double)fh_shape_points(&op->in[0]), in = (double)c->in_channels,
               hid = (double)c->hidden, out = (double)c->out_channels;
  const double skip = c->skip != FH_MLP_NO_SKIP ? out : 0;
  return (fh_cost){.flops = 2 * hid * (in + out) * p,
                   .bytes = (in + out + skip) * p * sizeof(fh_real)};
}

static fh_status declare(fh_op *op, const fh_mlp_config *c)
{
  const char *prefix = c->fcs_prefix ? c->fcs_prefix : "";
  const struct {
    const char *role;
    int rank;
    ptrdiff_t n[2], fan_in;
  } params[] = {{"fcs.0.weight", 2, {c->hidden, c->in_channels}, c->in_channels},
                {"fcs.0.bias", 1, {c->hidden, 0}, c->in_channels},
                {"fcs.1.weight", 2, {c->out_channels, c->hidden}, c->hidden},
                {"fcs.1.bias", 1, {c->out_channels, 0}, c->hidden}};
  char role[sizeof op->param[0].role];
  for (int i = 0; i < 4; i++) {
    const int length = snprintf(role, sizeof role, "%s%s", prefix, params[i].role);
    FH_CHECK(length < (int)sizeof role, FH_ERR_ARG,
             "mlp: parameter name %s%s is longer than %d characters", prefix, params[i].role,
             (int)sizeof role - 1);
    FH_TRY(fh_op_param(op, role, params[i].rank, params[i].n, false, FH_INIT_UNIFORM,
                       1 / sqrt((double)params[i].fan_in)));
  }
  if (c->skip != FH_MLP_GATE_SKIP) return FH_OK;
  const ptrdiff_t n[2] = {1, c->out_channels};
  return fh_op_param(op, c->gate_role ? c->gate_role : "gate.weight", 2, n, false, FH_INIT_ONE, 0);
}

fh_status fh_mlp_create(const fh_mlp_config *config, fh_op **op)
{
  *op = NULL;
  const fh_mlp_config *c = config;
  FH_CHECK(c->in_channels >= 1 && c->hidden >= 1 && c->out_channels >= 1, FH_ERR_ARG,
           "mlp: %td -> %td -> %td channels; all must be positive", c->in_channels, c->hidden,
           c->out_channels);
  FH_CHECK(c->activation >= 0 && c->activation < FH_ACT_COUNT && c->out_activation >= 0 &&
               c->out_activation < FH_ACT_COUNT,
           FH_ERR_ARG, "mlp: activations %d and %d; they are numbered 0..%d", c->activation,
           c->out_activation, FH_ACT_COUNT - 1);
  FH_CHECK(c->skip <= FH_MLP_GATE_SKIP, FH_ERR_ARG, "mlp: skip %d is not one of 0..%d",
           (int)c->skip, (int)FH_MLP_GATE_SKIP);
  fh_op *o = NULL;
  FH_TRY(fh_op_new(&fh_mlp_class, c->skip == FH_MLP_NO_SKIP ? 1 : 2, 1, sizeof(mlp), &o));
  mlp *m = o->data;
  m->config = *c;
  m->config.fcs_prefix = m->config.gate_role = NULL; /* the caller's strings, used in declare */
  m->k = fh_pointwise_get();
  const fh_status st = declare(o, c);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_mlp_config config;
    int dim;
    ptrdiff_t batch, n[3];
  } cases[] = {
      {{3, 7, 5, FH_ACT_GELU, FH_MLP_NO_SKIP, FH_ACT_IDENTITY, NULL, NULL}, 1, 2, {7}},
      {{1, 1, 1, FH_ACT_TANH, FH_MLP_ADD_SKIP, FH_ACT_IDENTITY, NULL, NULL}, 2, 1, {3, 5}},
      {{6, 3, 6, FH_ACT_GELU, FH_MLP_GATE_SKIP, FH_ACT_GELU, "mlp.0.", "gates.0.weight"},
       2,
       3,
       {9, 17}},
      {{4, 9, 3, FH_ACT_GELU, FH_MLP_ADD_SKIP, FH_ACT_TANH, NULL, NULL}, 3, 2, {3, 5, 9}},
      {{9, 16, 1, FH_ACT_IDENTITY, FH_MLP_NO_SKIP, FH_ACT_GELU, NULL, NULL}, 1, 1, {300}},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(fh_example_shape(cases[i].batch, cases[i].config.in_channels, cases[i].dim, cases[i].n,
                          &in[0]));
  FH_TRY(fh_example_shape(cases[i].batch, cases[i].config.out_channels, cases[i].dim, cases[i].n,
                          &in[1]));
  return fh_mlp_create(&cases[i].config, op);
}

const fh_op_class fh_mlp_class = {.name = "mlp",
                                  .setup = setup,
                                  .forward = forward,
                                  .backward = backward,
                                  .cost = cost,
                                  .example = example};
