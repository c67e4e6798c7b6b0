/** systems - a file of N sparse systems on one pattern, with iteration counts of a reference solver */
#pragma once

#include <petscksp.h>

typedef struct {
  PetscInt count, n, nnz;
  PetscInt *row, *column;   /* CSR */
  PetscScalar *value, *rhs; /* [count][nnz], [count][n] */
} Systems;

/* one dataset of its/: what was run and what came out */
typedef struct {
  char name[128], pc[32];
  PetscBool gmres, fresh;
  PetscInt m, k;
  PetscReal rtol;
  PetscInt *iterations; /* [count] */
  PetscBool converged;  /* the reference, on all of them */
} Case;

/* why (256 bytes) says what is wrong with the file when *ok is false */
PetscErrorCode SystemsRead(const char *path, Systems *s, PetscInt *cases, Case **list,
                           PetscBool *ok, char *why);
PetscErrorCode SystemsFree(Systems *s, PetscInt cases, Case **list);
/* values of system i into A, made for the pattern at the first call (*A = NULL) */
PetscErrorCode SystemsMatrix(const Systems *s, PetscInt i, Mat *A);
