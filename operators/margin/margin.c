/* margin - see README.md */
#include "operators/margin/margin.h"

#include <string.h>

#include "kernels/conv_box.h"

typedef struct {
  int dim, sign; /* sign: 1 points are added, -1 they are taken away */
  ptrdiff_t before[3], after[3];
  ptrdiff_t at[3], small[3], large[3]; /* three axes always: the inner box and where it lies */
} margin;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  margin *m = op->data;
  const char *name = op->class->name;
  (void)need;
  FH_CHECK(in[0].layout.grid.dim == m->dim, FH_ERR_SHAPE,
           "%s: the grid has %d axes, the widths are for %d", name, in[0].layout.grid.dim, m->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "%s: this rank has %td of %td points; the whole grid must be on every rank", name,
           fh_layout_size(&in[0].layout), fh_grid_size(&in[0].layout.grid));
  fh_grid grid = in[0].layout.grid;
  for (int a = 0; a < m->dim; a++) {
    const ptrdiff_t more = m->sign * (m->before[a] + m->after[a]);
    FH_CHECK(grid.n[a] + more >= 1, FH_ERR_SHAPE,
             "%s: %td points are to be dropped from the %td of axis %d; at least one must stay",
             name, -more, grid.n[a], a);
    grid.length[a] += fh_grid_spacing(&in[0].layout.grid, a) * (double)more;
    grid.n[a] += more;
  }
  out[0] = (fh_shape){in[0].batch, in[0].channels, fh_layout_whole(&grid)};
  fh_box_extents(m->dim, in[0].layout.grid.n, m->sign > 0 ? m->small : m->large);
  fh_box_extents(m->dim, grid.n, m->sign > 0 ? m->large : m->small);
  for (int a = 0; a < 3; a++) m->at[a] = a < 3 - m->dim ? 0 : m->before[a - (3 - m->dim)];
  return FH_OK;
}

static void widen(const margin *m, ptrdiff_t fields, const fh_real *small, fh_real *large)
{
  const ptrdiff_t points = m->large[0] * m->large[1] * m->large[2];
  memset(large, 0, (size_t)(fields * points) * sizeof *large);
  fh_box_insert(fields, m->small, small, m->large, m->at, large);
}

static void narrow(const margin *m, ptrdiff_t fields, const fh_real *large, fh_real *small)
{
  fh_box_extract(fields, m->small, small, m->large, m->at, large);
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const margin *m = op->data;
  (m->sign > 0 ? widen : narrow)(m, io->batch * op->in[0].channels, io->in[0], io->out[0]);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const margin *m = op->data;
  if (!io->din[0]) return FH_OK;
  (m->sign > 0 ? narrow : widen)(m, io->batch * op->in[0].channels, io->dout[0], io->din[0]);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double in = (double)fh_shape_sample(&op->in[0]), out = (double)fh_shape_sample(&op->out[0]);
  return (fh_cost){.bytes = (in + out) * sizeof(fh_real)};
}

static fh_status create(const fh_op_class *class, int sign, int dim, const ptrdiff_t before[3],
                        const ptrdiff_t after[3], fh_op **op)
{
  *op = NULL;
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM, FH_ERR_ARG, "%s: %d axes, allowed are 1 to %d",
           class->name, dim, FH_MAX_DIM);
  for (int a = 0; a < dim; a++)
    FH_CHECK(before[a] >= 0 && after[a] >= 0, FH_ERR_ARG,
             "%s: widths %td and %td on axis %d; they must not be negative", class->name, before[a],
             after[a], a);
  FH_TRY(fh_op_new(class, 1, 1, sizeof(margin), op));
  margin *m = (*op)->data;
  m->dim = dim;
  m->sign = sign;
  memcpy(m->before, before, (size_t)dim * sizeof *before);
  memcpy(m->after, after, (size_t)dim * sizeof *after);
  return FH_OK;
}

fh_status fh_pad_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3], fh_op **op)
{
  return create(&fh_pad_class, 1, dim, before, after, op);
}

fh_status fh_crop_create(int dim, const ptrdiff_t before[3], const ptrdiff_t after[3], fh_op **op)
{
  return create(&fh_crop_class, -1, dim, before, after, op);
}

static fh_status example(const fh_op_class *class, int sign, int i, fh_op **op, fh_shape *in)
{
  static const ptrdiff_t n[3] = {4, 6, 5}, before[4][3] = {{2}, {0, 3}, {1, 0, 2}, {0}},
                         after[4][3] = {{1}, {2, 0}, {1, 3, 0}, {0}};
  static const int dim[] = {1, 2, 3, 1};
  *op = NULL;
  if (i >= 4) return FH_OK;
  FH_TRY(fh_example_shape(2, i + 1, dim[i], n, &in[0]));
  return create(class, sign, dim[i], before[i], after[i], op);
}

static fh_status pad_example(int i, fh_op **op, fh_shape *in)
{
  return example(&fh_pad_class, 1, i, op, in);
}

static fh_status crop_example(int i, fh_op **op, fh_shape *in)
{
  return example(&fh_crop_class, -1, i, op, in);
}

const fh_op_class fh_pad_class = {.name = "pad",
                                  .setup = setup,
                                  .forward = forward,
                                  .backward = backward,
                                  .cost = cost,
                                  .example = pad_example,
                                  .linear = true};

const fh_op_class fh_crop_class = {.name = "crop",
                                   .setup = setup,
                                   .forward = forward,
                                   .backward = backward,
                                   .cost = cost,
                                   .example = crop_example,
                                   .linear = true};
