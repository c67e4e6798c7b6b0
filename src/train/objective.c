#include "train/objective.h"

#include <string.h>

#include "base/memory.h"
#include "comm/gather.h"
#include "train/blocks.h"

struct fh_objective {
  const fh_team *team;
  fh_loss *loss;
  fh_shape shape, field; /* of the prediction here; of what the loss is given */
  fh_normaliser *decode; /* of the points here; NULL: none */
  fh_real *physical;     /* the prediction decoded */
  fh_blocks blocks;      /* of field; the arrays are there if there is more than one */
  ptrdiff_t all_blocks;  /* of a sample on all ranks */
  ptrdiff_t *number;     /* of each block here among them */
  fh_real *cut_prediction, *cut_truth, *cut_slope;
  double *cut_values, *all_values;
  fh_gather *gather; /* NULL: nothing is gathered */
  fh_real *whole, *whole_slope;
};

/* ---- create ------------------------------------------------------------------------------------- */

static ptrdiff_t blocks_along(const fh_int_list *blocks, int a)
{
  return blocks->value[blocks->count == 1 ? 0 : a];
}

/* do the boxes of the ranks cut no block? */
static bool fits_boxes(const fh_int_list *blocks, const fh_layout *box)
{
  for (int a = 0; a < box->grid.dim; a++) {
    const ptrdiff_t n = blocks_along(blocks, a), size = box->grid.n[a] / n;
    if (box->grid.n[a] % n || box->first[a] % size || box->count[a] % size) return false;
  }
  return true;
}

static bool has_blocks(const fh_int_list *blocks, int dim)
{
  for (int a = 0; a < dim; a++)
    if (blocks_along(blocks, a) > 1) return true;
  return false;
}

static fh_status plan_gather(const fh_model_part *part, fh_objective *o)
{
  const ptrdiff_t fields = o->shape.batch * o->shape.channels;
  FH_TRY(fh_gather_create(o->team->patches, &part->cut->tiles, fields, &o->gather));
  o->field.layout = fh_layout_whole(&o->shape.layout.grid);
  FH_NEW(o->whole, fh_shape_size(&o->field));
  FH_NEW(o->whole_slope, fh_shape_size(&o->field));
  return FH_OK;
}

/* numbers of the blocks here among those of the whole field, last axis fastest */
static fh_status number_blocks(const fh_int_list *per_axis, fh_objective *o)
{
  const fh_layout *l = &o->field.layout;
  ptrdiff_t parts[3] = {1, 1, 1}, first[3] = {0, 0, 0};
  o->all_blocks = 1;
  for (int a = 0; a < l->grid.dim; a++) {
    const int at = 3 - l->grid.dim + a;
    parts[at] = blocks_along(per_axis, a);
    first[at] = l->first[a] / (l->grid.n[a] / parts[at]);
    o->all_blocks *= parts[at];
  }
  const ptrdiff_t *here = o->blocks.parts;
  FH_NEW(o->number, o->blocks.count);
  for (ptrdiff_t i = 0; i < o->blocks.count; i++) {
    const ptrdiff_t z = i / (here[1] * here[2]), y = i / here[2] % here[1], x = i % here[2];
    o->number[i] = ((first[0] + z) * parts[1] + first[1] + y) * parts[2] + first[2] + x;
  }
  return FH_OK;
}

/* the points here as a field of their own, in as many blocks as lie in it */
static fh_status plan_blocks(const fh_int_list *per_axis, fh_objective *o, fh_shape *block)
{
  const fh_layout *l = &o->field.layout;
  fh_shape here = o->field;
  fh_int_list parts = *per_axis;
  fh_grid grid = l->grid;
  if (!fh_layout_is_whole(l)) {
    parts.count = grid.dim;
    for (int a = 0; a < grid.dim; a++) {
      parts.value[a] = l->count[a] / (grid.n[a] / blocks_along(per_axis, a));
      grid.length[a] *= (double)l->count[a] / (double)grid.n[a];
      grid.n[a] = l->count[a];
    }
    here.layout = fh_layout_whole(&grid);
  }
  FH_TRY(fh_blocks_make(&parts, &here, &o->blocks, block));
  FH_TRY(number_blocks(per_axis, o));
  FH_NEW(o->cut_prediction, fh_shape_size(block));
  FH_NEW(o->cut_truth, fh_shape_size(block));
  FH_NEW(o->cut_slope, fh_shape_size(block));
  FH_NEW(o->cut_values, block->batch);
  FH_NEW(o->all_values, o->field.batch * o->all_blocks);
  return FH_OK;
}

static fh_status plan_loss(const fh_objective_config *c, fh_objective *o)
{
  const fh_layout *box = &o->shape.layout;
  const bool tiled = c->part->cut != NULL, shared = o->team->n_patches > 1;
  const bool in_blocks = has_blocks(c->blocks, box->grid.dim);
  const fh_tiles *tiles = tiled ? &c->part->cut->tiles : NULL;
  const bool apart = tiled && fh_loss_can_share(c->loss, tiles, o->team->n_patches);
  fh_shape block;
  FH_TRY(fh_blocks_make(c->blocks, &(fh_shape){1, 1, fh_layout_whole(&box->grid)}, &o->blocks,
                        &block));
  if (shared && (in_blocks ? !fits_boxes(c->blocks, box) : !apart)) FH_TRY(plan_gather(c->part, o));
  o->all_blocks = 1;
  if (in_blocks) {
    FH_TRY(plan_blocks(c->blocks, o, &block));
    return fh_loss_create(c->loss, &block, &o->loss);
  }
  if (apart) return fh_loss_create_shared(c->loss, o->team->patches, tiles, &o->shape, &o->loss);
  /* gathered because of thin boxes alone: still tile by tile, so that the bits are those of one rank a sample */
  if (tiled && fh_loss_can_share(c->loss, tiles, 1))
    return fh_loss_create_shared(c->loss, MPI_COMM_SELF, tiles, &o->field, &o->loss);
  return fh_loss_create(c->loss, &o->field, &o->loss);
}

static fh_status build(const fh_objective_config *c, fh_objective *o)
{
  o->field = o->shape;
  if (c->decode) {
    FH_TRY(fh_normaliser_part(c->decode, &o->shape, &o->decode));
    FH_NEW(o->physical, fh_shape_size(&o->shape));
  }
  return plan_loss(c, o);
}

fh_status fh_objective_create(const fh_team *team, const fh_objective_config *config,
                              const fh_shape *shape, fh_objective **objective)
{
  fh_objective *o = NULL;
  *objective = NULL;
  FH_NEW(o, 1);
  o->team = team;
  o->shape = *shape;
  const fh_status st = build(config, o);
  if (st != FH_OK) fh_objective_destroy(&o);
  *objective = o;
  return st;
}

void fh_objective_destroy(fh_objective **objective)
{
  fh_objective *o = *objective;
  if (!o) return;
  void *all[] = {o->physical,   o->number,     o->cut_prediction, o->cut_truth,  o->cut_slope,
                 o->cut_values, o->all_values, o->whole,          o->whole_slope};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) fh_free(all[i]);
  fh_gather_destroy(&o->gather);
  fh_normaliser_destroy(&o->decode);
  fh_loss_destroy(&o->loss);
  fh_free(o);
  *objective = NULL;
}

const fh_layout *fh_objective_truth(const fh_objective *o)
{
  return &o->field.layout;
}

bool fh_objective_gathers(const fh_objective *o)
{
  return o->gather != NULL;
}

/* ---- evaluate ----------------------------------------------------------------------------------- */

static fh_status eval_blocks(fh_objective *o, ptrdiff_t batch, const fh_real *prediction,
                             const fh_real *truth, double scale, double *values, fh_real *slope)
{
  const fh_blocks *b = &o->blocks;
  const ptrdiff_t all = batch * o->all_blocks;
  fh_blocks_cut(b, batch, prediction, o->cut_prediction);
  fh_blocks_cut(b, batch, truth, o->cut_truth);
  FH_TRY(fh_loss_eval(o->loss, batch * b->count, o->cut_prediction, o->cut_truth, scale,
                      o->cut_values, o->cut_slope));
  fh_blocks_join(b, batch, o->cut_slope, slope);
  memset(o->all_values, 0, (size_t)all * sizeof *o->all_values);
  for (ptrdiff_t i = 0; i < batch * b->count; i++)
    o->all_values[i / b->count * o->all_blocks + o->number[i % b->count]] = o->cut_values[i];
  if (b->count < o->all_blocks) /* a block is on one rank: exact in any order */
    FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, o->all_values, (int)all, MPI_DOUBLE, MPI_SUM,
                             o->team->patches));
  for (ptrdiff_t i = 0; i < batch; i++) {
    values[i] = 0;
    for (ptrdiff_t k = 0; k < o->all_blocks; k++) values[i] += o->all_values[i * o->all_blocks + k];
  }
  return FH_OK;
}

static fh_status eval_field(fh_objective *o, ptrdiff_t batch, const fh_real *prediction,
                            const fh_real *truth, double scale, double *values, fh_real *slope)
{
  if (o->number) return eval_blocks(o, batch, prediction, truth, scale, values, slope);
  return fh_loss_eval(o->loss, batch, prediction, truth, scale, values, slope);
}

static fh_status eval_gathered(fh_objective *o, ptrdiff_t batch, const fh_real *prediction,
                               const fh_real *truth, double scale, double *values, fh_real *slope)
{
  const ptrdiff_t fields = batch * o->shape.channels;
  FH_TRY(fh_gather_run(o->gather, fields, prediction, o->whole));
  FH_TRY(eval_field(o, batch, o->whole, truth, scale, values, o->whole_slope));
  fh_box_cut(&o->shape.layout, fields, o->whole_slope, slope);
  return FH_OK;
}

static fh_status eval(fh_objective *o, ptrdiff_t batch, const fh_real *prediction,
                      const fh_real *truth, double scale, double *values, fh_real *slope)
{
  if (o->gather) return eval_gathered(o, batch, prediction, truth, scale, values, slope);
  return eval_field(o, batch, prediction, truth, scale, values, slope);
}

fh_status fh_objective_eval(fh_objective *o, ptrdiff_t batch, const fh_real *prediction,
                            const fh_real *truth, double scale, double *values, fh_real *slope)
{
  if (!o->decode) return eval(o, batch, prediction, truth, scale, values, slope);
  memcpy(o->physical, prediction,
         (size_t)(batch * fh_shape_sample(&o->shape)) * sizeof *prediction);
  FH_TRY(fh_normaliser_decode(o->decode, batch, &o->shape, o->physical));
  FH_TRY(eval(o, batch, o->physical, truth, scale, values, slope));
  return fh_normaliser_decode_adjoint(o->decode, batch, &o->shape, slope);
}
