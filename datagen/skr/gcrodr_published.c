/* The choices of the solver behind the published tables (-ksp_gcrodr_ritz published). Where the limit of k vectors
   falls between the two of a conjugate pair it keeps one column of the pair; which one, and in which phase, is a matter
   of how LAPACK returns the pair, so the same routines are called here. */
#include "datagen/skr/gcrodr_impl.h"

/* PETSc declares what it uses itself */
#define LAPACKhsein_ PETSCBLAS(hsein, HSEIN)
#define LAPACKggev_ PETSCBLAS(ggev, GGEV)
PETSC_EXTERN void LAPACKhsein_(const char *, const char *, const char *, PetscBLASInt *,
                               const PetscBLASInt *, const PetscScalar *, const PetscBLASInt *,
                               PetscReal *, PetscReal *, PetscScalar *, const PetscBLASInt *,
                               PetscScalar *, const PetscBLASInt *, const PetscBLASInt *,
                               PetscBLASInt *, PetscScalar *, PetscBLASInt *, PetscBLASInt *,
                               PetscBLASInt *);
PETSC_EXTERN void LAPACKggev_(const char *, const char *, const PetscBLASInt *, PetscScalar *,
                              const PetscBLASInt *, PetscScalar *, const PetscBLASInt *,
                              PetscReal *, PetscReal *, PetscReal *, PetscScalar *,
                              const PetscBLASInt *, PetscScalar *, const PetscBLASInt *,
                              PetscScalar *, const PetscBLASInt *, PetscBLASInt *);

/* columns in the order of rising magnitude */
static PetscErrorCode Order(PetscInt n, const PetscReal *size, PetscInt *order)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++) {
    PetscInt at = i;
    for (; at > 0 && size[order[at - 1]] > size[i]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  PetscFunctionReturn(0);
}

/* values of an upper Hessenberg matrix in the order in which the QR iteration finds them */
static PetscErrorCode HessenbergValues(PetscInt cols, const PetscScalar *M, PetscReal *re,
                                       PetscReal *im, PetscBool *ok)
{
  PetscBLASInt n = (PetscBLASInt)cols, one = 1, size = 64 * n + 64, info;
  PetscScalar *copy, *work, none;

  PetscFunctionBegin;
  PetscCall(PetscMalloc2(cols * cols, &copy, (size_t)size, &work));
  PetscCall(PetscArraycpy(copy, M, cols * cols));
  PetscCallBLAS("LAPACKhseqr", LAPACKhseqr_("E", "N", &n, &one, &n, copy, &n, re, im, &none, &one,
                                            work, &size, &info));
  PetscCall(PetscFree2(copy, work));
  *ok = (PetscBool)!info;
  PetscFunctionReturn(0);
}

/* the vectors of the selected values by inverse iteration */
static PetscErrorCode InverseIteration(GCRODRRitzProblem *a, PetscReal *re, PetscReal *im,
                                       const PetscInt *order)
{
  const PetscBLASInt n = (PetscBLASInt)a->cols, one = 1;
  PetscBLASInt *select, *failed, columns, info;
  PetscScalar *vectors, *work, none;

  PetscFunctionBegin;
  PetscCall(PetscMalloc4(n * n, &vectors, (n + 2) * n, &work, n, &select, n, &failed));
  PetscCall(PetscArrayzero(select, n));
  for (PetscInt i = 0; i < PetscMin(a->want, a->cols); i++) select[order[i]] = 1;
  PetscCallBLAS("LAPACKhsein",
                LAPACKhsein_("R", "Q", "N", select, &n, a->M, &n, re, im, &none, &one, vectors, &n,
                             &n, &columns, work, NULL, failed, &info));
  a->found = info < 0 ? 0 : PetscMin(a->want, columns);
  PetscCall(PetscArraycpy(a->P, vectors, a->found * a->cols));
  PetscCall(PetscFree4(vectors, work, select, failed));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRPublishedFirst(GCRODRRitzProblem *a)
{
  PetscReal *re, *im, *size;
  PetscInt *order;
  PetscBool ok = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(PetscMalloc4(a->cols, &re, a->cols, &im, a->cols, &size, a->cols, &order));
  PetscCall(PetscFPTrapPush(PETSC_FP_TRAP_OFF));
  PetscCall(HessenbergValues(a->cols, a->M, re, im, &ok));
  for (PetscInt i = 0; i < a->cols && ok; i++) size[i] = hypot(re[i], im[i]);
  if (ok) PetscCall(Order(a->cols, size, order));
  if (ok) PetscCall(InverseIteration(a, re, im, order));
  PetscCall(PetscFPTrapPop());
  PetscCall(PetscFree4(re, im, size, order));
  PetscFunctionReturn(0);
}

/* E'E z = theta E'F z, squared as it stands */
static PetscErrorCode Generalised(GCRODRRitzProblem *a, PetscReal *size, PetscScalar *vectors,
                                  PetscBool *ok)
{
  const PetscBLASInt m = (PetscBLASInt)a->rows, n = (PetscBLASInt)a->cols, one = 1;
  PetscBLASInt room = 64 * n + 64, info;
  const PetscScalar unit = 1.0, zero = 0.0;
  PetscScalar *A, *B, *re, *im, *beta, *work, none;

  PetscFunctionBegin;
  PetscCall(PetscMalloc6(n * n, &A, n * n, &B, n, &re, n, &im, n, &beta, room, &work));
  PetscCallBLAS("BLASgemm",
                BLASgemm_("T", "N", &n, &n, &m, &unit, a->E, &m, a->E, &m, &zero, A, &n));
  PetscCallBLAS("BLASgemm",
                BLASgemm_("T", "N", &n, &n, &m, &unit, a->E, &m, a->F, &m, &zero, B, &n));
  PetscCallBLAS("LAPACKggev", LAPACKggev_("N", "V", &n, A, &n, B, &n, re, im, beta, &none, &one,
                                          vectors, &n, work, &room, &info));
  for (PetscInt i = 0; i < a->cols; i++) size[i] = hypot(re[i], im[i]) / PetscAbsReal(beta[i]);
  *ok = (PetscBool)!info;
  PetscCall(PetscFree6(A, B, re, im, beta, work));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRPublishedLater(GCRODRRitzProblem *a)
{
  PetscScalar *vectors;
  PetscReal *size;
  PetscInt *order;
  PetscBool ok = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(PetscMalloc3(a->cols * a->cols, &vectors, a->cols, &size, a->cols, &order));
  PetscCall(PetscFPTrapPush(PETSC_FP_TRAP_OFF));
  PetscCall(Generalised(a, size, vectors, &ok));
  PetscCall(PetscFPTrapPop());
  if (ok) PetscCall(Order(a->cols, size, order));
  if (ok) a->found = PetscMin(a->want, a->cols);
  for (PetscInt j = 0; j < a->found; j++)
    PetscCall(PetscArraycpy(a->P + j * a->cols, vectors + order[j] * a->cols, a->cols));
  PetscCall(PetscFree3(vectors, size, order));
  PetscFunctionReturn(0);
}
