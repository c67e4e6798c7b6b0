/* fno_config - the options of the FNO family, and what must hold between them */
#include <float.h>
#include <math.h>

#include "model/fno_impl.h"
#include "operators/activation/activation.h"
#include "operators/spectral/weight.h"
#include "tensor/rank.h"

static const char *const embeddings[] = {"none", "grid", NULL};
static const char *const norms[] = {"none", "instance_norm", "group_norm", "layer_norm", NULL};
static const char *const skips[] = {"none", "identity", "linear", "soft-gating", NULL};
static const char *const stabilizers[] = {"none", "tanh", NULL};
static const char *const padding_modes[] = {"symmetric", "one-sided", NULL};
static const char *const methods[] = {"auto", "gemm", "fftw", NULL};
const char *const fh_fno_factorizations[] = {"none", "cp", "tucker", "tt", NULL};
static const char *const implementations[] = {"auto", "factorized", "reconstructed", NULL};
static const char *const outsides[] = {"periodic", "reflect", "zero", NULL};
static const char *const coordinates[] = {"local", "global", NULL};

#define AT(member) offsetof(fh_fno_config, member)

/* clang-format off */
#define FH_FNO_FIELDS(KIND) \
    {"n_modes", FH_FIELD_INTS, AT(n_modes), "16", 1, 65536, NULL, \
     "frequencies per axis, negative ones included; one number: every axis"}, \
    {"max_n_modes", FH_FIELD_INTS, AT(max_n_modes), "", 1, 65536, NULL, \
     "rows that the weight stores per axis (last axis: columns of the half spectrum); default: " \
     "what " \
     "n_modes needs"}, \
    {"hidden_channels", FH_FIELD_INT, AT(hidden_channels), "32", 1, 65536, NULL, \
     "channels between lifting and projection"}, \
    {"n_layers", FH_FIELD_INT, AT(n_layers), "4", 1, 1000, NULL, "number of Fourier blocks"}, \
    {"lifting_channel_ratio", FH_FIELD_REAL, AT(lifting_channel_ratio), "2", 0, 1000, NULL, \
     "width of the lifting's hidden layer over hidden_channels"}, \
    {"projection_channel_ratio", FH_FIELD_REAL, AT(projection_channel_ratio), "2", 0, 1000, NULL, \
     "width of the projection's hidden layer over hidden_channels"}, \
    {"positional_embedding", FH_FIELD_ENUM, AT(positional_embedding), "grid", 0, 0, embeddings, \
     "grid: the coordinates (0 to 1) are further input channels"}, \
    {"non_linearity", FH_FIELD_ENUM, AT(non_linearity), "gelu", 0, 0, fh_activation_names, \
     "activation of blocks, lifting and projection (the channel MLP always uses gelu)"}, \
    {"norm", FH_FIELD_ENUM, AT(norm), "none", 0, 0, norms, \
     "normalisation in the blocks; layer_norm: over all channels and points"}, \
    {"norm_groups", FH_FIELD_INT, AT(norm_groups), "1", 1, 65536, NULL, \
     "groups of channels of group_norm"}, \
    {"fno_skip", FH_FIELD_ENUM, AT(fno_skip), "linear", 0, 0, skips, \
     "skip connection around the Fourier layer"}, \
    {"conv_bias_kernel", FH_FIELD_INT, AT(conv_bias_kernel), "1", 1, 63, NULL, \
     "side of the linear skip's kernel, odd; above 1 it is a local convolution"}, \
    {"use_channel_mlp", FH_FIELD_BOOL, AT(use_channel_mlp), "true", 0, 0, NULL, \
     "a two-layer perceptron over the channels after each Fourier layer"}, \
    {"channel_mlp_expansion", FH_FIELD_REAL, AT(channel_mlp_expansion), "0.5", 0, 1000, NULL, \
     "width of its hidden layer over hidden_channels"}, \
    {"channel_mlp_skip", FH_FIELD_ENUM, AT(channel_mlp_skip), "soft-gating", 0, 0, skips, \
     "skip connection around the channel MLP"}, \
    {"preactivation", FH_FIELD_BOOL, AT(preactivation), "false", 0, 0, NULL, \
     "activation and norm before the Fourier layer instead of after it"}, \
    {"stabilizer", FH_FIELD_ENUM, AT(stabilizer), "none", 0, 0, stabilizers, \
     "tanh: bounds the input of the Fourier layer"}, \
    {"separable", FH_FIELD_BOOL, AT(separable), "false", 0, 0, NULL, \
     "the Fourier layer multiplies each channel by itself, no mixing"}, \
    {"domain_padding", FH_FIELD_REALS, AT(domain_padding), "", 0, 2, NULL, \
     "zeros around the field, as a fraction of its points; one number: every axis"}, \
    {"domain_padding_mode", FH_FIELD_ENUM, AT(domain_padding_mode), "symmetric", 0, 0, \
     padding_modes, "symmetric: that fraction on both sides; one-sided: behind the field only"}, \
    {"resolution_scaling_factor", FH_FIELD_REALS, AT(resolution_scaling_factor), "", 1e-3, 1e3, \
     NULL, "output points over input points: of all layers, of each, or of each layer and axis"}, \
    {"spectral_method", FH_FIELD_ENUM, AT(spectral_method), "auto", 0, 0, methods, \
     "how the transforms are computed: small matrices, FFTW, or what costs less"}, \
    {"factorization", FH_FIELD_ENUM, AT(factorization), KIND, 0, 0, fh_fno_factorizations, \
     "how the spectral weights are stored: dense, or as the factors of a CP, Tucker or " \
     "tensor-train (tt) decomposition"}, \
    {"rank", FH_FIELD_REALS, AT(rank), "0.1", 0, 1e9, NULL, \
     "of factorised weights: one number up to 1 is the fraction of parameters kept; else the ranks, " \
     "of every layer or of one layer after the other"}, \
    {"fixed_rank_modes", FH_FIELD_INTS, AT(fixed_rank_modes), "", 0, 5, NULL, \
     "Tucker: modes of the weight (0: layers if joint, then in, out, frequencies) that keep their " \
     "size"}, \
    {"implementation", FH_FIELD_ENUM, AT(implementation), "auto", 0, 0, implementations, \
     "factorized: multiply factor by factor; reconstructed: compute the weight once a step; auto: " \
     "what costs less"}, \
    {"joint_factorization", FH_FIELD_BOOL, AT(joint_factorization), "false", 0, 0, NULL, \
     "one factorised tensor for the weights of all layers"}, \
    {"tensor_dropout", FH_FIELD_REAL, AT(tensor_dropout), "0", 0, 0.99, NULL, \
     "of factorised weights, in training: probability that an index of a rank (above 3) is left out " \
     "of a step"}
/* clang-format on */

const fh_field fh_fno_fields[] = {FH_FNO_FIELDS("none"), FH_FIELDS_END};
const fh_field fh_tfno_fields[] = {FH_FNO_FIELDS("tucker"), FH_FIELDS_END};

#undef AT
#define AT(member) (offsetof(fh_mg_tfno_config, fno) + offsetof(fh_fno_config, member))
#define MG(member) offsetof(fh_mg_tfno_config, member)
const fh_field fh_mg_tfno_fields[] = {
    FH_FNO_FIELDS("tucker"),
    {"levels", FH_FIELD_INT, MG(levels), "1", 0, 8, NULL,
     "multi-grid levels L: 2^L patches per axis, each with L coarser views of what surrounds it"},
    {"padding_fraction", FH_FIELD_REALS, MG(padding_fraction), "0.125", 0, 1, NULL,
     "points around a patch on each side, as a fraction of the field's; one number: every axis"},
    {"outside", FH_FIELD_ENUM, MG(outside), "periodic", 0, 0, outsides,
     "what a patch sees beyond the sides of the field"},
    {"coordinates", FH_FIELD_ENUM, MG(coordinates), "local", 0, 0, coordinates,
     "of the grid embedding: local: 0 to 1 in every patch; global: in the field, cut with it"},
    {"recompute", FH_FIELD_BOOL, MG(recompute), "false", 0, 0, NULL,
     "in training compute each patch a second time for its gradient: the memory of one patch "
     "instead of all, the same "
     "bits, a third more time"},
    FH_FIELDS_END};

/* a list of one number stands for every axis */
static fh_status spread(const char *name, int *count, int dim)
{
  FH_CHECK(*count == 1 || *count == dim, FH_ERR_USAGE,
           "option -%s has %d numbers but the data has %d axes: give one or %d", name, *count, dim,
           dim);
  *count = dim;
  return FH_OK;
}

static fh_status check_modes(fh_fno_config *c, int dim)
{
  if (c->n_modes.count == 1)
    for (int a = 1; a < dim; a++) c->n_modes.value[a] = c->n_modes.value[0];
  FH_TRY(spread("n_modes", &c->n_modes.count, dim));
  if (c->max_n_modes.count == 0) return FH_OK;
  if (c->max_n_modes.count == 1)
    for (int a = 1; a < dim; a++) c->max_n_modes.value[a] = c->max_n_modes.value[0];
  FH_TRY(spread("max_n_modes", &c->max_n_modes.count, dim));
  for (int a = 0; a < dim; a++) {
    const ptrdiff_t n = c->n_modes.value[a], needed = a == dim - 1 ? n / 2 + 1 : n;
    FH_CHECK(c->max_n_modes.value[a] >= needed, FH_ERR_USAGE,
             "option -max_n_modes stores %td rows along axis %d but %td modes need %td",
             c->max_n_modes.value[a], a, n, needed);
  }
  return FH_OK;
}

static fh_status check_padding(fh_fno_config *c, int dim)
{
  if (c->domain_padding.count == 0) return FH_OK;
  if (c->domain_padding.count == 1)
    for (int a = 1; a < dim; a++) c->domain_padding.value[a] = c->domain_padding.value[0];
  FH_TRY(spread("domain_padding", &c->domain_padding.count, dim));
  return FH_OK;
}

static fh_status check_scaling(const fh_fno_config *c, int dim)
{
  const int count = c->resolution_scaling_factor.count;
  FH_CHECK(count <= 1 || count == c->n_layers || count == c->n_layers * dim, FH_ERR_USAGE,
           "option -resolution_scaling_factor has %d numbers: give one, %td (one a layer) or %td "
           "(one a layer and axis)",
           count, c->n_layers, c->n_layers * dim);
  return FH_OK;
}

static fh_status check_width(const char *name, double ratio, ptrdiff_t width)
{
  FH_CHECK(width >= 1, FH_ERR_USAGE,
           "option -%s is %g: times hidden_channels that leaves no hidden channel; raise it", name,
           ratio);
  return FH_OK;
}

ptrdiff_t fh_fno_lifting_width(const fh_fno_config *c)
{
  return (ptrdiff_t)(c->lifting_channel_ratio * (double)c->hidden_channels);
}

ptrdiff_t fh_fno_projection_width(const fh_fno_config *c)
{
  return (ptrdiff_t)(c->projection_channel_ratio * (double)c->hidden_channels);
}

ptrdiff_t fh_fno_mlp_width(const fh_fno_config *c)
{
  return (ptrdiff_t)rint(c->channel_mlp_expansion * (double)c->hidden_channels);
}

double fh_fno_scaling(const fh_fno_config *c, int dim, int layer, int axis)
{
  const fh_real_list *r = &c->resolution_scaling_factor;
  if (r->count == 0) return 1.0;
  if (r->count == 1) return r->value[0];
  return r->count == c->n_layers ? r->value[layer] : r->value[layer * dim + axis];
}

/* the default, which the configuration of a dense model holds, too, and neuraloperator's 1: all parameters kept */
static bool allows_dense(const fh_real_list *rank)
{
  return rank->count == 0 || (rank->count == 1 && (rank->value[0] == 0.1 || rank->value[0] == 1));
}

static fh_status check_factorization(const fh_fno_config *c, int dim)
{
  const int modes = dim + (c->separable ? 1 : 2) + (c->joint_factorization ? 1 : 0);
  FH_CHECK(!c->joint_factorization || c->factorization, FH_ERR_USAGE,
           "option -joint_factorization needs a -factorization: cp, tucker or tt");
  FH_CHECK(c->fixed_rank_modes.count == 0 || c->factorization == FH_FACTOR_TUCKER, FH_ERR_USAGE,
           "option -fixed_rank_modes has %d entries but only Tucker weights have fixed modes",
           c->fixed_rank_modes.count);
  FH_CHECK(c->factorization || allows_dense(&c->rank), FH_ERR_USAGE,
           "option -rank %g is the rank of factors, and dense weights have none: give a "
           "-factorization (cp, tucker, tt)",
           c->rank.value[0]);
  FH_CHECK(!(c->tensor_dropout > 0) || c->factorization, FH_ERR_USAGE,
           "option -tensor_dropout %g leaves out ranks, and dense weights have none: give a "
           "-factorization (cp, tucker, tt)",
           c->tensor_dropout);
  for (int i = 0; i < c->fixed_rank_modes.count; i++)
    FH_CHECK(c->fixed_rank_modes.value[i] < modes, FH_ERR_USAGE,
             "option -fixed_rank_modes names mode %td, the weight has modes 0 to %d",
             c->fixed_rank_modes.value[i], modes - 1);
  const bool whole = c->separable || (c->joint_factorization && c->factorization == FH_FACTOR_TT);
  FH_CHECK(!c->factorization || c->implementation != FH_WAY_MIDDLE || !whole, FH_ERR_USAGE,
           "option -implementation factorized: %s can only be reconstructed",
           c->separable ? "separable weights" : "a tensor train over layers");
  return FH_OK;
}

fh_status fh_fno_check(void *config, int dim)
{
  fh_fno_config *c = config;
  FH_TRY(check_factorization(c, dim));
  FH_TRY(check_modes(c, dim));
  FH_TRY(check_padding(c, dim));
  FH_TRY(check_scaling(c, dim));
  FH_TRY(check_width("lifting_channel_ratio", c->lifting_channel_ratio, fh_fno_lifting_width(c)));
  FH_TRY(check_width("projection_channel_ratio", c->projection_channel_ratio,
                     fh_fno_projection_width(c)));
  if (c->use_channel_mlp)
    FH_TRY(check_width("channel_mlp_expansion", c->channel_mlp_expansion, fh_fno_mlp_width(c)));
  if (c->norm == FH_FNO_GROUP)
    FH_CHECK(c->hidden_channels % c->norm_groups == 0, FH_ERR_USAGE,
             "option -norm_groups is %td but must divide the %td hidden channels", c->norm_groups,
             c->hidden_channels);
  FH_CHECK(c->conv_bias_kernel % 2 == 1, FH_ERR_USAGE,
           "option -conv_bias_kernel is %td but must be odd, to be centred", c->conv_bias_kernel);
  FH_CHECK(c->conv_bias_kernel == 1 || c->fno_skip == FH_FNO_LINEAR, FH_ERR_USAGE,
           "option -conv_bias_kernel is %td: only the linear fno_skip has a kernel",
           c->conv_bias_kernel);
  return FH_OK;
}
