/* The fused operators against the small ones, and all against their definitions written as loops. */
#include <math.h>
#include <stdio.h>

#include "kernels_pointwise/rig.h"
#include "operators/activation/activation.h"
#include "operators/add/add.h"
#include "operators/conv/conv.h"
#include "operators/gate/gate.h"
#include "operators/grid_embedding/grid_embedding.h"
#include "operators/linear/linear.h"
#include "operators/margin/margin.h"
#include "operators/mlp/mlp.h"
#include "operators/norm/norm.h"

static int failures, checks;
static double worst;

static void check(const char *what, double error, double allowed)
{
  checks++;
  if (error > worst) worst = error;
  if (error <= allowed) return;
  failures++;
  printf("FAIL %s: relative error %.3g, allowed %.3g\n", what, error, allowed);
}
static const double tight = 100 * FH_REAL_EPSILON;

static fh_status box(ptrdiff_t batch, ptrdiff_t channels, int dim, const ptrdiff_t *n, fh_shape *s)
{
  fh_grid grid;
  FH_TRY(fh_grid_box(dim, n, FH_PERIODIC, FH_NODE, &grid));
  *s = (fh_shape){batch, channels, fh_layout_whole(&grid)};
  return FH_OK;
}

enum { MOST = 4096 };
static fh_real want[MOST], want2[MOST];

/* y = sum_i W[o][i] x[i] + b[o] on p points of one sample; all others are its adjoints */
static void linear_forward(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *w,
                           const fh_real *b, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t t = 0; t < p; t++) {
      double sum = b ? (double)b[o] : 0;
      for (ptrdiff_t i = 0; i < in; i++) sum += (double)w[o * in + i] * (double)x[i * p + t];
      y[o * p + t] = (fh_real)sum;
    }
}
static void linear_input(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *w,
                         const fh_real *dy, fh_real *dx)
{
  for (ptrdiff_t i = 0; i < in; i++)
    for (ptrdiff_t t = 0; t < p; t++) {
      double sum = 0;
      for (ptrdiff_t o = 0; o < out; o++) sum += (double)w[o * in + i] * (double)dy[o * p + t];
      dx[i * p + t] = (fh_real)sum;
    }
}
static void linear_params(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *x,
                          const fh_real *dy, fh_real *dw, fh_real *db)
{
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t t = 0; t < p; t++) {
      if (db) db[o] += dy[o * p + t];
      for (ptrdiff_t i = 0; i < in; i++) dw[o * in + i] += dy[o * p + t] * x[i * p + t];
    }
}

static void zero(fh_real *x, ptrdiff_t n)
{
  for (ptrdiff_t i = 0; i < n; i++) x[i] = 0;
}

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

static fh_real act(int kind, double z)
{
  return (fh_real)(kind == FH_ACT_GELU   ? 0.5 * z * erfc(-z / sqrt(2))
                   : kind == FH_ACT_TANH ? tanh(z)
                                         : z);
}
static fh_real act_slope(int kind, double z)
{
  return (fh_real)(kind == FH_ACT_GELU
                       ? 0.5 * erfc(-z / sqrt(2)) + z * exp(-z * z / 2) / sqrt(2 * acos(-1.0))
                   : kind == FH_ACT_TANH ? 1 - tanh(z) * tanh(z)
                                         : 1);
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

/* y = act2(W1 act(W0 x + b0) + b1 + g s) step by step, and back */
static fh_status test_mlp(int kind, fh_mlp_skip skip, int out_kind, ptrdiff_t n)
{
  enum { IN = 6, HID = 11, OUT = 5, P = 299 };
  const fh_mlp_config c = {IN, HID, OUT, kind, skip, out_kind, NULL, NULL};
  static fh_real h0[HID * P], h[HID * P], dh[HID * P], z[OUT * P], dz[OUT * P], ones[OUT];
  fh_op *op = NULL;
  fh_shape s[2];
  fh_rig g;
  FH_TRY(fh_mlp_create(&c, &op));
  FH_TRY(box(1, IN, 1, &n, &s[0]));
  FH_TRY(box(1, OUT, 1, &n, &s[1]));
  FH_TRY(fh_rig_run(op, s, &g));
  for (int o = 0; o < OUT; o++) ones[o] = 1;
  const fh_real *gate = skip == FH_MLP_GATE_SKIP ? g.param[4] : ones;
  linear_forward(IN, HID, n, g.param[0], g.param[1], g.x[0], h0);
  for (int i = 0; i < HID * n; i++) h[i] = act(kind, (double)h0[i]);
  linear_forward(HID, OUT, n, g.param[2], g.param[3], h, z);
  for (int i = 0; i < OUT * n; i++) {
    if (skip != FH_MLP_NO_SKIP) z[i] += gate[i / n] * g.x[1][i];
    want[i] = act(out_kind, (double)z[i]);
    dz[i] = g.dy[i] * act_slope(out_kind, (double)z[i]);
    want2[i] = gate[i / n] * dz[i];
  }
  check("mlp", fh_rig_error(OUT * n, g.y, want), tight);
  if (skip != FH_MLP_NO_SKIP)
    check("mlp, skip gradient", fh_rig_error(OUT * n, g.dx[1], want2), tight);
  linear_input(HID, OUT, n, g.param[2], dz, dh);
  for (int i = 0; i < HID * n; i++) dh[i] *= act_slope(kind, (double)h0[i]);
  linear_input(IN, HID, n, g.param[0], dh, want);
  check("mlp, input gradient", fh_rig_error(IN * n, g.dx[0], want), tight);
  zero(want, HID * OUT);
  zero(want2, OUT);
  linear_params(HID, OUT, n, h, dz, want, want2);
  check("mlp, second weight", fh_rig_error(HID * OUT, g.dparam[2], want), tight);
  check("mlp, second bias", fh_rig_error(OUT, g.dparam[3], want2), tight);
  zero(want, IN * HID);
  zero(want2, HID);
  linear_params(IN, HID, n, g.x[0], dh, want, want2);
  check("mlp, first weight", fh_rig_error(IN * HID, g.dparam[0], want), tight);
  check("mlp, first bias", fh_rig_error(HID, g.dparam[1], want2), tight);
  zero(want, OUT);
  if (skip == FH_MLP_GATE_SKIP) {
    for (int i = 0; i < OUT * n; i++) want[i / n] += dz[i] * g.x[1][i];
    check("mlp, gate", fh_rig_error(OUT, g.dparam[4], want), tight);
  }
  fh_rig_destroy(&g);
  return FH_OK;
}

/* y[o,i,j] = b[o] + sum W[o,c,a,b] x[c,i+a-1,j+b-1], zeros outside, as loops with conditions */
static fh_status test_conv(void)
{
  enum { IN = 3, OUT = 4, H = 5, W = 21, K = 3 };
  const fh_conv_config c = {IN, OUT, 2, K, true};
  fh_op *op = NULL;
  fh_shape s;
  fh_rig g;
  FH_TRY(fh_conv_create(&c, &op));
  FH_TRY(box(1, IN, 2, (const ptrdiff_t[]){H, W}, &s));
  FH_TRY(fh_rig_run(op, &s, &g));
  fh_real dx[IN * H * W] = {0}, dw[OUT * IN * K * K] = {0};
  for (int o = 0; o < OUT; o++)
    for (int i = 0; i < H; i++)
      for (int j = 0; j < W; j++) {
        const int at = (o * H + i) * W + j;
        want[at] = g.param[1][o];
        for (int e = 0; e < IN * K * K; e++) {
          const int ch = e / (K * K), y = i + e / K % K - 1, x = j + e % K - 1;
          if (y < 0 || y >= H || x < 0 || x >= W) continue;
          const int from = (ch * H + y) * W + x;
          want[at] += g.param[0][o * IN * K * K + e] * g.x[0][from];
          dx[from] += g.param[0][o * IN * K * K + e] * g.dy[at];
          dw[o * IN * K * K + e] += g.x[0][from] * g.dy[at];
        }
      }
  check("conv", fh_rig_error(OUT * H * W, g.y, want), tight);
  check("conv, input gradient", fh_rig_error(IN * H * W, g.dx[0], dx), tight);
  check("conv, weight gradient", fh_rig_error(OUT * IN * K * K, g.dparam[0], dw), tight);
  fh_rig_destroy(&g);
  return FH_OK;
}

/* group norm by its definition, then its gradient as that of the composed formula */
static fh_status test_norm(fh_affine affine)
{
  enum { C = 4, GROUPS = 2, P = 35, M = C / GROUPS * P };
  fh_norm_config c = {C, GROUPS, affine, 1e-5, 1, {P}};
  const ptrdiff_t n = P;
  fh_op *op = NULL;
  fh_shape s;
  fh_rig g;
  FH_TRY(fh_norm_create(&c, &op));
  FH_TRY(box(1, C, 1, &n, &s));
  FH_TRY(fh_rig_run(op, &s, &g));
  for (int q = 0; q < GROUPS; q++) {
    double mean = 0, var = 0, sum = 0, dot = 0, u[M], h[M];
    for (int i = 0; i < M; i++) mean += (double)g.x[0][q * M + i] / M;
    for (int i = 0; i < M; i++) var += pow((double)g.x[0][q * M + i] - mean, 2) / M;
    for (int i = 0; i < M; i++) {
      const int at = q * M + i, k = affine == FH_AFFINE_FUNCTION ? at : at / P;
      h[i] = ((double)g.x[0][at] - mean) / sqrt(var + 1e-5);
      const double w = affine ? (double)g.param[0][k] : 1, b = affine ? (double)g.param[1][k] : 0;
      want[at] = (fh_real)(w * h[i] + b);
      u[i] = w * (double)g.dy[at];
      sum += u[i] / M;
      dot += u[i] * h[i] / M;
    }
    for (int i = 0; i < M; i++)
      want2[q * M + i] = (fh_real)((u[i] - sum - h[i] * dot) / sqrt(var + 1e-5));
  }
  check("norm", fh_rig_error(C * P, g.y, want), tight);
  check("norm, input gradient", fh_rig_error(C * P, g.dx[0], want2), tight);
  fh_rig_destroy(&g);
  return FH_OK;
}

static fh_status test_gate_and_add(void)
{
  const ptrdiff_t n[2] = {5, 7};
  fh_op *op = NULL;
  fh_shape s[2];
  fh_rig g;
  FH_TRY(box(1, 3, 2, n, &s[0]));
  s[1] = s[0];
  FH_TRY(fh_gate_create(3, &op));
  FH_TRY(fh_rig_run(op, s, &g));
  zero(want2, 3);
  for (int i = 0; i < 105; i++) {
    want[i] = g.param[0][i / 35] * g.x[0][i];
    want2[i / 35] += g.dy[i] * g.x[0][i];
  }
  check("gate", fh_rig_error(105, g.y, want), 0);
  check("gate, weight gradient", fh_rig_error(3, g.dparam[0], want2), tight);
  fh_rig_destroy(&g);
  FH_TRY(fh_add_create_activated(2, FH_ACT_TANH, &op));
  FH_TRY(fh_rig_run(op, s, &g));
  for (int i = 0; i < 105; i++) {
    const fh_real z = g.x[0][i] + g.x[1][i];
    want[i] = act(FH_ACT_TANH, (double)z);
    want2[i] = g.dy[i] * act_slope(FH_ACT_TANH, (double)z);
  }
  check("add", fh_rig_error(105, g.y, want), tight);
  check("add, gradient of input 0", fh_rig_error(105, g.dx[0], want2), tight);
  check("add, gradient of input 1", fh_rig_error(105, g.dx[1], want2), tight);
  fh_rig_destroy(&g);
  return FH_OK;
}

/* i / n_a after the data, the slow axis first; gradients of coordinates vanish */
static fh_status test_embedding(void)
{
  fh_op *op = NULL;
  fh_shape s;
  fh_rig g;
  FH_TRY(fh_grid_embedding_create(2, &op));
  FH_TRY(box(1, 2, 2, (const ptrdiff_t[]){4, 5}, &s));
  FH_TRY(fh_rig_run(op, &s, &g));
  for (int i = 0; i < 80; i++) {
    const int c = i / 20, row = i % 20 / 5, column = i % 5;
    want[i] = c < 2 ? g.x[0][i] : (fh_real)(c == 2 ? row / 4.0 : column / 5.0);
  }
  check("grid embedding", fh_rig_error(80, g.y, want), 0);
  check("grid embedding, gradient", fh_rig_error(40, g.dx[0], g.dy), 0);
  fh_rig_destroy(&g);
  return FH_OK;
}

/* pad writes where its definition says and keeps the spacing; crop undoes it */
static fh_status test_pad(void)
{
  const ptrdiff_t n[2] = {3, 4}, before[3] = {1, 2, 0}, after[3] = {2, 0, 0};
  fh_op *op = NULL;
  fh_shape s, large;
  fh_rig g;
  FH_TRY(fh_pad_create(2, before, after, &op));
  FH_TRY(box(1, 2, 2, n, &s));
  FH_TRY(fh_rig_run(op, &s, &g));
  large = g.op->out[0];
  for (int i = 0; i < 2 * 6 * 6; i++) {
    const int c = i / 36, row = i / 6 % 6 - 1, column = i % 6 - 2;
    const bool inside = row >= 0 && row < 3 && column >= 0 && column < 4;
    want[i] = inside ? g.x[0][(c * 3 + row) * 4 + column] : 0;
  }
  check("pad", fh_rig_error(72, g.y, want), 0);
  check("pad keeps the spacing",
        fabs(fh_grid_spacing(&large.layout.grid, 0) - fh_grid_spacing(&s.layout.grid, 0)), 1e-15);
  fh_rig_destroy(&g);
  FH_TRY(fh_crop_create(2, before, after, &op));
  FH_TRY(fh_rig_run(op, &large, &g));
  for (int i = 0; i < 24; i++) want[i] = g.x[0][(i / 12) * 36 + (i / 4 % 3 + 1) * 6 + i % 4 + 2];
  check("crop", fh_rig_error(24, g.y, want), 0);
  check("crop returns to the grid",
        fabs(g.op->out[0].layout.grid.length[0] - s.layout.grid.length[0]), 1e-15);
  fh_rig_destroy(&g);
  return FH_OK;
}

static void refused(const char *what, fh_status st, fh_status expected, fh_op **op)
{
  check(what, st == expected && fh_status_message()[0] ? 0 : 1, 0);
  fh_op_destroy(op);
}

/* what is wrong at create or setup is an error with a message, and leaves nothing behind */
static fh_status test_refusals(void)
{
  fh_op *op = NULL;
  fh_shape s;
  fh_need need;
  FH_TRY(box(1, 3, 2, (const ptrdiff_t[]){4, 4}, &s));
  refused("kind", fh_activation_create(FH_ACT_COUNT, &op), FH_ERR_ARG, &op);
  refused("no channels", fh_linear_create(&(fh_linear_config){0, 1, false, false, 0}, &op),
          FH_ERR_ARG, &op);
  refused("even kernel", fh_conv_create(&(fh_conv_config){1, 1, 2, 4, false}, &op), FH_ERR_ARG,
          &op);
  refused("groups", fh_norm_create(&(fh_norm_config){.channels = 3, .groups = 2}, &op), FH_ERR_ARG,
          &op);
  refused("inputs", fh_add_create(FH_OP_MAX_IN + 1, &op), FH_ERR_ARG, &op);
  refused("negative width",
          fh_pad_create(1, (const ptrdiff_t[]){-1, 0, 0}, (const ptrdiff_t[]){0, 0, 0}, &op),
          FH_ERR_ARG, &op);
  FH_TRY(fh_crop_create(2, (const ptrdiff_t[]){2, 0, 0}, (const ptrdiff_t[]){2, 0, 0}, &op));
  refused("nothing left", fh_op_setup(op, NULL, &s, &need), FH_ERR_SHAPE, &op);
  FH_TRY(fh_gate_create(2, &op));
  refused("channels", fh_op_setup(op, NULL, &s, &need), FH_ERR_SHAPE, &op);
  FH_TRY(fh_norm_create(&(fh_norm_config){3, 1, FH_AFFINE_FUNCTION, 1e-5, 2, {4, 5}}, &op));
  refused("resolution", fh_op_setup(op, NULL, &s, &need), FH_ERR_SHAPE, &op);
  s.layout.count[0] = 2;
  FH_TRY(fh_norm_create(&(fh_norm_config){.channels = 3, .groups = 3}, &op));
  refused("a part of the grid", fh_op_setup(op, NULL, &s, &need), FH_ERR_UNSUPPORTED, &op);
  return FH_OK;
}

static fh_status run(void)
{
  FH_TRY(test_linear(3, 5, 7));
  FH_TRY(test_linear(32, 32, 31));
  FH_TRY(test_linear(13, 1, 64));
  FH_TRY(test_linear_fused());
  FH_TRY(test_mlp(FH_ACT_GELU, FH_MLP_NO_SKIP, FH_ACT_IDENTITY, 40));
  FH_TRY(test_mlp(FH_ACT_GELU, FH_MLP_GATE_SKIP, FH_ACT_GELU, 299));
  FH_TRY(test_mlp(FH_ACT_TANH, FH_MLP_ADD_SKIP, FH_ACT_IDENTITY, 17));
  FH_TRY(test_mlp(FH_ACT_IDENTITY, FH_MLP_GATE_SKIP, FH_ACT_IDENTITY, 16));
  FH_TRY(test_conv());
  FH_TRY(test_norm(FH_AFFINE_NONE));
  FH_TRY(test_norm(FH_AFFINE_CHANNEL));
  FH_TRY(test_norm(FH_AFFINE_FUNCTION));
  FH_TRY(test_gate_and_add());
  FH_TRY(test_embedding());
  FH_TRY(test_pad());
  return test_refusals();
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  if (st == FH_OK && !failures)
    printf("pointwise operators " FH_PRECISION ": %d checks, worst relative error %.2g\n", checks,
           worst);
  MPI_Finalize();
  return st != FH_OK || failures != 0;
}
