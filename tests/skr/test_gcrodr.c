/* gcrodr gives the answers of a direct solver, on every kind of matrix and side, in chains of systems
   and with a preconditioner that changes; -ksp_gcrodr_check 1e-10 watches C'C = I and B U = C. */
#include "rig.h"

enum { SIDE = 14, STEPS = 4 };

typedef struct {
  const char *name;
  PCSide side;
  KSPNormType norm;
  PetscBool flexible, fresh;
  KSPGCRODRRitz ritz;
  PetscInt refresh;
  PetscBool true_residual; /* the tolerance is one of ||b - A x|| */
} Variant;

static const Variant variants[] = {
    {"left", PC_LEFT, KSP_NORM_PRECONDITIONED, 0, 0, KSP_GCRODR_RITZ_EXACT, 1, 0},
    {"left published", PC_LEFT, KSP_NORM_PRECONDITIONED, 0, 0, KSP_GCRODR_RITZ_PUBLISHED, 1, 0},
    {"left true", PC_LEFT, KSP_NORM_UNPRECONDITIONED, 0, 0, KSP_GCRODR_RITZ_EXACT, 1, 1},
    {"left every third", PC_LEFT, KSP_NORM_PRECONDITIONED, 0, 0, KSP_GCRODR_RITZ_EXACT, 3, 0},
    {"left frozen", PC_LEFT, KSP_NORM_PRECONDITIONED, 0, 0, KSP_GCRODR_RITZ_EXACT, 0, 0},
    {"left fresh", PC_LEFT, KSP_NORM_PRECONDITIONED, 0, 1, KSP_GCRODR_RITZ_EXACT, 1, 0},
    {"right", PC_RIGHT, KSP_NORM_UNPRECONDITIONED, 0, 0, KSP_GCRODR_RITZ_EXACT, 1, 1},
    {"right fresh", PC_RIGHT, KSP_NORM_UNPRECONDITIONED, 0, 1, KSP_GCRODR_RITZ_EXACT, 1, 1},
    {"flexible", PC_RIGHT, KSP_NORM_UNPRECONDITIONED, 1, 0, KSP_GCRODR_RITZ_EXACT, 1, 1},
};

/* an inner GMRES of a few steps: another operator in every application */
static PetscErrorCode MakeFlexible(KSP ksp)
{
  PC pc;
  KSP inner;

  PetscFunctionBegin;
  PetscCall(KSPGCRODRSetFlexible(ksp, PETSC_TRUE));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCKSP));
  PetscCall(PCKSPGetKSP(pc, &inner));
  PetscCall(KSPSetType(inner, KSPGMRES));
  PetscCall(KSPSetTolerances(inner, 0.3, PETSC_DEFAULT, PETSC_DEFAULT, 4));
  PetscCall(KSPGetPC(inner, &pc));
  PetscCall(PCSetType(pc, PCJACOBI));
  PetscFunctionReturn(0);
}

static PetscErrorCode Chain(Kind kind, const Variant *v, PetscInt its[STEPS])
{
  KSP ksp;
  Mat A = NULL;
  Vec b, x, direct;
  PetscReal residual, distance;
  KSPConvergedReason reason;

  PetscFunctionBegin;
  PetscCall(RigSolver(KSPGCRODR, 18, 7, 1e-10, &ksp));
  PetscCall(KSPSetPCSide(ksp, v->side));
  PetscCall(KSPSetNormType(ksp, v->norm));
  PetscCall(KSPRecycleSetFresh(ksp, v->fresh));
  PetscCall(KSPGCRODRSetRitz(ksp, v->ritz));
  PetscCall(KSPRecycleSetRefresh(ksp, v->refresh, 1));
  if (v->flexible) PetscCall(MakeFlexible(ksp));
  for (PetscInt step = 0; step < STEPS; step++) {
    PetscCall(RigMatrix(kind, SIDE, step, &A));
    PetscCall(RigRhs(A, step, &b));
    PetscCall(VecDuplicate(b, &x));
    PetscCall(KSPSetOperators(ksp, A, A));
    PetscCall(KSPSolve(ksp, b, x));
    PetscCall(KSPGetConvergedReason(ksp, &reason));
    PetscCall(KSPGetIterationNumber(ksp, its + step));
    PetscCall(RigDirect(A, b, &direct));
    PetscCall(RigResidual(A, b, x, &residual));
    PetscCall(RigDistance(x, direct, &distance));
    PetscCall(RigExpect(
        reason > 0 && residual <= (v->true_residual ? 1e-10 : 1e-8) && distance <= 1e-6,
        "%s, %s, step %d: reason %d, %d iterations, residual %g, error %g", kind_names[kind],
        v->name, (int)step, (int)reason, (int)its[step], (double)residual, (double)distance));
    PetscCall(VecDestroy(&direct));
    PetscCall(VecDestroy(&x));
    PetscCall(VecDestroy(&b));
  }
  PetscCall(MatDestroy(&A));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

/* recycling pays on a chain of slowly changing symmetric systems: the reason to have it */
static PetscErrorCode RecyclingPays(PetscInt recycled[STEPS], PetscInt fresh[STEPS])
{
  PetscFunctionBegin;
  for (int step = 1; step < STEPS; step++)
    PetscCall(RigExpect((PetscBool)(recycled[step] < 0.8 * (PetscReal)fresh[step]),
                        "step %d: %d iterations recycled, %d fresh", step, (int)recycled[step],
                        (int)fresh[step]));
  PetscFunctionReturn(0);
}

/* without a space the method is GMRES(m): the same iterations as PETSc's */
static PetscErrorCode EqualsGmres(Kind kind)
{
  KSP ours, gmres;
  Mat A = NULL;
  Vec b, x;
  PC pc;
  PetscInt a, c;

  PetscFunctionBegin;
  PetscCall(RigMatrix(kind, SIDE, 0, &A));
  PetscCall(RigRhs(A, 0, &b));
  PetscCall(VecDuplicate(b, &x));
  PetscCall(RigSolver(KSPGCRODR, 15, 0, 1e-6, &ours));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &gmres));
  PetscCall(KSPSetType(gmres, KSPGMRES));
  PetscCall(KSPGMRESSetRestart(gmres, 15));
  PetscCall(KSPGMRESSetCGSRefinementType(gmres, KSP_GMRES_CGS_REFINE_ALWAYS));
  PetscCall(KSPSetTolerances(gmres, 1e-6, PETSC_DEFAULT, PETSC_DEFAULT, 2000));
  PetscCall(KSPGetPC(gmres, &pc));
  PetscCall(PCSetType(pc, PCJACOBI));
  PetscCall(KSPSetOperators(ours, A, A));
  PetscCall(KSPSetOperators(gmres, A, A));
  PetscCall(KSPSolve(ours, b, x));
  PetscCall(KSPSolve(gmres, b, x));
  PetscCall(KSPGetIterationNumber(ours, &a));
  PetscCall(KSPGetIterationNumber(gmres, &c));
  PetscCall(RigExpect((PetscBool)(PetscAbsInt(a - c) <= 1), "%s: %d iterations, GMRES(15) %d",
                      kind_names[kind], (int)a, (int)c));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(MatDestroy(&A));
  PetscCall(KSPDestroy(&ours));
  PetscCall(KSPDestroy(&gmres));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscInt its[sizeof variants / sizeof *variants][STEPS];

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(KSPRecycleRegister());
  for (int kind = KINDS - 1; kind >= 0; kind--) {
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++)
      PetscCall(Chain((Kind)kind, variants + v, its[v]));
    PetscCall(EqualsGmres(kind == INDEFINITE ? NONSYMMETRIC : (Kind)kind));
  }
  PetscCall(RecyclingPays(its[0], its[5])); /* of the symmetric chain, the last one run */
  PetscCall(RecyclingPays(its[6], its[7]));
  if (!rig_failures)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "gcrodr: answers as the direct solver\n"));
  PetscCall(PetscFinalize());
  return rig_failures != 0;
}
