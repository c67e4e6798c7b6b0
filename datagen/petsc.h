/**
 * petsc - the edge between PETSc's error codes and fh_status
 *
 * Inside, code that calls PETSc returns PetscErrorCode and uses PetscCall; whoever returns fh_status
 * calls it through FH_TRY_PETSC, which keeps PETSc from printing and carries its message over.
 */
#pragma once

#include <petscksp.h>

#include "base/status.h"

/** Raises FH_ERR_LIBRARY (FH_ERR_MEMORY if that is what PETSc says) with PETSc's message. */
fh_status fh_status_petsc(PetscErrorCode error, const char *file, int line, const char *function);

/** Runs call with PETSc's error output switched off; *error receives its code. */
#define FH_PETSC_QUIET(error, call)                                                                \
  do {                                                                                             \
    (void)PetscPushErrorHandler(PetscReturnErrorHandler, NULL);                                    \
    (error) = (call);                                                                              \
    (void)PetscPopErrorHandler();                                                                  \
  } while (0)

#define FH_TRY_PETSC(call)                                                                         \
  do {                                                                                             \
    PetscErrorCode fh_petsc_;                                                                      \
    FH_PETSC_QUIET(fh_petsc_, call);                                                               \
    if (fh_petsc_) return fh_status_petsc(fh_petsc_, __FILE__, __LINE__, __func__);                \
  } while (0)
