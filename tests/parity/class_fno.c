/* class_fno - neuraloperator's FNO with dense weights (TFNO is FNO with factorised ones) */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "model/fno.h"
#include "model_case.h"

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

static fh_status weight_options(const parity_file *file, parity_config *a)
{
  const char *word = strstr(file->class, "TFNO") ? "tucker" : NULL;
  FH_TRY(parity_word(a, "factorization", &word));
  FH_CHECK(!word || !strcmp(word, "dense") || !strcmp(word, "Dense"), FH_ERR_UNSUPPORTED,
           "factorised weights (%s)", word);
  parity_argument(a, "rank");
  parity_argument(a, "fixed_rank_modes");
  parity_argument(a, "implementation");
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

static fh_status fill_spec(const parity_file *file, const fh_grid *grid, fh_model_spec *spec)
{
  PARITY_CONFIG a;
  ptrdiff_t in = 1, out = 1;
  FH_TRY(parity_config_parse(file->config, &a));
  FH_TRY(parity_count(&a, "in_channels", &in));
  FH_TRY(parity_count(&a, "out_channels", &out));
  FH_CHECK(in >= 1 && in < 1 << 20 && out >= 1 && out < 1 << 20, FH_ERR_FORMAT,
           "%td input and %td output channels", in, out);
  FH_TRY(fh_model_spec_create(&fh_fno_class, (int)in, (int)out, spec));
  FH_TRY(weight_options(file, &a));
  for (int i = 0; same[i]; i++) {
    parity_argument(&a, same[i]);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(a.json, same[i]);
    if (item) FH_TRY(set(spec, same[i], item));
  }
  FH_TRY(lower_modes(&a, spec->config));
  FH_TRY(parity_config_finish(&a));
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

static fh_status compare(const parity_file *file, const fh_team *team, const fh_model_spec *spec,
                         const fh_shape *in, parity_report *report)
{
  parity_model model = {.shift = shift_of(spec->config, &in->layout.grid)};
  FH_CHECK(in->channels == spec->in_channels, FH_ERR_FORMAT,
           "the input has %td channels but in_channels is %d", in->channels, spec->in_channels);
  FH_TRY(fh_model_program(spec, team, &in->layout.grid, in->batch, &model.program));
  const fh_status st = parity_model_compare(file, &model, report);
  fh_program_destroy(&model.program);
  FH_TRY(st);
  return FH_OK;
}

fh_status parity_fno(const parity_file *file, const fh_team *team, parity_report *report)
{
  fh_model_spec spec = {0};
  fh_shape in;
  FH_TRY(parity_input_shape(file, &in));
  fh_status st = fill_spec(file, &in.layout.grid, &spec);
  if (st == FH_OK) st = compare(file, team, &spec, &in, report);
  fh_model_spec_clear(&spec);
  FH_TRY(st);
  return FH_OK;
}
