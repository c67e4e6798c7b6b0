#include "io/about.h"

#include "io/h5.h"

void fh_io_hdf5_version(char text[32])
{
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  snprintf(text, 32, "%u.%u.%u", major, minor, release);
}
