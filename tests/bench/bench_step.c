/* Seconds of an optimiser step: the whole path (samples from file, forward, loss, backward, exact sum
 * over ranks, update), on random data, one JSON line. The cases are those of peer_step.py, which
 * measures what users run today in PyTorch; compare.sh runs both.
 *
 *   mpirun -n 2 bench_step CASE [STEPS]
 *
 * FH_BENCH_TURNS=FOLDER: after each step rank 0 prints its seconds and rank r waits for a byte from the pipe FOLDER/r, so that
 * turns.py can measure programs step by step in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "io/writer.h"
#include "train/trainer.h"

typedef struct {
  const char *name;
  ptrdiff_t grid, batch;
  const char *loss, *model, *options[8][2]; /* the model's fields that are not its defaults */
} bench_case;

static const bench_case cases[] = {
    {"fno-64",
     64,
     16,
     "h1",
     "fno",
     {{"n_modes", "16,16"}, {"hidden_channels", "32"}, {"n_layers", "4"}}},
    {"fno-64-m12",
     64,
     20,
     "h1",
     "fno",
     {{"n_modes", "12,12"}, {"hidden_channels", "32"}, {"n_layers", "4"}}},
    {"fno-128-wide",
     128,
     4,
     "h1",
     "fno",
     {{"n_modes", "64,64"}, {"hidden_channels", "64"}, {"n_layers", "4"}}},
    {"tfno-64",
     64,
     16,
     "h1",
     "tfno",
     {{"n_modes", "16,16"}, {"hidden_channels", "32"}, {"n_layers", "4"}}},
    {"cp-64",
     64,
     16,
     "h1",
     "tfno",
     {{"n_modes", "16,16"}, {"hidden_channels", "32"}, {"n_layers", "4"}, {"factorization", "cp"}}},
    {"tt-64",
     64,
     16,
     "h1",
     "tfno",
     {{"n_modes", "16,16"}, {"hidden_channels", "32"}, {"n_layers", "4"}, {"factorization", "tt"}}},
    {"tfno-128",
     128,
     16,
     "h1",
     "tfno",
     {{"n_modes", "16,16"}, {"hidden_channels", "32"}, {"n_layers", "4"}}},
    {"mg2-tfno-128",
     128,
     16,
     "h1",
     "mg-tfno",
     {{"n_modes", "16,16"},
      {"hidden_channels", "32"},
      {"n_layers", "4"},
      {"levels", "2"},
      {"padding_fraction", "0.0625"}}},
    {"mg-tfno-128",
     128,
     16,
     "h1",
     "mg-tfno",
     {{"n_modes", "16,16"},
      {"hidden_channels", "32"},
      {"n_layers", "4"},
      {"levels", "1"},
      {"padding_fraction", "0.125"}}},
    {"mgno-darcy-256", 256, 4, "spectral-h1", "mgno", {{"mgno_variant", "darcy"}}},
    {"mgno-ns-64", 64, 16, "lp", "mgno", {{"mgno_variant", "navier-stokes"}}},
};

typedef struct {
  double last, seconds[4096];
  double used,
      processor[4096]; /* of this rank: on a busy machine the wall clock counts others' work, too */
  int n;
  FILE *turns; /* NULL: nobody to wait for */
  bool speaks; /* rank 0 */
} stopwatch;

static double processor(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fh_status take_turns(const fh_team *team, stopwatch *w)
{
  char path[512];
  const char *folder = getenv("FH_BENCH_TURNS");
  if (!folder) return FH_OK;
  snprintf(path, sizeof path, "%s/%d", folder, team->rank);
  w->speaks = team->rank == 0;
  w->turns = fopen(path, "r");
  FH_CHECK(w->turns, FH_ERR_USAGE, "FH_BENCH_TURNS: %s cannot be read", path);
  return FH_OK;
}

static void lap(void *context, const fh_train_progress *p)
{
  stopwatch *w = context;
  const double now = fh_clock(), used = processor();
  (void)p;
  if (w->turns) {
    if (w->speaks) printf("turn %.5f\n", w->last > 0 ? now - w->last : 0);
    fflush(stdout);
    fgetc(w->turns);
    w->last = fh_clock();
    return;
  }
  if (w->last > 0 && w->n < 4096) {
    w->seconds[w->n] = now - w->last;
    w->processor[w->n++] = used - w->used;
  }
  w->last = now;
  w->used = used;
}

static fh_status put_random(fh_writer *w, const fh_grid *grid, int64_t i, double *a, double *u)
{
  const double *fields[2] = {a, u};
  for (int k = 0; k < 2; k++) {
    const fh_rng r = {
        .seed = 1, .stream = FH_STREAM_TEST, .sample = (uint64_t)i, .field = (uint64_t)k};
    double *v = k ? u : a;
    for (ptrdiff_t q = 0; q < fh_grid_size(grid); q++) v[q] = fh_rng_normal(&r, (uint64_t)q);
  }
  const fh_sample_record record = {.index = i, .valid = true};
  return fh_writer_put(w, fields, &record);
}

static fh_status make_set(const fh_team *team, const bench_case *c, const char *path)
{
  fh_writer_info info = {.problem = "noise",
                         .config = "noise: true\n",
                         .samples = 2 * c->batch,
                         .n_fields = 2,
                         .fields = {{.info = {"a", "1", "noise", 1}},
                                    {.info = {"u", "1", "noise", 1}, .is_output = true}}};
  const ptrdiff_t n[2] = {c->grid, c->grid};
  fh_writer *w = NULL;
  double *a = NULL, *u = NULL;
  FH_TRY(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &info.grid));
  FH_TRY(fh_writer_create(team->world, path, &info, FH_OVERWRITE, &w));
  FH_NEW(a, fh_grid_size(&info.grid));
  FH_NEW(u, fh_grid_size(&info.grid));
  for (int64_t i = team->rank; i < info.samples; i += team->size)
    FH_TRY(put_random(w, &info.grid, i, a, u));
  fh_free(a);
  fh_free(u);
  FH_TRY(fh_writer_finish(w));
  fh_writer_destroy(&w);
  return FH_OK;
}

static fh_status configure(const bench_case *c, ptrdiff_t steps, fh_train_setup *s)
{
  const fh_model_class *class = NULL;
  FH_TRY(fh_model_class_find(c->model, &class));
  FH_TRY(fh_model_spec_create(class, 1, 1, &s->spec));
  for (int i = 0; i < 8 && c->options[i][0]; i++)
    FH_TRY(fh_config_set(class->fields, s->spec.config, c->options[i][0], c->options[i][1]));
  FH_TRY(fh_config_defaults(fh_train_fields, &s->train));
  FH_TRY(fh_config_defaults(fh_loss_fields, &s->loss));
  FH_TRY(fh_config_defaults(fh_optimiser_fields, &s->optimiser));
  FH_TRY(fh_config_defaults(fh_schedule_fields, &s->schedule));
  FH_TRY(fh_config_set(fh_loss_fields, &s->loss, "loss", c->loss));
  const char *way = getenv("FH_BENCH_WAY"); /* factorized or reconstructed */
  if (way) FH_TRY(fh_config_set(class->fields, s->spec.config, "implementation", way));
  const char *convolution = getenv("FH_BENCH_CONVOLUTION"); /* of mgno */
  if (convolution) FH_TRY(fh_config_set(class->fields, s->spec.config, "convolution", convolution));
  const char *recompute = getenv("FH_BENCH_RECOMPUTE"); /* of mg-tfno: true or false */
  if (recompute) FH_TRY(fh_config_set(class->fields, s->spec.config, "recompute", recompute));
  s->train.batch = c->batch;
  s->train.epochs = (steps + 1) / 2;
  s->train.checkpoint_every = 0;
  s->train.normalise_input = s->train.normalise_output = FH_NORM_NONE;
  const char *unit = getenv("FH_BENCH_UNIT"), *micro = getenv("FH_BENCH_MICRO"),
             *batch = getenv("FH_BENCH_BATCH");
  if (batch) s->train.batch = strtol(batch, NULL, 10);
  if (unit) s->train.unit = strtol(unit, NULL, 10);
  if (micro) s->train.micro_batch = strtol(micro, NULL, 10);
  return FH_OK;
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print(const fh_team *team, const bench_case *c, const fh_train_estimate *e,
                  stopwatch *w)
{
  double mine = (double)fh_memory_peak() / 1e6, most = 0;
  MPI_Reduce(&mine, &most, 1, MPI_DOUBLE, MPI_MAX, 0, team->world);
  if (team->rank || w->n < 3) return;
  double *t = w->seconds + 2, *u = w->processor + 2; /* the first steps warm up */
  const int n = w->n - 2;
  qsort(t, (size_t)n, sizeof *t, ascending);
  qsort(u, (size_t)n, sizeof *u, ascending);
  printf("{\"case\": \"%s\", \"ranks\": %d, \"precision\": \"%s\", \"batch\": %td, \"grid\": %td, "
         "\"params\": %td, \"unit\": %td, \"micro_batch\": %td, \"step_s\": %.5f, \"min_s\": %.5f, "
         "\"max_s\": %.5f, \"processor_s\": %.5f, \"gflops\": %.1f, \"peak_MB_per_rank\": %.0f}\n",
         c->name, team->size, FH_PRECISION, c->batch, c->grid, e->parameters, e->unit,
         e->micro_batch, t[n / 2], t[0], t[n - 1], u[n / 2], 1e-9 * e->flops_per_step / t[n / 2],
         most);
}

static fh_status bench(const fh_team *team, const bench_case *c, ptrdiff_t steps,
                       const char *folder)
{
  char path[512];
  fh_train_setup setup = {0};
  fh_dataset *set = NULL;
  fh_train_estimate estimate = {0};
  static stopwatch watch;
  const fh_train_hooks hooks = {.context = &watch, .progress = lap};
  const fh_dataset_choice choice = {.boundary = FH_PERIODIC};
  snprintf(path, sizeof path, "%s/noise.h5", folder);
  FH_TRY(make_set(team, c, path));
  FH_TRY(fh_dataset_open(team->world, path, &choice, &set));
  FH_TRY(configure(c, steps, &setup));
  FH_TRY(fh_train_plan(team, &setup, set, &estimate));
  FH_TRY(take_turns(team, &watch));
  FH_TRY(fh_train_run(team, &setup, set, 0, NULL, folder, false, &hooks));
  print(team, c, &estimate, &watch);
  fh_dataset_close(&set);
  fh_model_spec_clear(&setup.spec);
  return FH_OK;
}

static fh_status run(int argc, char **argv, const char *folder)
{
  fh_team *team = NULL;
  const bench_case *c = NULL;
  char names[256] = "";
  size_t used = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc > 1 && !strcmp(cases[i].name, argv[1])) c = &cases[i];
    if (used < sizeof names)
      used += (size_t)snprintf(names + used, sizeof names - used, " %s", cases[i].name);
  }
  FH_CHECK(c, FH_ERR_USAGE, "usage: bench_step CASE [STEPS]; cases:%s", names);
  const long steps = argc > 2 ? strtol(argv[2], NULL, 10) : 20;
  FH_CHECK(steps >= 3, FH_ERR_USAGE, "%ld steps: two warm up, so 3 are the fewest", steps);
  const char *shared = getenv("FH_BENCH_RANKS_PER_SAMPLE");
  FH_TRY(fh_team_create(MPI_COMM_WORLD, shared ? (int)strtol(shared, NULL, 10) : 1, 1, &team));
  const fh_status st = bench(team, c, steps, folder);
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  char folder[64] = "/tmp/fredholm-bench-XXXXXX", path[128];
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0 && !mkdtemp(folder)) MPI_Abort(MPI_COMM_WORLD, 1);
  MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
  const fh_status st = run(argc, argv, folder);
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Barrier(MPI_COMM_WORLD);
  static const char *const left[] = {"noise.h5", "noise.xdmf",      "noise.stats.yaml",
                                     "model.h5", "checkpoint-0.h5", "checkpoint-1.h5",
                                     NULL};
  for (int i = 0; rank == 0 && left[i]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, left[i]);
    unlink(path);
  }
  if (rank == 0) rmdir(folder);
  MPI_Finalize();
  return fh_status_exit(st);
}
