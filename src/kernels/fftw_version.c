#include "kernels/fftw_version.h"

#include <fftw3.h>

const char *fh_fftw_version(void)
{
  return fftw_version;
}
