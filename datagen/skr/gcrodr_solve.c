/* The solve: fit the space, project, cycle until the recomputed residual passes. */
#include "datagen/skr/gcrodr_impl.h"

enum {
  FIT_AFTER = 50, /* refreshes let B U = C drift: recompute */
  STALLS = 3 /* cycles whose estimate passed, whose residual did not, and did not fall either */
};

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
    s->counts.operators++;
  }
  if (left) {
    PetscCall(KSP_PCApply(ksp, s->t, s->r));
    s->counts.preconditioners++;
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

/* x += U C'r, r -= C C'r: the best the space can do */
static PetscErrorCode Project(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscScalar *r, *x;

  PetscFunctionBegin;
  if (!s->kk) PetscFunctionReturn(0);
  PetscCall(VecGetArray(s->r, &r));
  PetscCall(KSPGCRODRDots(ksp, s->W, s->kk, r, s->dots));
  PetscCall(KSPGCRODRCombine(ksp, -1.0, s->W, s->kk, s->dots, r));
  PetscCall(VecRestoreArray(s->r, &r));
  PetscCall(VecGetArray(ksp->vec_sol, &x));
  PetscCall(KSPGCRODRCombine(ksp, 1.0, s->U, s->kk, s->dots, x));
  PetscCall(VecRestoreArray(ksp->vec_sol, &x));
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
  if (ksp->reason || !s->kk) PetscFunctionReturn(0);
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

static PetscErrorCode Check(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscReal orthogonality, relation, noise;

  PetscFunctionBegin;
  if (!(s->check > 0.0)) PetscFunctionReturn(0);
  PetscCall(KSPGCRODRGetDefect(ksp, &orthogonality, &relation, &noise));
  PetscCheck(orthogonality <= s->check && relation <= s->check + 8.0 * noise,
             PetscObjectComm((PetscObject)ksp), PETSC_ERR_PLIB,
             "after refresh %" PetscInt_FMT " max|C'C - I| = %g and max||B U - C|| = %g exceed %g",
             s->counts.refreshes, (double)orthogonality, (double)relation, (double)s->check);
  PetscFunctionReturn(0);
}

/* a space that was there (begun) is kept as it is if asked, or if the system gave less than a cycle */
static PetscErrorCode MaybeRefresh(KSP ksp, PetscBool begun)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt cycle = s->counts.cycles, every = s->refresh ? s->refresh : 1;
  const PetscInt seen = ksp->its + (ksp->reason ? 0 : 1);

  PetscFunctionBegin;
  if (!s->k || (begun && !s->refresh)) PetscFunctionReturn(0);
  if (s->kk && seen <= s->m - s->kk) PetscFunctionReturn(0);
  if (s->kk && !ksp->reason && cycle > s->eager && cycle % every) PetscFunctionReturn(0);
  PetscCall(KSPGCRODRRefresh(ksp));
  PetscCall(Check(ksp));
  PetscFunctionReturn(0);
}

/* the estimate passed and the residual did not: round-off. A few times without progress is the end */
static void CountStall(KSP ksp, PetscBool passed, PetscReal norm, PetscReal *best, PetscInt *stalls)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;

  if (ksp->reason) return;
  if (!passed && !s->breakdown) return;
  if (norm < 0.5 * *best) {
    *best = norm;
    *stalls = 0;
  } else if (++*stalls >= STALLS)
    ksp->reason = KSP_DIVERGED_BREAKDOWN;
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
  CountStall(ksp, (PetscBool)(guess > 0), norm, best, stalls);
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
  PetscCall(KSPGCRODRTakePending(ksp));
  if (s->fresh) s->kk = 0;
  PetscCall(PetscMemzero(&s->counts, sizeof s->counts));
  ksp->its = 0;
  ksp->reason = KSP_CONVERGED_ITERATING;
  const PetscBool begun = (PetscBool)(s->kk > 0);
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
      s->fitted = PETSC_FALSE;
      break;
    }
    PetscCall(MaybeRefresh(ksp, begun));
    if (ksp->reason) break;
    if (s->since_fit >= FIT_AFTER || stalls) PetscCall(KSPGCRODRFit(ksp, PETSC_TRUE));
    PetscCall(Project(ksp));
  }
  s->counts.iterations = ksp->its;
  PetscFunctionReturn(0);
}
