#include "model/model.h"

#include <string.h>

#include "model/fno.h"
#include "model/mg_tfno.h"
#include "model/mgno.h"

const fh_model_class *const fh_model_registry[] = {&fh_fno_class, &fh_tfno_class, &fh_mg_tfno_class,
                                                   &fh_mgno_class, NULL};

fh_status fh_model_class_find(const char *name, const fh_model_class **class)
{
  const char *names[sizeof fh_model_registry / sizeof *fh_model_registry] = {NULL};
  char all[256] = "";
  size_t used = 0;
  for (int i = 0; fh_model_registry[i]; i++) {
    names[i] = fh_model_registry[i]->name;
    if (!strcmp(names[i], name)) return *class = fh_model_registry[i], FH_OK;
    used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", names[i]);
    if (used >= sizeof all) used = sizeof all - 1;
  }
  const char *near = fh_nearest(name, names);
  if (near)
    FH_RAISE(FH_ERR_USAGE, "there is no model '%.80s': did you mean '%s' (known: %s)?", name, near,
             all);
  FH_RAISE(FH_ERR_USAGE, "there is no model '%.80s' (known: %s)", name, all);
}

fh_status fh_model_spec_create(const fh_model_class *class, int in_channels, int out_channels,
                               fh_model_spec *spec)
{
  *spec = (fh_model_spec){0};
  FH_CHECK(in_channels >= 1 && out_channels >= 1, FH_ERR_ARG,
           "a model with %d input and %d output channels: both must be at least 1", in_channels,
           out_channels);
  void *config = fh_calloc(1, class->config_bytes);
  FH_CHECK(config, FH_ERR_MEMORY, "out of memory: %zu bytes", class->config_bytes);
  const fh_status st = fh_config_defaults(class->fields, config);
  if (st != FH_OK) fh_free(config);
  FH_TRY(st);
  *spec = (fh_model_spec){
      .class = class, .config = config, .in_channels = in_channels, .out_channels = out_channels};
  return FH_OK;
}

fh_status fh_model_spec_copy(const fh_model_spec *spec, fh_model_spec *copy)
{
  char *config = NULL;
  *copy = *spec;
  copy->config = NULL;
  FH_NEW(config, (ptrdiff_t)spec->class->config_bytes);
  memcpy(config, spec->config, spec->class->config_bytes);
  copy->config = config;
  return FH_OK;
}

void fh_model_spec_clear(fh_model_spec *spec)
{
  fh_free(spec->config);
  *spec = (fh_model_spec){0};
}

/* a checked copy of the configuration: check fills in what depends on the grid, and spec builds on any */
static fh_status checked(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                         void **config)
{
  char *copy = NULL;
  *config = NULL;
  FH_CHECK(team->n_patches <= 1 || spec->class->patches, FH_ERR_USAGE,
           "%d ranks a sample, but model %s has no patches to share: use -ranks_per_sample 1 or "
           "-model mg-tfno",
           team->n_patches, spec->class->name);
  FH_NEW(copy, (ptrdiff_t)spec->class->config_bytes);
  memcpy(copy, spec->config, spec->class->config_bytes);
  const fh_status st = spec->class->check(copy, grid->dim);
  if (st != FH_OK) fh_free(copy);
  FH_TRY(st);
  *config = copy;
  return FH_OK;
}

/* ---- a rank's part ------------------------------------------------------------------------------ */

static fh_status find_part(const fh_patch_config *patch, const fh_team *team, const fh_grid *grid,
                           fh_model_part *part)
{
  const int ranks = team->n_patches > 1 ? team->n_patches : 1;
  const int rank = ranks > 1 ? team->patch_part : 0;
  FH_TRY(fh_cut_create(patch, grid, &part->cut));
  FH_TRY(fh_tiles_box(&part->cut->tiles, ranks, rank, &part->out));
  part->count = part->cut->tiles.count / ranks;
  part->first = rank * part->count;
  return fh_cut_needs(part->cut, part->first, part->count, &part->in);
}

fh_status fh_model_part_find(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                             fh_model_part *part)
{
  void *config = NULL;
  *part = (fh_model_part){0};
  FH_TRY(checked(spec, team, grid, &config));
  fh_status st = FH_OK;
  if (spec->class->patches) {
    const fh_patch_config patch = spec->class->patches(config, grid);
    st = find_part(&patch, team, grid, part);
  }
  fh_free(config);
  if (st != FH_OK) fh_model_part_clear(part);
  return st;
}

void fh_model_part_clear(fh_model_part *part)
{
  fh_cut_destroy(&part->cut);
  fh_selection_clear(&part->in);
  *part = (fh_model_part){0};
}

/* ---- programs ----------------------------------------------------------------------------------- */

static fh_status add_steps(const fh_model_spec *spec, const void *config, const fh_grid *grid,
                           ptrdiff_t batch, fh_program *p)
{
  fh_shape in = {batch, spec->in_channels, fh_layout_whole(grid)};
  fh_slot slot = 0;
  if (fh_program_team(p)->n_patches > 1) {
    fh_model_part part;
    FH_TRY(fh_model_part_find(spec, fh_program_team(p), grid, &part));
    in.layout = fh_selection_layout(&part.in, grid);
    fh_model_part_clear(&part);
  }
  FH_TRY(fh_program_input(p, &in, &slot));
  FH_TRY(spec->class->build(config, spec->in_channels, spec->out_channels, p, &slot));
  FH_TRY(fh_program_output(p, slot));
  return FH_OK;
}

fh_status fh_model_check_prediction(const fh_program *program, const fh_grid *grid)
{
  const fh_grid *out = &fh_program_output_shape(program, 0)->layout.grid;
  char text[2][64];
  FH_CHECK(
      fh_grid_same_size(out, grid), FH_ERR_SHAPE,
      "the model makes a field of %s points from one of %s, but data sets have inputs and "
      "outputs on one grid: change -resolution_scaling_factor, whose layers must come back to it",
      fh_grid_text(out, text[0]), fh_grid_text(grid, text[1]));
  return FH_OK;
}

fh_status fh_model_program(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                           ptrdiff_t batch, fh_program **program)
{
  void *config = NULL;
  *program = NULL;
  FH_TRY(checked(spec, team, grid, &config));
  fh_status st = fh_program_create(team, program);
  if (st == FH_OK) st = add_steps(spec, config, grid, batch, *program);
  fh_free(config);
  if (st != FH_OK) fh_program_destroy(program);
  FH_TRY(st);
  return FH_OK;
}

static fh_status add_patch_steps(const fh_model_spec *spec, const void *config, const fh_grid *grid,
                                 ptrdiff_t count, fh_program *p)
{
  const fh_patch_config patch = spec->class->patches(config, grid);
  fh_cut *cut = NULL;
  fh_slot slot = 0;
  FH_TRY(fh_cut_create(&patch, grid, &cut));
  const ptrdiff_t channels = fh_cut_channels(cut, spec->in_channels);
  const fh_shape in = {count, channels, fh_layout_whole(&cut->patch)};
  fh_cut_destroy(&cut);
  FH_TRY(fh_program_input(p, &in, &slot));
  FH_TRY(spec->class->build_patch(config, (int)channels, spec->out_channels, p, &slot));
  return fh_program_output(p, slot);
}

fh_status fh_model_build_patches(const fh_model_spec *spec, const fh_team *team,
                                 const fh_grid *grid, ptrdiff_t count, fh_purpose purpose,
                                 fh_program **program)
{
  void *config = NULL;
  *program = NULL;
  FH_CHECK(spec->class->patches, FH_ERR_STATE, "model %s does not work patch by patch",
           spec->class->name);
  FH_TRY(checked(spec, team, grid, &config));
  fh_status st = fh_program_create(team, program);
  if (st == FH_OK) st = add_patch_steps(spec, config, grid, count, *program);
  if (st == FH_OK) st = fh_program_build(*program, purpose, FH_PLANNED);
  fh_free(config);
  if (st != FH_OK) fh_program_destroy(program);
  return st;
}

fh_status fh_model_build(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                         ptrdiff_t batch, fh_purpose purpose, fh_buffers buffers,
                         fh_program **program)
{
  FH_TRY(fh_model_program(spec, team, grid, batch, program));
  const fh_status st = fh_program_build(*program, purpose, buffers);
  if (st != FH_OK) fh_program_destroy(program);
  FH_TRY(st);
  return FH_OK;
}

const char *fh_model_tie(const fh_model_spec *spec, const char *param)
{
  const char *why = spec->class->tie ? spec->class->tie(param) : NULL;
  return why ? why : "";
}

ptrdiff_t fh_model_n_params(const fh_program *p)
{
  ptrdiff_t n = 0;
  for (int i = 0; i < fh_program_n_params(p); i++) n += fh_program_param(p, i)->size;
  return n;
}
