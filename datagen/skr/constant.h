/**
 * constant - one matrix, many right-hand sides: factored once, solved in blocks
 *
 * Where the transforms of fastelliptic invert the matrix exactly they do it, in double precision; that
 * is tried on the first right-hand side. Else the matrix is factored once (Cholesky if it is positive
 * definite, else LU) and blocks of right-hand sides are solved by MatMatSolve. What the recomputed
 * residual does not accept is refined.
 */
#pragma once

#include "datagen/skr/batch.h"
#include "datagen/skr/strategy.h"

typedef struct fh_constant fh_constant;

/** For a matrix on one rank, not owned; its values may come later, but before the first solve. */
PetscErrorCode fh_constant_create(Mat matrix, const fh_sequence_hint *hint, fh_constant **constant);
void fh_constant_destroy(fh_constant **constant);
/** How many right-hand sides are solved together. */
ptrdiff_t fh_constant_capacity(const fh_constant *c);
/** Number i of them, to be filled; owned by c. */
Vec fh_constant_rhs(fh_constant *c, ptrdiff_t i);
/** Solves the first count systems. One that fails harms no other. */
PetscErrorCode fh_constant_solve(fh_constant *c, ptrdiff_t count, double tolerance,
                                 fh_batch_report *reports);
/** The solution of number i, until the next solve. */
const double *fh_constant_solution(const fh_constant *c, ptrdiff_t i);
/** "transforms" or "factors": how; "" before the first solve. */
const char *fh_constant_way(const fh_constant *c);
