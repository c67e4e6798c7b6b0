/* The public calls, which do nothing on a KSP of another type, as PETSc has it. */
#include "datagen/skr/gcrodr_impl.h"

static PetscErrorCode SetRestart_GCRODR(KSP ksp, PetscInt restart)
{
  PetscFunctionBegin;
  PetscCheck(restart >= 1, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "-ksp_gcrodr_restart %" PetscInt_FMT " is less than one vector", restart);
  ((KSP_GCRODR *)ksp->data)->restart = restart;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRecycle_GCRODR(KSP ksp, PetscInt recycle)
{
  PetscFunctionBegin;
  PetscCheck(recycle >= 0 || recycle == PETSC_DEFAULT, PetscObjectComm((PetscObject)ksp),
             PETSC_ERR_ARG_OUTOFRANGE, "-ksp_gcrodr_recycle %" PetscInt_FMT " is negative",
             recycle);
  ((KSP_GCRODR *)ksp->data)->recycle = recycle;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRefresh_GCRODR(KSP ksp, PetscInt every, PetscInt eager)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  PetscCheck(every >= 0 && eager >= 0, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "-ksp_gcrodr_refresh %" PetscInt_FMT " or -ksp_gcrodr_refresh_eager %" PetscInt_FMT
             " is negative",
             every, eager);
  s->refresh = every;
  s->eager = eager;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetFresh_GCRODR(KSP ksp, PetscBool fresh)
{
  PetscFunctionBegin;
  ((KSP_GCRODR *)ksp->data)->fresh = fresh;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetFlexible_GCRODR(KSP ksp, PetscBool flexible)
{
  PetscFunctionBegin;
  ((KSP_GCRODR *)ksp->data)->flexible = flexible;
  if (flexible && ksp->pc_side_set == PC_SIDE_DEFAULT) PetscCall(KSPSetPCSide(ksp, PC_RIGHT));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRitz_GCRODR(KSP ksp, KSPGCRODRRitz ritz)
{
  PetscFunctionBegin;
  ((KSP_GCRODR *)ksp->data)->ritz = ritz;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRefinement_GCRODR(KSP ksp, KSPGMRESCGSRefinementType refinement)
{
  PetscFunctionBegin;
  ((KSP_GCRODR *)ksp->data)->refinement = refinement;
  PetscFunctionReturn(0);
}

static PetscErrorCode GetCounts_GCRODR(KSP ksp, KSPGCRODRCounts *counts)
{
  PetscFunctionBegin;
  *counts = ((KSP_GCRODR *)ksp->data)->counts;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRComposeOptions(KSP ksp, PetscBool on)
{
  PetscObject o = (PetscObject)ksp;

  PetscFunctionBegin;
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetRestart_C", on ? SetRestart_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetRecycle_C", on ? SetRecycle_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetRefresh_C", on ? SetRefresh_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetFresh_C", on ? SetFresh_GCRODR : NULL));
  PetscCall(
      PetscObjectComposeFunction(o, "KSPGCRODRSetFlexible_C", on ? SetFlexible_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetRitz_C", on ? SetRitz_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGMRESSetCGSRefinementType_C",
                                       on ? SetRefinement_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRGetCounts_C", on ? GetCounts_GCRODR : NULL));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetRestart(KSP ksp, PetscInt restart)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetRestart_C", (KSP, PetscInt), (ksp, restart));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetRecycle(KSP ksp, PetscInt recycle)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetRecycle_C", (KSP, PetscInt), (ksp, recycle));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetRefresh(KSP ksp, PetscInt every, PetscInt eager)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetRefresh_C", (KSP, PetscInt, PetscInt), (ksp, every, eager));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetFresh(KSP ksp, PetscBool fresh)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetFresh_C", (KSP, PetscBool), (ksp, fresh));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetFlexible(KSP ksp, PetscBool flexible)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetFlexible_C", (KSP, PetscBool), (ksp, flexible));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetRitz(KSP ksp, KSPGCRODRRitz ritz)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetRitz_C", (KSP, KSPGCRODRRitz), (ksp, ritz));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetSpace(KSP ksp, PetscInt n, Vec U[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetSpace_C", (KSP, PetscInt, Vec[]), (ksp, n, U));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRGetSpace(KSP ksp, PetscInt *n, Vec *U[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscUseMethod(ksp, "KSPGCRODRGetSpace_C", (KSP, PetscInt *, Vec **), (ksp, n, U));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRGetCounts(KSP ksp, KSPGCRODRCounts *counts)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscUseMethod(ksp, "KSPGCRODRGetCounts_C", (KSP, KSPGCRODRCounts *), (ksp, counts));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRGetDefect(KSP ksp, PetscReal *orthogonality, PetscReal *relation,
                                  PetscReal *noise)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscUseMethod(ksp, "KSPGCRODRGetDefect_C", (KSP, PetscReal *, PetscReal *, PetscReal *),
                 (ksp, orthogonality, relation, noise));
  PetscFunctionReturn(0);
}
