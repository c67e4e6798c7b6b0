/* fredholm evaluate: the metrics of a model on a data set, as JSON */
#include <string.h>

#include "app/apply.h"
#include "app/folder.h"
#include "app/measure.h"
#include "app/report.h"

typedef struct {
  char out[FH_TEXT_MAX];
  bool overwrite;
  ptrdiff_t rollout;
} evaluate_files;

typedef struct {
  fh_apply_config apply;
  evaluate_files files;
  fh_data_config data;
  fh_metrics_config metrics;
} evaluate_config;

#define AT(member) offsetof(evaluate_files, member)
static const fh_field file_fields[] = {
    {"rollout", FH_FIELD_INT, AT(rollout), "0", 0, 1e9, NULL,
     "trajectories: also run so many steps from each first frame on predictions alone, with the "
     "error of every step and of all frames together; 0: no"},
    {"out", FH_FIELD_TEXT, AT(out), "", 0, 0, NULL,
     "where the JSON goes (default: metrics_DATA.json beside the model, replaced if it exists)"},
    {"overwrite", FH_FIELD_BOOL, AT(overwrite), "false", 0, 0, NULL, "replace the file of -out"},
    FH_FIELDS_END};
#undef AT

static fh_status declare(fh_options *o, void *config)
{
  evaluate_config *c = config;
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "model and data", fh_apply_fields, c ? &c->apply : NULL));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "files", file_fields, c ? &c->files : NULL));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "data", fh_data_fields, c ? &c->data : NULL));
  return fh_options_add(o, FH_GROUP_RUN, "metrics", fh_metrics_fields, c ? &c->metrics : NULL);
}

/* run/model.h5 and sets/fine.h5: run/metrics_fine.json */
static fh_status output_path(const evaluate_config *c, char path[4096])
{
  const char *model = c->apply.model_file, *data = c->apply.data, *out = c->files.out;
  const char *slash = strrchr(model, '/'), *name = strrchr(data, '/');
  const int folder = slash ? (int)(slash - model) + 1 : 0;
  name = name ? name + 1 : data;
  const char *dot = strrchr(name, '.');
  const int stem = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
  const int n = out[0] ? snprintf(path, 4096, "%s", out)
                       : snprintf(path, 4096, "%.*smetrics_%.*s.json", folder, model, stem, name);
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
  if (c->metrics.spectrum) fh_report_spectrum(report, fh_metrics_spectrum_of(metrics));
  if (rollout) fh_report_rollout(report, dataset, rollout);
  cJSON_AddStringToObject(report, "model_file", c->apply.model_file);
  return fh_report_write(report, path, stdout);
}

/* after the one-step metrics: the rollout if one was asked for, and the report */
static fh_status finish(const fh_run *run, const evaluate_config *c, const fh_team *team,
                        const fh_trained *model, fh_dataset *dataset, fh_evaluator *e,
                        const fh_metrics *metrics, const char *path)
{
  const fh_rollout_errors *errors = NULL;
  fh_rollout *rollout = NULL;
  if (c->files.rollout > 0)
    FH_TRY(fh_rollout_create(team, &model->spec, fh_evaluator_operator(e), dataset, &c->metrics,
                             c->files.rollout, c->apply.batch, &rollout));
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
  fh_status st = fh_measure(team, model, dataset, c->apply.batch, c->apply.patches_at_once,
                            &c->metrics, &e, &metrics);
  if (st == FH_OK) st = finish(run, c, team, model, dataset, e, metrics, path);
  fh_evaluator_destroy(&e);
  return st;
}

static fh_status run_evaluate(fh_run *run, void *config)
{
  const evaluate_config *c = config;
  char path[4096];
  fh_applied a;
  FH_TRY(fh_apply_check(&c->apply));
  FH_TRY(output_path(c, path));
  if (c->files.out[0]) FH_TRY(fh_refuse_existing(run->comm, "out", path, c->files.overwrite));
  FH_TRY(fh_apply_keep_inputs(run->comm, &c->apply, path));
  fh_status st = fh_apply_open(run, &c->apply, &c->data, &a);
  if (st == FH_OK) st = evaluate(run, c, a.team, a.model, a.dataset, path);
  fh_apply_close(&a);
  return st;
}

const fh_command fh_command_evaluate = {
    .name = "evaluate",
    .arguments = "-model_file RUNDIR/model.h5 -data F.h5 [-out metrics.json]",
    .help = "measure a trained model on a data set; prints and writes the metrics as JSON",
    .config_bytes = sizeof(evaluate_config),
    .declare = declare,
    .run = run_evaluate};
