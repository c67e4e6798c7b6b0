/* One cycle: Arnoldi with the projected operator, its least-squares problem, the new iterate. */
#include "datagen/skr/gcrodr_impl.h"

/* w := (I - QQ')w, h := Q'w for the orthonormal columns Q; one reduction a pass: the norm left over
   comes from the same sum by Pythagoras, unless that would cancel. *size is the norm before. */
static PetscErrorCode Orthogonalise(KSP ksp, PetscScalar *Q, PetscInt columns, PetscScalar *w,
                                    PetscScalar *h, PetscReal *size, PetscReal *norm)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  PetscReal before = 0.0, after = 0.0;
  PetscInt passes = s->refinement == KSP_GMRES_CGS_REFINE_NEVER ? 1 : 2;

  PetscFunctionBegin;
  PetscCall(PetscArrayzero(h, columns));
  for (PetscInt pass = 0; pass < passes; pass++) {
    PetscCall(KSPRecycleDots(ksp, Q, columns, w, s->base.dots));
    PetscCall(KSPRecycleCombine(ksp, -1.0, Q, columns, s->base.dots, w));
    before = after = s->base.dots[columns];
    for (PetscInt i = 0; i < columns; i++) {
      h[i] += s->base.dots[i];
      after -= s->base.dots[i] * s->base.dots[i];
    }
    if (pass == 0) *size = PetscSqrtReal(before);
    if (s->refinement == KSP_GMRES_CGS_REFINE_IFNEEDED && after > 0.5 * before) break;
  }
  if (!(after > 1e-3 * before)) {
    PetscCall(KSPRecycleDots(ksp, Q, 0, w, s->base.dots));
    after = s->base.dots[0];
  }
  *norm = PetscSqrtReal(after);
  PetscFunctionReturn(0);
}

/* column j of H into R, by the rotations so far and a new one; the residual norm left */
static void Rotate(KSP_GCRODR *s, PetscInt j)
{
  const PetscInt ld = s->m + 1;
  PetscScalar *column = s->R + j * ld;

  for (PetscInt i = 0; i <= j + 1; i++) column[i] = s->H[j * ld + i];
  for (PetscInt i = 0; i < j; i++) {
    const PetscScalar upper = column[i], lower = column[i + 1];
    column[i] = s->cosine[i] * upper + s->sine[i] * lower;
    column[i + 1] = s->cosine[i] * lower - s->sine[i] * upper;
  }
  const PetscReal length = hypot(column[j], column[j + 1]);
  s->cosine[j] = length > 0.0 ? column[j] / length : 1.0;
  s->sine[j] = length > 0.0 ? column[j + 1] / length : 0.0;
  column[j] = length;
  column[j + 1] = 0.0;
  s->g[j + 1] = -s->sine[j] * s->g[j];
  s->g[j] *= s->cosine[j];
}

/* a column of zeros: A v lies in what is there already, the step adds nothing */
static PetscBool IsEmpty(const KSP_GCRODR *s, PetscInt j)
{
  PetscReal largest = 0.0;

  for (PetscInt i = 0; i <= j; i++) largest = PetscMax(largest, PetscAbsReal(s->R[i * (s->m + 2)]));
  return (PetscBool)(PetscAbsReal(s->R[j * (s->m + 2)]) <= 10.0 * PETSC_MACHINE_EPSILON * largest);
}

static PetscErrorCode Step(KSP ksp, PetscInt j)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt kk = s->base.kk, ld = s->m + 1;
  PetscScalar *v = KSPRecycleColumn(&s->base, s->W, kk + j),
              *w = KSPRecycleColumn(&s->base, s->W, kk + j + 1);
  PetscReal size = 0.0, norm = 0.0;

  PetscFunctionBegin;
  PetscCall(KSPGCRODRApply(ksp, v, s->Z ? KSPRecycleColumn(&s->base, s->Z, kk + j) : NULL, w));
  PetscCall(Orthogonalise(ksp, s->W, kk + j + 1, w, s->correction, &size, &norm));
  PetscCall(PetscArraycpy(s->B + j * s->m, s->correction, kk));
  PetscCall(PetscArraycpy(s->H + j * ld, s->correction + kk, j + 1));
  KSPCheckNorm(ksp, norm);
  s->base.width = PetscMax(s->base.width, size);
  s->breakdown = (PetscBool)(norm <= 10.0 * PETSC_MACHINE_EPSILON * size);
  s->H[j * ld + j + 1] = s->breakdown ? 0.0 : norm;
  if (s->breakdown) PetscCall(PetscArrayzero(w, s->base.n));
  for (PetscBLASInt i = 0; i < s->base.n && !s->breakdown; i++) w[i] /= norm;
  Rotate(s, j);
  s->steps = s->breakdown && IsEmpty(s, j) ? j : j + 1;
  s->estimate = s->scale * PetscAbsReal(s->g[j + 1]);
  PetscFunctionReturn(0);
}

static PetscErrorCode Start(KSP ksp)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscScalar *r;
  PetscScalar *v = KSPRecycleColumn(&s->base, s->W, s->base.kk);

  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(s->r, &r));
  for (PetscBLASInt i = 0; i < s->base.n; i++) v[i] = r[i] / s->beta;
  PetscCall(VecRestoreArrayRead(s->r, &r));
  PetscCall(PetscArrayzero(s->g, s->m + 1));
  s->g[0] = s->beta;
  s->steps = 0;
  s->breakdown = PETSC_FALSE;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRCycle(KSP ksp, KSPConvergedReason *reason)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;

  PetscFunctionBegin;
  *reason = KSP_CONVERGED_ITERATING;
  PetscCall(Start(ksp));
  s->running = PETSC_TRUE;
  for (PetscInt j = 0; j < s->m - s->base.kk && ksp->its < ksp->max_it && !*reason; j++) {
    PetscCall(Step(ksp, j));
    if (ksp->reason) break; /* NaN, or the preconditioner failed */
    PetscCall(PetscObjectSAWsTakeAccess((PetscObject)ksp));
    ksp->its++;
    ksp->rnorm = s->estimate;
    PetscCall(PetscObjectSAWsGrantAccess((PetscObject)ksp));
    PetscCall(KSPLogResidualHistory(ksp, s->estimate));
    PetscCall(KSPMonitor(ksp, ksp->its, s->estimate));
    PetscCall((*ksp->converged)(ksp, ksp->its, s->estimate, reason, ksp->cnvP));
    if (s->breakdown) break;
  }
  s->running = PETSC_FALSE;
  s->base.counts.cycles++;
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRUpdate(KSP ksp, PetscInt steps, Vec x)
{
  KSP_GCRODR *s = (KSP_GCRODR *)ksp->data;
  const PetscInt ld = s->m + 1;
  PetscScalar *y1 = s->y + s->m + 1, *y2 = s->y, *array;

  PetscFunctionBegin;
  for (PetscInt i = steps; i-- > 0;) {
    y2[i] = s->g[i];
    for (PetscInt j = i + 1; j < steps; j++) y2[i] -= s->R[j * ld + i] * y2[j];
    y2[i] /= s->R[i * ld + i];
  }
  /* the rows of C in the least-squares problem are met exactly; r is orthogonal to C already */
  PetscCall(PetscArrayzero(y1, s->base.kk));
  for (PetscInt j = 0; j < steps; j++)
    for (PetscInt i = 0; i < s->base.kk; i++) y1[i] -= s->B[j * s->m + i] * y2[j];
  PetscCall(VecGetArray(x, &array));
  PetscCall(KSPRecycleCombine(ksp, 1.0, s->base.U, s->base.kk, y1, array));
  PetscCall(KSPRecycleCombine(ksp, 1.0, KSPRecycleColumn(&s->base, s->Z ? s->Z : s->W, s->base.kk),
                              steps, y2, array));
  PetscCall(VecRestoreArray(x, &array));
  PetscFunctionReturn(0);
}
