#include "rig.h"

#include <stdarg.h>

const char *const kind_names[KINDS] = {"symmetric", "non-symmetric", "indefinite"};
int rig_failures = 0;

enum { RIG_SIDE = 12 };

PetscErrorCode RigExpect(PetscBool ok, const char *format, ...)
{
  char text[512];
  va_list arguments;

  PetscFunctionBegin;
  if (ok) PetscFunctionReturn(0);
  rig_failures++;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%s\n", text));
  PetscFunctionReturn(0);
}

static PetscReal Coefficient(PetscInt i, PetscInt j, PetscInt side, PetscInt step)
{
  const PetscReal x = (PetscReal)(i + 1) / (PetscReal)(side + 1),
                  y = (PetscReal)(j + 1) / (PetscReal)(side + 1);

  return PetscExpReal(sin(7.0 * x + 0.1 * (PetscReal)step) * cos(5.0 * y));
}

PetscErrorCode RigMatrix(Kind kind, PetscInt side, PetscInt step, Mat *A)
{
  const PetscReal wind = kind == NONSYMMETRIC ? 0.7 : 0.0, shift = kind == INDEFINITE ? 0.05 : 0.0;
  PetscInt first, last;

  PetscFunctionBegin;
  if (!*A)
    PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, side * side, side * side,
                           5, NULL, 5, NULL, A));
  PetscCall(MatGetOwnershipRange(*A, &first, &last));
  for (PetscInt row = first; row < last; row++) {
    const PetscInt i = row / side, j = row % side, next[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    const PetscReal here = Coefficient(i, j, side, step);
    PetscReal diagonal = -shift;
    for (int s = 0; s < 4; s++) {
      const PetscInt a = i + next[s][0], b = j + next[s][1], column = a * side + b;
      const PetscReal there = Coefficient(a, b, side, step),
                      mean = 2.0 * here * there / (here + there),
                      value = -mean * (1.0 + wind * (PetscReal)(next[s][0] + next[s][1]));
      diagonal += mean;
      if (a >= 0 && a < side && b >= 0 && b < side)
        PetscCall(MatSetValues(*A, 1, &row, 1, &column, &value, INSERT_VALUES));
    }
    PetscCall(MatSetValues(*A, 1, &row, 1, &row, &diagonal, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode RigRhs(Mat A, PetscInt step, Vec *b)
{
  PetscInt first, last;

  PetscFunctionBegin;
  PetscCall(MatCreateVecs(A, NULL, b));
  PetscCall(VecGetOwnershipRange(*b, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    const PetscReal t = (PetscReal)(i + 1) * (1.0 + 0.01 * (PetscReal)step);
    PetscCall(VecSetValue(*b, i, 1.0 + 0.5 * sin(0.37 * t) + cos(1.7 * t * t), INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(*b));
  PetscCall(VecAssemblyEnd(*b));
  PetscFunctionReturn(0);
}

PetscErrorCode RigDirect(Mat A, Vec b, Vec *x)
{
  KSP ksp;
  PC pc;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(b, x));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetType(ksp, KSPPREONLY));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCREDUNDANT)); /* its inner solver is LU */
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSolve(ksp, b, *x));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

PetscErrorCode RigSolver(const char *type, PetscInt m, PetscInt k, PetscReal rtol, KSP *ksp)
{
  char check[64];
  PC pc;

  PetscFunctionBegin;
  PetscCall(KSPCreate(PETSC_COMM_WORLD, ksp));
  PetscCall(PetscSNPrintf(check, sizeof check, "-ksp_%s_check", type));
  PetscCall(PetscOptionsSetValue(NULL, check, "1e-10"));
  PetscCall(KSPSetType(*ksp, type));
  PetscCall(KSPSetTolerances(*ksp, rtol, PETSC_DEFAULT, PETSC_DEFAULT, 2000));
  PetscCall(KSPGCRODRSetRestart(*ksp, m)); /* each does nothing on the other's type */
  PetscCall(KSPDeflatedSetWindow(*ksp, m));
  PetscCall(KSPRecycleSetRecycle(*ksp, k));
  PetscCall(KSPGetPC(*ksp, &pc));
  PetscCall(PCSetType(pc, PCJACOBI));
  PetscCall(KSPSetFromOptions(*ksp));
  PetscFunctionReturn(0);
}

PetscErrorCode RigRefreshAlways(KSP ksp)
{
  PetscFunctionBegin;
  PetscCall(KSPRecycleSetRefresh(ksp, 1, 1));
  PetscFunctionReturn(0);
}

PetscErrorCode RigResidual(Mat A, Vec b, Vec x, PetscReal *relative)
{
  PetscReal size;
  Vec r;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(b, &r));
  PetscCall(MatMult(A, x, r));
  PetscCall(VecAYPX(r, -1.0, b));
  PetscCall(VecNorm(r, NORM_2, relative));
  PetscCall(VecNorm(b, NORM_2, &size));
  *relative /= size;
  PetscCall(VecDestroy(&r));
  PetscFunctionReturn(0);
}

PetscErrorCode RigDistance(Vec x, Vec y, PetscReal *relative)
{
  PetscReal size;
  Vec d;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(x, &d));
  PetscCall(VecWAXPY(d, -1.0, x, y));
  PetscCall(VecNorm(d, NORM_2, relative));
  PetscCall(VecNorm(y, NORM_2, &size));
  *relative /= size;
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

/* ---- one system and its solver --------------------------------------------------------------------- */

const char *rig_type = KSPGCRODR;

Kind RigOurs(void)
{
  return !strcmp(rig_type, KSPGCRODR) ? NONSYMMETRIC
         : !strcmp(rig_type, KSPRCG)  ? SYMMETRIC
                                      : INDEFINITE;
}

PetscErrorCode RigOpen(Kind kind, PetscInt m, PetscInt k, RigSetup *s)
{
  PetscFunctionBegin;
  s->A = NULL;
  PetscCall(RigMatrix(kind, RIG_SIDE, 0, &s->A));
  PetscCall(RigRhs(s->A, 0, &s->b));
  PetscCall(VecDuplicate(s->b, &s->x));
  PetscCall(RigDirect(s->A, s->b, &s->exact));
  PetscCall(RigSolver(rig_type, m, k, 1e-9, &s->ksp));
  PetscCall(KSPSetOperators(s->ksp, s->A, s->A));
  PetscFunctionReturn(0);
}

PetscErrorCode RigClose(RigSetup *s)
{
  PetscFunctionBegin;
  PetscCall(KSPDestroy(&s->ksp));
  PetscCall(VecDestroy(&s->b));
  PetscCall(VecDestroy(&s->x));
  PetscCall(VecDestroy(&s->exact));
  PetscCall(MatDestroy(&s->A));
  PetscFunctionReturn(0);
}

PetscErrorCode RigExpectSolve(RigSetup *s, const char *what, PetscInt least, PetscInt most)
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
                      "%s, %s: reason %d, %d iterations, error %g", rig_type, what, (int)reason,
                      (int)its, (double)distance));
  PetscFunctionReturn(0);
}
