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

PetscErrorCode KSPGCRODRComposeOptions(KSP ksp, PetscBool on)
{
  PetscObject o = (PetscObject)ksp;

  PetscFunctionBegin;
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetRestart_C", on ? SetRestart_GCRODR : NULL));
  PetscCall(
      PetscObjectComposeFunction(o, "KSPGCRODRSetFlexible_C", on ? SetFlexible_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetRitz_C", on ? SetRitz_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGMRESSetCGSRefinementType_C",
                                       on ? SetRefinement_GCRODR : NULL));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRSetRestart(KSP ksp, PetscInt restart)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPGCRODRSetRestart_C", (KSP, PetscInt), (ksp, restart));
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
