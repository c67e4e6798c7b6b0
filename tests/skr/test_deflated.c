/* rcg and rminres give the answers of a direct solver on chains of systems, in every norm and schedule; without a
   space they are CG and MINRES; with one they take far fewer iterations; and they say what they cannot do.
   -ksp_..._check 1e-10 watches the space. */
#include "rig.h"

enum { SIDE = 20, STEPS = 5, TYPES = 2 };

static const char *const types[TYPES] = {KSPRCG, KSPRMINRES};

typedef struct {
  const char *name;
  KSPNormType norm;
  PetscInt k, window, refresh, eager;
  PetscBool fresh;
} Variant;

static const Variant variants[] = {
    {"recycled", KSP_NORM_UNPRECONDITIONED, 8, 40, 1, 0, 0},
    {"fresh", KSP_NORM_UNPRECONDITIONED, 8, 40, 1, 0, 1},
    {"preconditioned norm", KSP_NORM_PRECONDITIONED, 8, 40, 1, 0, 0},
    {"natural norm", KSP_NORM_NATURAL, 8, 40, 1, 0, 0},
    {"every second", KSP_NORM_UNPRECONDITIONED, 8, 40, 2, 1, 0},
    {"frozen", KSP_NORM_UNPRECONDITIONED, 8, 40, 0, 0, 0},
    {"least window", KSP_NORM_UNPRECONDITIONED, 8, 11, 1, 0, 0},
    {"window never full", KSP_NORM_UNPRECONDITIONED, 8, 300, 1, 0, 0},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* one of the chain's systems: answers as the direct solver's */
static PetscErrorCode Step(KSP ksp, Mat A, PetscInt step, const char *what, PetscInt *its)
{
  Vec b, x, direct;
  PetscReal residual, distance;
  KSPConvergedReason reason;
  KSPNormType norm;

  PetscFunctionBegin;
  PetscCall(RigRhs(A, step, &b));
  PetscCall(VecDuplicate(b, &x));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSolve(ksp, b, x));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  PetscCall(KSPGetIterationNumber(ksp, its));
  PetscCall(KSPGetNormType(ksp, &norm));
  PetscCall(RigDirect(A, b, &direct));
  PetscCall(RigResidual(A, b, x, &residual));
  PetscCall(RigDistance(x, direct, &distance));
  PetscCall(RigExpect((PetscBool)(reason > 0 &&
                                  residual <= (norm == KSP_NORM_UNPRECONDITIONED ? 1e-9 : 1e-7) &&
                                  distance <= 1e-6),
                      "%s, step %d: reason %d, %d iterations, residual %g, error %g", what,
                      (int)step, (int)reason, (int)*its, (double)residual, (double)distance));
  PetscCall(VecDestroy(&direct));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&b));
  PetscFunctionReturn(0);
}

static PetscErrorCode Chain(const char *type, Kind kind, const Variant *v, PetscInt its[STEPS])
{
  KSP ksp;
  Mat A = NULL;
  char what[128];

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(what, sizeof what, "%s, %s, %s", type, kind_names[kind], v->name));
  PetscCall(RigSolver(type, v->window, v->k, 1e-9, &ksp));
  PetscCall(KSPSetNormType(ksp, v->norm));
  PetscCall(KSPRecycleSetRefresh(ksp, v->refresh, v->eager));
  PetscCall(KSPRecycleSetFresh(ksp, v->fresh));
  for (PetscInt step = 0; step < STEPS; step++) {
    PetscCall(RigMatrix(kind, SIDE, step, &A));
    PetscCall(Step(ksp, A, step, what, its + step));
  }
  PetscCall(MatDestroy(&A));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

/* the reason to have them: fewer iterations in every system after the first; the whole Lanczos process lets a little
   less through than a window restarted again and again */
static PetscErrorCode Pays(const char *type, Kind kind, PetscInt its[VARIANTS][STEPS])
{
  PetscFunctionBegin;
  for (int v = 0; v < VARIANTS; v++)
    for (int step = 1; step < STEPS && v != 1; step++)
      PetscCall(RigExpect(
          (PetscBool)(its[v][step] < (v == 6 ? 0.85 : 0.7) * (PetscReal)its[1][step]),
          "%s, %s, %s, step %d: %d iterations, %d without recycling", type, kind_names[kind],
          variants[v].name, step, (int)its[v][step], (int)its[1][step]));
  PetscCall(RigExpect((PetscBool)(its[0][STEPS - 1] <= 1.1 * (PetscReal)its[7][STEPS - 1] + 1.0),
                      "%s, %s: %d iterations with a window of 40, %d with one of 300", type,
                      kind_names[kind], (int)its[0][STEPS - 1], (int)its[7][STEPS - 1]));
  PetscFunctionReturn(0);
}

/* k = 0 is PETSc's method: the same iterations, the same residuals */
static PetscErrorCode Equals(const char *type, const char *theirs, Kind kind, KSPNormType norm,
                             KSPNormType their_norm)
{
  KSP ours, other;
  Mat A = NULL;
  Vec b, x;
  PC pc;
  PetscInt a, c;
  PetscReal *history = NULL, worst = 0.0;
  const PetscReal *ha, *hc;

  PetscFunctionBegin;
  PetscCall(RigMatrix(kind, SIDE, 0, &A));
  PetscCall(RigRhs(A, 0, &b));
  PetscCall(VecDuplicate(b, &x));
  PetscCall(RigSolver(type, 40, 0, 1e-8, &ours));
  PetscCall(KSPSetNormType(ours, norm));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &other));
  PetscCall(KSPSetType(other, theirs));
  PetscCall(KSPSetNormType(other, their_norm));
  PetscCall(KSPSetTolerances(other, 1e-8, PETSC_DEFAULT, PETSC_DEFAULT, 2000));
  PetscCall(KSPGetPC(other, &pc));
  PetscCall(PCSetType(pc, PCJACOBI));
  PetscCall(PetscMalloc1(4000, &history));
  PetscCall(KSPSetResidualHistory(ours, history, 2000, PETSC_TRUE));
  PetscCall(KSPSetResidualHistory(other, history + 2000, 2000, PETSC_TRUE));
  PetscCall(KSPSetOperators(ours, A, A));
  PetscCall(KSPSetOperators(other, A, A));
  PetscCall(KSPSolve(ours, b, x));
  PetscCall(KSPSolve(other, b, x));
  PetscCall(KSPGetResidualHistory(ours, &ha, &a));
  PetscCall(KSPGetResidualHistory(other, &hc, &c));
  for (PetscInt i = 0; i < PetscMin(PetscMin(a, c), 20);
       i++) /* relative: MINRES scales otherwise */
    worst = PetscMax(worst, PetscAbsReal(ha[i] / ha[0] / (hc[i] / hc[0]) - 1.0));
  PetscCall(RigExpect((PetscBool)(PetscAbsInt(a - c) <= 1 && worst <= 1e-6),
                      "%s, k = 0, %s: %d iterations, %s %d; residuals differ by %g", type,
                      kind_names[kind], (int)a - 1, theirs, (int)c - 1, (double)worst));
  PetscCall(PetscFree(history));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(MatDestroy(&A));
  PetscCall(KSPDestroy(&ours));
  PetscCall(KSPDestroy(&other));
  PetscFunctionReturn(0);
}

/* singular but consistent: the graph's Laplacian, with and without the word of its null space */
static PetscErrorCode Singular(const char *type, PetscBool told)
{
  Mat A = NULL;
  Vec b, x, ones;
  KSP ksp;
  MatNullSpace constant;
  PetscReal residual;
  PetscInt its[3];

  PetscFunctionBegin;
  PetscCall(RigMatrix(SYMMETRIC, SIDE, 0, &A));
  PetscCall(MatCreateVecs(A, &ones, &x));
  PetscCall(VecDuplicate(x, &b));
  PetscCall(RigSolver(type, 40, 6, 1e-8, &ksp));
  PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  for (int step = 0; step < 3; step++) {
    KSPConvergedReason reason;
    PetscCall(RigMatrix(SYMMETRIC, SIDE, step, &A));
    PetscCall(VecSet(ones, -1.0)); /* the boundary's share leaves the diagonal: rows sum to zero */
    PetscCall(MatMult(A, ones, x));
    PetscCall(MatDiagonalSet(A, x, ADD_VALUES));
    if (told) {
      PetscCall(MatNullSpaceCreate(PETSC_COMM_WORLD, PETSC_TRUE, 0, NULL, &constant));
      PetscCall(MatSetNullSpace(A, constant));
      PetscCall(MatNullSpaceDestroy(&constant));
    }
    Vec any;
    PetscCall(RigRhs(A, step, &any));
    PetscCall(MatMult(A, any, b)); /* in the range */
    PetscCall(VecDestroy(&any));
    PetscCall(KSPSetOperators(ksp, A, A));
    PetscCall(KSPSolve(ksp, b, x));
    PetscCall(KSPGetConvergedReason(ksp, &reason));
    PetscCall(KSPGetIterationNumber(ksp, its + step));
    PetscCall(RigResidual(A, b, x, &residual));
    PetscCall(RigExpect((PetscBool)(reason > 0 && residual <= 1e-8),
                        "%s, singular%s, step %d: reason %d, residual %g", type,
                        told ? "" : ", not told", step, (int)reason, (double)residual));
  }
  PetscCall(RigExpect((PetscBool)(its[2] < 0.9 * (PetscReal)its[0]),
                      "%s, singular%s: %d iterations, then %d", type, told ? "" : ", not told",
                      (int)its[0], (int)its[2]));
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&ones));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

/* A or M that the method is not for: a reason, and the next system as if nothing had been */
static PetscErrorCode NotForIt(const char *type, PetscBool matrix)
{
  const KSPConvergedReason expected =
      matrix ? KSP_DIVERGED_INDEFINITE_MAT : KSP_DIVERGED_INDEFINITE_PC;
  KSP ksp;
  Mat A = NULL, wrong = NULL;
  Vec b, x;
  PC pc;
  KSPConvergedReason reason;
  PetscInt its;

  PetscFunctionBegin;
  PetscCall(RigSolver(type, 40, 8, 1e-9, &ksp));
  PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(RigMatrix(SYMMETRIC, SIDE, 0, &A));
  PetscCall(RigMatrix(INDEFINITE, SIDE, 0, &wrong));
  PetscCall(Step(ksp, A, 0, type, &its));
  PetscCall(KSPGetPC(ksp, &pc));
  if (!matrix) {
    PetscInt first, last;
    PetscCall(MatGetOwnershipRange(wrong, &first, &last));
    for (PetscInt i = first; i < last; i++)
      PetscCall(MatSetValue(wrong, i, i, i % 3 ? 1.0 : -1.0, INSERT_VALUES));
    PetscCall(MatAssemblyBegin(wrong, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(wrong, MAT_FINAL_ASSEMBLY));
  }
  PetscCall(RigRhs(A, 0, &b));
  PetscCall(VecDuplicate(b, &x));
  PetscCall(KSPSetOperators(ksp, matrix ? wrong : A, wrong));
  PetscCall(KSPSolve(ksp, b, x));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  PetscCall(RigExpect((PetscBool)(reason == expected), "%s, indefinite %s: reason %d, not %d", type,
                      matrix ? "matrix" : "preconditioner", (int)reason, (int)expected));
  PetscCall(Step(ksp, A, 1, "after what it is not for", &its));
  PetscCall(MatDestroy(&A));
  PetscCall(MatDestroy(&wrong));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

/* an initial guess so far off that the recurrence says "done" long before the solution is: it goes on */
static PetscErrorCode GoesOn(const char *type)
{
  KSP ksp;
  Mat A = NULL;
  Vec b, x;
  PetscReal residual;
  KSPRecycleCounts counts;
  KSPConvergedReason reason;
  PetscInt its;

  PetscFunctionBegin;
  PetscCall(RigMatrix(SYMMETRIC, SIDE, 0, &A));
  PetscCall(RigSolver(type, 40, 8, 1e-9, &ksp));
  PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(Step(ksp, A, 0, type, &its));
  PetscCall(RigRhs(A, 0, &b));
  PetscCall(VecDuplicate(b, &x));
  PetscCall(VecCopy(b, x));
  PetscCall(VecScale(x, 1e10));
  PetscCall(KSPSetInitialGuessNonzero(ksp, PETSC_TRUE));
  PetscCall(KSPSetTolerances(ksp, 1e-9, 1e-50, 1e20, 2000));
  PetscCall(KSPSolve(ksp, b, x));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  PetscCall(KSPRecycleGetCounts(ksp, &counts));
  PetscCall(RigResidual(A, b, x, &residual));
  PetscCall(RigExpect((PetscBool)(reason > 0 && residual <= 1e-9 && counts.cycles > 1),
                      "%s, guess 1e10 off: reason %d, residual %g, %d runs", type, (int)reason,
                      (double)residual, (int)counts.cycles));
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

/* the choice of vectors must not depend on the size of A, although rcg takes over the old M's norms */
static PetscErrorCode Scaled(const char *type)
{
  PetscInt its[2][STEPS], size = 0;
  Mat A = NULL;

  PetscFunctionBegin;
  for (int scaled = 0; scaled < 2; scaled++) {
    KSP ksp;
    PetscCall(RigSolver(type, 24, 8, 1e-9, &ksp));
    PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
    PetscCall(RigRefreshAlways(ksp));
    for (PetscInt step = 0; step < STEPS; step++) {
      PetscCall(RigMatrix(SYMMETRIC, SIDE, step, &A));
      if (scaled) PetscCall(MatScale(A, step % 2 ? 1e6 : 1e-5));
      PetscCall(Step(ksp, A, step, "scaled", its[scaled] + step));
      size += PetscAbsInt(its[scaled][step] - its[0][step]);
    }
    PetscCall(KSPDestroy(&ksp));
  }
  PetscCall(RigExpect((PetscBool)(size <= STEPS),
                      "%s: scaling A by 1e-5 and 1e6 in turn moves %d "
                      "iterations",
                      type, (int)size));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

/* what the extraction knows from the recurrences, computed in full: with M = diag A, U'A U (rcg) or (A U)'M^-1 (A U)
   (rminres) is I, and rcg's U'M U is diagonal where its N is exact; largest deviations, of entries scaled to 1 */
static PetscErrorCode Deviations(KSP ksp, Mat A, PetscBool minres, PetscReal *gram, PetscReal *mass)
{
  Vec *U, d, image, scaled;
  PetscInt n;

  PetscFunctionBegin;
  *gram = *mass = 0.0;
  PetscCall(KSPRecycleGetSpace(ksp, &n, &U));
  PetscCall(MatCreateVecs(A, &d, &image));
  PetscCall(VecDuplicate(d, &scaled));
  PetscCall(MatGetDiagonal(A, d));
  for (PetscInt j = 0; j < n; j++)
    for (PetscInt i = 0; i < n; i++) {
      PetscReal value, own, other;
      PetscCall(MatMult(A, U[j], image));
      if (minres) {
        PetscCall(VecPointwiseDivide(scaled, image, d));
        PetscCall(MatMult(A, U[i], image));
        PetscCall(VecDot(image, scaled, &value));
      } else
        PetscCall(VecDot(U[i], image, &value));
      *gram = PetscMax(*gram, PetscAbsReal(value - (i == j ? 1.0 : 0.0)));
      PetscCall(VecPointwiseMult(scaled, U[j], d));
      PetscCall(VecDot(U[j], scaled, &own));
      PetscCall(VecDot(U[i], scaled, &value));
      PetscCall(VecPointwiseMult(scaled, U[i], d));
      PetscCall(VecDot(U[i], scaled, &other));
      if (i != j) *mass = PetscMax(*mass, PetscAbsReal(value) / PetscSqrtReal(own * other));
    }
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&image));
  PetscCall(VecDestroy(&scaled));
  PetscFunctionReturn(0);
}

static PetscErrorCode Extracted(const char *type, PetscInt window)
{
  const PetscBool minres = (PetscBool)!strcmp(type, KSPRMINRES);
  KSP ksp, second;
  Mat A = NULL;
  Vec *U;
  PetscReal gram, mass;
  PetscInt its, n;

  PetscFunctionBegin;
  PetscCall(RigSolver(type, window, 6, 1e-9, &ksp));
  PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(RigRefreshAlways(ksp));
  for (PetscInt step = 0; step < 4; step++) { /* the last two with an unchanged matrix */
    if (step < 3) PetscCall(RigMatrix(SYMMETRIC, SIDE, 3 * step, &A));
    PetscCall(Step(ksp, A, step, "extracted", &its));
    PetscCall(Deviations(ksp, A, minres, &gram, &mass));
    PetscCall(RigExpect((PetscBool)(gram <= 1e-4 && (minres || step || mass <= 1e-4)),
                        "%s, window %d, step %d: the space's Gram matrix is off by %g, M by %g",
                        type, (int)window, (int)step, (double)gram, (double)mass));
  }
  /* of vectors from outside nothing is known; these are nearly invariant, so the estimate is nearly exact */
  PetscCall(KSPRecycleGetSpace(ksp, &n, &U));
  PetscCall(RigSolver(type, window, 6, 1e-9, &second));
  PetscCall(KSPRecycleSetSpace(second, n, U));
  PetscCall(Step(second, A, 0, "extracted, handed over", &its));
  PetscCall(Deviations(second, A, minres, &gram, &mass));
  PetscCall(RigExpect((PetscBool)(gram <= 1e-4 && (minres || mass <= 0.02)),
                      "%s, window %d, handed over: Gram matrix off by %g, M by %g", type,
                      (int)window, (double)gram, (double)mass));
  PetscInt again;
  PetscCall(Step(second, A, 0, "extracted, once more", &again));
  PetscCall(RigExpect((PetscBool)(again <= its + 1),
                      "%s, window %d, handed over: %d iterations, %d after a refresh", type,
                      (int)window, (int)its, (int)again));
  PetscCall(VecDestroyVecs(n, &U));
  PetscCall(MatDestroy(&A));
  PetscCall(KSPDestroy(&ksp));
  PetscCall(KSPDestroy(&second));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscInt its[VARIANTS][STEPS];

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(KSPRecycleRegister());
  for (int t = 0; t < TYPES; t++) {
    for (int kind = SYMMETRIC; kind < KINDS; kind++) {
      if (kind == NONSYMMETRIC || (kind == INDEFINITE && !t)) continue;
      for (int v = 0; v < VARIANTS; v++)
        PetscCall(Chain(types[t], (Kind)kind, variants + v, its[v]));
      PetscCall(Pays(types[t], (Kind)kind, its));
    }
    PetscCall(Singular(types[t], PETSC_TRUE));
    PetscCall(Singular(types[t], PETSC_FALSE));
    PetscCall(NotForIt(types[t], PETSC_FALSE));
    PetscCall(GoesOn(types[t]));
    PetscCall(Scaled(types[t]));
    PetscCall(Extracted(types[t], 24));
    PetscCall(Extracted(types[t], 300));
  }
  PetscCall(NotForIt(KSPRCG, PETSC_TRUE));
  PetscCall(Equals(KSPRCG, KSPCG, SYMMETRIC, KSP_NORM_PRECONDITIONED, KSP_NORM_PRECONDITIONED));
  PetscCall(Equals(KSPRCG, KSPCG, SYMMETRIC, KSP_NORM_UNPRECONDITIONED, KSP_NORM_UNPRECONDITIONED));
  PetscCall(Equals(KSPRCG, KSPCG, SYMMETRIC, KSP_NORM_NATURAL, KSP_NORM_NATURAL));
  PetscCall(Equals(KSPRMINRES, KSPMINRES, INDEFINITE, KSP_NORM_NATURAL, KSP_NORM_PRECONDITIONED));
  if (!rig_failures)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "rcg, rminres: answers as the direct solver\n"));
  PetscCall(PetscFinalize());
  return rig_failures != 0;
}
