#include "datagen/skr/constant.h"

#include <math.h>

enum { LEAST_TOGETHER = 4, MOST_TOGETHER = 16, ENTRIES = 131072, REFINEMENTS = 3 };

/* What the transforms leave of a residual if they invert the matrix: rounding. */
static const double exact = 1e-9;

typedef enum { UNDECIDED, TRANSFORMS, FACTORS } way;

struct fh_constant {
  Mat matrix, factor;
  PC transforms;
  bool definite, box;
  way way;
  PetscInt n, capacity;
  Mat rhs, x, rest, step; /* dense [n] columns */
  Vec *column[4];         /* views of the columns of the four */
};

/* ---- life ---------------------------------------------------------------------------------------- */

/* a dense matrix, and vectors that are its columns for as long as it lives */
static PetscErrorCode create_block(const fh_constant *c, Mat *block, Vec **columns)
{
  PetscScalar *values = NULL;
  PetscFunctionBeginUser;
  PetscCall(MatCreateSeqDense(PETSC_COMM_SELF, c->n, c->capacity, NULL, block));
  PetscCall(MatAssemblyBegin(*block, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*block, MAT_FINAL_ASSEMBLY));
  PetscCall(PetscCalloc1(c->capacity, columns));
  PetscCall(MatDenseGetArray(*block, &values));
  for (PetscInt i = 0; i < c->capacity; i++)
    PetscCall(VecCreateSeqWithArray(PETSC_COMM_SELF, 1, c->n, values + i * c->n, &(*columns)[i]));
  PetscCall(MatDenseRestoreArray(*block, &values));
  PetscFunctionReturn(0);
}

static PetscErrorCode build(fh_constant *c, Mat matrix, const fh_sequence_hint *hint)
{
  Mat *const blocks[] = {&c->rhs, &c->x, &c->rest, &c->step};
  PetscFunctionBeginUser;
  c->matrix = matrix;
  c->definite = hint->symmetric && hint->positive_definite;
  c->box = hint->box;
  PetscCall(MatGetSize(matrix, &c->n, NULL));
  c->capacity = PetscMax(LEAST_TOGETHER, PetscMin(MOST_TOGETHER, ENTRIES / PetscMax(1, c->n)));
  for (int k = 0; k < 4; k++) PetscCall(create_block(c, blocks[k], &c->column[k]));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_constant_create(Mat matrix, const fh_sequence_hint *hint, fh_constant **constant)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(constant));
  PetscCall(build(*constant, matrix, hint));
  PetscFunctionReturn(0);
}

void fh_constant_destroy(fh_constant **constant)
{
  fh_constant *c = *constant;
  Mat *blocks[4] = {NULL};
  if (!c) return;
  blocks[0] = &c->rhs, blocks[1] = &c->x, blocks[2] = &c->rest, blocks[3] = &c->step;
  for (int k = 0; k < 4; k++) {
    for (PetscInt i = 0; c->column[k] && i < c->capacity; i++)
      if (c->column[k][i]) (void)VecDestroy(&c->column[k][i]);
    (void)PetscFree(c->column[k]);
    if (*blocks[k]) (void)MatDestroy(blocks[k]);
  }
  if (c->factor) (void)MatDestroy(&c->factor);
  if (c->transforms) (void)PCDestroy(&c->transforms);
  (void)PetscFree(*constant);
}

ptrdiff_t fh_constant_capacity(const fh_constant *c)
{
  return c->capacity;
}

Vec fh_constant_rhs(fh_constant *c, ptrdiff_t i)
{
  return c->column[0][i];
}

const char *fh_constant_way(const fh_constant *c)
{
  return c->way == UNDECIDED ? "" : c->way == TRANSFORMS ? "transforms" : "factors";
}

const double *fh_constant_solution(const fh_constant *c, ptrdiff_t i)
{
  const PetscScalar *x = NULL;
  if (VecGetArrayRead(c->column[1][i], &x)) return NULL;
  const double *values = x; /* the column's memory, which stays where it is */
  (void)VecRestoreArrayRead(c->column[1][i], &x);
  return values;
}

/* ---- the inverse --------------------------------------------------------------------------------- */

static PetscErrorCode factor(fh_constant *c)
{
  const MatFactorType type = c->definite ? MAT_FACTOR_CHOLESKY : MAT_FACTOR_LU;
  IS rows = NULL, columns = NULL;
  MatFactorInfo info;
  PetscFunctionBeginUser;
  PetscCall(MatFactorInfoInitialize(&info));
  info.fill = 5.0;
  info.dtcol = 1e-6;
  PetscCall(MatGetFactor(c->matrix, MATSOLVERPETSC, type, &c->factor));
  PetscCall(MatGetOrdering(c->matrix, MATORDERINGND, &rows, &columns));
  if (c->definite) {
    PetscCall(MatCholeskyFactorSymbolic(c->factor, c->matrix, rows, &info));
    PetscCall(MatCholeskyFactorNumeric(c->factor, c->matrix, &info));
  } else {
    PetscCall(MatLUFactorSymbolic(c->factor, c->matrix, rows, columns, &info));
    PetscCall(MatLUFactorNumeric(c->factor, c->matrix, &info));
  }
  PetscCall(ISDestroy(&rows));
  PetscCall(ISDestroy(&columns));
  c->way = FACTORS;
  PetscFunctionReturn(0);
}

/* rest = rhs - A x of one system, relative to ||rhs|| */
static PetscErrorCode residual(fh_constant *c, ptrdiff_t i, double *relative)
{
  PetscReal rest = 0.0, size = 0.0;
  PetscFunctionBeginUser;
  PetscCall(MatMult(c->matrix, c->column[1][i], c->column[2][i]));
  PetscCall(VecAYPX(c->column[2][i], -1.0, c->column[0][i]));
  PetscCall(VecNorm(c->column[2][i], NORM_2, &rest));
  PetscCall(VecNorm(c->column[0][i], NORM_2, &size));
  *relative = size > 0.0 ? (double)(rest / size) : (double)rest;
  PetscFunctionReturn(0);
}

/* do the transforms invert the matrix? The first right-hand side tells. */
static PetscErrorCode try_transforms(fh_constant *c)
{
  double relative = 0.0;
  PetscFunctionBeginUser;
  PetscCall(PCCreate(PETSC_COMM_SELF, &c->transforms));
  PetscCall(PCSetType(c->transforms, FHPCFASTELLIPTIC));
  PetscCall(FHPCFastEllipticSetScaling(c->transforms, FH_ELLIPTIC_SCALING_NONE));
  PetscCall(FHPCFastEllipticSetPrecision(c->transforms, FH_ELLIPTIC_DOUBLE));
  PetscCall(PCSetOperators(c->transforms, c->matrix, c->matrix));
  PetscCall(PCSetUp(c->transforms));
  PetscCall(PCApply(c->transforms, c->column[0][0], c->column[1][0]));
  PetscCall(residual(c, 0, &relative));
  if (relative <= exact) c->way = TRANSFORMS;
  PetscFunctionReturn(0);
}

/* to = A^-1 from, of the first count columns */
static PetscErrorCode invert(fh_constant *c, ptrdiff_t count, int from, Mat of, int to, Mat into)
{
  PetscFunctionBeginUser;
  if (c->way == TRANSFORMS) {
    for (ptrdiff_t i = 0; i < count; i++)
      PetscCall(PCApply(c->transforms, c->column[from][i], c->column[to][i]));
  } else if (count == c->capacity) {
    PetscCall(MatMatSolve(c->factor, of, into));
  } else {
    for (ptrdiff_t i = 0; i < count; i++)
      PetscCall(MatSolve(c->factor, c->column[from][i], c->column[to][i]));
  }
  PetscFunctionReturn(0);
}

/* ---- solving ------------------------------------------------------------------------------------- */

/* a right-hand side that is not finite would stand beside the others in a block */
static PetscErrorCode begin(fh_constant *c, ptrdiff_t count, fh_batch_report *reports, bool *usable)
{
  PetscFunctionBeginUser;
  for (ptrdiff_t i = 0; i < count; i++) {
    PetscReal size = 0.0;
    PetscCall(VecNorm(c->column[0][i], NORM_2, &size));
    reports[i] = (fh_batch_report){.residual = (double)NAN, .why = ""};
    usable[i] = isfinite((double)size);
    if (usable[i]) continue;
    reports[i].why = "the right-hand side is not finite";
    PetscCall(VecZeroEntries(c->column[0][i]));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode judge(fh_constant *c, ptrdiff_t count, double tolerance, const bool *usable,
                            fh_batch_report *reports, bool *ready)
{
  PetscFunctionBeginUser;
  *ready = true;
  for (ptrdiff_t i = 0; i < count; i++) {
    if (!usable[i]) continue;
    PetscCall(residual(c, i, &reports[i].residual));
    reports[i].accepted = reports[i].residual <= tolerance;
    reports[i].why = reports[i].accepted ? "" : "residual above the tolerance";
    *ready = *ready && reports[i].accepted;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode fh_constant_solve(fh_constant *c, ptrdiff_t count, double tolerance,
                                 fh_batch_report *reports)
{
  bool usable[MOST_TOGETHER], ready = false;
  PetscFunctionBeginUser;
  if (count == 0) PetscFunctionReturn(0);
  PetscCall(begin(c, count, reports, usable));
  if (c->way == UNDECIDED && c->box) PetscCall(try_transforms(c));
  if (c->way == UNDECIDED) PetscCall(factor(c));
  PetscCall(invert(c, count, 0, c->rhs, 1, c->x));
  PetscCall(judge(c, count, tolerance, usable, reports, &ready));
  for (int round = 0; round < REFINEMENTS && !ready; round++) {
    PetscCall(invert(c, count, 2, c->rest, 3, c->step));
    for (ptrdiff_t i = 0; i < count; i++)
      if (usable[i] && !reports[i].accepted) {
        PetscCall(VecAXPY(c->column[1][i], 1.0, c->column[3][i]));
        reports[i].iterations++;
      }
    PetscCall(judge(c, count, tolerance, usable, reports, &ready));
  }
  for (ptrdiff_t i = 0; i < count; i++) reports[i].iterations++;
  PetscFunctionReturn(0);
}
