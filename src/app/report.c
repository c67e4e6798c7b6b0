#include "app/report.h"

#include <math.h>

#include "io/atomic.h"

void fh_report_number(cJSON *object, const char *name, double value)
{
  if (isfinite(value))
    cJSON_AddNumberToObject(object, name, value);
  else
    cJSON_AddNullToObject(object, name);
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
