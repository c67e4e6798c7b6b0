#include "datagen/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "comm/team.h"
#include "datagen/labeller.h"
#include "datagen/petsc.h"
#include "io/dataset.h"

typedef struct {
  const fh_log *log;
  fh_verify_report *report;
  fh_generate_config config;
  fh_dataset *data;
  fh_labeller *labeller;
  fh_sample_record *records; /* of all samples */
  fh_real *x, *y;            /* one sample */
  ptrdiff_t x_size, y_size, points;
  int rank, size;
} check;

bool fh_verify_passed(const fh_verify_report *r)
{
  return r->damaged + r->constant + r->repeated + r->records + r->inputs_differ +
             r->outputs_differ + r->residual_high + r->unresolved ==
         0;
}

/* ---- all samples --------------------------------------------------------------------------------- */

static uint64_t hash_values(const fh_real *v, ptrdiff_t n, uint64_t h)
{
  const unsigned char *bytes = (const unsigned char *)v;
  for (size_t i = 0; i < (size_t)n * sizeof *v; i++) h = (h ^ bytes[i]) * 1099511628211ull;
  return h;
}

/* of a trajectory, frames are the channels: the first may be zero, but none stands still */
static bool has_constant(const fh_real *v, ptrdiff_t channels, ptrdiff_t points, ptrdiff_t steps)
{
  for (ptrdiff_t c = 0; c < channels; c++) {
    const fh_real *field = v + c * points;
    const bool is_first = c % steps == 0;
    ptrdiff_t i = 1;
    while (i < points && field[i] == field[0]) i++;
    if (i == points && (steps == 1 || !is_first)) return true;
    if (!is_first && memcmp(field, field - points, (size_t)points * sizeof *v) == 0) return true;
  }
  return false;
}

/* Reads a sample. What is wrong with it is counted once: *good = false. */
static fh_status read_sample(check *c, int64_t i, bool *good)
{
  const fh_status st = fh_dataset_read(c->data, 1, &i, c->x, c->y);
  *good = st == FH_OK;
  if (st != FH_ERR_FORMAT) return st;
  fh_log_message(c->log, FH_LOG_WARNING, "%s", fh_status_message());
  fh_status_clear();
  return FH_OK;
}

static void check_record(check *c, ptrdiff_t i)
{
  const fh_sample_record *record = &c->records[i];
  const double tolerance = c->config.solver.tolerance;
  const fh_problem *p = c->labeller->problem;
  const bool bounded = !p->class->evolve || p->bounded;
  if (record->index == i && record->seed == (uint64_t)c->config.seed &&
      (!record->valid || !bounded || record->residual <= tolerance))
    return;
  c->report->records++;
  fh_log_message(c->log, FH_LOG_WARNING,
                 "sample %td is recorded as number %lld of seed %llu with residual %.3g, but the "
                 "configuration says seed %td, tolerance %g",
                 i, (long long)record->index, (unsigned long long)record->seed, record->residual,
                 c->config.seed, tolerance);
}

/* hashes[i] of the samples of this rank; 0 for those without one */
static fh_status scan(check *c, uint64_t *hashes)
{
  fh_verify_report *r = c->report;
  for (ptrdiff_t i = c->rank; i < r->samples; i += c->size) {
    bool good = false;
    check_record(c, i);
    if (!c->records[i].valid) {
      r->invalid++;
      continue;
    }
    FH_TRY(read_sample(c, i, &good));
    if (!good) {
      r->damaged++;
      continue;
    }
    if (has_constant(c->x, c->x_size / c->points, c->points, 1) ||
        has_constant(c->y, c->y_size / c->points, c->points, c->labeller->store->steps)) {
      r->constant++;
      fh_log_message(c->log, FH_LOG_WARNING, "sample %td has a constant field", i);
    }
    hashes[i] = hash_values(c->y, c->y_size, hash_values(c->x, c->x_size, 1469598103934665603ull));
    if (hashes[i] == 0) hashes[i] = 1;
  }
  return FH_OK;
}

static int compare_hashes(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* the hashes of all ranks, each on one of them */
static fh_status count_repeated(MPI_Comm comm, check *c, int n, uint64_t *hashes)
{
  FH_TRY(fh_status_agree(comm, scan(c, hashes)));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, hashes, n, MPI_UINT64_T, MPI_SUM, comm));
  qsort(hashes, (size_t)n, sizeof *hashes, compare_hashes);
  for (int i = 1; i < n && c->rank == 0; i++)
    c->report->repeated += hashes[i] != 0 && hashes[i] == hashes[i - 1];
  return FH_OK;
}

static fh_status scan_all(MPI_Comm comm, check *c)
{
  uint64_t *hashes = NULL;
  int n = 0;
  FH_TRY(fh_size_int(c->report->samples, &n));
  FH_NEW(hashes, n);
  const fh_status st = count_repeated(comm, c, n, hashes);
  fh_free(hashes);
  return st;
}

/* ---- samples made again -------------------------------------------------------------------------- */

static bool same_values(ptrdiff_t n, const fh_real *stored, const double *drawn)
{
  ptrdiff_t i = 0;
  while (i < n && (float)stored[i] == (float)drawn[i]) i++;
  return i == n;
}

static bool same_inputs(const check *c)
{
  const fh_problem *p = c->labeller->problem;
  const fh_store *s = c->labeller->store;
  const fh_real *x = c->x, *y = c->y;
  bool same = true;
  for (int f = 0; f < p->n_fields; f++) {
    const ptrdiff_t channels = p->fields[f].info.channels;
    if (!p->fields[f].is_output) {
      same = same && same_values(channels * c->points, x, s->value[f]);
      x += channels * c->points;
      continue;
    }
    /* the first frame of a trajectory is drawn, too */
    for (ptrdiff_t k = 0; k < channels; k++, y += s->steps * c->points)
      if (s->steps > 1)
        same = same && same_values(c->points, y, s->value[f] + k * s->steps * c->points);
  }
  return same;
}

/* relative difference of the outputs; puts the stored ones in their place */
static double replace_outputs(const check *c)
{
  const fh_problem *p = c->labeller->problem;
  const fh_store *s = c->labeller->store;
  const fh_real *stored = c->y;
  double difference = 0.0, norm = 0.0;
  for (int f = 0; f < p->n_fields; f++) {
    if (!p->fields[f].is_output) continue;
    const ptrdiff_t size = p->fields[f].info.channels * s->steps * c->points;
    for (ptrdiff_t i = 0; i < size; i++) {
      const double d = s->value[f][i] - (double)stored[i];
      difference += d * d;
      norm += s->value[f][i] * s->value[f][i];
      s->value[f][i] = (double)stored[i];
    }
    stored += size;
  }
  return norm > 0.0 ? sqrt(difference / norm) : sqrt(difference);
}

/* || |A| |x| || */
static PetscErrorCode absolute_product(Mat matrix, const PetscScalar *x, double *norm)
{
  PetscInt rows = 0;
  double sum = 0.0;
  PetscFunctionBeginUser;
  PetscCall(MatGetSize(matrix, &rows, NULL));
  for (PetscInt i = 0; i < rows; i++) {
    const PetscInt *columns = NULL;
    const PetscScalar *values = NULL;
    PetscInt n = 0;
    double row = 0.0;
    PetscCall(MatGetRow(matrix, i, &n, &columns, &values));
    for (PetscInt j = 0; j < n; j++) row += fabs(values[j] * x[columns[j]]);
    PetscCall(MatRestoreRow(matrix, i, &n, &columns, &values));
    sum += row * row;
  }
  *norm = sqrt(sum);
  PetscFunctionReturn(0);
}

/* residual of the stored solution, and what float32 allows */
static PetscErrorCode stored_residual(fh_labeller *l, double recorded, double *residual,
                                      double *bound, bool *known)
{
  PetscScalar *x = NULL;
  PetscReal size = 0.0;
  double rounding = 0.0;
  Vec work = NULL;
  PetscFunctionBeginUser;
  PetscCall(VecGetArray(l->x, &x));
  *known = l->problem->class->load(l->problem, x);
  if (*known) PetscCall(absolute_product(l->matrix, x, &rounding));
  PetscCall(VecRestoreArray(l->x, &x));
  if (!*known) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(l->b, &work));
  PetscCall(fh_sequence_residual(l->matrix, l->b, l->x, work, residual));
  PetscCall(VecDestroy(&work));
  PetscCall(VecNorm(l->b, NORM_2, &size));
  *bound = 1.01 * (recorded + 0x1p-24 * rounding / (size > 0.0 ? (double)size : 1.0));
  PetscFunctionReturn(0);
}

static fh_status check_residual(check *c, int64_t i)
{
  fh_verify_report *r = c->report;
  double residual = 0.0, bound = 1.0;
  bool known = false;
  /* only if the fields of the problem are those of the file */
  if (c->labeller->problem->class->load && c->labeller->store->is_whole)
    FH_TRY_PETSC(stored_residual(c->labeller, c->records[i].residual, &residual, &bound, &known));
  r->residuals_known = r->residuals_known && known;
  if (!known) return FH_OK;
  r->worst_residual = fmax(r->worst_residual, residual);
  r->worst_residual_share = fmax(r->worst_residual_share, residual / bound);
  if (residual <= bound) return FH_OK;
  r->residual_high++;
  fh_log_message(c->log, FH_LOG_WARNING,
                 "sample %lld: the stored solution has the residual %.3g, float32 explains %.3g",
                 (long long)i, residual, bound);
  return FH_OK;
}

static void check_inputs(check *c, int64_t i)
{
  c->report->drawn++;
  if (same_inputs(c)) return;
  c->report->inputs_differ++;
  fh_log_message(c->log, FH_LOG_WARNING, "sample %lld: the stored inputs are not those of seed %td",
                 (long long)i, c->config.seed);
}

static void check_difference(check *c, int64_t i, double difference)
{
  const double allowed = 1e-6 + 100.0 * c->config.solver.tolerance;
  c->report->worst_difference = fmax(c->report->worst_difference, difference);
  if (difference <= allowed) return;
  c->report->outputs_differ++;
  fh_log_message(c->log, FH_LOG_WARNING,
                 "sample %lld: the stored solution differs by %.3g from a new one, %.3g is allowed",
                 (long long)i, difference, allowed);
}

/* draws and assembles the sample, and solves it; *done = false: that was not possible */
static fh_status rebuild(check *c, int64_t i, bool solve, bool *done)
{
  fh_sample_record record;
  char why[256];
  if (solve) {
    FH_TRY(fh_labeller_make(c->labeller, i, &record, why));
    *done = record.valid;
    /* the residual is that of the matrix, which a batched solver does without */
    if (*done && c->labeller->sequence && fh_sequence_slots(c->labeller->sequence) > 0)
      FH_TRY(fh_labeller_assemble(c->labeller, i, done, why));
    c->report->solved++;
  } else {
    FH_TRY(fh_labeller_assemble(c->labeller, i, done, why));
  }
  if (*done) return FH_OK;
  c->report->unresolved++;
  fh_log_message(c->log, FH_LOG_WARNING, "sample %lld: %s", (long long)i, why);
  return FH_OK;
}

static fh_status make_again(check *c, int64_t i, bool solve)
{
  bool good = false, done = false;
  if (!c->records[i].valid) return FH_OK;
  FH_TRY(read_sample(c, i, &good));
  if (!good) return FH_OK; /* counted by the scan */
  FH_TRY(rebuild(c, i, solve, &done));
  check_inputs(c, i);
  if (!done) return FH_OK;
  const double difference = replace_outputs(c); /* from a new solution, if there is one */
  if (solve) check_difference(c, i, difference);
  return check_residual(c, i);
}

/* marks the samples that are solved again: the same on any number of ranks */
static fh_status choose(const check *c, ptrdiff_t checks, bool *solve)
{
  const ptrdiff_t n = c->report->samples;
  const fh_rng rng = {(uint64_t)c->config.seed, FH_STREAM_TEST, 0, 0};
  int64_t *order = NULL;
  FH_NEW(order, n);
  fh_rng_permutation(&rng, n, order);
  for (ptrdiff_t i = 0; i < n; i++) solve[order[i]] = checks == 0 || i < checks;
  fh_free(order);
  return FH_OK;
}

/* this rank's share of the samples */
static fh_status make_all(check *c, ptrdiff_t checks)
{
  const ptrdiff_t n = c->report->samples;
  bool *solve = NULL;
  FH_NEW(solve, n);
  fh_status st = choose(c, checks, solve);
  for (ptrdiff_t i = c->rank; i < n && st == FH_OK; i += c->size) {
    st = make_again(c, i, solve[i]);
    fh_log_progress(c->log, "samples", i + 1, n, 0, NULL);
  }
  fh_free(solve);
  return st;
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static fh_status open_set(MPI_Comm comm, const char *path, check *c)
{
  const fh_dataset_choice choice = {.inputs = "", .outputs = ""};
  FH_TRY_MPI(MPI_Comm_rank(comm, &c->rank));
  FH_TRY_MPI(MPI_Comm_size(comm, &c->size));
  FH_TRY(fh_dataset_open(comm, path, &choice, &c->data));
  const char *yaml = fh_dataset_config(c->data);
  FH_CHECK(yaml && *yaml, FH_ERR_UNSUPPORTED,
           "%s holds no configuration: only sets made by 'fredholm generate' can be made again",
           path);
  c->report->samples = fh_dataset_samples(c->data);
  c->points = fh_grid_size(fh_dataset_grid(c->data));
  c->x_size = fh_dataset_in_channels(c->data) * c->points;
  c->y_size = fh_dataset_out_channels(c->data) * c->points;
  FH_TRY(fh_generate_from_yaml(yaml, &c->config));
  return FH_OK;
}

static fh_status prepare(check *c)
{
  FH_NEW(c->x, c->x_size);
  FH_NEW(c->y, c->y_size);
  FH_NEW(c->records, c->report->samples);
  FH_TRY(fh_dataset_records(c->data, 0, c->report->samples, c->records));
  FH_TRY(fh_labeller_create(MPI_COMM_SELF, &c->config, &c->labeller));
  FH_CHECK(fh_grid_same_size(&c->labeller->store->grid, fh_dataset_grid(c->data)), FH_ERR_FORMAT,
           "the grid of the file is not that of the configuration in it (size %td...)",
           c->config.size.value[0]);
  return FH_OK;
}

static fh_status reduce(MPI_Comm comm, fh_verify_report *r)
{
  ptrdiff_t *const sums[] = {&r->invalid,        &r->damaged,      &r->constant,
                             &r->repeated,       &r->records,      &r->drawn,
                             &r->solved,         &r->unresolved,   &r->inputs_differ,
                             &r->outputs_differ, &r->residual_high};
  enum { COUNTS = sizeof sums / sizeof *sums };
  double counts[COUNTS];
  double most[] = {r->worst_residual, r->worst_residual_share, r->worst_difference,
                   r->residuals_known ? 0.0 : 1.0};
  for (int i = 0; i < COUNTS; i++) counts[i] = (double)*sums[i];
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, counts, COUNTS, MPI_DOUBLE, MPI_SUM, comm));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, most, 4, MPI_DOUBLE, MPI_MAX, comm));
  for (int i = 0; i < COUNTS; i++) *sums[i] = (ptrdiff_t)counts[i];
  r->worst_residual = most[0];
  r->worst_residual_share = most[1];
  r->worst_difference = most[2];
  r->residuals_known = most[3] == 0.0;
  return FH_OK;
}

static fh_status execute(MPI_Comm comm, const char *path, ptrdiff_t checks, check *c)
{
  FH_TRY(fh_status_agree(comm, open_set(comm, path, c)));
  FH_TRY(fh_status_agree(comm, prepare(c)));
  FH_TRY(scan_all(comm, c));
  FH_TRY(fh_status_agree(comm, make_all(c, checks)));
  return reduce(comm, c->report);
}

fh_status fh_generate_verify(MPI_Comm comm, const char *path, ptrdiff_t checks, const fh_log *log,
                             fh_verify_report *report)
{
  check c = {.log = log, .report = report};
  *report = (fh_verify_report){.residuals_known = true};
  const fh_status st = execute(comm, path, checks, &c);
  fh_labeller_destroy(&c.labeller);
  fh_dataset_close(&c.data);
  fh_free(c.records);
  fh_free(c.x);
  fh_free(c.y);
  return st;
}
