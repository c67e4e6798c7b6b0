/** inspect - everything a person wants to know of a file; called by rank 0 alone */
#pragma once

#include "app/data.h"
#include "comm/team.h"
#include "io/bundle.h"

/** Options of inspect that say how much is told. */
typedef struct {
  bool statistics, steps;
  ptrdiff_t cycle; /* number of an MgNO's V-cycle that is shown as an operator; -1: none */
} fh_inspect_config;

/** A model file: family, configuration, grid, normalisers, parameters, its steps. */
fh_status fh_inspect_model(FILE *stream, const char *path, const fh_inspect_config *config) FH_MUST;
/** A checkpoint: its texts and its tensors. */
fh_status fh_inspect_checkpoint(FILE *stream, const char *path) FH_MUST;
/** A data set: grid, fields, statistics, provenance, configuration. */
fh_status fh_inspect_dataset(FILE *stream, fh_dataset *d, const fh_inspect_config *config) FH_MUST;
