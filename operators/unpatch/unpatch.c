/* unpatch - see README.md */
#include "operators/unpatch/unpatch.h"

#include <string.h>

#include "base/size.h"

typedef struct {
  fh_unpatch_config config;
  /* on three axes always, leading ones 1: a patch with and without padding, the field */
  ptrdiff_t parts[3], padding[3], size[3], inner[3], n[3];
  ptrdiff_t count; /* patches of one output sample */
  ptrdiff_t here;  /* of them on this rank, consecutive */
  int ranks, rank; /* that share the patches of a sample */
} unpatch;

static ptrdiff_t volume(const ptrdiff_t n[3])
{
  return n[0] * n[1] * n[2];
}

static fh_status fill(unpatch *v, const fh_grid *grid, const fh_team *team)
{
  const fh_unpatch_config *c = &v->config;
  v->count = 1;
  for (int a = 0; a < 3; a++) {
    const int at = a - (3 - c->dim);
    v->size[a] = at >= 0 ? grid->n[at] : 1;
    v->padding[a] = at >= 0 ? c->padding[at] : 0;
    v->parts[a] = at >= 0 && c->stitch ? c->parts[at] : 1;
    v->inner[a] = v->size[a] - 2 * v->padding[a];
    FH_CHECK(v->inner[a] >= 1, FH_ERR_SHAPE,
             "unpatch: patches of %td points have nothing left without %td on each side",
             v->size[a], v->padding[a]);
    v->n[a] = v->parts[a] * v->inner[a];
    v->count *= v->parts[a];
  }
  v->ranks = c->stitch && team->n_patches > 1 ? team->n_patches : 1;
  v->rank = v->ranks > 1 ? team->patch_part : 0;
  FH_CHECK(v->count % v->ranks == 0, FH_ERR_USAGE,
           "%d ranks cannot share the %td patches of a sample: choose a divisor of that", v->ranks,
           v->count);
  v->here = v->count / v->ranks;
  return FH_OK;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  unpatch *v = op->data;
  fh_grid grid = in[0].layout.grid;
  FH_CHECK(grid.dim == v->config.dim && fh_layout_is_whole(&in[0].layout), FH_ERR_SHAPE,
           "unpatch: patches on %d axes, of which %td of %td points are here, for %d axes",
           grid.dim, fh_layout_size(&in[0].layout), fh_grid_size(&grid), v->config.dim);
  FH_TRY(fill(v, &grid, op->team));
  FH_CHECK(in[0].batch % v->here == 0, FH_ERR_SHAPE,
           "unpatch: %td patches are not a whole number of fields of %td", in[0].batch, v->here);
  if (v->ranks > 1) {
    int fits = 0;
    const ptrdiff_t mine = in[0].batch * in[0].channels * volume(v->inner);
    FH_TRY(fh_size_int(mine * v->ranks, &fits));
    need->work = (size_t)(mine * (v->ranks + 1)) * sizeof(fh_real);
  }
  for (int a = 0; a < grid.dim; a++) {
    const double spacing = fh_grid_spacing(&grid, a);
    grid.n[a] = v->n[3 - grid.dim + a];
    grid.length[a] = spacing * (double)grid.n[a];
  }
  out[0] = (fh_shape){in[0].batch / v->here, in[0].channels, fh_layout_whole(&grid)};
  return FH_OK;
}

/* offsets of row (i, j) of the inner part of patch number q, in a channel of patch and field */
static void rows_at(const unpatch *v, ptrdiff_t q, ptrdiff_t i, ptrdiff_t j, ptrdiff_t *patch,
                    ptrdiff_t *field)
{
  const ptrdiff_t part[3] = {q / (v->parts[1] * v->parts[2]), q / v->parts[2] % v->parts[1],
                             q % v->parts[2]};
  *patch = ((v->padding[0] + i) * v->size[1] + v->padding[1] + j) * v->size[2] + v->padding[2];
  *field = ((part[0] * v->inner[0] + i) * v->n[1] + part[1] * v->inner[1] + j) * v->n[2] +
           part[2] * v->inner[2];
}

/* one channel of a patch without its padding */
static void crop(const unpatch *v, const fh_real *patch, fh_real *inner)
{
  for (ptrdiff_t i = 0; i < v->inner[0]; i++)
    for (ptrdiff_t j = 0; j < v->inner[1]; j++, inner += v->inner[2]) {
      ptrdiff_t p = 0, f = 0;
      rows_at(v, 0, i, j, &p, &f);
      memcpy(inner, patch + p, (size_t)v->inner[2] * sizeof *inner);
    }
}

/* one channel of patch number q into its place in the field; from: padded, or not */
static void place(const unpatch *v, ptrdiff_t q, bool padded, const fh_real *from, fh_real *field)
{
  for (ptrdiff_t i = 0; i < v->inner[0]; i++)
    for (ptrdiff_t j = 0; j < v->inner[1]; j++) {
      ptrdiff_t p = 0, f = 0;
      rows_at(v, q, i, j, &p, &f);
      if (!padded) p = (i * v->inner[1] + j) * v->inner[2];
      memcpy(field + f, from + p, (size_t)v->inner[2] * sizeof *field);
    }
}

/* the adjoint of place, padded */
static void take(const unpatch *v, ptrdiff_t q, const fh_real *field, fh_real *patch)
{
  for (ptrdiff_t i = 0; i < v->inner[0]; i++)
    for (ptrdiff_t j = 0; j < v->inner[1]; j++) {
      ptrdiff_t p = 0, f = 0;
      rows_at(v, q, i, j, &p, &f);
      memcpy(patch + p, field + f, (size_t)v->inner[2] * sizeof *patch);
    }
}

/* number of the patch that rank has as its b-th */
static ptrdiff_t number_of(const unpatch *v, int rank, ptrdiff_t b)
{
  return rank * v->here + b % v->here;
}

/* every rank's patches on every rank, without padding */
static fh_status exchange(fh_op *op, const fh_fwd *io)
{
  const unpatch *v = op->data;
  const ptrdiff_t channels = op->in[0].channels, large = volume(v->n);
  const ptrdiff_t small = volume(v->size), inner = volume(v->inner), mine = io->batch * channels;
  fh_real *send = io->work, *all = send + mine * inner;
  for (ptrdiff_t i = 0; i < mine; i++) crop(v, io->in[0] + i * small, send + i * inner);
  FH_TRY_MPI(MPI_Allgather(send, (int)(mine * inner), FH_MPI_REAL, all, (int)(mine * inner),
                           FH_MPI_REAL, op->team->patches));
  for (int r = 0; r < v->ranks; r++)
    for (ptrdiff_t i = 0; i < mine; i++) {
      const ptrdiff_t b = i / channels, c = i % channels;
      place(v, number_of(v, r, b), false, all + (r * mine + i) * inner,
            io->out[0] + (b / v->here * channels + c) * large);
    }
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const unpatch *v = op->data;
  const ptrdiff_t channels = op->in[0].channels, small = volume(v->size), large = volume(v->n);
  if (v->ranks > 1) return exchange(op, io);
  for (ptrdiff_t b = 0; b < io->batch; b++)
    for (ptrdiff_t c = 0; c < channels; c++)
      place(v, number_of(v, 0, b), true, io->in[0] + (b * channels + c) * small,
            io->out[0] + (b / v->here * channels + c) * large);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const unpatch *v = op->data;
  const ptrdiff_t channels = op->in[0].channels, small = volume(v->size), large = volume(v->n);
  if (!io->din[0]) return FH_OK;
  memset(io->din[0], 0, (size_t)(io->batch * channels * small) * sizeof(fh_real));
  for (ptrdiff_t b = 0; b < io->batch; b++)
    for (ptrdiff_t c = 0; c < channels; c++)
      take(v, number_of(v, v->rank, b), io->dout[0] + (b / v->here * channels + c) * large,
           io->din[0] + (b * channels + c) * small);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  (void)op;
}

static fh_cost cost(const fh_op *op)
{
  const unpatch *v = op->data;
  const double others = v->ranks - 1, inner = (double)(op->in[0].channels * volume(v->inner));
  return (fh_cost){.bytes = 2.0 * (double)fh_shape_sample(&op->in[0]) * sizeof(fh_real),
                   .message_bytes = others * inner * sizeof(fh_real)};
}

fh_status fh_unpatch_create(const fh_unpatch_config *config, fh_op **op)
{
  *op = NULL;
  FH_CHECK(config->dim >= 1 && config->dim <= FH_MAX_DIM, FH_ERR_ARG,
           "unpatch: %d axes, allowed are 1 to %d", config->dim, FH_MAX_DIM);
  for (int a = 0; a < config->dim; a++)
    FH_CHECK(config->parts[a] >= 1 && config->padding[a] >= 0, FH_ERR_ARG,
             "unpatch: %td patches with a padding of %td on axis %d; give at least 1 and 0",
             config->parts[a], config->padding[a], a);
  FH_TRY(fh_op_new(&fh_unpatch_class, 1, 1, sizeof(unpatch), op));
  ((unpatch *)(*op)->data)->config = *config;
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_unpatch_config config;
    ptrdiff_t n[3], batch, channels;
  } cases[] = {
      {{1, {2}, {1}, false}, {5}, 3, 2},
      {{2, {1, 1}, {1, 2}, true}, {4, 6}, 2, 2},
      {{2, {2, 2}, {1, 0}, false}, {5, 3}, 4, 1},
      {{3, {1, 1, 1}, {0, 1, 2}, true}, {3, 4, 5}, 2, 1},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  fh_grid grid;
  FH_TRY(fh_grid_box(cases[i].config.dim, cases[i].n, FH_PERIODIC, FH_NODE, &grid));
  in[0] = (fh_shape){cases[i].batch, cases[i].channels, fh_layout_whole(&grid)};
  return fh_unpatch_create(&cases[i].config, op);
}

const fh_op_class fh_unpatch_class = {.name = "unpatch",
                                      .setup = setup,
                                      .forward = forward,
                                      .backward = backward,
                                      .destroy = destroy,
                                      .cost = cost,
                                      .example = example,
                                      .linear = true};
