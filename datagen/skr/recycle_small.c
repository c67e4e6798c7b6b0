/* The small dense problems. */
#include "datagen/skr/recycle_impl.h"

PetscErrorCode KSPRecycleCholesky(PetscInt n, PetscScalar *S, PetscBool *ok)
{
  const PetscBLASInt bn = (PetscBLASInt)n;
  PetscBLASInt info = 0;
  PetscReal largest = 0.0, smallest = PETSC_MAX_REAL;

  PetscFunctionBegin;
  PetscCallBLAS("LAPACKpotrf", LAPACKpotrf_("U", &bn, S, &bn, &info));
  for (PetscInt i = 0; i < n && !info; i++) {
    largest = PetscMax(largest, S[i * (n + 1)]);
    smallest = PetscMin(smallest, S[i * (n + 1)]);
  }
  *ok = (PetscBool)(!info && smallest > 1e-6 * largest);
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecyclePencil(PetscInt n, PetscScalar *P, PetscScalar *Q, PetscReal *values,
                                PetscBool *ok)
{
  PetscBLASInt bn = (PetscBLASInt)n, one = 1, size = 64 * bn + 64, info;
  PetscScalar *work;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1((size_t)size, &work));
  PetscCall(PetscFPTrapPush(PETSC_FP_TRAP_OFF));
  PetscCallBLAS("LAPACKsygv",
                LAPACKsygv_(&one, "V", "U", &bn, P, &bn, Q, &bn, values, work, &size, &info));
  PetscCall(PetscFPTrapPop());
  PetscCall(PetscFree(work));
  *ok = (PetscBool)!info;
  PetscFunctionReturn(0);
}
