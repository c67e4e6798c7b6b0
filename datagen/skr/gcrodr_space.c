/* The operator, and the space that fits it. */
#include "datagen/skr/gcrodr_impl.h"

PetscErrorCode KSPGCRODRApply(KSP ksp, PetscScalar *v, PetscScalar *z, PetscScalar *w)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscScalar *t;

  PetscFunctionBegin;
  if (z) { /* right: w = A M^-1 v */
    PetscCall(KSPRecyclePrecondition(ksp, v, z));
    PetscCall(KSPRecycleApplyOperator(ksp, z, w));
    PetscFunctionReturn(0);
  }
  PetscCall(VecGetArray(s->t, &t));
  PetscCall(KSPRecycleApplyOperator(ksp, v, t));
  PetscCall(KSPRecyclePrecondition(ksp, t, w));
  PetscCall(VecRestoreArray(s->t, &t));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRImage(KSP ksp, PetscScalar *u, PetscScalar *w)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  if (s->Z)
    PetscCall(KSPRecycleApplyOperator(ksp, u, w));
  else
    PetscCall(KSPGCRODRApply(ksp, u, NULL, w));
  PetscFunctionReturn(0);
}

/* what a space just fitted is off by: eps ||B|| ||u_i||, times what dividing by R amplified */
static PetscErrorCode StartDrift(KSP ksp, PetscReal spread)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBLASInt one = 1;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < s->base.kk; j++) {
    PetscScalar *u = KSPRecycleColumn(&s->base, s->base.U, j);
    s->drift[j] = s->base.n ? BLASdot_(&s->base.n, u, &one, u, &one) : 0.0;
  }
  if (s->base.kk) PetscCall(KSPRecycleSum(ksp, s->drift, s->base.kk));
  for (PetscInt j = 0; j < s->base.kk; j++)
    s->drift[j] = PETSC_MACHINE_EPSILON * s->base.width * PetscSqrtReal(s->drift[j]) * spread;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRRenew(KSP ksp, PetscInt j)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscScalar *c = KSPRecycleColumn(&s->base, s->W, j),
              *u = KSPRecycleColumn(&s->base, s->base.U, j);

  PetscFunctionBegin;
  PetscCall(KSPGCRODRImage(ksp, u, c));
  for (PetscInt pass = 0; pass < 2; pass++) {
    PetscCall(KSPRecycleDots(ksp, s->W, s->base.kk, c, s->base.dots));
    s->base.dots[j] = 0.0; /* all but itself */
    PetscCall(KSPRecycleCombine(ksp, -1.0, s->W, s->base.kk, s->base.dots, c));
    PetscCall(KSPRecycleCombine(ksp, -1.0, s->base.U, s->base.kk, s->base.dots, u));
  }
  PetscCall(KSPRecycleDots(ksp, s->W, 0, c, s->base.dots));
  if (s->base.dots[0] > 0.0)
    PetscCall(KSPRecycleScaleColumn(ksp, j, 1.0 / PetscSqrtReal(s->base.dots[0])));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRFit(KSP ksp, PetscBool force)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscReal spread;
  PetscBool changed, dropped;

  PetscFunctionBegin;
  PetscCall(KSPRecycleChanged(ksp, &changed));
  if (changed) s->images = PETSC_FALSE;
  if (!s->base.kk || (!changed && s->base.fitted && !force)) PetscFunctionReturn(0);
  PetscCall(KSPRecycleFit(ksp, NULL, &spread, &dropped));
  PetscCall(StartDrift(ksp, spread));
  s->images = PETSC_FALSE;
  s->since_fit = 0;
  PetscFunctionReturn(0);
}
