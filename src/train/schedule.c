#include "train/schedule.h"

#include <math.h>

static const double pi = 3.141592653589793;

const char *const fh_schedule_names[] = {"constant", "step", "cosine", "onecycle", NULL};

#define AT(member) offsetof(fh_schedule_config, member)

const fh_field fh_schedule_fields[] = {
    {"schedule", FH_FIELD_ENUM, AT(kind), "constant", 0, 0, fh_schedule_names,
     "how the learning rate changes: constant, step, cosine, onecycle (as "
     "torch.optim.lr_scheduler)"},
    {"lr", FH_FIELD_REAL, AT(rate), "1e-3", 0, 1e3, NULL,
     "learning rate at the start; onecycle: the maximum"},
    {"schedule_step", FH_FIELD_INT, AT(step_size), "100", 1, 1e9, NULL,
     "step: scheduler steps between two reductions"},
    {"schedule_gamma", FH_FIELD_REAL, AT(gamma), "0.5", 0, 1e3, NULL,
     "step: factor of a reduction"},
    {"schedule_period", FH_FIELD_INT, AT(period), "0", 0, 1e12, NULL,
     "cosine: T_max, onecycle: total scheduler steps; 0: the length of the training"},
    {"schedule_min", FH_FIELD_REAL, AT(rate_min), "0", 0, 1e3, NULL,
     "cosine: the lowest learning rate"},
    {"schedule_percent", FH_FIELD_REAL, AT(percent_start), "0.3", 0, 1, NULL,
     "onecycle: share of the steps in which the rate rises"},
    {"schedule_div", FH_FIELD_REAL, AT(div_factor), "25", 1e-6, 1e12, NULL,
     "onecycle: the first rate is the maximum divided by this"},
    {"schedule_final_div", FH_FIELD_REAL, AT(final_div_factor), "1e4", 1e-6, 1e15, NULL,
     "onecycle: the last rate is the first divided by this"},
    {"schedule_cycle_momentum", FH_FIELD_BOOL, AT(cycle_momentum), "true", 0, 0, NULL,
     "onecycle: beta1 runs opposite to the rate"},
    {"schedule_momentum_base", FH_FIELD_REAL, AT(momentum_base), "0.85", 0, 0.999999, NULL,
     "onecycle: beta1 at the highest rate"},
    {"schedule_momentum_max", FH_FIELD_REAL, AT(momentum_max), "0.95", 0, 0.999999, NULL,
     "onecycle: beta1 at the lowest rate"},
    {"schedule_three_phase", FH_FIELD_BOOL, AT(three_phase), "false", 0, 0, NULL,
     "onecycle: up, down to the start, then to the end"},
    {"schedule_linear", FH_FIELD_BOOL, AT(linear), "false", 0, 0, NULL,
     "onecycle: straight lines instead of half cosines"},
    {"schedule_warmup", FH_FIELD_INT, AT(warmup), "0", 0, 1e9, NULL,
     "scheduler steps in which the rate rises linearly before the schedule begins; not onecycle"},
    {"schedule_per_step", FH_FIELD_BOOL, AT(per_step), "false", 0, 0, NULL,
     "advance after every optimiser step instead of after every epoch"},
    FH_FIELDS_END};

/* ---- one-cycle: phases between a rate (and a momentum) and the next ---- */

typedef struct {
  double end, rate[2], momentum[2];
} phase;

static int phases_of(const fh_schedule_config *c, phase phases[3])
{
  const double start = c->rate / c->div_factor, least = start / c->final_div_factor;
  const double base = c->momentum_base, most = c->momentum_max, total = (double)c->period;
  phases[0] = (phase){c->percent_start * total - 1, {start, c->rate}, {most, base}};
  if (!c->three_phase) {
    phases[1] = (phase){total - 1, {c->rate, least}, {base, most}};
    return 2;
  }
  phases[1] = (phase){2 * c->percent_start * total - 2, {c->rate, start}, {base, most}};
  phases[2] = (phase){total - 1, {start, least}, {most, most}};
  return 3;
}

static double between(bool linear, const double ends[2], double share)
{
  if (linear) return (ends[1] - ends[0]) * share + ends[0];
  return ends[1] + (ends[0] - ends[1]) / 2 * (cos(pi * share) + 1);
}

static void one_cycle(fh_schedule *s)
{
  const fh_schedule_config *c = &s->config;
  phase phases[3];
  const int count = phases_of(c, phases);
  const double step = s->step < c->period ? (double)s->step : (double)(c->period - 1);
  double start = 0;
  int i = 0;
  for (; i < count - 1 && step > phases[i].end; i++) start = phases[i].end;
  /* A phase without length (percent_start * period = 1) is at its end; PyTorch divides 0 by 0. */
  const double length = phases[i].end - start;
  const double share = length > 0 ? (step - start) / length : 1;
  s->rate = between(c->linear, phases[i].rate, share);
  s->beta1 = c->cycle_momentum ? between(c->linear, phases[i].momentum, share) : -1;
}

/* ---- the recursive ones: s->rate is the previous rate, t > 0 the steps since the warm-up ---- */

static double step_rate(const fh_schedule *s, ptrdiff_t t)
{
  return t % s->config.step_size == 0 ? s->rate * s->config.gamma : s->rate;
}

static double cosine_rate(const fh_schedule *s, ptrdiff_t t)
{
  const fh_schedule_config *c = &s->config;
  const double period = (double)c->period, x = (double)t, least = c->rate_min;
  /* PyTorch's modulus is never negative: t = 1, 2, ... starts below the first turning point. */
  const ptrdiff_t turn = (t - 1 - c->period) % (2 * c->period);
  if (turn == 0) return s->rate + (c->rate - least) * (1 - cos(pi / period)) / 2;
  return (1 + cos(pi * x / period)) / (1 + cos(pi * (x - 1) / period)) * (s->rate - least) + least;
}

static void update(fh_schedule *s)
{
  const fh_schedule_config *c = &s->config;
  const ptrdiff_t t = s->step - c->warmup;
  s->beta1 = -1;
  if (c->kind == FH_SCHEDULE_ONECYCLE)
    one_cycle(s);
  else if (t < 0)
    s->rate = c->rate * (double)(s->step + 1) / (double)(c->warmup + 1);
  else if (t == 0 || c->kind == FH_SCHEDULE_CONSTANT)
    s->rate = c->rate;
  else if (c->kind == FH_SCHEDULE_STEP)
    s->rate = step_rate(s, t);
  else
    s->rate = cosine_rate(s, t);
}

static fh_status check(const fh_schedule_config *c)
{
  const bool cosine = c->kind == FH_SCHEDULE_COSINE, cycle = c->kind == FH_SCHEDULE_ONECYCLE;
  FH_CHECK(c->kind >= FH_SCHEDULE_CONSTANT && c->kind <= FH_SCHEDULE_ONECYCLE, FH_ERR_USAGE,
           "schedule %d is unknown: there are 0 to %d", c->kind, FH_SCHEDULE_ONECYCLE);
  FH_CHECK(c->rate >= 0 && isfinite(c->rate), FH_ERR_USAGE,
           "learning rate %g: must be finite and at least 0", c->rate);
  FH_CHECK(c->kind != FH_SCHEDULE_STEP || c->step_size >= 1, FH_ERR_USAGE,
           "-schedule_step is %td: at least 1 scheduler step must lie between two reductions",
           c->step_size);
  FH_CHECK(!(cosine || cycle) || c->period >= 1, FH_ERR_USAGE,
           "-schedule_period is %td: the schedule %s needs at least 1 step", c->period,
           fh_schedule_names[c->kind]);
  FH_CHECK(
      c->warmup >= 0 && !(cycle && c->warmup > 0), FH_ERR_USAGE,
      "-schedule_warmup is %td: it cannot be negative, and onecycle takes 0 because it rises by "
      "itself",
      c->warmup);
  return FH_OK;
}

static fh_status check_cycle(const fh_schedule_config *c)
{
  FH_CHECK(c->percent_start >= 0 && c->percent_start <= 1, FH_ERR_USAGE,
           "-schedule_percent is %g but must lie between 0 and 1", c->percent_start);
  FH_CHECK(c->div_factor > 0 && c->final_div_factor > 0, FH_ERR_USAGE,
           "-schedule_div %g and -schedule_final_div %g must be positive", c->div_factor,
           c->final_div_factor);
  FH_CHECK(c->momentum_base >= 0 && c->momentum_base < 1 && c->momentum_max >= 0 &&
               c->momentum_max < 1,
           FH_ERR_USAGE, "one-cycle momenta %g and %g must lie in [0, 1)", c->momentum_base,
           c->momentum_max);
  return FH_OK;
}

fh_status fh_schedule_create(const fh_schedule_config *config, fh_schedule *schedule)
{
  FH_TRY(check(config));
  if (config->kind == FH_SCHEDULE_ONECYCLE) FH_TRY(check_cycle(config));
  *schedule = (fh_schedule){.config = *config, .rate = config->rate, .beta1 = -1};
  update(schedule);
  return FH_OK;
}

void fh_schedule_advance(fh_schedule *schedule)
{
  schedule->step++;
  update(schedule);
}
