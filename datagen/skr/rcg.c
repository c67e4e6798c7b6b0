/* Deflated CG: conjugate gradients with (I - C U')A. Directions keep components along U, which that operator does
   not see; what they add to the solution is taken away at the end: b - A (x - U xi) = r, xi = sum of alpha C'p.
   So a step touches one block, C, twice. */
#include "datagen/skr/deflated_impl.h"

#define LOST 1e-13 /* p'q of p'A p: no digits left */

/* q = A p without its part along the space, b = C'p, curvature = p'q of whole = p'A p; one reduction unless that
   cancels */
static PetscErrorCode Product(KSP ksp, Vec p, Vec q, PetscReal *whole, PetscReal *curvature)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const PetscInt kk = s->base.kk;
  const PetscScalar *x;
  PetscScalar *y, sums[2];
  Mat A;

  PetscFunctionBegin;
  PetscCall(PCGetOperators(ksp->pc, &A, NULL));
  PetscCall(KSP_MatMult(ksp, A, p, q));
  s->base.counts.operators++;
  PetscCall(VecGetArrayRead(p, &x));
  PetscCall(VecGetArray(q, &y));
  PetscCall(KSPRecycleDots2(ksp, s->base.C, kk, x, x, y, s->base.dots));
  PetscCall(PetscArraycpy(s->b, s->base.dots, kk));
  PetscCall(KSPRecycleCombine(ksp, -1.0, s->base.C, kk, s->b, y));
  PetscCall(VecRestoreArray(q, &y));
  PetscCall(VecRestoreArrayRead(p, &x));
  *curvature = *whole = s->base.dots[kk];
  for (PetscInt i = 0; i < kk; i++) *curvature -= s->b[i] * s->b[i];
  if (kk && *curvature < 1e-3 * *whole) {
    PetscCall(KSPDeflatedDots(ksp, p, q, NULL, NULL, sums));
    *curvature = sums[0];
  }
  PetscFunctionReturn(0);
}

/* z = M^-1 r, rho = r'z and the norm that is monitored; where the true norm passes, z is not needed */
static PetscErrorCode Precondition(KSP ksp, PetscReal *rho, KSPConvergedReason *guess)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const PetscBool square = (PetscBool)(ksp->normtype == KSP_NORM_PRECONDITIONED);
  PetscScalar sums[2];

  PetscFunctionBegin;
  if (ksp->normtype == KSP_NORM_UNPRECONDITIONED) {
    PetscCall(KSPDeflatedDots(ksp, s->r, s->r, NULL, NULL, sums));
    PetscCall(KSPDeflatedTest(ksp, PetscSqrtReal(sums[0]), guess));
    if (*guess || ksp->reason) PetscFunctionReturn(0);
  }
  PetscCall(KSP_PCApply(ksp, s->r, s->z));
  s->base.counts.preconditioners++;
  PetscCall(KSPDeflatedDots(ksp, s->r, s->z, square ? s->z : NULL, s->z, sums));
  *rho = sums[0];
  KSPCheckDot(ksp, *rho);
  if (ksp->normtype == KSP_NORM_UNPRECONDITIONED) PetscFunctionReturn(0);
  const PetscReal norm = square                              ? PetscSqrtReal(sums[1])
                         : ksp->normtype == KSP_NORM_NATURAL ? PetscSqrtReal(PetscAbsReal(*rho))
                                                             : 0.0;
  PetscCall(KSPDeflatedTest(ksp, norm, guess));
  PetscFunctionReturn(0);
}

/* the direction z / sqrt(rho), by CG's scalars: Lanczos' diagonal and the entry beside it */
static PetscErrorCode Record(KSP ksp, PetscReal rho, PetscReal alpha, PetscReal beta,
                             PetscReal alpha_old)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  const PetscReal scale = 1.0 / PetscSqrtReal(rho);

  PetscFunctionBegin;
  if (!s->w.open) PetscFunctionReturn(0);
  for (PetscInt i = 0; i < s->base.kk; i++) s->kappa[i] = scale * (s->b[i] - beta * s->b_old[i]);
  const PetscReal diag = 1.0 / alpha + (beta > 0.0 ? beta / alpha_old : 0.0),
                  off = beta > 0.0 ? -PetscSqrtReal(beta) / alpha_old : 0.0;
  PetscCall(KSPDeflatedWindowAdd(ksp, s->z, scale, off, diag, 0.0, s->kappa));
  PetscFunctionReturn(0);
}

static PetscErrorCode Start(KSP ksp, PetscReal *rho)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  PetscScalar sums[2];

  PetscFunctionBegin;
  if (!s->z_valid) {
    PetscCall(KSP_PCApply(ksp, s->r, s->z));
    s->base.counts.preconditioners++;
  }
  PetscCall(KSPDeflatedDots(ksp, s->r, s->z, NULL, NULL, sums));
  *rho = sums[0];
  KSPCheckDot(ksp, *rho);
  PetscFunctionReturn(0);
}

PetscErrorCode KSPDeflatedRunCG(KSP ksp, KSPConvergedReason *guess)
{
  KSP_DEFLATED *s = (KSP_DEFLATED *)ksp->data;
  Vec p = s->work[0], q = s->work[1];
  PetscReal rho = 0.0, rho_old = 0.0, alpha = 0.0, whole = 0.0, curvature = 0.0;

  PetscFunctionBegin;
  PetscCall(Start(ksp, &rho));
  const PetscReal spent = KSP_DEFLATED_SPENT * KSP_DEFLATED_SPENT * rho;
  while (!ksp->reason && !*guess && ksp->its < ksp->max_it) {
    const PetscReal beta = rho_old > 0.0 ? rho / rho_old : 0.0, alpha_old = alpha;
    if (!(rho > 0.0)) { /* r = 0, or M is not positive definite */
      s->breakdown = PETSC_TRUE;
      if (rho < 0.0) *guess = KSP_DIVERGED_INDEFINITE_PC;
      break;
    }
    PetscCall(beta > 0.0 ? VecAYPX(p, beta, s->z) : VecCopy(s->z, p));
    PetscScalar *swap = s->b_old;
    s->b_old = s->b;
    s->b = swap;
    PetscCall(Product(ksp, p, q, &whole, &curvature));
    KSPCheckDot(ksp, curvature);
    if (!(curvature > LOST * whole) || !(whole > 0.0)) {
      s->breakdown = PETSC_TRUE; /* round-off has left r nothing but a part along U: begin anew */
      if (!(curvature > -LOST * whole) || !(whole > 0.0)) *guess = KSP_DIVERGED_INDEFINITE_MAT;
      break;
    }
    alpha = rho / curvature;
    PetscCall(Record(ksp, rho, alpha, beta, alpha_old));
    PetscCall(VecAXPY(ksp->vec_sol, alpha, p));
    PetscCall(VecAXPY(s->r, -alpha, q));
    for (PetscInt i = 0; i < s->base.kk; i++) s->xi[i] += alpha * s->b[i];
    rho_old = rho;
    PetscCall(Precondition(ksp, &rho, guess));
    s->breakdown = (PetscBool)(!*guess && PetscAbsReal(rho) <= spent);
    if (s->breakdown) break;
  }
  PetscFunctionReturn(0);
}
