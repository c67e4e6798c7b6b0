#include "io/environment.h"

#include <signal.h>
#include <stdlib.h>

void fh_io_environment(void)
{
  setenv("OMPI_MCA_fbtl_posix_read_datasieving", "0", 0);
  signal(SIGXFSZ, SIG_IGN);
}
