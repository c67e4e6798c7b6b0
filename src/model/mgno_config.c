/* mgno_config - the options of the MgNO family, the variants, and what must hold between them */
#include <stdio.h>
#include <string.h>

#include "model/mgno_impl.h"
#include "operators/activation/activation.h"
#include "operators/stencil/stencil.h"

static const char *const variants[] = {"darcy",         "darcy-smooth", "pipe",
                                       "navier-stokes", "helmholtz",    NULL};
static const char *const switches[] = {"auto", "no", "yes", NULL};
static const char *const skips[] = {"auto", "none", "linear", NULL};
static const char *const norms[] = {"auto", "none", "level", "layer", NULL};
static const char *const affines[] = {"none", "finest", "all", NULL};
static const char *const heads[] = {"auto", "linear", "mlp", "cycle", NULL};
static const char *const wraps[] = {"zero", "periodic", NULL};

#define AT(member) offsetof(fh_mgno_config, member)

const fh_field fh_mgno_fields[] = {
    {"mgno_variant", FH_FIELD_ENUM, AT(variant), "darcy", 0, 0, variants,
     "configuration of the authors that the other options start from"},
    {"n_layers", FH_FIELD_INT, AT(n_layers), "0", 0, 1000, NULL,
     "number of layers; 0: the variant's (4; darcy-smooth, pipe, navier-stokes 5)"},
    {"hidden_channels", FH_FIELD_INT, AT(hidden_channels), "0", 0, 65536, NULL,
     "channels between the layers; 0: the variant's (24; navier-stokes 32, helmholtz 20)"},
    {"pre_smoothing", FH_FIELD_INTS, AT(pre), "", 0, 1000, NULL,
     "smoothing steps of each level on the way down, finest first: their number is the number of "
     "levels; default: the variant's (1,1,1,1,1,2 or 1,1,1,2,2)"},
    {"post_smoothing", FH_FIELD_INTS, AT(post), "", 0, 1000, NULL,
     "smoothing steps of each level on the way up; default: the variant's, else none"},
    {"level_channels", FH_FIELD_INTS, AT(factors), "", 1, 1000, NULL,
     "channels of each level over those of the finest; default: 1 on every level (helmholtz: "
     "1,2,3,...)"},
    {"sides", FH_FIELD_TEXT, AT(sides), "", 0, 0, NULL,
     "what stands outside the grid: zero, reflect, replicate or periodic; one for all sides, one "
     "an "
     "axis, or lower and upper one of each axis; default: the variant's (zero; navier-stokes "
     "periodic, helmholtz reflect)"},
    {"restriction_padding", FH_FIELD_INT, AT(restriction_padding), "-1", -1, 1, NULL,
     "points added around the grid before it is coarsened; -1: the variant's (1; helmholtz 0)"},
    {"prolongation_kernel", FH_FIELD_INT, AT(prolongation_kernel), "0", 0, 8, NULL,
     "side of the transposed convolution; 0: 4 on even and 3 on odd sizes; fix it to use a model "
     "on "
     "grids of both kinds"},
    {"prolongation_sides", FH_FIELD_ENUM, AT(prolongation_wrap), "zero", 0, 0, wraps,
     "zero: as the authors' code even on periodic grids; periodic: wraps where the sides are "
     "periodic"},
    {"smoother_bias", FH_FIELD_ENUM, AT(bias), "auto", 0, 0, switches,
     "biases of A and S; auto: navier-stokes and helmholtz have them"},
    {"restrict_residual", FH_FIELD_BOOL, AT(restrict_residual), "false", 0, 0, NULL,
     "restrict f - A u as in multigrid; false: restrict f, as in the published runs"},
    {"share_smoothers", FH_FIELD_BOOL, AT(share), "false", 0, 0, NULL,
     "one A and one S for all steps of a level, as in multigrid; false: each step has its own"},
    {"norm", FH_FIELD_ENUM, AT(norm), "auto", 0, 0, norms,
     "norm over the function: level: after each prolongation; layer: of each layer's result; auto: "
     "navier-stokes level, helmholtz layer, others none"},
    {"norm_affine", FH_FIELD_ENUM, AT(affine), "all", 0, 0, affines,
     "norms with a weight and a bias at every point (the model then belongs to one grid): on no "
     "level, the finest, all"},
    {"layer_skip", FH_FIELD_ENUM, AT(skip), "auto", 0, 0, skips,
     "linear: a 1x1 convolution of the layer's input is added; auto: darcy, darcy-smooth and pipe"},
    {"head", FH_FIELD_ENUM, AT(head), "auto", 0, 0, heads,
     "how channels become the output: a matrix, a two-layer perceptron, or one more cycle; auto: "
     "helmholtz cycle, others linear"},
    {"head_channels", FH_FIELD_INT, AT(head_channels), "128", 1, 65536, NULL,
     "width of the perceptron's hidden layer"},
    {"head_bias", FH_FIELD_BOOL, AT(head_bias), "false", 0, 0, NULL, "a bias on the output"},
    {"residual_to_input", FH_FIELD_ENUM, AT(residual), "auto", 0, 0, switches,
     "the input is added to the output (time steps); auto: navier-stokes"},
    {"non_linearity", FH_FIELD_ENUM, AT(non_linearity), "gelu", 0, 0, fh_activation_names,
     "activation of the layers"},
    {"convolution", FH_FIELD_ENUM, AT(convolution), "auto", 0, 0, fh_convolution_names,
     "how A, S, R, Pi and P are computed in 2-D and single precision: direct; winograd, with a "
     "quarter of the "
     "multiplications (R, Pi, P: 0.4 to 0.6) and errors of about 1e-6 in results and up to 1e-5 in "
     "weight gradients "
     "(direct: 3e-7); auto: the faster one for each channel count and grid. Double precision is "
     "always direct"},
    FH_FIELDS_END,
};

/* ---- variants ---------------------------------------------------------------------------------- */

typedef struct {
  ptrdiff_t n_layers, hidden_channels;
  fh_int_list pre, post;
  bool growing;
  const char *sides;
  ptrdiff_t restriction_padding;
  int bias, norm, skip, head, residual;
} variant;

/* what the three variants for elliptic problems have in common */
#define ELLIPTIC                                                                                   \
  .hidden_channels = 24, .pre = {6, {1, 1, 1, 1, 1, 2}}, .sides = "zero",                          \
  .restriction_padding = 1, .bias = FH_MGNO_NO, .norm = FH_MGNO_NORM_NONE,                         \
  .skip = FH_MGNO_SKIP_LINEAR, .head = FH_MGNO_HEAD_LINEAR, .residual = FH_MGNO_NO

static const variant table[] = {
    /* darcy */
    {ELLIPTIC, .n_layers = 4},
    /* darcy-smooth */
    {ELLIPTIC, .n_layers = 5},
    /* pipe */
    {ELLIPTIC, .n_layers = 5, .post = {6, {0, 0, 0, 0, 1, 0}}},
    /* navier-stokes */
    {.n_layers = 5,
     .hidden_channels = 32,
     .pre = {5, {1, 1, 1, 2, 2}},
     .sides = "periodic",
     .restriction_padding = 1,
     .bias = FH_MGNO_YES,
     .norm = FH_MGNO_NORM_LEVEL,
     .skip = FH_MGNO_SKIP_NONE,
     .head = FH_MGNO_HEAD_LINEAR,
     .residual = FH_MGNO_YES},
    /* helmholtz */
    {.n_layers = 4,
     .hidden_channels = 20,
     .pre = {5, {1, 1, 1, 1, 2}},
     .growing = true,
     .sides = "reflect",
     .restriction_padding = 0,
     .bias = FH_MGNO_YES,
     .norm = FH_MGNO_NORM_LAYER,
     .skip = FH_MGNO_SKIP_NONE,
     .head = FH_MGNO_HEAD_CYCLE,
     .residual = FH_MGNO_NO}};

static void fill_numbers(fh_mgno_config *c, const variant *v)
{
  if (c->n_layers == 0) c->n_layers = v->n_layers;
  if (c->hidden_channels == 0) c->hidden_channels = v->hidden_channels;
  if (c->restriction_padding < 0) c->restriction_padding = v->restriction_padding;
  if (!c->sides[0]) snprintf(c->sides, sizeof c->sides, "%s", v->sides);
  if (c->bias == FH_MGNO_AUTO) c->bias = v->bias;
  if (c->norm == FH_MGNO_NORM_AUTO) c->norm = v->norm;
  if (c->skip == FH_MGNO_SKIP_AUTO) c->skip = v->skip;
  if (c->head == FH_MGNO_HEAD_AUTO) c->head = v->head;
  if (c->residual == FH_MGNO_AUTO) c->residual = v->residual;
}

/* a list of the variant's serves only a cycle of as many levels */
static void fill_lists(fh_mgno_config *c, const variant *v)
{
  if (c->pre.count == 0) c->pre = v->pre;
  const int levels = c->pre.count;
  if (c->post.count == 0 && v->post.count == levels) c->post = v->post;
  if (c->post.count == 0) c->post = (fh_int_list){.count = levels};
  if (c->factors.count > 1 || levels == c->factors.count) return;
  const ptrdiff_t all = c->factors.count == 1 ? c->factors.value[0] : 1;
  const bool growing = c->factors.count == 0 && v->growing;
  c->factors.count = levels;
  for (int l = 0; l < levels; l++) c->factors.value[l] = growing ? l + 1 : all;
}

/* ---- sides ------------------------------------------------------------------------------------- */

static fh_status side_of(const char *word, size_t length, int *side)
{
  for (*side = 0; fh_side_names[*side]; ++*side)
    if (strlen(fh_side_names[*side]) == length && !strncmp(word, fh_side_names[*side], length))
      return FH_OK;
  FH_RAISE(FH_ERR_USAGE,
           "option -sides names '%.*s': known are zero, reflect, replicate and periodic",
           length > 40 ? 40 : (int)length, word);
}

static fh_status parse_sides(fh_mgno_config *c, int dim)
{
  int kind[2 * FH_MAX_DIM + 1], count = 0;
  for (const char *at = c->sides; count <= 2 * FH_MAX_DIM;) {
    const size_t length = strcspn(at, ",");
    FH_TRY(side_of(at, length, &kind[count++]));
    if (!at[length]) break;
    at += length + 1;
  }
  FH_CHECK(
      count == 1 || count == dim || count == 2 * dim, FH_ERR_USAGE,
      "option -sides names %d kinds but the data has %d axes: give one, %d (one an axis) or %d "
      "(lower and upper side of each axis)",
      count, dim, dim, 2 * dim);
  for (int a = 0; a < dim; a++) {
    for (int e = 0; e < 2; e++)
      c->side[a][e] = kind[count == 1 ? 0 : count == 2 * dim ? 2 * a + e : a];
    FH_CHECK((c->side[a][0] == FH_SIDE_PERIODIC) == (c->side[a][1] == FH_SIDE_PERIODIC),
             FH_ERR_USAGE,
             "option -sides: axis %d is %s below and %s above; a periodic axis has no end", a,
             fh_side_names[c->side[a][0]], fh_side_names[c->side[a][1]]);
  }
  return FH_OK;
}

fh_status fh_mgno_check(void *config, int dim)
{
  fh_mgno_config *c = config;
  const variant *v = &table[c->variant];
  fill_numbers(c, v);
  fill_lists(c, v);
  const int levels = c->pre.count;
  FH_CHECK(c->post.count == levels, FH_ERR_USAGE,
           "option -post_smoothing has %d numbers but -pre_smoothing has %d: both have one a level",
           c->post.count, levels);
  FH_CHECK(
      c->factors.count == levels, FH_ERR_USAGE,
      "option -level_channels has %d numbers but -pre_smoothing has %d levels: give one a level",
      c->factors.count, levels);
  FH_CHECK(c->factors.value[0] == 1, FH_ERR_USAGE,
           "option -level_channels begins with %td: the finest level has hidden_channels, so 1",
           c->factors.value[0]);
  FH_CHECK(c->prolongation_kernel == 0 || c->prolongation_kernel >= 2, FH_ERR_USAGE,
           "option -prolongation_kernel is %td: a kernel of stride 2 needs at least 2 points",
           c->prolongation_kernel);
  FH_TRY(parse_sides(c, dim));
  return FH_OK;
}

void fh_mgno_cycle(const fh_mgno_config *c, ptrdiff_t f_channels, ptrdiff_t u_channels,
                   fh_vcycle *cycle)
{
  *cycle = (fh_vcycle){.levels = c->pre.count,
                       .u_channels = u_channels,
                       .f_channels = f_channels,
                       .pad = c->restriction_padding,
                       .kernel = c->prolongation_kernel,
                       .wrap = c->prolongation_wrap == 1,
                       .bias = c->bias == FH_MGNO_YES,
                       .restrict_residual = c->restrict_residual,
                       .share = c->share,
                       .norm = c->norm == FH_MGNO_NORM_LEVEL ? FH_VCYCLE_NORM : FH_VCYCLE_NO_NORM,
                       .affine = c->affine,
                       .convolution = sizeof(fh_real) > sizeof(float) ? FH_CONVOLUTION_DIRECT
                                                                      : c->convolution};
  memcpy(cycle->side, c->side, sizeof cycle->side);
  for (int l = 0; l < cycle->levels; l++) {
    cycle->pre[l] = c->pre.value[l];
    cycle->post[l] = c->post.value[l];
    cycle->factor[l] = c->factors.value[l];
  }
}
