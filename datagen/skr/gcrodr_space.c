/* The space between solves: fitting it to an operator, giving it to the user and taking it back. */
#include "datagen/skr/gcrodr_impl.h"

static PetscErrorCode KeyNow(KSP ksp, GCRODRKey *key)
{
  Mat A, P;

  PetscFunctionBegin;
  PetscCall(PetscMemzero(key, sizeof *key)); /* keys are compared bytewise */
  PetscCall(PCGetOperators(ksp->pc, &A, &P));
  PetscCall(PetscObjectGetId((PetscObject)A, &key->A));
  PetscCall(PetscObjectStateGet((PetscObject)A, &key->state_A));
  key->transpose = ksp->transpose_solve;
  PetscCall(PetscObjectGetId((PetscObject)P, &key->P));
  PetscCall(PetscObjectGetId((PetscObject)ksp->pc, &key->pc));
  PetscCall(PetscObjectStateGet((PetscObject)P, &key->state_P));
  key->state_pc = ksp->pc->matstate;
  key->pattern_pc = ksp->pc->matnonzerostate;
  const char *type = ((PetscObject)ksp->pc)->type_name;
  PetscCall(PetscStrncpy(key->type, type ? type : "", sizeof key->type));
  PetscFunctionReturn(0);
}

/* largest over smallest diagonal entry of a triangle: its condition number, roughly */
static PetscReal Spread(PetscInt n, const PetscScalar *R)
{
  PetscReal largest = R[0], smallest = R[0];

  for (PetscInt i = 1; i < n; i++) {
    largest = PetscMax(largest, R[i * (n + 1)]);
    smallest = PetscMin(smallest, R[i * (n + 1)]);
  }
  return largest / smallest;
}

/* C = Q R by Cholesky of C'C, twice; U follows. *ok = false and nothing changed in the direction of
   a wrong answer if C is too badly conditioned for that */
static PetscErrorCode CholeskyQR(KSP ksp, PetscReal *spread, PetscBool *ok)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt kk = s->kk;
  PetscScalar *S; /* its last entry says whether it worked, to all processes */
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)ksp), &rank));
  PetscCall(PetscCalloc1(kk * kk + 1, &S));
  *ok = PETSC_TRUE;
  for (PetscInt pass = 0; pass < 2 && *ok; pass++) {
    PetscCall(KSPGCRODRGram(ksp, s->W, kk, s->W, kk, S, kk));
    PetscCall(KSPGCRODRSum(ksp, S, kk * kk));
    if (!rank) {
      PetscCall(KSPGCRODRCholesky(kk, S, ok));
      S[kk * kk] = *ok ? 1.0 : 0.0;
    }
    PetscCallMPI(MPI_Bcast(S, (PetscMPIInt)(kk * kk + 1), MPIU_SCALAR, 0,
                           PetscObjectComm((PetscObject)ksp)));
    *ok = (PetscBool)(S[kk * kk] > 0.5);
    if (!*ok) break;
    *spread *= Spread(kk, S);
    PetscCall(KSPGCRODRDivide(ksp, s->W, kk, S, kk));
    PetscCall(KSPGCRODRDivide(ksp, s->U, kk, S, kk));
  }
  PetscCall(PetscFree(S));
  PetscFunctionReturn(0);
}

/* what a space just fitted is off by: eps ||B|| ||u_i||, times what dividing by R amplified */
static PetscErrorCode StartDrift(KSP ksp, PetscReal spread)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBLASInt one = 1;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < s->kk; j++) {
    PetscScalar *u = GCRODRColumn(s, s->U, j);
    s->drift[j] = s->n ? BLASdot_(&s->n, u, &one, u, &one) : 0.0;
  }
  if (s->kk) PetscCall(KSPGCRODRSum(ksp, s->drift, s->kk));
  for (PetscInt j = 0; j < s->kk; j++)
    s->drift[j] = PETSC_MACHINE_EPSILON * s->width * PetscSqrtReal(s->drift[j]) * spread;
  PetscFunctionReturn(0);
}

static void ScaleColumn(KSP_GCRODR *s, PetscInt column, PetscReal factor)
{
  PetscScalar *c = GCRODRColumn(s, s->W, column), *u = GCRODRColumn(s, s->U, column);

  for (PetscBLASInt i = 0; i < s->n; i++) {
    c[i] *= factor;
    u[i] *= factor;
  }
}

/* unit columns: Cholesky then sees angles only. *ok = false if one vanishes */
static PetscErrorCode ScaleColumns(KSP ksp, PetscBool *ok)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBLASInt one = 1;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < s->kk; j++) {
    PetscScalar *c = GCRODRColumn(s, s->W, j);
    s->correction[j] = s->n ? BLASdot_(&s->n, c, &one, c, &one) : 0.0;
  }
  PetscCall(KSPGCRODRSum(ksp, s->correction, s->kk));
  *ok = PETSC_TRUE;
  for (PetscInt j = 0; j < s->kk; j++) {
    const PetscReal norm = PetscSqrtReal(s->correction[j]);
    if (norm > 0.0 && !PetscIsInfOrNanReal(norm))
      ScaleColumn(s, j, 1.0 / norm);
    else
      *ok = PETSC_FALSE;
  }
  PetscFunctionReturn(0);
}

/* the careful way: column by column, classical Gram-Schmidt twice, dependent columns dropped */
static PetscErrorCode ColumnwiseQR(KSP ksp, PetscReal *spread)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscInt kept = 0;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < s->kk; j++) {
    PetscScalar *c = GCRODRColumn(s, s->W, j), *u = GCRODRColumn(s, s->U, j);
    PetscReal before = 0.0;
    for (PetscInt pass = 0; pass < 2; pass++) {
      PetscCall(KSPGCRODRDots(ksp, s->W, kept, c, s->dots));
      if (!pass) before = s->dots[kept];
      PetscCall(KSPGCRODRCombine(ksp, -1.0, s->W, kept, s->dots, c));
      PetscCall(KSPGCRODRCombine(ksp, -1.0, s->U, kept, s->dots, u));
    }
    PetscCall(KSPGCRODRDots(ksp, s->W, 0, c, s->dots));
    const PetscReal left = s->dots[0];
    if (!(left > 1e-24 * before) || PetscIsInfOrNanReal(left)) continue;
    if (kept < j) {
      PetscCall(PetscArraycpy(GCRODRColumn(s, s->W, kept), c, s->n));
      PetscCall(PetscArraycpy(GCRODRColumn(s, s->U, kept), u, s->n));
    }
    *spread = PetscMax(*spread, PetscSqrtReal(before / left));
    ScaleColumn(s, kept++, 1.0 / PetscSqrtReal(left));
  }
  s->kk = kept;
  PetscFunctionReturn(0);
}

/* w = B u for a vector of the space */
static PetscErrorCode Image(KSP ksp, PetscScalar *u, PetscScalar *w)
{
  const KSP_GCRODR *s = (const KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  if (s->Z)
    PetscCall(KSPGCRODRApplyOperator(ksp, u, w));
  else
    PetscCall(KSPGCRODRApply(ksp, u, NULL, w));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRRenew(KSP ksp, PetscInt j)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscScalar *c = GCRODRColumn(s, s->W, j), *u = GCRODRColumn(s, s->U, j);

  PetscFunctionBegin;
  PetscCall(Image(ksp, u, c));
  for (PetscInt pass = 0; pass < 2; pass++) {
    PetscCall(KSPGCRODRDots(ksp, s->W, s->kk, c, s->dots));
    s->dots[j] = 0.0; /* all but itself */
    PetscCall(KSPGCRODRCombine(ksp, -1.0, s->W, s->kk, s->dots, c));
    PetscCall(KSPGCRODRCombine(ksp, -1.0, s->U, s->kk, s->dots, u));
  }
  PetscCall(KSPGCRODRDots(ksp, s->W, 0, c, s->dots));
  if (s->dots[0] > 0.0) ScaleColumn(s, j, 1.0 / PetscSqrtReal(s->dots[0]));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRFit(KSP ksp, PetscBool force)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  GCRODRKey key;
  PetscReal spread = 1.0;
  PetscBool same, ok;

  PetscFunctionBegin;
  PetscCall(KeyNow(ksp, &key));
  PetscCall(PetscMemcmp(&key, &s->key, sizeof key, &same));
  s->key = key;
  if (!same) s->images = PETSC_FALSE;
  if (!s->kk || (same && s->fitted && !force)) PetscFunctionReturn(0);
  for (PetscInt j = 0; j < s->kk; j++) {
    PetscScalar *u = GCRODRColumn(s, s->U, j), *c = GCRODRColumn(s, s->W, j);
    if (!s->Z)
      PetscCall(KSPGCRODRApply(ksp, u, NULL, c));
    else
      PetscCall(KSPGCRODRApplyOperator(ksp, u, c));
  }
  PetscCall(ScaleColumns(ksp, &ok));
  if (ok) PetscCall(CholeskyQR(ksp, &spread, &ok));
  if (!ok) PetscCall(ColumnwiseQR(ksp, &spread));
  PetscCall(StartDrift(ksp, spread));
  s->fitted = PETSC_TRUE;
  s->images = PETSC_FALSE;
  s->since_fit = 0;
  s->counts.adaptations++;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRDropPending(KSP_GCRODR *s)
{
  PetscFunctionBegin;
  if (s->npending > 0) PetscCall(VecDestroyVecs(s->npending, &s->pending));
  s->npending = -1;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRTakePending(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscInt n;

  PetscFunctionBegin;
  if (s->npending < 0) PetscFunctionReturn(0);
  PetscCheck(s->npending <= s->room, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "%" PetscInt_FMT " vectors were given to recycle but there is room for %" PetscInt_FMT
             ": give fewer, or raise -ksp_gcrodr_recycle",
             s->npending, s->room);
  for (PetscInt j = 0; j < s->npending; j++) {
    const PetscScalar *u;
    PetscCall(VecGetLocalSize(s->pending[j], &n));
    PetscCheck(n == (PetscInt)s->n, PETSC_COMM_SELF, PETSC_ERR_ARG_SIZ,
               "a vector to recycle has %" PetscInt_FMT " entries here, the solution %" PetscInt_FMT
               ": make it with MatCreateVecs() of the operator",
               n, (PetscInt)s->n);
    PetscCall(VecGetArrayRead(s->pending[j], &u));
    PetscCall(PetscArraycpy(GCRODRColumn(s, s->U, j), u, s->n));
    PetscCall(VecRestoreArrayRead(s->pending[j], &u));
  }
  s->kk = s->npending;
  s->fitted = s->images = PETSC_FALSE;
  PetscCall(KSPGCRODRDropPending(s));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetSpace_GCRODR(KSP ksp, PetscInt n, Vec U[])
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  PetscCheck(n >= 0, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "a space of %" PetscInt_FMT " vectors", n);
  PetscCall(KSPGCRODRDropPending(s));
  if (n > 0) PetscCall(VecDuplicateVecs(U[0], n, &s->pending));
  for (PetscInt j = 0; j < n; j++) PetscCall(VecCopy(U[j], s->pending[j]));
  s->npending = n;
  PetscFunctionReturn(0);
}

static PetscErrorCode GetSpace_GCRODR(KSP ksp, PetscInt *n, Vec *U[])
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscBool waits = (PetscBool)(s->npending >= 0);

  PetscFunctionBegin;
  *n = waits ? s->npending : s->kk;
  *U = NULL;
  if (!*n) PetscFunctionReturn(0);
  PetscCall(VecDuplicateVecs(waits ? s->pending[0] : s->r, *n, U));
  for (PetscInt j = 0; j < *n; j++) {
    PetscScalar *to;
    if (waits) {
      PetscCall(VecCopy(s->pending[j], (*U)[j]));
      continue;
    }
    PetscCall(VecGetArrayWrite((*U)[j], &to));
    PetscCall(PetscArraycpy(to, GCRODRColumn(s, s->U, j), s->n));
    PetscCall(VecRestoreArrayWrite((*U)[j], &to));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode GetDefect_GCRODR(KSP ksp, PetscReal *orthogonality, PetscReal *relation,
                                       PetscReal *noise)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const KSPGCRODRCounts counts = s->counts;
  const PetscInt kk = s->kk;
  PetscScalar *S, *w;

  PetscFunctionBegin;
  *orthogonality = *relation = *noise = 0.0;
  PetscCall(PetscMalloc2(kk * kk + 1, &S, s->ld, &w));
  PetscCall(KSPGCRODRGram(ksp, s->W, kk, s->W, kk, S, kk));
  if (kk) PetscCall(KSPGCRODRSum(ksp, S, kk * kk));
  for (PetscInt i = 0; i < kk * kk; i++) {
    const PetscReal error = PetscAbsReal(S[i] - (i % (kk + 1) ? 0.0 : 1.0));
    if (!(error <= *orthogonality)) *orthogonality = error;
  }
  for (PetscInt j = 0; j < kk; j++) {
    const PetscScalar minus = -1.0;
    PetscScalar *u = GCRODRColumn(s, s->U, j);
    if (!s->Z)
      PetscCall(KSPGCRODRApply(ksp, u, NULL, w));
    else
      PetscCall(KSPGCRODRApplyOperator(ksp, u, w));
    PetscCall(KSPGCRODRCombine(ksp, 1.0, GCRODRColumn(s, s->W, j), 1, &minus, w));
    PetscCall(KSPGCRODRDots(ksp, s->W, 0, w, S));
    if (!(PetscSqrtReal(S[0]) <= *relation)) *relation = PetscSqrtReal(S[0]);
    PetscCall(KSPGCRODRDots(ksp, s->W, 0, u, S));
    *noise = PetscMax(*noise, PETSC_MACHINE_EPSILON * s->width * PetscSqrtReal(S[0]));
  }
  PetscCall(PetscFree2(S, w));
  s->counts = counts;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRComposeSpace(KSP ksp, PetscBool on)
{
  PetscObject o = (PetscObject)ksp;

  PetscFunctionBegin;
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRSetSpace_C", on ? SetSpace_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRGetSpace_C", on ? GetSpace_GCRODR : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPGCRODRGetDefect_C", on ? GetDefect_GCRODR : NULL));
  PetscFunctionReturn(0);
}
