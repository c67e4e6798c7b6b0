/* The space between solves: which operator it belongs to, giving it to the user and taking it back, and
   whether it still holds. */
#include "datagen/skr/recycle_impl.h"

static PetscErrorCode KeyNow(KSP ksp, KSPRecycleKey *key)
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

PetscErrorCode KSPRecycleChanged(KSP ksp, PetscBool *changed)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  KSPRecycleKey key;
  PetscBool same;

  PetscFunctionBegin;
  PetscCall(KeyNow(ksp, &key));
  PetscCall(PetscMemcmp(&key, &s->key, sizeof key, &same));
  s->key = key;
  *changed = (PetscBool)!same;
  PetscFunctionReturn(0);
}

/* ---- the user's vectors ---------------------------------------------------------------------------- */

PetscErrorCode KSPRecycleDropPending(KSPRecycle *s)
{
  PetscFunctionBegin;
  if (s->npending > 0) PetscCall(VecDestroyVecs(s->npending, &s->pending));
  s->npending = -1;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleTakePending(KSP ksp)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscInt n;

  PetscFunctionBegin;
  if (s->npending < 0) PetscFunctionReturn(0);
  PetscCheck(s->npending <= s->room, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "%" PetscInt_FMT " vectors were given to recycle but there is room for %" PetscInt_FMT
             ": give fewer, or raise -ksp_%s_recycle",
             s->npending, s->room, ((PetscObject)ksp)->type_name);
  for (PetscInt j = 0; j < s->npending; j++) {
    const PetscScalar *u;
    PetscCall(VecGetLocalSize(s->pending[j], &n));
    PetscCheck(n == (PetscInt)s->n, PETSC_COMM_SELF, PETSC_ERR_ARG_SIZ,
               "a vector to recycle has %" PetscInt_FMT " entries here, the solution %" PetscInt_FMT
               ": make it with MatCreateVecs() of the operator",
               n, (PetscInt)s->n);
    PetscCall(VecGetArrayRead(s->pending[j], &u));
    PetscCall(PetscArraycpy(KSPRecycleColumn(s, s->U, j), u, s->n));
    PetscCall(VecRestoreArrayRead(s->pending[j], &u));
  }
  s->kk = s->npending;
  s->fitted = PETSC_FALSE;
  PetscCall(KSPRecycleDropPending(s));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetSpace_Recycle(KSP ksp, PetscInt n, Vec U[])
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;

  PetscFunctionBegin;
  PetscCheck(n >= 0, PetscObjectComm((PetscObject)ksp), PETSC_ERR_ARG_OUTOFRANGE,
             "a space of %" PetscInt_FMT " vectors", n);
  PetscCall(KSPRecycleDropPending(s));
  if (n > 0) PetscCall(VecDuplicateVecs(U[0], n, &s->pending));
  for (PetscInt j = 0; j < n; j++) PetscCall(VecCopy(U[j], s->pending[j]));
  s->npending = n;
  PetscFunctionReturn(0);
}

static PetscErrorCode GetSpace_Recycle(KSP ksp, PetscInt *n, Vec *U[])
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const PetscBool waits = (PetscBool)(s->npending >= 0);

  PetscFunctionBegin;
  *n = waits ? s->npending : s->kk;
  *U = NULL;
  if (!*n) PetscFunctionReturn(0);
  PetscCall(VecDuplicateVecs(waits ? s->pending[0] : ksp->vec_sol, *n, U));
  for (PetscInt j = 0; j < *n; j++) {
    PetscScalar *to;
    if (waits) {
      PetscCall(VecCopy(s->pending[j], (*U)[j]));
      continue;
    }
    PetscCall(VecGetArrayWrite((*U)[j], &to));
    PetscCall(PetscArraycpy(to, KSPRecycleColumn(s, s->U, j), s->n));
    PetscCall(VecRestoreArrayWrite((*U)[j], &to));
  }
  PetscFunctionReturn(0);
}

/* ---- what holds ------------------------------------------------------------------------------------ */

static PetscErrorCode NormOf(KSP ksp, const PetscScalar *v, PetscReal *norm)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscScalar square;

  PetscFunctionBegin;
  PetscCall(KSPRecycleDots(ksp, s->C, 0, v, &square));
  *norm = PetscSqrtReal(square);
  PetscFunctionReturn(0);
}

/* a bound of ||B|| from below that the space, made of what B hardly sees, does not give: random signs */
static PetscErrorCode Widen(KSP ksp, PetscScalar *v, PetscScalar *w)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscReal image = 0.0, size = 1.0;
  unsigned int bits = 1u;

  PetscFunctionBegin;
  for (PetscBLASInt i = 0; i < s->n; i++) {
    bits = bits * 1664525u + 1013904223u;
    v[i] = bits >> 31 ? 1.0 : -1.0;
  }
  PetscCall((*s->image)(ksp, v, w));
  PetscCall(NormOf(ksp, w, &image));
  PetscCall(NormOf(ksp, v, &size));
  s->width = PetscMax(s->width, image / size);
  PetscFunctionReturn(0);
}

static PetscErrorCode GetDefect_Recycle(KSP ksp, PetscReal *orthogonality, PetscReal *relation,
                                        PetscReal *noise)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  const KSPRecycleCounts counts = s->counts;
  const PetscInt kk = s->fitted ? s->kk : 0;
  PetscScalar *S, *w, *v;

  PetscFunctionBegin;
  *orthogonality = *relation = *noise = 0.0;
  PetscCall(PetscMalloc3(kk * kk + 1, &S, PetscMax(1, s->ld), &w, PetscMax(1, s->ld), &v));
  PetscCall(KSPRecycleGram(ksp, s->dual, kk, s->C, kk, S, kk));
  if (kk) PetscCall(KSPRecycleSum(ksp, S, kk * kk));
  for (PetscInt i = 0; i < kk * kk; i++) {
    const PetscReal error = PetscAbsReal(S[i] - (i % (kk + 1) ? 0.0 : 1.0));
    if (!(error <= *orthogonality)) *orthogonality = error;
  }
  if (kk) PetscCall(Widen(ksp, v, w));
  for (PetscInt j = 0; j < kk; j++) {
    const PetscScalar minus = -1.0;
    PetscScalar *u = KSPRecycleColumn(s, s->U, j), *c = KSPRecycleColumn(s, s->C, j);
    PetscReal error = 0.0, size = 0.0, length = 0.0;
    PetscCall((*s->image)(ksp, u, w));
    PetscCall(KSPRecycleCombine(ksp, 1.0, c, 1, &minus, w));
    PetscCall(NormOf(ksp, w, &error));
    PetscCall(NormOf(ksp, c, &size));
    PetscCall(NormOf(ksp, u, &length));
    if (!(error <= *relation * size)) *relation = error / size;
    *noise = PetscMax(*noise, PETSC_MACHINE_EPSILON * s->width * length / size);
  }
  PetscCall(PetscFree3(S, w, v));
  s->counts = counts;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleCheck(KSP ksp)
{
  KSPRecycle *s = (KSPRecycle *)ksp->data;
  PetscReal orthogonality, relation, noise;

  PetscFunctionBegin;
  if (!(s->check > 0.0)) PetscFunctionReturn(0);
  PetscCall(GetDefect_Recycle(ksp, &orthogonality, &relation, &noise));
  PetscCheck(
      orthogonality <= s->check && relation <= s->check + 8.0 * noise,
      PetscObjectComm((PetscObject)ksp), PETSC_ERR_PLIB,
      "the space of %s is out of shape after %" PetscInt_FMT
      " refreshes: orthogonality is off by %g and B U = C by %g, more than %g (what evaluating "
      "B U is uncertain by: %g)",
      ((PetscObject)ksp)->type_name, s->counts.refreshes, (double)orthogonality, (double)relation,
      (double)s->check, (double)noise);
  PetscFunctionReturn(0);
}

PetscErrorCode KSPRecycleComposeSpace(KSP ksp, PetscBool on)
{
  PetscObject o = (PetscObject)ksp;

  PetscFunctionBegin;
  PetscCall(PetscObjectComposeFunction(o, "KSPRecycleSetSpace_C", on ? SetSpace_Recycle : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPRecycleGetSpace_C", on ? GetSpace_Recycle : NULL));
  PetscCall(PetscObjectComposeFunction(o, "KSPRecycleGetDefect_C", on ? GetDefect_Recycle : NULL));
  PetscFunctionReturn(0);
}
