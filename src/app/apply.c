#include "app/apply.h"

#include "app/folder.h"

#define AT(member) offsetof(fh_apply_config, member)
const fh_field fh_apply_fields[] = {
    {"model_file", FH_FIELD_TEXT, AT(model_file), "", 0, 0, NULL, "trained model"},
    {"data", FH_FIELD_TEXT, AT(data), "", 0, 0, NULL,
     "data set with the inputs (evaluate: and outputs), on any grid that the model can be built "
     "on"},
    {"samples", FH_FIELD_TEXT, AT(samples), "", 0, 0, NULL,
     "samples (trajectories) to take: n (the first n), first:last (counted from 0, both used), "
     "first: (to the end); default: all"},
    {"batch", FH_FIELD_INT, AT(batch), "8", 1, 1e6, NULL, "samples of one call of the model"},
    {"patches_at_once", FH_FIELD_INT, AT(patches_at_once), "0", 0, 1e9, NULL,
     "of a model on patches: patches computed together, sample after sample; 0: what fits the "
     "cache. The numbers do not depend on it"},
    {"ranks_per_sample", FH_FIELD_INT, AT(ranks_per_sample), "1", 1, 1e6, NULL,
     "ranks that share the patches of a sample (models mg-tfno); divides ranks and patches. The "
     "numbers do not depend on it"},
    FH_FIELDS_END};
#undef AT

fh_status fh_apply_check(const fh_apply_config *config)
{
  FH_TRY(fh_require("model_file", config->model_file));
  return fh_require("data", config->data);
}

fh_status fh_apply_keep_inputs(MPI_Comm comm, const fh_apply_config *config, const char *out)
{
  FH_TRY(fh_refuse_same_file(comm, "data", config->data, "out", out));
  return fh_refuse_same_file(comm, "model_file", config->model_file, "out", out);
}

fh_status fh_apply_open(const fh_run *run, const fh_apply_config *config,
                        const fh_data_config *data, fh_applied *a)
{
  *a = (fh_applied){0};
  FH_TRY(fh_run_check_groups(run, config->ranks_per_sample));
  FH_TRY(fh_team_create(run->comm, (int)config->ranks_per_sample, 1, &a->team));
  FH_TRY(fh_trained_read(run->comm, config->model_file, &a->model));
  const fh_model_class *class = a->model->spec.class;
  FH_CHECK(config->patches_at_once == 0 || class->patches, FH_ERR_USAGE,
           "option -patches_at_once is %td, but model %s has no patches: leave it out, or train "
           "-model mg-tfno",
           config->patches_at_once, class->name);
  return fh_data_open_for(run->comm, &a->model->spec.time, config->data, config->samples, data,
                          &a->dataset);
}

void fh_apply_close(fh_applied *a)
{
  fh_dataset_close(&a->dataset);
  fh_trained_destroy(&a->model);
  fh_team_destroy(&a->team);
}
