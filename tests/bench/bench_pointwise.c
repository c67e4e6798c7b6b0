/* What the pointwise operators cost: one CSV line an operator and batch, 64 x 64 points.
 *
 *   mpirun -n 1 build/release/bench/bench_pointwise
 *
 * columns: case, batch, microseconds a sample (the fastest of many calls) forward and backward,
 * GF/s (backward counted as twice the forward), GB/s of inputs and outputs read and written once.
 * The last lines of a batch add up one training step of an FNO with 32 channels, without its spectral layers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "operators/activation/activation.h"
#include "operators/add/add.h"
#include "operators/conv/conv.h"
#include "operators/gate/gate.h"
#include "operators/linear/linear.h"
#include "operators/mlp/mlp.h"
#include "operators/norm/norm.h"

enum { SIDE = 64, CHANNELS = 32, MOST_BATCH = 4, MOST_CHANNELS = 64, REPEATS = 60, CASES = 17 };
static const size_t most = (size_t)MOST_BATCH * MOST_CHANNELS * SIDE * SIDE;

typedef struct {
  double forward, backward; /* seconds a sample */
} cost;

static fh_status make(int which, fh_op **op, const char **name)
{
  const int gelu = FH_ACT_GELU;
  switch (which) {
  case 0:
    *name = "linear 32-32";
    return fh_linear_create(&(fh_linear_config){32, 32, false, false, 0}, op);
  case 1:
    *name = "linear 32-32 + addend, gelu";
    return fh_linear_create(&(fh_linear_config){32, 32, false, true, gelu}, op);
  case 2:
    *name = "mlp 32-16-32";
    return fh_mlp_create(
        &(fh_mlp_config){32, 16, 32, gelu, FH_MLP_NO_SKIP, 0, false, 0, NULL, NULL, NULL}, op);
  case 3:
    *name = "mlp 32-16-32 + gate";
    return fh_mlp_create(
        &(fh_mlp_config){32, 16, 32, gelu, FH_MLP_GATE_SKIP, 0, false, 0, NULL, NULL, NULL}, op);
  case 4:
    *name = "mlp 32-16-32 + gate, gelu";
    return fh_mlp_create(
        &(fh_mlp_config){32, 16, 32, gelu, FH_MLP_GATE_SKIP, gelu, false, 0, NULL, NULL, NULL}, op);
  case 5:
    *name = "lifting 3-64-32";
    return fh_mlp_create(
        &(fh_mlp_config){3, 64, 32, gelu, FH_MLP_NO_SKIP, 0, false, 0, NULL, NULL, NULL}, op);
  case 6:
    *name = "projection 32-64-1";
    return fh_mlp_create(
        &(fh_mlp_config){32, 64, 1, gelu, FH_MLP_NO_SKIP, 0, false, 0, NULL, NULL, NULL}, op);
  case 7:
    *name = "gelu 32";
    return fh_activation_create(gelu, op);
  case 8:
    *name = "add 32";
    return fh_add_create(2, op);
  case 9:
    *name = "add, gelu 32";
    return fh_add_create_activated(2, gelu, op);
  case 10:
    *name = "gate 32";
    return fh_gate_create(32, op);
  case 11:
    *name = "instance norm 32";
    return fh_norm_create(&(fh_norm_config){.channels = 32, .groups = 32, .epsilon = 1e-5}, op);
  case 12:
    *name = "group norm 32, affine";
    return fh_norm_create(
        &(fh_norm_config){
            .channels = 32, .groups = 1, .affine = FH_AFFINE_CHANNEL, .epsilon = 1e-5},
        op);
  case 13:
    *name = "conv 3x3 32-32";
    return fh_conv_create(&(fh_conv_config){32, 32, 2, 3, true}, op);
  case 14:
    *name = "linear 32-32 + addend";
    return fh_linear_create(&(fh_linear_config){32, 32, false, true, 0}, op);
  case 15:
    *name = "join 32-32, gelu, mlp 32-16-32 + gate, gelu";
    return fh_mlp_create(
        &(fh_mlp_config){32, 16, 32, gelu, FH_MLP_GATE_SKIP, gelu, true, gelu, NULL, NULL, NULL},
        op);
  case 16:
    *name = "join 32-32, mlp 32-16-32 + gate";
    return fh_mlp_create(
        &(fh_mlp_config){32, 16, 32, gelu, FH_MLP_GATE_SKIP, 0, true, 0, NULL, NULL, NULL}, op);
  }
  FH_RAISE(FH_ERR_ARG, "no case %d", which);
}

static ptrdiff_t channels_in(int which)
{
  return which == 5 ? 3 : CHANNELS;
}

static fh_real *numbers(ptrdiff_t n)
{
  fh_real *x = fh_calloc(n, sizeof *x);
  for (ptrdiff_t i = 0; x && i < n; i++) x[i] = (fh_real)(rand() % 2000 - 1000) / 500;
  return x;
}

static fh_status measure(fh_op *op, const fh_need *need, ptrdiff_t batch, cost *c)
{
  fh_fwd f = {.batch = batch,
              .saved = fh_calloc((ptrdiff_t)need->saved, 1),
              .work = fh_calloc((ptrdiff_t)need->work, 1)};
  fh_bwd b = {.batch = batch, .saved = f.saved, .work = f.work};
  fh_real *field[6];
  for (int i = 0; i < 6; i++) field[i] = numbers((ptrdiff_t)most);
  for (int i = 0; i < op->n_in; i++) {
    f.in[i] = b.in[i] = field[i];
    b.din[i] = field[2 + i];
  }
  f.out[0] = field[4];
  b.dout[0] = field[5];
  for (int k = 0; k < op->n_param; k++) {
    f.param[k] = b.param[k] = numbers(fh_param_size(&op->param[k]));
    b.dparam[k] = numbers(fh_param_size(&op->param[k]));
  }
  c->forward = c->backward = 1e9;
  for (int r = 0; r < REPEATS; r++) {
    const double t0 = fh_clock();
    FH_TRY(op->class->forward(op, &f));
    const double t1 = fh_clock();
    FH_TRY(op->class->backward(op, &b));
    const double t2 = fh_clock();
    if (t1 - t0 < c->forward) c->forward = t1 - t0;
    if (t2 - t1 < c->backward) c->backward = t2 - t1;
  }
  c->forward /= (double)batch;
  c->backward /= (double)batch;
  return FH_OK; /* the process ends soon: buffers are left to it */
}

/* How often each case stands in an FNO of four layers, without its spectral layers. */
static const struct model {
  const char *name;
  int times[CASES];
} models[] = {
    {"FNO 32 without spectral layers", {[5] = 1, [15] = 3, [16] = 1, [6] = 1}},
    {"the same, joins for themselves", {[5] = 1, [1] = 3, [4] = 3, [14] = 1, [3] = 1, [6] = 1}},
    {"the same without fusions", {[5] = 1, [0] = 4, [8] = 8, [7] = 6, [2] = 4, [10] = 4, [6] = 1}}};

static void print_model(const struct model *m, ptrdiff_t batch, const cost *all)
{
  cost sum = {0, 0};
  for (int i = 0; i < CASES; i++) {
    sum.forward += m->times[i] * all[i].forward;
    sum.backward += m->times[i] * all[i].backward;
  }
  printf("%s,%td,%.1f,%.1f,,,\n", m->name, batch, 1e6 * sum.forward, 1e6 * sum.backward);
}

static fh_status run(void)
{
  const ptrdiff_t n[2] = {SIDE, SIDE};
  fh_grid grid;
  FH_TRY(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &grid));
  printf("case,batch,forward_us,backward_us,forward_gflops,backward_gflops,forward_gbytes\n");
  for (ptrdiff_t batch = 1; batch <= MOST_BATCH; batch += 3) {
    cost all[CASES];
    for (int i = 0; i < CASES; i++) {
      fh_op *op = NULL;
      const char *name = NULL;
      fh_need need;
      FH_TRY(make(i, &op, &name));
      const fh_shape s = {batch, channels_in(i), fh_layout_whole(&grid)};
      FH_TRY(fh_op_setup(op, NULL, (const fh_shape[]){s, s}, &need));
      FH_TRY(measure(op, &need, batch, &all[i]));
      printf("%s,%td,%.1f,%.1f,%.0f,%.0f,%.0f\n", name, batch, 1e6 * all[i].forward,
             1e6 * all[i].backward, op->at.flops / all[i].forward / 1e9,
             2 * op->at.flops / all[i].backward / 1e9, op->at.bytes / all[i].forward / 1e9);
      fh_op_destroy(&op);
    }
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) print_model(&models[m], batch, all);
  }
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Finalize();
  return fh_status_exit(st);
}
