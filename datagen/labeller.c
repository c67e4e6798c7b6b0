#include "datagen/labeller_impl.h"
#include "datagen/petsc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "datagen/skr/batch.h"
#include "datagen/skr/fastelliptic.h"

static PetscErrorCode create_system(fh_labeller *l)
{
  PetscMPIInt rank = 0;
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(l->problem->comm, &rank));
  l->rank = rank;
  PetscCall(l->problem->class->matrix_create(l->problem, &l->matrix));
  PetscCall(MatCreateVecs(l->matrix, &l->x, &l->b));
  PetscCall(VecScatterCreateToZero(l->x, &l->gather, &l->whole));
  PetscFunctionReturn(0);
}

static fh_status build(MPI_Comm comm, const fh_generate_config *config, fh_labeller *l)
{
  const fh_problem_class *class = NULL;
  l->seed = (uint64_t)config->seed;
  FH_TRY(fh_problem_find(config->problem, &class));
  FH_TRY(fh_problem_create(comm, class, config->problem_config, &config->size, &l->problem));
  FH_TRY_PETSC(create_system(l));
  return fh_labeller_solver(l, &config->solver, &l->sequence);
}

fh_status fh_labeller_hint(fh_labeller *l, fh_sequence_hint *hint)
{
  const fh_problem *p = l->problem;
  const FHEllipticGrid *box = NULL;
  FH_TRY_PETSC(FHPCFastEllipticGetGrid((PetscObject)l->matrix, &box));
  *hint = (fh_sequence_hint){.symmetric = p->symmetric,
                             .positive_definite = p->positive_definite,
                             .constant = p->constant_matrix,
                             .box = box != NULL,
                             .stencil = box && !fh_batch_unfit(box) && !p->class->accept &&
                                        p->class->stencil && p->class->stencil(p, NULL),
                             .dim = p->grid.dim,
                             .unknowns = p->unknowns};
  return FH_OK;
}

fh_status fh_labeller_solver(fh_labeller *l, const fh_sequence_config *config,
                             fh_sequence **sequence)
{
  fh_sequence_hint hint;
  FH_TRY(fh_labeller_hint(l, &hint));
  return fh_sequence_create(l->matrix, &hint, config, sequence);
}

void fh_labeller_adopt(fh_labeller *l, fh_sequence **sequence)
{
  fh_sequence_destroy(&l->sequence);
  l->sequence = *sequence;
  *sequence = NULL;
}

fh_status fh_labeller_create(MPI_Comm comm, const fh_generate_config *config,
                             fh_labeller **labeller)
{
  fh_labeller *l = NULL;
  *labeller = NULL;
  FH_NEW(l, 1);
  const fh_status st = build(comm, config, l);
  if (st != FH_OK) fh_labeller_destroy(&l);
  *labeller = l;
  return st;
}

void fh_labeller_destroy(fh_labeller **labeller)
{
  fh_labeller *l = *labeller;
  if (!l) return;
  fh_sequence_destroy(&l->sequence);
  fh_labeller_free_rooms(l);
  if (l->gather) (void)VecScatterDestroy(&l->gather);
  if (l->whole) (void)VecDestroy(&l->whole);
  if (l->b) (void)VecDestroy(&l->b);
  if (l->x) (void)VecDestroy(&l->x);
  if (l->matrix) (void)MatDestroy(&l->matrix);
  fh_problem_destroy(&l->problem);
  fh_free(l);
  *labeller = NULL;
}

void fh_fill_nan(fh_problem *p, bool inputs_too)
{
  const ptrdiff_t points = fh_grid_size(&p->grid);
  for (int f = 0; f < p->n_fields; f++) {
    if (!p->fields[f].is_output && !inputs_too) continue;
    for (ptrdiff_t i = 0; i < points * p->fields[f].info.channels; i++)
      p->value[f][i] = (double)NAN;
  }
}

static PetscErrorCode assemble(fh_labeller *l)
{
  fh_problem *p = l->problem;
  PetscFunctionBeginUser;
  if (!l->assembled || !p->constant_matrix) PetscCall(p->class->matrix(p, l->matrix));
  PetscCall(p->class->rhs(p, l->b));
  PetscFunctionReturn(0);
}

fh_status fh_labeller_assemble(fh_labeller *l, int64_t index, bool *usable, char why[256])
{
  const fh_status st = l->problem->class->sample(l->problem, l->seed, index);
  *usable = st == FH_OK;
  if (st == FH_ERR_NUMERIC) {
    snprintf(why, 256, "%s", fh_status_message());
    fh_status_clear();
    return FH_OK;
  }
  FH_TRY(st);
  FH_TRY_PETSC(assemble(l));
  l->assembled = true;
  return FH_OK;
}

static PetscErrorCode store(fh_labeller *l)
{
  const PetscScalar *values = NULL;
  PetscFunctionBeginUser;
  PetscCall(VecScatterBegin(l->gather, l->x, l->whole, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(l->gather, l->x, l->whole, INSERT_VALUES, SCATTER_FORWARD));
  if (l->rank != 0) PetscFunctionReturn(0);
  PetscCall(VecGetArrayRead(l->whole, &values));
  l->problem->class->store(l->problem, values);
  PetscCall(VecRestoreArrayRead(l->whole, &values));
  PetscFunctionReturn(0);
}

/* the problem's own judgement of a solution */
static fh_status judge(fh_labeller *l, bool *accepted, char why[256])
{
  if (*accepted && l->problem->class->accept)
    FH_TRY_PETSC(l->problem->class->accept(l->problem, l->b, l->x, accepted, why));
  return FH_OK;
}

/* ||A|| ||x|| / ||b||: the condition of the matrix is no smaller, and times the machine's precision it is
   about what rounding leaves of a residual */
static PetscErrorCode growth(const fh_labeller *l, double *ratio)
{
  PetscReal a = 0.0, x = 0.0, b = 0.0;
  PetscFunctionBeginUser;
  PetscCall(MatNorm(l->matrix, NORM_INFINITY, &a));
  PetscCall(VecNorm(l->x, NORM_2, &x));
  PetscCall(VecNorm(l->b, NORM_2, &b));
  *ratio = (double)(a * x / b);
  PetscFunctionReturn(0);
}

/* why no solver reached the tolerance */
static fh_status explain(const fh_labeller *l, const fh_solve_report *r, char why[256])
{
  static const double singular = 1e12; /* beyond it, few digits of a solution are its own */
  double ratio = 0.0;
  FH_TRY_PETSC(growth(l, &ratio));
  const double rounding = (double)PETSC_MACHINE_EPSILON * ratio;
  snprintf(why, 256, "%s, residual %.3g after %d iterations", r->why, r->residual,
           (int)r->iterations);
  const size_t used = strlen(why);
  if (!(r->residual <= rounding)) return FH_OK; /* NaN too: there is no solution to speak of */
  if (ratio >= singular) {
    snprintf(why + used, 256 - used,
             "; the matrix is singular to rounding (condition about %.1e or more)", ratio);
  } else {
    snprintf(why + used, 256 - used,
             "; in double precision rounding may leave %.1e: ask for no smaller tolerance",
             rounding);
  }
  return FH_OK;
}

/* ---- one at a time ------------------------------------------------------------------------------- */

fh_sample_record fh_record_of(const fh_labeller *l, const fh_sequence *s, int64_t index,
                              const fh_solve_report *r, bool valid, double seconds)
{
  return (fh_sample_record){.index = index,
                            .seed = l->seed,
                            .iterations = r->iterations,
                            .rung = r->rung,
                            .strategy = (int32_t)fh_sequence_in_use(s),
                            .residual = r->residual,
                            .seconds = seconds,
                            .valid = valid};
}

static fh_status solve(fh_labeller *l, const fh_manner *how, fh_solve_report *report)
{
  if (how->begun) {
    *report = *how->begun;
    return fh_sequence_climb(how->sequence, l->b, l->x, report);
  }
  if (how->seconds > 0.0) return fh_sequence_trial(how->sequence, l->b, l->x, how->seconds, report);
  return fh_sequence_solve(how->sequence, l->b, l->x, report);
}

fh_status fh_label_one(fh_labeller *l, const fh_manner *how, int64_t index, fh_label *label)
{
  const double start = fh_clock();
  fh_solve_report report = {.residual = (double)NAN};
  char *why = label->why;
  why[0] = '\0';
  FH_TRY(fh_labeller_assemble(l, index, &label->posed, why));
  if (label->posed) FH_TRY(solve(l, how, &report));
  bool accepted = label->solved = report.accepted;
  FH_TRY(judge(l, &accepted, why));
  if (accepted) {
    FH_TRY_PETSC(store(l));
  } else {
    fh_fill_nan(l->problem, !label->posed);
    if (label->posed && !report.accepted) FH_TRY(explain(l, &report, why));
  }
  label->record = fh_record_of(l, how->sequence, index, &report, accepted, fh_clock() - start);
  return FH_OK;
}

/* ---- both ---------------------------------------------------------------------------------------- */

ptrdiff_t fh_labeller_capacity(const fh_labeller *l, const fh_sequence *sequence)
{
  const ptrdiff_t slots = fh_sequence_slots(sequence ? sequence : l->sequence);
  return slots ? slots : 1;
}

static fh_status make_some(fh_labeller *l, fh_sequence *s, double seconds, ptrdiff_t count,
                           const int64_t *index, const fh_receiver *to)
{
  const fh_manner how = {s, seconds, NULL};
  fh_label label;
  if (fh_sequence_slots(s)) return fh_label_together(l, s, seconds, count, index, to);
  for (ptrdiff_t i = 0; i < count; i++) {
    FH_TRY(fh_label_one(l, &how, index[i], &label));
    FH_TRY(to->take(to->context, l->problem->value, &label));
  }
  return FH_OK;
}

fh_status fh_labeller_make_some(fh_labeller *l, ptrdiff_t count, const int64_t *index,
                                const fh_receiver *to)
{
  return make_some(l, l->sequence, 0.0, count, index, to);
}

fh_status fh_labeller_try(fh_labeller *l, fh_sequence *sequence, double seconds, ptrdiff_t count,
                          const int64_t *index, const fh_receiver *to)
{
  return make_some(l, sequence, seconds, count, index, to);
}

static fh_status copy_label(void *context, double *const *values, const fh_label *label)
{
  fh_label *to = context;
  (void)values;
  *to = *label;
  return FH_OK;
}

fh_status fh_labeller_make(fh_labeller *l, int64_t index, fh_sample_record *record, char why[256])
{
  fh_label label;
  const fh_receiver to = {copy_label, &label};
  FH_TRY(fh_labeller_make_some(l, 1, &index, &to));
  *record = label.record;
  snprintf(why, 256, "%s", label.why);
  return FH_OK;
}
