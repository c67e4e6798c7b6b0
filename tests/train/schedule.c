/* schedule: hand-made values of the formulas, continuation from a checkpoint, what must be refused */
#include "train/schedule.h"

#include "check.h"

static fh_schedule_config defaults(int kind, double rate)
{
  fh_schedule_config c;
  MUST(fh_config_defaults(fh_schedule_fields, &c));
  c.kind = kind;
  c.rate = rate;
  return c;
}

/* The rate at steps 0, 1, ...; beta1 at the same steps when wanted. */
static void check_rates(const fh_schedule_config *c, int n, const double *rate, const double *beta1)
{
  fh_schedule s;
  MUST(fh_schedule_create(c, &s));
  for (int i = 0; i < n; i++, fh_schedule_advance(&s)) {
    near(s.rate / c->rate, rate[i] / c->rate, 1e-14, fh_schedule_names[c->kind]);
    near(s.beta1, beta1 ? beta1[i] : -1, 1e-15, "beta1");
  }
}

static void test_values(void)
{
  fh_schedule_config c = defaults(FH_SCHEDULE_CONSTANT, 0.5);
  check_rates(&c, 4, (double[]){0.5, 0.5, 0.5, 0.5}, NULL);
  c.warmup = 3;
  check_rates(&c, 5, (double[]){0.125, 0.25, 0.375, 0.5, 0.5}, NULL);
  c = defaults(FH_SCHEDULE_STEP, 1);
  c.step_size = 2;
  c.gamma = 0.1;
  check_rates(&c, 5, (double[]){1, 1, 0.1, 0.1, 0.01}, NULL);
  c.warmup = 1;
  check_rates(&c, 5, (double[]){0.5, 1, 1, 0.1, 0.1}, NULL);
}

/* The recursion against the closed form, over the turning points. */
static void test_cosine(void)
{
  fh_schedule s;
  fh_schedule_config c = defaults(FH_SCHEDULE_COSINE, 0.01);
  c.period = 10;
  c.rate_min = 0.001;
  MUST(fh_schedule_create(&c, &s));
  for (int t = 0; t < 45; t++, fh_schedule_advance(&s))
    near(s.rate, 0.001 + 0.009 * (1 + cos(acos(-1) * t / 10)) / 2, 1e-12, "cosine closed form");
}

static void test_one_cycle(void)
{
  fh_schedule_config c = defaults(FH_SCHEDULE_ONECYCLE, 1);
  c.period = 10;
  c.div_factor = 2;
  c.final_div_factor = 50;
  c.linear = true; /* rises over steps 0..2, falls over 2..9 */
  const double fall = (1 - 0.01) / 7;
  check_rates(&c, 5, (double[]){0.5, 0.75, 1, 1 - fall, 1 - 2 * fall},
              (double[]){0.95, 0.9, 0.85, 0.85 + 0.1 / 7, 0.85 + 0.2 / 7});
  c.cycle_momentum = false;
  c.three_phase = true; /* up to 2, down to 4, on to 9 */
  check_rates(&c, 6, (double[]){0.5, 0.75, 1, 0.75, 0.5, 0.5 - 0.49 / 5}, NULL);
  c.three_phase = false;
  c.percent_start = 0.1; /* the rise has no length: the maximum at once, no division 0/0 */
  check_rates(&c, 1, (double[]){1}, NULL);
  c = defaults(FH_SCHEDULE_ONECYCLE, 1);
  c.period = 21;
  c.percent_start = 1 - 10.0 / 21; /* half cosines: 10 steps up, 10 steps down */
  fh_schedule s;
  MUST(fh_schedule_create(&c, &s));
  for (int t = 0; t < 5; t++) fh_schedule_advance(&s);
  near(s.rate, (1 + 0.04) / 2, 1e-13, "half way up");
  near(s.beta1, 0.9, 1e-13, "half way down");
  for (int t = 5; t < 40; t++) fh_schedule_advance(&s);
  near(s.rate * 1e6, 4, 1e-8, "the last value stays after the end");
}

/* A checkpoint is the plain struct. */
static void test_restart(void)
{
  for (int kind = FH_SCHEDULE_CONSTANT; kind <= FH_SCHEDULE_ONECYCLE; kind++) {
    fh_schedule a, b;
    fh_schedule_config c = defaults(kind, 0.003);
    c.period = 17;
    c.step_size = 4;
    MUST(fh_schedule_create(&c, &a));
    for (int t = 0; t < 6; t++) fh_schedule_advance(&a);
    MUST(fh_schedule_create(&c, &b));
    b.step = a.step, b.rate = a.rate, b.beta1 = a.beta1;
    for (int t = 0; t < 9; t++) fh_schedule_advance(&a), fh_schedule_advance(&b);
    expect(!memcmp(&a.rate, &b.rate, sizeof a.rate), "the same bits after a restart");
  }
}

static void refuse(fh_schedule_config c, const char *words)
{
  fh_schedule s;
  refused(fh_schedule_create(&c, &s), FH_ERR_USAGE, words);
}

static void test_errors(void)
{
  fh_schedule_config c = defaults(FH_SCHEDULE_COSINE, 1);
  refuse(c, "-schedule_period is 0");
  c.kind = FH_SCHEDULE_ONECYCLE;
  refuse(c, "needs at least 1 step");
  c.period = 5;
  c.warmup = 1;
  refuse(c, "-schedule_warmup is 1");
  c.warmup = 0;
  c.percent_start = 1.5;
  refuse(c, "-schedule_percent is 1.5");
  c.percent_start = 0.5;
  c.div_factor = 0;
  refuse(c, "must be positive");
  c.div_factor = 1;
  c.momentum_max = 1;
  refuse(c, "momenta");
  c = defaults(FH_SCHEDULE_STEP, 1);
  c.step_size = 0;
  refuse(c, "-schedule_step is 0");
  c.rate = (double)NAN;
  refuse(c, "learning rate nan");
  c.rate = 1;
  c.kind = 9;
  refuse(c, "schedule 9");
  expect(fh_config_set(fh_schedule_fields, &c, "schedule", "cosine") == FH_OK &&
             c.kind == FH_SCHEDULE_COSINE,
         "the option -schedule cosine");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  test_values();
  test_cosine();
  test_one_cycle();
  test_restart();
  test_errors();
  return finish("train schedule");
}
