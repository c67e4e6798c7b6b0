/* mgno - see mgno.h */
#include "model/mgno.h"

#include <stdio.h>
#include <string.h>

#include "model/mgno_impl.h"
#include "operators/activation/activation.h"
#include "operators/add/add.h"
#include "operators/linear/linear.h"
#include "operators/norm/norm.h"
#include "operators/stencil/stencil.h"

static const fh_grid *grid_of(const fh_program *p, fh_slot x)
{
  return &fh_program_shape(p, x)->layout.grid;
}

/* act(W x + b + s); s < 0: nothing is added */
static fh_status add_linear(const char *name, ptrdiff_t out, bool bias, int activation, fh_slot s,
                            fh_program *p, fh_slot *x)
{
  const fh_linear_config config = {.in_channels = fh_program_shape(p, *x)->channels,
                                   .out_channels = out,
                                   .bias = bias,
                                   .add = s >= 0,
                                   .activation = activation};
  const fh_slot in[2] = {*x, s};
  fh_op *op = NULL;
  FH_TRY(fh_linear_create(&config, &op));
  return fh_program_add(p, name, op, in, x);
}

/* the norm of a layer's result over all channels and points, with weights of each point */
static fh_status layer_norm(const fh_mgno_config *c, int layer, fh_program *p, fh_slot *x)
{
  const fh_grid *grid = grid_of(p, *x);
  fh_norm_config config = {.channels = c->hidden_channels,
                           .groups = 1,
                           .affine = c->affine ? FH_AFFINE_FUNCTION : FH_AFFINE_NONE,
                           .epsilon = 1e-5,
                           .dim = grid->dim};
  memcpy(config.n, grid->n, sizeof config.n);
  char name[64];
  fh_op *op = NULL;
  snprintf(name, sizeof name, "norm_layer_list.%d", layer);
  FH_TRY(fh_norm_create(&config, &op));
  return fh_program_then(p, name, op, x);
}

/* u <- act(W u + K u + b) */
static fh_status add_layer(const fh_mgno_config *c, int layer, fh_program *p, fh_slot *x)
{
  char name[64];
  fh_vcycle cycle;
  fh_slot w = *x;
  snprintf(name, sizeof name, "conv_list.%d", layer);
  fh_mgno_cycle(c, fh_program_shape(p, *x)->channels, c->hidden_channels, &cycle);
  FH_TRY(fh_vcycle_add(&cycle, name, p, &w));
  if (c->norm == FH_MGNO_NORM_LAYER) FH_TRY(layer_norm(c, layer, p, &w));
  if (c->skip == FH_MGNO_SKIP_LINEAR) {
    snprintf(name, sizeof name, "linear_list.%d", layer);
    return add_linear(name, c->hidden_channels, true, c->non_linearity, w, p, x);
  }
  fh_op *op = NULL;
  FH_TRY(fh_activation_create(c->non_linearity, &op));
  *x = w;
  return fh_program_then(p, "", op, x);
}

/* input < 0: nothing is added */
static fh_status add_head(const fh_mgno_config *c, ptrdiff_t out, fh_slot input, fh_program *p,
                          fh_slot *x)
{
  /* the name that the authors' classes with and without the skip give it */
  const char *name = c->skip == FH_MGNO_SKIP_LINEAR ? "linear" : "last_layer";
  char text[64];
  if (c->head == FH_MGNO_HEAD_LINEAR)
    return add_linear(name, out, c->head_bias, FH_ACT_IDENTITY, input, p, x);
  if (c->head == FH_MGNO_HEAD_MLP) {
    snprintf(text, sizeof text, "%s.0", name);
    FH_TRY(add_linear(text, c->head_channels, true, FH_ACT_GELU, -1, p, x));
    snprintf(text, sizeof text, "%s.2", name);
    return add_linear(text, out, c->head_bias, FH_ACT_IDENTITY, input, p, x);
  }
  fh_vcycle cycle;
  fh_mgno_cycle(c, fh_program_shape(p, *x)->channels, out, &cycle);
  FH_TRY(fh_vcycle_add(&cycle, name, p, x));
  if (input < 0) return FH_OK;
  const fh_slot in[2] = {*x, input};
  fh_op *op = NULL;
  FH_TRY(fh_add_create(2, &op));
  return fh_program_add(p, "", op, in, x);
}

/* zeros or mirrors on a periodic grid are a choice; wrapping data that has ends is a mistake */
static fh_status check_data(const fh_mgno_config *c, const fh_grid *grid)
{
  for (int a = 0; a < grid->dim; a++) {
    const fh_boundary side = grid->side[a][0];
    FH_CHECK(c->side[a][0] != FH_SIDE_PERIODIC || (side != FH_DIRICHLET && side != FH_NEUMANN),
             FH_ERR_USAGE,
             "option -sides makes axis %d periodic but the data is %s there: give the kind of each "
             "axis, as in -sides zero,periodic",
             a, fh_boundary_name(side));
  }
  return FH_OK;
}

static fh_status build(const void *config, int in_channels, int out_channels, fh_program *p,
                       fh_slot *x)
{
  const fh_mgno_config *c = config;
  const fh_slot input = *x;
  const bool residual = c->residual == FH_MGNO_YES;
  FH_TRY(check_data(c, grid_of(p, *x)));
  FH_CHECK(
      !residual || in_channels == out_channels, FH_ERR_USAGE,
      "option -residual_to_input adds %d input channels to %d output channels: they must be as "
      "many (navier-stokes switches it on; -residual_to_input no switches it off)",
      in_channels, out_channels);
  for (int layer = 0; layer < c->n_layers; layer++) FH_TRY(add_layer(c, layer, p, x));
  FH_TRY(add_head(c, out_channels, residual ? input : -1, p, x));
  return FH_OK;
}

static const char *tie(const char *param)
{
  if (strstr(param, "norm_layer_list."))
    return ": norms with weights at every point belong to one grid; -norm_affine none makes a "
           "model "
           "for all";
  if (strstr(param, "RTlayers."))
    return ": the kernels of the prolongation are 4 points wide on even sizes and 3 on odd ones; "
           "-prolongation_kernel 4 makes a model for both";
  return NULL;
}

/* ---- parts of a model --------------------------------------------------------------------------- */

static fh_status check_part(const fh_mgno_config *c, int cycle)
{
  const int most = (int)c->n_layers - (c->head == FH_MGNO_HEAD_CYCLE ? 0 : 1);
  FH_CHECK(cycle >= 0 && cycle <= most, FH_ERR_USAGE, "the model has V-cycles 0 to %d%s, not %d",
           most, c->head == FH_MGNO_HEAD_CYCLE ? " (the last one is the head)" : "", cycle);
  return FH_OK;
}

typedef struct {
  const fh_mgno_config *c;
  const fh_model_spec *spec;
  int cycle;
  bool linear;
} part;

/* the layers before the cycle: their result is its f */
static fh_status add_before(const part *a, fh_program *p, fh_slot *x)
{
  for (int layer = 0; layer < a->cycle; layer++) FH_TRY(add_layer(a->c, layer, p, x));
  return FH_OK;
}

static fh_status add_cycle(const part *a, fh_program *p, fh_slot *x)
{
  char name[64] = "last_layer";
  const bool is_head = a->cycle == a->c->n_layers;
  fh_vcycle cycle;
  if (!is_head) snprintf(name, sizeof name, "conv_list.%d", a->cycle);
  fh_mgno_cycle(a->c, fh_program_shape(p, *x)->channels,
                is_head ? a->spec->out_channels : a->c->hidden_channels, &cycle);
  if (a->linear) {
    cycle.bias = false;
    cycle.norm = FH_VCYCLE_NO_NORM;
  }
  return fh_vcycle_add(&cycle, name, p, x);
}

static fh_status make_part(const part *a, const fh_team *team, const fh_shape *in,
                           fh_status (*add)(const part *, fh_program *, fh_slot *),
                           fh_purpose purpose, fh_program **program)
{
  fh_slot x = 0;
  FH_TRY(fh_program_create(team, program));
  fh_status st = fh_program_input(*program, in, &x);
  if (st == FH_OK) st = add(a, *program, &x);
  if (st == FH_OK) st = fh_program_output(*program, x);
  if (st == FH_OK) st = fh_program_build(*program, purpose, FH_PLANNED);
  if (st != FH_OK) fh_program_destroy(program);
  return st;
}

fh_status fh_mgno_parts(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                        ptrdiff_t batch, int cycle, bool linear, fh_program **before,
                        fh_program **w)
{
  *before = *w = NULL;
  FH_CHECK(spec->class == &fh_mgno_class, FH_ERR_USAGE,
           "model %s has no V-cycles: they are layers of -model mgno", spec->class->name);
  fh_mgno_config c = *(const fh_mgno_config *)spec->config;
  FH_TRY(fh_mgno_check(&c, grid->dim));
  FH_TRY(check_part(&c, cycle));
  const part a = {&c, spec, cycle, linear};
  fh_shape in = {batch, spec->in_channels, fh_layout_whole(grid)};
  if (cycle > 0) {
    FH_TRY(make_part(&a, team, &in, add_before, FH_INFER, before));
    in.channels = c.hidden_channels;
  }
  const fh_status st = make_part(&a, team, &in, add_cycle, linear ? FH_TRAIN : FH_INFER, w);
  if (st != FH_OK) fh_program_destroy(before);
  return st;
}

const fh_model_class fh_mgno_class = {
    .name = "mgno",
    .help = "multigrid neural operator: every layer is a V-cycle with learned kernels",
    .config_bytes = sizeof(fh_mgno_config),
    .fields = fh_mgno_fields,
    .check = fh_mgno_check,
    .build = build,
    .tie = tie,
};
