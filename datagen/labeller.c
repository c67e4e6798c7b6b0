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
  PetscFunctionBeginUser;
  PetscCall(l->problem->class->matrix_create(l->problem, &l->matrix));
  PetscCall(MatCreateVecs(l->matrix, &l->x, &l->b));
  PetscCall(VecScatterCreateToZero(l->x, &l->gather, &l->whole));
  PetscFunctionReturn(0);
}

/* nothing is carried from one sample to the next */
static fh_status check_evolving(const fh_generate_config *c)
{
  FH_CHECK(!c->solver.warm_start, FH_ERR_USAGE,
           "warm_start: the problem '%s' is integrated in time, from its own initial state",
           c->problem);
  FH_CHECK(c->solver.strategy == FH_STRATEGY_MANUAL, FH_ERR_USAGE,
           "sequence_strategy = %s: the problem '%s' is integrated in time, there are no linear "
           "systems: leave it manual",
           fh_strategy_names[c->solver.strategy], c->problem);
  FH_CHECK(c->order.kind == FH_ORDER_AS_SAMPLED || c->order.kind == FH_ORDER_BY_STRATEGY,
           FH_ERR_USAGE,
           "sequence_order = %s: the problem '%s' is integrated in time, no sample helps the next: "
           "leave it as_sampled",
           fh_order_names[c->order.kind], c->problem);
  return FH_OK;
}

static fh_status build(MPI_Comm comm, const fh_generate_config *config, fh_labeller *l)
{
  const fh_problem_class *class = NULL;
  l->seed = (uint64_t)config->seed;
  FH_TRY(fh_problem_find(config->problem, &class));
  FH_TRY_MPI(MPI_Comm_rank(comm, &l->rank));
  FH_TRY(fh_problem_create(comm, class, config->problem_config, &config->size, &l->problem));
  FH_TRY(fh_store_create(l->problem, &config->store, &l->store));
  l->problem->tolerance = config->solver.tolerance;
  if (class->evolve) return check_evolving(config);
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
                             .judged = p->class->accept != NULL,
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
  fh_store_destroy(&l->store);
  fh_problem_destroy(&l->problem);
  fh_free(l);
  *labeller = NULL;
}

void fh_labeller_describe(const fh_labeller *l, char *text, size_t bytes)
{
  if (l->sequence)
    fh_sequence_describe(l->sequence, text, bytes);
  else
    snprintf(text, bytes, "%s", l->problem->method);
}

fh_status fh_excuse(fh_status st, bool *usable, char why[256])
{
  *usable = st == FH_OK;
  if (st != FH_ERR_NUMERIC) return st;
  snprintf(why, 256, "%s", fh_status_message());
  fh_status_clear();
  return FH_OK;
}

static PetscErrorCode assemble(fh_labeller *l)
{
  fh_problem *p = l->problem;
  PetscFunctionBeginUser;
  if (!l->assembled || !p->constant_matrix) PetscCall(p->class->matrix(p, l->matrix));
  PetscCall(p->class->rhs(p, l->b));
  PetscFunctionReturn(0);
}

static fh_status take_frame(void *context)
{
  fh_labeller *l = context;
  if (l->rank == 0) FH_TRY(fh_store_outputs(l->store, l->frame));
  l->frame++;
  return FH_OK;
}

fh_status fh_labeller_assemble(fh_labeller *l, int64_t index, bool *usable, char why[256])
{
  const bool evolves = l->problem->class->evolve;
  FH_TRY(fh_excuse(l->problem->class->sample(l->problem, l->seed, index), usable, why));
  if (!*usable) return FH_OK;
  FH_TRY(fh_store_inputs(l->store));
  l->frame = 0;
  if (evolves && l->store->steps > 1) FH_TRY(take_frame(l));
  if (evolves) return FH_OK;
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

static fh_status solve_system(fh_labeller *l, const fh_manner *how, fh_solve_report *report)
{
  if (how->begun) {
    *report = *how->begun;
    return fh_sequence_climb(how->sequence, l->b, l->x, report);
  }
  if (how->seconds > 0.0) return fh_sequence_trial(how->sequence, l->b, l->x, how->seconds, report);
  return fh_sequence_solve(how->sequence, l->b, l->x, report);
}

void fh_record_solve(const fh_solve_report *report, const fh_sequence *s, fh_label *label)
{
  fh_sample_record *record = &label->record;
  record->iterations = report->iterations;
  record->rung = report->rung;
  record->strategy = (int32_t)fh_sequence_in_use(s);
  record->residual = report->residual;
  record->valid = label->solved = report->accepted;
}

/* the label of what was assembled, by a linear system */
static fh_status solve(fh_labeller *l, const fh_manner *how, fh_label *label)
{
  fh_solve_report report;
  fh_sample_record *record = &label->record;
  FH_TRY(solve_system(l, how, &report));
  fh_record_solve(&report, how->sequence, label);
  FH_TRY(judge(l, &record->valid, label->why));
  if (!report.accepted) FH_TRY(explain(l, &report, label->why));
  if (!record->valid) return FH_OK;
  FH_TRY_PETSC(store(l));
  if (l->rank == 0) FH_TRY(fh_store_outputs(l->store, 0));
  return FH_OK;
}

/* the same in time */
static fh_status evolve(fh_labeller *l, fh_label *label)
{
  fh_evolution evolution = {0, (double)NAN};
  fh_sample_record *record = &label->record;
  FH_TRY(fh_excuse(l->problem->class->evolve(l->problem, take_frame, l, &evolution), &record->valid,
                   label->why));
  label->solved = record->valid;
  record->iterations = evolution.steps;
  record->residual = evolution.error;
  FH_CHECK(!record->valid || l->frame == l->store->steps, FH_ERR_STATE,
           "the problem '%s' made %td frames of %td", l->problem->class->name, l->frame,
           l->store->steps);
  return FH_OK;
}

fh_status fh_label_one(fh_labeller *l, const fh_manner *how, int64_t index, fh_label *label)
{
  const double start = fh_clock();
  *label = (fh_label){.record = {.index = index, .seed = l->seed, .residual = (double)NAN}};
  FH_TRY(fh_labeller_assemble(l, index, &label->posed, label->why));
  if (label->posed) FH_TRY(l->problem->class->evolve ? evolve(l, label) : solve(l, how, label));
  if (!label->record.valid) fh_store_invalidate(l->store, !label->posed);
  label->record.seconds = fh_clock() - start;
  return FH_OK;
}

/* ---- many ---------------------------------------------------------------------------------------- */

ptrdiff_t fh_labeller_capacity(const fh_labeller *l, const fh_sequence *sequence)
{
  const fh_sequence *s = sequence ? sequence : l->sequence;
  const ptrdiff_t slots = s ? fh_sequence_slots(s) : 0;
  return slots ? slots : 1;
}

static fh_status make_some(fh_labeller *l, fh_sequence *s, double seconds, ptrdiff_t count,
                           const int64_t *index, const fh_receiver *to)
{
  const fh_manner how = {s, seconds, NULL};
  fh_label label;
  if (s && fh_sequence_slots(s)) return fh_label_together(l, s, seconds, count, index, to);
  for (ptrdiff_t i = 0; i < count; i++) {
    FH_TRY(fh_label_one(l, &how, index[i], &label));
    FH_TRY(to->take(to->context, l->store->value, &label));
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
