/* activation - see README.md */
#include "operators/activation/activation.h"

typedef struct {
  int kind;
  const fh_pointwise *k;
} activation;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  (void)op;
  out[0] = in[0];
  need->bwd_reads_in = 1;
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const activation *a = op->data;
  const ptrdiff_t n = io->batch * fh_shape_sample(&op->in[0]);
  a->k->activate(a->kind, n, io->in[0], io->out[0]);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const activation *a = op->data;
  const ptrdiff_t n = io->batch * fh_shape_sample(&op->in[0]);
  if (io->din[0]) a->k->activate_back(a->kind, n, io->in[0], io->dout[0], io->din[0]);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double n = (double)fh_shape_sample(&op->in[0]);
  const int kind = ((const activation *)op->data)->kind;
  const double each[FH_ACT_COUNT] = {0, 1, 60, 30};
  return (fh_cost){.flops = each[kind] * n, .bytes = 2 * n * sizeof(fh_real)};
}

fh_status fh_activation_create(int kind, fh_op **op)
{
  *op = NULL;
  FH_CHECK(kind >= 0 && kind < FH_ACT_COUNT, FH_ERR_ARG, "activation %d is not one of 0..%d", kind,
           FH_ACT_COUNT - 1);
  FH_TRY(fh_op_new(&fh_activation_class, 1, 1, sizeof(activation), op));
  *(activation *)(*op)->data = (activation){kind, fh_pointwise_get()};
  return FH_OK;
}

/* ReLU has a kink, where no derivative can be tested: its rule has a test of its own. */
static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const int kinds[] = {FH_ACT_GELU, FH_ACT_TANH, FH_ACT_IDENTITY, FH_ACT_GELU};
  static const ptrdiff_t n[3] = {3, 17, 5};
  *op = NULL;
  if (i >= 4) return FH_OK;
  FH_TRY(fh_example_shape(2, 3, i % 3 + 1, n, &in[0]));
  return fh_activation_create(kinds[i], op);
}

const fh_op_class fh_activation_class = {.name = "activation",
                                         .setup = setup,
                                         .forward = forward,
                                         .backward = backward,
                                         .cost = cost,
                                         .example = example};
