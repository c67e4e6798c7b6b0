/* fno_weight - the spectral weights of the FNO family: dense, or factorised by layer or jointly */
#include <string.h>

#include "model/fno_impl.h"
#include "operators/spectral/weight.h"
#include "tensor/rank.h"

/* A unit is a quarter of a batch, say 4 samples; patches multiply them, wherever they are computed, so that
 * the choice of the way does not depend on ranks or calls. */
static fh_status weight_of(const fh_fno_config *c, int layer, const fh_spectral_config *at,
                           fh_weight_config *w)
{
  const fh_factor_kind kind = (fh_factor_kind)c->factorization;
  bool fixed[FH_PARAM_MAX_RANK] = {false};
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  *w = (fh_weight_config){.kind = c->factorization,
                          .layers = c->joint_factorization ? c->n_layers : 0,
                          .at = *at,
                          .way = c->implementation,
                          .dropout = c->tensor_dropout,
                          .samples = 4 * (c->patches ? c->patches : 1)};
  for (int i = 0; i < c->fixed_rank_modes.count; i++) fixed[c->fixed_rank_modes.value[i]] = true;
  const int modes = fh_spectral_weight_shape(w, shape);
  const int ranks = fh_rank_count(kind, modes);
  FH_CHECK(
      !w->layers || c->rank.count <= ranks, FH_ERR_USAGE,
      "option -joint_factorization makes one tensor of all %td layers, which has %d ranks, but "
      "-rank gives %d numbers: layers with ranks of their own cannot share a tensor",
      c->n_layers, ranks, c->rank.count);
  fh_real_list given = c->rank;
  if (!w->layers) fh_rank_of_layer(kind, modes, &c->rank, (int)c->n_layers, layer, &given);
  return fh_rank_resolve(kind, modes, shape, &given, fixed, w->rank);
}

fh_spectral_config fh_fno_spectral(const fh_fno_config *c, int dim)
{
  fh_spectral_config config = {.in_channels = c->hidden_channels,
                               .out_channels = c->hidden_channels,
                               .dim = dim,
                               .bias = true,
                               .separable = c->separable,
                               .method = c->spectral_method};
  for (int a = 0; a < dim; a++) {
    config.modes[a] = c->n_modes.value[a];
    config.weight_modes[a] = c->max_n_modes.count ? c->max_n_modes.value[a] : 0;
  }
  return config;
}

typedef struct {
  char text[64];
} layer_name;

/* the one tensor of all layers, when the first of them is built */
static fh_status add_joint(const fh_weight_config *w, int n_layers, fh_program *p,
                           fh_spectral_config *layer)
{
  layer_name *names = NULL;
  const char **pointers = NULL;
  FH_NEW(names, n_layers);
  pointers = fh_calloc(n_layers, sizeof *pointers);
  fh_status st = pointers ? FH_OK : FH_ERR_MEMORY;
  for (int i = 0; pointers && i < n_layers; i++) {
    snprintf(names[i].text, sizeof names[i].text, "fno_blocks.convs.%d", i);
    pointers[i] = names[i].text;
  }
  if (st == FH_OK) st = fh_spectral_weight_add(w, p, "fno_blocks.convs", pointers, layer);
  fh_free(pointers);
  fh_free(names);
  return st;
}

/* The stored rows that the layer uses on the grid; all (counts of 0) for one of several layers that share a tensor and
 * may have other grids. */
static fh_spectral_rows rows_of(const fh_fno_config *c, const fh_spectral_config *at,
                                const fh_grid *grid)
{
  ptrdiff_t out[FH_MAX_DIM];
  if (c->joint_factorization && c->resolution_scaling_factor.count)
    return (fh_spectral_rows){{0}, {0}};
  for (int a = 0; a < at->dim; a++) out[a] = at->out_n[a] ? at->out_n[a] : grid->n[a];
  return fh_spectral_rows_used(at, grid->n, out);
}

static bool uses_all(const fh_spectral_rows *rows, const fh_spectral_config *at)
{
  for (int a = 0; a < at->dim; a++)
    if (rows->count[a] < fh_spectral_stored(at, a)) return false;
  return true;
}

fh_status fh_fno_fourier(const fh_fno_config *c, int layer, const fh_spectral_config *at,
                         const fh_grid *grid, fh_program *p, fh_op **op)
{
  fh_weight_config w = {.at = *at};
  fh_spectral_config factorised;
  layer_name name;
  const fh_spectral_rows rows = rows_of(c, at, grid);
  if (c->factorization != FH_FACTOR_NONE)
    FH_TRY(weight_of(c, layer, at, &w));
  else if (uses_all(&rows, at))
    return fh_spectral_create(at, op);
  w.rows = rows;
  snprintf(name.text, sizeof name.text, "fno_blocks.convs.%d", layer);
  const char *const one[] = {name.text};
  if (!c->joint_factorization)
    FH_TRY(fh_spectral_weight_add(&w, p, name.text, one, &factorised));
  else if (layer == 0)
    FH_TRY(add_joint(&w, (int)c->n_layers, p, &factorised));
  else
    factorised = fh_spectral_weight_layer(&w);
  return fh_spectral_create(&factorised, op);
}

fh_status fh_fno_weight_bytes(const fh_fno_config *c, const fh_grid *grid, double *bytes)
{
  fh_spectral_config at = fh_fno_spectral(c, grid->dim);
  const fh_spectral_rows rows = fh_spectral_rows_used(&at, grid->n, grid->n);
  if (c->factorization != FH_FACTOR_NONE) {
    fh_weight_config w;
    FH_TRY(weight_of(c, 0, &at, &w));
    at = fh_spectral_weight_layer(&w);
  }
  const ptrdiff_t in = at.mid_in ? at.mid_in : at.in_channels,
                  out = at.mid_out ? at.mid_out : at.out_channels;
  *bytes = 2.0 * sizeof(fh_real) * (double)in * (double)(at.separable || at.mid_each ? 1 : out);
  for (int a = 0; a < grid->dim; a++) *bytes *= (double)rows.count[a];
  return FH_OK;
}

/* ---- for people --------------------------------------------------------------------------------- */

static fh_status describe(const fh_model_spec *spec, int dim, int layer, fh_fno_weight *w)
{
  const fh_fno_config *c = fh_fno_config_of(spec);
  const fh_spectral_config at = fh_fno_spectral(c, dim);
  FH_TRY(weight_of(c, layer, &at, &w->config));
  w->modes = fh_spectral_weight_shape(&w->config, w->shape);
  w->dense = 1;
  for (int j = 0; j < w->modes; j++) w->dense *= w->shape[j];
  w->parameters =
      fh_rank_parameters((fh_factor_kind)c->factorization, w->modes, w->shape, w->config.rank);
  w->n_ranks = fh_rank_count((fh_factor_kind)c->factorization, w->modes);
  w->way = fh_spectral_weight_way(&w->config);
  w->cost = fh_spectral_weight_cost(&w->config);
  w->kind = fh_fno_factorizations[c->factorization];
  return FH_OK;
}

fh_status fh_fno_weight_find(const fh_model_spec *spec, int dim, int layer, fh_fno_weight *w)
{
  fh_model_spec copy;
  fh_fno_config *c = fh_fno_config_of(spec);
  *w = (fh_fno_weight){0};
  if (!c || c->factorization == FH_FACTOR_NONE || (c->joint_factorization && layer > 0) ||
      layer >= c->n_layers)
    return FH_OK;
  FH_TRY(fh_model_spec_copy(spec, &copy));
  fh_status st = copy.class->check(copy.config, dim);
  if (st == FH_OK && copy.class->patches) {
    const ptrdiff_t ones[FH_MAX_DIM] = {1, 1, 1};
    fh_grid grid;
    st = fh_grid_box(dim, ones, FH_PERIODIC, FH_NODE, &grid);
    if (st == FH_OK)
      fh_fno_config_of(&copy)->patches = (ptrdiff_t)1
                                         << (copy.class->patches(copy.config, &grid).levels * dim);
  }
  if (st == FH_OK) st = describe(&copy, dim, layer, w);
  fh_model_spec_clear(&copy);
  return st;
}
