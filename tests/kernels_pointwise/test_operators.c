/* Operators of points and rows against their definitions written as loops. */
#include <math.h>
#include <stdio.h>

#include "kernels_pointwise/reference.h"
#include "kernels_pointwise/rig.h"
#include "operators/activation/activation.h"
#include "operators/add/add.h"
#include "operators/conv/conv.h"
#include "operators/gate/gate.h"
#include "operators/grid_embedding/grid_embedding.h"
#include "operators/linear/linear.h"
#include "operators/margin/margin.h"
#include "operators/norm/norm.h"

enum { MOST = 4096 };
static fh_real want[MOST], want2[MOST];

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
  MPI_Finalize();
  return st != FH_OK || !told("pointwise operators " FH_PRECISION);
}
