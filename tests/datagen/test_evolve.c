/* The pipeline for problems that evolve: any number of ranks, resume, failures, verification, frames. */
#include <unistd.h>

#include "common.h"
#include "datagen/verify.h"

enum { SAMPLES = 5, STEPS = 4, SIZE = 24, STORED = 12 };

static int world_rank, world_size;

/* trajectories of 4 frames, a forcing beside them, solved at 24 and stored at 12 */
static fh_generate_config config(const char *folder, const char *name)
{
  fh_generate_config c = defaults_of("navier-stokes");
  set(&c, "n", "5");
  set(&c, "size", "24");
  set(&c, "store_size", "12");
  set(&c, "seed", "42");
  set(&c, "forcing", "field");
  set(&c, "field_sigma", "60");
  set(&c, "end_time", "0.6");
  set(&c, "record_every", "0.2");
  set(&c, "tolerance", "1e-7");
  snprintf(c.out, sizeof c.out, "%s/%s", folder, name);
  return c;
}

static const ptrdiff_t sample_values = (1 + STEPS) * STORED * STORED;

/* all samples of a set on this rank, [forcing, frames]; those that failed are left 0 */
static fh_real *load(const char *path)
{
  fh_dataset *d = NULL;
  const fh_dataset_choice choice = {.pairs = FH_PAIRS_NO};
  fh_sample_record records[SAMPLES];
  fh_real *v = calloc((size_t)(SAMPLES * sample_values), sizeof *v);
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, path, &choice, &d));
  EXPECT(fh_dataset_samples(d) == SAMPLES && fh_dataset_in_channels(d) == 1 &&
             fh_dataset_out_channels(d) == STEPS,
         "%td samples, %d channels", fh_dataset_samples(d), fh_dataset_out_channels(d));
  EXPECT_OK(fh_dataset_records(d, 0, SAMPLES, records));
  for (int64_t i = 0; i < SAMPLES; i++)
    if (records[i].valid)
      EXPECT_OK(fh_dataset_read(d, 1, &i, v + i * sample_values,
                                v + i * sample_values + STORED * STORED));
  fh_dataset_close(&d);
  return v;
}

/* largest difference of two sets, relative to the largest value */
static double difference(const char *path, const char *other)
{
  fh_real *a = load(path), *b = load(other);
  double worst = 0.0, most = 0.0;
  for (ptrdiff_t i = 0; i < SAMPLES * sample_values; i++) {
    worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    most = fmax(most, fabs((double)a[i]));
  }
  EXPECT(most > 0.1, "nothing is there: %g", most);
  free(a), free(b);
  return worst / most;
}

static void test_any_ranks(const char *folder, char whole[512])
{
  fh_generate_summary summary;
  fh_generate_config c = config(folder, "world.h5");
  snprintf(whole, 512, "%s", c.out);
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  EXPECT(summary.evolved && summary.failed == 0 && summary.residual <= 1e-7 &&
             strcmp(summary.solver, "etdrk4") == 0,
         "%s: %td failed, error %g", summary.solver, summary.failed, summary.residual);
  c = config(folder, "self.h5");
  if (world_rank == 0) {
    EXPECT_OK(fh_generate_run(MPI_COMM_SELF, &c, NULL, NULL, NULL));
    EXPECT(difference(whole, c.out) == 0.0, "sets differ");
  }
  if (world_size % 2) return;
  c = config(folder, "shared.h5");
  set(&c, "ranks_per_sample", "2");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
  if (world_rank == 0)
    EXPECT(difference(whole, c.out) <= 1e-6, "shared samples differ: %g", difference(whole, c.out));
}

static int ask_to_stop(void *context)
{
  int *polls = context;
  return ++*polls > 1 ? FH_STOP_END : 0;
}

static void test_resume(const char *folder, const char *whole)
{
  int polls = 0;
  const fh_stop stop = {.context = &polls, .poll = ask_to_stop};
  fh_generate_summary summary;
  fh_generate_config c = config(folder, "resumed.h5");
  const fh_status st = fh_generate_run(MPI_COMM_WORLD, &c, NULL, &stop, NULL);
  EXPECT(st == FH_STOPPED || (st == FH_OK && world_size > 1), "%s", fh_status_message());
  set(&c, "resume", "true");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  EXPECT(summary.resumed > 0, "nothing was kept");
  if (world_rank == 0) EXPECT(difference(whole, c.out) == 0.0, "resumed sets differ");
}

/* a step that some samples do not bear: the others are unharmed */
static void test_failures(const char *folder)
{
  fh_generate_config c = config(folder, "some.h5");
  fh_generate_summary summary;
  fh_verify_report r;
  set(&c, "dt", "0.02");
  set(&c, "courant", "0.1");
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
  EXPECT(summary.failed > 0 && summary.failed < SAMPLES, "%td failed", summary.failed);
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, 0, NULL, &r));
  EXPECT(fh_verify_passed(&r) && r.invalid == summary.failed &&
             r.solved == SAMPLES - summary.failed,
         "%td invalid, %td solved", r.invalid, r.solved);
  c = config(folder, "none.h5");
  set(&c, "dt", "0.2");
  set(&c, "courant", "0.1");
  EXPECT_FAILS(FH_ERR_NUMERIC, "none of the 5",
               fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, NULL));
}

static void test_verify(const char *whole)
{
  fh_verify_report r;
  EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, whole, 2, NULL, &r));
  EXPECT(fh_verify_passed(&r) && r.solved == 2 && r.drawn == SAMPLES && !r.residuals_known,
         "inputs %td outputs %td constant %td records %td", r.inputs_differ, r.outputs_differ,
         r.constant, r.records);
}

typedef enum { OTHER_START, OTHER_END, FROZEN, MANY_LIES } lie;

/* sets that are not what their configuration says */
static void write_lie(const fh_generate_config *c, lie how)
{
  fh_labeller *l = NULL;
  fh_writer *w = NULL;
  fh_text yaml = {NULL, 0, 0};
  EXPECT_OK(fh_generate_yaml(c, &yaml));
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, c, &l));
  fh_writer_info info = {.problem = "navier-stokes",
                         .config = yaml.data,
                         .seed = 42,
                         .samples = SAMPLES,
                         .grid = l->store->grid,
                         .time = l->problem->time,
                         .n_fields = 2,
                         .fields = {l->problem->fields[0], l->problem->fields[1]}};
  EXPECT_OK(fh_writer_create(MPI_COMM_SELF, c->out, &info, FH_OVERWRITE, &w));
  for (int i = 0; i < SAMPLES; i++) {
    fh_sample_record record;
    char why[256];
    EXPECT_OK(fh_labeller_make(l, i, &record, why));
    double *v = l->store->value[1], *last = v + (STEPS - 1) * STORED * STORED;
    if (how == OTHER_START) v[7] += 1e-3;
    if (how == OTHER_END) last[7] += 1e-1;
    if (how == FROZEN) memcpy(last, last - STORED * STORED, STORED * STORED * sizeof *last);
    EXPECT_OK(fh_writer_put(w, (const double *const *)l->store->value, &record));
  }
  EXPECT_OK(fh_writer_finish(w));
  fh_writer_destroy(&w);
  fh_labeller_destroy(&l);
  fh_text_clear(&yaml);
}

static void test_verify_bites(const char *folder)
{
  const fh_generate_config c = config(folder, "lie.h5");
  for (int how = OTHER_START; how < MANY_LIES; how++) {
    fh_verify_report r;
    MPI_Barrier(MPI_COMM_WORLD);
    if (world_rank == 0) write_lie(&c, (lie)how);
    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_OK(fh_generate_verify(MPI_COMM_WORLD, c.out, how == OTHER_END ? 0 : 1, NULL, &r));
    const ptrdiff_t found = how == OTHER_START ? r.inputs_differ
                            : how == OTHER_END ? r.outputs_differ
                                               : r.constant;
    EXPECT(!fh_verify_passed(&r) && found == SAMPLES, "lie %d: %td found", how, found);
  }
}

/* pairs of frames as the trainer reads them, and the times of the frames */
static void test_pairs(const char *whole)
{
  fh_dataset *d = NULL;
  const fh_dataset_choice choice = {.pairs = FH_PAIRS_YES};
  EXPECT_OK(fh_dataset_open(MPI_COMM_WORLD, whole, &choice, &d));
  EXPECT(fh_dataset_samples(d) == SAMPLES * (STEPS - 1), "%td pairs", fh_dataset_samples(d));
  for (ptrdiff_t t = 0; t < STEPS; t++)
    EXPECT(fabs(fh_dataset_frame_time(d, t) - 0.2 * (double)t) <= 1e-7, "time of frame %td", t);
  fh_dataset_close(&d);
}

int main(int argc, char **argv)
{
  char folder[256], whole[512];
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world_size);
  scratch_make(folder);
  test_any_ranks(folder, whole);
  test_resume(folder, whole);
  test_failures(folder);
  test_verify(whole);
  test_verify_bites(folder);
  test_pairs(whole);
  scratch_remove(folder);
  if (world_rank == 0) printf("evolve: any number of ranks, resume, failures, verification\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
