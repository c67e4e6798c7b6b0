/* The life of the space in gcrodr, rcg and rminres: handed over, frozen, resized, fitted when the matrix changed and
   not otherwise; and whether what is counted is what was done. */
#include "rig.h"

typedef struct {
  Mat A;
  PC inner;
  PetscInt operators, preconditioners;
} Counted;

static PetscErrorCode CountedMult(Mat shell, Vec x, Vec y)
{
  Counted *c;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(shell, &c));
  c->operators++;
  PetscCall(MatMult(c->A, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode CountedApply(PC pc, Vec x, Vec y)
{
  Counted *c;

  PetscFunctionBegin;
  PetscCall(PCShellGetContext(pc, &c));
  c->preconditioners++;
  PetscCall(VecCopy(x, y));
  PetscCall(VecScale(y, 0.5));
  PetscFunctionReturn(0);
}

/* counts are what was done; an unchanged matrix costs no fitting, another Mat does */
static PetscErrorCode Counts(PCSide side)
{
  RigSetup s;
  Counted c = {NULL, NULL, 0, 0};
  KSPRecycleCounts counts;
  const PetscInt refreshed =
      strcmp(rig_type, KSPGCRODR) ? 1 : 0; /* needs its image again, gcrodr has it */
  Mat shell, other;
  PC pc;
  PetscInt n;
  char check[64];

  PetscFunctionBegin;
  PetscCall(RigOpen(SYMMETRIC, 16, 6, &s));
  c.A = s.A;
  PetscCall(MatGetLocalSize(s.A, &n, NULL));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, &c, &shell));
  PetscCall(MatShellSetOperation(shell, MATOP_MULT, (void (*)(void))CountedMult));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, &c, &other));
  PetscCall(MatShellSetOperation(other, MATOP_MULT, (void (*)(void))CountedMult));
  PetscCall(PetscSNPrintf(check, sizeof check, "-ksp_%s_check", rig_type));
  PetscCall(PetscOptionsSetValue(NULL, check, "0")); /* its products are not counted */
  PetscCall(KSPSetFromOptions(s.ksp));
  PetscCall(PetscOptionsClearValue(NULL, check));
  PetscCall(KSPGetPC(s.ksp, &pc));
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetContext(pc, &c));
  PetscCall(PCShellSetApply(pc, CountedApply));
  PetscCall(KSPSetPCSide(s.ksp, side));
  for (int step = 0; step < 3; step++) {
    const PetscInt fitted[3] = {0, refreshed, 1};
    PetscCall(KSPSetOperators(s.ksp, step < 2 ? shell : other, step < 2 ? shell : other));
    c.operators = c.preconditioners = 0;
    PetscCall(RigExpectSolve(&s, "counted", 1, 300));
    PetscCall(KSPRecycleGetCounts(s.ksp, &counts));
    PetscCall(RigExpect((PetscBool)(counts.operators == c.operators &&
                                    counts.preconditioners == c.preconditioners &&
                                    counts.adaptations == fitted[step]),
                        "%s, counts of solve %d: A %d, M %d, fits %d; done: A %d, M %d, fits %d",
                        rig_type, step, (int)counts.operators, (int)counts.preconditioners,
                        (int)counts.adaptations, (int)c.operators, (int)c.preconditioners,
                        (int)fitted[step]));
  }
  PetscCall(MatDestroy(&shell));
  PetscCall(MatDestroy(&other));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* a space taken from one solver and given to another does the same there; a frozen one stays */
static PetscErrorCode HandOver(void)
{
  RigSetup s;
  KSP second;
  Vec *U = NULL, *V = NULL, x;
  PetscInt n, n2, a, b;
  PetscReal distance;
  KSPRecycleCounts counts;

  PetscFunctionBegin;
  PetscCall(RigOpen(SYMMETRIC, 16, 6, &s));
  PetscCall(KSPRecycleGetSpace(s.ksp, &n, &U));
  PetscCall(RigExpect((PetscBool)(n == 0 && !U), "a space of %d before any solve", (int)n));
  PetscCall(RigExpectSolve(&s, "donor", 1, 300));
  PetscCall(KSPRecycleGetSpace(s.ksp, &n, &U));
  PetscCall(RigExpect((PetscBool)(n == 6), "%d vectors, asked for 6", (int)n));
  PetscCall(RigSolver(rig_type, 16, 6, 1e-9, &second));
  PetscCall(KSPRecycleSetRefresh(second, 0, 0));
  PetscCall(KSPSetOperators(second, s.A, s.A));
  PetscCall(KSPRecycleSetSpace(second, n, U));
  PetscCall(VecDuplicate(s.b, &x));
  PetscCall(KSPSolve(second, s.b, x));
  PetscCall(KSPGetIterationNumber(second, &a));
  PetscCall(KSPRecycleGetCounts(second, &counts));
  PetscCall(KSPRecycleGetSpace(second, &n2, &V));
  PetscCall(KSPSolve(second, s.b, x)); /* again: nothing to fit, nothing refreshed */
  PetscCall(KSPRecycleGetCounts(second, &counts));
  PetscCall(RigExpect((PetscBool)(counts.adaptations == 0), "%s: %d fits to an unchanged matrix",
                      rig_type, (int)counts.adaptations));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(KSPRecycleGetSpace(second, &n, &U));
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(RigDistance(U[i], V[i], &distance));
    PetscCall(RigExpect((PetscBool)(distance == 0.0), "frozen vector %d moved by %g", (int)i,
                        (double)distance));
  }
  PetscCall(KSPRecycleSetRefresh(s.ksp, 0, 0));
  PetscCall(RigExpectSolve(&s, "donor again", 1, 300));
  PetscCall(KSPGetIterationNumber(s.ksp, &b));
  PetscCall(RigExpect((PetscBool)(PetscAbsInt(a - b) <= 1 && counts.refreshes == 0 && n == n2),
                      "%d iterations with the space handed over, %d at home, %d refreshes", (int)a,
                      (int)b, (int)counts.refreshes));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(VecDestroyVecs(n2, &V));
  PetscCall(VecDestroy(&x));
  PetscCall(KSPDestroy(&second));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

/* sizes may change between solves; what fits of the space is kept */
static PetscErrorCode Resized(void)
{
  RigSetup s;
  PetscInt n, full;
  Vec *U;

  PetscFunctionBegin;
  PetscCall(RigOpen(SYMMETRIC, 16, 6, &s));
  PetscCall(RigExpectSolve(&s, "before", 1, 300));
  PetscCall(KSPGetIterationNumber(s.ksp, &full));
  PetscCall(KSPGCRODRSetRestart(s.ksp, 20));
  PetscCall(KSPDeflatedSetWindow(s.ksp, 20));
  PetscCall(KSPRecycleSetRecycle(s.ksp, 4));
  PetscCall(RigExpectSolve(&s, "another size", 1, full - 1));
  PetscCall(KSPRecycleGetSpace(s.ksp, &n, &U));
  PetscCall(RigExpect((PetscBool)(n == 4), "%d vectors after asking for 4", (int)n));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(KSPRecycleSetRecycle(s.ksp, 0));
  PetscCall(RigExpectSolve(&s, "no recycling", 1, 300));
  PetscCall(KSPReset(s.ksp));
  PetscCall(KSPSetOperators(s.ksp, s.A, s.A));
  PetscCall(KSPRecycleSetRecycle(s.ksp, 6));
  PetscCall(RigExpectSolve(&s, "after KSPReset", 1, 300));
  PetscCall(RigClose(&s));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *const types[] = {KSPRCG, KSPRMINRES, KSPGCRODR};

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(KSPRecycleRegister());
  for (int i = 0; i < 3; i++) {
    rig_type = types[i];
    PetscCall(Counts(PC_LEFT));
    PetscCall(HandOver());
    PetscCall(Resized());
  }
  PetscCall(Counts(PC_RIGHT));
  if (!rig_failures)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "gcrodr, rcg, rminres: spaces survive\n"));
  PetscCall(PetscFinalize());
  return rig_failures != 0;
}
