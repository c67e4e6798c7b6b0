/* Matrices at every point, alone and with all that is done in the same pass, against loops. */
#include <stdio.h>

#include "kernels/pointwise.h"
#include "kernels_pointwise/reference.h"
#include "kernels_pointwise/rig.h"
#include "operators/linear/linear.h"
#include "operators/mlp/mlp.h"

enum { MOST = 4096 };
static fh_real want[MOST], want2[MOST];

static fh_status test_linear(ptrdiff_t in, ptrdiff_t out, ptrdiff_t n)
{
  const fh_linear_config c = {.in_channels = in, .out_channels = out, .bias = true};
  fh_op *op = NULL;
  fh_shape s;
  fh_rig g;
  FH_TRY(fh_linear_create(&c, &op));
  FH_TRY(box(2, in, 1, &n, &s));
  FH_TRY(fh_rig_run(op, &s, &g));
  for (int b = 0; b < 2; b++)
    linear_forward(in, out, n, g.param[0], g.param[1], g.x[0] + b * in * n, want + b * out * n);
  check("linear", fh_rig_error(2 * out * n, g.y, want), tight);
  for (int b = 0; b < 2; b++)
    linear_input(in, out, n, g.param[0], g.dy + b * out * n, want + b * in * n);
  check("linear, input gradient", fh_rig_error(2 * in * n, g.dx[0], want), tight);
  zero(want, in * out);
  zero(want2, out);
  for (int b = 0; b < 2; b++)
    linear_params(in, out, n, g.x[0] + b * in * n, g.dy + b * out * n, want, want2);
  check("linear, weight gradient", fh_rig_error(in * out, g.dparam[0], want), tight);
  check("linear, bias gradient", fh_rig_error(out, g.dparam[1], want2), tight);
  fh_rig_destroy(&g);
  return FH_OK;
}

/* y = act(W x + b + s), all gradients */
static fh_status test_linear_fused(void)
{
  enum { IN = 5, OUT = 7, P = 43 };
  const fh_linear_config c = {IN, OUT, true, true, FH_ACT_GELU};
  const ptrdiff_t n = P;
  fh_op *op = NULL;
  fh_shape s[2];
  fh_rig g;
  fh_real z[OUT * P], dz[OUT * P];
  FH_TRY(fh_linear_create(&c, &op));
  FH_TRY(box(1, IN, 1, &n, &s[0]));
  FH_TRY(box(1, OUT, 1, &n, &s[1]));
  FH_TRY(fh_rig_run(op, s, &g));
  linear_forward(IN, OUT, P, g.param[0], g.param[1], g.x[0], z);
  for (int i = 0; i < OUT * P; i++) {
    z[i] += g.x[1][i];
    want[i] = act(FH_ACT_GELU, (double)z[i]);
    dz[i] = g.dy[i] * act_slope(FH_ACT_GELU, (double)z[i]);
  }
  check("fused linear", fh_rig_error(OUT * P, g.y, want), tight);
  check("fused linear, addend gradient", fh_rig_error(OUT * P, g.dx[1], dz), tight);
  linear_input(IN, OUT, P, g.param[0], dz, want);
  check("fused linear, input gradient", fh_rig_error(IN * P, g.dx[0], want), tight);
  zero(want, IN * OUT);
  zero(want2, OUT);
  linear_params(IN, OUT, P, g.x[0], dz, want, want2);
  check("fused linear, weight gradient", fh_rig_error(IN * OUT, g.dparam[0], want), tight);
  check("fused linear, bias gradient", fh_rig_error(OUT, g.dparam[1], want2), tight);
  fh_rig_destroy(&g);
  return FH_OK;
}

enum { IN = 6, HID = 11, OUT = 5, P = 299 };

/* Values of one case in the order in which they are made, and their gradients. */
typedef struct {
  fh_real x[IN * P], x0[IN * P], h[HID * P], h0[HID * P], z[OUT * P];
  fh_real dx[IN * P], dh[HID * P], dz[OUT * P];
} trace;

/* y = act2(W1 act(W0 x + b0) + b1 + g s) step by step; with a join x = act3(Wj s + u) */
static void mlp_forward(const fh_mlp_config *c, const fh_rig *g, fh_real *const *fcs,
                        const fh_real *gate, ptrdiff_t n, trace *v)
{
  for (int i = 0; i < IN * n; i++) v->x[i] = g->x[0][i];
  if (c->join) {
    linear_forward(OUT, IN, n, g->param[0], NULL, g->x[1], v->x0);
    for (int i = 0; i < IN * n; i++) {
      v->x0[i] += g->x[0][i];
      v->x[i] = act(c->join_activation, (double)v->x0[i]);
    }
  }
  linear_forward(IN, HID, n, fcs[0], fcs[1], v->x, v->h0);
  for (int i = 0; i < HID * n; i++) v->h[i] = act(c->activation, (double)v->h0[i]);
  linear_forward(HID, OUT, n, fcs[2], fcs[3], v->h, v->z);
  for (int i = 0; i < OUT * n; i++) {
    if (c->skip != FH_MLP_NO_SKIP) v->z[i] += gate[i / n] * g->x[1][i];
    want[i] = act(c->out_activation, (double)v->z[i]);
  }
  check("mlp", fh_rig_error(OUT * n, g->y, want), tight);
}

static void mlp_backward(const fh_mlp_config *c, const fh_rig *g, fh_real *const *fcs,
                         const fh_real *gate, ptrdiff_t n, trace *v)
{
  for (int i = 0; i < OUT * n; i++)
    v->dz[i] = g->dy[i] * act_slope(c->out_activation, (double)v->z[i]);
  linear_input(HID, OUT, n, fcs[2], v->dz, v->dh);
  for (int i = 0; i < HID * n; i++) v->dh[i] *= act_slope(c->activation, (double)v->h0[i]);
  linear_input(IN, HID, n, fcs[0], v->dh, v->dx);
  zero(want2, OUT * n);
  if (c->join) {
    for (int i = 0; i < IN * n; i++) v->dx[i] *= act_slope(c->join_activation, (double)v->x0[i]);
    linear_input(OUT, IN, n, g->param[0], v->dx, want2);
  }
  check("mlp, input gradient", fh_rig_error(IN * n, g->dx[0], v->dx), tight);
  for (int i = 0; i < OUT * n && c->skip != FH_MLP_NO_SKIP; i++) want2[i] += gate[i / n] * v->dz[i];
  if (c->join || c->skip != FH_MLP_NO_SKIP)
    check("mlp, skip gradient", fh_rig_error(OUT * n, g->dx[1], want2), tight);
}

static void mlp_params(const fh_mlp_config *c, const fh_rig *g, fh_real *const *dfcs, ptrdiff_t n,
                       const trace *v)
{
  zero(want, HID * OUT);
  zero(want2, OUT);
  linear_params(HID, OUT, n, v->h, v->dz, want, want2);
  check("mlp, second weight", fh_rig_error(HID * OUT, dfcs[2], want), tight);
  check("mlp, second bias", fh_rig_error(OUT, dfcs[3], want2), tight);
  zero(want, IN * HID);
  zero(want2, HID);
  linear_params(IN, HID, n, v->x, v->dh, want, want2);
  check("mlp, first weight", fh_rig_error(IN * HID, dfcs[0], want), tight);
  check("mlp, first bias", fh_rig_error(HID, dfcs[1], want2), tight);
  zero(want, IN * OUT);
  if (c->join) {
    linear_params(OUT, IN, n, g->x[1], v->dx, want, NULL);
    check("mlp, join", fh_rig_error(IN * OUT, g->dparam[0], want), tight);
  }
  zero(want, OUT);
  if (c->skip == FH_MLP_GATE_SKIP) {
    for (int i = 0; i < OUT * n; i++) want[i / n] += v->dz[i] * g->x[1][i];
    check("mlp, gate", fh_rig_error(OUT, dfcs[4], want), tight);
  }
}

/* join: the activation of a join, or -1 */
static fh_status test_mlp(int kind, fh_mlp_skip skip, int out_kind, int join, ptrdiff_t n)
{
  const fh_mlp_config c = {.in_channels = IN,
                           .hidden = HID,
                           .out_channels = OUT,
                           .activation = kind,
                           .skip = skip,
                           .out_activation = out_kind,
                           .join = join >= 0,
                           .join_activation = join >= 0 ? join : FH_ACT_IDENTITY};
  static trace v;
  fh_real ones[OUT];
  fh_op *op = NULL;
  fh_shape s[2];
  fh_rig g;
  FH_TRY(fh_mlp_create(&c, &op));
  FH_TRY(box(1, IN, 1, &n, &s[0]));
  FH_TRY(box(1, OUT, 1, &n, &s[1]));
  FH_TRY(fh_rig_run(op, s, &g));
  const int first = c.join ? 1 : 0;
  for (int o = 0; o < OUT; o++) ones[o] = 1;
  const fh_real *gate = skip == FH_MLP_GATE_SKIP ? g.param[first + 4] : ones;
  mlp_forward(&c, &g, g.param + first, gate, n, &v);
  mlp_backward(&c, &g, g.param + first, gate, n, &v);
  mlp_params(&c, &g, g.dparam + first, n, &v);
  fh_rig_destroy(&g);
  return FH_OK;
}

static fh_status run(void)
{
  FH_TRY(test_linear(3, 5, 7));
  FH_TRY(test_linear(32, 32, 31));
  FH_TRY(test_linear(13, 1, 64));
  FH_TRY(test_linear_fused());
  FH_TRY(test_mlp(FH_ACT_GELU, FH_MLP_NO_SKIP, FH_ACT_IDENTITY, -1, 40));
  FH_TRY(test_mlp(FH_ACT_GELU, FH_MLP_GATE_SKIP, FH_ACT_GELU, -1, 299));
  FH_TRY(test_mlp(FH_ACT_TANH, FH_MLP_ADD_SKIP, FH_ACT_IDENTITY, -1, 17));
  FH_TRY(test_mlp(FH_ACT_IDENTITY, FH_MLP_GATE_SKIP, FH_ACT_IDENTITY, -1, 16));
  FH_TRY(test_mlp(FH_ACT_GELU, FH_MLP_GATE_SKIP, FH_ACT_GELU, FH_ACT_GELU, 299));
  FH_TRY(test_mlp(FH_ACT_TANH, FH_MLP_NO_SKIP, FH_ACT_IDENTITY, FH_ACT_TANH, 40));
  FH_TRY(test_mlp(FH_ACT_GELU, FH_MLP_ADD_SKIP, FH_ACT_TANH, FH_ACT_IDENTITY, 130));
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Finalize();
  return st != FH_OK || !told("layers " FH_PRECISION);
}
