/* What gcrodr, rcg and rminres do at the edges: nothing to solve, the answer already there, breakdown, bad input, more
   processes than rows, spaces handed over, and whether what it counts is what it did. */
#include "rig.h"

enum { SIDE = 12 };

static const char *type; /* under test */

/* matrices of its kind */
static Kind Ours(void)
{
  return !strcmp(type, KSPGCRODR) ? NONSYMMETRIC : !strcmp(type, KSPRCG) ? SYMMETRIC : INDEFINITE;
}

typedef struct {
  Mat A;
  Vec b, x, exact;
  KSP ksp;
} Setup;

static PetscErrorCode Open(Kind kind, PetscInt m, PetscInt k, Setup *s)
{
  PetscFunctionBegin;
  s->A = NULL;
  PetscCall(RigMatrix(kind, SIDE, 0, &s->A));
  PetscCall(RigRhs(s->A, 0, &s->b));
  PetscCall(VecDuplicate(s->b, &s->x));
  PetscCall(RigDirect(s->A, s->b, &s->exact));
  PetscCall(RigSolver(type, m, k, 1e-9, &s->ksp));
  PetscCall(KSPSetOperators(s->ksp, s->A, s->A));
  PetscFunctionReturn(0);
}

static PetscErrorCode Close(Setup *s)
{
  PetscFunctionBegin;
  PetscCall(KSPDestroy(&s->ksp));
  PetscCall(VecDestroy(&s->b));
  PetscCall(VecDestroy(&s->x));
  PetscCall(VecDestroy(&s->exact));
  PetscCall(MatDestroy(&s->A));
  PetscFunctionReturn(0);
}

/* solves; fails the test unless it converged in at most most iterations to the stored answer */
static PetscErrorCode Expect(Setup *s, const char *what, PetscInt least, PetscInt most)
{
  KSPConvergedReason reason;
  PetscReal distance;
  PetscInt its;

  PetscFunctionBegin;
  PetscCall(KSPSolve(s->ksp, s->b, s->x));
  PetscCall(KSPGetConvergedReason(s->ksp, &reason));
  PetscCall(KSPGetIterationNumber(s->ksp, &its));
  PetscCall(RigDistance(s->x, s->exact, &distance));
  PetscCall(RigExpect((PetscBool)(reason > 0 && its >= least && its <= most && distance <= 1e-6),
                      "%s, %s: reason %d, %d iterations, error %g", type, what, (int)reason,
                      (int)its, (double)distance));
  PetscFunctionReturn(0);
}

static PetscErrorCode NothingToDo(void)
{
  Setup s;
  PetscReal norm;
  KSPConvergedReason reason;

  PetscFunctionBegin;
  PetscCall(Open(SYMMETRIC, 16, 6, &s));
  PetscCall(KSPSetInitialGuessNonzero(s.ksp, PETSC_TRUE));
  PetscCall(VecCopy(s.exact, s.x));
  PetscCall(Expect(&s, "initial guess = solution", 0, 1));
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
    PetscCall(Expect(&s, "after it", 1, 200));
  }
  PetscCall(KSPRecycleSetSpace(s.ksp, 1, &s.exact));
  PetscCall(Expect(&s, "solution in the space", 0, 0));
  Vec twice[3] = {s.b, s.exact, s.b}; /* a dependent vector is dropped */
  PetscCall(KSPRecycleSetSpace(s.ksp, 3, twice));
  PetscCall(Expect(&s, "solution in a dependent space", 0, 0));
  PetscCall(Close(&s));
  PetscFunctionReturn(0);
}

/* operators with few eigenvalues: the Krylov space ends before the cycle does */
static PetscErrorCode EarlyEnd(void)
{
  for (PetscInt distinct = 1; distinct <= 3; distinct++) {
    Setup s;
    PetscInt first, last;
    PetscFunctionBegin;
    PetscCall(Open(SYMMETRIC, 16, 6, &s));
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
    PetscCall(Expect(&s, "few eigenvalues", distinct, distinct));
    PetscCall(Expect(&s, "few eigenvalues, space found", 0, 0));
    PetscCall(Close(&s));
  }
  PetscFunctionReturn(0);
}

/* no solution, not a number, more digits than there are: an end with a reason, and no harm to the space */
static PetscErrorCode Hopeless(void)
{
  Setup s;
  KSPConvergedReason reason;
  PetscInt its;
  PC pc;
  Vec bad;

  PetscFunctionBegin;
  PetscCall(Open(Ours(), 16, 6, &s));
  PetscCall(Expect(&s, "before the bad ones", 1, 300));
  PetscCall(VecDuplicate(s.b, &bad));
  PetscCall(VecSet(bad, (PetscScalar)NAN));
  PetscCall(KSPSolve(s.ksp, bad, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(RigExpect((PetscBool)(reason == KSP_DIVERGED_NANORINF), "NaN: reason %d", (int)reason));
  PetscCall(Expect(&s, "after NaN", 0, 300));
  PetscCall(KSPSetTolerances(s.ksp, 1e-30, 1e-300, PETSC_DEFAULT, 1000));
  PetscCall(KSPSolve(s.ksp, s.b, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(KSPGetIterationNumber(s.ksp, &its));
  PetscCall(RigExpect((PetscBool)(reason < 0 && its <= 1000),
                      "rtol 1e-30: reason %d, %d iterations", (int)reason, (int)its));
  PetscCall(KSPSetTolerances(s.ksp, 1e-9, 1e-50, PETSC_DEFAULT, 1000));
  PetscCall(Expect(&s, "after rtol 1e-30", 0, 300));
  PetscCall(KSPGetPC(s.ksp, &pc));
  PetscCall(PCSetType(pc, PCNONE));
  PetscCall(MatZeroEntries(s.A));
  PetscCall(KSPSolve(s.ksp, s.b, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(RigExpect((PetscBool)(reason < 0), "A = 0: reason %d", (int)reason));
  PetscCall(VecDestroy(&bad));
  PetscCall(Close(&s));
  PetscFunctionReturn(0);
}

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
  Setup s;
  Counted c = {NULL, NULL, 0, 0};
  KSPRecycleCounts counts;
  const PetscInt refreshed =
      strcmp(type, KSPGCRODR) ? 1 : 0; /* needs its image again, gcrodr has it */
  Mat shell, other;
  PC pc;
  PetscInt n;
  char check[64];

  PetscFunctionBegin;
  PetscCall(Open(SYMMETRIC, 16, 6, &s));
  c.A = s.A;
  PetscCall(MatGetLocalSize(s.A, &n, NULL));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, &c, &shell));
  PetscCall(MatShellSetOperation(shell, MATOP_MULT, (void (*)(void))CountedMult));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, &c, &other));
  PetscCall(MatShellSetOperation(other, MATOP_MULT, (void (*)(void))CountedMult));
  PetscCall(PetscSNPrintf(check, sizeof check, "-ksp_%s_check", type));
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
    PetscCall(Expect(&s, "counted", 1, 300));
    PetscCall(KSPRecycleGetCounts(s.ksp, &counts));
    PetscCall(RigExpect((PetscBool)(counts.operators == c.operators &&
                                    counts.preconditioners == c.preconditioners &&
                                    counts.adaptations == fitted[step]),
                        "%s, counts of solve %d: A %d, M %d, fits %d; done: A %d, M %d, fits %d",
                        type, step, (int)counts.operators, (int)counts.preconditioners,
                        (int)counts.adaptations, (int)c.operators, (int)c.preconditioners,
                        (int)fitted[step]));
  }
  PetscCall(MatDestroy(&shell));
  PetscCall(MatDestroy(&other));
  PetscCall(Close(&s));
  PetscFunctionReturn(0);
}

/* a space taken from one solver and given to another does the same there; a frozen one stays */
static PetscErrorCode HandOver(void)
{
  Setup s;
  KSP second;
  Vec *U = NULL, *V = NULL, x;
  PetscInt n, n2, a, b;
  PetscReal distance;
  KSPRecycleCounts counts;

  PetscFunctionBegin;
  PetscCall(Open(SYMMETRIC, 16, 6, &s));
  PetscCall(KSPRecycleGetSpace(s.ksp, &n, &U));
  PetscCall(RigExpect((PetscBool)(n == 0 && !U), "a space of %d before any solve", (int)n));
  PetscCall(Expect(&s, "donor", 1, 300));
  PetscCall(KSPRecycleGetSpace(s.ksp, &n, &U));
  PetscCall(RigExpect((PetscBool)(n == 6), "%d vectors, asked for 6", (int)n));
  PetscCall(RigSolver(type, 16, 6, 1e-9, &second));
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
                      type, (int)counts.adaptations));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(KSPRecycleGetSpace(second, &n, &U));
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(RigDistance(U[i], V[i], &distance));
    PetscCall(RigExpect((PetscBool)(distance == 0.0), "frozen vector %d moved by %g", (int)i,
                        (double)distance));
  }
  PetscCall(KSPRecycleSetRefresh(s.ksp, 0, 0));
  PetscCall(Expect(&s, "donor again", 1, 300));
  PetscCall(KSPGetIterationNumber(s.ksp, &b));
  PetscCall(RigExpect((PetscBool)(PetscAbsInt(a - b) <= 1 && counts.refreshes == 0 && n == n2),
                      "%d iterations with the space handed over, %d at home, %d refreshes", (int)a,
                      (int)b, (int)counts.refreshes));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(VecDestroyVecs(n2, &V));
  PetscCall(VecDestroy(&x));
  PetscCall(KSPDestroy(&second));
  PetscCall(Close(&s));
  PetscFunctionReturn(0);
}

/* the solve must fail with this code; its sentence must name the remedy */
static PetscErrorCode Refused(const char *options, PetscInt vectors, const char *remedy)
{
  Setup s;
  PetscErrorCode error;
  char *text = NULL;
  Vec U[16];

  PetscFunctionBegin;
  PetscCall(Open(SYMMETRIC, 16, 6, &s));
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
  PetscCall(Close(&s));
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
  Setup s;

  PetscFunctionBegin;
  PetscCall(Open(Ours(), 16, 6, &s));
  if (!strcmp(type, KSPGCRODR)) PetscCall(KSPSetPCSide(s.ksp, PC_RIGHT));
  PetscCall(KSPSetNormType(s.ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(KSPMonitorSet(s.ksp, Watch, NULL, NULL));
  PetscCall(Expect(&s, "watched", 20, 300));
  PetscCall(Expect(&s, "watched, recycled", 1, 300));
  PetscCall(Close(&s));
  PetscFunctionReturn(0);
}

/* KSPSolveTranspose(), and the way back: a space made for A' is fitted to A */
static PetscErrorCode Transposed(PCSide side)
{
  Setup s;
  Mat T;
  PetscReal residual;
  KSPConvergedReason reason;

  PetscFunctionBegin;
  PetscCall(Open(NONSYMMETRIC, 16, 6, &s));
  PetscCall(KSPSetPCSide(s.ksp, side));
  PetscCall(MatTranspose(s.A, MAT_INITIAL_MATRIX, &T));
  PetscCall(KSPSolveTranspose(s.ksp, s.b, s.x));
  PetscCall(KSPGetConvergedReason(s.ksp, &reason));
  PetscCall(RigResidual(T, s.b, s.x, &residual));
  PetscCall(RigExpect((PetscBool)(reason > 0 && residual <= 1e-7),
                      "transposed: reason %d, residual %g", (int)reason, (double)residual));
  PetscCall(Expect(&s, "after the transposed", 1, 300));
  PetscCall(MatDestroy(&T));
  PetscCall(Close(&s));
  PetscFunctionReturn(0);
}

/* sizes may change between solves; what fits of the space is kept */
static PetscErrorCode Resized(void)
{
  Setup s;
  PetscInt n, full;
  Vec *U;

  PetscFunctionBegin;
  PetscCall(Open(SYMMETRIC, 16, 6, &s));
  PetscCall(Expect(&s, "before", 1, 300));
  PetscCall(KSPGetIterationNumber(s.ksp, &full));
  PetscCall(KSPGCRODRSetRestart(s.ksp, 20));
  PetscCall(KSPDeflatedSetWindow(s.ksp, 20));
  PetscCall(KSPRecycleSetRecycle(s.ksp, 4));
  PetscCall(Expect(&s, "another size", 1, full - 1));
  PetscCall(KSPRecycleGetSpace(s.ksp, &n, &U));
  PetscCall(RigExpect((PetscBool)(n == 4), "%d vectors after asking for 4", (int)n));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(KSPRecycleSetRecycle(s.ksp, 0));
  PetscCall(Expect(&s, "no recycling", 1, 300));
  PetscCall(KSPReset(s.ksp));
  PetscCall(KSPSetOperators(s.ksp, s.A, s.A));
  PetscCall(KSPRecycleSetRecycle(s.ksp, 6));
  PetscCall(Expect(&s, "after KSPReset", 1, 300));
  PetscCall(Close(&s));
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
  for (int side = PC_LEFT; side <= (strcmp(type, KSPGCRODR) ? PC_LEFT : PC_RIGHT); side++) {
    PetscCall(
        MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 3, 3, 3, NULL, 3, NULL, &A));
    PetscInt first, last;
    PetscCall(MatGetOwnershipRange(A, &first, &last));
    for (PetscInt i = first; i < last; i++)
      for (PetscInt j = 0; j < 3; j++)
        PetscCall(MatSetValue(
            A, i, j, i == j ? 3.0 : (PetscReal)(Ours() == NONSYMMETRIC ? j - 2 * i : i + j) / 4.0,
            INSERT_VALUES));
    PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
    PetscCall(RigSolver(type, 40, 20, 1e-10, &ksp));
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
    type = types[i];
    PetscCall(NothingToDo());
    PetscCall(EarlyEnd());
    PetscCall(Hopeless());
    PetscCall(Counts(PC_LEFT));
    PetscCall(HandOver());
    PetscCall(Monitored());
    PetscCall(Resized());
    PetscCall(Tiny());
  }
  PetscCall(Counts(PC_RIGHT));
  PetscCall(Transposed(PC_LEFT));
  PetscCall(Transposed(PC_RIGHT));
  PetscCall(Refused("-ksp_gcrodr_recycle 16", 0, "raise -ksp_gcrodr_restart above"));
  PetscCall(Refused("-ksp_gcrodr_recycle 40 -ksp_gmres_restart 20", 0, "leave no room"));
  PetscCall(Refused("-ksp_gcrodr_flexible -ksp_pc_side left", 0, "drop -ksp_pc_side left"));
  PetscCall(Refused("-ksp_gcrodr_recycle 4", 9, "give fewer"));
  type = KSPRCG;
  PetscCall(Refused("-ksp_rcg_recycle 14", 0, "raise -ksp_rcg_window"));
  PetscCall(Refused("-ksp_rcg_recycle 4", 9, "raise -ksp_rcg_recycle"));
  if (!rig_failures)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "gcrodr, rcg, rminres: corners hold\n"));
  PetscCall(PetscFinalize());
  return rig_failures != 0;
}
