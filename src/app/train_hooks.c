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

/* the curves that people plot; metrics.json has all metrics */
static void record_epoch(const fh_train_listener *l, const fh_train_epoch *e)
{
  static const char *const kept[] = {"rel_l2", "rel_h1", "rmse", "max_error"};
  enum { KEPT = 4, OWN = 5, MAX_TESTS = 16 };
  char names[MAX_TESTS * KEPT][48];
  fh_log_value values[OWN + MAX_TESTS * KEPT] = {{"epoch", (double)e->epoch},
                                                 {"loss", e->loss},
                                                 {"lr", e->rate},
                                                 {"seconds", e->seconds},
                                                 {"skipped", (double)e->skipped}};
  int n = 0;
  for (int t = 0; t < e->n_tests && t < MAX_TESTS; t++)
    for (int k = 0; k < KEPT; k++) {
      const fh_metric *m = fh_metrics_find(e->tests[t], kept[k]);
      if (!m) continue;
      if (t == 0)
        snprintf(names[n], sizeof names[n], "test_%s", kept[k]);
      else
        snprintf(names[n], sizeof names[n], "test%d_%s", t + 1, kept[k]);
      values[OWN + n] = (fh_log_value){names[n], m->value};
      n++;
    }
  fh_log_record(l->run->log, "epoch", OWN + n, values);
}

static void keep_report(fh_train_listener *l, const fh_train_epoch *e)
{
  cJSON_Delete(l->report);
  l->report = cJSON_CreateObject();
  cJSON_AddNumberToObject(l->report, "epoch", (double)e->epoch);
  fh_report_number(l->report, "train_loss", e->loss);
  cJSON *tests = cJSON_AddArrayToObject(l->report, "tests");
  for (int t = 0; t < e->n_tests; t++)
    cJSON_AddItemToArray(tests, fh_report_test(l->tests[t], e->tests[t]));
}

static void on_epoch(void *context, const fh_train_epoch *e)
{
  fh_train_listener *l = context;
  if (l->run->rank) return;
  const fh_metric *error = e->n_tests ? fh_metrics_find(e->tests[0], "rel_l2") : NULL;
  if (error) l->test_error = error->value;
  record_epoch(l, e);
  keep_report(l, e);
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
