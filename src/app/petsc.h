/**
 * petsc - PETSc's errors as fh_status
 *
 * PETSc is started with a silent error handler that keeps the sentence of the first error, so that
 * it is told once, by main, in the way of everything else.
 */
#pragma once

#include <petscsys.h>

#include "base/status.h"

/**
 * fh_petsc_start - PetscInitialize without its signal handler and with a silent error handler
 *
 * Collective on MPI_COMM_WORLD; MPI must run. argv holds options only. Errors: FH_ERR_USAGE for an
 * options file that cannot be read, FH_ERR_LIBRARY for what else PETSc says.
 */
fh_status fh_petsc_start(int argc, char **argv) FH_MUST;
/** Collective. */
fh_status fh_petsc_stop(void) FH_MUST;
/** Raises FH_ERR_LIBRARY with PETSc's own sentence for the code that a call returned. */
fh_status fh_petsc_error(PetscErrorCode error, const char *file, int line, const char *function);

#define FH_TRY_PETSC(call)                                                                         \
  do {                                                                                             \
    const PetscErrorCode fh_petsc_ = (call);                                                       \
    if (fh_petsc_) return fh_petsc_error(fh_petsc_, __FILE__, __LINE__, __func__);                 \
  } while (0)
