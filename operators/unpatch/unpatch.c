/* unpatch - see README.md */
#include "operators/unpatch/unpatch.h"

#include <string.h>

#include "grid/tiles.h"

typedef struct {
  fh_unpatch_config config;
  fh_tiles tiles;
  fh_layout box;    /* of the field, that is here */
  ptrdiff_t here;   /* patches of a sample on this rank, consecutive */
  ptrdiff_t number; /* of the first of them */
} unpatch;

/* the field that patches without padding on this grid make */
static fh_grid field_of(const fh_unpatch_config *c, const fh_grid *patch)
{
  fh_grid field = *patch;
  for (int a = 0; a < c->dim; a++) {
    const double spacing = fh_grid_spacing(patch, a);
    const ptrdiff_t inner = patch->n[a] - 2 * c->padding[a];
    field.n[a] = c->stitch ? c->parts[a] * inner : inner;
    if (c->stitch && c->n[a]) field.n[a] = c->n[a];
    field.length[a] = spacing * (double)field.n[a];
  }
  return field;
}

static fh_status fill(unpatch *v, const fh_grid *patch, const fh_team *team)
{
  static const ptrdiff_t one[3] = {1, 1, 1};
  const fh_unpatch_config *c = &v->config;
  const int ranks = c->stitch && team->n_patches > 1 ? team->n_patches : 1;
  for (int a = 0; a < c->dim; a++)
    FH_CHECK(patch->n[a] > 2 * c->padding[a], FH_ERR_SHAPE,
             "unpatch: patches of %td points have nothing left without %td on each side",
             patch->n[a], c->padding[a]);
  const fh_grid field = field_of(c, patch);
  FH_TRY(fh_tiles_make(&field, c->stitch ? c->parts : one, &v->tiles));
  for (int a = 0; a < c->dim; a++)
    FH_CHECK(v->tiles.size[a] == patch->n[a] - 2 * c->padding[a], FH_ERR_SHAPE,
             "unpatch: patches of %td points do not make a field of %td along axis %d",
             patch->n[a] - 2 * c->padding[a], field.n[a], a);
  FH_TRY(fh_tiles_box(&v->tiles, ranks, ranks > 1 ? team->patch_part : 0, &v->box));
  v->here = v->tiles.count / ranks;
  v->number = ranks > 1 ? team->patch_part * v->here : 0;
  return FH_OK;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  unpatch *v = op->data;
  const fh_grid *grid = &in[0].layout.grid;
  (void)need;
  FH_CHECK(grid->dim == v->config.dim && fh_layout_is_whole(&in[0].layout), FH_ERR_SHAPE,
           "unpatch: patches on %d axes, of which %td of %td points are here, for %d axes",
           grid->dim, fh_layout_size(&in[0].layout), fh_grid_size(grid), v->config.dim);
  FH_TRY(fill(v, grid, op->team));
  FH_CHECK(in[0].batch % v->here == 0, FH_ERR_SHAPE,
           "unpatch: %td patches are not a whole number of fields of %td", in[0].batch, v->here);
  out[0] = (fh_shape){in[0].batch / v->here, in[0].channels, v->box};
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const unpatch *v = op->data;
  const ptrdiff_t channels = op->in[0].channels, small = fh_shape_points(&op->in[0]),
                  large = fh_layout_size(&v->box);
  for (ptrdiff_t b = 0; b < io->batch; b++)
    for (ptrdiff_t c = 0; c < channels; c++)
      fh_tiles_put(&v->tiles, v->number + b % v->here, v->config.padding, &v->box,
                   io->in[0] + (b * channels + c) * small,
                   io->out[0] + (b / v->here * channels + c) * large);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const unpatch *v = op->data;
  const ptrdiff_t channels = op->in[0].channels, small = fh_shape_points(&op->in[0]),
                  large = fh_layout_size(&v->box);
  if (!io->din[0]) return FH_OK;
  memset(io->din[0], 0, (size_t)(io->batch * channels * small) * sizeof(fh_real));
  for (ptrdiff_t b = 0; b < io->batch; b++)
    for (ptrdiff_t c = 0; c < channels; c++)
      fh_tiles_take(&v->tiles, v->number + b % v->here, v->config.padding, &v->box,
                    io->dout[0] + (b / v->here * channels + c) * large,
                    io->din[0] + (b * channels + c) * small);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  return (fh_cost){.bytes = 2.0 * (double)fh_shape_sample(&op->in[0]) * sizeof(fh_real)};
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
      {{1, {2}, {1}, false, {0}}, {5}, 3, 2},
      {{2, {1, 1}, {1, 2}, true, {0}}, {4, 6}, 2, 2},
      {{2, {2, 2}, {1, 0}, false, {0}}, {5, 3}, 4, 1},
      {{3, {1, 1, 1}, {0, 1, 2}, true, {0}}, {3, 4, 5}, 2, 1},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(
      fh_example_shape(cases[i].batch, cases[i].channels, cases[i].config.dim, cases[i].n, &in[0]));
  return fh_unpatch_create(&cases[i].config, op);
}

const fh_op_class fh_unpatch_class = {.name = "unpatch",
                                      .setup = setup,
                                      .forward = forward,
                                      .backward = backward,
                                      .cost = cost,
                                      .example = example,
                                      .linear = true,
                                      .joins = true};
