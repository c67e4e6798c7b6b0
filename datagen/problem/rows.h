/**
 * rows - a matrix and a right-hand side, row by row
 *
 * What the problems on boxes share: the structure is the same for every sample, each rank fills the
 * rows it owns, and a row needs nothing but the sample, which every rank has.
 */
#pragma once

#include "datagen/problem/problem.h"

enum { FH_ROWS_MAX = 9 }; /* entries of a row at most */

/** Writes one row, zeros that other samples fill included; returns the number of entries. */
typedef PetscInt (*fh_row_fill)(const fh_problem *p, PetscInt row, PetscInt *columns,
                                PetscScalar *values);

/** A matrix of p->unknowns rows with at most `most` entries each. Collective on p->comm. */
PetscErrorCode fh_rows_create(fh_problem *p, PetscInt most, Mat *matrix);
/** Fills and assembles all rows. Collective. */
PetscErrorCode fh_rows_matrix(fh_problem *p, fh_row_fill fill, Mat matrix);
/** b[row] = value(p, row). Local. */
PetscErrorCode fh_rows_vector(fh_problem *p, double (*value)(const fh_problem *p, PetscInt row),
                              Vec b);
