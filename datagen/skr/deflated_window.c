/* The window of rcg and rminres: Lanczos directions collected, restarted as eigCG does, turned into a space. */
#include "datagen/skr/deflated_impl.h"

#define NULL_VALUE 1e-13 /* Ritz values this small beside the largest belong to the null space */

static PetscErrorCode CopyToColumn(KSP ksp, const PetscScalar *from, PetscScalar scale,
                                   PetscInt column)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscScalar *to = KSPRecycleColumn(&s->base, s->w.X, column);

  PetscFunctionBegin;
  for (PetscBLASInt i = 0; i < s->base.n; i++) to[i] = scale * from[i];
  PetscFunctionReturn(0);
}

/* the present space as the kept columns: A U = C, A_d U = 0 */
static PetscErrorCode KeepSpace(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPDeflatedWindow *w = &s->w;
  const PetscInt kk = s->base.kk, room = w->room;
  PetscScalar *S;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1(kk * kk + 1, &S));
  if (s->minres) { /* X'A X holds U'C */
    PetscCall(KSPRecycleGram(ksp, s->base.U, kk, s->base.C, kk, S, kk));
    PetscCall(KSPRecycleSum(ksp, S, kk * kk));
  } else if (!s->known)
    PetscCall(KSPDeflatedNormEstimate(ksp));
  for (PetscInt j = 0; j < kk; j++) {
    PetscCall(CopyToColumn(ksp, KSPRecycleColumn(&s->base, s->base.U, j), 1.0, j));
    w->K[j * s->base.room + j] = 1.0;
    for (PetscInt i = 0; i < kk; i++) {
      w->F[j * room + i] = s->minres ? 0.5 * (S[j * kk + i] + S[i * kk + j]) : 0.0;
      w->O[j * room + i] = s->minres ? 0.0 : s->N[j * kk + i];
    }
  }
  w->cols = w->kept = kk;
  PetscCall(PetscFree(S));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedWindowOpen(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPDeflatedWindow *w = &s->w;

  PetscFunctionBegin;
  PetscCall(PetscArrayzero(w->K, s->base.room * w->room));
  PetscCall(PetscArrayzero(w->F, w->room * w->room));
  PetscCall(PetscArrayzero(w->O, w->room * w->room));
  PetscCall(PetscArrayzero(w->last, w->room));
  PetscCall(PetscArrayzero(w->low, w->room));
  PetscCall(PetscArrayzero(w->high, w->room));
  w->cols = w->kept = 0;
  w->open = PETSC_TRUE;
  if (s->base.kk) PetscCall(KeepSpace(ksp));
  if (!s->minres && s->base.kk && !s->known) { /* nothing to compare new vectors with */
    w->open = PETSC_FALSE;
    w->cols = 0;
  }
  PetscFunctionReturn(0);
}

/* ---- the small problem ----------------------------------------------------------------------------- */

/* P y = mu Q y: rcg X'A X and X'M X; rminres X'A X and (A X)'M^-1 (A X); cols x cols */
static void Pose(const KSP_DEFLATED *s, PetscInt cols, PetscScalar *P, PetscScalar *Q)
{
  const KSPDeflatedWindow *w = &s->w;
  const PetscInt ldk = s->base.room;

  for (PetscInt j = 0; j < cols; j++)
    for (PetscInt i = 0; i < cols; i++) {
      PetscScalar along = 0.0;
      for (PetscInt l = 0; l < s->base.kk; l++) along += w->K[i * ldk + l] * w->K[j * ldk + l];
      P[j * cols + i] = w->F[j * w->room + i] + (s->minres ? 0.0 : along);
      Q[j * cols + i] = w->O[j * w->room + i] + (s->minres ? along : 0.0);
    }
}

/* which of n ascending values: rcg the smallest, rminres the largest magnitudes 1/theta */
static PetscInt Choose(const KSP_DEFLATED *s, PetscInt n, const PetscReal *value, PetscInt want,
                       PetscInt *chosen)
{
  PetscInt low = 0, high = n - 1, found = 0;

  while (!s->minres && low < n && !(value[low] > NULL_VALUE * value[n - 1])) low++;
  while (found < want && low <= high)
    chosen[found++] =
        !s->minres || PetscAbsReal(value[low]) > PetscAbsReal(value[high]) ? low++ : high--;
  return found;
}

/* Y (ldy): vectors of the first cols columns, Y'Q Y = I; *found = 0 if round-off made Q indefinite */
static PetscErrorCode Ritz(const KSP_DEFLATED *s, PetscInt cols, PetscInt want, PetscScalar *Y,
                           PetscInt ldy, PetscReal *values, PetscInt *found)
{
  PetscScalar *P, *Q;
  PetscReal *all;
  PetscInt *chosen;
  PetscBool ok;

  PetscFunctionBegin;
  *found = 0;
  PetscCall(PetscMalloc4(cols * cols, &P, cols * cols, &Q, cols, &all, cols, &chosen));
  Pose(s, cols, P, Q);
  PetscCall(KSPRecyclePencil(cols, P, Q, all, &ok));
  if (ok) *found = Choose(s, cols, all, PetscMin(want, cols), chosen);
  for (PetscInt j = 0; j < *found; j++) {
    PetscCall(PetscArrayzero(Y + j * ldy, ldy));
    PetscCall(PetscArraycpy(Y + j * ldy, P + chosen[j] * cols, cols));
    values[j] = all[chosen[j]];
  }
  PetscCall(PetscFree4(P, Q, all, chosen));
  PetscFunctionReturn(0);
}

/* columns from first on are made Q-orthonormal to those before; what is hardly new is dropped */
static PetscErrorCode Orthonormalise(const KSP_DEFLATED *s, PetscScalar *Y, PetscInt first,
                                     PetscInt *found)
{
  const PetscInt n = s->w.cols;
  PetscInt kept = first;
  PetscScalar *P, *Q, *Qy;

  PetscFunctionBegin;
  PetscCall(PetscMalloc3(n * n, &P, n * n, &Q, n, &Qy));
  Pose(s, n, P, Q);
  for (PetscInt j = first; j < *found; j++) {
    PetscScalar *y = Y + j * n, *to = Y + kept * n, square = 0.0;
    for (int pass = 0; pass < 3; pass++) { /* the third measures */
      for (PetscInt i = 0; i < n; i++) {
        Qy[i] = 0.0;
        for (PetscInt l = 0; l < n; l++) Qy[i] += Q[l * n + i] * y[l];
      }
      for (PetscInt c = 0; c < kept && pass < 2; c++) {
        PetscScalar dot = 0.0;
        for (PetscInt i = 0; i < n; i++) dot += Y[c * n + i] * Qy[i];
        for (PetscInt i = 0; i < n; i++) y[i] -= dot * Y[c * n + i];
      }
    }
    for (PetscInt i = 0; i < n; i++) square += y[i] * Qy[i];
    if (!(square > 1e-12)) continue;
    for (PetscInt i = 0; i < n; i++) to[i] = y[i] / PetscSqrtReal(square);
    kept++;
  }
  *found = kept;
  PetscCall(PetscFree3(P, Q, Qy));
  PetscFunctionReturn(0);
}

/* Y of a restart (both: eigCG's 2k) or of the end, from one process. packed: found, values, Y */
static PetscErrorCode Agree(KSP ksp, PetscBool both, PetscInt want, PetscScalar *packed,
                            PetscInt *found)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const MPI_Comm comm = PetscObjectComm((PetscObject)ksp);
  const PetscInt n = s->w.cols;
  PetscScalar *Y = packed + 1 + want;
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (!rank) {
    const PetscInt k = both ? PetscMin(s->k, want) : want;
    PetscInt more = 0;
    PetscCall(Ritz(s, n, k, Y, n, packed + 1, found));
    if (both && *found && want > *found) {
      PetscCall(Ritz(s, n - 1, want - *found, Y + *found * n, n, packed + 1 + *found, &more));
      const PetscInt first = *found;
      *found += more;
      PetscCall(Orthonormalise(s, Y, first, found));
    }
    packed[0] = (PetscScalar)*found;
  }
  PetscCallMPI(MPI_Bcast(packed, (PetscMPIInt)(1 + want + n * want), MPIU_SCALAR, 0, comm));
  *found = (PetscInt)(packed[0] + 0.5);
  PetscFunctionReturn(0);
}

/* ---- restart and harvest --------------------------------------------------------------------------- */

/* S := Y'S Y */
static PetscErrorCode Congruence(PetscInt n, PetscInt columns, const PetscScalar *Y, PetscScalar *S,
                                 PetscInt lds)
{
  const PetscBLASInt bn = (PetscBLASInt)n, bc = (PetscBLASInt)columns, bs = (PetscBLASInt)lds;
  const PetscScalar one = 1.0, zero = 0.0;
  PetscScalar *SY;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(n * columns, &SY));
  PetscCallBLAS("BLASgemm",
                BLASgemm_("N", "N", &bn, &bc, &bn, &one, S, &bs, Y, &bn, &zero, SY, &bn));
  for (PetscInt j = 0; j < n; j++) PetscCall(PetscArrayzero(S + j * lds, n));
  PetscCallBLAS("BLASgemm",
                BLASgemm_("T", "N", &bc, &bc, &bn, &one, Y, &bn, SY, &bn, &zero, S, &bs));
  PetscCall(PetscFree(SY));
  PetscFunctionReturn(0);
}

static PetscErrorCode CombineSmall(KSP_DEFLATED *s, PetscInt found, const PetscScalar *Y)
{
  KSPDeflatedWindow *w = &s->w;
  const PetscInt n = w->cols, ldk = s->base.room;
  PetscScalar *K;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1(ldk * found + 1, &K));
  for (PetscInt j = 0; j < found; j++)
    for (PetscInt i = 0; i < n; i++)
      for (PetscInt l = 0; l < s->base.kk; l++) K[j * ldk + l] += w->K[i * ldk + l] * Y[j * n + i];
  PetscCall(PetscArrayzero(w->K, ldk * w->room));
  PetscCall(PetscArraycpy(w->K, K, ldk * found));
  PetscCall(PetscFree(K));
  PetscCall(Congruence(n, found, Y, w->F, w->room));
  PetscCall(Congruence(n, found, Y, w->O, w->room));
  for (PetscInt j = 0; j < found; j++) {
    const PetscScalar end = Y[j * n + n - 1], before = Y[j * n + n - 2];
    w->last[j] = end;
    w->low[j] = w->off * before + w->diag * end;
    w->high[j] = w->next * end;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Restart(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPDeflatedWindow *w = &s->w;
  const PetscInt want = PetscMin(2 * s->k, w->room - 2), n = w->cols;
  PetscScalar *packed;
  PetscInt found = 0;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1(1 + want + n * want, &packed));
  PetscCall(Agree(ksp, PETSC_TRUE, want, packed, &found));
  if (found) {
    PetscScalar *Y = packed + 1 + want;
    PetscCall(KSPRecycleRotate(ksp, w->X, n, NULL, 0, Y, n, found, w->X));
    PetscCall(CombineSmall(s, found, Y));
    w->cols = w->kept = found;
    s->base.counts.refreshes++;
  } else { /* the recurrence has lost too much; the old space is better */
    w->open = PETSC_FALSE;
    w->cols = 0;
  }
  PetscCall(PetscFree(packed));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedWindowAdd(KSP ksp, Vec z, PetscReal scale, PetscReal off, PetscReal diag,
                                    PetscReal next, const PetscScalar *b)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPDeflatedWindow *w = &s->w;
  const PetscScalar *x;

  PetscFunctionBegin;
  if (w->cols == w->room) PetscCall(Restart(ksp));
  if (!w->open) PetscFunctionReturn(0);
  const PetscInt j = w->cols, room = w->room;
  PetscScalar *F = w->F + j * room, *O = w->O + j * room;
  PetscCall(VecGetArrayRead(z, &x));
  PetscCall(CopyToColumn(ksp, x, scale, j));
  PetscCall(VecRestoreArrayRead(z, &x));
  PetscCall(PetscArraycpy(w->K + j * s->base.room, b, s->base.kk));
  F[j] = diag;
  O[j] = s->minres ? off * off + diag * diag + next * next : 1.0;
  for (PetscInt i = 0; i < w->kept && j < w->kept + 2; i++) {
    if (j == w->kept) F[i] = w->last[i] * off;
    if (s->minres) O[i] = j == w->kept ? w->low[i] * off + w->high[i] * diag : w->high[i] * off;
  }
  if (j > w->kept) {
    F[j - 1] = off;
    if (s->minres) O[j - 1] = off * (w->diag + diag);
  }
  if (s->minres && j > w->kept + 1) O[j - 2] = w->off * off;
  for (PetscInt i = 0; i < j; i++) {
    w->F[i * room + j] = F[i];
    w->O[i * room + j] = O[i];
  }
  w->diag = diag;
  w->off = off;
  w->next = next;
  w->cols++;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedWindowHarvest(KSP ksp)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  KSPDeflatedWindow *w = &s->w;
  const PetscInt n = w->cols, want = PetscMin(s->k, n);
  PetscScalar *packed;
  PetscInt found = 0;

  PetscFunctionBegin;
  if (n <= s->base.kk) PetscFunctionReturn(0); /* nothing new */
  PetscCall(PetscCalloc1(1 + want + n * want, &packed));
  PetscCall(Agree(ksp, PETSC_FALSE, want, packed, &found));
  PetscScalar *values = packed + 1, *Y = packed + 1 + want;
  if (found) {
    PetscCall(PetscArrayzero(s->N, s->k * s->k));
    for (PetscInt j = 0; j < found && !s->minres; j++) { /* unit vectors in A: u'M u is 1/theta */
      for (PetscInt i = 0; i < n; i++) Y[j * n + i] /= PetscSqrtReal(values[j]);
      s->N[j * (found + 1)] = 1.0 / values[j];
    }
    PetscCall(KSPRecycleRotate(ksp, w->X, n, NULL, 0, Y, n, found, s->base.U));
    s->base.kk = found;
    s->base.fitted = PETSC_FALSE;
    s->known = PETSC_TRUE;
    s->base.counts.refreshes++;
  }
  w->open = PETSC_FALSE;
  w->cols = 0;
  PetscCall(PetscFree(packed));
  PetscFunctionReturn(0);
}
