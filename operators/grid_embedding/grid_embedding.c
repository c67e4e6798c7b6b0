/* grid_embedding - see README.md */
#include "operators/grid_embedding/grid_embedding.h"

#include "kernels/pointwise_tile.h"

typedef struct {
  int dim;
} embedding;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  const int dim = ((const embedding *)op->data)->dim;
  (void)need;
  FH_CHECK(in[0].layout.grid.dim == dim, FH_ERR_SHAPE,
           "grid_embedding: the grid has %d axes, the embedding was made for %d",
           in[0].layout.grid.dim, dim);
  out[0] = in[0];
  out[0].channels += dim;
  return FH_OK;
}

/* i_axis / n_axis over the box of the grid that is here */
static void coordinate(const fh_layout *l, int axis, fh_real *y)
{
  ptrdiff_t inner = 1, outer = 1;
  for (int a = 0; a < axis; a++) outer *= l->count[a];
  for (int a = axis + 1; a < l->grid.dim; a++) inner *= l->count[a];
  const double n = (double)l->grid.n[axis];
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < l->count[axis]; i++) {
      const fh_real value = (fh_real)((double)(l->first[axis] + i) / n);
      for (ptrdiff_t k = 0; k < inner; k++) *y++ = value;
    }
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const ptrdiff_t data = fh_shape_sample(&op->in[0]), all = fh_shape_sample(&op->out[0]),
                  p = fh_shape_points(&op->in[0]);
  const int dim = ((const embedding *)op->data)->dim;
  for (ptrdiff_t b = 0; b < io->batch; b++) {
    fh_real *y = io->out[0] + b * all;
    fh_copy(data, io->in[0] + b * data, y);
    for (int a = 0; a < dim; a++) coordinate(&op->in[0].layout, a, y + data + a * p);
  }
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const ptrdiff_t data = fh_shape_sample(&op->in[0]), all = fh_shape_sample(&op->out[0]);
  for (ptrdiff_t b = 0; io->din[0] && b < io->batch; b++)
    fh_copy(data, io->dout[0] + b * all, io->din[0] + b * data);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double in = (double)fh_shape_sample(&op->in[0]), out = (double)fh_shape_sample(&op->out[0]);
  return (fh_cost){.bytes = (in + out) * sizeof(fh_real)};
}

fh_status fh_grid_embedding_create(int dim, fh_op **op)
{
  *op = NULL;
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM, FH_ERR_ARG,
           "grid_embedding: %d axes, allowed are 1 to %d", dim, FH_MAX_DIM);
  FH_TRY(fh_op_new(&fh_grid_embedding_class, 1, 1, sizeof(embedding), op));
  ((embedding *)(*op)->data)->dim = dim;
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const ptrdiff_t n[3] = {5, 3, 4};
  *op = NULL;
  if (i >= 3) return FH_OK;
  FH_TRY(fh_example_shape(2, i + 1, i + 1, n, &in[0]));
  return fh_grid_embedding_create(i + 1, op);
}

const fh_op_class fh_grid_embedding_class = {.name = "grid_embedding",
                                             .setup = setup,
                                             .forward = forward,
                                             .backward = backward,
                                             .cost = cost,
                                             .example = example};
