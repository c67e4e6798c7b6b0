/* The type: construction, options, view. */
#include "datagen/skr/gcrodr_impl.h"

static const char *const ritz_names[] = {"exact", "published", "KSPGCRODRRitz", "KSP_GCRODR_RITZ_",
                                         NULL};

static PetscErrorCode FreeBlocks(KSP_GCRODR *s)
{
  PetscFunctionBegin;
  PetscCall(PetscFree4(s->W, s->U, s->H, s->R));
  PetscCall(PetscFree7(s->B, s->cosine, s->sine, s->g, s->y, s->dots, s->correction));
  PetscCall(PetscFree(s->Z));
  PetscCall(PetscFree(s->drift));
  PetscCall(VecDestroy(&s->in));
  PetscCall(VecDestroy(&s->out));
  PetscCall(VecDestroy(&s->side));
  PetscCall(VecDestroy(&s->r));
  PetscCall(VecDestroy(&s->t));
  PetscCall(VecDestroy(&s->solution));
  s->m = 0;
  PetscFunctionReturn(0);
}

static PetscErrorCode NewBlocks(KSP ksp, PetscInt m, PetscInt k)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt room = s->ritz == KSP_GCRODR_RITZ_EXACT && k ? PetscMin(k + 1, m - 1) : k;
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(ksp->vec_sol, &s->in));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->out));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->side));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->r));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->t));
  PetscCall(VecGetLocalSize(s->r, &n));
  PetscCall(PetscBLASIntCast(n, &s->n));
  s->ld = PetscMax(1, s->n);
  const size_t ld = (size_t)s->ld, small = (size_t)((m + 1) * m);
  PetscCall(PetscCalloc4(ld * (size_t)(m + 1), &s->W, ld * (size_t)room, &s->U, small, &s->H, small,
                         &s->R));
  PetscCall(PetscCalloc7(small, &s->B, m + 1, &s->cosine, m + 1, &s->sine, m + 1, &s->g,
                         2 * (m + 1), &s->y, m + 2, &s->dots, m + 2, &s->correction));
  PetscCall(PetscCalloc1(m + 1, &s->drift));
  if (ksp->pc_side == PC_RIGHT) PetscCall(PetscCalloc1(ld * (size_t)(m + 1), &s->Z));
  s->m = m;
  s->k = k;
  s->room = room;
  PetscFunctionReturn(0);
}

/* the numbers that fit the options, in one sentence if they do not */
static PetscErrorCode Sizes(KSP ksp, PetscInt *m, PetscInt *k)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  *m = s->restart;
  *k = s->recycle == PETSC_DEFAULT ? s->restart / 2 : s->recycle;
  PetscCheck(*k < *m, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "%" PetscInt_FMT " recycled vectors leave no room in cycles of %" PetscInt_FMT
             ": raise -ksp_gcrodr_restart above -ksp_gcrodr_recycle",
             *k, *m);
  PetscCheck(!s->flexible || ksp->pc_side == PC_RIGHT, PetscObjectComm((PetscObject)ksp),
             PETSC_ERR_ARG_INCOMP,
             "-ksp_gcrodr_flexible preconditions from the right: drop -ksp_pc_side left");
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRAllocate(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBool right = (PetscBool)(ksp->pc_side == PC_RIGHT);
  PetscInt m, k, room, kept = 0;
  PetscBool plain;
  Vec *U = NULL;

  PetscFunctionBegin;
  PetscCall(Sizes(ksp, &m, &k));
  room = s->ritz == KSP_GCRODR_RITZ_EXACT && k ? PetscMin(k + 1, m - 1) : k;
  if (s->m == m && s->k == k && s->room == room && !s->Z == !right) PetscFunctionReturn(0);
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ksp->vec_sol, &plain, VECSEQ, VECMPI,
                                      VECSTANDARD, ""));
  PetscCheck(plain, PetscObjectComm((PetscObject)ksp), PETSC_ERR_SUP,
             "gcrodr works on vectors in main memory, not on type %s: use -vec_type standard",
             ((PetscObject)ksp->vec_sol)->type_name);
  if (s->m && s->npending < 0) PetscCall(KSPGCRODRGetSpace(ksp, &kept, &U));
  PetscCall(FreeBlocks(s));
  s->kk = 0;
  PetscCall(NewBlocks(ksp, m, k));
  if (kept) { /* by the way that the user's vectors take */
    if (room) PetscCall(KSPGCRODRSetSpace(ksp, PetscMin(kept, room), U));
    PetscCall(VecDestroyVecs(kept, &U));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUp_GCRODR(KSP ksp)
{
  PetscInt m, k;

  PetscFunctionBegin;
  PetscCall(Sizes(ksp, &m, &k)); /* blocks wait for the solution's layout */
  PetscFunctionReturn(0);
}

static PetscErrorCode Reset_GCRODR(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  PetscCall(KSPGCRODRDropPending(s));
  PetscCall(FreeBlocks(s));
  s->kk = 0;
  s->fitted = s->images = PETSC_FALSE;
  PetscFunctionReturn(0);
}

static PetscErrorCode BuildSolution_GCRODR(KSP ksp, Vec given, Vec *result)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  Vec x = given;

  PetscFunctionBegin;
  if (!x && !s->running) {
    *result = ksp->vec_sol;
    PetscFunctionReturn(0);
  }
  if (!x) {
    if (!s->solution) PetscCall(VecDuplicate(ksp->vec_sol, &s->solution));
    x = s->solution;
  }
  PetscCall(VecCopy(ksp->vec_sol, x));
  if (s->running) PetscCall(KSPGCRODRUpdate(ksp, s->steps, x));
  if (result) *result = x;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetFromOptions_GCRODR(KSP ksp, PetscOptionItems *PetscOptionsObject)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscInt restart = s->restart, recycle = s->recycle, every = s->refresh, eager = s->eager;
  PetscBool fresh = s->fresh, flexible = s->flexible, set;
  KSPGMRESCGSRefinementType refinement = s->refinement;
  KSPGCRODRRitz ritz = s->ritz;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "KSP GCRO-DR options");
  PetscCall(PetscOptionsInt("-ksp_gmres_restart", "Vectors in a cycle, if the next is not given",
                            "KSPGCRODRSetRestart", restart, &restart, NULL));
  PetscCall(PetscOptionsInt("-ksp_gcrodr_restart", "Vectors in a cycle, recycled ones included",
                            "KSPGCRODRSetRestart", restart, &restart, NULL));
  PetscCall(PetscOptionsInt("-ksp_gcrodr_recycle", "Recycled vectors (default: half the restart)",
                            "KSPGCRODRSetRecycle", recycle, &recycle, &set));
  PetscCall(PetscOptionsInt("-ksp_gcrodr_refresh",
                            "Cycles between refreshes of the space, 0: frozen",
                            "KSPGCRODRSetRefresh", every, &every, NULL));
  PetscCall(PetscOptionsInt("-ksp_gcrodr_refresh_eager", "First cycles that refresh anyway",
                            "KSPGCRODRSetRefresh", eager, &eager, NULL));
  PetscCall(PetscOptionsBool("-ksp_gcrodr_fresh", "Forget the space before every solve",
                             "KSPGCRODRSetFresh", fresh, &fresh, NULL));
  PetscCall(PetscOptionsBool("-ksp_gcrodr_flexible", "The preconditioner may change in a solve",
                             "KSPGCRODRSetFlexible", flexible, &flexible, NULL));
  PetscCall(PetscOptionsEnum("-ksp_gcrodr_ritz", "Which vectors are recycled", "KSPGCRODRSetRitz",
                             ritz_names, (PetscEnum)ritz, (PetscEnum *)&ritz, NULL));
  PetscCall(PetscOptionsEnum("-ksp_gcrodr_cgs_refinement_type", "Second pass of Gram-Schmidt", "",
                             KSPGMRESCGSRefinementTypes, (PetscEnum)refinement,
                             (PetscEnum *)&refinement, NULL));
  PetscCall(PetscOptionsReal("-ksp_gcrodr_check", "Error if C'C = I or B U = C is off by more", "",
                             s->check, &s->check, NULL));
  PetscOptionsHeadEnd();
  PetscCall(KSPGCRODRSetRestart(ksp, restart));
  if (set) PetscCall(KSPGCRODRSetRecycle(ksp, recycle));
  PetscCall(KSPGCRODRSetRefresh(ksp, every, eager));
  PetscCall(KSPGCRODRSetFresh(ksp, fresh));
  if (flexible != s->flexible) PetscCall(KSPGCRODRSetFlexible(ksp, flexible));
  PetscCall(KSPGCRODRSetRitz(ksp, ritz));
  s->refinement = refinement;
  PetscFunctionReturn(0);
}

static PetscErrorCode View_GCRODR(KSP ksp, PetscViewer viewer)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;
  const PetscInt k = s->recycle == PETSC_DEFAULT ? s->restart / 2 : s->recycle;
  PetscBool ascii;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(
      viewer,
      "  cycles of %" PetscInt_FMT " vectors, %" PetscInt_FMT " recycled%s, %s Ritz vectors\n",
      s->restart, k, s->fresh ? " within a solve only" : "", ritz_names[s->ritz]));
  if (s->refresh)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "  space refreshed every %" PetscInt_FMT
                                     " cycles, and in the first %" PetscInt_FMT "\n",
                                     s->refresh, s->eager));
  else
    PetscCall(PetscViewerASCIIPrintf(viewer, "  space frozen once it is there\n"));
  PetscCall(PetscViewerASCIIPrintf(viewer, "  orthogonalization: classical Gram-Schmidt, %s%s\n",
                                   KSPGMRESCGSRefinementTypes[s->refinement],
                                   s->flexible ? "; flexible" : ""));
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  space of %" PetscInt_FMT
                                   " vectors; last solve: %" PetscInt_FMT
                                   " iterations, %" PetscInt_FMT " products with A, %" PetscInt_FMT
                                   " preconditioner applications\n",
                                   s->npending >= 0 ? s->npending : s->kk, s->counts.iterations,
                                   s->counts.operators, s->counts.preconditioners));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy_GCRODR(KSP ksp)
{
  PetscFunctionBegin;
  PetscCall(Reset_GCRODR(ksp));
  PetscCall(KSPGCRODRComposeSpace(ksp, PETSC_FALSE));
  PetscCall(KSPGCRODRComposeOptions(ksp, PETSC_FALSE));
  PetscCall(KSPDestroyDefault(ksp));
  PetscFunctionReturn(0);
}

static PetscErrorCode Create_GCRODR(KSP ksp)
{
  KSP_GCRODR *s;

  PetscFunctionBegin;
  PetscCall(PetscNew(&s));
  s->restart = 40;
  s->recycle = PETSC_DEFAULT;
  s->refresh = 1;
  s->eager = 3;
  s->refinement = KSP_GMRES_CGS_REFINE_ALWAYS;
  s->npending = -1;
  ksp->data = s;
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_PRECONDITIONED, PC_LEFT, 4));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_UNPRECONDITIONED, PC_RIGHT, 3));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_UNPRECONDITIONED, PC_LEFT, 2));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_NONE, PC_LEFT, 1));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_NONE, PC_RIGHT, 1));
  ksp->ops->setup = SetUp_GCRODR;
  ksp->ops->solve = KSPSolve_GCRODR;
  ksp->ops->reset = Reset_GCRODR;
  ksp->ops->destroy = Destroy_GCRODR;
  ksp->ops->view = View_GCRODR;
  ksp->ops->setfromoptions = SetFromOptions_GCRODR;
  ksp->ops->buildsolution = BuildSolution_GCRODR;
  ksp->ops->buildresidual = KSPBuildResidualDefault;
  PetscCall(KSPGCRODRComposeSpace(ksp, PETSC_TRUE));
  PetscCall(KSPGCRODRComposeOptions(ksp, PETSC_TRUE));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRRegister(void)
{
  PetscFunctionBegin;
  PetscCall(KSPInitializePackage());
  PetscCall(KSPRegister(KSPGCRODR, Create_GCRODR));
  PetscFunctionReturn(0);
}
