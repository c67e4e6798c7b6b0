/* What the recycling types have in common as PETSc objects: options, layout, public calls. */
#include "datagen/skr/recycle_impl.h"

enum {
  STALLS = 3
}; /* times that the estimate passed, the residual did not, and did not fall either */

void KSPRecycleInit(KSPRecycle *s)
{
  s->recycle = PETSC_DEFAULT;
  s->npending = -1;
}

PetscErrorCode KSPRecycleLayout(KSP ksp)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscBool plain;
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ksp->vec_sol, &plain, VECSEQ, VECMPI,
                                      VECSTANDARD, ""));
  PetscCheck(plain, PetscObjectComm((PetscObject)ksp), PETSC_ERR_SUP,
             "%s works on vectors in main memory, not on type %s: use -vec_type standard",
             ((PetscObject)ksp)->type_name, ((PetscObject)ksp->vec_sol)->type_name);
  PetscCall(VecDuplicate(ksp->vec_sol, &s->in));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->out));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->side));
  PetscCall(VecGetLocalSize(ksp->vec_sol, &n));
  PetscCall(PetscBLASIntCast(n, &s->n));
  s->ld = PetscMax(1, s->n);
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleLayoutFree(KSPRecycle *s)
{
  PetscFunctionBegin;
  PetscCall(VecDestroy(&s->in));
  PetscCall(VecDestroy(&s->out));
  PetscCall(VecDestroy(&s->side));
  PetscFunctionReturn(0);
}

/* the estimate passed and the residual did not: round-off. A few times without progress is the end */
void KSPRecycleStall(KSP ksp, PetscBool passed, PetscReal norm, PetscReal *best, PetscInt *stalls)
{
  if (ksp->reason || !passed) return;
  if (norm < 0.5 * *best) {
    *best = norm;
    *stalls = 0;
  } else if (++*stalls >= STALLS)
    ksp->reason = KSP_DIVERGED_BREAKDOWN;
}

/* ---- options --------------------------------------------------------------------------------------- */

/* "-ksp_rcg_recycle" from "rcg", "recycle" */
static PetscErrorCode Name(const char *type, const char *option, char name[64])
{
  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(name, 64, "-ksp_%s_%s", type, option));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleSetFromOptions(KSP ksp, const char *type,
                                        PetscOptionItems *PetscOptionsObject)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBool restarted = (PetscBool)!strcmp(type, KSPGCRODR);
  PetscInt recycle = s->recycle, every = s->refresh, eager = s->eager;
  PetscBool fresh = s->fresh, set;
  char name[64];

  PetscFunctionBegin;
  PetscCall(Name(type, "recycle", name));
  PetscCall(PetscOptionsInt(
      name, restarted ? "Recycled vectors (default: half the restart)" : "Recycled vectors",
      "KSPRecycleSetRecycle", recycle, &recycle, &set));
  if (set) PetscCall(KSPRecycleSetRecycle(ksp, recycle));
  PetscCall(Name(type, "refresh", name));
  PetscCall(PetscOptionsInt(name,
                            restarted ? "Cycles between refreshes of the space, 0: frozen"
                                      : "Solves between refreshes of the space, 0: frozen",
                            "KSPRecycleSetRefresh", every, &every, NULL));
  PetscCall(Name(type, "refresh_eager", name));
  PetscCall(PetscOptionsInt(
      name, restarted ? "First cycles that refresh anyway" : "First solves that refresh anyway",
      "KSPRecycleSetRefresh", eager, &eager, NULL));
  PetscCall(KSPRecycleSetRefresh(ksp, every, eager));
  PetscCall(Name(type, "fresh", name));
  PetscCall(PetscOptionsBool(name, "Forget the space before every solve", "KSPRecycleSetFresh",
                             fresh, &fresh, NULL));
  PetscCall(KSPRecycleSetFresh(ksp, fresh));
  PetscCall(Name(type, "check", name));
  PetscCall(PetscOptionsReal(name, "Error if the space does not fit its operator to this", "",
                             s->check, &s->check, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRecycle_Recycle(KSP ksp, PetscInt recycle)
{
  PetscFunctionBegin;
  PetscCheck(recycle >= 0 || recycle == PETSC_DEFAULT, PetscObjectComm((PetscObject)ksp),
             PETSC_ERR_ARG_OUTOFRANGE, "-ksp_%s_recycle %" PetscInt_FMT " is negative",
             ((PetscObject)ksp)->type_name, recycle);
  ((KSPRecycle *)ksp->data)->recycle = recycle;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRefresh_Recycle(KSP ksp, PetscInt every, PetscInt eager)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const char *type = ((PetscObject)ksp)->type_name;

  PetscFunctionBegin;
  PetscCheck(every >= 0 && eager >= 0, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "-ksp_%s_refresh %" PetscInt_FMT " or -ksp_%s_refresh_eager %" PetscInt_FMT
             " is negative",
             type, every, type, eager);
  s->refresh = every;
  s->eager = eager;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetFresh_Recycle(KSP ksp, PetscBool fresh)
{
  PetscFunctionBegin;
  ((KSPRecycle *)ksp->data)->fresh = fresh;
  PetscFunctionReturn(0);
}

static PetscErrorCode GetCounts_Recycle(KSP ksp, KSPRecycleCounts *counts)
{
  PetscFunctionBegin;
  *counts = ((KSPRecycle *)ksp->data)->counts;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleCompose(KSP ksp, PetscBool on)
{
  PetscObject o = (PetscObject)ksp;

  PetscFunctionBegin;
  PetscCall(
      PetscObjectComposeFunction(o, "KSPRecycleSetRecycle_C", on ? SetRecycle_Recycle : NULL));
  PetscCall(
      PetscObjectComposeFunction(o, "KSPRecycleSetRefresh_C", on ? SetRefresh_Recycle : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPRecycleSetFresh_C", on ? SetFresh_Recycle : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPRecycleGetCounts_C", on ? GetCounts_Recycle : NULL));
  PetscCall(KSPRecycleComposeSpace(ksp, on));
  PetscFunctionReturn(0);
}

/* ---- public calls ---------------------------------------------------------------------------------- */

PetscErrorCode KSPRecycleSetRecycle(KSP ksp, PetscInt recycle)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPRecycleSetRecycle_C", (KSP, PetscInt), (ksp, recycle));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleSetRefresh(KSP ksp, PetscInt every, PetscInt eager)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPRecycleSetRefresh_C", (KSP, PetscInt, PetscInt), (ksp, every, eager));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleSetFresh(KSP ksp, PetscBool fresh)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPRecycleSetFresh_C", (KSP, PetscBool), (ksp, fresh));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleSetSpace(KSP ksp, PetscInt n, Vec U[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPRecycleSetSpace_C", (KSP, PetscInt, Vec[]), (ksp, n, U));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleGetSpace(KSP ksp, PetscInt *n, Vec *U[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscUseMethod(ksp, "KSPRecycleGetSpace_C", (KSP, PetscInt *, Vec **), (ksp, n, U));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleGetCounts(KSP ksp, KSPRecycleCounts *counts)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscUseMethod(ksp, "KSPRecycleGetCounts_C", (KSP, KSPRecycleCounts *), (ksp, counts));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleGetDefect(KSP ksp, PetscReal *orthogonality, PetscReal *relation,
                                   PetscReal *noise)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscUseMethod(ksp, "KSPRecycleGetDefect_C", (KSP, PetscReal *, PetscReal *, PetscReal *),
                 (ksp, orthogonality, relation, noise));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleRegister(void)
{
  PetscFunctionBegin;
  PetscCall(KSPInitializePackage());
  PetscCall(KSPRegister(KSPGCRODR, KSPRecycleCreate_GCRODR));
  PetscCall(KSPRegister(KSPRCG, KSPRecycleCreate_RCG));
  PetscCall(KSPRegister(KSPRMINRES, KSPRecycleCreate_RMINRES));
  PetscFunctionReturn(0);
}
