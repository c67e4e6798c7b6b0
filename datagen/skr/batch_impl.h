/* batch_impl - what the files of the batched solver share */
#pragma once

#include "datagen/skr/batch.h"
#include "datagen/skr/stencil_kernels.h"

/* An approximate inverse of every system of a batch, in single precision. */
typedef struct fh_preconditioner fh_preconditioner;

fh_status fh_preconditioner_create(const FHEllipticGrid *grid, fh_batch_kind kind,
                                   ptrdiff_t capacity, fh_preconditioner **p) FH_MUST;
void fh_preconditioner_destroy(fh_preconditioner **p);
/* For the matrix s of a system, whose diagonal is given, times scale; false: there is none. */
bool fh_preconditioner_set(fh_preconditioner *p, ptrdiff_t system, const fh_stencil *s,
                           const double *diagonal, double scale);
/* Any harmless inverse, for a system that failed. */
void fh_preconditioner_clear(fh_preconditioner *p, ptrdiff_t system);
/* z = M^-1 r of `count` systems from number `from` on; r and z begin with the first of them. */
void fh_preconditioner_apply(fh_preconditioner *p, ptrdiff_t from, ptrdiff_t count, const float *r,
                             float *z);
