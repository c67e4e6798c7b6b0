/**
 * environment - what must be set in a process before MPI starts
 */
#pragma once

#include "base/status.h"

/**
 * fh_io_environment - make file access safe; call it before MPI_Init
 *
 * Open MPI 4.1.0 to 4.1.4 returns wrong data from collective strided reads (open-mpi/ompi#10546):
 * data sieving is switched off unless the user has set OMPI_MCA_fbtl_posix_read_datasieving himself.
 * Fredholm does no such reads, but a program that embeds it may. A write beyond a file size limit
 * becomes an error message instead of the death of the process (SIGXFSZ is ignored).
 * Errors: FH_ERR_STATE if MPI has been started already.
 */
fh_status fh_io_environment(void) FH_MUST;
