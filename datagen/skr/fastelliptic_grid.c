/* The description of a grid: checked, copied, attached; the matrices of its axes. */
#include <string.h>

#include "datagen/skr/fastelliptic_impl.h"

static const char key[] = "FHEllipticGrid";

/* ---- attaching ----------------------------------------------------------------------------------- */

static PetscErrorCode CheckArray(MPI_Comm comm, const char *name, int axis, PetscInt count,
                                 const PetscReal *values)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; values && i < count; i++)
    PetscCheck(values[i] > 0.0 && !PetscIsInfOrNanReal(values[i]), comm, PETSC_ERR_ARG_OUTOFRANGE,
               "%s %" PetscInt_FMT " of axis %d is %g: it must be positive and finite", name, i,
               axis, (double)values[i]);
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckAxis(MPI_Comm comm, const FHEllipticGrid *g, int a)
{
  const FHSide low = g->side[a][0], high = g->side[a][1];
  const bool on_node = low == FH_SIDE_NEUMANN_NODE || high == FH_SIDE_NEUMANN_NODE;
  PetscFunctionBegin;
  PetscCheck(g->n[a] >= (on_node ? 2 : 1), comm, PETSC_ERR_ARG_OUTOFRANGE,
             "axis %d has %" PetscInt_FMT " unknowns: it needs at least %d", a, g->n[a],
             on_node ? 2 : 1);
  PetscCheck(g->spacing[a] > 0.0 && !PetscIsInfOrNanReal(g->spacing[a]), comm,
             PETSC_ERR_ARG_OUTOFRANGE, "spacing of axis %d is %g: it must be positive and finite",
             a, (double)g->spacing[a]);
  PetscCheck((int)low >= 0 && low <= FH_SIDE_PERIODIC && (int)high >= 0 && high <= FH_SIDE_PERIODIC,
             comm, PETSC_ERR_ARG_OUTOFRANGE, "axis %d: sides %d and %d, there are kinds 0 to %d", a,
             (int)low, (int)high, (int)FH_SIDE_PERIODIC);
  PetscCheck((low == FH_SIDE_PERIODIC) == (high == FH_SIDE_PERIODIC), comm, PETSC_ERR_ARG_INCOMP,
             "axis %d is periodic at one end only: make it periodic at both", a);
  PetscCall(CheckArray(comm, "face", a, g->n[a] + 1, g->face[a]));
  PetscCall(CheckArray(comm, "weight", a, g->n[a], g->weight[a]));
  PetscFunctionReturn(0);
}

static PetscErrorCode DestroyGrid(void *context)
{
  FHEllipticGrid *g = (FHEllipticGrid *)context;
  PetscFunctionBegin;
  for (int a = 0; a < 3; a++) {
    PetscReal *face = (PetscReal *)(uintptr_t)g->face[a];
    PetscReal *weight = (PetscReal *)(uintptr_t)g->weight[a];
    PetscCall(PetscFree(face));
    PetscCall(PetscFree(weight));
  }
  PetscCall(PetscFree(g));
  PetscFunctionReturn(0);
}

static PetscErrorCode CopyArray(PetscInt count, const PetscReal *from, const PetscReal **to)
{
  PetscReal *copy = NULL;
  PetscFunctionBegin;
  if (from) {
    PetscCall(PetscMalloc1(count, &copy));
    PetscCall(PetscArraycpy(copy, from, count));
  }
  *to = copy;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticSetGrid(PetscObject object, const FHEllipticGrid *grid)
{
  MPI_Comm comm = PetscObjectComm(object);
  FHEllipticGrid *copy = NULL;
  PetscContainer box = NULL;
  PetscFunctionBegin;
  PetscCheck(grid->dim >= 1 && grid->dim <= 3, comm, PETSC_ERR_ARG_OUTOFRANGE,
             "a grid of %" PetscInt_FMT " dimensions: 1, 2 and 3 are known", grid->dim);
  PetscCheck(grid->shift >= 0.0 && !PetscIsInfOrNanReal(grid->shift), comm,
             PETSC_ERR_ARG_OUTOFRANGE, "shift %g: it must not be negative, L would not be definite",
             (double)grid->shift);
  for (int a = 0; a < grid->dim; a++) PetscCall(CheckAxis(comm, grid, a));
  PetscCall(PetscNew(&copy));
  *copy = *grid;
  for (int a = 0; a < 3; a++) {
    const bool there = a < grid->dim;
    PetscCall(CopyArray(grid->n[a] + 1, there ? grid->face[a] : NULL, &copy->face[a]));
    PetscCall(CopyArray(grid->n[a], there ? grid->weight[a] : NULL, &copy->weight[a]));
  }
  PetscCall(PetscContainerCreate(comm, &box));
  PetscCall(PetscContainerSetPointer(box, copy));
  PetscCall(PetscContainerSetUserDestroy(box, DestroyGrid));
  PetscCall(PetscObjectCompose(object, key, (PetscObject)box));
  PetscCall(PetscContainerDestroy(&box));
  PetscFunctionReturn(0);
}

PetscErrorCode FHGridFind(PetscObject object, PetscContainer *box, const FHEllipticGrid **grid)
{
  void *pointer = NULL;
  PetscFunctionBegin;
  *grid = NULL;
  *box = NULL;
  if (object) PetscCall(PetscObjectQuery(object, key, (PetscObject *)box));
  if (*box) PetscCall(PetscContainerGetPointer(*box, &pointer));
  *grid = (const FHEllipticGrid *)pointer;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticGetGrid(PetscObject object, const FHEllipticGrid **grid)
{
  PetscContainer box = NULL;
  PetscFunctionBegin;
  PetscCall(FHGridFind(object, &box, grid));
  PetscFunctionReturn(0);
}

/* ---- the matrices of an axis --------------------------------------------------------------------- */

/* what a boundary face adds to the diagonal, in units of its conductivity */
static PetscReal BoundaryFactor(FHSide side)
{
  if (side == FH_SIDE_DIRICHLET_CELL) return 2.0;
  return side == FH_SIDE_DIRICHLET_NODE ? 1.0 : 0.0;
}

static void CoupleEnds(PetscReal face, FHAxis *a)
{
  if (a->n == 1) return; /* its own neighbour */
  a->main[0] += face, a->main[a->n - 1] += face;
  if (a->n == 2) {
    a->off[0] -= face;
  } else {
    a->corner = -face;
  }
}

PetscErrorCode FHAxisCreate(const FHEllipticGrid *g, int axis, FHAxis *a)
{
  const bool there = axis >= 0 && axis < g->dim;
  const FHSide low = there ? g->side[axis][0] : FH_SIDE_NEUMANN_CELL;
  const FHSide high = there ? g->side[axis][1] : FH_SIDE_NEUMANN_CELL;
  const PetscReal *face = there ? g->face[axis] : NULL, *weight = there ? g->weight[axis] : NULL;
  const PetscReal unit = there ? 1.0 / (g->spacing[axis] * g->spacing[axis]) : 1.0;
  PetscFunctionBegin;
  memset(a, 0, sizeof *a);
  a->n = there ? g->n[axis] : 1;
  a->uniform = !face && !weight;
  a->singular = BoundaryFactor(low) + BoundaryFactor(high) == 0.0;
  PetscCall(PetscCalloc3(a->n, &a->main, a->n, &a->off, a->n, &a->mass));
  for (PetscInt i = 0; i < a->n; i++) a->mass[i] = weight ? weight[i] : 1.0;
  if (low == FH_SIDE_NEUMANN_NODE) a->mass[0] *= 0.5;
  if (high == FH_SIDE_NEUMANN_NODE) a->mass[a->n - 1] *= 0.5;
  for (PetscInt i = 1; i < a->n; i++) {
    const PetscReal f = unit * (face ? face[i] : 1.0);
    a->off[i - 1] = -f;
    a->main[i - 1] += f, a->main[i] += f;
  }
  if (low == FH_SIDE_PERIODIC) {
    CoupleEnds(unit * (face ? face[0] : 1.0), a);
  } else {
    a->main[0] += BoundaryFactor(low) * unit * (face ? face[0] : 1.0);
    a->main[a->n - 1] += BoundaryFactor(high) * unit * (face ? face[a->n] : 1.0);
  }
  PetscFunctionReturn(0);
}

void FHAxisDestroy(FHAxis *a)
{
  (void)PetscFree3(a->main, a->off, a->mass);
}

PetscErrorCode FHGridDiagonal(const FHEllipticGrid *g, PetscInt first, PetscInt planes,
                              PetscReal *diagonal)
{
  FHAxis x, y, z;
  const int middle = g->dim == 3 ? 1 : -1, last = g->dim == 1 ? -1 : (int)g->dim - 1;
  PetscInt at = 0;
  PetscFunctionBegin;
  PetscCall(FHAxisCreate(g, 0, &x));
  PetscCall(FHAxisCreate(g, middle, &y));
  PetscCall(FHAxisCreate(g, last, &z));
  for (PetscInt i = first; i < first + planes; i++)
    for (PetscInt j = 0; j < y.n; j++)
      for (PetscInt k = 0; k < z.n; k++)
        diagonal[at++] = (x.main[i] + g->shift * x.mass[i]) * y.mass[j] * z.mass[k] +
                         x.mass[i] * (y.main[j] * z.mass[k] + y.mass[j] * z.main[k]);
  FHAxisDestroy(&x), FHAxisDestroy(&y), FHAxisDestroy(&z);
  PetscFunctionReturn(0);
}
