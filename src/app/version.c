#include "app/version.h"

#include <string.h>

#include <petscsys.h>

#include "base/real.h"
#include "fredholm_version.h"
#include "io/about.h"
#include "kernels/fftw_version.h"

void fh_version_print(FILE *stream)
{
  char hdf5[32], mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  fh_io_hdf5_version(hdf5);
  MPI_Get_library_version(mpi, &length);
  mpi[strcspn(mpi, ",\n")] = '\0'; /* the name and the number; the rest is how it was built */
  fprintf(stream, "fredholm %s (commit %s, %s)\n", FREDHOLM_VERSION, FREDHOLM_COMMIT, FH_PRECISION);
  fprintf(stream, "PETSc:   %d.%d.%d\n", PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR,
          PETSC_VERSION_SUBMINOR);
  fprintf(stream, "HDF5:    %s\n", hdf5);
  fprintf(stream, "FFTW:    %s\n", fh_fftw_version());
  fprintf(stream, "MPI:     %s\n", mpi);
}
