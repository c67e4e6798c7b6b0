#include "datagen/skr/sequence.h"
#include "datagen/petsc.h"
#include "datagen/skr/fastelliptic.h"
#include "datagen/skr/recycle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { RUNGS = 3, POLISHES = 3 };

struct fh_sequence {
  fh_sequence_config config;
  fh_sequence_hint hint;
  Mat matrix;
  KSP ksp[RUNGS]; /* NULL until needed */
  Vec work, previous;
  bool has_previous;
  int ranks;
};

/* ---- the solvers of the rungs -------------------------------------------------------------------- */

static PetscErrorCode was_set(const char *prefix, const char *option, PetscBool *set)
{
  PetscFunctionBeginUser;
  PetscCall(PetscOptionsHasName(NULL, prefix, option, set));
  PetscFunctionReturn(0);
}

/* A direct solver inside CG or GMRES, which costs one product and refines if it must; over several
   ranks, multigrid scales where a factorisation would not - for definite matrices. In 3-D a factor costs
   more than CG with ICC(0). */
static PetscErrorCode choose_asked(const fh_sequence *s, KSP ksp, PC pc)
{
  PetscBool named = PETSC_FALSE;
  PetscFunctionBeginUser;
  PetscCall(KSPSetType(ksp, s->hint.positive_definite ? KSPCG : KSPGMRES));
  PetscCall(was_set(NULL, "-pc_type", &named));
  if (named) PetscFunctionReturn(0);
  if (s->ranks == 1 && s->hint.positive_definite && s->hint.dim == 3) {
    PetscCall(PCSetType(pc, PCICC));
  } else if (s->ranks == 1) {
    PetscCall(PCSetType(pc, s->hint.positive_definite ? PCCHOLESKY : PCLU));
  } else if (s->hint.positive_definite) {
    PetscCall(PCSetType(pc, PCGAMG));
#if defined(PETSC_HAVE_MUMPS)
  } else {
    PetscCall(PCSetType(pc, PCLU));
    PetscCall(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
#endif
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode choose_retry(const fh_sequence *s, KSP ksp, PC pc)
{
  PetscFunctionBeginUser;
  PetscCall(KSPSetType(ksp, KSPFGMRES));
  PetscCall(KSPGMRESSetRestart(ksp, 100));
  if (s->ranks == 1) {
    PetscCall(PCSetType(pc, PCILU));
    PetscCall(PCFactorSetLevels(pc, 2));
  } else {
    PetscCall(PCSetType(pc, PCASM));
    PetscCall(PCASMSetOverlap(pc, 2));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode choose_direct(const fh_sequence *s, KSP ksp, PC pc)
{
  PetscFunctionBeginUser;
  PetscCall(KSPSetType(ksp, KSPFGMRES));
  PetscCall(PCSetType(pc, PCLU));
#if defined(PETSC_HAVE_MUMPS)
  if (s->ranks > 1) PetscCall(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
#else
  if (s->ranks > 1) PetscCall(PCSetType(pc, PCREDUNDANT));
#endif
  PetscFunctionReturn(0);
}

/* the symmetric methods stop on the true residual, so that they do what is tested afterwards */
static PetscErrorCode prefer_true_norm(KSP ksp)
{
  PetscBool symmetric = PETSC_FALSE, named = PETSC_FALSE;
  const char *prefix = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPGetOptionsPrefix(ksp, &prefix));
  PetscCall(was_set(prefix, "-ksp_norm_type", &named));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ksp, &symmetric, KSPCG, KSPRCG, KSPRMINRES, ""));
  if (symmetric && !named) PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscFunctionReturn(0);
}

static PetscErrorCode create_ksp(fh_sequence *s, int rung)
{
  static const char *const prefixes[RUNGS] = {NULL, "retry_", "direct_"};
  static PetscErrorCode (*const choose[RUNGS])(const fh_sequence *, KSP,
                                               PC) = {choose_asked, choose_retry, choose_direct};
  KSP ksp = NULL;
  PC pc = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)s->matrix), &s->ksp[rung]));
  ksp = s->ksp[rung];
  PetscCall(KSPSetOptionsPrefix(ksp, prefixes[rung]));
  PetscCall(KSPSetOperators(ksp, s->matrix, s->matrix));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(choose[rung](s, ksp, pc));
  PetscCall(KSPSetTolerances(ksp, s->config.tolerance, PETSC_DEFAULT, PETSC_DEFAULT, 10000));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(prefer_true_norm(ksp));
  PetscFunctionReturn(0);
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
  PetscFunctionReturn(0);
}

/* One KSP: repeated with a tighter tolerance, from where it stopped, while it says that it converged
   but the true residual says it did not. */
static PetscErrorCode attempt(fh_sequence *s, int rung, Vec b, Vec x, fh_solve_report *r)
{
  PetscReal rtol = 0.0, atol = 0.0, dtol = 0.0;
  PetscInt most = 0;
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  PetscFunctionBeginUser;
  if (!s->ksp[rung]) PetscCall(create_ksp(s, rung));
  KSP ksp = s->ksp[rung];
  const bool warm = rung == 0 && s->config.warm_start && s->has_previous;
  PetscCall(KSPGetTolerances(ksp, &rtol, &atol, &dtol, &most));
  if (warm) PetscCall(VecCopy(s->previous, x));
  PetscCall(KSPSetInitialGuessNonzero(ksp, warm ? PETSC_TRUE : PETSC_FALSE));
  PetscReal asked = rtol;
  for (int round = 0; round < POLISHES; round++) {
    PetscInt iterations = 0;
    PetscCall(KSPSetTolerances(ksp, asked, atol, dtol, most));
    PetscCall(KSPSolve(ksp, b, x));
    PetscCall(KSPGetIterationNumber(ksp, &iterations));
    PetscCall(KSPGetConvergedReason(ksp, &reason));
    PetscCall(fh_sequence_residual(s->matrix, b, x, s->work, &r->residual));
    r->iterations += (int32_t)iterations;
    r->accepted = reason > 0 && r->residual <= s->config.tolerance;
    if (r->accepted || reason <= 0 || !isfinite(r->residual)) break;
    asked *= 0.5 * s->config.tolerance / r->residual;
    if (!(asked > 1e-15)) break;
    PetscCall(KSPSetInitialGuessNonzero(ksp, PETSC_TRUE));
  }
  PetscCall(KSPSetTolerances(ksp, rtol, atol, dtol, most));
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

/* On one rank an error inside a solver (a zero pivot that PETSc raises) only ends this rung; on
   several, ranks may be out of step: it ends the run. */
static fh_status climb(fh_sequence *s, int rung, Vec b, Vec x, fh_solve_report *r)
{
  PetscErrorCode error = 0;
  FH_PETSC_QUIET(error, attempt(s, rung, b, x, r));
  if (!error) return FH_OK;
  if (s->ranks > 1) return fh_status_petsc(error, __FILE__, __LINE__, __func__);
  r->accepted = false;
  r->residual = (double)NAN;
  r->why = "PETSc raised an error in this solver";
  if (s->ksp[rung]) FH_TRY_PETSC(KSPDestroy(&s->ksp[rung]));
  return FH_OK;
}

fh_status fh_sequence_solve(fh_sequence *s, Vec b, Vec x, fh_solve_report *report)
{
  bool trivial = false;
  *report = (fh_solve_report){.residual = (double)NAN, .why = ""};
  FH_TRY_PETSC(is_trivial(b, x, report, &trivial));
  if (trivial) return FH_OK;
  for (int rung = 0; rung < RUNGS && !report->accepted; rung++) {
    report->rung = rung;
    FH_TRY(climb(s, rung, b, x, report));
  }
  if (report->accepted && s->config.warm_start) {
    FH_TRY_PETSC(VecCopy(x, s->previous));
    s->has_previous = true;
  }
  return FH_OK;
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
  PetscCall(create_ksp(s, 0));
  PetscFunctionReturn(0);
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
  FH_PETSC_QUIET(error, set_up(s));
  if (error) fh_sequence_destroy(&s);
  *sequence = s;
  return error ? fh_status_petsc(error, __FILE__, __LINE__, __func__) : FH_OK;
}

void fh_sequence_destroy(fh_sequence **sequence)
{
  fh_sequence *s = *sequence;
  if (!s) return;
  for (int rung = 0; rung < RUNGS; rung++)
    if (s->ksp[rung]) (void)KSPDestroy(&s->ksp[rung]);
  if (s->work) (void)VecDestroy(&s->work);
  if (s->previous) (void)VecDestroy(&s->previous);
  fh_free(s);
  *sequence = NULL;
}

void fh_sequence_describe(const fh_sequence *s, char *text, size_t bytes)
{
  KSPType ksp = NULL;
  PCType type = NULL;
  PC pc = NULL;
  if (!s->ksp[0] || KSPGetType(s->ksp[0], &ksp) || KSPGetPC(s->ksp[0], &pc) || PCGetType(pc, &type))
    ksp = NULL;
  snprintf(text, bytes, "%s + %s", ksp ? ksp : "default", type ? type : "default");
}
