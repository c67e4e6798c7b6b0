/* class_schedule - PyTorch's StepLR, CosineAnnealingLR, OneCycleLR; one a group, or at the root */
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "config.h"
#include "train/schedule.h"

static fh_status step_config(parity_config *a, fh_schedule_config *c)
{
  c->kind = FH_SCHEDULE_STEP;
  c->gamma = 0.1;
  FH_TRY(parity_count(a, "step_size", &c->step_size));
  FH_TRY(parity_number(a, "gamma", &c->gamma));
  return FH_OK;
}

static fh_status cosine_config(parity_config *a, fh_schedule_config *c)
{
  c->kind = FH_SCHEDULE_COSINE;
  c->rate_min = 0;
  FH_TRY(parity_count(a, "T_max", &c->period));
  FH_TRY(parity_number(a, "eta_min", &c->rate_min));
  return FH_OK;
}

static fh_status onecycle_config(parity_config *a, fh_schedule_config *c)
{
  ptrdiff_t epochs = 0, steps_per_epoch = 0;
  const char *anneal = "cos";
  *c = (fh_schedule_config){.kind = FH_SCHEDULE_ONECYCLE,
                            .percent_start = 0.3,
                            .div_factor = 25,
                            .final_div_factor = 1e4,
                            .cycle_momentum = true,
                            .momentum_base = 0.85,
                            .momentum_max = 0.95};
  FH_TRY(parity_number(a, "max_lr", &c->rate));
  FH_TRY(parity_count(a, "total_steps", &c->period));
  FH_TRY(parity_count(a, "epochs", &epochs));
  FH_TRY(parity_count(a, "steps_per_epoch", &steps_per_epoch));
  FH_TRY(parity_number(a, "pct_start", &c->percent_start));
  FH_TRY(parity_word(a, "anneal_strategy", &anneal));
  FH_TRY(parity_switch(a, "cycle_momentum", &c->cycle_momentum));
  FH_TRY(parity_number(a, "base_momentum", &c->momentum_base));
  FH_TRY(parity_number(a, "max_momentum", &c->momentum_max));
  FH_TRY(parity_number(a, "div_factor", &c->div_factor));
  FH_TRY(parity_number(a, "final_div_factor", &c->final_div_factor));
  FH_TRY(parity_switch(a, "three_phase", &c->three_phase));
  if (c->period == 0) c->period = epochs * steps_per_epoch;
  c->linear = !strcmp(anneal, "linear");
  FH_CHECK(c->linear || !strcmp(anneal, "cos"), FH_ERR_UNSUPPORTED, "anneal_strategy %s", anneal);
  return FH_OK;
}

static fh_status make_config(const char *class, const char *json, double rate,
                             fh_schedule_config *c)
{
  PARITY_CONFIG a = {0};
  const char *dot = class ? strrchr(class, '.') : NULL, *name = dot ? dot + 1 : class;
  FH_CHECK(name, FH_ERR_FORMAT, "there is no attribute 'class'");
  FH_TRY(parity_config_parse(json, &a));
  FH_TRY(fh_config_defaults(fh_schedule_fields, c));
  c->rate = rate;
  if (!strcmp(name, "StepLR"))
    FH_TRY(step_config(&a, c));
  else if (!strcmp(name, "CosineAnnealingLR"))
    FH_TRY(cosine_config(&a, c));
  else if (!strcmp(name, "OneCycleLR"))
    FH_TRY(onecycle_config(&a, c));
  else
    FH_RAISE(FH_ERR_UNSUPPORTED, "%s", name);
  parity_argument(&a, "last_epoch"); /* its default, -1, is the only one that starts afresh */
  parity_argument(&a, "verbose");
  FH_TRY(parity_config_finish(&a));
  return FH_OK;
}

/* the values in force at step t; a schedule that leaves beta1 alone leaves the optimiser's 0.9 */
static fh_status run(const parity_file *file, const char *path, const fh_schedule_config *config,
                     parity_report *report)
{
  PARITY_ARRAY rate = {0}, beta1 = {0};
  fh_schedule s;
  FH_TRY(parity_read_in(file, path, "lr", &rate));
  FH_TRY(parity_read_in(file, path, "beta1", &beta1));
  FH_CHECK(beta1.size == rate.size, FH_ERR_FORMAT, "%s: lr and beta1 have different lengths", path);
  FH_TRY(fh_schedule_create(config, &s));
  for (ptrdiff_t t = 0; t < rate.size; t++) {
    char what[PARITY_NAME + 32];
    const double beta = s.beta1 < 0 ? 0.9 : s.beta1;
    snprintf(what, sizeof what, "%s lr[%td]", path, t);
    parity_compare_f64(report, what, 1, &s.rate, &rate.values[t], 0);
    snprintf(what, sizeof what, "%s beta1[%td]", path, t);
    parity_compare_f64(report, what, 1, &beta, &beta1.values[t], 0);
    fh_schedule_advance(&s);
  }
  return FH_OK;
}

static fh_status compare(const parity_file *file, const char *path, parity_report *report)
{
  PARITY_TEXT *class = NULL, *json = NULL;
  FH_TRY(parity_text(file, path, "class", &class));
  FH_TRY(parity_text(file, path, "config", &json));
  fh_schedule_config config;
  const double rate = parity_attribute(file, path, "optimizer_lr", 1e-3);
  FH_TRY(make_config(class, json, rate, &config));
  FH_TRY(run(file, path, &config, report));
  return FH_OK;
}

fh_status parity_schedule(const parity_file *file, const fh_team *team, parity_report *report)
{
  (void)team;
  PARITY_NAMES groups = {0, NULL};
  if (parity_has(file, "lr")) {
    parity_compared(report, "lr beta1");
    FH_TRY(compare(file, "/", report));
    return FH_OK;
  }
  FH_TRY(parity_list(file, "/", true, &groups));
  FH_CHECK(groups.count > 0, FH_ERR_FORMAT, "there is no schedule in the file");
  int done = 0;
  for (int i = 0; i < groups.count; i++) {
    const fh_status st = compare(file, groups.name[i], report);
    if (st == FH_ERR_UNSUPPORTED)
      snprintf(report->unsupported, sizeof report->unsupported, "%s: %s", groups.name[i],
               fh_status_message());
    else
      FH_TRY(st);
    done += st == FH_OK;
  }
  parity_compared(report, "lr and beta1 of %d schedules", done);
  return FH_OK;
}
