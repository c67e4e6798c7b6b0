/* operator - a trained model on a grid, applied to fields in physical units */
#include <string.h>

#include "base/memory.h"
#include "comm/gather.h"
#include "train/patchwise.h"
#include "train/trained.h"

struct fh_operator {
  fh_program *program;
  const fh_normaliser *input, *output;
  fh_time_step time;
  fh_shape in, out; /* of the largest batch */
  fh_real *x;       /* encoded copy of the input */
  /* a model that works patch by patch: program is the patches', x a rank's box of the prediction */
  fh_patchwise *patchwise;
  const fh_team *team;
  fh_gather
      *gather; /* of the ranks that share a sample; made when a whole field is first asked for */
};

static fh_status check_normaliser(const fh_normaliser *n, const fh_shape *shape, const char *side)
{
  if (!n || n->kind != FH_NORM_POINT) return FH_OK;
  FH_CHECK(n->points == fh_shape_points(shape), FH_ERR_SHAPE,
           "the %s normaliser of this model was fitted point by point on %td points and cannot be "
           "used on %td: train with -normalise_%s channel to change the grid",
           side, n->points, fh_shape_points(shape), side);
  return FH_OK;
}

static fh_status build_patchwise(const fh_model_spec *spec, const fh_team *team,
                                 const fh_grid *grid, ptrdiff_t batch, ptrdiff_t at_once,
                                 fh_operator *op)
{
  const fh_layout whole = fh_layout_whole(grid);
  op->in = (fh_shape){batch, spec->in_channels, whole};
  op->out = (fh_shape){batch, spec->out_channels, whole};
  FH_TRY(check_normaliser(op->input, &op->in, "input"));
  FH_TRY(fh_patchwise_create(spec, team, grid, op->input, at_once, &op->patchwise));
  op->program = fh_patchwise_program(op->patchwise);
  op->team = team;
  return FH_OK;
}

static fh_status build(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                       ptrdiff_t batch, ptrdiff_t at_once, fh_operator *op)
{
  if (spec->class->patches) {
    FH_TRY(build_patchwise(spec, team, grid, batch, at_once, op));
  } else {
    FH_TRY(fh_model_build(spec, team, grid, batch, FH_INFER, FH_PLANNED, &op->program));
    FH_TRY(fh_model_check_prediction(op->program, grid));
    op->in = *fh_program_input_shape(op->program, 0);
    op->out = *fh_program_output_shape(op->program, 0);
  }
  FH_TRY(check_normaliser(op->input, &op->in, "input"));
  FH_TRY(check_normaliser(op->output, &op->out, "output"));
  if (!op->patchwise) FH_NEW(op->x, fh_shape_size(&op->in));
  return FH_OK;
}

fh_status fh_operator_create_from(const fh_model_spec *spec, const fh_normaliser *input,
                                  const fh_normaliser *output, const fh_team *team,
                                  const fh_grid *grid, ptrdiff_t batch, ptrdiff_t patches_at_once,
                                  fh_operator **op)
{
  fh_operator *o = NULL;
  *op = NULL;
  FH_NEW(o, 1);
  o->input = input;
  o->output = output;
  o->time = spec->time;
  const fh_status st = build(spec, team, grid, batch, patches_at_once, o);
  if (st != FH_OK) fh_operator_destroy(&o);
  *op = o;
  return st;
}

fh_status fh_trained_check_axes(const fh_trained *trained, const fh_grid *grid)
{
  char text[2][64];
  FH_CHECK(grid->dim == trained->grid.dim, FH_ERR_SHAPE,
           "the model was trained on a grid of %d axes (%s) and cannot be used on one of %d (%s)",
           trained->grid.dim, fh_grid_text(&trained->grid, text[0]), grid->dim,
           fh_grid_text(grid, text[1]));
  return FH_OK;
}

fh_status fh_operator_create(const fh_trained *trained, const fh_team *team, const fh_grid *grid,
                             ptrdiff_t batch, fh_operator **op)
{
  return fh_operator_create_patchwise(trained, team, grid, batch, 0, op);
}

fh_status fh_operator_create_patchwise(const fh_trained *trained, const fh_team *team,
                                       const fh_grid *grid, ptrdiff_t batch,
                                       ptrdiff_t patches_at_once, fh_operator **op)
{
  *op = NULL;
  FH_TRY(fh_trained_check_axes(trained, grid));
  FH_TRY(fh_operator_create_from(&trained->spec, trained->input, trained->output, team, grid, batch,
                                 patches_at_once, op));
  const fh_status st = fh_trained_load(trained, (*op)->program);
  if (st != FH_OK) fh_operator_destroy(op);
  return st;
}

void fh_operator_destroy(fh_operator **op)
{
  fh_operator *o = *op;
  if (!o) return;
  if (o->patchwise)
    fh_patchwise_destroy(&o->patchwise); /* and its program */
  else
    fh_program_destroy(&o->program);
  fh_gather_destroy(&o->gather);
  fh_free(o->x);
  fh_free(o);
  *op = NULL;
}

fh_program *fh_operator_program(fh_operator *op)
{
  return op->program;
}

static fh_status apply_piece(fh_operator *op, ptrdiff_t batch, const fh_real *x, fh_real *y)
{
  const fh_real *in = x, *out = NULL;
  if (op->input) {
    memcpy(op->x, x, (size_t)(batch * fh_shape_sample(&op->in)) * sizeof *x);
    FH_TRY(fh_normaliser_encode(op->input, batch, &op->in, op->x));
    in = op->x;
  }
  FH_TRY(fh_program_forward(op->program, batch, &in, &out));
  memcpy(y, out, (size_t)(batch * fh_shape_sample(&op->out)) * sizeof *y);
  if (op->output) FH_TRY(fh_normaliser_decode(op->output, batch, &op->out, y));
  return FH_OK;
}

/* ---- patch by patch ----------------------------------------------------------------------------- */

/* room for the box of this rank and for the boxes of all */
static fh_status make_gather(fh_operator *op)
{
  const fh_model_part *part = fh_patchwise_part(op->patchwise);
  FH_NEW(op->x, op->out.channels * fh_layout_size(&part->out));
  return fh_gather_create(op->team->patches, &part->cut->tiles, op->out.channels, &op->gather);
}

fh_status fh_operator_apply_reading(fh_operator *op, fh_point_reader read, void *context,
                                    fh_real *y)
{
  FH_CHECK(op->patchwise, FH_ERR_STATE, "the model does not work patch by patch");
  if (op->team->n_patches > 1 && !op->gather)
    FH_TRY(fh_status_agree(op->team->patches, make_gather(op)));
  FH_TRY(fh_patchwise_run(op->patchwise, read, context, op->gather ? op->x : y));
  if (op->gather) FH_TRY(fh_gather_run(op->gather, op->out.channels, op->x, y));
  return op->output ? fh_normaliser_decode(op->output, 1, &op->out, y) : FH_OK;
}

/* what a tile is decoded with on its way to whoever takes it */
typedef struct {
  const fh_operator *op;
  fh_box_taker take;
  void *context;
} decoding;

/* a copy of the normaliser for these points */
static fh_status tile_normaliser(const fh_normaliser *whole, const fh_layout *box,
                                 fh_normaliser **own)
{
  fh_selection at;
  FH_TRY(fh_selection_box(box, &at));
  const fh_status st = fh_normaliser_select(whole, &at, &box->grid, own);
  fh_selection_clear(&at);
  return st;
}

static fh_status decode(void *context, const fh_layout *box, fh_real *values)
{
  const decoding *d = context;
  const fh_shape shape = {1, d->op->out.channels, *box};
  fh_normaliser *own = NULL;
  if (!d->op->output) return d->take(d->context, box, values);
  FH_TRY(tile_normaliser(d->op->output, box, &own));
  const fh_status st = fh_normaliser_decode(own, 1, &shape, values);
  fh_normaliser_destroy(&own);
  FH_TRY(st);
  return d->take(d->context, box, values);
}

fh_status fh_operator_apply_streaming(fh_operator *op, fh_point_reader read, void *read_context,
                                      fh_box_taker take, void *take_context)
{
  decoding d = {op, take, take_context};
  FH_CHECK(op->patchwise, FH_ERR_STATE, "the model does not work patch by patch");
  return fh_patchwise_stream(op->patchwise, read, read_context, decode, &d);
}

typedef struct {
  const fh_shape *shape;
  const fh_real *x;
} memory;

static fh_status read_memory(void *context, const fh_selection *at, fh_real *x)
{
  const memory *m = context;
  fh_selection_gather(at, &m->shape->layout.grid, m->shape->channels, m->x, x);
  return FH_OK;
}

bool fh_operator_is_patchwise(const fh_operator *op)
{
  return op->patchwise != NULL;
}

static fh_status apply_patchwise(fh_operator *op, ptrdiff_t batch, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t b = 0; b < batch; b++) {
    memory m = {&op->in, x + b * fh_shape_sample(&op->in)};
    FH_TRY(fh_operator_apply_reading(op, read_memory, &m, y + b * fh_shape_sample(&op->out)));
  }
  return FH_OK;
}

/* ---- fields ------------------------------------------------------------------------------------- */

fh_status fh_operator_apply(fh_operator *op, ptrdiff_t batch, const fh_real *x, fh_real *y)
{
  const ptrdiff_t nx = fh_shape_sample(&op->in), ny = fh_shape_sample(&op->out);
  if (op->patchwise) return apply_patchwise(op, batch, x, y);
  for (ptrdiff_t done = 0; done < batch;) {
    const ptrdiff_t left = batch - done, piece = left < op->in.batch ? left : op->in.batch;
    FH_TRY(apply_piece(op, piece, x + done * nx, y + done * ny));
    done += piece;
  }
  return FH_OK;
}

void fh_operator_advance(const fh_operator *op, ptrdiff_t batch, const fh_real *y, fh_real *x)
{
  const ptrdiff_t nx = fh_shape_sample(&op->in), ny = fh_shape_sample(&op->out);
  const ptrdiff_t older = (op->time.history - 1) * ny;
  for (ptrdiff_t b = 0; b < batch; b++) {
    fh_real *frames = x + b * nx;
    memmove(frames, frames + ny, (size_t)older * sizeof *x);
    memcpy(frames + older, y + b * ny, (size_t)ny * sizeof *x);
  }
}
