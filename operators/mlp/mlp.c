/* mlp - see README.md */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "operators/mlp/mlp_impl.h"

/* parameters behind the join's matrix, which is the first if there is one */
enum { W0, B0, W1, B1, GATE };

static bool reads_skip(const fh_mlp_config *c)
{
  return c->join || c->skip != FH_MLP_NO_SKIP;
}

/* Saved values of a batch, each of `points` a channel: slope of out_channels if there is an
 * activation at the end; with a join x, and x_slope if the join has an activation. */
typedef struct {
  size_t slope, x, x_slope, total; /* where they begin, in reals */
} saved_layout;

static saved_layout layout_of(const mlp *m, ptrdiff_t batch)
{
  const fh_mlp_config *c = &m->config;
  const size_t points = (size_t)(batch * m->points), x = points * (size_t)c->in_channels;
  saved_layout at = {0};
  at.x = c->out_activation != FH_ACT_IDENTITY ? points * (size_t)c->out_channels : 0;
  at.x_slope = at.x + (c->join ? x : 0);
  at.total = at.x_slope + (c->join && c->join_activation != FH_ACT_IDENTITY ? x : 0);
  return at;
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
  if (reads_skip(c))
    FH_CHECK(in[1].channels == c->out_channels && fh_shape_points(&in[1]) == m->points,
             FH_ERR_SHAPE, "mlp: the skip is %td x %td points, the result %td x %td",
             in[1].channels, fh_shape_points(&in[1]), c->out_channels, m->points);
  fh_mlp_bench b;
  need->work = fh_mlp_bench_of(m, true, NULL, &b);
  need->saved = layout_of(m, in[0].batch).total * sizeof(fh_real);
  if (c->join) {
    need->bwd_reads_in = 2;
    return FH_OK;
  }
  need->bwd_reads_in = c->skip == FH_MLP_GATE_SKIP ? 3 : 1;
  if (c->skip == FH_MLP_ADD_SKIP && c->out_activation == FH_ACT_IDENTITY) need->bwd_same = 1u << 1;
  return FH_OK;
}

/* The saved fields at point t of sample i. */
static void place_saved(const mlp *m, ptrdiff_t batch, void *saved, ptrdiff_t i, ptrdiff_t t,
                        fh_mlp_place *at)
{
  const fh_mlp_config *c = &m->config;
  if (!saved) return;
  const saved_layout l = layout_of(m, batch);
  fh_real *base = saved;
  const ptrdiff_t x = i * c->in_channels * m->points + t;
  if (l.x > 0) at->slope = base + i * c->out_channels * m->points + t;
  if (l.x_slope > l.x) at->x = base + l.x + x;
  if (l.total > l.x_slope) at->x_slope = base + l.x_slope + x;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const mlp *m = op->data;
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = m->points;
  const fh_real *const *layers = io->param + (c->join ? 1 : 0);
  const fh_real *gate = c->skip == FH_MLP_GATE_SKIP ? layers[GATE] : NULL;
  fh_mlp_bench b;
  fh_mlp_bench_of(m, false, io->work, &b);
  fh_mlp_bench_fill(m, false, c->join ? io->param[0] : NULL, layers[W0], layers[W1], &b);
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    for (ptrdiff_t t = 0; t < p; t += FH_TILE) {
      const ptrdiff_t n = p - t < FH_TILE ? p - t : FH_TILE, at_out = i * out * p + t;
      fh_mlp_place at = {.u = io->in[0] + i * in * p + t, .y = io->out[0] + at_out};
      if (reads_skip(c)) at.s = io->in[1] + at_out;
      place_saved(m, op->in[0].batch, io->saved, i, t, &at);
      fh_mlp_forward_tile(m, &b, layers[B0], layers[B1], gate, n, &at);
    }
  }
  return FH_OK;
}

static void fold_gradients(const mlp *m, const fh_mlp_bench *b, fh_real *const *dparam)
{
  const fh_mlp_config *c = &m->config;
  fh_real *const *dlayers = dparam + (c->join ? 1 : 0);
  if (c->join) m->k->fold(c->in_channels * c->out_channels, b->dwj, dparam[0]);
  m->k->fold(c->hidden * c->in_channels, b->dw0, dlayers[W0]);
  m->k->fold(c->hidden, b->db0, dlayers[B0]);
  m->k->fold(c->out_channels * c->hidden, b->dw1, dlayers[W1]);
  m->k->fold(c->out_channels, b->db1, dlayers[B1]);
  if (c->skip == FH_MLP_GATE_SKIP) m->k->fold(c->out_channels, b->dgate, dlayers[GATE]);
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const mlp *m = op->data;
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = m->points;
  const fh_real *const *layers = io->param + (c->join ? 1 : 0);
  const fh_real *gate = c->skip == FH_MLP_GATE_SKIP ? layers[GATE] : NULL;
  fh_mlp_bench b;
  fh_mlp_bench_of(m, true, io->work, &b);
  fh_mlp_bench_fill(m, true, c->join ? io->param[0] : NULL, layers[W0], layers[W1], &b);
  fh_real *ds = reads_skip(c) && io->din[1] != io->dout[0] ? io->din[1] : NULL;
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    for (ptrdiff_t t = 0; t < p; t += FH_TILE) {
      const ptrdiff_t n = p - t < FH_TILE ? p - t : FH_TILE;
      const ptrdiff_t at_in = i * in * p + t, at_out = i * out * p + t;
      fh_mlp_place at = {.dy = io->dout[0] + at_out};
      if (!c->join) at.u = io->in[0] + at_in;
      if (c->join || gate) at.s = io->in[1] + at_out;
      if (io->din[0]) at.du = io->din[0] + at_in;
      if (ds) at.ds = ds + at_out;
      place_saved(m, op->in[0].batch, io->saved, i, t, &at);
      fh_mlp_backward_tile(m, &b, layers[B0], gate, n, &at);
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
  const double skip = reads_skip(c) ? out : 0, join = c->join ? 2 * in * out * p : 0;
  return (fh_cost){.flops = 2 * hid * (in + out) * p + join,
                   .bytes = (in + out + skip) * p * sizeof(fh_real)};
}

static fh_status declare(fh_op *op, const fh_mlp_config *c)
{
  const char *prefix = c->fcs_prefix ? c->fcs_prefix : "";
  if (c->join)
    FH_TRY(fh_op_param(op, c->join_role ? c->join_role : "join.weight", 2,
                       (const ptrdiff_t[]){c->in_channels, c->out_channels}, false, FH_INIT_UNIFORM,
                       1 / sqrt((double)c->out_channels)));
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
               c->out_activation < FH_ACT_COUNT && c->join_activation >= 0 &&
               c->join_activation < FH_ACT_COUNT,
           FH_ERR_ARG, "mlp: activations %d, %d and %d; they are numbered 0..%d", c->activation,
           c->out_activation, c->join_activation, FH_ACT_COUNT - 1);
  FH_CHECK(c->skip <= FH_MLP_GATE_SKIP, FH_ERR_ARG, "mlp: skip %d is not one of 0..%d",
           (int)c->skip, (int)FH_MLP_GATE_SKIP);
  fh_op *o = NULL;
  FH_TRY(fh_op_new(&fh_mlp_class, reads_skip(c) ? 2 : 1, 1, sizeof(mlp), &o));
  mlp *m = o->data;
  m->config = *c;
  /* the caller's strings, used in declare */
  m->config.fcs_prefix = m->config.gate_role = m->config.join_role = NULL;
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
      {{3, 7, 5, FH_ACT_GELU, FH_MLP_NO_SKIP, FH_ACT_IDENTITY, false, 0, NULL, NULL, NULL},
       1,
       2,
       {7}},
      {{1, 1, 1, FH_ACT_TANH, FH_MLP_ADD_SKIP, FH_ACT_IDENTITY, false, 0, NULL, NULL, NULL},
       2,
       1,
       {3, 5}},
      {{6, 3, 6, FH_ACT_GELU, FH_MLP_GATE_SKIP, FH_ACT_GELU, false, 0, "mlp.0.", "gates.0.weight",
        NULL},
       2,
       3,
       {9, 17}},
      {{4, 9, 3, FH_ACT_GELU, FH_MLP_ADD_SKIP, FH_ACT_TANH, false, 0, NULL, NULL, NULL},
       3,
       2,
       {3, 5, 9}},
      {{9, 16, 1, FH_ACT_IDENTITY, FH_MLP_NO_SKIP, FH_ACT_GELU, false, 0, NULL, NULL, NULL},
       1,
       1,
       {300}},
      {{4, 5, 3, FH_ACT_GELU, FH_MLP_GATE_SKIP, FH_ACT_GELU, true, FH_ACT_TANH, NULL, NULL,
        "skips.0.weight"},
       2,
       2,
       {11, 13}},
      {{3, 2, 9, FH_ACT_TANH, FH_MLP_ADD_SKIP, FH_ACT_IDENTITY, true, FH_ACT_IDENTITY, NULL, NULL,
        NULL},
       1,
       3,
       {131}},
      {{2, 6, 5, FH_ACT_GELU, FH_MLP_NO_SKIP, FH_ACT_TANH, true, FH_ACT_GELU, NULL, NULL, NULL},
       3,
       1,
       {3, 4, 5}},
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
