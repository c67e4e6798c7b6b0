#include "app/version.h"

#include <string.h>

#include <petscsys.h>

#include "base/real.h"
#include "fredholm_version.h"

void fh_version_print(FILE *stream)
{
  char petsc[256] = "", mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  PetscGetVersion(petsc, sizeof petsc);
  MPI_Get_library_version(mpi, &length);
  mpi[strcspn(mpi, ",\n")] = '\0'; /* the name and the number; the rest is how it was built */
  fprintf(stream, "fredholm %s (commit %s, %s)\n", FREDHOLM_VERSION, FREDHOLM_COMMIT, FH_PRECISION);
  fprintf(stream, "PETSc:   %d.%d.%d\n", PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR,
          PETSC_VERSION_SUBMINOR);
  fprintf(stream, "MPI:     %s\n", mpi);
}
