/* fno_block - one block: Fourier layer with skip, channel MLP with skip, norms, activations */
#include <math.h>
#include <string.h>

#include "model/fno_impl.h"
#include "operators/activation/activation.h"
#include "operators/add/add.h"
#include "operators/conv/conv.h"
#include "operators/gate/gate.h"
#include "operators/linear/linear.h"
#include "operators/mlp/mlp.h"
#include "operators/norm/norm.h"
#include "operators/resample/resample.h"
#include "operators/spectral/spectral.h"

typedef struct {
  const fh_fno_config *c;
  fh_program *p;
  int layer, dim;
  ptrdiff_t out_n[FH_MAX_DIM]; /* 0: the axis keeps its points */
  bool resized;
} block;

typedef struct {
  char text[96];
} step_name;

static step_name name_of(const block *b, const char *part, const char *tail)
{
  step_name n;
  snprintf(n.text, sizeof n.text, "fno_blocks.%s.%d%s", part, b->layer, tail);
  return n;
}

static fh_status activate(const block *b, int activation, fh_slot *x)
{
  if (activation == FH_ACT_IDENTITY) return FH_OK;
  fh_op *op = NULL;
  FH_TRY(fh_activation_create(activation, &op));
  FH_TRY(fh_program_then(b->p, "", op, x));
  return FH_OK;
}

/* which = 0, 1: the first or the second norm of the block */
static fh_status norm(const block *b, int which, fh_slot *x)
{
  const fh_fno_config *c = b->c;
  if (c->norm == FH_FNO_NO_NORM) return FH_OK;
  const ptrdiff_t groups[] = {0, c->hidden_channels, c->norm_groups, 1};
  const fh_norm_config config = {.channels = c->hidden_channels,
                                 .groups = groups[c->norm],
                                 .affine = c->norm == FH_FNO_INSTANCE ? FH_AFFINE_NONE
                                                                      : FH_AFFINE_CHANNEL,
                                 .epsilon = 1e-5};
  step_name name;
  snprintf(name.text, sizeof name.text, "fno_blocks.norm.%d", 2 * b->layer + which);
  fh_op *op = NULL;
  FH_TRY(fh_norm_create(&config, &op));
  FH_TRY(fh_program_then(b->p, name.text, op, x));
  return FH_OK;
}

static fh_status fourier_create(const block *b, const fh_grid *grid, fh_op **op)
{
  fh_spectral_config config = fh_fno_spectral(b->c, b->dim);
  for (int a = 0; a < b->dim; a++) config.out_n[a] = b->out_n[a];
  return fh_fno_fourier(b->c, b->layer, &config, grid, b->p, op);
}

static fh_status fourier(const block *b, fh_slot *x)
{
  fh_op *op = NULL;
  if (b->c->stabilizer) FH_TRY(activate(b, FH_ACT_TANH, x));
  FH_TRY(fourier_create(b, &fh_program_shape(b->p, *x)->layout.grid, &op));
  FH_TRY(fh_program_then(b->p, name_of(b, "convs", "").text, op, x));
  return FH_OK;
}

/* brings what goes around the Fourier layer to the layer's output grid */
static fh_status resample(const block *b, fh_slot *x)
{
  if (!b->resized) return FH_OK;
  fh_op *op = NULL;
  FH_TRY(fh_resample_create(b->dim, b->out_n, &op));
  FH_TRY(fh_program_then(b->p, "", op, x));
  return FH_OK;
}

static fh_status add(const block *b, fh_slot u, fh_slot s, int activation, fh_slot *y)
{
  const fh_slot in[] = {u, s};
  fh_op *op = NULL;
  if (activation == FH_ACT_IDENTITY)
    FH_TRY(fh_add_create(2, &op));
  else
    FH_TRY(fh_add_create_activated(2, activation, &op));
  FH_TRY(fh_program_add(b->p, "", op, in, y));
  return FH_OK;
}

static fh_status gate(const block *b, const char *part, fh_slot *x)
{
  fh_op *op = NULL;
  FH_TRY(fh_gate_create(b->c->hidden_channels, &op));
  FH_TRY(fh_program_then(b->p, name_of(b, part, "").text, op, x));
  return FH_OK;
}

static fh_status convolve(const block *b, fh_slot *x)
{
  const fh_conv_config config = {.in_channels = b->c->hidden_channels,
                                 .out_channels = b->c->hidden_channels,
                                 .dim = b->dim,
                                 .kernel = b->c->conv_bias_kernel,
                                 .bias = false};
  fh_op *op = NULL;
  FH_TRY(fh_conv_create(&config, &op));
  FH_TRY(fh_program_then(b->p, name_of(b, "fno_skips", "").text, op, x));
  return FH_OK;
}

/* y = activation(W x + u), in one step; u < 0: y = W x */
static fh_status linear(const block *b, const char *part, fh_slot x, fh_slot u, int activation,
                        fh_slot *y)
{
  const fh_linear_config config = {.in_channels = b->c->hidden_channels,
                                   .out_channels = b->c->hidden_channels,
                                   .bias = false,
                                   .add = u >= 0,
                                   .activation = activation};
  const fh_slot in[] = {x, u};
  fh_op *op = NULL;
  FH_TRY(fh_linear_create(&config, &op));
  FH_TRY(fh_program_add(b->p, name_of(b, part, ".conv").text, op, in, y));
  return FH_OK;
}

/* y = activation(u + skip(x)) */
static fh_status join_fourier(const block *b, fh_slot u, fh_slot x, int activation, fh_slot *y)
{
  if (b->c->fno_skip == FH_FNO_NO_SKIP) {
    *y = u;
    FH_TRY(activate(b, activation, y));
    return FH_OK;
  }
  if (b->c->conv_bias_kernel > 1) FH_TRY(convolve(b, &x));
  FH_TRY(resample(b, &x));
  if (b->c->fno_skip == FH_FNO_SOFT_GATING) FH_TRY(gate(b, "fno_skips", &x));
  if (b->c->fno_skip == FH_FNO_LINEAR && b->c->conv_bias_kernel == 1)
    FH_TRY(linear(b, "fno_skips", x, u, activation, y));
  else
    FH_TRY(add(b, u, x, activation, y));
  return FH_OK;
}

/* y = activation(mlp(v) + skip(x)); with join v = join_activation(W x + v) first, in the same step */
static fh_status join_mlp(const block *b, fh_slot v, fh_slot x, bool join, int join_activation,
                          int activation, fh_slot *y)
{
  static const fh_mlp_skip skips[] = {FH_MLP_NO_SKIP, FH_MLP_ADD_SKIP, FH_MLP_ADD_SKIP,
                                      FH_MLP_GATE_SKIP};
  const fh_fno_config *c = b->c;
  step_name fcs, gate_role, join_role;
  snprintf(fcs.text, sizeof fcs.text, "channel_mlp.%d.", b->layer);
  snprintf(gate_role.text, sizeof gate_role.text, "channel_mlp_skips.%d.weight", b->layer);
  snprintf(join_role.text, sizeof join_role.text, "fno_skips.%d.conv.weight", b->layer);
  const fh_mlp_config config = {.in_channels = c->hidden_channels,
                                .hidden = fh_fno_mlp_width(c),
                                .out_channels = c->hidden_channels,
                                .activation = FH_ACT_GELU, /* whatever non_linearity is */
                                .skip = skips[c->channel_mlp_skip],
                                .out_activation = activation,
                                .join = join,
                                .join_activation = join_activation,
                                .fcs_prefix = fcs.text,
                                .gate_role = gate_role.text,
                                .join_role = join_role.text};
  if (join || c->channel_mlp_skip != FH_FNO_NO_SKIP) FH_TRY(resample(b, &x));
  if (c->channel_mlp_skip == FH_FNO_LINEAR)
    FH_TRY(linear(b, "channel_mlp_skips", x, -1, FH_ACT_IDENTITY, &x));
  const fh_slot in[] = {v, x};
  fh_op *op = NULL;
  FH_TRY(fh_mlp_create(&config, &op));
  FH_TRY(fh_program_add(b->p, "fno_blocks", op, in, y));
  return FH_OK;
}

/* Whether all behind the Fourier layer is one step: a matrix as its skip, and the perceptron's skip x itself. */
static bool one_step(const fh_fno_config *c)
{
  return c->use_channel_mlp && c->norm == FH_FNO_NO_NORM && c->fno_skip == FH_FNO_LINEAR &&
         c->conv_bias_kernel == 1 && c->channel_mlp_skip != FH_FNO_LINEAR;
}

/* u = norm(K(x));  v = act(u + skip(x));  y = act(norm(mlp(v) + skip(x))) */
static fh_status postactivated(const block *b, fh_slot *x)
{
  const int act = b->layer < b->c->n_layers - 1 ? b->c->non_linearity : FH_ACT_IDENTITY;
  const bool fused = b->c->use_channel_mlp && b->c->norm == FH_FNO_NO_NORM;
  fh_slot u = *x, v = *x;
  FH_TRY(fourier(b, &u));
  if (one_step(b->c)) return join_mlp(b, u, *x, true, act, act, x);
  FH_TRY(norm(b, 0, &u));
  FH_TRY(join_fourier(b, u, *x, act, &v));
  if (b->c->use_channel_mlp)
    FH_TRY(join_mlp(b, v, *x, false, FH_ACT_IDENTITY, fused ? act : FH_ACT_IDENTITY, &v));
  FH_TRY(norm(b, 1, &v));
  if (!fused) FH_TRY(activate(b, act, &v));
  *x = v;
  return FH_OK;
}

/* x = norm(act(x));  v = norm(act(K(x) + skip(x)));  y = mlp(v) + skip(x) */
static fh_status preactivated(const block *b, fh_slot *x)
{
  const int act = b->layer < b->c->n_layers - 1 ? b->c->non_linearity : FH_ACT_IDENTITY;
  FH_TRY(activate(b, b->c->non_linearity, x));
  FH_TRY(norm(b, 0, x));
  fh_slot u = *x, v = *x;
  FH_TRY(fourier(b, &u));
  FH_TRY(join_fourier(b, u, *x, act, &v));
  FH_TRY(norm(b, 1, &v));
  if (b->c->use_channel_mlp)
    FH_TRY(join_mlp(b, v, *x, false, FH_ACT_IDENTITY, FH_ACT_IDENTITY, &v));
  *x = v;
  return FH_OK;
}

fh_status fh_fno_block(const fh_fno_config *c, int layer, fh_program *p, fh_slot *x)
{
  const fh_grid *grid = &fh_program_shape(p, *x)->layout.grid;
  block b = {.c = c, .p = p, .layer = layer, .dim = grid->dim};
  for (int a = 0; a < b.dim; a++) {
    const ptrdiff_t n = (ptrdiff_t)rint(fh_fno_scaling(c, b.dim, layer, a) * (double)grid->n[a]);
    FH_CHECK(n >= 1, FH_ERR_USAGE,
             "option -resolution_scaling_factor leaves %td of %td points along axis %d of layer %d",
             n, grid->n[a], a, layer);
    b.out_n[a] = n == grid->n[a] ? 0 : n;
    b.resized = b.resized || n != grid->n[a];
  }
  if (c->preactivation)
    FH_TRY(preactivated(&b, x));
  else
    FH_TRY(postactivated(&b, x));
  return FH_OK;
}
