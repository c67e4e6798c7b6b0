/* U'M U of the space of rcg. M cannot be applied, only its inverse. Ritz vectors are made orthonormal in the M of
   their solve; for the next one it is assumed that M has changed as A has, so that u'A u / u'M u is what it was (a
   refresh then is as good as with the true M: datagen/skr/README.md). Nothing but the choice of vectors
   depends on it. */
#include "datagen/skr/deflated_impl.h"

/* N of old vectors, normalised in the old A; they were divided by R to be so in the new one. With N = L'L the
   assumption is N := X'X, X = R L R^-1, which keeps the quotients of span and is symmetric */
static PetscErrorCode Carry(PetscInt kk, const PetscScalar *R, PetscScalar *N, PetscBool *ok)
{
  const PetscBLASInt n = (PetscBLASInt)kk;
  const PetscScalar one = 1.0, zero = 0.0;
  PetscScalar *X;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(kk * kk, &X));
  PetscCall(KSPRecycleCholesky(kk, N, ok));
  for (PetscInt j = 0; j < kk; j++) PetscCall(PetscArrayzero(N + j * kk + j + 1, kk - j - 1));
  if (*ok) {
    PetscCallBLAS("BLASgemm", BLASgemm_("N", "N", &n, &n, &n, &one, R, &n, N, &n, &zero, X, &n));
    PetscCallBLAS("BLAStrsm", BLAStrsm_("R", "U", "N", "N", &n, &n, &one, R, &n, X, &n));
    PetscCallBLAS("BLASgemm", BLASgemm_("T", "N", &n, &n, &n, &one, X, &n, X, &n, &zero, N, &n));
  }
  PetscCall(PetscFree(X));
  PetscFunctionReturn(0);
}

static PetscErrorCode Invert(PetscInt kk, PetscScalar *N, PetscBool *ok)
{
  const PetscBLASInt n = (PetscBLASInt)kk;
  PetscBLASInt info = 0;

  PetscFunctionBegin;
  PetscCall(KSPRecycleCholesky(kk, N, ok));
  if (*ok) PetscCallBLAS("LAPACKpotri", LAPACKpotri_("U", &n, N, &n, &info));
  if (info) *ok = PETSC_FALSE;
  for (PetscInt j = 0; j < kk; j++)
    for (PetscInt i = j + 1; i < kk; i++) N[j * kk + i] = N[i * kk + j];
  PetscFunctionReturn(0);
}

/* rank 0's N and word for all */
static PetscErrorCode Agree(KSP ksp, PetscBool ok)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const MPI_Comm comm = PetscObjectComm((PetscObject)ksp);
  const PetscInt kk = s->base.kk;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Bcast(&ok, 1, MPI_INT, 0, comm));
  PetscCallMPI(MPI_Bcast(s->N, (PetscMPIInt)(kk * kk), MPIU_SCALAR, 0, comm));
  s->known = ok;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedNormCarry(KSP ksp, const PetscScalar *R)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscBool ok = PETSC_FALSE;
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)ksp), &rank));
  if (!rank) PetscCall(Carry(s->base.kk, R, s->N, &ok));
  PetscCall(Agree(ksp, ok));
  PetscFunctionReturn(0);
}

/* the user's vectors, of which nothing is known: N = (C'M^-1 C)^-1, a bound from below and exact if they span an
   invariant space; k applications */
PetscErrorCode KSPDeflatedNormEstimate(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const PetscInt kk = s->base.kk;
  PetscBool ok = PETSC_FALSE;
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)ksp), &rank));
  for (PetscInt j = 0; j < kk; j++)
    PetscCall(KSPRecyclePrecondition(ksp, KSPRecycleColumn(&s->base, s->base.C, j),
                                     KSPRecycleColumn(&s->base, s->w.X, j)));
  PetscCall(KSPRecycleGram(ksp, s->base.C, kk, s->w.X, kk, s->N, kk));
  PetscCall(KSPRecycleSum(ksp, s->N, kk * kk));
  if (!rank) PetscCall(Invert(kk, s->N, &ok));
  PetscCall(Agree(ksp, ok));
  PetscFunctionReturn(0);
}
