/* verify_again - samples are drawn, assembled and solved again, and compared with the stored ones */
#include <math.h>

#include "base/memory.h"
#include "base/rng.h"
#include "datagen/petsc.h"
#include "datagen/verify_impl.h"

static bool same_values(ptrdiff_t n, const fh_real *stored, const double *drawn)
{
  ptrdiff_t i = 0;
  while (i < n && (float)stored[i] == (float)drawn[i]) i++;
  return i == n;
}

static bool same_inputs(const fh_verify *c)
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
static double replace_outputs(const fh_verify *c)
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

static fh_status check_residual(fh_verify *c, int64_t i)
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

static void check_inputs(fh_verify *c, int64_t i)
{
  c->report->drawn++;
  if (same_inputs(c)) return;
  c->report->inputs_differ++;
  fh_log_message(c->log, FH_LOG_WARNING, "sample %lld: the stored inputs are not those of seed %td",
                 (long long)i, c->config.seed);
}

static void check_difference(fh_verify *c, int64_t i, double difference)
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
static fh_status rebuild(fh_verify *c, int64_t i, bool solve, bool *done)
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

static fh_status make_again(fh_verify *c, int64_t i, bool solve)
{
  bool good = false, done = false;
  if (!c->records[i].valid) return FH_OK;
  FH_TRY(fh_verify_read(c, i, &good));
  if (!good) return FH_OK; /* counted by the scan */
  FH_TRY(rebuild(c, i, solve, &done));
  check_inputs(c, i);
  if (!done) return FH_OK;
  const double difference = replace_outputs(c); /* from a new solution, if there is one */
  if (solve) check_difference(c, i, difference);
  return check_residual(c, i);
}

/* marks the samples that are solved again: the same on any number of ranks */
static fh_status choose(const fh_verify *c, ptrdiff_t checks, bool *solve)
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

fh_status fh_verify_again(fh_verify *c, ptrdiff_t checks)
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
