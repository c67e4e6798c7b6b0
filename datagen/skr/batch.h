/**
 * batch - conjugate gradients for several stencil systems at a time
 *
 * The systems of stencil.h, symmetric positive definite, on one grid: no matrix is assembled, products
 * are loops over conductances, the preconditioner is in single precision (multigrid.h, or the transforms
 * of fastelliptic.h), the iteration and its residual are in double. Small grids are put side by side
 * until a batch is as large as the caches like, so that loops are long; large ones go one by one.
 * A system is accepted by its residual recomputed from x.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "datagen/skr/fastelliptic.h"
#include "datagen/skr/stencil.h"

typedef enum { FH_BATCH_MULTIGRID, FH_BATCH_TRANSFORM } fh_batch_kind;

typedef struct {
  bool accepted;
  int32_t iterations;
  double residual; /* ||b - A x|| / ||b||, recomputed; NaN if there is none */
  const char *why; /* not accepted: the reason */
} fh_batch_report;

typedef struct fh_batch fh_batch;

/** Half a sentence why systems on this grid cannot be solved like that, or NULL. */
const char *fh_batch_unfit(const FHEllipticGrid *grid);
/** A solver for systems on that grid. */
fh_status fh_batch_create(const FHEllipticGrid *grid, fh_batch_kind kind, fh_batch **batch) FH_MUST;
void fh_batch_destroy(fh_batch **batch);
/** How many systems are solved together. */
ptrdiff_t fh_batch_capacity(const fh_batch *b);
/** Number i < capacity, to be filled. Its reaction is zero unless somebody wrote it. */
fh_stencil *fh_batch_slot(fh_batch *b, ptrdiff_t i);
/**
 * fh_batch_solve - solve the first count systems
 *
 * warm: start from what the slots solved before. deadline: on fh_clock_cpu; what is not ready then
 * fails; 0: none. A system that fails harms no other.
 */
void fh_batch_solve(fh_batch *b, ptrdiff_t count, double tolerance, bool warm, double deadline,
                    fh_batch_report *reports);
/** The solution of number i, until the next solve. */
const double *fh_batch_solution(const fh_batch *b, ptrdiff_t i);
