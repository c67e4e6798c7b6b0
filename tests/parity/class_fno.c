/* class_fno - neuraloperator's FNO, and TFNO, which is FNO with factorised weights; also inside
 * MultigridPatching2D */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "model/fno.h"
#include "model_case.h"
#include "operators/spectral/weight.h"
#include "patching.h"
#include "train_case.h"

/* arguments that the engine has under the same name; null in Python is "none" or an empty list */
static const char *const same[] = {"n_modes",
                                   "max_n_modes",
                                   "hidden_channels",
                                   "n_layers",
                                   "lifting_channel_ratio",
                                   "projection_channel_ratio",
                                   "positional_embedding",
                                   "non_linearity",
                                   "norm",
                                   "norm_groups",
                                   "fno_skip",
                                   "conv_bias_kernel",
                                   "use_channel_mlp",
                                   "channel_mlp_expansion",
                                   "channel_mlp_skip",
                                   "preactivation",
                                   "stabilizer",
                                   "separable",
                                   "domain_padding",
                                   "resolution_scaling_factor",
                                   "rank",
                                   NULL};

static fh_status append(const cJSON *item, char *text, size_t bytes)
{
  if (cJSON_IsArray(item)) {
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, item)
    {
      FH_TRY(append(entry, text, bytes));
    }
    return FH_OK;
  }
  const size_t used = strlen(text);
  const char *comma = used ? "," : "";
  if (cJSON_IsNumber(item))
    snprintf(text + used, bytes - used, "%s%.17g", comma, item->valuedouble);
  else if (cJSON_IsBool(item))
    snprintf(text + used, bytes - used, "%s%s", comma, cJSON_IsTrue(item) ? "true" : "false");
  else if (cJSON_IsString(item)) /* "torch.nn.functional.gelu" is "gelu" */
    snprintf(text + used, bytes - used, "%s%s", comma,
             strrchr(item->valuestring, '.') ? strrchr(item->valuestring, '.') + 1
                                             : item->valuestring);
  else
    FH_RAISE(FH_ERR_UNSUPPORTED, "argument %s", item->string ? item->string : "");
  FH_CHECK(strlen(text) + 1 < bytes, FH_ERR_UNSUPPORTED, "a very long list of arguments");
  return FH_OK;
}

static fh_status set(fh_model_spec *spec, const char *key, const cJSON *item)
{
  const fh_field *f = fh_config_find(spec->class->fields, key);
  char text[1024] = "";
  if (cJSON_IsNull(item))
    snprintf(text, sizeof text, "%s", f->type == FH_FIELD_ENUM ? "none" : "");
  else
    FH_TRY(append(item, text, sizeof text));
  if (fh_config_set(spec->class->fields, spec->config, key, text) != FH_OK) {
    char why[256];
    snprintf(why, sizeof why, "%s", fh_status_message());
    FH_RAISE(FH_ERR_UNSUPPORTED, "argument %s: %s", key, why);
  }
  return FH_OK;
}

static fh_status set_text(fh_model_spec *spec, const char *key, const char *text)
{
  return fh_config_set(spec->class->fields, spec->config, key, text);
}

/* fixed_rank_modes=True means the first mode */
static fh_status weight_options(const char *class, parity_config *a, fh_model_spec *spec)
{
  const bool tensorised = strstr(class, "TFNO") != NULL;
  const char *word = tensorised ? "tucker" : "none";
  char lower[16] = "";
  bool fixed = false;
  FH_TRY(parity_word(a, "factorization", &word));
  for (size_t i = 0; word[i] && i + 1 < sizeof lower; i++)
    lower[i] = (char)tolower((unsigned char)word[i]);
  if (set_text(spec, "factorization", strcmp(lower, "dense") ? lower : "none") != FH_OK)
    FH_RAISE(FH_ERR_UNSUPPORTED, "factorization %s", word);
  FH_TRY(set_text(spec, "rank", tensorised ? "0.1" : "1"));
  FH_TRY(parity_switch(a, "fixed_rank_modes", &fixed));
  if (fixed) FH_TRY(set_text(spec, "fixed_rank_modes", "0"));
  parity_argument(a, "implementation"); /* both ways are compared */
  parity_argument(a, "decomposition_kwargs");
  parity_argument(a, "enforce_hermitian_symmetry"); /* changes nothing but on some GPUs */
  word = "full";
  FH_TRY(parity_word(a, "fno_block_precision", &word));
  FH_CHECK(!strcmp(word, "full"), FH_ERR_UNSUPPORTED, "fno_block_precision %s", word);
  FH_TRY(parity_refuse(a, "complex_data"));
  FH_TRY(parity_refuse(a, "channel_mlp_dropout"));
  FH_TRY(parity_refuse(a, "conv_module"));
  return FH_OK;
}

/* The reference interpolates the skips and misplaces frequencies of leading axes. What is left to
 * compare is one axis without skips, with modes below the Nyquist frequencies of all its grids. */
static fh_status check_scaling(const fh_fno_config *c, const fh_grid *grid)
{
  const fh_real_list *r = &c->resolution_scaling_factor;
  const bool skips = c->fno_skip || (c->use_channel_mlp && c->channel_mlp_skip);
  bool scaled = false, sound = grid->dim == 1 && !skips && !c->domain_padding.count;
  ptrdiff_t n = grid->n[0];
  for (ptrdiff_t layer = 0; layer < c->n_layers && r->count > 0; layer++) {
    const double factor = r->value[r->count == 1 ? 0 : layer % r->count];
    const ptrdiff_t out = (ptrdiff_t)rint(factor * (double)n);
    scaled = scaled || factor != 1;
    sound = sound && parity_scaling_is_sound(c->n_modes.value[0], n, out);
    n = out;
  }
  for (int i = 0; i < r->count; i++) scaled = scaled || r->value[i] != 1;
  FH_CHECK(!scaled || sound, FH_ERR_UNSUPPORTED,
           "resolution_scaling_factor: the engine resamples in Fourier space, the reference by "
           "interpolation");
  return FH_OK;
}

/* a model whose number of modes was lowered later: the weight keeps the rows that it was made with */
static fh_status lower_modes(parity_config *a, fh_fno_config *c)
{
  fh_int_list used = {0, {0}};
  FH_TRY(parity_ints(a, "n_modes_set_after_construction", &used));
  if (used.count == 0) return FH_OK;
  FH_CHECK(used.count == c->n_modes.count, FH_ERR_FORMAT,
           "n_modes has %d numbers, n_modes_set_after_construction %d", c->n_modes.count,
           used.count);
  const int last = used.count - 1;
  if (c->max_n_modes.count == 0) {
    c->max_n_modes = c->n_modes;
    c->max_n_modes.value[last] = c->n_modes.value[last] / 2 + 1;
  }
  c->n_modes = used;
  return FH_OK;
}

static fh_status fill_spec(const char *class, parity_config *a, const fh_grid *grid,
                           fh_model_spec *spec)
{
  ptrdiff_t in = 1, out = 1;
  FH_TRY(parity_count(a, "in_channels", &in));
  FH_TRY(parity_count(a, "out_channels", &out));
  FH_CHECK(in >= 1 && in < 1 << 20 && out >= 1 && out < 1 << 20, FH_ERR_FORMAT,
           "%td input and %td output channels", in, out);
  FH_TRY(fh_model_spec_create(&fh_fno_class, (int)in, (int)out, spec));
  FH_TRY(weight_options(class, a, spec));
  for (int i = 0; same[i]; i++) {
    parity_argument(a, same[i]);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->json, same[i]);
    if (item) FH_TRY(set(spec, same[i], item));
  }
  FH_TRY(lower_modes(a, spec->config));
  FH_TRY(parity_config_finish(a));
  FH_TRY(check_scaling(spec->config, grid));
  return FH_OK;
}

/* all blocks of a model without scaling see one grid: the padded one */
static parity_shift shift_of(const fh_fno_config *c, const fh_grid *grid)
{
  ptrdiff_t modes[FH_MAX_DIM], rows[FH_MAX_DIM], n[FH_MAX_DIM];
  for (int a = 0; a < grid->dim; a++) {
    const double p = c->domain_padding.count == 0   ? 0
                     : c->domain_padding.count == 1 ? c->domain_padding.value[0]
                                                    : c->domain_padding.value[a];
    modes[a] = c->n_modes.value[c->n_modes.count == 1 ? 0 : a];
    rows[a] =
        c->max_n_modes.count ? c->max_n_modes.value[c->max_n_modes.count == 1 ? 0 : a] : modes[a];
    n[a] = grid->n[a] + 2 * (ptrdiff_t)rint(p * (double)grid->n[a]);
  }
  return parity_shift_of(grid->dim, modes, rows, n);
}

/* the arguments of the model, which stand under "model" where the file is about more than that */
static fh_status model_arguments(const parity_file *file, parity_config *all, parity_config *a)
{
  FH_TRY(parity_config_parse(file->config, all));
  const cJSON *inner = parity_argument(all, "model");
  char *text = inner ? cJSON_PrintUnformatted(inner) : NULL;
  const fh_status st = parity_config_parse(text ? text : file->config, a);
  cJSON_free(text);
  return st;
}

static fh_status compare(const parity_file *file, const fh_team *team, const fh_model_spec *spec,
                         const fh_shape *in, parity_config *all, parity_report *report)
{
  parity_model model = {.shift = shift_of(spec->config, &in->layout.grid)};
  FH_CHECK(in->channels == spec->in_channels, FH_ERR_FORMAT,
           "the input has %td channels but in_channels is %d", in->channels, spec->in_channels);
  FH_TRY(fh_model_program(spec, team, &in->layout.grid, in->batch, &model.program));
  fh_status st = parity_model_compare(file, &model, report);
  if (st == FH_OK && parity_has(file, "loss_trace"))
    st = parity_train_compare(file, &model, all, report);
  fh_program_destroy(&model.program);
  FH_TRY(st);
  return FH_OK;
}

/* factorised weights both ways */
static fh_status compare_ways(const parity_file *file, const fh_team *team,
                              const fh_model_spec *spec, const fh_shape *in, parity_config *all,
                              parity_report *report)
{
  fh_fno_config *c = spec->config;
  const parity_shift shift = shift_of(c, &in->layout.grid);
  FH_CHECK(!c->factorization || parity_shift_is_zero(&shift), FH_ERR_UNSUPPORTED,
           "a factorised weight whose rows the reference applies one frequency off");
  c->implementation = FH_WAY_REBUILT;
  FH_TRY(compare(file, team, spec, in, all, report));
  if (!c->factorization || c->separable) return FH_OK;
  c->implementation = FH_WAY_MIDDLE;
  return compare(file, team, spec, in, all, report);
}

fh_status parity_fno(const parity_file *file, const fh_team *team, parity_report *report)
{
  fh_model_spec spec = {0};
  fh_shape in;
  PARITY_CONFIG all = {0}, a = {0};
  FH_TRY(parity_input_shape(file, &in));
  FH_TRY(model_arguments(file, &all, &a));
  fh_status st = fill_spec(file->class, &a, &in.layout.grid, &spec);
  if (st == FH_OK) st = compare_ways(file, team, &spec, &in, &all, report);
  fh_model_spec_clear(&spec);
  FH_TRY(st);
  return FH_OK;
}

/* ---- in patches ------------------------------------------------------------------------------------- */

/* patch, the model's steps, unpatch */
static fh_status write_steps(const parity_patching *patching, const fh_model_spec *spec,
                             const fh_shape *in, fh_program *p)
{
  fh_slot x = 0;
  fh_op *op = NULL;
  fh_fno_config c = *(const fh_fno_config *)spec->config;
  FH_TRY(spec->class->check(&c, in->layout.grid.dim));
  FH_TRY(fh_program_input(p, in, &x));
  FH_TRY(fh_patch_create(&patching->patch, &op));
  FH_TRY(fh_program_then(p, "", op, &x));
  FH_TRY(spec->class->build(&c, spec->in_channels, spec->out_channels, p, &x));
  FH_TRY(fh_unpatch_create(&patching->unpatch, &op));
  FH_TRY(fh_program_then(p, "", op, &x));
  return fh_program_output(p, x);
}

static fh_status compare_patches(const parity_file *file, const fh_team *team,
                                 const parity_patching *patching, const fh_model_spec *spec,
                                 const fh_shape *in, parity_report *report)
{
  parity_model model = {0};
  FH_TRY(fh_program_create(team, &model.program));
  fh_status st = write_steps(patching, spec, in, model.program);
  if (st == FH_OK) st = parity_model_compare(file, &model, report);
  fh_program_destroy(&model.program);
  FH_TRY(st);
  return FH_OK;
}

fh_status parity_mg_step(const parity_file *file, const fh_team *team, parity_report *report)
{
  fh_model_spec spec = {0};
  fh_shape in;
  parity_patching patching;
  PARITY_CONFIG all = {0}, a = {0};
  FH_TRY(parity_input_shape(file, &in));
  FH_TRY(model_arguments(file, &all, &a));
  FH_TRY(parity_patching_read(&all, &in, &patching));
  fh_status st = fill_spec(file->class, &a, &in.layout.grid, &spec);
  if (st == FH_OK) st = compare_patches(file, team, &patching, &spec, &in, report);
  fh_model_spec_clear(&spec);
  FH_TRY(st);
  return FH_OK;
}
