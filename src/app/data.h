/** data - the options that name a data set, shared by train, evaluate, predict, inspect and verify */
#pragma once

#include "app/options.h"
#include "io/dataset.h"
#include "model/model.h"

typedef struct {
  char inputs[FH_TEXT_MAX], outputs[FH_TEXT_MAX];
  int boundary; /* fh_boundary */
  bool skip_invalid;
  int pairs;                 /* fh_pairs */
  ptrdiff_t history, stride; /* 0: the model's, else 1 */
  char frames[FH_TEXT_MAX];  /* a range */
} fh_data_config;

extern const fh_field fh_data_fields[];

/** Opens path as the configuration says. Collective on comm. samples: a range, "" for all of the file.
 *  Errors: those of fh_dataset_open, and FH_ERR_USAGE for a set without samples. */
fh_status fh_data_open(MPI_Comm comm, const char *path, const char *samples,
                       const fh_data_config *config, fh_dataset **dataset) FH_MUST;
/** A range as a person writes it: "n": the first n; "a:b": a to b, both counted; "a:": from a on; "":
 *  all. Errors: FH_ERR_USAGE, naming the option. */
fh_status fh_data_range(const char *option, const char *text, fh_range *range) FH_MUST;
/** Data for a model that steps in time are pairs of its history and stride. Errors: FH_ERR_USAGE if
 *  options say something else. */
fh_status fh_data_follow(fh_data_config *config, const fh_time_step *time) FH_MUST;
/** fh_data_open for a model that is trained: what the model says of time holds for the data, too. */
fh_status fh_data_open_for(MPI_Comm comm, const fh_time_step *time, const char *path,
                           const char *samples, const fh_data_config *config,
                           fh_dataset **dataset) FH_MUST;
/** What fh_dataset_read counts in a stored sample: 1, or the pairs of a trajectory. */
ptrdiff_t fh_data_parts(const fh_dataset *dataset);
/** FH_ERR_USAGE unless text was given for the option -name. */
fh_status fh_require(const char *name, const char *text) FH_MUST;
