/** train_hooks - a training run, told to a person, to log.jsonl and to metrics.json */
#pragma once

#include <cjson/cJSON.h>

#include "app/command.h"
#include "train/trainer.h"

typedef struct {
  const fh_run *run;               /* set by the caller, as are: */
  fh_status (*ready)(void *files); /* collective; of fh_train_hooks, with */
  void *files;
  double
      test_error; /* of the first test set, of its rollout if there is one; NaN before it is known */
  ptrdiff_t skipped; /* as told so far */
  cJSON *report;     /* of the last epoch, with the best one at the end; rank 0 */
} fh_train_listener;

/** Hooks around the listener, which must outlive them. */
fh_train_hooks fh_train_listener_hooks(fh_train_listener *listener);
/** Writes the report of the last evaluated epoch, if there was one; rank 0 acts. */
fh_status fh_train_listener_write(fh_train_listener *listener, const char *path) FH_MUST;
void fh_train_listener_clear(fh_train_listener *listener);
