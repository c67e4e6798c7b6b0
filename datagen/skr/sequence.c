#include "datagen/petsc.h"
#include "datagen/skr/sequence_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { POLISHES = 3, LEAST_PATIENCE = 5 };

fh_strategy fh_sequence_strategy(const fh_sequence_config *config)
{
  if (config->strategy != FH_STRATEGY_AUTO) return (fh_strategy)config->strategy;
  if (config->choice == 0) return FH_STRATEGY_AUTO;
  return (fh_strategy)(FH_STRATEGY_FIRST_SINGLE + config->choice - 1);
}

/* ---- one system ---------------------------------------------------------------------------------- */

PetscErrorCode fh_sequence_residual(Mat matrix, Vec b, Vec x, Vec work, double *residual)
{
  PetscReal rest = 0.0, size = 0.0;
  PetscFunctionBeginUser;
  PetscCall(MatMult(matrix, x, work));
  PetscCall(VecAYPX(work, -1.0, b));
  PetscCall(VecNorm(work, NORM_2, &rest));
  PetscCall(VecNorm(b, NORM_2, &size));
  *residual = size > 0.0 ? (double)(rest / size) : (double)rest;
  PetscFunctionReturn(0);
}

/* A preconditioner that could not be set up stays broken for the matrices that follow. */
static PetscErrorCode forget(fh_sequence *s, KSP ksp)
{
  PetscFunctionBeginUser;
  PetscCall(KSPReset(ksp));
  PetscCall(KSPSetOperators(ksp, s->matrix, s->matrix));
  s->frozen = (fh_frozen){.systems = 0};
  PetscFunctionReturn(0);
}

/* One KSP: repeated with a tighter tolerance, from where it stopped, while it says that it converged
   but the true residual says it did not. */
static PetscErrorCode polish(fh_sequence *s, KSP ksp, PetscInt most, Vec b, Vec x,
                             KSPConvergedReason *reason, fh_solve_report *r)
{
  PetscReal rtol = 0.0, atol = 0.0, dtol = 0.0;
  PetscInt usual = 0;
  PetscFunctionBeginUser;
  PetscCall(KSPGetTolerances(ksp, &rtol, &atol, &dtol, &usual));
  if (most > usual) most = usual;
  PetscReal asked = rtol;
  for (int round = 0; round < POLISHES; round++) {
    PetscInt iterations = 0;
    PetscCall(KSPSetTolerances(ksp, asked, atol, dtol, most));
    PetscCall(KSPSolve(ksp, b, x));
    PetscCall(KSPGetIterationNumber(ksp, &iterations));
    PetscCall(KSPGetConvergedReason(ksp, reason));
    PetscCall(fh_sequence_residual(s->matrix, b, x, s->work, &r->residual));
    r->iterations += (int32_t)iterations;
    r->accepted = *reason > 0 && r->residual <= s->config.tolerance;
    if (r->accepted || *reason <= 0 || !isfinite(r->residual)) break;
    asked *= 0.5 * s->config.tolerance / r->residual;
    if (!(asked > 1e-15)) break;
    PetscCall(KSPSetInitialGuessNonzero(ksp, PETSC_TRUE));
  }
  PetscCall(KSPSetTolerances(ksp, rtol, atol, dtol, usual));
  PetscFunctionReturn(0);
}

/* decisions by the clock are made by one rank for all */
static PetscErrorCode agree(const fh_sequence *s, int *decision)
{
  PetscFunctionBeginUser;
  if (s->ranks > 1)
    PetscCallMPI(MPI_Bcast(decision, 1, MPI_INT, 0, PetscObjectComm((PetscObject)s->matrix)));
  PetscFunctionReturn(0);
}

/* the same with an old factor, unless it is time for a new one */
static PetscErrorCode solve_frozen(fh_sequence *s, KSP ksp, bool renew, Vec b, Vec x,
                                   KSPConvergedReason *reason, fh_solve_report *r)
{
  double start = fh_sequence_clock(s);
  int most = FH_MOST_ITERATIONS;
  const int32_t before = r->iterations;
  PC pc;
  PetscFunctionBeginUser;
  PetscCall(KSPSetReusePreconditioner(ksp, renew ? PETSC_FALSE : PETSC_TRUE));
  if (renew) {
    PetscCall(KSPSetUp(ksp));
    PetscCall(KSPGetPC(
        ksp, &pc)); /* once set up, KSPSetUp() leaves a matrix with new values to the solve */
    PetscCall(PCSetUp(pc));
    fh_frozen_renewed(&s->frozen, fh_sequence_clock(s) - start);
    start = fh_sequence_clock(s);
  } else {
    most = fh_frozen_patience(&s->frozen, LEAST_PATIENCE, FH_MOST_ITERATIONS);
    PetscCall(agree(s, &most));
  }
  PetscCall(polish(s, ksp, most, b, x, reason, r));
  fh_frozen_used(&s->frozen, fh_sequence_clock(s) - start, r->iterations - before);
  PetscFunctionReturn(0);
}

static PetscErrorCode first_frozen(fh_sequence *s, KSP ksp, Vec b, Vec x,
                                   KSPConvergedReason *reason, fh_solve_report *r)
{
  int renew = fh_frozen_is_old(&s->frozen);
  PetscFunctionBeginUser;
  PetscCall(agree(s, &renew));
  PetscCall(solve_frozen(s, ksp, renew != 0, b, x, reason, r));
  if (!r->accepted && !renew) PetscCall(solve_frozen(s, ksp, true, b, x, reason, r));
  PetscFunctionReturn(0);
}

static PetscErrorCode attempt(fh_sequence *s, int rung, Vec b, Vec x, fh_solve_report *r)
{
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  PetscFunctionBeginUser;
  if (!s->ksp[rung]) PetscCall(fh_sequence_create_ksp(s, rung));
  KSP ksp = s->ksp[rung];
  const bool warm = rung == 0 && s->config.warm_start && s->has_previous;
  if (warm) PetscCall(VecCopy(s->previous, x));
  PetscCall(KSPSetInitialGuessNonzero(ksp, warm ? PETSC_TRUE : PETSC_FALSE));
  if (rung == 0 && s->strategy == FH_STRATEGY_FROZEN) {
    PetscCall(first_frozen(s, ksp, b, x, &reason, r));
  } else {
    PetscCall(polish(s, ksp, FH_MOST_ITERATIONS, b, x, &reason, r));
  }
  if (reason == KSP_DIVERGED_PC_FAILED) PetscCall(forget(s, ksp));
  r->why = reason > 0 ? "residual above the tolerance" : KSPConvergedReasons[reason];
  PetscFunctionReturn(0);
}

/* A zero right-hand side has the solution 0; one that is not finite has none. */
static PetscErrorCode is_trivial(Vec b, Vec x, fh_solve_report *r, bool *trivial)
{
  PetscReal size = 0.0;
  PetscFunctionBeginUser;
  PetscCall(VecNorm(b, NORM_2, &size));
  *trivial = size == 0.0 || !isfinite((double)size);
  r->accepted = size == 0.0;
  r->residual = size == 0.0 ? 0.0 : (double)NAN;
  r->why = "the right-hand side is not finite";
  if (size == 0.0) PetscCall(VecZeroEntries(x));
  PetscFunctionReturn(0);
}

/* Options that contradict each other, or the matrix: no other sample would fare better. */
static bool is_misuse(PetscErrorCode error)
{
  static const PetscErrorCode codes[] = {
      PETSC_ERR_SUP,        PETSC_ERR_ARG_OUTOFRANGE, PETSC_ERR_ARG_INCOMP,
      PETSC_ERR_ARG_WRONG,  PETSC_ERR_ARG_SIZ,        PETSC_ERR_ARG_UNKNOWN_TYPE,
      PETSC_ERR_USER_INPUT, PETSC_ERR_MISSING_FACTOR, PETSC_ERR_ARG_WRONGSTATE};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (error == codes[i]) return true;
  return false;
}

/* On one rank an error inside a solver (a zero pivot that PETSc raises) only ends this rung; on
   several, ranks may be out of step: it ends the run. So does a wrong option of the asked solver. */
static fh_status climb(fh_sequence *s, int rung, Vec b, Vec x, fh_solve_report *r)
{
  PetscErrorCode error = 0;
  FH_PETSC_QUIET(error, attempt(s, rung, b, x, r));
  if (!error) return FH_OK;
  if (s->ranks > 1 || (rung == 0 && s->deadline == 0.0 && is_misuse(error)))
    return fh_status_petsc(error, __FILE__, __LINE__, __func__);
  r->accepted = false;
  r->residual = (double)NAN;
  r->why = "PETSc raised an error in this solver";
  if (s->ksp[rung]) FH_TRY_PETSC(KSPDestroy(&s->ksp[rung]));
  if (rung == 0) s->frozen = (fh_frozen){.systems = 0};
  return FH_OK;
}

/* rungs first..last, unless the report says that it is solved */
static fh_status climb_rungs(fh_sequence *s, int first, int last, Vec b, Vec x,
                             fh_solve_report *report)
{
  for (int rung = first; rung <= last && !report->accepted; rung++) {
    report->rung = rung;
    FH_TRY(climb(s, rung, b, x, report));
  }
  if (report->accepted && s->config.warm_start) {
    FH_TRY_PETSC(VecCopy(x, s->previous));
    s->has_previous = true;
  }
  return FH_OK;
}

static fh_status solve_to(fh_sequence *s, int last, Vec b, Vec x, fh_solve_report *report)
{
  bool trivial = false;
  *report = (fh_solve_report){.residual = (double)NAN, .why = ""};
  FH_TRY_PETSC(is_trivial(b, x, report, &trivial));
  if (trivial) return FH_OK;
  return climb_rungs(s, fh_sequence_slots(s) ? 1 : 0, last, b, x, report);
}

fh_status fh_sequence_solve(fh_sequence *s, Vec b, Vec x, fh_solve_report *report)
{
  return solve_to(s, FH_RUNGS - 1, b, x, report);
}

fh_status fh_sequence_climb(fh_sequence *s, Vec b, Vec x, fh_solve_report *report)
{
  fh_solve_report zero = {.residual = (double)NAN, .why = ""};
  bool trivial = false;
  FH_TRY_PETSC(is_trivial(b, x, &zero, &trivial));
  if (!trivial) return climb_rungs(s, 1, FH_RUNGS - 1, b, x, report);
  *report = zero;
  return FH_OK;
}

fh_status fh_sequence_trial(fh_sequence *s, Vec b, Vec x, double seconds, fh_solve_report *report)
{
  if (!s->ksp[0]) FH_TRY_PETSC(fh_sequence_create_ksp(s, 0));
  FH_TRY_PETSC(fh_sequence_watch(s));
  s->deadline = fh_sequence_clock(s) + seconds;
  const fh_status st = solve_to(s, 0, b, x, report);
  s->deadline = 0.0;
  return st;
}

/* ---- life ---------------------------------------------------------------------------------------- */

static PetscErrorCode set_up(fh_sequence *s)
{
  PetscMPIInt ranks = 1;
  const PetscBool symmetric = s->hint.symmetric ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool definite = s->hint.positive_definite ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionBeginUser;
  PetscCall(FHPCFastEllipticRegister());
  PetscCallMPI(MPI_Comm_size(PetscObjectComm((PetscObject)s->matrix), &ranks));
  s->ranks = ranks;
  /* "eternal": the next values have the property too */
  PetscCall(MatSetOption(s->matrix, MAT_SYMMETRIC, symmetric));
  PetscCall(MatSetOption(s->matrix, MAT_SYMMETRY_ETERNAL, symmetric));
  PetscCall(MatSetOption(s->matrix, MAT_SPD, definite));
  PetscCall(MatSetOption(s->matrix, MAT_SPD_ETERNAL, definite));
  PetscCall(MatCreateVecs(s->matrix, &s->work, &s->previous));
  PetscFunctionReturn(0);
}

/* the strategy must fit; without a choice, `auto` is the first that does */
static fh_status settle(fh_sequence *s)
{
  const char *why = NULL;
  for (int i = FH_STRATEGY_FIRST_SINGLE; i < FH_STRATEGY_COUNT && s->strategy == FH_STRATEGY_AUTO;
       i++)
    if (!fh_strategy_unfit((fh_strategy)i, &s->hint, s->ranks)) s->strategy = (fh_strategy)i;
  why = fh_strategy_unfit(s->strategy, &s->hint, s->ranks);
  FH_CHECK(!why, FH_ERR_USAGE, "sequence_strategy %s does not fit this problem: %s; take auto",
           fh_strategy_names[s->strategy], why);
  if (fh_strategy_is_batched(s->strategy)) return fh_sequence_create_slots(s);
  FH_TRY_PETSC(fh_sequence_create_ksp(s, 0));
  return FH_OK;
}

fh_status fh_sequence_create(Mat matrix, const fh_sequence_hint *hint,
                             const fh_sequence_config *config, fh_sequence **sequence)
{
  fh_sequence *s = NULL;
  PetscErrorCode error = 0;
  *sequence = NULL;
  FH_CHECK(config->tolerance > 0.0, FH_ERR_USAGE, "tolerance = %g: it must be positive",
           config->tolerance);
  FH_NEW(s, 1);
  s->config = *config;
  s->hint = *hint;
  s->matrix = matrix;
  s->strategy = fh_sequence_strategy(config);
  FH_PETSC_QUIET(error, set_up(s));
  fh_status st = error ? fh_status_petsc(error, __FILE__, __LINE__, __func__) : settle(s);
  if (st != FH_OK) fh_sequence_destroy(&s);
  *sequence = s;
  return st;
}

void fh_sequence_destroy(fh_sequence **sequence)
{
  fh_sequence *s = *sequence;
  if (!s) return;
  for (int rung = 0; rung < FH_RUNGS; rung++)
    if (s->ksp[rung]) (void)KSPDestroy(&s->ksp[rung]);
  fh_batch_destroy(&s->batch);
  fh_constant_destroy(&s->constant);
  if (s->work) (void)VecDestroy(&s->work);
  if (s->previous) (void)VecDestroy(&s->previous);
  fh_free(s);
  *sequence = NULL;
}

fh_strategy fh_sequence_in_use(const fh_sequence *s)
{
  return s->strategy;
}

void fh_sequence_describe(const fh_sequence *s, char *text, size_t bytes)
{
  KSPType ksp = NULL;
  PCType type = NULL;
  PC pc = NULL;
  if (fh_sequence_slots(s)) {
    const char *way = s->constant ? fh_constant_way(s->constant) : "";
    snprintf(text, bytes, "%s%s%s, %td at a time", fh_strategy_names[s->strategy], *way ? ": " : "",
             way, fh_sequence_slots(s));
    return;
  }
  if (!s->ksp[0] || KSPGetType(s->ksp[0], &ksp) || KSPGetPC(s->ksp[0], &pc) || PCGetType(pc, &type))
    ksp = NULL;
  const bool named = s->strategy != FH_STRATEGY_MANUAL;
  snprintf(text, bytes, "%s%s%s + %s", named ? fh_strategy_names[s->strategy] : "",
           named ? ": " : "", ksp ? ksp : "default", type ? type : "default");
}
