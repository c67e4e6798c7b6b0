/** apply - what evaluate and predict have in common: a trained model and the data set it is applied to */
#pragma once

#include "app/command.h"
#include "app/data.h"
#include "train/trained.h"

typedef struct {
  char model_file[FH_TEXT_MAX], data[FH_TEXT_MAX], samples[FH_TEXT_MAX];
  ptrdiff_t batch, patches_at_once, ranks_per_sample;
} fh_apply_config;

extern const fh_field fh_apply_fields[];

typedef struct {
  fh_team *team;
  fh_trained *model;
  fh_dataset *dataset;
} fh_applied;

/** FH_ERR_USAGE unless a model and a data set were named. Local. */
fh_status fh_apply_check(const fh_apply_config *config) FH_MUST;
/** FH_ERR_USAGE if -out is the model or the data. Collective on comm. */
fh_status fh_apply_keep_inputs(MPI_Comm comm, const fh_apply_config *config,
                               const char *out) FH_MUST;
/**
 * fh_apply_open - the ranks in teams of ranks_per_sample, the model, its data
 *
 * Collective on run->comm. What the model says of time holds for the data. The caller closes, also after an
 * error. Errors: those of fh_team_create, fh_trained_read and fh_data_open_for.
 */
fh_status fh_apply_open(const fh_run *run, const fh_apply_config *config,
                        const fh_data_config *data, fh_applied *applied) FH_MUST;
void fh_apply_close(fh_applied *applied);
