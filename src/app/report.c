#include "app/report.h"

#include <math.h>

#include "io/atomic.h"

/* JSON has no NaN */
static cJSON *number(double x)
{
  return isfinite(x) ? cJSON_CreateNumber(x) : cJSON_CreateNull();
}

void fh_report_number(cJSON *object, const char *name, double value)
{
  cJSON_AddItemToObject(object, name, number(value));
}

cJSON *fh_report_test(const fh_dataset *dataset, const fh_metrics *metrics)
{
  char grid[64];
  cJSON *report = cJSON_CreateObject();
  cJSON_AddStringToObject(report, "data", fh_dataset_path(dataset));
  cJSON_AddNumberToObject(report, "samples", (double)fh_dataset_samples(dataset));
  cJSON_AddStringToObject(report, "grid", fh_grid_text(fh_dataset_grid(dataset), grid));
  cJSON *values = cJSON_AddObjectToObject(report, "metrics");
  for (int i = 0; i < fh_metrics_count(metrics); i++)
    fh_report_number(values, fh_metrics_list(metrics)[i].name, fh_metrics_list(metrics)[i].value);
  return report;
}

static void add_series(cJSON *object, const char *name, ptrdiff_t n, const double *values)
{
  cJSON *list = cJSON_AddArrayToObject(object, name);
  for (ptrdiff_t i = 0; i < n; i++) cJSON_AddItemToArray(list, number(values[i]));
}

void fh_report_spectrum(cJSON *report, const fh_error_spectrum *s)
{
  cJSON *r = cJSON_AddObjectToObject(report, "spectrum");
  cJSON *relative = cJSON_AddArrayToObject(r, "rel_l2");
  for (ptrdiff_t k = 0; k < s->count; k++) {
    const double ratio = sqrt(s->error[k] / s->truth[k]);
    cJSON_AddItemToArray(relative,
                         isfinite(ratio) ? cJSON_CreateNumber(ratio) : cJSON_CreateNull());
  }
  add_series(r, "mse", s->count, s->error);
  add_series(r, "truth", s->count, s->truth);
}

void fh_report_rollout(cJSON *report, const fh_dataset *d, const fh_rollout_errors *e)
{
  const fh_dataset_time *t = fh_dataset_pairs(d);
  cJSON *r = cJSON_AddObjectToObject(report, "rollout");
  cJSON_AddNumberToObject(r, "steps", (double)e->steps);
  cJSON_AddNumberToObject(r, "trajectories", (double)e->trajectories);
  cJSON_AddNumberToObject(r, "input_frames", (double)t->history);
  cJSON_AddNumberToObject(r, "stride", (double)t->stride);
  cJSON *times = cJSON_AddArrayToObject(r, "time");
  for (ptrdiff_t k = 0; k < e->steps; k++)
    cJSON_AddItemToArray(
        times, cJSON_CreateNumber(fh_dataset_frame_time(d, e->frame + (k + 1) * t->stride)));
  fh_report_number(r, "rel_l2_full", e->full);
  fh_report_number(r, "persistence_rel_l2_full", e->persistence);
  add_series(r, "rel_l2", e->steps, e->rel_l2);
  add_series(r, "rel_h1", e->steps, e->rel_h1);
  add_series(r, "rmse", e->steps, e->rmse);
  add_series(r, "vrmse", e->steps, e->vrmse);
  add_series(r, "max_error", e->steps, e->max_error);
}

fh_status fh_report_write(cJSON *report, const char *path, FILE *stream)
{
  char *text = report ? cJSON_Print(report) : NULL;
  cJSON_Delete(report);
  FH_CHECK(text, FH_ERR_MEMORY, "out of memory while writing %s", path);
  if (stream) fprintf(stream, "%s\n", text);
  const fh_status st = fh_atomic_write_text(path, text);
  cJSON_free(text);
  return st;
}
