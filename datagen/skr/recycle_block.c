/* Tall blocks: inner products with one reduction, combinations, products with the operator. */
#include "datagen/skr/recycle_impl.h"

enum { PANEL = 512 }; /* rows rotated at a time: the panel and its product stay in cache */

PetscErrorCode KSPRecycleSum(KSP ksp, PetscScalar *values, PetscInt count)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscMPIInt size;

  PetscFunctionBegin;
  s->counts.reductions++;
  PetscCallMPI(MPI_Comm_size(PetscObjectComm((PetscObject)ksp), &size));
  if (size > 1)
    PetscCall(MPIU_Allreduce(MPI_IN_PLACE, values, (PetscMPIInt)count, MPIU_SCALAR, MPIU_SUM,
                             PetscObjectComm((PetscObject)ksp)));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleDots2(KSP ksp, PetscScalar *X, PetscInt columns, const PetscScalar *w,
                               const PetscScalar *a, const PetscScalar *b, PetscScalar *h)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBLASInt one = 1, nx = (PetscBLASInt)columns;
  const PetscScalar plus = 1.0, zero = 0.0;

  PetscFunctionBegin;
  PetscCall(PetscArrayzero(h, columns + 1)); /* BLAS leaves h alone where there are no rows */
  if (s->n && nx)
    PetscCallBLAS("BLASgemv",
                  BLASgemv_("T", &s->n, &nx, &plus, X, &s->ld, w, &one, &zero, h, &one));
  if (s->n) h[columns] = BLASdot_(&s->n, a, &one, b, &one);
  PetscCall(KSPRecycleSum(ksp, h, columns + 1));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleDots(KSP ksp, PetscScalar *X, PetscInt columns, const PetscScalar *w,
                              PetscScalar *h)
{
  PetscFunctionBegin;
  PetscCall(KSPRecycleDots2(ksp, X, columns, w, w, w, h));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleCombine(KSP ksp, PetscReal sign, PetscScalar *X, PetscInt columns,
                                 const PetscScalar *h, PetscScalar *w)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBLASInt one = 1, nx = (PetscBLASInt)columns;
  const PetscScalar plus = 1.0;

  PetscFunctionBegin;
  if (s->n && nx)
    PetscCallBLAS("BLASgemv",
                  BLASgemv_("N", &s->n, &nx, &sign, X, &s->ld, h, &one, &plus, w, &one));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleGram(KSP ksp, PetscScalar *X, PetscInt nx, PetscScalar *Y, PetscInt ny,
                              PetscScalar *S, PetscInt lds)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBLASInt bx = (PetscBLASInt)nx, by = (PetscBLASInt)ny, bs = (PetscBLASInt)lds;
  const PetscScalar plus = 1.0, zero = 0.0;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < ny; j++) PetscCall(PetscArrayzero(S + j * lds, nx));
  if (s->n && nx && ny)
    PetscCallBLAS("BLASgemm",
                  BLASgemm_("T", "N", &bx, &by, &s->n, &plus, X, &s->ld, Y, &s->ld, &zero, S, &bs));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleRotate(KSP ksp, PetscScalar *X1, PetscInt n1, PetscScalar *X2, PetscInt n2,
                                const PetscScalar *Q, PetscInt ldq, PetscInt columns,
                                PetscScalar *to)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBLASInt b1 = (PetscBLASInt)n1, b2 = (PetscBLASInt)n2, bc = (PetscBLASInt)columns,
                     bq = (PetscBLASInt)ldq, panel = PANEL;
  const PetscScalar plus = 1.0, zero = 0.0;
  PetscScalar *product;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1((size_t)PANEL * (size_t)columns, &product));
  for (PetscBLASInt row = 0; row < s->n; row += PANEL) {
    const PetscBLASInt rows = PetscMin(PANEL, s->n - row);
    if (b1)
      PetscCallBLAS("BLASgemm", BLASgemm_("N", "N", &rows, &bc, &b1, &plus, X1 + row, &s->ld, Q,
                                          &bq, &zero, product, &panel));
    if (b2)
      PetscCallBLAS("BLASgemm", BLASgemm_("N", "N", &rows, &bc, &b2, &plus, X2 + row, &s->ld,
                                          Q + n1, &bq, b1 ? &plus : &zero, product, &panel));
    for (PetscInt j = 0; j < columns; j++)
      PetscCall(PetscArraycpy(KSPRecycleColumn(s, to, j) + row, product + (size_t)j * PANEL,
                              (size_t)rows));
  }
  PetscCall(PetscFree(product));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleDivide(KSP ksp, PetscScalar *X, PetscInt columns, const PetscScalar *R,
                                PetscInt ldr)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBLASInt bc = (PetscBLASInt)columns, br = (PetscBLASInt)ldr;
  const PetscScalar plus = 1.0;

  PetscFunctionBegin;
  if (s->n && bc)
    PetscCallBLAS("BLAStrsm", BLAStrsm_("R", "U", "N", "N", &s->n, &bc, &plus, R, &br, X, &s->ld));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecyclePrecondition(KSP ksp, PetscScalar *v, PetscScalar *z)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;

  PetscFunctionBegin;
  PetscCall(VecPlaceArray(s->in, v));
  PetscCall(VecPlaceArray(s->side, z));
  PetscCall(KSP_PCApply(ksp, s->in, s->side));
  PetscCall(VecResetArray(s->side));
  PetscCall(VecResetArray(s->in));
  s->counts.preconditioners++;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleApplyOperator(KSP ksp, PetscScalar *v, PetscScalar *w)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  Mat A;

  PetscFunctionBegin;
  PetscCall(PCGetOperators(ksp->pc, &A, NULL));
  PetscCall(VecPlaceArray(s->in, v));
  PetscCall(VecPlaceArray(s->out, w));
  PetscCall(KSP_MatMult(ksp, A, s->in, s->out));
  PetscCall(VecResetArray(s->out));
  PetscCall(VecResetArray(s->in));
  s->counts.operators++;
  PetscFunctionReturn(0);
}
