/* class_spectral - neuraloperator's SpectralConv, with dense and factorised weights */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "model_case.h"
#include "operators/spectral/weight.h"
#include "tensor/rank.h"

typedef struct {
  fh_factor_kind kind;
  fh_real_list rank;
  bool fixed;
} factorised;

static fh_status weight_options(parity_config *a, factorised *w)
{
  static const char *const kinds[] = {"dense", "cp", "tucker", "tt"};
  const char *kind = "dense";
  FH_TRY(parity_word(a, "factorization", &kind));
  int found = -1;
  for (int i = 0; i < 4; i++)
    if (!strcasecmp(kind, kinds[i])) found = i;
  FH_CHECK(found >= 0, FH_ERR_UNSUPPORTED, "factorization %s", kind);
  *w = (factorised){.kind = (fh_factor_kind)found, .rank = {1, {1}}};
  FH_TRY(parity_reals(a, "rank", &w->rank));
  FH_TRY(parity_switch(a, "fixed_rank_modes", &w->fixed));
  const char *word = NULL;
  FH_TRY(parity_word(a, "implementation", &word));
  parity_argument(a, "decomposition_kwargs");
  parity_argument(a, "init_std");
  parity_argument(a, "enforce_hermitian_symmetry"); /* changes nothing but on some GPUs */
  parity_argument(a, "device");
  word = "full";
  FH_TRY(parity_word(a, "fno_block_precision", &word));
  FH_CHECK(!strcmp(word, "full"), FH_ERR_UNSUPPORTED, "fno_block_precision %s", word);
  word = "forward";
  FH_TRY(parity_word(a, "fft_norm", &word));
  FH_CHECK(!strcmp(word, "forward"), FH_ERR_UNSUPPORTED, "fft_norm %s", word);
  FH_TRY(parity_refuse(a, "complex_data"));
  return FH_OK;
}

/* the reference scales the last axis (nearly) rightly and misplaces the frequencies of the others */
static fh_status scaling(parity_config *a, const fh_shape *in, fh_spectral_config *c)
{
  fh_real_list r = {0, {0}};
  FH_TRY(parity_reals(a, "resolution_scaling_factor", &r));
  for (int i = 0; i < c->dim && r.count > 0; i++) {
    const double factor = r.value[r.count == 1 ? 0 : i];
    FH_CHECK(r.count == 1 || r.count == c->dim, FH_ERR_UNSUPPORTED,
             "resolution_scaling_factor of %d numbers", r.count);
    FH_CHECK(factor == 1 || i == c->dim - 1, FH_ERR_UNSUPPORTED,
             "resolution_scaling_factor of a leading axis: the reference misplaces frequencies");
    const ptrdiff_t n = in->layout.grid.n[i], out = (ptrdiff_t)rint(factor * (double)n);
    FH_CHECK(factor == 1 || parity_scaling_is_sound(c->modes[i], n, out), FH_ERR_UNSUPPORTED,
             "resolution_scaling_factor with %td modes from %td to %td points: the reference "
             "mistakes the last column for the Nyquist frequency",
             c->modes[i], n, out);
    if (factor != 1) c->out_n[i] = out;
  }
  return FH_OK;
}

static fh_status modes(parity_config *a, fh_spectral_config *c, parity_shift *shift,
                       const ptrdiff_t *grid)
{
  fh_int_list made = {0, {0}}, used = {0, {0}}, rows = {0, {0}};
  FH_TRY(parity_ints(a, "n_modes", &made));
  FH_CHECK(made.count == c->dim, FH_ERR_UNSUPPORTED, "n_modes for %d axes on a field of %d",
           made.count, c->dim);
  rows = used = made;
  rows.value[c->dim - 1] = made.value[c->dim - 1] / 2 + 1;
  FH_TRY(parity_ints(a, "max_n_modes", &rows)); /* the last one counts columns already */
  FH_TRY(parity_ints(a, "n_modes_set_after_construction", &used));
  FH_CHECK(rows.count == c->dim && used.count == c->dim, FH_ERR_UNSUPPORTED,
           "numbers of modes for %d and %d axes on a field of %d", rows.count, used.count, c->dim);
  for (int i = 0; i < c->dim; i++) {
    c->modes[i] = used.value[i];
    c->weight_modes[i] = rows.value[i];
  }
  *shift = parity_shift_of(c->dim, c->modes, c->weight_modes, grid);
  return FH_OK;
}

static fh_status make_config(const parity_file *file, const fh_shape *in, fh_spectral_config *c,
                             factorised *w, parity_shift *shift)
{
  PARITY_CONFIG a;
  *c = (fh_spectral_config){.dim = in->layout.grid.dim,
                            .in_channels = in->channels,
                            .out_channels = in->channels,
                            .bias = true};
  FH_TRY(parity_config_parse(file->config, &a));
  FH_TRY(parity_count(&a, "in_channels", &c->in_channels));
  FH_TRY(parity_count(&a, "out_channels", &c->out_channels));
  FH_TRY(parity_switch(&a, "bias", &c->bias));
  FH_TRY(parity_switch(&a, "separable", &c->separable));
  FH_TRY(weight_options(&a, w));
  FH_TRY(modes(&a, c, shift, in->layout.grid.n));
  FH_TRY(scaling(&a, in, c));
  FH_TRY(parity_config_finish(&a));
  return FH_OK;
}

/* the map before the step, and what the step then takes */
static fh_status add_weight(const factorised *w, fh_spectral_way way, fh_program *p,
                            fh_spectral_config *c)
{
  fh_weight_config weight = {.kind = (int)w->kind, .at = *c, .way = (int)way};
  const bool fixed[FH_PARAM_MAX_RANK] = {w->fixed};
  const char *const layer[] = {""};
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  const int modes = fh_spectral_weight_shape(&weight, shape);
  FH_TRY(fh_rank_resolve(w->kind, modes, shape, &w->rank, fixed, weight.rank));
  return fh_spectral_weight_add(&weight, p, "", layer, c);
}

static fh_status make_program(const fh_spectral_config *config, const factorised *w,
                              fh_spectral_way way, const fh_shape *in, fh_program *p)
{
  fh_spectral_config c = *config;
  fh_slot slot = 0;
  fh_op *op = NULL;
  FH_TRY(fh_program_input(p, in, &slot));
  if (w->kind != FH_FACTOR_NONE) FH_TRY(add_weight(w, way, p, &c));
  FH_TRY(fh_spectral_create(&c, &op));
  FH_TRY(fh_program_then(p, "", op, &slot));
  FH_TRY(fh_program_output(p, slot));
  return FH_OK;
}

static fh_status compare(const parity_file *file, const fh_team *team,
                         const fh_spectral_config *config, const factorised *w, fh_spectral_way way,
                         const fh_shape *in, const parity_shift *shift, parity_report *report)
{
  parity_model model = {.shift = *shift};
  FH_TRY(fh_program_create(team, &model.program));
  fh_status st = make_program(config, w, way, in, model.program);
  if (st == FH_OK) st = parity_model_compare(file, &model, report);
  fh_program_destroy(&model.program);
  FH_TRY(st);
  return FH_OK;
}

fh_status parity_spectral(const parity_file *file, const fh_team *team, parity_report *report)
{
  fh_shape in;
  fh_spectral_config config;
  factorised w;
  parity_shift shift;
  FH_TRY(parity_input_shape(file, &in));
  FH_TRY(make_config(file, &in, &config, &w, &shift));
  FH_CHECK(w.kind == FH_FACTOR_NONE || parity_shift_is_zero(&shift), FH_ERR_UNSUPPORTED,
           "a factorised weight whose rows the reference applies one frequency off");
  if (w.kind != FH_FACTOR_NONE && !config.separable)
    FH_TRY(compare(file, team, &config, &w, FH_WAY_MIDDLE, &in, &shift, report));
  return compare(file, team, &config, &w, FH_WAY_REBUILT, &in, &shift, report);
}
