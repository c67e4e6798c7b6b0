#include "app/train_hooks.h"

#include <math.h>
#include <string.h>

#include "app/report.h"

static void on_progress(void *context, const fh_train_progress *p)
{
  fh_train_listener *l = context;
  const fh_log *log = l->run->log;
  const fh_log_value values[] = {{"epoch", (double)p->epoch},
                                 {"loss", p->loss},
                                 {"lr", p->rate},
                                 {"test_rel_l2", l->test_error}};
  const int n = isfinite(l->test_error) ? 4 : 3;
  fh_log_progress(log, "steps", (p->epoch - 1) * p->steps + p->step, p->epochs * p->steps, n,
                  values);
  if (p->skipped > l->skipped)
    fh_log_message(log, FH_LOG_WARNING,
                   "the loss or the gradient of step %td of epoch %td is not finite: the step was "
                   "skipped on all ranks (%td so far)",
                   p->step, p->epoch, p->skipped);
  l->skipped = p->skipped;
}

enum { KEPT = 5, PER_SET = KEPT + 1, OWN = 5, MAX_SETS = FH_MAX_TESTS + 1 };

/* an epoch as a line of log.jsonl while it is put together */
typedef struct {
  int n;
  char names[MAX_SETS * PER_SET + FH_MAX_DIM][48];
  fh_log_value values[OWN + MAX_SETS * PER_SET + FH_MAX_DIM];
} line;

static void add_value(line *l, const char *set, const char *name, double value)
{
  char *text = l->names[l->n - OWN];
  snprintf(text, sizeof l->names[0], "%s_%s", set, name);
  l->values[l->n++] = (fh_log_value){text, value};
}

/* the curves that people plot; metrics.json has all metrics */
static void add_set(line *l, const char *set, const fh_train_result *r)
{
  static const char *const kept[KEPT] = {"rel_l2", "rel_h1", "rel_h1_spectral", "rmse",
                                         "max_error"};
  for (int k = 0; r->metrics && k < KEPT; k++) {
    const fh_metric *m = fh_metrics_find(r->metrics, kept[k]);
    if (m) add_value(l, set, kept[k], m->value);
  }
  if (r->rollout) add_value(l, set, "rollout_rel_l2", r->rollout->full);
}

static void record_epoch(const fh_train_listener *l, const char *event, const fh_train_epoch *e)
{
  line record = {.n = OWN,
                 .values = {{"epoch", (double)e->epoch},
                            {"loss", e->loss},
                            {"lr", e->rate},
                            {"seconds", e->seconds},
                            {"skipped", (double)e->skipped}}};
  char set[16] = "test";
  for (int a = 0; e->modes && a < e->modes->count && a < FH_MAX_DIM; a++) {
    char axis[16];
    snprintf(axis, sizeof axis, "axis%d", a);
    add_value(&record, "n_modes", axis, (double)e->modes->value[a]);
  }
  if (e->evaluated) add_set(&record, "validation", &e->validation);
  for (int t = 0; e->evaluated && t < e->n_tests; t++) {
    if (t > 0) snprintf(set, sizeof set, "test%d", t + 1);
    add_set(&record, set, &e->tests[t]);
  }
  fh_log_record(l->run->log, event, record.n, record.values);
}

static cJSON *report_set(const fh_train_result *r)
{
  cJSON *report = fh_report_test(r->dataset, r->metrics);
  if (r->rollout) fh_report_rollout(report, r->dataset, r->rollout);
  return report;
}

static void report_sets(cJSON *report, const fh_train_epoch *e)
{
  if (e->validation.metrics)
    cJSON_AddItemToObject(report, "validation", report_set(&e->validation));
  cJSON *tests = cJSON_AddArrayToObject(report, "tests");
  for (int t = 0; e->evaluated && t < e->n_tests; t++)
    cJSON_AddItemToArray(tests, report_set(&e->tests[t]));
}

static void keep_report(fh_train_listener *l, const fh_train_epoch *e)
{
  cJSON_Delete(l->report);
  l->report = cJSON_CreateObject();
  cJSON_AddNumberToObject(l->report, "epoch", (double)e->epoch);
  fh_report_number(l->report, "train_loss", e->loss);
  report_sets(l->report, e);
}

static double error_of(const fh_train_result *r)
{
  return r->rollout ? r->rollout->full : fh_metrics_find(r->metrics, "rel_l2")->value;
}

static void on_epoch(void *context, const fh_train_epoch *e)
{
  fh_train_listener *l = context;
  if (l->run->rank) return;
  if (e->evaluated && e->n_tests) l->test_error = error_of(&e->tests[0]);
  record_epoch(l, "epoch", e);
  keep_report(l, e);
}

/* the number that papers print: the error on the test set when the validation set was at its best */
static void on_best(void *context, const fh_train_epoch *e)
{
  fh_train_listener *l = context;
  char validation[64] = "", test[64] = "";
  if (l->run->rank) return;
  if (l->report) { /* else no epoch was left to run: metrics.json stays as it is */
    cJSON *best = cJSON_AddObjectToObject(l->report, "best");
    cJSON_AddNumberToObject(best, "epoch", (double)e->epoch);
    report_sets(best, e);
  }
  if (e->validation.metrics)
    snprintf(validation, sizeof validation, ", validation %.4g", error_of(&e->validation));
  if (e->n_tests) snprintf(test, sizeof test, ", test %.4g", error_of(&e->tests[0]));
  fh_log_message(l->run->log, FH_LOG_INFO,
                 "best.h5 is the model of epoch %td: relative L2 error%s%s%s", e->epoch,
                 (e->n_tests ? e->tests[0] : e->validation).rollout ? " of the rollout" : "",
                 validation, test);
}

static fh_status on_ready(void *context)
{
  const fh_train_listener *l = context;
  return l->ready ? l->ready(l->files) : FH_OK;
}

static void on_resumed(void *context, ptrdiff_t epochs_done)
{
  const fh_train_listener *l = context;
  const fh_log_value value = {"epochs_done", (double)epochs_done};
  fh_log_record(l->run->log, "resumed", 1, &value);
  fh_log_message(l->run->log, FH_LOG_INFO, "resumed from a checkpoint: %td epochs are done",
                 epochs_done);
}

fh_train_hooks fh_train_listener_hooks(fh_train_listener *listener)
{
  listener->test_error = (double)NAN;
  return (fh_train_hooks){.context = listener,
                          .progress = on_progress,
                          .epoch = on_epoch,
                          .best = on_best,
                          .ready = on_ready,
                          .resumed = on_resumed,
                          .stop = &listener->run->stop};
}

fh_status fh_train_listener_write(fh_train_listener *l, const char *path)
{
  cJSON *report = l->report;
  l->report = NULL;
  if (!report) return FH_OK;
  return fh_report_write(report, path, NULL);
}

void fh_train_listener_clear(fh_train_listener *listener)
{
  cJSON_Delete(listener->report);
  listener->report = NULL;
}
