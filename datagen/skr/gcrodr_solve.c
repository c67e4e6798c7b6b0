/* The solve: fit the space, project, cycle until the recomputed residual passes. */
#include "datagen/skr/gcrodr_impl.h"

enum { FIT_AFTER = 50 }; /* refreshes let B U = C drift: recompute */

/* r = b - A x, or M^-1 of it; *norm the one that is monitored */
static PetscErrorCode Residual(KSP ksp, PetscBool zero_guess, PetscReal *norm)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBool left = (PetscBool)(ksp->pc_side == PC_LEFT);
  Vec r = left ? s->t : s->r;
  Mat A;

  PetscFunctionBegin;
  PetscCall(PCGetOperators(ksp->pc, &A, NULL));
  if (zero_guess)
    PetscCall(VecCopy(ksp->vec_rhs, r));
  else {
    PetscCall(KSP_MatMult(ksp, A, ksp->vec_sol, r));
    PetscCall(VecAYPX(r, -1.0, ksp->vec_rhs));
    s->base.counts.operators++;
  }
  if (left) {
    PetscCall(KSP_PCApply(ksp, s->t, s->r));
    s->base.counts.preconditioners++;
  }
  PetscCall(VecNorm(s->r, NORM_2, &s->beta));
  *norm = s->beta;
  if (left && ksp->normtype == KSP_NORM_UNPRECONDITIONED) PetscCall(VecNorm(s->t, NORM_2, norm));
  s->scale = s->beta > 0.0 ? *norm / s->beta : 1.0;
  if (ksp->normtype == KSP_NORM_NONE) *norm = 0.0;
  KSPCheckNorm(ksp, s->beta);
  KSPCheckNorm(ksp, *norm);
  ksp->rnorm = *norm;
  PetscFunctionReturn(0);
}

static PetscErrorCode Project(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  if (!s->base.kk) PetscFunctionReturn(0);
  PetscCall(KSPRecycleProject(ksp, s->r, ksp->vec_sol));
  PetscCall(VecNorm(s->r, NORM_2, &s->beta));
  PetscFunctionReturn(0);
}

/* the tolerance is relative to the right-hand side, not to what the projection leaves: the test sees
   the residual before it first */
static PetscErrorCode Begin(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscReal norm;

  PetscFunctionBegin;
  if (ksp->guess_zero) PetscCall(VecSet(ksp->vec_sol, 0.0));
  PetscCall(Residual(ksp, ksp->guess_zero, &norm));
  if (ksp->reason) PetscFunctionReturn(0);
  PetscCall(KSPLogResidualHistory(ksp, norm));
  PetscCall(KSPMonitor(ksp, 0, norm));
  PetscCall((*ksp->converged)(ksp, 0, norm, &ksp->reason, ksp->cnvP));
  if (ksp->reason || !s->base.kk) PetscFunctionReturn(0);
  PetscCall(KSPGCRODRFit(ksp, PETSC_FALSE));
  PetscCall(Project(ksp));
  KSPCheckNorm(ksp, s->beta);
  if (!(s->scale * s->beta > ksp->ttol) || !(s->beta > 0.0)) { /* the solution is in the space */
    PetscCall(Residual(ksp, PETSC_FALSE, &norm));
    if (ksp->normtype != KSP_NORM_NONE && !ksp->reason && ksp->max_it > 0)
      PetscCall((*ksp->converged)(ksp, 1, norm, &ksp->reason, ksp->cnvP));
    if (!ksp->reason) PetscCall(Project(ksp));
  }
  PetscFunctionReturn(0);
}

/* a space that was there (begun) is kept as it is if asked, or if the system gave less than a cycle */
static PetscErrorCode MaybeRefresh(KSP ksp, PetscBool begun)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt cycle = s->base.counts.cycles, every = s->base.refresh ? s->base.refresh : 1;
  const PetscInt seen = ksp->its + (ksp->reason ? 0 : 1);

  PetscFunctionBegin;
  if (!s->k || (begun && !s->base.refresh)) PetscFunctionReturn(0);
  if (s->base.kk && seen <= s->m - s->base.kk) PetscFunctionReturn(0);
  if (s->base.kk && !ksp->reason && cycle > s->base.eager && cycle % every) PetscFunctionReturn(0);
  PetscCall(KSPGCRODRRefresh(ksp));
  PetscCall(KSPRecycleCheck(ksp));
  PetscFunctionReturn(0);
}

static PetscErrorCode OneCycle(KSP ksp, PetscReal *best, PetscInt *stalls)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  KSPConvergedReason guess;
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(KSPGCRODRCycle(ksp, &guess));
  if (ksp->reason) PetscFunctionReturn(0);
  PetscCall(KSPGCRODRUpdate(ksp, s->steps, ksp->vec_sol));
  PetscCall(Residual(ksp, PETSC_FALSE, &norm));
  if (ksp->reason) PetscFunctionReturn(0);
  if (guess < 0)
    ksp->reason = guess;
  else if (ksp->normtype != KSP_NORM_NONE || guess)
    PetscCall((*ksp->converged)(ksp, ksp->its, norm, &ksp->reason, ksp->cnvP));
  KSPRecycleStall(ksp, (PetscBool)(guess > 0 || s->breakdown), norm, best, stalls);
  if (!ksp->reason && ksp->its >= ksp->max_it)
    ksp->reason = ksp->normtype == KSP_NORM_NONE ? KSP_CONVERGED_ITS : KSP_DIVERGED_ITS;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPSolve_GCRODR(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscReal best = PETSC_MAX_REAL;
  PetscInt stalls = 0;

  PetscFunctionBegin;
  PetscCall(KSPGCRODRAllocate(ksp));
  PetscCall(KSPRecycleTakePending(ksp));
  if (s->base.fresh) s->base.kk = 0;
  PetscCall(PetscMemzero(&s->base.counts, sizeof s->base.counts));
  ksp->its = 0;
  ksp->reason = KSP_CONVERGED_ITERATING;
  const PetscBool begun = (PetscBool)(s->base.kk > 0);
  if (!begun) PetscCall(KSPGCRODRFit(ksp, PETSC_FALSE)); /* remembers the operator */
  PetscCall(Begin(ksp));
  if (!ksp->reason && ksp->max_it < 1)
    ksp->reason = ksp->normtype == KSP_NORM_NONE ? KSP_CONVERGED_ITS : KSP_DIVERGED_ITS;
  while (!ksp->reason) {
    if (!(s->beta > 0.0)) { /* nothing left to reduce, and the test does not look at norms */
      ksp->reason = KSP_CONVERGED_HAPPY_BREAKDOWN;
      break;
    }
    PetscCall(OneCycle(ksp, &best, &stalls));
    if (ksp->reason == KSP_DIVERGED_NANORINF || ksp->reason == KSP_DIVERGED_PC_FAILED) {
      s->base.fitted = PETSC_FALSE;
      break;
    }
    PetscCall(MaybeRefresh(ksp, begun));
    if (ksp->reason) break;
    if (s->since_fit >= FIT_AFTER || stalls) PetscCall(KSPGCRODRFit(ksp, PETSC_TRUE));
    PetscCall(Project(ksp));
  }
  s->base.counts.iterations = ksp->its;
  PetscFunctionReturn(0);
}
