#include "kernels_pointwise/rig.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 11, .stream = FH_STREAM_TEST, .sample = 0, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

static fh_status buffers(fh_rig *g, const fh_shape *in)
{
  const fh_op *op = g->op;
  for (int i = 0; i < op->n_in; i++) {
    FH_NEW(g->x[i], fh_shape_size(&in[i]));
    FH_NEW(g->dx[i], fh_shape_size(&in[i]));
    fill(g->x[i], fh_shape_size(&in[i]), 1 + (uint64_t)i);
  }
  FH_NEW(g->y, fh_shape_size(&op->out[0]));
  FH_NEW(g->dy, fh_shape_size(&op->out[0]));
  fill(g->dy, fh_shape_size(&op->out[0]), 5);
  for (int k = 0; k < op->n_param; k++) {
    FH_NEW(g->param[k], fh_param_size(&op->param[k]));
    FH_NEW(g->dparam[k], fh_param_size(&op->param[k]));
    fill(g->param[k], fh_param_size(&op->param[k]), 10 + (uint64_t)k);
  }
  g->saved = fh_calloc((ptrdiff_t)g->need.saved, 1);
  g->work = fh_calloc((ptrdiff_t)g->need.work, 1);
  FH_CHECK(g->saved && g->work, FH_ERR_MEMORY, "out of memory: %zu bytes",
           g->need.saved + g->need.work);
  return FH_OK;
}

fh_status fh_rig_run(fh_op *op, const fh_shape *in, fh_rig *g)
{
  memset(g, 0, sizeof *g);
  g->op = op;
  FH_TRY(fh_op_setup(op, NULL, in, &g->need));
  FH_TRY(buffers(g, in));
  fh_fwd f = {.batch = in[0].batch, .saved = g->saved, .work = g->work};
  fh_bwd b = {.batch = in[0].batch, .saved = g->saved, .work = g->work};
  for (int i = 0; i < op->n_in; i++) {
    f.in[i] = g->x[i];
    b.in[i] = (g->need.bwd_reads_in >> i & 1) ? g->x[i] : NULL;
    b.din[i] = g->dx[i];
  }
  f.out[0] = g->y;
  b.dout[0] = g->dy;
  for (int k = 0; k < op->n_param; k++) {
    f.param[k] = b.param[k] = g->param[k];
    b.dparam[k] = g->dparam[k];
  }
  FH_TRY(op->class->forward(op, &f));
  return op->class->backward(op, &b);
}

void fh_rig_destroy(fh_rig *g)
{
  for (int i = 0; i < 2; i++) {
    fh_free(g->x[i]);
    fh_free(g->dx[i]);
  }
  for (int k = 0; k < FH_OP_MAX_PARAM; k++) {
    fh_free(g->param[k]);
    fh_free(g->dparam[k]);
  }
  fh_free(g->y);
  fh_free(g->dy);
  fh_free(g->saved);
  fh_free(g->work);
  fh_op_destroy(&g->op);
}

double fh_rig_error(ptrdiff_t n, const fh_real *a, const fh_real *b)
{
  double error = 0, size = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double e = fabs((double)a[i] - (double)b[i]);
    if (!(e <= error)) error = e;
    size = fmax(size, fabs((double)b[i]));
  }
  return error / (size + 1e-30);
}
