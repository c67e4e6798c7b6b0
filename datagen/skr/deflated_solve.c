/* The solve of rcg and rminres: fit the space, project, iterate until the recomputed residual passes. */
#include "datagen/skr/deflated_impl.h"

PetscErrorCode KSPDeflatedDots(KSP ksp, Vec a, Vec b, Vec c, Vec d, PetscScalar sums[2])
{
  const KSPRecycle *s = (const KSPRecycle *)ksp->data;
  const PetscBLASInt one = 1;
  const Vec pairs[2][2] = {{a, b}, {c, d}};

  PetscFunctionBegin;
  sums[0] = sums[1] = 0.0;
  for (int i = 0; i < (c ? 2 : 1) && s->n; i++) {
    const PetscScalar *x, *y;
    PetscCall(VecGetArrayRead(pairs[i][0], &x));
    PetscCall(VecGetArrayRead(pairs[i][1], &y));
    sums[i] = BLASdot_(&s->n, x, &one, y, &one);
    PetscCall(VecRestoreArrayRead(pairs[i][1], &y));
    PetscCall(VecRestoreArrayRead(pairs[i][0], &x));
  }
  PetscCall(KSPRecycleSum(ksp, sums, c ? 2 : 1));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedTest(KSP ksp, PetscReal norm, KSPConvergedReason *reason)
{
  PetscFunctionBegin;
  KSPCheckNorm(ksp, norm);
  PetscCall(PetscObjectSAWsTakeAccess((PetscObject)ksp));
  ksp->its++;
  ksp->rnorm = norm;
  PetscCall(PetscObjectSAWsGrantAccess((PetscObject)ksp));
  PetscCall(KSPLogResidualHistory(ksp, norm));
  PetscCall(KSPMonitor(ksp, ksp->its, norm));
  PetscCall((*ksp->converged)(ksp, ksp->its, norm, reason, ksp->cnvP));
  PetscFunctionReturn(0);
}

/* the norm of r that is monitored */
static PetscErrorCode Norm(KSP ksp, PetscReal *norm)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const KSPNormType type = ksp->normtype;
  PetscScalar sums[2];

  PetscFunctionBegin;
  s->z_valid = (PetscBool)(type == KSP_NORM_PRECONDITIONED || type == KSP_NORM_NATURAL);
  if (s->z_valid) {
    PetscCall(KSP_PCApply(ksp, s->r, s->z));
    s->base.counts.preconditioners++;
  }
  Vec a = type == KSP_NORM_PRECONDITIONED ? s->z : s->r, b = s->z_valid ? s->z : s->r;
  PetscCall(KSPDeflatedDots(ksp, a, b, NULL, NULL, sums));
  *norm = PetscSqrtReal(PetscAbsReal(sums[0]));
  KSPCheckNorm(ksp, *norm);
  if (type == KSP_NORM_NONE) *norm = 0.0;
  ksp->rnorm = *norm;
  PetscFunctionReturn(0);
}

/* r = b - A x and its norm */
static PetscErrorCode Residual(KSP ksp, PetscBool zero_guess, PetscReal *norm)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  Mat A;

  PetscFunctionBegin;
  PetscCall(PCGetOperators(ksp->pc, &A, NULL));
  if (zero_guess)
    PetscCall(VecCopy(ksp->vec_rhs, s->r));
  else {
    PetscCall(KSP_MatMult(ksp, A, ksp->vec_sol, s->r));
    PetscCall(VecAYPX(s->r, -1.0, ksp->vec_rhs));
    s->base.counts.operators++;
  }
  PetscCall(Norm(ksp, norm));
  PetscFunctionReturn(0);
}

static PetscErrorCode Project(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;

  PetscFunctionBegin;
  if (!s->base.kk) PetscFunctionReturn(0);
  PetscCall(KSPRecycleProject(ksp, s->r, ksp->vec_sol));
  s->z_valid = PETSC_FALSE;
  PetscFunctionReturn(0);
}

static PetscErrorCode Fit(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscReal spread;
  PetscBool changed, dropped;
  PetscScalar *R;

  PetscFunctionBegin;
  PetscCall(KSPRecycleChanged(ksp, &changed));
  if (!s->base.kk || (!changed && s->base.fitted)) PetscFunctionReturn(0);
  PetscCall(PetscMalloc1(s->base.kk * s->base.kk, &R));
  PetscCall(KSPRecycleFit(ksp, R, &spread, &dropped));
  if (dropped) s->known = PETSC_FALSE;
  if (s->known) PetscCall(KSPDeflatedNormCarry(ksp, R));
  PetscCall(PetscFree(R));
  PetscCall(KSPRecycleCheck(ksp));
  PetscFunctionReturn(0);
}

/* the tolerance is relative to the right-hand side, not to what the projection leaves: the test sees
   the residual before it first */
static PetscErrorCode Begin(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscReal norm;

  PetscFunctionBegin;
  if (ksp->guess_zero) PetscCall(VecSet(ksp->vec_sol, 0.0));
  PetscCall(Residual(ksp, ksp->guess_zero, &norm));
  if (ksp->reason) PetscFunctionReturn(0);
  PetscCall(KSPLogResidualHistory(ksp, norm));
  PetscCall(KSPMonitor(ksp, 0, norm));
  PetscCall((*ksp->converged)(ksp, 0, norm, &ksp->reason, ksp->cnvP));
  if (ksp->reason || !s->base.kk) PetscFunctionReturn(0);
  PetscCall(Fit(ksp));
  PetscCall(Project(ksp));
  if (!s->base.kk || ksp->normtype == KSP_NORM_NONE || ksp->max_it < 1) PetscFunctionReturn(0);
  PetscCall(Norm(ksp, &norm));
  if (ksp->reason || norm > ksp->ttol) PetscFunctionReturn(0);
  PetscCall(Residual(ksp, PETSC_FALSE, &norm)); /* the solution is in the space */
  if (ksp->reason) PetscFunctionReturn(0);
  PetscCall((*ksp->converged)(ksp, 1, norm, &ksp->reason, ksp->cnvP));
  if (!ksp->reason) PetscCall(Project(ksp));
  PetscFunctionReturn(0);
}

/* the iteration, then the solution and its residual without the recurrence's errors */
static PetscErrorCode Run(KSP ksp, PetscReal *best, PetscInt *stalls)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPConvergedReason guess = KSP_CONVERGED_ITERATING;
  PetscScalar *x;
  PetscReal norm;

  PetscFunctionBegin;
  s->base.counts.cycles++;
  s->breakdown = PETSC_FALSE;
  s->running = PETSC_TRUE;
  PetscCall(PetscArrayzero(s->xi, s->base.kk));
  PetscCall(s->minres ? KSPDeflatedRunMINRES(ksp, &guess) : KSPDeflatedRunCG(ksp, &guess));
  s->running = PETSC_FALSE;
  s->w.open = PETSC_FALSE;
  PetscCall(VecGetArray(ksp->vec_sol, &x));
  PetscCall(KSPRecycleCombine(ksp, -1.0, s->base.U, s->base.kk, s->xi, x));
  PetscCall(VecRestoreArray(ksp->vec_sol, &x));
  if (ksp->reason) PetscFunctionReturn(0);
  PetscCall(Residual(ksp, PETSC_FALSE, &norm));
  if (ksp->reason) PetscFunctionReturn(0);
  if (ksp->normtype != KSP_NORM_NONE || guess > 0)
    PetscCall((*ksp->converged)(ksp, ksp->its, norm, &ksp->reason, ksp->cnvP));
  else if (s->breakdown && !guess) /* nothing left to reduce, and the test does not look at norms */
    ksp->reason = KSP_CONVERGED_HAPPY_BREAKDOWN;
  if (!ksp->reason && guess < 0) ksp->reason = guess;
  KSPRecycleStall(ksp, (PetscBool)(guess > 0 || s->breakdown), norm, best, stalls);
  if (!ksp->reason && ksp->its >= ksp->max_it)
    ksp->reason = ksp->normtype == KSP_NORM_NONE ? KSP_CONVERGED_ITS : KSP_DIVERGED_ITS;
  PetscFunctionReturn(0);
}

/* is this a solve that looks for better vectors? */
static PetscBool Refreshes(const KSP_DEFLATED *s)
{
  const KSPRecycle *base = &s->base;

  if (!s->k) return PETSC_FALSE;
  if (!base->kk) return PETSC_TRUE;
  if (!base->refresh) return PETSC_FALSE;
  return (PetscBool)(s->solves < base->eager || s->solves % base->refresh == 0);
}

PetscErrorCode KSPSolve_Deflated(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscReal best = PETSC_MAX_REAL;
  PetscInt stalls = 0;

  PetscFunctionBegin;
  PetscCall(KSPDeflatedAllocate(ksp));
  if (s->base.npending >= 0) s->known = PETSC_FALSE;
  PetscCall(KSPRecycleTakePending(ksp));
  if (!s->base.kk) s->solves = 0;
  PetscCall(PetscMemzero(&s->base.counts, sizeof s->base.counts));
  ksp->its = 0;
  ksp->reason = KSP_CONVERGED_ITERATING;
  s->w.open = PETSC_FALSE;
  if (!s->base.kk) PetscCall(Fit(ksp)); /* remembers the operator */
  PetscCall(Begin(ksp));
  if (!ksp->reason && ksp->max_it < 1)
    ksp->reason = ksp->normtype == KSP_NORM_NONE ? KSP_CONVERGED_ITS : KSP_DIVERGED_ITS;
  const PetscBool refresh = (PetscBool)(!ksp->reason && Refreshes(s));
  if (refresh) PetscCall(KSPDeflatedWindowOpen(ksp));
  while (!ksp->reason) {
    PetscCall(Run(ksp, &best, &stalls));
    if (!ksp->reason) PetscCall(Project(ksp));
  }
  if (ksp->reason == KSP_DIVERGED_NANORINF || ksp->reason == KSP_DIVERGED_PC_FAILED)
    s->base.fitted = PETSC_FALSE;
  else if (refresh)
    PetscCall(KSPDeflatedWindowHarvest(ksp));
  if (s->base.kk) s->solves++;
  s->base.counts.iterations = ksp->its;
  PetscFunctionReturn(0);
}
