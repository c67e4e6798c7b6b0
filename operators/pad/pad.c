/* pad - see README.md */
#include "operators/pad/pad.h"

#include <string.h>

#include "kernels/conv_box.h"

typedef struct {
  int dim;
  ptrdiff_t before[3], after[3];
  ptrdiff_t at[3], small[3], large[3]; /* three axes always: the inner box and where it lies */
} pad;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  pad *p = op->data;
  (void)need;
  FH_CHECK(in[0].layout.grid.dim == p->dim, FH_ERR_SHAPE,
           "pad: the grid has %d axes, the widths are for %d", in[0].layout.grid.dim, p->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "pad: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(&in[0].layout.grid));
  fh_grid grid = in[0].layout.grid;
  for (int a = 0; a < p->dim; a++) {
    const ptrdiff_t more = p->before[a] + p->after[a];
    grid.length[a] += fh_grid_spacing(&in[0].layout.grid, a) * (double)more;
    grid.n[a] += more;
  }
  out[0] = (fh_shape){in[0].batch, in[0].channels, fh_layout_whole(&grid)};
  fh_box_extents(p->dim, in[0].layout.grid.n, p->small);
  fh_box_extents(p->dim, grid.n, p->large);
  for (int a = 0; a < 3; a++) p->at[a] = a < 3 - p->dim ? 0 : p->before[a - (3 - p->dim)];
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const pad *p = op->data;
  const size_t bytes = (size_t)(io->batch * fh_shape_sample(&op->out[0])) * sizeof(fh_real);
  memset(io->out[0], 0, bytes);
  fh_box_insert(io->batch * op->in[0].channels, p->small, io->in[0], p->large, p->at, io->out[0]);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const pad *p = op->data;
  if (!io->din[0]) return FH_OK;
  fh_box_extract(io->batch * op->in[0].channels, p->small, io->din[0], p->large, p->at,
                 io->dout[0]);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  (void)op;
}

static fh_cost cost(const fh_op *op)
{
  const double in = (double)fh_shape_sample(&op->in[0]), out = (double)fh_shape_sample(&op->out[0]);
  return (fh_cost){.bytes = (in + out) * sizeof(fh_real)};
}

fh_status fh_pad_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3], fh_op **op)
{
  *op = NULL;
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM, FH_ERR_ARG, "pad: %d axes, allowed are 1 to %d", dim,
           FH_MAX_DIM);
  for (int a = 0; a < dim; a++)
    FH_CHECK(before[a] >= 0 && after[a] >= 0, FH_ERR_ARG,
             "pad: widths %td and %td on axis %d; they must not be negative", before[a], after[a],
             a);
  FH_TRY(fh_op_new(&fh_pad_class, 1, 1, sizeof(pad), op));
  pad *p = (*op)->data;
  p->dim = dim;
  memcpy(p->before, before, (size_t)dim * sizeof *before);
  memcpy(p->after, after, (size_t)dim * sizeof *after);
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const ptrdiff_t n[3] = {3, 4, 5}, before[4][3] = {{2}, {0, 3}, {1, 0, 2}, {0}},
                         after[4][3] = {{1}, {2, 0}, {1, 3, 0}, {0}};
  static const int dim[] = {1, 2, 3, 1};
  *op = NULL;
  if (i >= 4) return FH_OK;
  fh_grid grid;
  FH_TRY(fh_grid_box(dim[i], n, FH_PERIODIC, FH_NODE, &grid));
  in[0] = (fh_shape){2, i + 1, fh_layout_whole(&grid)};
  return fh_pad_create(dim[i], before[i], after[i], op);
}

const fh_op_class fh_pad_class = {.name = "pad",
                                  .setup = setup,
                                  .forward = forward,
                                  .backward = backward,
                                  .destroy = destroy,
                                  .cost = cost,
                                  .example = example,
                                  .linear = true};
