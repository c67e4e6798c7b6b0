/**
 * petsc - the start and the end of PETSc
 */
#pragma once

#include "datagen/petsc.h"

/**
 * fh_petsc_start - PetscInitialize without its signal handler and with a silent error handler
 *
 * Collective on MPI_COMM_WORLD; MPI must run. argv holds options only. Errors: FH_ERR_USAGE for an
 * options file that cannot be read, FH_ERR_LIBRARY for what else PETSc says.
 */
fh_status fh_petsc_start(int argc, char **argv) FH_MUST;
/** Collective. */
fh_status fh_petsc_stop(void) FH_MUST;
