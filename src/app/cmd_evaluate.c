/* fredholm evaluate: the metrics of a model on a data set, as JSON */
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "app/folder.h"
#include "app/measure.h"
#include "app/report.h"

typedef struct {
  char model_file[FH_TEXT_MAX], data[FH_TEXT_MAX], samples[FH_TEXT_MAX], out[FH_TEXT_MAX];
  bool overwrite;
  ptrdiff_t rollout, batch, patches_at_once, ranks_per_sample;
} evaluate_files;

typedef struct {
  evaluate_files files;
  fh_data_config data;
  fh_metrics_config metrics;
} evaluate_config;

#define AT(member) offsetof(evaluate_files, member)
static const fh_field file_fields[] = {
    {"model_file", FH_FIELD_TEXT, AT(model_file), "", 0, 0, NULL, "trained model"},
    {"data", FH_FIELD_TEXT, AT(data), "", 0, 0, NULL,
     "data set with inputs and outputs, on any grid that the model can be built on"},
    {"samples", FH_FIELD_TEXT, AT(samples), "", 0, 0, NULL,
     "samples (trajectories) to evaluate: n (the first n), first:last (counted from 0, both used), "
     "first: (to the end); default: all"},
    {"rollout", FH_FIELD_INT, AT(rollout), "0", 0, 1e9, NULL,
     "trajectories: also run so many steps from each first frame on predictions alone, with the "
     "error of every step and of all frames together; 0: no"},
    {"out", FH_FIELD_TEXT, AT(out), "", 0, 0, NULL,
     "where the JSON goes (default: metrics_DATA.json beside the model, replaced if it exists)"},
    {"overwrite", FH_FIELD_BOOL, AT(overwrite), "false", 0, 0, NULL, "replace the file of -out"},
    {"batch", FH_FIELD_INT, AT(batch), "8", 1, 1e6, NULL, "samples of one call of the model"},
    {"patches_at_once", FH_FIELD_INT, AT(patches_at_once), "0", 0, 1e9, NULL,
     "of a model on patches: patches computed together, sample after sample; 0: what fits the "
     "cache. "
     "The numbers do not depend on it"},
    {"ranks_per_sample", FH_FIELD_INT, AT(ranks_per_sample), "1", 1, 1e6, NULL,
     "ranks that share the patches of a sample (models mg-tfno); divides ranks and patches. The "
     "numbers do not depend on it"},
    FH_FIELDS_END};
#undef AT

static fh_status declare(fh_options *o, void *config)
{
  evaluate_config *c = config;
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "files", file_fields, c ? &c->files : NULL));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "data", fh_data_fields, c ? &c->data : NULL));
  return fh_options_add(o, FH_GROUP_RUN, "metrics", fh_metrics_fields, c ? &c->metrics : NULL);
}

/* run/model.h5 and sets/fine.h5: run/metrics_fine.json */
static fh_status output_path(const evaluate_files *f, char path[4096])
{
  const char *slash = strrchr(f->model_file, '/'), *name = strrchr(f->data, '/');
  const int folder = slash ? (int)(slash - f->model_file) + 1 : 0;
  name = name ? name + 1 : f->data;
  const char *dot = strrchr(name, '.');
  const int stem = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
  const int n =
      f->out[0] ? snprintf(path, 4096, "%s", f->out)
                : snprintf(path, 4096, "%.*smetrics_%.*s.json", folder, f->model_file, stem, name);
  FH_CHECK(n > 0 && n < 4096, FH_ERR_USAGE, "the name of the output has %d characters: too many",
           n);
  return FH_OK;
}

static fh_status write_report(const fh_run *run, const evaluate_config *c, const char *path,
                              const fh_dataset *dataset, const fh_metrics *metrics,
                              const fh_rollout_errors *rollout)
{
  if (run->rank) return FH_OK;
  cJSON *report = fh_report_test(dataset, metrics);
  if (rollout) fh_report_rollout(report, dataset, rollout);
  cJSON_AddStringToObject(report, "model_file", c->files.model_file);
  return fh_report_write(report, path, stdout);
}

/* the metrics' own options count only if somebody gave one: else the data set's boundary decides */
static const fh_metrics_config *metrics_of(const evaluate_config *c)
{
  for (const fh_field *f = fh_metrics_fields; f->name; f++)
    if (fh_options_given(f->name)) return &c->metrics;
  return NULL;
}

/* after the one-step metrics: the rollout if one was asked for, and the report */
static fh_status finish(const fh_run *run, const evaluate_config *c, const fh_team *team,
                        const fh_trained *model, fh_dataset *dataset, fh_evaluator *e,
                        const fh_metrics *metrics, const char *path)
{
  const fh_rollout_errors *errors = NULL;
  fh_rollout *rollout = NULL;
  if (c->files.rollout > 0)
    FH_TRY(fh_rollout_create(team, &model->spec, fh_evaluator_operator(e), dataset, metrics_of(c),
                             c->files.rollout, c->files.batch, &rollout));
  fh_status st = rollout ? fh_rollout_run(rollout, &errors) : FH_OK;
  if (st == FH_OK)
    st = fh_status_agree(run->comm, write_report(run, c, path, dataset, metrics, errors));
  fh_rollout_destroy(&rollout);
  return st;
}

static fh_status evaluate(const fh_run *run, const evaluate_config *c, const fh_team *team,
                          const fh_trained *model, fh_dataset *dataset, const char *path)
{
  fh_evaluator *e = NULL;
  if (c->files.rollout > 0) FH_TRY(fh_rollout_check(&model->spec, dataset, c->files.rollout, true));
  const fh_metrics *metrics = NULL;
  fh_status st = fh_measure(team, model, dataset, c->files.batch, c->files.patches_at_once,
                            metrics_of(c), &e, &metrics);
  if (st == FH_OK) st = finish(run, c, team, model, dataset, e, metrics, path);
  fh_evaluator_destroy(&e);
  return st;
}

static fh_status run_evaluate(fh_run *run, void *config)
{
  const evaluate_config *c = config;
  char path[4096];
  fh_team *team = NULL;
  fh_trained *model = NULL;
  fh_dataset *dataset = NULL;
  FH_TRY(fh_require("model_file", c->files.model_file));
  FH_TRY(fh_require("data", c->files.data));
  FH_TRY(output_path(&c->files, path));
  if (c->files.out[0]) FH_TRY(fh_refuse_existing(run->comm, path, c->files.overwrite));
  FH_TRY(fh_team_create(run->comm, (int)c->files.ranks_per_sample, 1, &team));
  fh_status st = fh_trained_read(run->comm, c->files.model_file, &model);
  if (st == FH_OK)
    st = fh_data_open_for(run->comm, &model->spec.time, c->files.data, c->files.samples, &c->data,
                          &dataset);
  if (st == FH_OK) st = evaluate(run, c, team, model, dataset, path);
  fh_dataset_close(&dataset);
  fh_trained_destroy(&model);
  fh_team_destroy(&team);
  return st;
}

const fh_command fh_command_evaluate = {
    .name = "evaluate",
    .arguments = "-model_file RUNDIR/model.h5 -data F.h5 [-out metrics.json]",
    .help = "measure a trained model on a data set; prints and writes the metrics as JSON",
    .config_bytes = sizeof(evaluate_config),
    .declare = declare,
    .run = run_evaluate};
