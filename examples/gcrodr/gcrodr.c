/* gcrodr - a plain PETSc program that recycles Krylov subspaces: all it needs of Fredholm is one call,
 * KSPRecycleRegister(), and libfredholm_recycle. It follows a resonance: -Laplace u - k^2 (1 + c(x)) u = 1 on the
 * unit square, u = 0 outside, for a wave number k that grows from system to system. The matrices are
 * symmetric and indefinite, neighbours are alike, and restarted GMRES has a hard time.
 *
 *   mpirun -n 2 gcrodr -n 64 -systems 20 -k_first 8 -k_last 10
 *   mpirun -n 2 gcrodr -ksp_gcrodr_fresh          the same without what the systems before have taught
 *   mpirun -n 2 gcrodr -ksp_type gmres            what PETSc does
 *   mpirun -n 2 gcrodr -ksp_type rminres -pc_type jacobi      short recurrences: PETSc's is minres
 */
#include <math.h>
#include <petscksp.h>

#include <datagen/skr/gcrodr.h>

typedef struct {
  PetscInt n, systems;
  PetscReal first, last; /* wave numbers */
} Sequence;

static PetscErrorCode ReadOptions(Sequence *s)
{
  PetscFunctionBegin;
  *s = (Sequence){64, 20, 8.0, 10.0};
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-n", &s->n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-systems", &s->systems, NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-k_first", &s->first, NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-k_last", &s->last, NULL));
  PetscCheck(s->n >= 2 && s->systems >= 1, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-n %" PetscInt_FMT " -systems %" PetscInt_FMT ": at least 2 and 1", s->n, s->systems);
  PetscFunctionReturn(0);
}

/* row by row; the equation is multiplied by the square of the spacing */
static PetscErrorCode Assemble(const Sequence *s, PetscInt system, Mat A)
{
  const PetscReal part = s->systems > 1 ? (PetscReal)system / (PetscReal)(s->systems - 1) : 0.0;
  const PetscReal k = s->first + part * (s->last - s->first), h = 1.0 / (PetscReal)(s->n + 1);
  PetscInt begin, end;

  PetscFunctionBegin;
  PetscCall(MatGetOwnershipRange(A, &begin, &end));
  for (PetscInt row = begin; row < end; row++) {
    const PetscInt i = row / s->n, j = row % s->n;
    const PetscReal x = (PetscReal)(i + 1) * h, y = (PetscReal)(j + 1) * h;
    const PetscReal wave = k * k * (1.0 + 0.2 * sin(3.0 * x) * cos(2.0 * y)) * h * h;
    PetscInt columns[5], count = 0;
    PetscScalar values[5];
    columns[count] = row, values[count++] = 4.0 - wave;
    if (i > 0) columns[count] = row - s->n, values[count++] = -1.0;
    if (j > 0) columns[count] = row - 1, values[count++] = -1.0;
    if (j < s->n - 1) columns[count] = row + 1, values[count++] = -1.0;
    if (i < s->n - 1) columns[count] = row + s->n, values[count++] = -1.0;
    PetscCall(MatSetValues(A, 1, &row, count, columns, values, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode CreateSolver(Mat A, KSP *ksp)
{
  PetscFunctionBegin;
  PetscCall(KSPCreate(PETSC_COMM_WORLD, ksp));
  PetscCall(KSPSetType(*ksp, KSPGCRODR));
  PetscCall(KSPSetOperators(*ksp, A, A));
  PetscCall(KSPSetTolerances(*ksp, 1e-8, PETSC_DEFAULT, PETSC_DEFAULT, 10000));
  PetscCall(KSPSetFromOptions(*ksp));
  PetscFunctionReturn(0);
}

/* one system; returns its iterations and the residual it was left with, ||b - A x|| / ||b|| */
static PetscErrorCode Solve(KSP ksp, Mat A, Vec b, Vec x, PetscInt *iterations, PetscReal *residual)
{
  PetscReal size;
  Vec r;

  PetscFunctionBegin;
  PetscCall(KSPSolve(ksp, b, x));
  PetscCall(KSPGetIterationNumber(ksp, iterations));
  PetscCall(VecDuplicate(b, &r));
  PetscCall(MatMult(A, x, r));
  PetscCall(VecAYPX(r, -1.0, b));
  PetscCall(VecNorm(r, NORM_2, residual));
  PetscCall(VecNorm(b, NORM_2, &size));
  *residual /= size;
  PetscCall(VecDestroy(&r));
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(void)
{
  Sequence s;
  Mat A;
  Vec b, x;
  KSP ksp;
  KSPRecycleCounts counts = {0};
  PetscBool recycles;
  PetscInt sum = 0, products = 0;

  PetscFunctionBegin;
  PetscCall(ReadOptions(&s));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, s.n * s.n, s.n * s.n, 5,
                         NULL, 5, NULL, &A));
  PetscCall(MatCreateVecs(A, &x, &b));
  PetscCall(VecSet(b, 1.0 / (PetscReal)((s.n + 1) * (s.n + 1))));
  PetscCall(CreateSolver(A, &ksp));
  PetscCall(
      PetscObjectTypeCompareAny((PetscObject)ksp, &recycles, KSPGCRODR, KSPRCG, KSPRMINRES, ""));
  for (PetscInt i = 0; i < s.systems; i++) {
    PetscInt iterations;
    PetscReal residual;
    PetscCall(Assemble(&s, i, A));
    PetscCall(Solve(ksp, A, b, x, &iterations, &residual));
    if (recycles) PetscCall(KSPRecycleGetCounts(ksp, &counts));
    PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                          "system %" PetscInt_FMT ": %" PetscInt_FMT " iterations, residual %.1e\n",
                          i, iterations, (double)residual));
    sum += iterations;
    products += counts.operators;
  }
  PetscCall(
      PetscPrintf(PETSC_COMM_WORLD, "iterations a system: %.1f", (double)sum / (double)s.systems));
  if (products)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, " (products with A: %.1f)",
                          (double)products / (double)s.systems));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  PetscCall(KSPDestroy(&ksp));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(PetscInitialize(&argc, &argv, NULL,
                            "Recycles Krylov subspaces along a sequence of systems.\n"));
  PetscCall(KSPRecycleRegister());
  PetscCall(Run());
  PetscCall(PetscFinalize());
  return 0;
}
