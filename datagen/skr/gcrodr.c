/* The type: construction, options, view. */
#include "datagen/skr/gcrodr_impl.h"

static const char *const ritz_names[] = {"exact", "published", "KSPGCRODRRitz", "KSP_GCRODR_RITZ_",
                                         NULL};

static PetscErrorCode FreeBlocks(KSP_GCRODR *s)
{
  PetscFunctionBegin;
  PetscCall(PetscFree4(s->W, s->base.U, s->H, s->R));
  PetscCall(PetscFree7(s->B, s->cosine, s->sine, s->g, s->y, s->base.dots, s->correction));
  s->base.C = s->base.dual = NULL;
  PetscCall(PetscFree(s->Z));
  PetscCall(PetscFree(s->drift));
  PetscCall(KSPRecycleLayoutFree(&s->base));
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

  PetscFunctionBegin;
  PetscCall(KSPRecycleLayout(ksp));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->r));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->t));
  const size_t ld = (size_t)s->base.ld, small = (size_t)((m + 1) * m);
  PetscCall(PetscCalloc4(ld * (size_t)(m + 1), &s->W, ld * (size_t)room, &s->base.U, small, &s->H,
                         small, &s->R));
  PetscCall(PetscCalloc7(small, &s->B, m + 1, &s->cosine, m + 1, &s->sine, m + 1, &s->g,
                         2 * (m + 1), &s->y, m + 2, &s->base.dots, m + 2, &s->correction));
  PetscCall(PetscCalloc1(m + 1, &s->drift));
  if (ksp->pc_side == PC_RIGHT) PetscCall(PetscCalloc1(ld * (size_t)(m + 1), &s->Z));
  s->base.C = s->base.dual = s->W;
  s->m = m;
  s->k = k;
  s->base.room = room;
  PetscFunctionReturn(0);
}

/* the numbers that fit the options, in one sentence if they do not */
static PetscErrorCode Sizes(KSP ksp, PetscInt *m, PetscInt *k)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  *m = s->restart;
  *k = s->base.recycle == PETSC_DEFAULT ? s->restart / 2 : s->base.recycle;
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
  Vec *U = NULL;

  PetscFunctionBegin;
  PetscCall(Sizes(ksp, &m, &k));
  room = s->ritz == KSP_GCRODR_RITZ_EXACT && k ? PetscMin(k + 1, m - 1) : k;
  if (s->m == m && s->k == k && s->base.room == room && !s->Z == !right) PetscFunctionReturn(0);
  if (s->m && s->base.npending < 0) PetscCall(KSPRecycleGetSpace(ksp, &kept, &U));
  PetscCall(FreeBlocks(s));
  s->base.kk = 0;
  PetscCall(NewBlocks(ksp, m, k));
  if (kept) { /* by the way that the user's vectors take */
    if (room) PetscCall(KSPRecycleSetSpace(ksp, PetscMin(kept, room), U));
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
  PetscCall(KSPRecycleDropPending(&s->base));
  PetscCall(FreeBlocks(s));
  s->base.kk = 0;
  s->base.fitted = s->images = PETSC_FALSE;
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
  PetscInt restart = s->restart;
  PetscBool flexible = s->flexible;
  KSPGMRESCGSRefinementType refinement = s->refinement;
  KSPGCRODRRitz ritz = s->ritz;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "KSP GCRO-DR options");
  PetscCall(PetscOptionsInt("-ksp_gmres_restart", "Vectors in a cycle, if the next is not given",
                            "KSPGCRODRSetRestart", restart, &restart, NULL));
  PetscCall(PetscOptionsInt("-ksp_gcrodr_restart", "Vectors in a cycle, recycled ones included",
                            "KSPGCRODRSetRestart", restart, &restart, NULL));
  PetscCall(KSPRecycleSetFromOptions(ksp, KSPGCRODR, PetscOptionsObject));
  PetscCall(PetscOptionsBool("-ksp_gcrodr_flexible", "The preconditioner may change in a solve",
                             "KSPGCRODRSetFlexible", flexible, &flexible, NULL));
  PetscCall(PetscOptionsEnum("-ksp_gcrodr_ritz", "Which vectors are recycled", "KSPGCRODRSetRitz",
                             ritz_names, (PetscEnum)ritz, (PetscEnum *)&ritz, NULL));
  PetscCall(PetscOptionsEnum("-ksp_gcrodr_cgs_refinement_type", "Second pass of Gram-Schmidt", "",
                             KSPGMRESCGSRefinementTypes, (PetscEnum)refinement,
                             (PetscEnum *)&refinement, NULL));
  PetscOptionsHeadEnd();
  PetscCall(KSPGCRODRSetRestart(ksp, restart));
  if (flexible != s->flexible) PetscCall(KSPGCRODRSetFlexible(ksp, flexible));
  PetscCall(KSPGCRODRSetRitz(ksp, ritz));
  s->refinement = refinement;
  PetscFunctionReturn(0);
}

static PetscErrorCode View_GCRODR(KSP ksp, PetscViewer viewer)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;
  const PetscInt k = s->base.recycle == PETSC_DEFAULT ? s->restart / 2 : s->base.recycle;
  PetscBool ascii;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(
      viewer,
      "  cycles of %" PetscInt_FMT " vectors, %" PetscInt_FMT " recycled%s, %s Ritz vectors\n",
      s->restart, k, s->base.fresh ? " within a solve only" : "", ritz_names[s->ritz]));
  if (s->base.refresh)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "  space refreshed every %" PetscInt_FMT
                                     " cycles, and in the first %" PetscInt_FMT "\n",
                                     s->base.refresh, s->base.eager));
  else
    PetscCall(PetscViewerASCIIPrintf(viewer, "  space frozen once it is there\n"));
  PetscCall(PetscViewerASCIIPrintf(viewer, "  orthogonalization: classical Gram-Schmidt, %s%s\n",
                                   KSPGMRESCGSRefinementTypes[s->refinement],
                                   s->flexible ? "; flexible" : ""));
  PetscCall(PetscViewerASCIIPrintf(
      viewer,
      "  space of %" PetscInt_FMT " vectors; last solve: %" PetscInt_FMT
      " iterations, %" PetscInt_FMT " products with A, %" PetscInt_FMT
      " preconditioner applications\n",
      s->base.npending >= 0 ? s->base.npending : s->base.kk, s->base.counts.iterations,
      s->base.counts.operators, s->base.counts.preconditioners));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy_GCRODR(KSP ksp)
{
  PetscFunctionBegin;
  PetscCall(Reset_GCRODR(ksp));
  PetscCall(KSPRecycleCompose(ksp, PETSC_FALSE));
  PetscCall(KSPGCRODRComposeOptions(ksp, PETSC_FALSE));
  PetscCall(KSPDestroyDefault(ksp));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleCreate_GCRODR(KSP ksp)
{
  KSP_GCRODR *s;

  PetscFunctionBegin;
  PetscCall(PetscNew(&s));
  s->restart = 40;
  KSPRecycleInit(&s->base);
  s->base.image = KSPGCRODRImage;
  s->base.refresh = 1;
  s->base.eager = 3;
  s->refinement = KSP_GMRES_CGS_REFINE_ALWAYS;
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
  PetscCall(KSPRecycleCompose(ksp, PETSC_TRUE));
  PetscCall(KSPGCRODRComposeOptions(ksp, PETSC_TRUE));
  PetscFunctionReturn(0);
}
