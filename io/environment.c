#include "io/environment.h"

#include <signal.h>
#include <stdlib.h>

fh_status fh_io_environment(void)
{
  int started = 0;
  FH_TRY_MPI(MPI_Initialized(&started));
  FH_CHECK(!started, FH_ERR_STATE,
           "fh_io_environment was called after MPI_Init, which has read the environment already");
  FH_CHECK(setenv("OMPI_MCA_fbtl_posix_read_datasieving", "0", 0) == 0, FH_ERR_MEMORY,
           "out of memory for the environment");
  signal(SIGXFSZ, SIG_IGN);
  return FH_OK;
}
