/* To scale by the diagonal or not.

   With a = s^2, s^-1 (-div a grad) s^-1 = -Laplace + (Laplace s) / s, and for every v
     |int v^2 (Laplace s) / s| <= int |grad log s|^2 v^2 + 2 int |v grad log s . grad v|,
   so that what G = mean |grad log s|^2 is, against the lowest eigenvalue of -Laplace, tells how far the
   scaled operator is from it. G does not depend on the grid for smooth a, and grows with it for jumps.
   Unscaled, the contrast max a / min a bounds the condition number. The factor between the two is
   measured: on two phases (4) and log-normal fields (2.6), 16^2 to 128^2 points, it decides rightly. */
#include "datagen/skr/fastelliptic_impl.h"

/* sum of |grad log s|^2 over the planes that are here: s^2 = ratio, (d log s)^2 = (d ratio)^2 / 4 ratio^2 */
static PetscReal Roughness(const PetscInt n[3], const PetscReal spacing[3], PetscInt planes,
                           const PetscReal *d)
{
  const PetscInt steps[3] = {n[1] * n[2], n[2], 1};
  PetscReal sum = 0.0;
  for (int a = 0; a < 3; a++) {
    const PetscInt step = steps[a], length = a == 0 ? planes : n[a];
    const PetscReal weight = 0.25 / (spacing[a] * spacing[a]);
    for (PetscInt o = 0; o < planes * steps[0] / PetscMax(1, length * step); o++)
      for (PetscInt i = 0; i < (length - 1) * step; i++) {
        const PetscReal *at = d + o * length * step + i;
        const PetscReal jump = at[step] - at[0];
        sum += weight * jump * jump / (at[step] * at[0]);
      }
  }
  return sum;
}

PetscErrorCode FHScalingHelps(MPI_Comm comm, const FHEllipticGrid *g, PetscInt planes,
                              const PetscReal *ratio, bool *helps)
{
  const PetscInt last = g->dim - 1;
  const PetscInt n[3] = {g->n[0], g->dim == 3 ? g->n[1] : 1, g->dim == 1 ? 1 : g->n[last]};
  const PetscReal h[3] = {g->spacing[0], g->dim == 3 ? g->spacing[1] : 1.0,
                          g->dim == 1 ? 1.0 : g->spacing[last]};
  PetscReal lowest = g->shift, sum = 0.0, ends[2] = {0.0, PETSC_MAX_REAL};
  PetscFunctionBegin;
  for (PetscInt a = 0; a < g->dim; a++) {
    const PetscReal wave = PETSC_PI / ((PetscReal)g->n[a] * g->spacing[a]);
    lowest += wave * wave;
  }
  for (PetscInt i = 0; i < planes * n[1] * n[2]; i++) {
    ends[0] = PetscMax(ends[0], ratio[i]);
    ends[1] = PetscMin(ends[1], ratio[i]);
  }
  sum = Roughness(n, h, planes, ratio);
  ends[1] = -ends[1];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, ends, 2, MPIU_REAL, MPIU_MAX, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPIU_REAL, MPIU_SUM, comm));
  const PetscReal rough = sum / ((PetscReal)(n[0] * n[1] * n[2]) * lowest);
  *helps = rough < 0.2 * (ends[0] / -ends[1] - 1.0);
  PetscFunctionReturn(0);
}
