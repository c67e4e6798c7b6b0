#include "train_case.h"

#include <stdio.h>
#include <string.h>

#include "train/optimiser.h"
#include "train/schedule.h"
#include "values.h"

typedef struct {
  fh_optimiser *optimiser;
  fh_schedule schedule;
  double rate; /* the optimiser's own */
} state;

/* the entry's arguments, each to be asked for */
static fh_status entry(parity_config *all, const char *key, parity_config *a, const char **class)
{
  const cJSON *item = parity_argument(all, key);
  FH_CHECK(item, FH_ERR_FORMAT, "config has no %s", key);
  char *text = cJSON_PrintUnformatted(item);
  const fh_status st = parity_config_parse(text, a);
  cJSON_free(text);
  FH_TRY(st);
  FH_TRY(parity_word(a, "class", class));
  FH_CHECK(*class, FH_ERR_FORMAT, "%s has no class", key);
  return FH_OK;
}

static fh_status make_optimiser(parity_config *all, const fh_program *p, state *s)
{
  PARITY_CONFIG a = {0};
  const char *class = NULL;
  fh_real_list betas = {2, {0.9, 0.999}};
  fh_optimiser_config c;
  FH_TRY(entry(all, "optimizer", &a, &class));
  const bool neuralop = strstr(class, "neuralop") != NULL;
  const int kind = !strncmp(class, "Adam.Adam", 9)            ? 3
                   : neuralop && strstr(class, "AdamW")       ? 1
                   : !strncmp(class, "torch.optim.AdamW", 17) ? 0
                   : !strncmp(class, "torch.optim.Adam", 16)  ? 2
                                                              : -1;
  FH_CHECK(kind >= 0, FH_ERR_UNSUPPORTED, "optimiser %s", class);
  FH_TRY(fh_optimiser_preset(kind, &c));
  s->rate = 1e-3;
  FH_TRY(parity_number(&a, "lr", &s->rate));
  FH_TRY(parity_number(&a, "eps", &c.epsilon));
  FH_TRY(parity_number(&a, "weight_decay", &c.decay));
  FH_TRY(parity_reals(&a, "betas", &betas));
  FH_CHECK(betas.count == 2, FH_ERR_FORMAT, "betas has %d numbers", betas.count);
  c.beta1 = betas.value[0];
  c.beta2 = betas.value[1];
  FH_TRY(parity_config_finish(&a));
  FH_TRY(fh_optimiser_create(&c, p, &s->optimiser));
  return FH_OK;
}

static fh_status make_schedule(parity_config *all, state *s)
{
  PARITY_CONFIG a = {0};
  const char *class = NULL;
  fh_schedule_config c;
  FH_TRY(entry(all, "scheduler", &a, &class));
  FH_TRY(fh_config_defaults(fh_schedule_fields, &c));
  c.rate = s->rate;
  if (strstr(class, "OneCycleLR")) {
    c.kind = FH_SCHEDULE_ONECYCLE;
    c.percent_start = 0.3;
    c.div_factor = 25;
    c.final_div_factor = 1e4;
    c.cycle_momentum = true;
    c.momentum_base = 0.85;
    c.momentum_max = 0.95;
    FH_TRY(parity_number(&a, "max_lr", &c.rate));
    FH_TRY(parity_count(&a, "total_steps", &c.period));
    FH_TRY(parity_number(&a, "pct_start", &c.percent_start));
    FH_TRY(parity_number(&a, "div_factor", &c.div_factor));
    FH_TRY(parity_number(&a, "final_div_factor", &c.final_div_factor));
    FH_TRY(parity_switch(&a, "cycle_momentum", &c.cycle_momentum));
  } else if (strstr(class, "StepLR")) {
    c.kind = FH_SCHEDULE_STEP;
    c.gamma = 0.1;
    FH_TRY(parity_count(&a, "step_size", &c.step_size));
    FH_TRY(parity_number(&a, "gamma", &c.gamma));
  } else if (strstr(class, "CosineAnnealingLR")) {
    c.kind = FH_SCHEDULE_COSINE;
    c.rate_min = 0;
    FH_TRY(parity_count(&a, "T_max", &c.period));
    FH_TRY(parity_number(&a, "eta_min", &c.rate_min));
  } else {
    FH_RAISE(FH_ERR_UNSUPPORTED, "schedule %s", class);
  }
  FH_TRY(parity_config_finish(&a));
  FH_TRY(fh_schedule_create(&c, &s->schedule));
  return FH_OK;
}

/* one number of a trace of the file, if the file has it */
static fh_status trace(const parity_file *file, const char *name, ptrdiff_t t, double got,
                       parity_report *report)
{
  PARITY_ARRAY a = {0};
  char what[64];
  if (!parity_has(file, name)) return FH_OK;
  FH_TRY(parity_read(file, name, &a));
  FH_CHECK(t < a.size, FH_ERR_FORMAT, "%s has %td numbers", name, a.size);
  snprintf(what, sizeof what, "%s[%td]", name, t);
  parity_compare_f64(report, what, 1, &got, &a.values[t], 0);
  return FH_OK;
}

static fh_status train(const parity_file *file, const parity_model *m, state *s, const fh_real *x,
                       fh_real *y, fh_real *dy, ptrdiff_t steps, parity_report *report)
{
  fh_program *p = m->program;
  const fh_real *const dout[] = {dy};
  double value = 0;
  for (ptrdiff_t t = 0; t < steps; t++) {
    const double beta1 = s->schedule.beta1 < 0 ? s->optimiser->config.beta1 : s->schedule.beta1;
    fh_program_zero_gradients(p);
    FH_TRY(parity_model_forward(file, m, x, y, &value, dy));
    FH_TRY(trace(file, "loss_trace", t, value, report));
    FH_TRY(trace(file, "lr", t, s->schedule.rate, report));
    FH_TRY(trace(file, "beta1", t, beta1, report));
    FH_TRY(fh_program_backward(p, dout, NULL));
    fh_optimiser_step(s->optimiser, s->schedule.rate, s->schedule.beta1, fh_program_gradients(p),
                      fh_program_values(p));
    fh_schedule_advance(&s->schedule);
  }
  FH_TRY(parity_model_forward(file, m, x, y, &value, dy));
  return trace(file, "loss_final", 0, value, report);
}

static fh_status compare_final(const parity_file *file, const parity_model *m, const fh_real *y,
                               parity_report *report)
{
  PARITY_ARRAY output = {0};
  FH_TRY(parity_read(file, "output_final", &output));
  parity_compare(report, "output_final", output.size, y, output.values, 0);
  for (int i = 0; i < fh_program_n_params(m->program); i++) {
    const fh_param *q = fh_program_param(m->program, i);
    char what[PARITY_NAME + 32];
    PARITY_ARRAY a = {0};
    FH_TRY(parity_read_in(file, "params_final", q->name, &a));
    FH_CHECK(a.size == q->size, FH_ERR_FORMAT, "params_final/%s has %td numbers", q->name, a.size);
    snprintf(what, sizeof what, "params_final/%s", q->name);
    parity_compare(report, what, a.size, fh_program_values(m->program) + q->offset, a.values, 0);
  }
  return FH_OK;
}

static fh_status run(const parity_file *file, const parity_model *m, parity_config *config,
                     state *s, parity_report *report)
{
  PARITY_ARRAY input = {0}, losses = {0};
  PARITY_VALUES *x = NULL, *y = NULL, *dy = NULL;
  FH_TRY(make_optimiser(config, m->program, s));
  FH_TRY(make_schedule(config, s));
  FH_TRY(parity_config_finish(config));
  FH_TRY(parity_model_load(file, m));
  FH_TRY(parity_read(file, "input", &input));
  FH_TRY(parity_read(file, "loss_trace", &losses));
  FH_TRY(parity_rounded(&input, &x));
  FH_NEW(y, fh_shape_size(fh_program_output_shape(m->program, 0)));
  FH_NEW(dy, fh_shape_size(fh_program_output_shape(m->program, 0)));
  FH_TRY(train(file, m, s, x, y, dy, losses.size, report));
  FH_TRY(compare_final(file, m, y, report));
  parity_compared(report, "%td training steps", losses.size);
  return FH_OK;
}

fh_status parity_train_compare(const parity_file *file, const parity_model *model,
                               parity_config *config, parity_report *report)
{
  state s = {0};
  const fh_status st = run(file, model, config, &s, report);
  fh_optimiser_destroy(&s.optimiser);
  FH_TRY(st);
  return FH_OK;
}
