#include "datagen/problem/rows.h"

PetscErrorCode fh_rows_create(fh_problem *p, PetscInt most, Mat *matrix)
{
  const PetscInt n = (PetscInt)p->unknowns;
  PetscFunctionBeginUser;
  PetscCall(MatCreate(p->comm, matrix));
  PetscCall(MatSetSizes(*matrix, PETSC_DECIDE, PETSC_DECIDE, n, n));
  PetscCall(MatSetType(*matrix, MATAIJ));
  PetscCall(MatSeqAIJSetPreallocation(*matrix, most, NULL));
  /* a rank may own less than a grid row: then all neighbours live elsewhere */
  PetscCall(MatMPIAIJSetPreallocation(*matrix, most, NULL, most - 1, NULL));
  PetscCall(MatSetOption(*matrix, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_TRUE));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_rows_matrix(fh_problem *p, fh_row_fill fill, Mat matrix)
{
  PetscInt first = 0, last = 0;
  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(matrix, &first, &last));
  for (PetscInt row = first; row < last; row++) {
    PetscInt columns[FH_ROWS_MAX];
    PetscScalar values[FH_ROWS_MAX];
    const PetscInt n = fill(p, row, columns, values);
    PetscCall(MatSetValues(matrix, 1, &row, n, columns, values, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_rows_vector(fh_problem *p, double (*value)(const fh_problem *p, PetscInt row),
                              Vec b)
{
  PetscInt first = 0, last = 0;
  PetscScalar *values = NULL;
  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(b, &first, &last));
  PetscCall(VecGetArrayWrite(b, &values));
  for (PetscInt row = first; row < last; row++) values[row - first] = value(p, row);
  PetscCall(VecRestoreArrayWrite(b, &values));
  PetscFunctionReturn(0);
}
