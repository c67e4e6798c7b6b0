/* Deflated MINRES: Lanczos with (I - C C'M^-1)A, which is symmetric on what is orthogonal to C, and the QR of its
   tridiagonal matrix by Givens rotations. What the directions miss along U follows the same recurrence in k numbers:
   the solution is x - U xi. */
#include "datagen/skr/deflated_impl.h"

/* vectors; those without a comment are of the step before */
enum { V, V_OLD, Z_NEW, Q, D, D_OLD, REST };

typedef struct {
  PetscReal beta; /* M^-1 norm of the Lanczos vector before it was normalised */
  PetscReal c, s, c_old, s_old;
  PetscReal eta; /* M^-1 norm of the residual, with a sign */
} State;

static PetscErrorCode Start(KSP ksp, State *t, PetscBool *usable)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscScalar sums[2];

  PetscFunctionBegin;
  *usable = PETSC_FALSE;
  if (!s->z_valid) {
    PetscCall(KSP_PCApply(ksp, s->r, s->z));
    s->base.counts.preconditioners++;
  }
  PetscCall(KSPDeflatedDots(ksp, s->r, s->z, NULL, NULL, sums));
  KSPCheckDot(ksp, sums[0]);
  s->breakdown = (PetscBool) !(sums[0] > 0.0);
  if (s->breakdown) { /* r = 0, or M is not positive definite */
    if (sums[0] < 0.0) ksp->reason = KSP_DIVERGED_INDEFINITE_PC;
    PetscFunctionReturn(0);
  }
  *t = (State){.beta = 0.0, .c = 1.0, .c_old = 1.0, .eta = PetscSqrtReal(sums[0])};
  PetscCall(VecCopy(s->r, s->work[V]));
  PetscCall(VecScale(s->work[V], 1.0 / t->eta));
  if (ksp->normtype == KSP_NORM_PRECONDITIONED) PetscCall(VecCopy(s->z, s->work[REST]));
  if (ksp->normtype == KSP_NORM_UNPRECONDITIONED) PetscCall(VecCopy(s->r, s->work[REST]));
  PetscCall(VecScale(s->z, 1.0 / t->eta));
  PetscCall(VecSet(s->work[V_OLD], 0.0));
  PetscCall(VecSet(s->work[D], 0.0));
  PetscCall(VecSet(s->work[D_OLD], 0.0));
  PetscCall(PetscArrayzero(s->kappa, s->base.kk));
  PetscCall(PetscArrayzero(s->kappa_old, s->base.kk));
  *usable = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/* q = A z less its parts along C and the last two Lanczos vectors; b = (M^-1 C)'A z, alpha = z'A z */
static PetscErrorCode Product(KSP ksp, const State *t, PetscReal *alpha)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const PetscInt kk = s->base.kk;
  const PetscScalar *z;
  PetscScalar *q;
  Mat A;

  PetscFunctionBegin;
  PetscCall(PCGetOperators(ksp->pc, &A, NULL));
  PetscCall(KSP_MatMult(ksp, A, s->z, s->work[Q]));
  s->base.counts.operators++;
  PetscCall(VecGetArrayRead(s->z, &z));
  PetscCall(VecGetArray(s->work[Q], &q));
  PetscCall(KSPRecycleDots2(ksp, s->base.dual, kk, q, z, q, s->base.dots));
  PetscCall(PetscArraycpy(s->b, s->base.dots, kk));
  *alpha = s->base.dots[kk];
  PetscCall(KSPRecycleCombine(ksp, -1.0, s->base.C, kk, s->b, q));
  PetscCall(VecRestoreArray(s->work[Q], &q));
  PetscCall(VecRestoreArrayRead(s->z, &z));
  PetscCall(VecAXPY(s->work[Q], -*alpha, s->work[V]));
  PetscCall(VecAXPY(s->work[Q], -t->beta, s->work[V_OLD]));
  PetscFunctionReturn(0);
}

/* z_new = M^-1 q and the next beta; *end: the Krylov space is exhausted */
static PetscErrorCode Precondition(KSP ksp, const State *t, PetscReal alpha, PetscReal *beta,
                                   PetscBool *end)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscScalar sums[2];
  PetscReal size = alpha * alpha + t->beta * t->beta;

  PetscFunctionBegin;
  PetscCall(KSP_PCApply(ksp, s->work[Q], s->work[Z_NEW]));
  s->base.counts.preconditioners++;
  PetscCall(KSPDeflatedDots(ksp, s->work[Q], s->work[Z_NEW], NULL, NULL, sums));
  KSPCheckDot(ksp, sums[0]);
  for (PetscInt i = 0; i < s->base.kk; i++) size += s->b[i] * s->b[i];
  const PetscReal small = 10.0 * PETSC_MACHINE_EPSILON * PetscSqrtReal(size);
  *beta = PetscSqrtReal(PetscMax(sums[0], 0.0));
  *end = (PetscBool)(*beta <= small);
  if (*end) *beta = 0.0;
  if (sums[0] < -small * small) {
    ksp->reason = KSP_DIVERGED_INDEFINITE_PC;
    *end = PETSC_TRUE;
  }
  PetscFunctionReturn(0);
}

/* d_new = (z - upper d - above d_old) / pivot, in the tall vectors and in the k numbers; x += step d_new */
static PetscErrorCode Advance(KSP ksp, PetscReal pivot, PetscReal upper, PetscReal above,
                              PetscReal step)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;

  PetscFunctionBegin;
  Vec d = s->work[D_OLD]; /* becomes d_new */
  PetscCall(VecAXPBYPCZ(d, 1.0, -upper, -above, s->z, s->work[D]));
  PetscCall(VecScale(d, 1.0 / pivot));
  s->work[D_OLD] = s->work[D];
  s->work[D] = d;
  PetscCall(VecAXPY(ksp->vec_sol, step, d));
  PetscScalar *k = s->kappa_old;
  for (PetscInt i = 0; i < s->base.kk; i++) {
    k[i] = (s->b[i] - upper * s->kappa[i] - above * k[i]) / pivot;
    s->xi[i] += step * k[i];
  }
  s->kappa_old = s->kappa;
  s->kappa = k;
  PetscFunctionReturn(0);
}

/* r (or M^-1 r) = s^2 r + c eta v_new for the norms that the rotations do not give; then the test */
static PetscErrorCode Test(KSP ksp, const State *t, PetscReal beta, KSPConvergedReason *guess)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const PetscBool preconditioned = (PetscBool)(ksp->normtype == KSP_NORM_PRECONDITIONED);
  PetscReal norm = ksp->normtype == KSP_NORM_NONE ? 0.0 : PetscAbsReal(t->eta);
  PetscScalar sums[2];

  PetscFunctionBegin;
  if (preconditioned || ksp->normtype == KSP_NORM_UNPRECONDITIONED) {
    Vec rest = s->work[REST];
    PetscCall(VecAXPBY(rest, beta > 0.0 ? t->c * t->eta / beta : 0.0, t->s * t->s,
                       s->work[preconditioned ? Z_NEW : Q]));
    PetscCall(KSPDeflatedDots(ksp, rest, rest, NULL, NULL, sums));
    norm = PetscSqrtReal(sums[0]);
  }
  PetscCall(KSPDeflatedTest(ksp, norm, guess));
  PetscFunctionReturn(0);
}

static PetscErrorCode Shift(KSP ksp, PetscReal beta)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  Vec v = s->work[V_OLD], z = s->z;

  PetscFunctionBegin;
  s->work[V_OLD] = s->work[V];
  s->work[V] = s->work[Q];
  s->work[Q] = v;
  s->z = s->work[Z_NEW];
  s->work[Z_NEW] = z;
  PetscCall(VecScale(s->work[V], 1.0 / beta));
  PetscCall(VecScale(s->z, 1.0 / beta));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedRunMINRES(KSP ksp, KSPConvergedReason *guess)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscReal alpha = 0.0, beta = 0.0;
  PetscBool usable, end = PETSC_FALSE;
  State t = {.c = 1.0};

  PetscFunctionBegin;
  PetscCall(Start(ksp, &t, &usable));
  const PetscReal spent = KSP_DEFLATED_SPENT * t.eta;
  while (usable && !*guess && !end && ksp->its < ksp->max_it) {
    PetscCall(Product(ksp, &t, &alpha));
    KSPCheckDot(ksp, alpha);
    PetscCall(Precondition(ksp, &t, alpha, &beta, &end));
    if (ksp->reason) break;
    if (s->w.open) PetscCall(KSPDeflatedWindowAdd(ksp, s->z, 1.0, t.beta, alpha, beta, s->b));
    const PetscReal diagonal = t.c * alpha - t.c_old * t.s * t.beta,
                    upper = t.s * alpha + t.c_old * t.c * t.beta, above = t.s_old * t.beta,
                    pivot = hypot(diagonal, beta);
    s->breakdown = end;
    if (!(pivot > 0.0)) break; /* singular, and the residual is in its null space */
    t = (State){.beta = beta,
                .c = diagonal / pivot,
                .s = beta / pivot,
                .c_old = t.c,
                .s_old = t.s,
                .eta = t.eta};
    PetscCall(Advance(ksp, pivot, upper, above, t.c * t.eta));
    t.eta *= -t.s;
    PetscCall(Test(ksp, &t, beta, guess));
    if (ksp->reason) break;
    if (!*guess && PetscAbsReal(t.eta) <= spent) s->breakdown = end = PETSC_TRUE;
    if (!end) PetscCall(Shift(ksp, beta));
  }
  s->z_valid = PETSC_FALSE;
  PetscFunctionReturn(0);
}
