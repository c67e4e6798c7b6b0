/** data - the options that name a data set, shared by train, evaluate, predict, inspect and verify */
#pragma once

#include "app/options.h"
#include "io/dataset.h"

typedef struct {
  char inputs[FH_TEXT_MAX], outputs[FH_TEXT_MAX];
  int boundary; /* fh_boundary */
  bool skip_invalid;
} fh_data_config;

extern const fh_field fh_data_fields[];

/** Opens path as the configuration says. Collective on comm. Errors: those of fh_dataset_open, and
 *  FH_ERR_USAGE for a set without samples. */
fh_status fh_data_open(MPI_Comm comm, const char *path, const fh_data_config *config,
                       fh_dataset **dataset) FH_MUST;
/** FH_ERR_USAGE unless text was given for the option -name. */
fh_status fh_require(const char *name, const char *text) FH_MUST;
