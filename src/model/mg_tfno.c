#include "model/mg_tfno.h"

#include <math.h>

#include "model/fno_impl.h"
#include "operators/grid_embedding/grid_embedding.h"
#include "operators/patch/patch.h"
#include "operators/unpatch/unpatch.h"

static fh_status check(void *config, int dim)
{
  fh_mg_tfno_config *c = config;
  fh_real_list *f = &c->padding_fraction;
  FH_CHECK(f->count == 1 || f->count == dim, FH_ERR_USAGE,
           "option -padding_fraction has %d numbers but the data has %d axes: give one or %d",
           f->count, dim, dim);
  for (int a = 1; f->count == 1 && a < dim; a++) f->value[a] = f->value[0];
  f->count = dim;
  FH_CHECK(!c->coordinates || c->fno.positional_embedding, FH_ERR_USAGE,
           "option -coordinates global needs -positional_embedding grid");
  for (int i = 0; i < c->fno.resolution_scaling_factor.count; i++)
    FH_CHECK(c->fno.resolution_scaling_factor.value[i] == 1, FH_ERR_USAGE,
             "option -resolution_scaling_factor %g does not go with patches: their padding would "
             "change size",
             c->fno.resolution_scaling_factor.value[i]);
  return fh_fno_check(&c->fno, dim);
}

static fh_status cut(const fh_mg_tfno_config *c, const fh_patch_config *patch, int *channels,
                     fh_program *p, fh_slot *x)
{
  fh_op *op = NULL;
  if (c->fno.positional_embedding && c->coordinates) {
    FH_TRY(fh_grid_embedding_create(patch->dim, &op));
    FH_TRY(fh_program_then(p, "", op, x));
    *channels += patch->dim;
  }
  FH_TRY(fh_patch_create(patch, &op));
  FH_TRY(fh_program_then(p, "", op, x));
  *channels *= patch->levels + 1;
  return FH_OK;
}

static fh_status build(const void *config, int in_channels, int out_channels, fh_program *p,
                       fh_slot *x)
{
  const fh_mg_tfno_config *c = config;
  const fh_grid grid = fh_program_shape(p, *x)->layout.grid;
  fh_patch_config patch = {.dim = grid.dim, .levels = (int)c->levels, .outside = c->outside};
  fh_unpatch_config unpatch = {.dim = grid.dim, .stitch = true};
  for (int a = 0; a < grid.dim; a++) {
    patch.padding[a] = (ptrdiff_t)rint(c->padding_fraction.value[a] * (double)grid.n[a]);
    unpatch.padding[a] = patch.padding[a];
    unpatch.parts[a] = (ptrdiff_t)1 << c->levels;
  }
  fh_fno_config fno = c->fno;
  int channels = in_channels;
  FH_TRY(cut(c, &patch, &channels, p, x));
  if (c->coordinates) fno.positional_embedding = 0;
  FH_TRY(fh_fno_build(&fno, channels, out_channels, p, x));
  fh_op *op = NULL;
  FH_TRY(fh_unpatch_create(&unpatch, &op));
  FH_TRY(fh_program_then(p, "", op, x));
  return FH_OK;
}

const fh_model_class fh_mg_tfno_class = {
    .name = "mg-tfno",
    .help = "TFNO on patches with coarser views of their surroundings (multi-grid decomposition)",
    .config_bytes = sizeof(fh_mg_tfno_config),
    .fields = fh_mg_tfno_fields,
    .shares_samples = true,
    .check = check,
    .build = build,
};
