/* The types rcg and rminres: construction, options, view. */
#include "datagen/skr/deflated_impl.h"

enum { DEFAULT_RECYCLE = 20, SPARE = 3 }; /* columns that a window needs beyond the recycled ones */

static PetscErrorCode FreeBlocks(KSP_DEFLATED *s)
{
  KSPDeflatedWindow *w = &s->w;

  PetscFunctionBegin;
  if (s->minres) PetscCall(PetscFree(s->base.dual));
  PetscCall(PetscFree3(s->base.U, s->base.C, w->X));
  PetscCall(PetscFree7(w->K, w->F, w->O, w->last, w->low, w->high, s->N));
  PetscCall(PetscFree6(s->base.dots, s->xi, s->b, s->b_old, s->kappa, s->kappa_old));
  PetscCall(KSPRecycleLayoutFree(&s->base));
  PetscCall(VecDestroy(&s->r));
  PetscCall(VecDestroy(&s->z));
  for (int i = 0; i < KSP_DEFLATED_RMINRES_VECTORS; i++) PetscCall(VecDestroy(s->work + i));
  PetscCall(VecDestroy(&s->solution));
  s->base.dual = NULL;
  s->k = -1;
  PetscFunctionReturn(0);
}

static PetscErrorCode NewBlocks(KSP ksp, PetscInt k, PetscInt room)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPDeflatedWindow *w = &s->w;
  const int vectors = s->minres ? KSP_DEFLATED_RMINRES_VECTORS : KSP_DEFLATED_RCG_VECTORS;

  PetscFunctionBegin;
  PetscCall(KSPRecycleLayout(ksp));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->r));
  PetscCall(VecDuplicate(ksp->vec_sol, &s->z));
  for (int i = 0; i < vectors; i++) PetscCall(VecDuplicate(ksp->vec_sol, s->work + i));
  const size_t ld = (size_t)s->base.ld;
  PetscCall(PetscCalloc3(ld * (size_t)k, &s->base.U, ld * (size_t)k, &s->base.C, ld * (size_t)room,
                         &w->X));
  s->base.dual = s->base.U;
  if (s->minres) PetscCall(PetscCalloc1(ld * (size_t)k, &s->base.dual));
  PetscCall(PetscCalloc7(k * room, &w->K, room * room, &w->F, room * room, &w->O, room, &w->last,
                         room, &w->low, room, &w->high, k * k, &s->N));
  PetscCall(PetscCalloc6(k + 2, &s->base.dots, k, &s->xi, k, &s->b, k, &s->b_old, k, &s->kappa, k,
                         &s->kappa_old));
  w->room = room;
  s->base.room = s->k = k;
  s->asked = s->window;
  PetscFunctionReturn(0);
}

static PetscErrorCode Sizes(KSP ksp, PetscInt *k, PetscInt *room)
{
  const KSP_DEFLATED *s = (const KSP_DEFLATED *)ksp->data;

  PetscFunctionBegin;
  *k = s->base.recycle == PETSC_DEFAULT ? DEFAULT_RECYCLE : s->base.recycle;
  if (s->base.fresh) *k = 0;
  *room = s->window == PETSC_DEFAULT ? PetscMax(4 * *k, *k + SPARE) : s->window;
  if (!*k) *room = 0;
  PetscCheck(!*k || *room >= *k + SPARE, PetscObjectComm((PetscObject)ksp),
             PETSC_ERR_ARG_OUTOFRANGE,
             "%" PetscInt_FMT " recycled vectors need a window of at least %" PetscInt_FMT
             " columns, not %" PetscInt_FMT ": raise -ksp_%s_window",
             *k, *k + SPARE, *room, ((PetscObject)ksp)->type_name);
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedAllocate(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscInt k, room, kept = 0;
  Vec *U = NULL;

  PetscFunctionBegin;
  PetscCall(Sizes(ksp, &k, &room));
  if (s->k == k && s->w.room == room && s->asked == s->window) PetscFunctionReturn(0);
  if (s->k > 0 && s->base.npending < 0) PetscCall(KSPRecycleGetSpace(ksp, &kept, &U));
  PetscCall(FreeBlocks(s));
  s->base.kk = 0;
  PetscCall(NewBlocks(ksp, k, room));
  if (kept) { /* by the way that the user's vectors take */
    if (k) PetscCall(KSPRecycleSetSpace(ksp, PetscMin(kept, k), U));
    PetscCall(VecDestroyVecs(kept, &U));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUp_Deflated(KSP ksp)
{
  PetscInt k, room;

  PetscFunctionBegin;
  PetscCall(Sizes(ksp, &k, &room)); /* blocks wait for the solution's layout */
  PetscFunctionReturn(0);
}

static PetscErrorCode Reset_Deflated(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;

  PetscFunctionBegin;
  PetscCall(KSPRecycleDropPending(&s->base));
  PetscCall(FreeBlocks(s));
  s->base.kk = 0;
  s->base.fitted = s->known = PETSC_FALSE;
  PetscFunctionReturn(0);
}

static PetscErrorCode BuildSolution_Deflated(KSP ksp, Vec given, Vec *result)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscScalar *x;
  Vec v = given;

  PetscFunctionBegin;
  if (!v && !(s->running && s->base.kk)) {
    *result = ksp->vec_sol;
    PetscFunctionReturn(0);
  }
  if (!v) {
    if (!s->solution) PetscCall(VecDuplicate(ksp->vec_sol, &s->solution));
    v = s->solution;
  }
  PetscCall(VecCopy(ksp->vec_sol, v));
  if (s->running) {
    PetscCall(VecGetArray(v, &x));
    PetscCall(KSPRecycleCombine(ksp, -1.0, s->base.U, s->base.kk, s->xi, x));
    PetscCall(VecRestoreArray(v, &x));
  }
  if (result) *result = v;
  PetscFunctionReturn(0);
}

static PetscErrorCode SetWindow_Deflated(KSP ksp, PetscInt columns)
{
  PetscFunctionBegin;
  PetscCheck(columns > 0 || columns == PETSC_DEFAULT, PetscObjectComm((PetscObject)ksp),
             PETSC_ERR_ARG_OUTOFRANGE, "-ksp_%s_window %" PetscInt_FMT " is less than one column",
             ((PetscObject)ksp)->type_name, columns);
  ((KSP_DEFLATED *)ksp->data)->window = columns;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedSetWindow(KSP ksp, PetscInt columns)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ksp, KSP_CLASSID, 1);
  PetscTryMethod(ksp, "KSPDeflatedSetWindow_C", (KSP, PetscInt), (ksp, columns));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetFromOptions_Deflated(KSP ksp, PetscOptionItems *PetscOptionsObject)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const char *type = s->minres ? KSPRMINRES : KSPRCG;
  PetscInt window = s->window;
  PetscBool set;
  char name[64];

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject,
                        s->minres ? "KSP recycled MINRES options" : "KSP recycled CG options");
  PetscCall(KSPRecycleSetFromOptions(ksp, type, PetscOptionsObject));
  PetscCall(PetscSNPrintf(name, sizeof name, "-ksp_%s_window", type));
  PetscCall(PetscOptionsInt(name,
                            "Columns from which vectors are extracted (default: 4 times those)",
                            "KSPDeflatedSetWindow", window, &window, &set));
  PetscOptionsHeadEnd();
  if (set) PetscCall(KSPDeflatedSetWindow(ksp, window));
  PetscFunctionReturn(0);
}

static PetscErrorCode View_Deflated(KSP ksp, PetscViewer viewer)
{
  const KSP_DEFLATED *s = (const KSP_DEFLATED *)ksp->data;
  const KSPRecycle *base = &s->base;
  PetscInt k, room;
  PetscBool ascii;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(0);
  PetscCall(Sizes(ksp, &k, &room));
  PetscCall(PetscViewerASCIIPrintf(
      viewer, "  %" PetscInt_FMT " recycled %s, from a window of %" PetscInt_FMT " columns\n", k,
      s->minres ? "harmonic Ritz vectors" : "Ritz vectors", room));
  if (base->refresh)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "  space refreshed every %" PetscInt_FMT
                                     " solves, and in the first %" PetscInt_FMT "\n",
                                     base->refresh, base->eager));
  else
    PetscCall(PetscViewerASCIIPrintf(viewer, "  space frozen once it is there\n"));
  PetscCall(PetscViewerASCIIPrintf(
      viewer,
      "  space of %" PetscInt_FMT " vectors; last solve: %" PetscInt_FMT
      " iterations, %" PetscInt_FMT " products with A, %" PetscInt_FMT
      " preconditioner applications\n",
      base->npending >= 0 ? base->npending : base->kk, base->counts.iterations,
      base->counts.operators, base->counts.preconditioners));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy_Deflated(KSP ksp)
{
  PetscFunctionBegin;
  PetscCall(Reset_Deflated(ksp));
  PetscCall(KSPRecycleCompose(ksp, PETSC_FALSE));
  PetscCall(PetscObjectComposeFunction((PetscObject)ksp, "KSPDeflatedSetWindow_C", NULL));
  PetscCall(KSPDestroyDefault(ksp));
  PetscFunctionReturn(0);
}

static PetscErrorCode Create(KSP ksp, PetscBool minres)
{
  KSP_DEFLATED *s;

  PetscFunctionBegin;
  PetscCall(PetscNew(&s));
  ksp->data = s;
  KSPRecycleInit(&s->base);
  s->base.image = KSPRecycleApplyOperator;
  s->base.refresh = 4;
  s->base.eager = 3;
  s->minres = minres;
  s->window = PETSC_DEFAULT;
  s->k = -1;
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_PRECONDITIONED, PC_LEFT, 3));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_UNPRECONDITIONED, PC_LEFT, 2));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_NATURAL, PC_LEFT, 2));
  PetscCall(KSPSetSupportedNorm(ksp, KSP_NORM_NONE, PC_LEFT, 1));
  ksp->ops->setup = SetUp_Deflated;
  ksp->ops->solve = KSPSolve_Deflated;
  ksp->ops->reset = Reset_Deflated;
  ksp->ops->destroy = Destroy_Deflated;
  ksp->ops->view = View_Deflated;
  ksp->ops->setfromoptions = SetFromOptions_Deflated;
  ksp->ops->buildsolution = BuildSolution_Deflated;
  ksp->ops->buildresidual = KSPBuildResidualDefault;
  PetscCall(KSPRecycleCompose(ksp, PETSC_TRUE));
  PetscCall(
      PetscObjectComposeFunction((PetscObject)ksp, "KSPDeflatedSetWindow_C", SetWindow_Deflated));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleCreate_RCG(KSP ksp)
{
  PetscFunctionBegin;
  PetscCall(Create(ksp, PETSC_FALSE));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleCreate_RMINRES(KSP ksp)
{
  PetscFunctionBegin;
  PetscCall(Create(ksp, PETSC_TRUE));
  PetscFunctionReturn(0);
}
