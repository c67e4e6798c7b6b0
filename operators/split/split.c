/* split - see README.md; the program makes it (fh_op_new of the registry's class, no data) */
#include <string.h>

#include "program/op.h"

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  for (int i = 0; i < op->n_out; i++) out[i] = in[0];
  need->alias = true;
  return FH_OK;
}

/* Reached only outside a program, which gives every reader the input itself. */
static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const size_t bytes = (size_t)(io->batch * fh_shape_sample(&op->in[0])) * sizeof(fh_real);
  for (int i = 0; i < op->n_out; i++)
    if (io->out[i] && io->out[i] != io->in[0]) memcpy(io->out[i], io->in[0], bytes);
  return FH_OK;
}

static void sum2(ptrdiff_t n, const fh_real *restrict a, const fh_real *restrict b,
                 fh_real *restrict sum)
{
  for (ptrdiff_t i = 0; i < n; i++) sum[i] = a[i] + b[i];
}

static void accumulate(ptrdiff_t n, const fh_real *restrict a, fh_real *restrict sum)
{
  for (ptrdiff_t i = 0; i < n; i++) sum[i] += a[i];
}

/* numbers of a sum that stay in the first-level cache until all terms are added */
enum { PIECE = 8192 / sizeof(fh_real) };

/* dx = sum of dy_i */
static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const ptrdiff_t n = io->batch * fh_shape_sample(&op->in[0]);
  if (!io->din[0]) return FH_OK;
  if (op->n_out == 1) {
    memcpy(io->din[0], io->dout[0], (size_t)n * sizeof(fh_real));
    return FH_OK;
  }
  for (ptrdiff_t t = 0; t < n; t += PIECE) {
    const ptrdiff_t now = n - t < PIECE ? n - t : PIECE;
    sum2(now, io->dout[0] + t, io->dout[1] + t, io->din[0] + t);
    for (int i = 2; i < op->n_out; i++) accumulate(now, io->dout[i] + t, io->din[0] + t);
  }
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double n = (double)fh_shape_sample(&op->in[0]);
  return (fh_cost){.flops = 0.5 * (op->n_out - 1) * n, .bytes = 0};
}

extern const fh_op_class fh_split_class;

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const int views[] = {2, 3, 1};
  *op = NULL;
  if (i >= 3) return FH_OK;
  const ptrdiff_t n[3] = {3, 5, 4};
  FH_TRY(fh_example_shape(2, 3, i + 1, n, &in[0]));
  return fh_op_new(&fh_split_class, 1, views[i], 0, op);
}

const fh_op_class fh_split_class = {.name = "split",
                                    .setup = setup,
                                    .forward = forward,
                                    .backward = backward,
                                    .cost = cost,
                                    .example = example,
                                    .linear = true};
