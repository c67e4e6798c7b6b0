/* add - see README.md */
#include "operators/add/add.h"

#include "kernels/pointwise_tile.h"

typedef struct {
  int kind;
  const fh_pointwise *k;
} add;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  const add *a = op->data;
  for (int i = 1; i < op->n_in; i++)
    FH_CHECK(in[i].channels == in[0].channels &&
                 fh_grid_same_size(&in[i].layout.grid, &in[0].layout.grid) &&
                 fh_shape_points(&in[i]) == fh_shape_points(&in[0]),
             FH_ERR_SHAPE, "add: input %d has %td channels of %td points, input 0 has %td of %td",
             i, in[i].channels, fh_shape_points(&in[i]), in[0].channels, fh_shape_points(&in[0]));
  out[0] = in[0];
  if (a->kind != FH_ACT_IDENTITY) need->saved = (size_t)fh_shape_size(&out[0]) * sizeof(fh_real);
  if (a->kind == FH_ACT_IDENTITY) need->bwd_same = (1u << op->n_in) - 1;
  return FH_OK;
}

static void sum(const add *a, int count, const fh_real *const *in, ptrdiff_t at, ptrdiff_t n,
                fh_real *z)
{
  if (count == 1) fh_copy(n, in[0] + at, z);
  for (int i = 1; i < count; i++) a->k->add(n, i == 1 ? in[0] + at : z, in[i] + at, z);
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const add *a = op->data;
  const ptrdiff_t all = io->batch * fh_shape_sample(&op->in[0]);
  fh_real *saved = io->saved;
  for (ptrdiff_t t = 0; t < all; t += FH_TILE) { /* short pieces: the sum is still in the cache */
    const ptrdiff_t n = all - t < FH_TILE ? all - t : FH_TILE;
    if (a->kind == FH_ACT_IDENTITY) {
      sum(a, op->n_in, io->in, t, n, io->out[0] + t);
      continue;
    }
    fh_real *z = saved ? saved + t : io->out[0] + t;
    sum(a, op->n_in, io->in, t, n, z);
    a->k->activate(a->kind, n, z, io->out[0] + t);
  }
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const add *a = op->data;
  const ptrdiff_t all = io->batch * fh_shape_sample(&op->in[0]);
  const fh_real *z = io->saved;
  fh_real *first = NULL;
  for (int i = 0; i < op->n_in; i++) {
    if (!io->din[i]) continue;
    if (first || a->kind == FH_ACT_IDENTITY) {
      fh_pass_gradient(all, first ? first : io->dout[0], io->din[i]);
    } else {
      first = io->din[i];
      a->k->activate_back(a->kind, all, z, io->dout[0], first);
    }
  }
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double n = (double)fh_shape_sample(&op->in[0]);
  return (fh_cost){.flops = (op->n_in - 1) * n, .bytes = (op->n_in + 1) * n * sizeof(fh_real)};
}

fh_status fh_add_create_activated(int n_in, int kind, fh_op **op)
{
  *op = NULL;
  FH_CHECK(kind >= 0 && kind < FH_ACT_COUNT, FH_ERR_ARG, "add: activation %d is not one of 0..%d",
           kind, FH_ACT_COUNT - 1);
  FH_TRY(fh_op_new(&fh_add_class, n_in, 1, sizeof(add), op));
  *(add *)(*op)->data = (add){kind, fh_pointwise_get()};
  return FH_OK;
}

fh_status fh_add_create(int n_in, fh_op **op)
{
  return fh_add_create_activated(n_in, FH_ACT_IDENTITY, op);
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    int n_in, kind, dim;
  } cases[] = {{1, FH_ACT_IDENTITY, 1}, {2, FH_ACT_GELU, 2}, {3, FH_ACT_IDENTITY, 3},
               {4, FH_ACT_TANH, 2},     {1, FH_ACT_GELU, 1}, {2, FH_ACT_IDENTITY, 2}};
  static const ptrdiff_t n[3] = {7, 19, 3};
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  for (int k = 0; k < cases[i].n_in; k++) FH_TRY(fh_example_shape(2, 3, cases[i].dim, n, &in[k]));
  return fh_add_create_activated(cases[i].n_in, cases[i].kind, op);
}

const fh_op_class fh_add_class = {.name = "add",
                                  .setup = setup,
                                  .forward = forward,
                                  .backward = backward,
                                  .cost = cost,
                                  .example = example};
