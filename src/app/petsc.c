#include "app/petsc.h"

#include <stdbool.h>

#include "datagen/skr/recycle.h"

fh_status fh_petsc_start(int argc, char **argv)
{
  FH_TRY_PETSC(PetscPushErrorHandler(PetscReturnErrorHandler, NULL));
  const PetscErrorCode error = PetscInitialize(&argc, &argv, NULL, NULL);
  if (error == PETSC_ERR_FILE_OPEN || error == PETSC_ERR_LIB || error == PETSC_ERR_SUP ||
      error == PETSC_ERR_ARG_WRONG || error == PETSC_ERR_USER_INPUT) {
    const char *general = NULL;
    char *sentence = NULL;
    PetscErrorMessage(error, &general, &sentence);
    FH_RAISE(FH_ERR_USAGE, "the options cannot be read: %s (check -options_file and PETSC_OPTIONS)",
             sentence && sentence[0] ? sentence : general);
  }
  FH_TRY_PETSC(error);
  FH_TRY_PETSC(KSPRecycleRegister()); /* -ksp_type gcrodr, rcg, rminres */
  return FH_OK;
}

fh_status fh_petsc_stop(void)
{
  PetscBool initialised = PETSC_FALSE, told = PETSC_FALSE;
  FH_TRY_PETSC(PetscInitialized(&initialised));
  if (!initialised) return FH_OK;
  /* what is left was judged by fh_options_check_used */
  FH_TRY_PETSC(PetscOptionsHasName(NULL, NULL, "-options_left", &told));
  if (!told) FH_TRY_PETSC(PetscOptionsSetValue(NULL, "-options_left", "no"));
  FH_TRY_PETSC(PetscFinalize());
  return FH_OK;
}
