/* After a cycle: the harmonic Ritz vectors of what was seen become the recycled space. */
#include "datagen/skr/gcrodr_impl.h"

#define DRIFT 1e-11 /* in B u = c, unit c: above it c is computed again */

typedef struct {
  PetscInt p, r, c;           /* steps; rows and columns of G */
  PetscScalar *D, *S, *N, *F; /* 1/||u||; Y'Y and Y'U of right; W'U (left) */
  GCRODRRitzProblem ritz;
  PetscScalar *drift, *noise; /* of each new vector */
  PetscScalar *packed;        /* found, drift, noise, Q, P: what is broadcast */
} Small;

static PetscErrorCode SmallCreate(const KSP_GCRODR *s, Small *a)
{
  const PetscInt r = s->base.kk + s->steps + 1, c = s->base.kk + s->steps, room = s->base.room;
  const PetscInt sums = s->base.kk + r * s->base.kk + r * r;

  PetscFunctionBegin;
  a->p = s->steps;
  a->r = r;
  a->c = c;
  PetscCall(PetscCalloc5(sums, &a->D, r * c, &a->ritz.G, r * c, &a->ritz.E, r * c, &a->ritz.F,
                         1 + (2 + r + c) * room, &a->packed));
  a->N = a->D + s->base.kk;
  a->S = a->N + r * s->base.kk;
  a->ritz.M = NULL;
  a->drift = a->packed + 1;
  a->noise = a->drift + room;
  a->ritz.Q = a->noise + room;
  a->ritz.P = a->ritz.Q + r * room;
  PetscFunctionReturn(0);
}

static PetscErrorCode SmallDestroy(Small *a)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(a->ritz.M));
  PetscCall(PetscFree5(a->D, a->ritz.G, a->ritz.E, a->ritz.F, a->packed));
  PetscFunctionReturn(0);
}

/* norms of U, Y'U with Y = W or [T Z], and for right preconditioning Y'Y: one reduction */
static PetscErrorCode Inner(KSP ksp, PetscBool right, Small *a)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBLASInt one = 1;
  PetscScalar *Y = right ? s->Z : s->W;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < s->base.kk && s->base.n; i++) {
    PetscScalar *u = KSPRecycleColumn(&s->base, s->base.U, i);
    a->D[i] = BLASdot_(&s->base.n, u, &one, u, &one);
  }
  PetscCall(KSPRecycleGram(ksp, Y, a->r, s->base.U, s->base.kk, a->N, a->r));
  if (right) PetscCall(KSPRecycleGram(ksp, Y, a->r, Y, a->r, a->S, a->r));
  const PetscInt sums = s->base.kk + a->r * s->base.kk + (right ? a->r * a->r : 0);
  if (sums) PetscCall(KSPRecycleSum(ksp, a->D, sums));
  for (PetscInt i = 0; i < s->base.kk; i++) a->D[i] = 1.0 / PetscSqrtReal(a->D[i]);
  PetscFunctionReturn(0);
}

static void Relation(const KSP_GCRODR *s, Small *a)
{
  const PetscInt kk = s->base.kk;

  for (PetscInt j = 0; j < kk; j++) a->ritz.G[j * (a->r + 1)] = a->D[j];
  for (PetscInt j = 0; j < a->p; j++) {
    PetscScalar *column = a->ritz.G + (kk + j) * a->r;
    for (PetscInt i = 0; i < kk; i++) column[i] = s->B[j * s->m + i];
    for (PetscInt i = 0; i <= j + 1; i++) column[kk + i] = s->H[j * (s->m + 1) + i];
  }
}

/* E = G, F = W'[UD V] */
static PetscErrorCode LeftProblem(const KSP_GCRODR *s, Small *a)
{
  PetscFunctionBegin;
  PetscCall(PetscArraycpy(a->ritz.E, a->ritz.G, a->r * a->c));
  for (PetscInt j = 0; j < s->base.kk; j++)
    for (PetscInt i = 0; i < a->r; i++) a->ritz.F[j * a->r + i] = a->N[j * a->r + i] * a->D[j];
  for (PetscInt j = s->base.kk; j < a->c; j++) a->ritz.F[j * (a->r + 1)] = 1.0;
  PetscFunctionReturn(0);
}

/* F = [I; 0]: no inner products with U are used; all that a changing M allows */
static PetscErrorCode BasisProblem(Small *a)
{
  PetscFunctionBegin;
  PetscCall(PetscArrayzero(a->ritz.F, a->r * a->c));
  PetscCall(PetscArraycpy(a->ritz.E, a->ritz.G, a->r * a->c));
  for (PetscInt j = 0; j < a->c; j++) a->ritz.F[j * (a->r + 1)] = 1.0;
  PetscFunctionReturn(0);
}

/* harmonic Ritz of M^-1 A on X = [UD Z]: with Y = [T Z] = Qy Ry, M^-1 A X = Y G = Qy (Ry G), so
   E = Ry G and F = Qy'X = [Ry^-T Y'U D, columns of Ry] */
static PetscErrorCode RightProblem(const KSP_GCRODR *s, Small *a)
{
  const PetscBLASInt br = (PetscBLASInt)a->r, bc = (PetscBLASInt)a->c,
                     bk = (PetscBLASInt)s->base.kk;
  const PetscScalar one = 1.0, zero = 0.0;
  PetscBool ok;

  PetscFunctionBegin;
  PetscCall(KSPRecycleCholesky(a->r, a->S, &ok));
  if (!ok) {
    PetscCall(BasisProblem(a));
    PetscFunctionReturn(0);
  }
  PetscCall(LeftProblem(s, a));
  if (bk)
    PetscCallBLAS("BLAStrsm",
                  BLAStrsm_("L", "U", "T", "N", &br, &bk, &one, a->S, &br, a->ritz.F, &br));
  for (PetscInt j = s->base.kk; j < a->c; j++)
    for (PetscInt i = 0; i < a->r; i++) a->ritz.F[j * a->r + i] = i <= j ? a->S[j * a->r + i] : 0.0;
  for (PetscInt j = 0; j < a->r; j++)
    PetscCall(PetscArrayzero(a->S + j * a->r + j + 1, a->r - j - 1));
  PetscCallBLAS("BLASgemm", BLASgemm_("N", "N", &br, &bc, &br, &one, a->S, &br, a->ritz.G, &br,
                                      &zero, a->ritz.E, &br));
  PetscFunctionReturn(0);
}

/* H + c^2 h^2 H^-T e e', which is H + s^2 r Q'e e' by the rotations that made H triangular: h the
   last subdiagonal entry, c and s the last rotation, r the last diagonal entry before it */
static PetscErrorCode PublishedFirst(const KSP_GCRODR *s, Small *a)
{
  const PetscInt p = a->p, ld = s->m + 1, last = p - 1;
  PetscScalar weight = 1.0;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1(p * p, &a->ritz.M));
  for (PetscInt j = 0; j < p; j++)
    for (PetscInt i = 0; i <= PetscMin(j + 1, last); i++) a->ritz.M[j * p + i] = s->H[j * ld + i];
  const PetscScalar before = s->cosine[last] * s->R[last * ld + last];
  const PetscScalar factor = s->sine[last] * s->sine[last] * before;
  for (PetscInt i = last; i > 0; i--) {
    a->ritz.M[last * p + i] += factor * weight * s->cosine[i - 1];
    weight *= -s->sine[i - 1];
  }
  a->ritz.M[last * p] += factor * weight;
  PetscFunctionReturn(0);
}

static PetscErrorCode Pose(KSP ksp, PetscBool right, Small *a)
{
  const KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBool published = (PetscBool)(s->ritz == KSP_GCRODR_RITZ_PUBLISHED);

  PetscFunctionBegin;
  a->ritz.rows = a->r;
  a->ritz.cols = a->c;
  a->ritz.room = s->base.room;
  a->ritz.published = (PetscBool)(published && !right && !s->flexible);
  a->ritz.want = published && s->base.kk ? PetscMin(s->base.kk, s->k) : s->k;
  Relation(s, a);
  if (right)
    PetscCall(RightProblem(s, a));
  else if (s->flexible)
    PetscCall(BasisProblem(a));
  else if (published && !s->base.kk)
    PetscCall(PublishedFirst(s, a));
  else
    PetscCall(LeftProblem(s, a));
  PetscFunctionReturn(0);
}

/* how far round-off may have driven B u and c apart: what the old vectors bring along, and noise =
   eps ||B|| ||u||, which a new vector has in any case (UD and V have unit columns; P is not yet scaled) */
static void Drift(const KSP_GCRODR *s, Small *a, PetscInt column)
{
  const PetscScalar *P = a->ritz.P + column * a->c;
  PetscReal size = 0.0, inherited = 0.0;

  for (PetscInt i = 0; i < a->c; i++) size += P[i] * P[i];
  for (PetscInt i = 0; i < s->base.kk; i++) inherited += PetscAbsReal(P[i] * a->D[i]) * s->drift[i];
  a->noise[column] = PETSC_MACHINE_EPSILON * PetscSqrtReal(size) * s->base.width;
  a->drift[column] = inherited + a->noise[column];
}

/* one process solves, so that all hold the same bits whatever their BLAS does */
static PetscErrorCode Agree(KSP ksp, PetscBool right, Small *a)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const MPI_Comm comm = PetscObjectComm((PetscObject)ksp);
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (!rank) {
    PetscCall(Pose(ksp, right, a));
    PetscCall(KSPGCRODRRitzSolve(&a->ritz));
    a->packed[0] = (PetscScalar)a->ritz.found;
    for (PetscInt j = 0; j < a->ritz.found; j++) Drift(s, a, j);
    for (PetscInt j = 0; j < a->ritz.found; j++) /* X = [U V], not [UD V] */
      for (PetscInt i = 0; i < s->base.kk; i++) a->ritz.P[j * a->c + i] *= a->D[i];
  }
  PetscCallMPI(MPI_Bcast(a->packed, (PetscMPIInt)(1 + (2 + a->r + a->c) * s->base.room),
                         MPIU_SCALAR, 0, comm));
  a->ritz.found = (PetscInt)(a->packed[0] + 0.5);
  PetscFunctionReturn(0);
}

static PetscErrorCode Replace(KSP ksp, PetscBool right, Small *a)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt found = a->ritz.found;

  PetscFunctionBegin;
  PetscCall(KSPRecycleRotate(ksp, s->base.U, s->base.kk,
                             KSPRecycleColumn(&s->base, s->Z ? s->Z : s->W, s->base.kk), a->p,
                             a->ritz.P, a->c, found, s->base.U));
  PetscCall(KSPRecycleRotate(ksp, s->W, a->r, NULL, 0, a->ritz.Q, a->r, found, s->W));
  if (right) PetscCall(KSPRecycleRotate(ksp, s->Z, a->r, NULL, 0, a->ritz.Q, a->r, found, s->Z));
  s->base.kk = found;
  s->images = right;
  s->base.fitted = PETSC_TRUE;
  s->since_fit++;
  s->base.counts.refreshes++;
  for (PetscInt j = 0; j < found; j++) {
    s->drift[j] = a->drift[j];
    if (a->drift[j] <= PetscMax(DRIFT, 4.0 * a->noise[j])) continue;
    PetscCall(KSPGCRODRRenew(ksp, j));
    s->drift[j] = a->noise[j];
  }
  PetscFunctionReturn(0);
}

/* T = M^-1 C of the space in use, and z of the last Krylov vector */
static PetscErrorCode Images(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt last = s->base.kk + s->steps;

  PetscFunctionBegin;
  for (PetscInt i = s->images ? s->base.kk : 0; i < s->base.kk; i++)
    PetscCall(KSPRecyclePrecondition(ksp, KSPRecycleColumn(&s->base, s->W, i),
                                     KSPRecycleColumn(&s->base, s->Z, i)));
  PetscCall(KSPRecyclePrecondition(ksp, KSPRecycleColumn(&s->base, s->W, last),
                                   KSPRecycleColumn(&s->base, s->Z, last)));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRRefresh(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBool right = (PetscBool)(s->Z && !s->flexible);
  Small a;

  PetscFunctionBegin;
  if (s->steps < 1) PetscFunctionReturn(0);
  PetscCall(SmallCreate(s, &a));
  if (right) PetscCall(Images(ksp));
  if (s->base.kk || right) PetscCall(Inner(ksp, right, &a));
  PetscCall(Agree(ksp, right, &a));
  if (a.ritz.found) PetscCall(Replace(ksp, right, &a));
  PetscCall(SmallDestroy(&a));
  PetscFunctionReturn(0);
}
