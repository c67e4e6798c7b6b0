/* What gcrodr, rcg and rminres do at the edges: nothing to solve, the answer already there, breakdown, bad input, more
   processes than rows. */
#include "rig.h"

static PetscErrorCode NothingToDo(void)
{
  RigSetup s;
  PetscReal norm;
  KSPConvergedReason reason;

  PetscFunctionBegin;
  PetscCall(RigOpen(SYMMETRIC, 16, 6, &s));
  PetscCall(KSPSetInitialGuessNonzero(s.ksp, PETSC_TRUE));
  PetscCall(VecCopy(s.exact, s.x));
  PetscCall(RigExpectSolve(&s, "initial guess = solution", 0, 1));
  PetscCall(KSPSetInitialGuessNonzero(s.ksp, PETSC_FALSE));
  for (int with_space = 0; with_space < 2; with_space++) {
    Vec zero;
    PetscCall(VecDuplicate(s.b, &zero));
    PetscCall(VecSet(s.x, 3.0));
    PetscCall(KSPSolve(s.ksp, zero, s.x));
    PetscCall(VecNorm(s.x, NORM_2, &norm));
    PetscCall(KSPGetConvergedReason(s.ksp, &reason));
    PetscCall(RigExpect((PetscBool)(reason > 0 && norm == 0.0),
                        "zero right-hand side: reason %d, |x| %g", (int)reason, (double)norm));
    PetscCall(VecDestroy(&zero));
    PetscCall(RigExpectSolve(&s, "after it", 1, 200));
  }
  PetscCall(KSPRecycleSetSpace(s.ksp, 1, &s.exact));
  PetscCall(RigExpectSolve(&s, "solution in the space", 0, 0));
  Vec twice[3] = {s.b, s.exact, s.b}; /* a dependent vector is dropped */
  PetscCall(KSPRecycleSetSpace(s.ksp, 3, twice));
  PetscCall(RigExpectSolve(&s, "solution in a dependent space", 0, 0));
  Vec close; /* nearly dependent ones are told apart, and B U = C holds all the same */
  PetscCall(VecDuplicate(s.b, &close));
  PetscCall(VecWAXPY(close, 1e-9, s.b, s.exact));
  twice[0] = close;
  PetscCall(KSPRecycleSetSpace(s.ksp, 2, twice));
  PetscCall(RigExpectSolve(&s, "solution in a nearly dependent space", 0, 0));
  PetscCall(VecDestroy(&close));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* operators with few eigenvalues: the Krylov space ends before the cycle does */
static PetscErrorCode EarlyEnd(void)
{
  for (PetscInt distinct = 1; distinct <= 3; distinct++) {
    RigSetup s;
    PetscInt first, last;
    PetscFunctionBegin;
    PetscCall(RigOpen(SYMMETRIC, 16, 6, &s));
    PC pc;
    PetscCall(KSPGetPC(s.ksp, &pc));
    PetscCall(PCSetType(pc, PCNONE));
    PetscCall(MatZeroEntries(s.A));
    PetscCall(MatGetOwnershipRange(s.A, &first, &last));
    for (PetscInt i = first; i < last; i++)
      PetscCall(MatSetValue(s.A, i, i, 1.0 + (PetscReal)(i % distinct), INSERT_VALUES));
    PetscCall(MatAssemblyBegin(s.A, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(s.A, MAT_FINAL_ASSEMBLY));
    PetscCall(VecDestroy(&s.exact));
    PetscCall(RigDirect(s.A, s.b, &s.exact));
    PetscCall(RigExpectSolve(&s, "few eigenvalues", distinct, distinct));
    PetscCall(RigExpectSolve(&s, "few eigenvalues, space found", 0, 0));
    PetscCall(RigClose(&s));
  }
  PetscFunctionReturn(0);
}

/* no solution, not a number, more digits than there are: an end with a reason, and no harm to the space */
static PetscErrorCode Hopeless(void)
{
  RigSetup s;
  KSPConvergedReason reason;
  PetscInt its;
  PC pc;
  Vec bad;

  PetscFunctionBegin;
  PetscCall(RigOpen(RigOurs(), 16, 6, &s));
  PetscCall(RigExpectSolve(&s, "before the bad ones", 1, 300));
  PetscCall(VecDuplicate(s.b, &bad));
  PetscCall(VecSet(bad, (PetscScalar)NAN));
  PetscCall(KSPSolve(s.ksp, bad, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(RigExpect((PetscBool)(reason == KSP_DIVERGED_NANORINF), "NaN: reason %d", (int)reason));
  PetscCall(RigExpectSolve(&s, "after NaN", 0, 300));
  PetscCall(KSPSetTolerances(s.ksp, 1e-30, 1e-300, PETSC_DEFAULT, 1000));
  PetscCall(KSPSolve(s.ksp, s.b, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(KSPGetIterationNumber(s.ksp, &its));
  PetscCall(RigExpect((PetscBool)(reason < 0 && its <= 1000),
                      "rtol 1e-30: reason %d, %d iterations", (int)reason, (int)its));
  PetscCall(KSPSetTolerances(s.ksp, 1e-9, 1e-50, PETSC_DEFAULT, 1000));
  PetscCall(RigExpectSolve(&s, "after rtol 1e-30", 0, 300));
  PetscCall(KSPGetPC(s.ksp, &pc));
  PetscCall(PCSetType(pc, PCNONE));
  PetscCall(MatZeroEntries(s.A));
  PetscCall(KSPSolve(s.ksp, s.b, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(RigExpect((PetscBool)(reason < 0), "A = 0: reason %d", (int)reason));
  PetscCall(VecDestroy(&bad));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* the solve must fail with this code; its sentence must name the remedy */
static PetscErrorCode Refused(const char *options, PetscInt vectors, const char *remedy)
{
  RigSetup s;
  PetscErrorCode error;
  char *text = NULL;
  Vec U[16];

  PetscFunctionBegin;
  PetscCall(RigOpen(SYMMETRIC, 16, 6, &s));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(KSPSetFromOptions(s.ksp));
  for (PetscInt i = 0; i < vectors; i++) U[i] = s.b;
  if (vectors) PetscCall(KSPRecycleSetSpace(s.ksp, vectors, U));
  FH_PETSC_QUIET(error, KSPSolve(s.ksp, s.b, s.x));
  (void)PetscErrorMessage((int)error, NULL, &text);
  PetscCall(RigExpect((PetscBool)(error && text && strstr(text, remedy)),
                      "%s: error %d, \"%s\" does not say \"%s\"", options, (int)error,
                      text ? text : "", remedy));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* inside a cycle the iterate of the moment is built: its residual is what is monitored */
static PetscErrorCode Watch(KSP ksp, PetscInt it, PetscReal norm, void *context)
{
  PetscReal truth;
  Vec r;

  PetscFunctionBegin;
  (void)context;
  PetscCall(KSPBuildResidual(ksp, NULL, NULL, &r));
  PetscCall(VecNorm(r, NORM_2, &truth));
  PetscCall(VecDestroy(&r));
  PetscCall(RigExpect((PetscBool)(PetscAbsReal(truth - norm) <= 1e-9 * norm + 1e-10),
                      "iteration %d: monitored %g, residual %g", (int)it, (double)norm,
                      (double)truth));
  PetscFunctionReturn(0);
}

static PetscErrorCode Monitored(void)
{
  RigSetup s;

  PetscFunctionBegin;
  PetscCall(RigOpen(RigOurs(), 16, 6, &s));
  if (!strcmp(rig_type, KSPGCRODR)) PetscCall(KSPSetPCSide(s.ksp, PC_RIGHT));
  PetscCall(KSPSetNormType(s.ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(KSPMonitorSet(s.ksp, Watch, NULL, NULL));
  PetscCall(RigExpectSolve(&s, "watched", 20, 300));
  PetscCall(RigExpectSolve(&s, "watched, recycled", 1, 300));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* KSPSolveTranspose(), and the way back: a space made for A' is fitted to A */
static PetscErrorCode Transposed(PCSide side)
{
  RigSetup s;
  Mat T;
  PetscReal residual;
  KSPConvergedReason reason;

  PetscFunctionBegin;
  PetscCall(RigOpen(NONSYMMETRIC, 16, 6, &s));
  PetscCall(KSPSetPCSide(s.ksp, side));
  PetscCall(MatTranspose(s.A, MAT_INITIAL_MATRIX, &T));
  PetscCall(KSPSolveTranspose(s.ksp, s.b, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(RigResidual(T, s.b, s.x, &residual));
  PetscCall(RigExpect((PetscBool)(reason > 0 && residual <= 1e-7),
                      "transposed: reason %d, residual %g", (int)reason, (double)residual));
  PetscCall(RigExpectSolve(&s, "after the transposed", 1, 300));
  PetscCall(MatDestroy(&T));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* restart beyond the size of the system; processes without rows */
static PetscErrorCode Tiny(void)
{
  Mat A;
  Vec b, x, direct;
  KSP ksp;
  PetscReal distance;

  PetscFunctionBegin;
  for (int side = PC_LEFT; side <= (strcmp(rig_type, KSPGCRODR) ? PC_LEFT : PC_RIGHT); side++) {
    PetscCall(
        MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 3, 3, 3, NULL, 3, NULL, &A));
    PetscInt first, last;
    PetscCall(MatGetOwnershipRange(A, &first, &last));
    for (PetscInt i = first; i < last; i++)
      for (PetscInt j = 0; j < 3; j++)
        PetscCall(MatSetValue(
            A, i, j,
            i == j ? 3.0 : (PetscReal)(RigOurs() == NONSYMMETRIC ? j - 2 * i : i + j) / 4.0,
            INSERT_VALUES));
    PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
    PetscCall(RigSolver(rig_type, 40, 20, 1e-10, &ksp));
    PetscCall(KSPSetPCSide(ksp, (PCSide)side));
    PetscCall(KSPSetOperators(ksp, A, A));
    for (PetscInt step = 0; step < 3; step++) {
      PetscCall(RigRhs(A, step, &b));
      PetscCall(VecDuplicate(b, &x));
      PetscCall(KSPSolve(ksp, b, x));
      PetscCall(RigDirect(A, b, &direct));
      PetscCall(RigDistance(x, direct, &distance));
      PetscCall(RigExpect((PetscBool)(distance <= 1e-8), "3 unknowns, step %d: error %g", (int)step,
                          (double)distance));
      PetscCall(VecDestroy(&b));
      PetscCall(VecDestroy(&x));
      PetscCall(VecDestroy(&direct));
    }
    PetscCall(KSPDestroy(&ksp));
    PetscCall(MatDestroy(&A));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *const types[] = {KSPRCG, KSPRMINRES, KSPGCRODR};

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(KSPRecycleRegister());
  for (int i = 0; i < 3; i++) {
    rig_type = types[i];
    PetscCall(NothingToDo());
    PetscCall(EarlyEnd());
    PetscCall(Hopeless());
    PetscCall(Monitored());
    PetscCall(Tiny());
  }
  PetscCall(Transposed(PC_LEFT));
  PetscCall(Transposed(PC_RIGHT));
  PetscCall(Refused("-ksp_gcrodr_recycle 16", 0, "raise -ksp_gcrodr_restart above"));
  PetscCall(Refused("-ksp_gcrodr_recycle 40 -ksp_gmres_restart 20", 0, "leave no room"));
  PetscCall(Refused("-ksp_gcrodr_flexible -ksp_pc_side left", 0, "drop -ksp_pc_side left"));
  PetscCall(Refused("-ksp_gcrodr_recycle 4", 9, "give fewer"));
  rig_type = KSPRCG;
  PetscCall(Refused("-ksp_rcg_recycle 14", 0, "raise -ksp_rcg_window"));
  PetscCall(Refused("-ksp_rcg_recycle 4", 9, "raise -ksp_rcg_recycle"));
  if (!rig_failures)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "gcrodr, rcg, rminres: corners hold\n"));
  PetscCall(PetscFinalize());
  return rig_failures != 0;
}
