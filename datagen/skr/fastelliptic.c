/* The type: options, set-up for a matrix, application. */
#include <petsc/private/pcimpl.h>

#include "datagen/skr/fastelliptic_impl.h"

typedef struct {
  FHEllipticScaling scaling;
  FHEllipticPrecision precision;
  PetscInt dense;
  const FHEllipticGrid *grid; /* what the solver was made for, in box */
  PetscContainer box;         /* referenced, so that another grid never gets its address */
  FHSolver *solver;
  bool single, scaled;
  Vec diagonal, slab;      /* of A, distributed as A is; on the planes that are here */
  VecScatter to_slab;      /* NULL: one rank */
  PetscReal *of_L, *scale; /* [planes]: diag L, (diag L / diag A)^1/2 */
  PetscReal gain;          /* 1 / c */
  PetscReal shift;         /* of the reaction term that the solver is factored for */
} PC_FastElliptic;

static const char *const scaling_names[] = {
    "none", "diagonal", "auto", "FHEllipticScaling", "FH_ELLIPTIC_SCALING_", NULL};
static const char *const precision_names[] = {
    "single", "double", "auto", "FHEllipticPrecision", "FH_ELLIPTIC_", NULL};
enum { SINGLE_POINTS = 512 };

/* ---- set-up -------------------------------------------------------------------------------------- */

static PetscErrorCode Forget(PC pc)
{
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  PetscFunctionBegin;
  PetscCall(FHSolverDestroy(&p->solver));
  PetscCall(VecDestroy(&p->diagonal));
  PetscCall(VecDestroy(&p->slab));
  PetscCall(VecScatterDestroy(&p->to_slab));
  PetscCall(PetscFree2(p->of_L, p->scale));
  PetscCall(PetscContainerDestroy(&p->box));
  p->grid = NULL;
  PetscFunctionReturn(0);
}

static PetscErrorCode FindGrid(PC pc, PetscContainer *box, const FHEllipticGrid **grid)
{
  PetscInt rows = 0;
  PetscFunctionBegin;
  PetscCall(FHGridFind((PetscObject)pc, box, grid));
  if (!*grid) PetscCall(FHGridFind((PetscObject)pc->pmat, box, grid));
  if (!*grid) PetscCall(FHGridFind((PetscObject)pc->mat, box, grid));
  PetscCheck(*grid, PetscObjectComm((PetscObject)pc), PETSC_ERR_ARG_WRONGSTATE,
             "fastelliptic knows no grid: call FHPCFastEllipticSetGrid on the matrix or the PC, or "
             "choose another -pc_type for this problem");
  PetscInt points = 1;
  for (PetscInt a = 0; a < (*grid)->dim; a++) points *= (*grid)->n[a];
  PetscCall(MatGetSize(pc->pmat, &rows, NULL));
  PetscCheck(rows == points, PetscObjectComm((PetscObject)pc), PETSC_ERR_ARG_SIZ,
             "the matrix has %" PetscInt_FMT
             " rows, the grid attached for fastelliptic %" PetscInt_FMT
             " unknowns: attach the matrix's own grid",
             rows, points);
  PetscFunctionReturn(0);
}

/* natural numbering on both sides: only the borders between ranks differ */
static PetscErrorCode CreateSlabs(PC_FastElliptic *p)
{
  const FHSolver *f = p->solver;
  const PetscInt own = f->planes * f->modes;
  PetscInt first = 0;
  IS same = NULL;
  PetscFunctionBegin;
  PetscCall(VecCreateMPI(f->comm, own, PETSC_DETERMINE, &p->slab));
  PetscCall(VecGetOwnershipRange(p->slab, &first, NULL));
  if (f->ranks > 1) {
    PetscCall(ISCreateStride(f->comm, own, first, 1, &same));
    PetscCall(VecScatterCreate(p->diagonal, same, p->slab, same, &p->to_slab));
    PetscCall(ISDestroy(&same));
  }
  PetscCall(PetscMalloc2(own, &p->of_L, own, &p->scale));
  PetscCall(FHGridDiagonal(p->grid, first / f->modes, f->planes, p->of_L));
  PetscFunctionReturn(0);
}

static PetscErrorCode CreateSolver(PC pc, PetscContainer box, const FHEllipticGrid *grid)
{
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  PetscInt longest = 0;
  PetscFunctionBegin;
  PetscCall(Forget(pc));
  p->shift = 0.0;
  PetscCall(PetscObjectReference((PetscObject)box));
  p->box = box;
  p->grid = grid;
  for (PetscInt a = 0; a < grid->dim; a++) longest = PetscMax(longest, grid->n[a]);
  p->single = p->precision == FH_ELLIPTIC_SINGLE || (p->precision == FH_ELLIPTIC_PRECISION_AUTO &&
                                                     longest <= SINGLE_POINTS && !grid->reaction);
  PetscCall(
      FHSolverCreate(PetscObjectComm((PetscObject)pc), grid, p->dense, p->single, &p->solver));
  PetscCall(MatCreateVecs(pc->pmat, NULL, &p->diagonal));
  PetscCall(CreateSlabs(p));
  PetscFunctionReturn(0);
}

/* one vector of planes from one distributed as A is, and back */
static PetscErrorCode Scatter(PC_FastElliptic *p, Vec from, Vec to, ScatterMode mode)
{
  PetscFunctionBegin;
  PetscCall(VecScatterBegin(p->to_slab, from, to, INSERT_VALUES, mode));
  PetscCall(VecScatterEnd(p->to_slab, from, to, INSERT_VALUES, mode));
  PetscFunctionReturn(0);
}

/* p->scale = diag A / diag L, of a reaction term their difference; *mean of it; *positive: all of it is,
   on all ranks */
static PetscErrorCode CompareDiagonals(PC pc, PetscReal *mean, bool *positive)
{
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  const bool reaction = p->grid->reaction;
  const PetscInt own = p->solver->planes * p->solver->modes;
  const PetscScalar *d = NULL;
  PetscReal sums[3] = {0.0, 0.0, 0.0}; /* of ratios, of points, of those that are not positive */
  Vec planes = p->to_slab ? p->slab : p->diagonal;
  PetscFunctionBegin;
  PetscCall(MatGetDiagonal(pc->pmat, p->diagonal));
  if (p->to_slab) PetscCall(Scatter(p, p->diagonal, p->slab, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(planes, &d));
  for (PetscInt i = 0; i < own; i++) {
    /* 1-D periodic with one cell: L has an empty row */
    p->scale[i] = reaction ? d[i] - p->of_L[i] : p->of_L[i] > 0.0 ? d[i] / p->of_L[i] : 1.0;
    sums[0] += p->scale[i];
    if (!(p->scale[i] > 0.0 && p->scale[i] < PETSC_MAX_REAL)) sums[2] += 1.0;
  }
  PetscCall(VecRestoreArrayRead(planes, &d));
  sums[1] = (PetscReal)own;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 3, MPIU_REAL, MPIU_SUM, p->solver->comm));
  *mean = sums[0] / sums[1];
  *positive = sums[2] == 0.0;
  PetscFunctionReturn(0);
}

/* L with the mean of the reaction term, moved where a pivot vanishes. Collective. */
static PetscErrorCode ShiftBy(PC_FastElliptic *p, PetscReal mean)
{
  static const PetscReal tiny = 1e-10;
  enum { MOVES = 8 };
  PetscFunctionBegin;
  for (int move = 0; move <= MOVES; move++) {
    const PetscReal shift = p->grid->shift + mean * (1.0 + 1e-3 * move);
    PetscReal least = 1.0;
    PetscCall((p->single ? FHSolverShift_single : FHSolverShift_double)(p->solver, shift, &least));
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPIU_REAL, MPIU_MIN, p->solver->comm));
    if (least > tiny) break;
  }
  p->shift = mean;
  PetscFunctionReturn(0);
}

/* scaled by nothing, shifted by the mean, factored again only where that has moved */
static PetscErrorCode SetUpReaction(PC pc, PetscReal mean)
{
  static const PetscReal same = 1e-3;
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  PetscFunctionBegin;
  pc->failedreason = PetscIsInfOrNanReal(mean) ? PC_FACTOR_OTHER : PC_NOERROR;
  p->scaled = false;
  p->gain = 1.0;
  if (pc->failedreason == PC_NOERROR &&
      !(PetscAbsReal(mean - p->shift) <= same * PetscAbsReal(mean)))
    PetscCall(ShiftBy(p, mean));
  PetscFunctionReturn(0);
}

static PetscErrorCode PCSetUp_FastElliptic(PC pc)
{
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  const FHEllipticGrid *grid = NULL;
  PetscContainer box = NULL;
  PetscReal mean = 0.0;
  bool positive = false;
  PetscFunctionBegin;
  PetscCall(FindGrid(pc, &box, &grid));
  if (!p->solver || p->box != box) PetscCall(CreateSolver(pc, box, grid));
  PetscCall(CompareDiagonals(pc, &mean, &positive));
  if (grid->reaction) {
    PetscCall(SetUpReaction(pc, mean));
    PetscFunctionReturn(0);
  }
  p->scaled = p->scaling == FH_ELLIPTIC_SCALING_DIAGONAL;
  if (p->scaling == FH_ELLIPTIC_SCALING_AUTO && positive)
    PetscCall(FHScalingHelps(p->solver->comm, grid, p->solver->planes, p->scale, &p->scaled));
  pc->failedreason = PC_NOERROR;
  if (!(mean > 0.0 && mean < PETSC_MAX_REAL) || (p->scaled && !positive)) {
    pc->failedreason =
        PC_FACTOR_OTHER; /* KSP_DIVERGED_PC_FAILED: a diagonal that is no operator's */
    PetscFunctionReturn(0);
  }
  p->gain = p->scaled ? 1.0 : 1.0 / mean;
  if (p->scaled)
    for (PetscInt i = 0; i < p->solver->planes * p->solver->modes; i++)
      p->scale[i] = 1.0 / PetscSqrtReal(p->scale[i]);
  PetscFunctionReturn(0);
}

/* ---- application --------------------------------------------------------------------------------- */

/* a power of two that brings x into the middle of single precision's range */
static PetscErrorCode Range(const PC_FastElliptic *p, Vec x, PetscReal *factor)
{
  PetscReal most = 0.0;
  int exponent = 0;
  PetscFunctionBegin;
  *factor = 1.0;
  if (!p->single) PetscFunctionReturn(0);
  PetscCall(VecNorm(x, NORM_INFINITY, &most));
  if (!(most > 0.0 && most < PETSC_MAX_REAL)) PetscFunctionReturn(0);
  (void)frexp(most, &exponent);
  *factor = ldexp(1.0, -PetscMax(exponent, -1000));
  PetscFunctionReturn(0);
}

static PetscErrorCode ApplyPlanes(PC_FastElliptic *p, PetscReal factor, const PetscScalar *in,
                                  PetscScalar *out)
{
  const PetscReal *s = p->scaled ? p->scale : NULL;
  PetscFunctionBegin;
  PetscCall((p->single ? FHSolverApply_single : FHSolverApply_double)(p->solver, in, s, factor,
                                                                      p->gain / factor, out));
  PetscFunctionReturn(0);
}

static PetscErrorCode PCApply_FastElliptic(PC pc, Vec x, Vec y)
{
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  const PetscScalar *in = NULL;
  PetscScalar *out = NULL;
  PetscReal factor = 1.0;
  PetscFunctionBegin;
  PetscCall(Range(p, x, &factor));
  if (p->to_slab) {
    PetscCall(Scatter(p, x, p->slab, SCATTER_FORWARD));
    PetscCall(VecGetArray(p->slab, &out));
    PetscCall(ApplyPlanes(p, factor, out, out));
    PetscCall(VecRestoreArray(p->slab, &out));
    PetscCall(Scatter(p, p->slab, y, SCATTER_REVERSE));
  } else {
    PetscCall(VecGetArrayRead(x, &in));
    PetscCall(VecGetArrayWrite(y, &out));
    PetscCall(ApplyPlanes(p, factor, in, out));
    PetscCall(VecRestoreArrayWrite(y, &out));
    PetscCall(VecRestoreArrayRead(x, &in));
  }
  PetscFunctionReturn(0);
}

/* ---- the type ------------------------------------------------------------------------------------ */

static PetscErrorCode PCReset_FastElliptic(PC pc)
{
  PetscFunctionBegin;
  PetscCall(Forget(pc));
  PetscFunctionReturn(0);
}

static PetscErrorCode PCDestroy_FastElliptic(PC pc)
{
  PetscFunctionBegin;
  PetscCall(Forget(pc));
  PetscCall(PetscFree(pc->data));
  PetscFunctionReturn(0);
}

static PetscErrorCode PCSetFromOptions_FastElliptic(PC pc, PetscOptionItems *PetscOptionsObject)
{
  PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  FHEllipticScaling scaling = p->scaling;
  FHEllipticPrecision precision = p->precision;
  PetscInt dense = p->dense;
  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Fast inverses of separable elliptic operators");
  PetscCall(PetscOptionsEnum("-pc_fastelliptic_scaling", "Scale by the diagonal",
                             "FHPCFastEllipticSetScaling", scaling_names, (PetscEnum)scaling,
                             (PetscEnum *)&scaling, NULL));
  PetscCall(PetscOptionsEnum("-pc_fastelliptic_precision", "Precision of the transforms",
                             "FHPCFastEllipticSetPrecision", precision_names, (PetscEnum)precision,
                             (PetscEnum *)&precision, NULL));
  PetscCall(PetscOptionsInt("-pc_fastelliptic_dense", "Longest axis transformed by a dense matrix",
                            "FHPCFastEllipticSetDense", dense, &dense, NULL));
  PetscOptionsHeadEnd();
  PetscCall(FHPCFastEllipticSetScaling(pc, scaling));
  PetscCall(FHPCFastEllipticSetPrecision(pc, precision));
  PetscCall(FHPCFastEllipticSetDense(pc, dense));
  PetscFunctionReturn(0);
}

static PetscErrorCode PCView_FastElliptic(PC pc, PetscViewer viewer)
{
  static const char *const sides[] = {"Dirichlet (cell)", "Dirichlet (node)", "Neumann (cell)",
                                      "Neumann (node)", "periodic"};
  const PC_FastElliptic *p = (PC_FastElliptic *)pc->data;
  PetscBool ascii = PETSC_FALSE;
  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  scaling %s%s\n", scaling_names[p->scaling],
                                   !p->solver  ? ""
                                   : p->scaled ? ": by the diagonal"
                                               : ": by a constant"));
  if (!p->solver) PetscFunctionReturn(0);
  for (PetscInt a = 0; a < p->grid->dim; a++) {
    const FHModes *m = &p->solver->axis[a == p->grid->dim - 1 ? 1 : 0];
    PetscCall(PetscViewerASCIIPrintf(viewer, "  axis %d: %" PetscInt_FMT " unknowns, %s, %s; %s\n",
                                     (int)a, p->grid->n[a], sides[p->grid->side[a][0]],
                                     sides[p->grid->side[a][1]],
                                     a == 0        ? "tridiagonal solves"
                                     : !m->vectors ? "FFTW"
                                     : m->odd      ? "dense, even and odd halves"
                                                   : "dense"));
  }
  PetscCall(PetscViewerASCIIPrintf(viewer, "  %s precision, %d ranks\n",
                                   p->single ? "single" : "double", p->solver->ranks));
  PetscFunctionReturn(0);
}

static PetscErrorCode PCCreate_FastElliptic(PC pc)
{
  PC_FastElliptic *p = NULL;
  PetscFunctionBegin;
  PetscCall(PetscNew(&p));
  pc->data = p;
  p->scaling = FH_ELLIPTIC_SCALING_AUTO;
  p->precision = FH_ELLIPTIC_PRECISION_AUTO;
  p->dense = 256;
  pc->ops->setup = PCSetUp_FastElliptic;
  pc->ops->apply = PCApply_FastElliptic;
  pc->ops->applytranspose = PCApply_FastElliptic;
  pc->ops->reset = PCReset_FastElliptic;
  pc->ops->destroy = PCDestroy_FastElliptic;
  pc->ops->setfromoptions = PCSetFromOptions_FastElliptic;
  pc->ops->view = PCView_FastElliptic;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticRegister(void)
{
  PetscFunctionBegin;
  PetscCall(PCRegister(FHPCFASTELLIPTIC, PCCreate_FastElliptic));
  PetscFunctionReturn(0);
}

/* ---- setters ------------------------------------------------------------------------------------- */

static PetscErrorCode Data(PC pc, PC_FastElliptic **p)
{
  PetscBool ours = PETSC_FALSE;
  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, FHPCFASTELLIPTIC, &ours));
  PetscCheck(ours, PetscObjectComm((PetscObject)pc), PETSC_ERR_ARG_WRONG,
             "the PC is of type %s, not fastelliptic: call PCSetType first",
             ((PetscObject)pc)->type_name ? ((PetscObject)pc)->type_name : "(none)");
  *p = (PC_FastElliptic *)pc->data;
  PetscFunctionReturn(0);
}

/* PCReset would drop the matrix too */
static PetscErrorCode SetUpAgain(PC pc)
{
  PetscFunctionBegin;
  PetscCall(Forget(pc));
  pc->setupcalled = 0;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticSetScaling(PC pc, FHEllipticScaling scaling)
{
  PC_FastElliptic *p = NULL;
  PetscFunctionBegin;
  PetscCall(Data(pc, &p));
  if (p->scaling != scaling) PetscCall(SetUpAgain(pc));
  p->scaling = scaling;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticSetPrecision(PC pc, FHEllipticPrecision precision)
{
  PC_FastElliptic *p = NULL;
  PetscFunctionBegin;
  PetscCall(Data(pc, &p));
  if (p->precision != precision) PetscCall(SetUpAgain(pc));
  p->precision = precision;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticSetDense(PC pc, PetscInt most)
{
  PC_FastElliptic *p = NULL;
  PetscFunctionBegin;
  PetscCall(Data(pc, &p));
  PetscCheck(most >= 0, PetscObjectComm((PetscObject)pc), PETSC_ERR_ARG_OUTOFRANGE,
             "dense transforms up to %" PetscInt_FMT " points: it must not be negative", most);
  if (p->dense != most) PetscCall(SetUpAgain(pc));
  p->dense = most;
  PetscFunctionReturn(0);
}

PetscErrorCode FHPCFastEllipticGetScaled(PC pc, PetscBool *scaled)
{
  PC_FastElliptic *p = NULL;
  PetscFunctionBegin;
  PetscCall(Data(pc, &p));
  *scaled = p->scaled ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(0);
}
