/* Fitting a space to an operator: C = B U, then dual'C = I. */
#include "datagen/skr/recycle_impl.h"

enum {
  NEARLY = 30,    /* a condition up to which one pass of Cholesky-QR is orthogonal to 1e-12 */
  AMPLIFIED = 100 /* and up to which C is not worth computing again after the division */
};

static PetscBool OwnDual(const KSPRecycle *s)
{
  return (PetscBool)(s->dual != s->C && s->dual != s->U);
}

static PetscErrorCode DivideAll(KSP ksp, const PetscScalar *R)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;

  PetscFunctionBegin;
  PetscCall(KSPRecycleDivide(ksp, s->C, s->kk, R, s->kk));
  PetscCall(KSPRecycleDivide(ksp, s->U, s->kk, R, s->kk));
  if (OwnDual(s)) PetscCall(KSPRecycleDivide(ksp, s->dual, s->kk, R, s->kk));
  PetscFunctionReturn(0);
}

/* R := S R for upper triangles */
static void Accumulate(PetscInt n, const PetscScalar *S, PetscScalar *R)
{
  for (PetscInt j = 0; j < n; j++)
    for (PetscInt i = 0; i <= j; i++) {
      PetscScalar sum = 0.0;
      for (PetscInt l = i; l <= j; l++) sum += S[l * n + i] * R[j * n + l];
      R[j * n + i] = sum;
    }
}

/* S becomes its Cholesky factor, columns scaled to length one meanwhile so that only angles count; *spread: the
   factor's largest over smallest diagonal entry then, roughly its condition */
static PetscErrorCode FactorGram(PetscInt n, PetscScalar *S, PetscReal *spread, PetscBool *ok)
{
  PetscReal *length, largest = 0.0, smallest = PETSC_MAX_REAL;

  PetscFunctionBegin;
  *ok = PETSC_TRUE;
  PetscCall(PetscMalloc1(n, &length));
  for (PetscInt i = 0; i < n; i++) {
    length[i] = PetscSqrtReal(PetscMax(S[i * (n + 1)], 0.0));
    if (!(length[i] > 0.0) || PetscIsInfOrNanReal(length[i])) *ok = PETSC_FALSE;
  }
  for (PetscInt j = 0; j < n && *ok; j++)
    for (PetscInt i = 0; i < n; i++) S[j * n + i] /= length[i] * length[j];
  if (*ok) PetscCall(KSPRecycleCholesky(n, S, ok));
  for (PetscInt j = 0; j < n && *ok; j++) {
    largest = PetscMax(largest, S[j * (n + 1)]);
    smallest = PetscMin(smallest, S[j * (n + 1)]);
    for (PetscInt i = 0; i <= j; i++) S[j * n + i] *= length[j];
  }
  *spread = *ok ? largest / smallest : 0.0;
  PetscCall(PetscFree(length));
  PetscFunctionReturn(0);
}

/* C = Q R by Cholesky of dual'C, twice unless once is enough; U follows. *ok = false and nothing changed in the
   direction of a wrong answer if C is too badly conditioned for that, or the inner product is none */
static PetscErrorCode CholeskyQR(KSP ksp, PetscScalar *R, PetscReal *spread, PetscBool *ok)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscInt kk = s->kk;
  PetscScalar *S; /* its last entry, the spread, says whether it worked, to all processes */
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)ksp), &rank));
  PetscCall(PetscCalloc1(kk * kk + 1, &S));
  for (PetscInt pass = 0; pass < 2; pass++) {
    PetscCall(KSPRecycleGram(ksp, s->dual, kk, s->C, kk, S, kk));
    PetscCall(KSPRecycleSum(ksp, S, kk * kk));
    if (!rank) PetscCall(FactorGram(kk, S, S + kk * kk, ok));
    PetscCallMPI(MPI_Bcast(S, (PetscMPIInt)(kk * kk + 1), MPIU_SCALAR, 0,
                           PetscObjectComm((PetscObject)ksp)));
    *ok = (PetscBool)(S[kk * kk] > 0.0);
    if (!*ok) break;
    *spread *= S[kk * kk];
    PetscCall(DivideAll(ksp, S));
    if (R) Accumulate(kk, S, R);
    if (S[kk * kk] <= NEARLY) break;
  }
  PetscCall(PetscFree(S));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleScaleColumn(KSP ksp, PetscInt column, PetscReal factor)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscScalar *blocks[3] = {s->C, s->U, OwnDual(s) ? s->dual : NULL};

  PetscFunctionBegin;
  for (int b = 0; b < 3; b++) {
    PetscScalar *x = blocks[b] ? KSPRecycleColumn(s, blocks[b], column) : NULL;
    for (PetscBLASInt i = 0; x && i < s->n; i++) x[i] *= factor;
  }
  PetscFunctionReturn(0);
}

/* all blocks: column j -= columns before kept times dots */
static PetscErrorCode SubtractColumns(KSP ksp, PetscInt kept, PetscInt j)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscScalar *blocks[3] = {s->C, s->U, OwnDual(s) ? s->dual : NULL};

  PetscFunctionBegin;
  for (int b = 0; b < 3; b++)
    if (blocks[b])
      PetscCall(KSPRecycleCombine(ksp, -1.0, blocks[b], kept, s->dots,
                                  KSPRecycleColumn(s, blocks[b], j)));
  PetscFunctionReturn(0);
}

static PetscErrorCode MoveColumn(KSP ksp, PetscInt from, PetscInt to)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscScalar *blocks[3] = {s->C, s->U, OwnDual(s) ? s->dual : NULL};

  PetscFunctionBegin;
  if (from == to) PetscFunctionReturn(0);
  for (int b = 0; b < 3; b++)
    if (blocks[b])
      PetscCall(PetscArraycpy(KSPRecycleColumn(s, blocks[b], to),
                              KSPRecycleColumn(s, blocks[b], from), s->n));
  PetscFunctionReturn(0);
}

/* the careful way: column by column, classical Gram-Schmidt twice, dependent columns dropped */
static PetscErrorCode ColumnwiseQR(KSP ksp, PetscReal *spread)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscInt kept = 0;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < s->kk; j++) {
    PetscScalar *c = KSPRecycleColumn(s, s->C, j), *d = KSPRecycleColumn(s, s->dual, j);
    PetscReal before = 0.0;
    for (PetscInt pass = 0; pass < 2; pass++) {
      PetscCall(KSPRecycleDots2(ksp, s->dual, kept, c, d, c, s->dots));
      if (!pass) before = s->dots[kept];
      PetscCall(SubtractColumns(ksp, kept, j));
    }
    PetscCall(KSPRecycleDots2(ksp, s->dual, 0, c, d, c, s->dots));
    const PetscReal left = s->dots[0];
    if (!(left > 1e-24 * before) || !(left > 0.0) || PetscIsInfOrNanReal(left)) continue;
    PetscCall(MoveColumn(ksp, j, kept));
    *spread = PetscMax(*spread, PetscSqrtReal(before / left));
    PetscCall(KSPRecycleScaleColumn(ksp, kept++, 1.0 / PetscSqrtReal(left)));
  }
  s->kk = kept;
  PetscFunctionReturn(0);
}

static PetscErrorCode Images(KSP ksp)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < s->kk; j++) {
    PetscScalar *c = KSPRecycleColumn(s, s->C, j);
    PetscCall((*s->image)(ksp, KSPRecycleColumn(s, s->U, j), c));
    if (OwnDual(s)) PetscCall(KSPRecyclePrecondition(ksp, c, KSPRecycleColumn(s, s->dual, j)));
  }
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleFit(KSP ksp, PetscScalar *R, PetscReal *spread, PetscBool *dropped)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscInt kk = s->kk;
  PetscBool ok;

  PetscFunctionBegin;
  *dropped = PETSC_FALSE;
  for (PetscInt i = 0; R && i < kk * kk; i++) R[i] = i % (kk + 1) ? 0.0 : 1.0;
  for (int round = 0; round < 2; round++) { /* dividing amplifies what A U is uncertain by */
    *spread = 1.0;
    PetscCall(Images(ksp));
    PetscCall(CholeskyQR(ksp, R, spread, &ok));
    if (!ok) PetscCall(ColumnwiseQR(ksp, spread));
    if (!ok) *dropped = PETSC_TRUE;
    if (*spread <= AMPLIFIED) break;
  }
  s->fitted = PETSC_TRUE;
  s->counts.adaptations++;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleProject(KSP ksp, Vec r, Vec x)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscScalar *array;

  PetscFunctionBegin;
  if (!s->kk) PetscFunctionReturn(0);
  PetscCall(VecGetArray(r, &array));
  PetscCall(KSPRecycleDots(ksp, s->dual, s->kk, array, s->dots));
  PetscCall(KSPRecycleCombine(ksp, -1.0, s->C, s->kk, s->dots, array));
  PetscCall(VecRestoreArray(r, &array));
  PetscCall(VecGetArray(x, &array));
  PetscCall(KSPRecycleCombine(ksp, 1.0, s->U, s->kk, s->dots, array));
  PetscCall(VecRestoreArray(x, &array));
  PetscFunctionReturn(0);
}
