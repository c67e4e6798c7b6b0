/* The pipeline: one set on all ranks, on one, stopped and resumed; bad input; verification. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common.h"
#include "datagen/verify.h"

enum { SAMPLES = 11, SIZE = 18 };
#define SCALE "80" /* contrasts of 1e30 and more */

typedef struct {
  fh_real *x, *y;
  fh_sample_record *records;
  ptrdiff_t points;
} set_data;

static int world_rank, world_size;

static fh_generate_config config(const char *folder, const char *name)
{
  fh_generate_config c = defaults();
  set(&c, "n", "11");
  set(&c, "size", "18");
  set(&c, "seed", "42");
  snprintf(c.out, sizeof c.out, "%s/%s", folder, name);
  return c;
}

/* reads a whole set on this rank; failed samples are left 0 */
static set_data load(const char *path)
{
  fh_dataset *d = NULL;
  const fh_dataset_choice choice = {.inputs = ""};
  set_data s;
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, path, &choice, &d));
  EXPECT(fh_dataset_samples(d) == SAMPLES, "%td samples", fh_dataset_samples(d));
  s.points = fh_grid_size(fh_dataset_grid(d));
  s.x = calloc((size_t)(SAMPLES * s.points), sizeof *s.x);
  s.y = calloc((size_t)(SAMPLES * s.points), sizeof *s.y);
  s.records = calloc(SAMPLES, sizeof *s.records);
  EXPECT_OK(fh_dataset_records(d, 0, SAMPLES, s.records));
  for (int64_t i = 0; i < SAMPLES; i++)
    if (s.records[i].valid)
      EXPECT_OK(fh_dataset_read(d, 1, &i, s.x + i * s.points, s.y + i * s.points));
  fh_dataset_close(&d);
  return s;
}

static void drop(set_data *s)
{
  free(s->x), free(s->y), free(s->records);
}

/* inputs to the bit, outputs to relative distance tolerance (0: to the bit) */
static void compare(const char *path, const char *other, double tolerance)
{
  if (world_rank != 0) return;
  set_data a = load(path), b = load(other);
  EXPECT(memcmp(a.x, b.x, (size_t)(SAMPLES * a.points) * sizeof *a.x) == 0, "inputs differ");
  double difference = 0.0, norm = 0.0;
  for (ptrdiff_t i = 0; i < SAMPLES * a.points; i++) {
    difference += pow((double)a.y[i] - (double)b.y[i], 2);
    norm += pow((double)a.y[i], 2);
  }
  EXPECT(norm > 0.0 && sqrt(difference / norm) <= tolerance, "outputs differ by %g",
         sqrt(difference / norm));
  for (int i = 0; i < SAMPLES; i++)
    EXPECT(a.records[i].index == i && a.records[i].valid && a.records[i].seed == 42 &&
               a.records[i].residual <= 1e-8 && a.records[i].iterations >= 1,
           "record %d", i);
  drop(&a), drop(&b);
}

static void path_of(const char *folder, const char *name, char path[300])
{
  snprintf(path, 300, "%s/%s", folder, name);
}

static void test_any_ranks(const char *folder)
{
  char world[300], self[300], shared[300], warm[300];
  fh_generate_summary summary;
  fh_generate_config c = config(folder, "world.h5");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  EXPECT(summary.samples == SAMPLES && summary.failed == 0 && summary.resumed == 0 &&
             summary.residual <= 1e-8 && summary.iterations >= 1.0,
         "summary: %td samples, residual %g", summary.samples, summary.residual);
  c = config(folder, "self.h5");
  if (world_rank == 0) EXPECT_OK(fh_generate_run(MPI_COMM_SELF, &c, NULL, NULL, NULL));
  path_of(folder, "world.h5", world), path_of(folder, "self.h5", self);
  compare(world, self, 0.0);
  /* resuming what is finished: nothing to do */
  c = config(folder, "world.h5");
  set(&c, "resume", "true");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  EXPECT(summary.samples == 0 && summary.resumed == SAMPLES, "%td made again", summary.samples);
  c = config(folder, "warm.h5");
  set(&c, "warm_start", "true");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  path_of(folder, "warm.h5", warm);
  compare(world, warm, 1e-6);
  if (world_size % 2) return;
  c = config(folder, "shared.h5");
  set(&c, "ranks_per_sample", "2");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  path_of(folder, "shared.h5", shared);
  compare(world, shared, 1e-6);
}

/* asked on the last rank only, after some samples */
static int ask_to_stop(void *context)
{
  int *polls = context;
  return ++*polls > 1 && world_rank == world_size - 1 ? FH_STOP_END : 0;
}

typedef struct {
  ptrdiff_t done, total;
  int calls;
} progress;

static void watch(void *context, const char *unit, ptrdiff_t done, ptrdiff_t total, int n,
                  const fh_log_value *values)
{
  progress *p = context;
  EXPECT(strcmp(unit, "samples") == 0 && done >= p->done && done <= total && n == 3 &&
             values[0].value >= 0.0,
         "progress %td of %td", done, total);
  *p = (progress){done, total, p->calls + 1};
}

static void test_stop_and_resume(const char *folder)
{
  char whole[300], resumed[300];
  int polls = 0;
  progress seen = {0, 0, 0};
  const fh_stop stop = {.context = &polls, .poll = ask_to_stop};
  const fh_log log = {.context = &seen, .progress = watch};
  fh_generate_summary summary;
  fh_generate_config c = config(folder, "resumed.h5");
  /* two rounds until the request is known to all: with 4 ranks all 11 samples would be done */
  EXPECT_OK(fh_config_set(fh_generate_fields, &c, "n", "11"));
  const fh_status st = fh_generate_run(MPI_COMM_WORLD, &c, &log, &stop, &summary);
  if (world_size <= 2) {
    EXPECT(st == FH_STOPPED && strstr(fh_status_message(), "-resume"), "%d %s", (int)st,
           fh_status_message());
    EXPECT(access(c.out, F_OK) != 0, "an unfinished set has its final name");
    EXPECT(seen.done > 0 && seen.done < SAMPLES, "%td done", seen.done);
    EXPECT_FAILS(FH_ERR_USAGE, "resume", fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
    set(&c, "resume", "true");
    set(&c, "tolerance", "1e-7");
    EXPECT_FAILS(FH_ERR_USAGE, "onfiguration",
                 fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
    set(&c, "tolerance", "1e-8");
    /* on another number of ranks */
    if (world_rank == 0) {
      EXPECT_OK(fh_generate_run(MPI_COMM_SELF, &c, NULL, NULL, &summary));
      EXPECT(summary.resumed == seen.done && summary.resumed + summary.samples == SAMPLES,
             "%td resumed, %td made", summary.resumed, summary.samples);
    }
  } else {
    EXPECT(st == FH_OK || st == FH_STOPPED, "%s", fh_status_message());
    set(&c, "resume", "true");
    EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  path_of(folder, "world.h5", whole), path_of(folder, "resumed.h5", resumed);
  compare(whole, resumed, 0.0);
}

static void test_failures(const char *folder)
{
  fh_generate_config c = config(folder, "none.h5");
  fh_verify_report report;
  set(&c, "tolerance", "1e-18");
  EXPECT_FAILS(FH_ERR_NUMERIC, "none of the 11",
               fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  set_data s = load(c.out);
  for (int i = 0; i < SAMPLES; i++)
    EXPECT(!s.records[i].valid && s.records[i].seed == 42 && s.records[i].residual > 1e-18 &&
               s.records[i].rung == 2,
           "sample %d is not marked", i);
  drop(&s);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 0, NULL, &report));
  EXPECT(report.invalid == SAMPLES && report.solved == 0, "%td invalid", report.invalid);
  /* a coefficient that leaves the doubles in some samples only: the others are unharmed */
  c = config(folder, "some.h5");
  fh_generate_summary summary;
  set(&c, "coefficient", "lognormal");
  set(&c, "scale", SCALE);
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  EXPECT(summary.failed > 0 && summary.failed < SAMPLES, "%td failed", summary.failed);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 0, NULL, &report));
  EXPECT(report.invalid == summary.failed && report.solved == SAMPLES - summary.failed &&
             fh_verify_passed(&report),
         "%td invalid, %td solved", report.invalid, report.solved);
}

static void test_errors(const char *folder)
{
  fh_generate_config c = config(folder, "never.h5");
  c.samples = 0;
  EXPECT_FAILS(FH_ERR_USAGE, "n = 0", fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  c.samples = world_size - 1;
  if (world_size > 1)
    EXPECT_FAILS(FH_ERR_USAGE, "fewer ranks",
                 fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  c = config(folder, "never.h5");
  c.ranks_per_sample = world_size + 1;
  EXPECT_FAILS(FH_ERR_ARG, "cannot be split",
               fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  c = config(folder, "world.h5");
  EXPECT_FAILS(FH_ERR_USAGE, "world.h5", fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  c.resume = c.overwrite = true;
  EXPECT_FAILS(FH_ERR_USAGE, "contradict", fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  c = config(folder, "no/such/folder/never.h5");
  EXPECT_FAILS(FH_ERR_IO, "never.h5", fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  const fh_field *fields = NULL;
  EXPECT_FAILS(FH_ERR_USAGE, "'darcy'", fh_generate_prepare("darci", NULL, &c, &fields));
  EXPECT_FAILS(FH_ERR_USAGE, "fno-darcy-2020",
               fh_generate_prepare(NULL, "fno-darcy-2021", &c, &fields));
}

/* no room for the last rank's journal: all ranks are told, nobody waits for ever */
static void test_full_disk(const char *folder)
{
  fh_generate_config c = config(folder, "full.h5");
  struct rlimit before, little;
  EXPECT(getrlimit(RLIMIT_FSIZE, &before) == 0, "getrlimit");
  little = before;
  little.rlim_cur = 4 * SIZE * SIZE * sizeof(float);
  signal(SIGXFSZ, SIG_IGN);
  if (world_rank == world_size - 1) EXPECT(setrlimit(RLIMIT_FSIZE, &little) == 0, "setrlimit");
  progress seen = {0, 0, 0};
  const fh_log log = {.context = &seen, .progress = watch};
  set(&c, "n", "60");
  const fh_status st = fh_generate_run(MPI_COMM_WORLD, &c, &log, NULL, NULL);
  EXPECT(setrlimit(RLIMIT_FSIZE, &before) == 0, "setrlimit");
  EXPECT(st == FH_ERR_IO, "status %d: %s", (int)st, fh_status_message());
  EXPECT(access(c.out, F_OK) != 0, "a set that failed has its final name");
  EXPECT(seen.done < 30, "%td samples were made after the failure of one rank", seen.done);
  set(&c, "resume", "true");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
}

/* every preset is a configuration that works, and its text reads back to itself */
static void test_presets(void)
{
  for (const fh_preset *p = fh_presets; p->name; p++) {
    fh_generate_config c, back;
    const fh_field *fields = NULL;
    fh_text yaml = {NULL, 0, 0};
    fh_labeller *l = NULL;
    fh_sample_record record;
    char why[256];
    EXPECT_OK(fh_generate_prepare(NULL, p->name, &c, &fields));
    set(&c, "size", "24");
    set(&c, "seed", "9");
    if (fh_config_find(fields, "end_time")) set(&c, "end_time", "1"); /* enough to see it work */
    EXPECT_OK(fh_generate_yaml(&c, &yaml));
    EXPECT(strstr(yaml.data, p->law), "the law is not in the text");
    EXPECT_OK(fh_generate_from_yaml(yaml.data, &back));
    EXPECT(fh_config_equal(fh_generate_fields, &c, &back) &&
               fh_config_equal(fields, c.problem_config, back.problem_config),
           "%s does not read back", p->name);
    fh_text_clear(&yaml);
    EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
    EXPECT_OK(fh_labeller_make(l, 0, &record, why));
    EXPECT(record.valid, "%s: %s", p->name, why);
    fh_labeller_destroy(&l);
  }
  fh_generate_config c;
  EXPECT_FAILS(FH_ERR_FORMAT, "colour", fh_generate_from_yaml("problem: darcy\ncolour: red\n", &c));
}

static void test_verify(const char *folder)
{
  char path[300];
  fh_verify_report r;
  path_of(folder, "world.h5", path);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, path, 0, NULL, &r));
  EXPECT(fh_verify_passed(&r) && r.solved == SAMPLES && r.samples == SAMPLES && r.residuals_known,
         "%td solved, inputs %td outputs %td residual %td damaged %td", r.solved, r.inputs_differ,
         r.outputs_differ, r.residual_high, r.damaged);
  EXPECT(r.worst_residual > 1e-8 && r.worst_residual_share <= 1.0 && r.worst_difference <= 1e-6,
         "residual %g, share %g, difference %g", r.worst_residual, r.worst_residual_share,
         r.worst_difference);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, path, 3, NULL, &r));
  EXPECT(r.solved == 3 && r.drawn == SAMPLES && fh_verify_passed(&r), "%td solved", r.solved);
  path_of(folder, "missing.h5", path);
  EXPECT_FAILS(FH_ERR_IO, "missing.h5", fh_generate_verify(MPI_COMM_WORLD, path, 3, NULL, &r));
}

/* Sets that lie: written with a configuration that is not theirs. */
static void write_lie(const char *path, const fh_generate_config *says, uint64_t seed,
                      double factor, int repeat)
{
  fh_labeller *l = NULL;
  fh_writer *w = NULL;
  fh_text yaml = {NULL, 0, 0};
  fh_generate_config is = *says;
  is.seed = (ptrdiff_t)seed;
  EXPECT_OK(fh_generate_yaml(says, &yaml));
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &is, &l));
  fh_writer_info info = {.problem = "darcy",
                         .config = yaml.data,
                         .seed = (uint64_t)says->seed,
                         .samples = SAMPLES,
                         .grid = l->problem->grid,
                         .n_fields = 2,
                         .fields = {l->problem->fields[0], l->problem->fields[1]}};
  EXPECT_OK(fh_writer_create(MPI_COMM_SELF, path, &info, FH_OVERWRITE, &w));
  for (int i = 0; i < SAMPLES; i++) {
    fh_sample_record record;
    char why[256];
    EXPECT_OK(fh_labeller_make(l, i == 1 && repeat ? 0 : i, &record, why));
    record.index = i;
    for (ptrdiff_t j = 0; j < SIZE * SIZE; j++) l->problem->value[1][j] *= factor;
    EXPECT_OK(fh_writer_put(w, (const double *const *)l->problem->value, &record));
  }
  EXPECT_OK(fh_writer_finish(w));
  fh_writer_destroy(&w);
  fh_labeller_destroy(&l);
  fh_text_clear(&yaml);
}

static void test_verify_bites(const char *folder)
{
  fh_generate_config c = config(folder, "lie.h5");
  fh_verify_report r;
  if (world_rank == 0) write_lie(c.out, &c, 43, 1.0, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 0, NULL, &r));
  EXPECT(r.inputs_differ == SAMPLES && !fh_verify_passed(&r), "another seed: %td", r.inputs_differ);
  EXPECT(r.records == SAMPLES, "%td records of another seed", r.records);
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank == 0) write_lie(c.out, &c, 42, 1.0 + 1e-4, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 0, NULL, &r));
  EXPECT(r.inputs_differ == 0 && r.outputs_differ == SAMPLES, "scaled: %td", r.outputs_differ);
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank == 0) write_lie(c.out, &c, 42, 1.02, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 1, NULL, &r));
  EXPECT(r.residual_high == SAMPLES && r.solved == 1, "scaled: residuals %td", r.residual_high);
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank == 0) write_lie(c.out, &c, 42, 1.0, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 0, NULL, &r));
  EXPECT(r.repeated == 1 && r.inputs_differ == 1, "%td repeated", r.repeated);
}

int main(int argc, char **argv)
{
  char folder[256];
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world_size);
  scratch_make(folder);
  test_any_ranks(folder);
  test_stop_and_resume(folder);
  test_failures(folder);
  test_errors(folder);
  test_full_disk(folder);
  test_presets();
  test_verify(folder);
  test_verify_bites(folder);
  scratch_remove(folder);
  if (world_rank == 0) printf("generate: any number of ranks, resume, failures, verification\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
