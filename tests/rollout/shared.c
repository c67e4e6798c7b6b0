/* Rollouts of a model on patches whose ranks share each sample: a trained time step leaves the errors of one
 * rank's run, step by step, to rounding; the same bits on any number of ranks where as many share a sample;
 * and a model that is given leaves the same bits, whoever shares its patches. */
#include "rollout/trajectory_set.h"
#include "train/source.h"
#include "train/trainer.h"

enum { ROLL = 4, SERIES = 5 };

/* what a run leaves of its last rollout */
typedef struct {
  double errors[SERIES][ROLL], full, persistence, loss;
} outcome;

static void keep(const fh_rollout_errors *e, outcome *o)
{
  const double *const series[SERIES] = {e->rel_l2, e->rel_h1, e->rmse, e->vrmse, e->max_error};
  for (int s = 0; s < SERIES; s++) memcpy(o->errors[s], series[s], sizeof o->errors[s]);
  o->full = e->full;
  o->persistence = e->persistence;
}

static void at_epoch(void *context, const fh_train_epoch *e)
{
  outcome *o = context;
  o->loss = e->loss;
  if (e->evaluated) keep(e->tests[0].rollout, o);
}

static fh_dataset *open_set(const fh_team *team, const char *path, ptrdiff_t first, ptrdiff_t count)
{
  const fh_dataset_choice choice = {.pairs = FH_PAIRS_YES, .history = 2, .samples = {first, count}};
  fh_dataset *d = NULL;
  MUST(fh_dataset_open(team->world, path, &choice, &d));
  return d;
}

static void make_spec(fh_model_spec *spec)
{
  static const char *const options[][2] = {
      {"n_modes", "2"}, {"hidden_channels", "4"},     {"n_layers", "2"},
      {"levels", "1"},  {"padding_fraction", "0.25"}, {"coordinates", "global"}};
  const fh_model_class *class = NULL;
  MUST(fh_model_class_find("mg-tfno", &class));
  MUST(fh_model_spec_create(class, 2 * FIELDS + 1, FIELDS, spec));
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    MUST(fh_config_set(class->fields, spec->config, options[i][0], options[i][1]));
  spec->time = (fh_time_step){2, 1};
}

/* ---- training ----------------------------------------------------------------------------------- */

static void make_setup(ptrdiff_t cache_mb, fh_train_setup *s)
{
  make_spec(&s->spec);
  MUST(fh_config_defaults(fh_train_fields, &s->train));
  MUST(fh_config_defaults(fh_loss_fields, &s->loss));
  MUST(fh_config_defaults(fh_optimiser_fields, &s->optimiser));
  MUST(fh_config_defaults(fh_schedule_fields, &s->schedule));
  MUST(fh_config_set(fh_loss_fields, &s->loss, "loss", "h1"));
  MUST(fh_config_set(fh_loss_fields, &s->loss, "loss_periodic", "true"));
  s->train.epochs = 2;
  s->train.batch = 8;
  s->train.rollout = ROLL;
  s->train.normalise_input = s->train.normalise_output = FH_NORM_CHANNEL;
  s->train.cache_mb = cache_mb;
}

/* comm's ranks, shared of them a sample, into a folder of their own */
static outcome train(MPI_Comm comm, int shared, ptrdiff_t cache_mb, const char *set,
                     const char *folder)
{
  outcome o = {.loss = 0};
  const fh_train_hooks hooks = {.context = &o, .epoch = at_epoch};
  fh_train_setup setup = {.validation = NULL};
  fh_team *team = NULL;
  MUST(fh_team_create(comm, shared, 1, &team));
  if (team->rank == 0) expect(mkdir(folder, 0777) == 0, folder);
  MPI_Barrier(team->world);
  make_setup(cache_mb, &setup);
  fh_dataset *d = open_set(team, set, 0, 3), *test = open_set(team, set, 3, 2);
  MUST(fh_train_run(team, &setup, d, 1, &test, folder, false, &hooks));
  fh_dataset_close(&test);
  fh_dataset_close(&d);
  fh_model_spec_clear(&setup.spec);
  fh_team_destroy(&team);
  return o;
}

static void close_to(const outcome *got, const outcome *want)
{
  for (int k = 0; k < ROLL; k++)
    for (int s = 0; s < SERIES; s++)
      near(got->errors[s][k], want->errors[s][k], 1e-12, "error of a step after training");
  near(got->full, want->full, 1e-12, "error of all steps after training");
  near(got->persistence, want->persistence, 0, "persistence");
  near(got->loss, want->loss, 1e-12, "loss of the last epoch");
  expect(want->full > 1e-3 && want->errors[0][0] != want->errors[0][ROLL - 1], "errors to compare");
}

static void training(const char *folder, const char *set)
{
  char path[300];
  int rank = 0, size = 1;
  MPI_Comm pair = MPI_COMM_NULL;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  snprintf(path, sizeof path, "%s/alone%d", folder, rank);
  const outcome alone = train(MPI_COMM_SELF, 1, 100, set, path);
  snprintf(path, sizeof path, "%s/all", folder);
  const outcome all = train(MPI_COMM_WORLD, 2, 100, set, path);
  MPI_Comm_split(MPI_COMM_WORLD, rank / 2, rank, &pair);
  snprintf(path, sizeof path, "%s/pair%d", folder, rank / 2);
  const outcome two = train(pair, 2, 0, set, path); /* every sample from the file */
  close_to(&all, &alone);
  expect(!memcmp(&all, &two, sizeof all), "two ranks a sample: the bits of two ranks alone");
  MPI_Comm_free(&pair);
}

/* ranks that share a sample do a part of its operations each */
static double planned(MPI_Comm comm, int shared, const char *set)
{
  fh_train_setup setup = {.validation = NULL};
  fh_train_estimate e;
  fh_team *team = NULL;
  MUST(fh_team_create(comm, shared, 1, &team));
  make_setup(0, &setup);
  fh_dataset *d = open_set(team, set, 0, 3);
  MUST(fh_train_plan(team, &setup, d, &e));
  fh_dataset_close(&d);
  fh_model_spec_clear(&setup.spec);
  fh_team_destroy(&team);
  return e.flops_per_step;
}

/* ---- a model that is given ---------------------------------------------------------------------- */

static outcome roll(MPI_Comm comm, int shared, ptrdiff_t batch, const char *set)
{
  outcome o = {.loss = 0};
  fh_team *team = NULL;
  fh_model_spec spec;
  fh_normaliser *in = NULL, *out = NULL;
  fh_operator *op = NULL;
  fh_rollout *r = NULL;
  const fh_rollout_errors *errors = NULL;
  MUST(fh_team_create(comm, shared, 1, &team));
  fh_dataset *d = open_set(team, set, 0, N);
  make_spec(&spec);
  MUST(fh_source_fit(team->world, d, FH_NORM_CHANNEL, FH_NORM_POINT, 1e-5, &in, &out));
  MUST(fh_operator_create_from(&spec, in, out, team, fh_dataset_grid(d), 1, 0, &op));
  fh_program_init(fh_operator_program(op), 5);
  MUST(fh_rollout_create(team, &spec, op, d, NULL, ROLL, batch, &r));
  MUST(fh_rollout_run(r, &errors));
  keep(errors, &o);
  fh_rollout_destroy(&r);
  fh_operator_destroy(&op);
  fh_normaliser_destroy(&in);
  fh_normaliser_destroy(&out);
  fh_model_spec_clear(&spec);
  fh_dataset_close(&d);
  fh_team_destroy(&team);
  return o;
}

static void given(const char *set)
{
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const outcome alone = roll(MPI_COMM_SELF, 1, 2, set);
  for (int shared = 1; shared <= size; shared *= 2) {
    const outcome o = roll(MPI_COMM_WORLD, shared, 3, set);
    expect(!memcmp(&o, &alone, sizeof o), "a rollout has the bits of one rank's");
  }
  expect(alone.full > 1e-3, "errors to compare");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  char folder[256], path[300];
  scratch_make(folder);
  snprintf(path, sizeof path, "%s/set.h5", folder);
  make_set(path);
  given(path);
  training(folder, path);
  const double flops = planned(MPI_COMM_SELF, 1, path);
  near(planned(MPI_COMM_WORLD, 2, path) / flops, 1, 1e-12, "operations of all ranks together");
  scratch_remove(folder);
  return finish("rollouts of a model whose patches ranks share");
}
