/* class_optimiser - Adam and AdamW: a few steps with given gradients */
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "config.h"
#include "train/optimiser.h"
#include "values.h"

typedef struct {
  int count;
  fh_param *params;
  const fh_param **pointers;
  fh_real *values, *gradient;
  fh_optimiser *optimiser;
} state;

static void clear(state *s)
{
  fh_optimiser_destroy(&s->optimiser);
  fh_free(s->params);
  fh_free(s->pointers);
  fh_free(s->values);
  fh_free(s->gradient);
}

/* ---- what the classes do ------------------------------------------------------------------------- */

static fh_status conventions(const char *class, fh_optimiser_config *c)
{
  const bool neuralop = !strncmp(class, "neuralop.", 9), torch = !strncmp(class, "torch.", 6);
  const bool adamw = !strcmp(strrchr(class, '.'), ".AdamW");
  FH_TRY(fh_optimiser_preset(0, c));
  c->beta1 = 0.9;
  c->beta2 = 0.999;
  c->clip_norm = 0;
  c->epsilon = neuralop ? 1e-6 : 1e-8;
  c->decay = torch && adamw ? 1e-2 : 0;
  c->decay_kind = neuralop ? FH_DECAY_AFTER : adamw ? FH_DECAY_DECOUPLED : FH_DECAY_COUPLED;
  c->complex_modulus = !torch;
  c->epsilon_inside = neuralop;
  return FH_OK;
}

static fh_status make_config(const parity_file *file, fh_optimiser_config *c, double *rate)
{
  PARITY_CONFIG a;
  fh_real_list betas = {2, {0.9, 0.999}};
  bool correct = true, flag = false;
  FH_TRY(parity_config_parse(file->config, &a));
  FH_TRY(conventions(file->class, c));
  FH_TRY(parity_number(&a, "lr", rate));
  FH_TRY(parity_reals(&a, "betas", &betas));
  FH_CHECK(betas.count == 2, FH_ERR_FORMAT, "argument betas has %d numbers", betas.count);
  c->beta1 = betas.value[0];
  c->beta2 = betas.value[1];
  FH_TRY(parity_number(&a, "eps", &c->epsilon));
  FH_TRY(parity_number(&a, "weight_decay", &c->decay));
  FH_TRY(parity_switch(&a, "correct_bias", &correct));
  FH_CHECK(correct, FH_ERR_UNSUPPORTED, "correct_bias=False");
  FH_TRY(parity_refuse(&a, "amsgrad"));
  FH_TRY(parity_refuse(&a, "maximize"));
  FH_TRY(parity_refuse(&a, "galore_params"));
  /* how PyTorch computes the same numbers */
  FH_TRY(parity_switch(&a, "foreach", &flag));
  FH_TRY(parity_switch(&a, "fused", &flag));
  FH_TRY(parity_switch(&a, "capturable", &flag));
  FH_TRY(parity_config_finish(&a));
  return FH_OK;
}

/* ---- the parameters of the file as one flat array ------------------------------------------------- */

static fh_status declare(const parity_file *file, const parity_names *names, state *s)
{
  ptrdiff_t offset = 0;
  FH_NEW(s->params, names->count);
  FH_NEW(s->pointers, names->count);
  for (s->count = 0; s->count < names->count; s->count++) {
    PARITY_ARRAY a = {0};
    fh_param *p = &s->params[s->count];
    FH_TRY(parity_read_in(file, "params", names->name[s->count], &a));
    snprintf(p->name, sizeof p->name, "%s", names->name[s->count]);
    p->decl = (fh_param_decl){.rank = a.rank, .is_complex = a.is_complex};
    memcpy(p->decl.n, a.n, sizeof p->decl.n);
    p->offset = offset;
    p->size = a.size;
    offset += a.size;
    s->pointers[s->count] = p;
  }
  FH_NEW(s->values, offset);
  FH_NEW(s->gradient, offset);
  return FH_OK;
}

/* part of steps parts of group/name into flat; part -1: the data set has no axis of steps */
static fh_status fill(const parity_file *file, const char *group, const state *s, ptrdiff_t part,
                      fh_real *flat)
{
  for (int i = 0; i < s->count; i++) {
    const fh_param *p = &s->params[i];
    PARITY_ARRAY a = {0};
    FH_TRY(parity_read_in(file, group, p->name, &a));
    const ptrdiff_t first = part < 0 ? 0 : part * p->size;
    FH_CHECK(a.size >= first + p->size, FH_ERR_FORMAT, "%s/%s is too small", group, p->name);
    for (ptrdiff_t k = 0; k < p->size; k++) flat[p->offset + k] = (fh_real)a.values[first + k];
  }
  return FH_OK;
}

static fh_status compare_trace(const parity_file *file, const state *s, ptrdiff_t step,
                               parity_report *report)
{
  for (int i = 0; i < s->count; i++) {
    const fh_param *p = &s->params[i];
    char what[PARITY_NAME + 64];
    PARITY_ARRAY a = {0};
    FH_TRY(parity_read_in(file, "params_trace", p->name, &a));
    FH_CHECK(a.size >= (step + 1) * p->size, FH_ERR_FORMAT, "params_trace/%s is too short",
             p->name);
    snprintf(what, sizeof what, "params_trace/%s[%td]", p->name, step);
    parity_compare(report, what, p->size, s->values + p->offset, a.values + step * p->size, 0);
  }
  return FH_OK;
}

/* a modulus has no imaginary part: the reference stores round-off there */
static void drop_imaginary(const fh_param *p, const fh_optimiser_config *c, fh_real *got,
                           double *want)
{
  if (!p->decl.is_complex || !c->complex_modulus) return;
  for (ptrdiff_t i = 1; i < p->size; i += 2) {
    got[i] = 0;
    want[i] = 0;
  }
}

static fh_status compare_moments(const parity_file *file, const state *s, parity_report *report)
{
  static const char *const groups[] = {"exp_avg", "exp_avg_sq"};
  fh_real *const moments[] = {s->optimiser->first, s->optimiser->second};
  for (int g = 0; g < 2; g++) {
    if (!parity_has(file, groups[g])) continue;
    parity_compared(report, "%s", groups[g]);
    for (int i = 0; i < s->count; i++) {
      const fh_param *p = &s->params[i];
      char what[PARITY_NAME + 64];
      PARITY_ARRAY a = {0};
      FH_TRY(parity_read_in(file, groups[g], p->name, &a));
      FH_CHECK(a.size == p->size, FH_ERR_FORMAT, "%s/%s has %td numbers, the parameter %td",
               groups[g], p->name, a.size, p->size);
      snprintf(what, sizeof what, "%s/%s", groups[g], p->name);
      if (g == 1) drop_imaginary(p, &s->optimiser->config, moments[g] + p->offset, a.values);
      parity_compare(report, what, p->size, moments[g] + p->offset, a.values, 0);
    }
  }
  return FH_OK;
}

static fh_status count_steps(const parity_file *file, const state *s, ptrdiff_t *steps)
{
  PARITY_ARRAY a = {0};
  FH_TRY(parity_read_in(file, "params_trace", s->params[0].name, &a));
  FH_CHECK(a.rank >= 1 && a.n[0] >= 1, FH_ERR_FORMAT, "params_trace holds no step");
  *steps = a.n[0];
  return FH_OK;
}

static fh_status run(const parity_file *file, state *s, parity_report *report)
{
  fh_optimiser_config config;
  double rate = 1e-3;
  ptrdiff_t steps = 0;
  PARITY_NAMES names = {0, NULL};
  FH_TRY(make_config(file, &config, &rate));
  FH_TRY(parity_list(file, "params", false, &names));
  FH_CHECK(names.count > 0, FH_ERR_FORMAT, "there are no parameters");
  FH_TRY(declare(file, &names, s));
  FH_TRY(fh_optimiser_create_for(&config, s->count, s->pointers, &s->optimiser));
  FH_TRY(fill(file, "params", s, -1, s->values));
  FH_TRY(count_steps(file, s, &steps));
  for (ptrdiff_t t = 0; t < steps; t++) {
    FH_TRY(fill(file, "grad_params", s, t, s->gradient));
    fh_optimiser_step(s->optimiser, rate, -1, s->gradient, s->values);
    FH_TRY(compare_trace(file, s, t, report));
  }
  parity_compared(report, "%d params after each of %td steps", s->count, steps);
  FH_TRY(compare_moments(file, s, report));
  return FH_OK;
}

fh_status parity_optimiser(const parity_file *file, const fh_team *team, parity_report *report)
{
  (void)team;
  state s = {0};
  const fh_status st = run(file, &s, report);
  clear(&s);
  FH_TRY(st);
  return FH_OK;
}
