#include "model/mg_tfno.h"

#include <math.h>

#include "model/fno_impl.h"
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

static fh_patch_config patches(const void *config, const fh_grid *grid)
{
  const fh_mg_tfno_config *c = config;
  fh_patch_config patch = {.dim = grid->dim,
                           .levels = (int)c->levels,
                           .outside = c->outside,
                           .coordinates = c->fno.positional_embedding && c->coordinates};
  for (int a = 0; a < grid->dim; a++)
    patch.padding[a] = (ptrdiff_t)rint(c->padding_fraction.value[a] * (double)grid->n[a]);
  return patch;
}

/* A spectral weight much larger than the patch would be read from memory for each of them: four share it then, which is what
 * the mixing takes at a time. */
static fh_status choose_together(const fh_fno_config *c, const fh_grid *patch, fh_program *p)
{
  const double field = (double)c->hidden_channels * (double)fh_grid_size(patch) * sizeof(fh_real);
  double weight = 0;
  FH_TRY(fh_fno_weight_bytes(c, patch, &weight));
  fh_program_patches_together(p, weight > 8 * field ? 4 : 1);
  return FH_OK;
}

static fh_status build_patch(const void *config, int in_channels, int out_channels, fh_program *p,
                             fh_slot *x)
{
  const fh_mg_tfno_config *c = config;
  fh_fno_config fno = c->fno;
  const int dim = fh_program_shape(p, *x)->layout.grid.dim;
  fno.patches = (ptrdiff_t)1 << (c->levels * dim);
  if (c->coordinates) fno.positional_embedding = 0;
  FH_TRY(choose_together(&fno, &fh_program_shape(p, *x)->layout.grid, p));
  return fh_fno_build(&fno, in_channels, out_channels, p, x);
}

static fh_status build(const void *config, int in_channels, int out_channels, fh_program *p,
                       fh_slot *x)
{
  const fh_grid grid = fh_program_shape(p, *x)->layout.grid;
  const fh_patch_config patch = patches(config, &grid);
  fh_unpatch_config unpatch = {.dim = grid.dim, .stitch = true};
  for (int a = 0; a < grid.dim; a++) {
    unpatch.padding[a] = patch.padding[a];
    unpatch.parts[a] = (ptrdiff_t)1 << patch.levels;
    unpatch.n[a] = grid.n[a];
  }
  fh_op *op = NULL;
  fh_program_recompute(p, ((const fh_mg_tfno_config *)config)->recompute);
  FH_TRY(fh_patch_create(&patch, &op));
  FH_TRY(fh_program_then(p, "", op, x));
  const int channels = (patch.levels + 1) * (in_channels + (patch.coordinates ? patch.dim : 0));
  FH_TRY(build_patch(config, channels, out_channels, p, x));
  FH_TRY(fh_unpatch_create(&unpatch, &op));
  FH_TRY(fh_program_then(p, "", op, x));
  return FH_OK;
}

const fh_model_class fh_mg_tfno_class = {
    .name = "mg-tfno",
    .help = "TFNO on patches with coarser views of their surroundings (multi-grid decomposition)",
    .config_bytes = sizeof(fh_mg_tfno_config),
    .fields = fh_mg_tfno_fields,
    .check = check,
    .build = build,
    .patches = patches,
    .build_patch = build_patch,
};
