/* The eigenvectors of one axis: FFTW's transforms where there is one, else LAPACK's numbers. */
#include "datagen/skr/fastelliptic_impl.h"

#include <petscblaslapack.h>
#include <string.h>

/* ---- by FFTW ------------------------------------------------------------------------------------- */

static bool HasTransform(FHSide low, FHSide high, fh_lines_kind *kind)
{
  static const struct {
    FHSide low, high;
    fh_lines_kind kind;
  } known[] = {{FH_SIDE_DIRICHLET_NODE, FH_SIDE_DIRICHLET_NODE, FH_LINES_SINE_NODE},
               {FH_SIDE_DIRICHLET_CELL, FH_SIDE_DIRICHLET_CELL, FH_LINES_SINE_CELL},
               {FH_SIDE_NEUMANN_CELL, FH_SIDE_NEUMANN_CELL, FH_LINES_COSINE_CELL},
               {FH_SIDE_DIRICHLET_CELL, FH_SIDE_NEUMANN_CELL, FH_LINES_SINE_MIXED},
               {FH_SIDE_NEUMANN_CELL, FH_SIDE_DIRICHLET_CELL, FH_LINES_COSINE_MIXED},
               {FH_SIDE_PERIODIC, FH_SIDE_PERIODIC, FH_LINES_FOURIER}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].low == low && known[i].high == high) {
      *kind = known[i].kind;
      return true;
    }
  return false;
}

static void UseTransform(PetscReal spacing, FHModes *m)
{
  m->gain = fh_lines_gain(m->kind, m->n);
  m->even = m->n;
  for (PetscInt k = 0; k < m->n; k++)
    m->lambda[k] = fh_lines_eigenvalue(m->kind, m->n, k) / (spacing * spacing);
}

/* ---- by LAPACK ----------------------------------------------------------------------------------- */

/* K = M^-1/2 T M^-1/2, so that M^-1/2 times its eigenvectors is what we want */
static void FillSymmetric(const FHAxis *a, PetscReal *K)
{
  const PetscInt n = a->n;
  PetscArrayzero(K, n * n);
  for (PetscInt i = 0; i < n; i++) K[i * n + i] = a->main[i] / a->mass[i];
  for (PetscInt i = 0; i + 1 < n; i++)
    K[i * n + i + 1] = K[(i + 1) * n + i] =
        a->off[i] / PetscSqrtReal(a->mass[i]) / PetscSqrtReal(a->mass[i + 1]);
  if (a->corner != 0.0)
    K[n - 1] = K[(n - 1) * n] =
        a->corner / PetscSqrtReal(a->mass[0]) / PetscSqrtReal(a->mass[n - 1]);
}

static bool IsMirrored(const FHAxis *a)
{
  const PetscInt n = a->n;
  for (PetscInt i = 0; i < n; i++)
    if (a->main[i] != a->main[n - 1 - i] || a->mass[i] != a->mass[n - 1 - i]) return false;
  for (PetscInt i = 0; i + 1 < n; i++)
    if (a->off[i] != a->off[n - 2 - i]) return false;
  return true;
}

/* K on the vectors with v(n-1-j) = sign v(j): on (e(j) + sign e(n-1-j)) / sqrt 2, and the middle */
static void FillHalf(PetscInt n, const PetscReal *K, PetscReal sign, PetscInt size, PetscReal *H)
{
  for (PetscInt i = 0; i < size; i++)
    for (PetscInt j = 0; j < size; j++) {
      const bool mid_i = 2 * i == n - 1, mid_j = 2 * j == n - 1;
      const PetscReal mirror = K[i * n + n - 1 - j];
      H[i * size + j] = mid_i && mid_j   ? K[i * n + j]
                        : mid_i || mid_j ? PETSC_SQRT2 * K[i * n + j]
                                         : K[i * n + j] + sign * mirror;
    }
}

/* H [size][size] becomes its eigenvectors: entry j of number k at H[k * size + j] */
static PetscErrorCode Diagonalise(PetscInt size, PetscReal *H, PetscReal *lambda)
{
  PetscBLASInt n = 0, room = 0, info = 0;
  PetscReal *work = NULL;
  PetscFunctionBegin;
  if (size == 0) PetscFunctionReturn(0);
  PetscCall(PetscBLASIntCast(size, &n));
  PetscCall(PetscBLASIntCast(34 * size, &room));
  PetscCall(PetscMalloc1(room, &work));
  PetscCallBLAS("LAPACKsyev", LAPACKsyev_("V", "U", &n, H, &n, lambda, work, &room, &info));
  PetscCall(PetscFree(work));
  PetscCheck(info == 0, PETSC_COMM_SELF, PETSC_ERR_LIB,
             "LAPACK's syev stopped with %d on an axis of %" PetscInt_FMT " unknowns", (int)info,
             size);
  PetscFunctionReturn(0);
}

/* transposed to entry (j, k), with the scales of the basis and of the mass */
static void StoreVectors(const FHAxis *a, bool halved, PetscInt size, const PetscReal *H,
                         PetscReal *V)
{
  for (PetscInt j = 0; j < size; j++) {
    const PetscReal basis = halved && 2 * j != a->n - 1 ? PETSC_SQRT2 / 2.0 : 1.0;
    const PetscReal scale = basis / PetscSqrtReal(a->mass[j]);
    for (PetscInt k = 0; k < size; k++) V[j * size + k] = scale * H[k * size + j];
  }
}

static PetscErrorCode UseVectors(const FHAxis *a, FHModes *m)
{
  const PetscInt n = m->n;
  const bool mirrored = n > 1 && IsMirrored(a);
  PetscReal *K = NULL, *H = NULL;
  PetscFunctionBegin;
  m->even = mirrored ? (n + 1) / 2 : n;
  m->odd = n - m->even;
  PetscCall(PetscMalloc2(n * n, &K, m->even * m->even, &H));
  PetscCall(PetscMalloc1(m->even * m->even + m->odd * m->odd, &m->vectors));
  FillSymmetric(a, K);
  if (mirrored) {
    FillHalf(n, K, 1.0, m->even, H);
  } else {
    PetscCall(PetscArraycpy(H, K, n * n));
  }
  PetscCall(Diagonalise(m->even, H, m->lambda));
  StoreVectors(a, mirrored, m->even, H, m->vectors);
  FillHalf(n, K, -1.0, m->odd, H);
  PetscCall(Diagonalise(m->odd, H, m->lambda + m->even));
  StoreVectors(a, mirrored, m->odd, H, m->vectors + m->even * m->even);
  PetscCall(PetscFree2(K, H));
  /* ones are known to be an eigenvector: rounding must not make L indefinite */
  if (a->singular) m->lambda[0] = 0.0;
  PetscFunctionReturn(0);
}

PetscErrorCode FHModesCreate(const FHEllipticGrid *g, int axis, PetscInt dense, const FHAxis *a,
                             FHModes *m)
{
  PetscFunctionBegin;
  memset(m, 0, sizeof *m);
  m->n = a->n;
  m->gain = 1.0;
  PetscCall(PetscCalloc1(m->n, &m->lambda));
  if (a->uniform && a->n > PetscMax(dense, 1) &&
      HasTransform(g->side[axis][0], g->side[axis][1], &m->kind)) {
    UseTransform(g->spacing[axis], m);
  } else {
    PetscCall(UseVectors(a, m));
  }
  PetscFunctionReturn(0);
}

PetscErrorCode FHModesDestroy(FHModes *m)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(m->lambda));
  PetscCall(PetscFree(m->vectors));
  PetscFunctionReturn(0);
}
