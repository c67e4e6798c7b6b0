/* fno_weight - the spectral weights of the FNO family: dense, or factorised by layer or jointly */
#include <string.h>

#include "model/fno_impl.h"
#include "operators/spectral/weight.h"
#include "tensor/rank.h"

static fh_status weight_of(const fh_fno_config *c, int layer, const fh_spectral_config *at,
                           ptrdiff_t samples, fh_weight_config *w)
{
  const fh_factor_kind kind = (fh_factor_kind)c->factorization;
  bool fixed[FH_PARAM_MAX_RANK] = {false};
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  *w = (fh_weight_config){.kind = c->factorization,
                          .layers = c->joint_factorization ? c->n_layers : 0,
                          .at = *at,
                          .way = c->implementation,
                          .dropout = c->tensor_dropout,
                          .samples = samples};
  for (int i = 0; i < c->fixed_rank_modes.count; i++) fixed[c->fixed_rank_modes.value[i]] = true;
  const int modes = fh_spectral_weight_shape(w, shape);
  fh_real_list given = c->rank;
  if (!w->layers) fh_rank_of_layer(kind, modes, &c->rank, (int)c->n_layers, layer, &given);
  return fh_rank_resolve(kind, modes, shape, &given, fixed, w->rank);
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

fh_status fh_fno_fourier(const fh_fno_config *c, int layer, const fh_spectral_config *at,
                         fh_program *p, fh_op **op)
{
  if (c->factorization == FH_FACTOR_NONE) return fh_spectral_create(at, op);
  /* a unit is a quarter of a batch, say 4 samples; the patches of each multiply them, wherever they
     are computed, so that the choice does not depend on ranks or calls */
  const ptrdiff_t fold = c->patches ? c->patches : 1;
  fh_weight_config w;
  fh_spectral_config factorised;
  layer_name name;
  FH_TRY(weight_of(c, layer, at, 4 * fold, &w));
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
