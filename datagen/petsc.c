#include "datagen/petsc.h"

fh_status fh_status_petsc(PetscErrorCode error, const char *file, int line, const char *function)
{
  const char *text = NULL;
  char *specific = NULL;
  (void)PetscErrorMessage((int)error, &text, &specific);
  const fh_status code = error == PETSC_ERR_MEM ? FH_ERR_MEMORY : FH_ERR_LIBRARY;
  return fh_status_raise(code, file, line, function, "PETSc: %s%s%s", text ? text : "error",
                         specific && *specific ? ": " : "", specific ? specific : "");
}
