/* fredholm compress: a trained model with factorised spectral weights */
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "app/folder.h"
#include "app/measure.h"
#include "app/report.h"
#include "train/compress.h"

typedef struct {
  char model_file[FH_TEXT_MAX], data[FH_TEXT_MAX];
  ptrdiff_t batch;
} compress_files;

typedef struct {
  char out[FH_TEXT_MAX], report[FH_TEXT_MAX];
  bool overwrite;
} compress_call;

typedef struct {
  compress_files files;
  compress_call call;
  fh_compress_config compress;
  fh_data_config data;
} compress_config;

#define AT(member) offsetof(compress_files, member)
static const fh_field file_fields[] = {
    {"model_file", FH_FIELD_TEXT, AT(model_file), "", 0, 0, NULL,
     "trained model (fno, tfno, mg-tfno)"},
    {"data", FH_FIELD_TEXT, AT(data), "", 0, 0, NULL,
     "data set on which the model is measured before and after (default: none)"},
    {"batch", FH_FIELD_INT, AT(batch), "8", 1, 1e6, NULL, "samples of one call of the model"},
    FH_FIELDS_END};
#undef AT

#define AT(member) offsetof(compress_call, member)
static const fh_field call_fields[] = {
    {"out", FH_FIELD_TEXT, AT(out), "", 0, 0, NULL, "model file to write"},
    {"report", FH_FIELD_TEXT, AT(report), "", 0, 0, NULL,
     "JSON file for what is told on the screen, and all metrics (default: none)"},
    {"overwrite", FH_FIELD_BOOL, AT(overwrite), "false", 0, 0, NULL,
     "replace the files if they exist"},
    FH_FIELDS_END};
#undef AT

static fh_status declare(fh_options *o, void *config)
{
  compress_config *c = config;
#define IN(member) (c ? &c->member : NULL)
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "files", file_fields, IN(files)));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "compression", fh_compress_fields, IN(compress)));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "data", fh_data_fields, IN(data)));
  return fh_options_add(o, FH_GROUP_CALL, "call", call_fields, IN(call));
#undef IN
}

/* ---- what is told ------------------------------------------------------------------------------------- */

static void print_ranks(const fh_compressed_weight *w)
{
  char text[96] = "";
  size_t used = 0;
  for (int i = 0; i < w->ranks && used < sizeof text; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%td", i ? "," : "", w->rank[i]);
  printf("%-24s", text);
}

static void print_weights(const fh_compress_report *r, bool joint)
{
  printf("%-7s%-24s%12s%12s%13s%14s\n", "layer", "ranks", "numbers", "kept", "compression",
         "weight error");
  for (int i = 0; i < r->n_weights; i++) {
    const fh_compressed_weight *w = &r->weights[i];
    if (joint)
      printf("%-7s", "all");
    else
      printf("%-7d", i);
    print_ranks(w);
    printf("%12td%12td%13.4g%14.4g\n", w->before, w->after, (double)w->before / (double)w->after,
           w->error);
  }
  printf("model: %td real parameters, %td kept (compression %.4g)\n", r->before, r->after,
         (double)r->before / (double)r->after);
}

/* the two models on the data set, if there is one */
typedef struct {
  fh_dataset *dataset;
  fh_evaluator *evaluator[2];
  const fh_metrics *metrics[2]; /* before, after */
} comparison;

static void print_errors(const comparison *c)
{
  static const char *const names[] = {"rel_l2", "rel_h1"};
  if (!c->dataset) return;
  printf("on %s:", fh_dataset_path(c->dataset));
  for (int i = 0; i < 2; i++)
    printf("%s %s %.4g before, %.4g after", i ? ";" : "", names[i],
           fh_metrics_find(c->metrics[0], names[i])->value,
           fh_metrics_find(c->metrics[1], names[i])->value);
  puts("");
}

static void add_sizes(cJSON *object, const char *name, int n, const ptrdiff_t *sizes)
{
  cJSON *list = cJSON_AddArrayToObject(object, name);
  for (int i = 0; i < n; i++) cJSON_AddItemToArray(list, cJSON_CreateNumber((double)sizes[i]));
}

static fh_status write_report(const compress_config *c, const fh_compress_report *r,
                              const comparison *data)
{
  if (!c->call.report[0]) return FH_OK;
  cJSON *report = cJSON_CreateObject();
  cJSON_AddStringToObject(report, "model_file", c->files.model_file);
  cJSON_AddStringToObject(report, "out", c->call.out);
  cJSON_AddNumberToObject(report, "parameters_before", (double)r->before);
  cJSON_AddNumberToObject(report, "parameters_after", (double)r->after);
  cJSON *weights = cJSON_AddArrayToObject(report, "weights");
  for (int i = 0; i < r->n_weights; i++) {
    const fh_compressed_weight *w = &r->weights[i];
    cJSON *entry = cJSON_CreateObject();
    add_sizes(entry, "shape", w->modes, w->shape);
    add_sizes(entry, "ranks", w->ranks, w->rank);
    cJSON_AddNumberToObject(entry, "numbers_before", (double)w->before);
    cJSON_AddNumberToObject(entry, "numbers_after", (double)w->after);
    fh_report_number(entry, "error", w->error);
    cJSON_AddItemToArray(weights, entry);
  }
  if (data->dataset) {
    cJSON_AddItemToObject(report, "before", fh_report_test(data->dataset, data->metrics[0]));
    cJSON_AddItemToObject(report, "after", fh_report_test(data->dataset, data->metrics[1]));
  }
  return fh_report_write(report, c->call.report, NULL);
}

static fh_status hand_out(const fh_run *run, const compress_config *c, const fh_trained *result,
                          const fh_compress_report *r, const comparison *data)
{
  if (run->rank) return FH_OK;
  FH_TRY(fh_bundle_write(result->bundle, c->call.out));
  FH_TRY(write_report(c, r, data));
  print_weights(r, c->compress.joint);
  print_errors(data);
  if (r->after >= r->before)
    fh_log_message(run->log, FH_LOG_WARNING,
                   "%s has more numbers than %s: these weights are not of low rank; allow a larger "
                   "-error, or give a -rank and train further (train -init_from)",
                   c->call.out, c->files.model_file);
  return FH_OK;
}

/* ---- the run ------------------------------------------------------------------------------------------ */

static fh_status measure(const compress_config *c, const fh_team *team, const fh_trained *model,
                         int which, comparison *data)
{
  if (!data->dataset) return FH_OK;
  return fh_measure(team, model, data->dataset, c->files.batch, 0, NULL, &data->evaluator[which],
                    &data->metrics[which]);
}

static fh_status compress(const fh_run *run, const compress_config *c, const fh_team *team,
                          const fh_trained *model, comparison *data)
{
  fh_trained *result = NULL;
  fh_compress_report report;
  FH_TRY(measure(c, team, model, 0, data));
  FH_TRY(fh_compress(run->comm, model, &c->compress, &result, &report));
  fh_status st = measure(c, team, result, 1, data);
  if (st == FH_OK) st = fh_status_agree(run->comm, hand_out(run, c, result, &report, data));
  fh_compress_report_clear(&report);
  fh_trained_destroy(&result);
  return st;
}

/* the model may be replaced by what it is compressed to */
static fh_status check_files(MPI_Comm comm, const compress_config *c)
{
  FH_TRY(fh_refuse_same_file(comm, "data", c->files.data, "out", c->call.out));
  FH_TRY(fh_refuse_same_file(comm, "data", c->files.data, "report", c->call.report));
  FH_TRY(fh_refuse_same_file(comm, "model_file", c->files.model_file, "report", c->call.report));
  return fh_refuse_same_file(comm, "out", c->call.out, "report", c->call.report);
}

static fh_status run_compress(fh_run *run, void *config)
{
  const compress_config *c = config;
  fh_team *team = NULL;
  fh_trained *model = NULL;
  comparison data = {.dataset = NULL};
  FH_TRY(fh_require("model_file", c->files.model_file));
  FH_TRY(fh_require("out", c->call.out));
  FH_TRY(fh_refuse_existing(run->comm, "out", c->call.out, c->call.overwrite));
  if (c->call.report[0])
    FH_TRY(fh_refuse_existing(run->comm, "report", c->call.report, c->call.overwrite));
  FH_TRY(check_files(run->comm, c));
  FH_TRY(fh_team_create(run->comm, 1, 1, &team));
  fh_status st = fh_trained_read(run->comm, c->files.model_file, &model);
  if (st == FH_OK && c->files.data[0])
    st = fh_data_open_for(run->comm, &model->spec.time, c->files.data, "", &c->data, &data.dataset);
  if (st == FH_OK) st = compress(run, c, team, model, &data);
  for (int i = 0; i < 2; i++) fh_evaluator_destroy(&data.evaluator[i]);
  fh_dataset_close(&data.dataset);
  fh_trained_destroy(&model);
  fh_team_destroy(&team);
  return st;
}

const fh_command fh_command_compress = {
    .name = "compress",
    .arguments = "-model_file RUNDIR/model.h5 -out C.h5 -factorization K (-rank R | -error E)",
    .help =
        "factorise the spectral weights of a trained model (train -init_from trains it further)",
    .config_bytes = sizeof(compress_config),
    .declare = declare,
    .run = run_compress};
