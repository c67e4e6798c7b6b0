#include "operators/resample/resample.h"

#include <string.h>

#include "base/size.h"
#include "kernels/dft.h"

typedef struct {
  int dim;
  ptrdiff_t out_n[3];
  fh_dft *in, *out;
} resample;

/* All frequencies that both grids hold. A grid of an even number n of points holds -n/2 and n/2 as
 * one; both are taken from a finer grid, because there they are two. */
static fh_status transforms(resample *v, const ptrdiff_t *n_in, const ptrdiff_t *n_out)
{
  fh_dft_spec s = {.dim = v->dim, .side = FH_DFT_INPUT, .isa = fh_isa_best()};
  for (int a = 0; a < v->dim; a++) {
    const ptrdiff_t below = (n_in[a] < n_out[a] ? n_in[a] : n_out[a]) / 2;
    const ptrdiff_t above = (n_in[a] - 1) / 2 < n_out[a] / 2 ? (n_in[a] - 1) / 2 : n_out[a] / 2;
    const bool last = a == v->dim - 1;
    s.first[a] = last ? 0 : -below;
    s.count[a] = last ? below + 1 : below + above + 1;
    s.n[a] = n_in[a];
    s.other[a] = n_out[a];
  }
  FH_TRY(fh_dft_create(&s, &v->in));
  memcpy(s.n, n_out, sizeof s.n);
  memcpy(s.other, n_in, sizeof s.other);
  s.side = FH_DFT_OUTPUT;
  return fh_dft_create(&s, &v->out);
}

/* scratch: the spectra of one sample, then that of the transforms */
static size_t spectra_bytes(const fh_op *op)
{
  const resample *v = op->data;
  const ptrdiff_t reals = 2 * op->in[0].channels * fh_dft_modes(v->in) + FH_DFT_SLACK;
  return fh_size_aligned((size_t)reals * sizeof(fh_real));
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  resample *v = op->data;
  const fh_grid *grid = &in[0].layout.grid;
  FH_CHECK(grid->dim == v->dim, FH_ERR_SHAPE, "resample: input has %d axes, the operator takes %d",
           grid->dim, v->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "resample: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(grid));
  fh_grid other = *grid;
  for (int a = 0; a < v->dim; a++)
    if (v->out_n[a]) other.n[a] = v->out_n[a];
  out[0] = (fh_shape){in[0].batch, in[0].channels, fh_layout_whole(&other)};
  FH_TRY(transforms(v, grid->n, other.n));
  const size_t a = fh_dft_work(v->in), b = fh_dft_work(v->out);
  need->work = spectra_bytes(op) + (a > b ? a : b);
  return FH_OK;
}

static void apply(const fh_op *op, ptrdiff_t batch, const fh_dft *from, const fh_dft *to,
                  ptrdiff_t size_from, ptrdiff_t size_to, const fh_real *x, fh_real *y, void *work)
{
  void *scratch = (char *)work + spectra_bytes(op);
  for (ptrdiff_t s = 0; s < batch; s++) {
    fh_dft_analyse(from, op->in[0].channels, x + s * size_from, work, scratch);
    fh_dft_synthesise(to, op->in[0].channels, work, y + s * size_to, scratch);
  }
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const resample *v = op->data;
  apply(op, io->batch, v->in, v->out, fh_shape_sample(&op->in[0]), fh_shape_sample(&op->out[0]),
        io->in[0], io->out[0], io->work);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const resample *v = op->data;
  if (!io->din[0]) return FH_OK;
  apply(op, io->batch, v->out, v->in, fh_shape_sample(&op->out[0]), fh_shape_sample(&op->in[0]),
        io->dout[0], io->din[0], io->work);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  resample *v = op->data;
  fh_dft_destroy(&v->in);
  fh_dft_destroy(&v->out);
}

static fh_cost cost(const fh_op *op)
{
  const resample *v = op->data;
  const double channels = (double)op->in[0].channels;
  return (fh_cost){.flops = channels * (fh_dft_flops(v->in) + fh_dft_flops(v->out)),
                   .bytes = sizeof(fh_real) * ((double)fh_shape_sample(&op->in[0]) +
                                               (double)fh_shape_sample(&op->out[0]))};
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    int dim;
    ptrdiff_t batch, channels, n[3], out_n[3];
  } cases[] = {
      {1, 2, 3, {8}, {13}},    {1, 2, 1, {9}, {6}},           {1, 3, 2, {12}, {8}},
      {2, 2, 2, {6, 8}, {12}}, {2, 2, 3, {9, 10}, {6, 7}},    {2, 2, 2, {5, 4}, {8, 18}},
      {2, 1, 2, {8, 8}, {0}},  {3, 2, 2, {4, 5, 6}, {6, 4}},  {3, 2, 1, {4, 4, 4}, {2, 8, 5}},
      {1, 2, 2, {1}, {4}},     {2, 2, 1, {33, 40}, {40, 22}}, {1, 2, 2, {6}, {1}},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(fh_example_shape(cases[i].batch, cases[i].channels, cases[i].dim, cases[i].n, &in[0]));
  return fh_resample_create(cases[i].dim, cases[i].out_n, op);
}

const fh_op_class fh_resample_class = {.name = "resample",
                                       .setup = setup,
                                       .forward = forward,
                                       .backward = backward,
                                       .destroy = destroy,
                                       .cost = cost,
                                       .example = example,
                                       .linear = true};

fh_status fh_resample_create(int dim, const ptrdiff_t out_n[3], fh_op **op)
{
  *op = NULL;
  FH_CHECK(dim >= 1 && dim <= 3, FH_ERR_ARG, "resample: %d axes; give 1 to 3", dim);
  for (int a = 0; a < dim; a++)
    FH_CHECK(out_n[a] >= 0, FH_ERR_ARG, "resample: %td points on axis %d; give 0 to keep them",
             out_n[a], a);
  FH_TRY(fh_op_new(&fh_resample_class, 1, 1, sizeof(resample), op));
  resample *v = (*op)->data;
  v->dim = dim;
  memcpy(v->out_n, out_n, (size_t)dim * sizeof *out_n);
  return FH_OK;
}
