/* The KSPs of the rungs, and the clock that ends a trial. */
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "datagen/skr/sequence_impl.h"

enum { FEW_STEPS = 5 };

/* ---- the solvers of the rungs -------------------------------------------------------------------- */

static PetscErrorCode choose_retry(const fh_sequence *s, KSP ksp)
{
  PC pc = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
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

static PetscErrorCode choose_direct(const fh_sequence *s, KSP ksp)
{
  PC pc = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(KSPSetType(ksp, KSPFGMRES));
  PetscCall(PCSetType(pc, PCLU));
#if defined(PETSC_HAVE_MUMPS)
  if (s->ranks > 1) PetscCall(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
#else
  if (s->ranks > 1) PetscCall(PCSetType(pc, PCREDUNDANT));
#endif
  PetscFunctionReturn(0);
}

static PetscErrorCode choose_asked(const fh_sequence *s, KSP ksp)
{
  char prefix[64];
  PetscFunctionBeginUser;
  if (s->config.strategy == FH_STRATEGY_AUTO) {
    snprintf(prefix, sizeof prefix, "auto_%s_", fh_strategy_names[s->strategy]);
    PetscCall(KSPSetOptionsPrefix(ksp, prefix));
  }
  PetscCall(fh_strategy_apply(s->strategy, &s->hint, s->ranks, ksp));
  PetscFunctionReturn(0);
}

/* CG stops on the true residual, so that it does what is tested afterwards */
static PetscErrorCode prefer_true_norm(KSP ksp)
{
  PetscBool is_cg = PETSC_FALSE, named = PETSC_FALSE;
  const char *prefix = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPGetOptionsPrefix(ksp, &prefix));
  PetscCall(PetscOptionsHasName(NULL, prefix, "-ksp_norm_type", &named));
  PetscCall(PetscObjectTypeCompare((PetscObject)ksp, KSPCG, &is_cg));
  if (is_cg && !named) PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_sequence_create_ksp(fh_sequence *s, int rung)
{
  static const char *const prefixes[FH_RUNGS] = {NULL, "retry_", "direct_"};
  static PetscErrorCode (*const choose[FH_RUNGS])(const fh_sequence *, KSP) = {
      choose_asked, choose_retry, choose_direct};
  KSP ksp = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)s->matrix), &s->ksp[rung]));
  ksp = s->ksp[rung];
  PetscCall(KSPSetOptionsPrefix(ksp, prefixes[rung]));
  PetscCall(KSPSetOperators(ksp, s->matrix, s->matrix));
  PetscCall(choose[rung](s, ksp));
  PetscCall(
      KSPSetTolerances(ksp, s->config.tolerance, PETSC_DEFAULT, PETSC_DEFAULT, FH_MOST_ITERATIONS));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(prefer_true_norm(ksp));
  PetscFunctionReturn(0);
}

/* processor time of one rank; several wait for each other */
double fh_sequence_clock(const fh_sequence *s)
{
  return s->ranks == 1 ? fh_clock_cpu() : fh_clock();
}

/* ---- trials: an end by the clock ----------------------------------------------------------------- */

typedef struct {
  const fh_sequence *sequence;
  void *usual; /* context of the usual test */
} watch;

static PetscErrorCode test_and_watch(KSP ksp, PetscInt step, PetscReal norm,
                                     KSPConvergedReason *reason, void *context)
{
  const watch *w = context;
  const double deadline = w->sequence->deadline;
  int late = deadline > 0.0 && fh_sequence_clock(w->sequence) > deadline;
  PetscFunctionBeginUser;
  PetscCall(KSPConvergedDefault(ksp, step, norm, reason, w->usual));
  if (*reason || deadline == 0.0 || step < FEW_STEPS) PetscFunctionReturn(0);
  if (w->sequence->ranks > 1)
    PetscCallMPI(
        MPI_Allreduce(MPI_IN_PLACE, &late, 1, MPI_INT, MPI_MAX, PetscObjectComm((PetscObject)ksp)));
  if (late) *reason = KSP_DIVERGED_ITS;
  PetscFunctionReturn(0);
}

static PetscErrorCode forget_watch(void *context)
{
  watch *w = context;
  PetscFunctionBeginUser;
  PetscCall(KSPConvergedDefaultDestroy(w->usual));
  fh_free(w);
  PetscFunctionReturn(0);
}

/* once a solver: it watches the sequence's deadline, if there is one */
PetscErrorCode fh_sequence_watch(fh_sequence *s)
{
  watch *w = fh_calloc(1, sizeof *w);
  PetscFunctionBeginUser;
  PetscCheck(w, PETSC_COMM_SELF, PETSC_ERR_MEM, "out of memory");
  w->sequence = s;
  PetscCall(KSPConvergedDefaultCreate(&w->usual));
  PetscCall(KSPSetConvergenceTest(s->ksp[0], test_and_watch, w, forget_watch));
  PetscFunctionReturn(0);
}
