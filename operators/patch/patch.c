/* patch - see README.md */
#include "operators/patch/patch.h"

#include <string.h>

typedef struct {
  fh_patch_config config;
  fh_cut *cut;
  fh_selection at;        /* of the field, that is here */
  ptrdiff_t first, count; /* patches of a sample on this rank, consecutive ones */
} patch;

/* what is here of the field: all of it, or what the patches of this rank need */
static fh_status find_selection(patch *v, const fh_layout *in)
{
  if (fh_layout_is_whole(in)) return fh_selection_box(in, &v->at);
  FH_TRY(fh_cut_needs(v->cut, v->first, v->count, &v->at));
  for (int a = 0; a < v->at.dim; a++)
    FH_CHECK(in->count[a] == v->at.count[a], FH_ERR_UNSUPPORTED,
             "patch: this rank has %td of the %td points of axis %d, its patches need %td",
             in->count[a], in->grid.n[a], a, v->at.count[a]);
  return FH_OK;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  patch *v = op->data;
  const fh_team *team = op->team;
  const int ranks = team->n_patches > 1 ? team->n_patches : 1;
  (void)need;
  FH_TRY(fh_cut_create(&v->config, &in[0].layout.grid, &v->cut));
  v->count = v->cut->tiles.count / ranks;
  FH_CHECK(v->count * ranks == v->cut->tiles.count, FH_ERR_USAGE,
           "%d ranks cannot share the %td patches of a sample: choose a divisor of that", ranks,
           v->cut->tiles.count);
  v->first = ranks > 1 ? team->patch_part * v->count : 0;
  FH_TRY(find_selection(v, &in[0].layout));
  out[0] = (fh_shape){in[0].batch * v->count, fh_cut_channels(v->cut, in[0].channels),
                      fh_layout_whole(&v->cut->patch)};
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const patch *v = op->data;
  const ptrdiff_t in = fh_shape_sample(&op->in[0]), out = v->count * fh_shape_sample(&op->out[0]);
  for (ptrdiff_t b = 0; b < io->batch; b++)
    fh_cut_forward(v->cut, &v->at, v->first, v->count, op->in[0].channels, io->in[0] + b * in,
                   io->out[0] + b * out);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const patch *v = op->data;
  const ptrdiff_t in = fh_shape_sample(&op->in[0]), out = v->count * fh_shape_sample(&op->out[0]);
  if (!io->din[0]) return FH_OK;
  memset(io->din[0], 0, (size_t)(io->batch * in) * sizeof(fh_real));
  for (ptrdiff_t b = 0; b < io->batch; b++)
    fh_cut_adjoint(v->cut, &v->at, v->first, v->count, op->in[0].channels, io->dout[0] + b * out,
                   io->din[0] + b * in);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  patch *v = op->data;
  fh_cut_destroy(&v->cut);
  fh_selection_clear(&v->at);
}

static fh_cost cost(const fh_op *op)
{
  const patch *v = op->data;
  return (fh_cost){.bytes =
                       2.0 * (double)(v->count * fh_shape_sample(&op->out[0])) * sizeof(fh_real)};
}

fh_status fh_patch_create(const fh_patch_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(fh_cut_check(config));
  FH_TRY(fh_op_new(&fh_patch_class, 1, 1, sizeof(patch), op));
  ((patch *)(*op)->data)->config = *config;
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_patch_config config;
    ptrdiff_t n[3], channels;
  } cases[] = {
      {{1, 1, {1}, FH_OUTSIDE_PERIODIC, false}, {12}, 2},
      {{1, 2, {3}, FH_OUTSIDE_REFLECT, false}, {29}, 1},
      {{2, 1, {1, 2}, FH_OUTSIDE_PERIODIC, false}, {8, 11}, 2},
      {{2, 1, {0, 3}, FH_OUTSIDE_ZERO, false}, {13, 7}, 1},
      {{2, 0, {2, 0}, FH_OUTSIDE_REFLECT, false}, {5, 7}, 3},
      {{3, 1, {0, 1, 2}, FH_OUTSIDE_PERIODIC, false}, {8, 7, 4}, 1},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  FH_TRY(fh_example_shape(2, cases[i].channels, cases[i].config.dim, cases[i].n, &in[0]));
  return fh_patch_create(&cases[i].config, op);
}

const fh_op_class fh_patch_class = {.name = "patch",
                                    .setup = setup,
                                    .forward = forward,
                                    .backward = backward,
                                    .destroy = destroy,
                                    .cost = cost,
                                    .example = example,
                                    .linear = true};
