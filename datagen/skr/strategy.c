#include "datagen/skr/strategy.h"

#include "datagen/skr/fastelliptic.h"
#include "datagen/skr/gcrodr.h"

#define NAME(code, name, help) name,
#define HELP(code, name, help) help,
const char *const fh_strategy_names[] = {FH_STRATEGY_OPEN_LIST(NAME) FH_STRATEGY_SINGLE_LIST(NAME)
                                             NULL};
const char *const fh_strategy_choices[] = {"none", FH_STRATEGY_SINGLE_LIST(NAME) NULL};
static const char *const helps[] = {FH_STRATEGY_OPEN_LIST(HELP) FH_STRATEGY_SINGLE_LIST(HELP)};
#undef NAME
#undef HELP

/* beyond so many unknowns the factors of a matrix cost more than any iteration that converges */
enum { MOST_3D_DIRECT = 30000, MOST_2D_DIRECT = 4000000 };

const char *fh_strategy_help(fh_strategy strategy)
{
  return helps[strategy];
}

/* ---- what fits ----------------------------------------------------------------------------------- */

static bool is_known_ksp(const char *type)
{
  PetscErrorCode (*create)(KSP) = NULL;
  return !PetscFunctionListFind(KSPList, type, &create) && create;
}

static const char *unfit_direct(const fh_sequence_hint *h, int ranks)
{
  const ptrdiff_t most = h->dim == 3 ? MOST_3D_DIRECT : MOST_2D_DIRECT;
#if !defined(PETSC_HAVE_MUMPS)
  if (ranks > 1) return "PETSc was built without MUMPS, which factors on several ranks";
#else
  (void)ranks;
#endif
  return h->unknowns > most ? "factors of so many unknowns are out of proportion" : NULL;
}

static const char *unfit_definite(const fh_sequence_hint *h)
{
  return h->symmetric && h->positive_definite ? NULL : "needs a symmetric positive definite matrix";
}

bool fh_strategy_is_batched(fh_strategy s)
{
  return s == FH_STRATEGY_BATCHED_MULTIGRID || s == FH_STRATEGY_CONSTANT;
}

static const char *unfit_batched(const fh_sequence_hint *h, int ranks)
{
  if (ranks > 1) return "needs one rank a sample";
  if (!h->stencil) return "needs a problem on a box that gives its systems as stencils";
  return unfit_definite(h);
}

static const char *unfit_constant(const fh_sequence_hint *h, int ranks)
{
  if (ranks > 1) return "needs one rank a sample";
  if (h->judged) return "the problem looks at every solution by itself";
  return h->constant ? NULL : "needs a matrix that is the same for every sample";
}

const char *fh_strategy_unfit(fh_strategy strategy, const fh_sequence_hint *h, int ranks)
{
  const char *why = NULL;
  switch (strategy) {
  case FH_STRATEGY_CHOLESKY:
    why = unfit_definite(h);
    return why ? why : unfit_direct(h, ranks);
  case FH_STRATEGY_LU:
  case FH_STRATEGY_FROZEN:
    return unfit_direct(h, ranks);
  case FH_STRATEGY_CG_ICC:
  case FH_STRATEGY_CG_GAMG:
    return unfit_definite(h);
  case FH_STRATEGY_CG_BOOMERAMG:
#if !defined(PETSC_HAVE_HYPRE)
    return "PETSc was built without hypre";
#else
    return unfit_definite(h);
#endif
  case FH_STRATEGY_RCG_ICC:
    why = unfit_definite(h);
    return why ? why : is_known_ksp("rcg") ? NULL : "there is no KSP type rcg in this program";
  case FH_STRATEGY_FASTELLIPTIC:
    return h->box ? NULL : "needs a problem on a box that describes its grid";
  case FH_STRATEGY_BATCHED_MULTIGRID:
    return unfit_batched(h, ranks);
  case FH_STRATEGY_CONSTANT:
    return unfit_constant(h, ranks);
  default:
    return NULL;
  }
}

/* ---- types --------------------------------------------------------------------------------------- */

static PetscErrorCode direct(PC pc, PCType type, int ranks)
{
  PetscFunctionBeginUser;
  PetscCall(PCSetType(pc, type));
#if defined(PETSC_HAVE_MUMPS)
  if (ranks > 1) PetscCall(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
#else
  (void)ranks;
#endif
  PetscFunctionReturn(0);
}

/* on several ranks: on every rank's block, which is what block Jacobi takes by default */
static PetscErrorCode incomplete(PC pc, PCType type, int ranks)
{
  PetscFunctionBeginUser;
  PetscCall(PCSetType(pc, ranks == 1 ? type : PCBJACOBI));
  PetscFunctionReturn(0);
}

/* A direct solver inside CG or GMRES, which costs one product and refines if it must; over several
   ranks, multigrid scales where a factorisation would not - for definite matrices. In 3-D a factor costs
   more than CG with ICC(0). */
static PetscErrorCode choose_manual(const fh_sequence_hint *h, int ranks, KSP ksp, PC pc)
{
  PetscBool named = PETSC_FALSE;
  PetscFunctionBeginUser;
  PetscCall(KSPSetType(ksp, h->positive_definite ? KSPCG : KSPGMRES));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-pc_type", &named));
  if (named) PetscFunctionReturn(0);
  if (ranks == 1 && h->positive_definite && h->dim == 3) {
    PetscCall(PCSetType(pc, PCICC));
  } else if (ranks == 1) {
    PetscCall(PCSetType(pc, h->positive_definite ? PCCHOLESKY : PCLU));
  } else if (h->positive_definite) {
    PetscCall(PCSetType(pc, PCGAMG));
#if defined(PETSC_HAVE_MUMPS)
  } else {
    PetscCall(direct(pc, PCLU, ranks));
#endif
  }
  PetscFunctionReturn(0);
}

/* Wang et al., ICLR 2024: -ksp_gmres_restart 40, -ksp_hpddm_recycle 20, left preconditioning, one pass
   of Gram-Schmidt, and that solver's choice of vectors */
static PetscErrorCode choose_skr(const fh_sequence_hint *h, int ranks, KSP ksp, PC pc)
{
  enum { RESTART = 40, RECYCLE = 20 };
  PetscFunctionBeginUser;
  PetscCall(KSPRecycleRegister());
  PetscCall(KSPSetType(ksp, KSPGCRODR));
  PetscCall(KSPGCRODRSetRestart(ksp, RESTART));
  PetscCall(KSPGCRODRSetRecycle(ksp, RECYCLE));
  PetscCall(KSPGCRODRSetRitz(ksp, KSP_GCRODR_RITZ_PUBLISHED));
  PetscCall(KSPGMRESSetCGSRefinementType(ksp, KSP_GMRES_CGS_REFINE_NEVER));
  PetscCall(KSPSetPCSide(ksp, PC_LEFT));
  PetscCall(incomplete(pc, h->symmetric && h->positive_definite ? PCICC : PCILU, ranks));
  PetscFunctionReturn(0);
}

static PetscErrorCode choose_fastelliptic(const fh_sequence_hint *h, KSP ksp, PC pc)
{
  enum { RESTART = 100 };
  PetscFunctionBeginUser;
  if (h->symmetric && h->positive_definite) {
    PetscCall(KSPSetType(ksp, KSPCG));
  } else {
    PetscCall(KSPSetType(ksp, KSPGMRES));
    PetscCall(KSPGMRESSetRestart(ksp, RESTART));
    PetscCall(KSPSetPCSide(ksp, PC_RIGHT));
  }
  PetscCall(PCSetType(pc, FHPCFASTELLIPTIC));
  PetscFunctionReturn(0);
}

static PetscErrorCode choose_single(fh_strategy strategy, const fh_sequence_hint *h, int ranks,
                                    KSP ksp, PC pc)
{
  const bool definite = h->symmetric && h->positive_definite;
  PetscFunctionBeginUser;
  switch (strategy) {
  case FH_STRATEGY_CHOLESKY:
    PetscCall(KSPSetType(ksp, KSPCG));
    PetscCall(direct(pc, PCCHOLESKY, ranks));
    break;
  case FH_STRATEGY_LU:
    PetscCall(KSPSetType(ksp, KSPGMRES));
    PetscCall(direct(pc, PCLU, ranks));
    break;
  case FH_STRATEGY_FROZEN:
    PetscCall(KSPSetType(ksp, definite ? KSPCG : KSPGMRES));
    if (!definite) PetscCall(KSPSetPCSide(ksp, PC_RIGHT));
    PetscCall(direct(pc, definite ? PCCHOLESKY : PCLU, ranks));
    break;
  case FH_STRATEGY_CG_ICC:
    PetscCall(KSPSetType(ksp, KSPCG));
    PetscCall(incomplete(pc, PCICC, ranks));
    break;
  case FH_STRATEGY_CG_GAMG:
    PetscCall(KSPSetType(ksp, KSPCG));
    PetscCall(PCSetType(pc, PCGAMG));
    break;
  case FH_STRATEGY_CG_BOOMERAMG:
    PetscCall(KSPSetType(ksp, KSPCG));
    PetscCall(PCSetType(pc, PCHYPRE));
    break;
  case FH_STRATEGY_RCG_ICC:
    PetscCall(KSPSetType(ksp, "rcg"));
    PetscCall(incomplete(pc, PCICC, ranks));
    break;
  case FH_STRATEGY_BCGS_ILU:
    PetscCall(KSPSetType(ksp, KSPBCGS));
    PetscCall(KSPSetPCSide(ksp, PC_RIGHT));
    PetscCall(incomplete(pc, PCILU, ranks));
    break;
  default:
    PetscCall(choose_fastelliptic(h, ksp, pc));
  }
  PetscFunctionReturn(0);
}

PetscErrorCode fh_strategy_apply(fh_strategy strategy, const fh_sequence_hint *h, int ranks,
                                 KSP ksp)
{
  PC pc = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
  if (strategy == FH_STRATEGY_MANUAL) {
    PetscCall(choose_manual(h, ranks, ksp, pc));
  } else if (strategy == FH_STRATEGY_SKR) {
    PetscCall(choose_skr(h, ranks, ksp, pc));
  } else {
    PetscCall(choose_single(strategy, h, ranks, ksp, pc));
  }
  PetscFunctionReturn(0);
}
