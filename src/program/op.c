#include "program/op.h"

#include <stdio.h>
#include <string.h>

ptrdiff_t fh_param_size(const fh_param_decl *p)
{
  ptrdiff_t size = p->is_complex ? 2 : 1;
  for (int i = 0; i < p->rank; i++) size *= p->n[i];
  return size;
}

fh_status fh_param_declare(fh_param_decl *p, const char *role, int rank, const ptrdiff_t *n,
                           bool is_complex)
{
  FH_CHECK(rank >= 1 && rank <= FH_PARAM_MAX_RANK, FH_ERR_ARG,
           "parameter %s has rank %d, allowed are 1 to %d", role, rank, FH_PARAM_MAX_RANK);
  *p = (fh_param_decl){.rank = rank, .is_complex = is_complex};
  snprintf(p->role, sizeof p->role, "%s", role);
  ptrdiff_t size = 0;
  FH_TRY(fh_size_product(rank, n, &size));
  FH_TRY(fh_size_mul(size, 2 * (ptrdiff_t)sizeof(double), &size));
  memcpy(p->n, n, (size_t)rank * sizeof *n);
  return FH_OK;
}

fh_status fh_op_new(const fh_op_class *class, int n_in, int n_out, size_t data_bytes, fh_op **op)
{
  *op = NULL;
  FH_CHECK(n_in >= 1 && n_in <= FH_OP_MAX_IN && n_out >= 1 && n_out <= FH_OP_MAX_OUT, FH_ERR_ARG,
           "%s: %d inputs and %d outputs; an operator has at most %d and %d", class->name, n_in,
           n_out, FH_OP_MAX_IN, FH_OP_MAX_OUT);
  fh_op *o = NULL;
  FH_NEW(o, 1);
  o->class = class;
  o->n_in = n_in;
  o->n_out = n_out;
  o->data = fh_calloc((ptrdiff_t)data_bytes, 1);
  if (!o->data) fh_op_destroy(&o);
  FH_CHECK(o, FH_ERR_MEMORY, "%s: out of memory: %zu bytes", class->name, data_bytes);
  *op = o;
  return FH_OK;
}

fh_status fh_op_param(fh_op *op, const char *role, int rank, const ptrdiff_t *n, bool is_complex,
                      fh_init init, double scale)
{
  FH_CHECK(op->n_param < FH_OP_MAX_PARAM, FH_ERR_ARG, "%s declares more than %d parameters",
           op->class->name, FH_OP_MAX_PARAM);
  fh_param_decl *p = &op->param[op->n_param];
  FH_TRY(fh_param_declare(p, role, rank, n, is_complex));
  p->init = init;
  p->scale = scale;
  op->n_param++;
  return FH_OK;
}

fh_status fh_op_setup(fh_op *op, const fh_team *team, const fh_shape *in, fh_need *need)
{
  op->team = team;
  memcpy(op->in, in, (size_t)op->n_in * sizeof *in);
  memset(need, 0, sizeof *need);
  FH_TRY(op->class->setup(op, op->in, op->out, need));
  op->at = op->class->cost(op);
  return FH_OK;
}

fh_status fh_example_shape(ptrdiff_t batch, ptrdiff_t channels, int dim, const ptrdiff_t *n,
                           fh_shape *shape)
{
  fh_grid grid;
  FH_TRY(fh_grid_box(dim, n, FH_PERIODIC, FH_NODE, &grid));
  *shape = (fh_shape){batch, channels, fh_layout_whole(&grid)};
  return FH_OK;
}

void fh_op_destroy(fh_op **op)
{
  fh_op *o = *op;
  if (!o) return;
  if (o->data && o->class->destroy) o->class->destroy(o);
  fh_free(o->data);
  fh_free(o);
  *op = NULL;
}
