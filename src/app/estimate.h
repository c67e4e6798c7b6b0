/** estimate - what a training run will need: the answer to -dry_run */
#pragma once

#include "app/command.h"
#include "train/trainer.h"

/** Tells sizes, memory, file sizes and (from timing one micro-batch) the duration. Writes no file.
 *  Collective on team. */
fh_status fh_estimate_training(const fh_run *run, const fh_team *team, const fh_train_setup *setup,
                               fh_dataset *train) FH_MUST;
