/**
 * trainer - fits a model to a data set, in parallel over samples, bit for bit the same on any number
 * of ranks
 *
 * A batch is cut into units of consecutive samples (of the shuffled order); each unit's gradient is
 * computed by one rank, in micro-batches that keep the arena in cache, and the units are summed in
 * fixed point (comm/sum.h). Unit and micro-batch do not depend on the number of ranks, so neither do
 * the bits of the run; a restart from a checkpoint continues with the same bits, too.
 */
#pragma once

#include "base/stop.h"
#include "io/dataset.h"
#include "model/model.h"
#include "train/loss.h"
#include "train/metrics.h"
#include "train/modes.h"
#include "train/normaliser.h"
#include "train/optimiser.h"
#include "train/rollout.h"
#include "train/schedule.h"
#include "train/trained.h"

typedef struct {
  ptrdiff_t epochs;      /* passes over the training set */
  ptrdiff_t batch;       /* samples of one optimiser step */
  ptrdiff_t unit;        /* samples whose gradient one rank sums before the exact sum; 0: batch/4 */
  ptrdiff_t micro_batch; /* samples of one call of the program; 0: what fits the cache, or up to
                              four where the weights outweigh the fields */
  ptrdiff_t seed;        /* of the initial parameters and of the order of the samples */
  bool shuffle;
  int normalise_input, normalise_output; /* fh_norm_kind */
  double normalise_epsilon;
  int loss_space;             /* 0: on normalised outputs, 1: in physical units */
  fh_int_list loss_blocks;    /* per axis: the loss is the sum of the losses of that many blocks */
  int loss_reduction;         /* 0: sum over the batch, 1: mean */
  ptrdiff_t rollout;          /* steps of a rollout in evaluations; 0: none */
  ptrdiff_t eval_every;       /* epochs between evaluations; 0: after the last one only */
  ptrdiff_t checkpoint_every; /* epochs between checkpoints; 0: after the last one only */
  ptrdiff_t max_skips;        /* non-finite steps in a row before the run gives up */
  ptrdiff_t cache_mb;         /* keep the training set in memory up to this size, per rank */
} fh_train_config;

extern const fh_field fh_train_fields[];

/** Everything that defines a run. */
typedef struct {
  fh_train_config train;
  fh_loss_config loss;
  fh_optimiser_config optimiser;
  fh_schedule_config schedule;
  fh_modes_config modes;
  fh_model_spec spec;
  fh_dataset *validation; /* decides which model is the best; NULL: the first test set does */
  /* parameters and normalisers to start from (train.normalise_* do not count then); its parameters
     must be those of spec. NULL: drawn from the seed, fitted to the data. Not owned */
  const fh_trained *initial;
} fh_train_setup;

/** Where a run is; handed to the progress hook after every step, on rank 0 and the others alike. */
typedef struct {
  ptrdiff_t epoch, epochs, step, steps; /* step: within the epoch, from 1 */
  double loss;                          /* mean per sample over the epoch so far */
  double rate;
  ptrdiff_t skipped; /* non-finite steps so far */
} fh_train_progress;

enum { FH_MAX_TESTS = 64 };

/** What an evaluation found on one set; NULL: it was not evaluated, or not by rollout. */
typedef struct {
  const fh_dataset *dataset;
  const fh_metrics *metrics;
  const fh_rollout_errors *rollout;
} fh_train_result;

/** An epoch that is over. */
typedef struct {
  ptrdiff_t epoch; /* from 1 */
  double loss, rate, seconds;
  ptrdiff_t skipped;
  const fh_int_list *modes; /* Fourier modes in force; NULL: no frequency curriculum */
  bool evaluated;
  fh_train_result validation;
  int n_tests;
  fh_train_result tests[FH_MAX_TESTS];
} fh_train_epoch;

typedef struct {
  void *context;
  void (*progress)(void *context, const fh_train_progress *progress);
  void (*epoch)(void *context, const fh_train_epoch *epoch);
  /** Told once at the end, if anything was evaluated: the best model (best.h5) on all sets; epoch:
   *  when it was found. The fields of training are 0. */
  void (*best)(void *context, const fh_train_epoch *epoch);
  /** Once, before the first step, when all is built and a checkpoint loaded: files of the folder may change from here
   *  on. Collective; an error ends the run. */
  fh_status (*ready)(void *context);
  /** Told once when a checkpoint was found: epochs that are already done. */
  void (*resumed)(void *context, ptrdiff_t epochs_done);
  const fh_stop *stop;
} fh_train_hooks;

/** What a run needs and how long it will last; filled by fh_train_plan. */
typedef struct {
  ptrdiff_t parameters, steps_per_epoch, batch, unit, micro_batch, units;
  size_t arena_bytes, state_bytes; /* per rank: values and gradients; parameters, moments, sums */
  double flops_per_step;           /* of all ranks together */
} fh_train_estimate;

/**
 * fh_train_plan - what fh_train_run would use, without running
 *
 * Collective on team. Errors: those of building the model.
 */
fh_status fh_train_plan(const fh_team *team, const fh_train_setup *setup, fh_dataset *train,
                        fh_train_estimate *estimate) FH_MUST;

/**
 * fh_train_run - train, evaluate, checkpoint, write the model
 *
 * Collective on team. Writes folder/model.h5 (the last parameters), folder/best.h5 (the best by
 * relative L2 of the validation set, else of the first test set; of the whole rollout if there is
 * one), folder/checkpoint-{0,1}.h5 (the newer of two generations
 * counts). resume: go on from the newest valid checkpoint if there is one.
 *
 * tests  n_tests data sets, on any grid the model can be built on; n_tests may be 0
 * hooks  may be NULL; the hooks are called on all ranks
 *
 * Returns FH_STOPPED after a stop request: everything is saved, the same call with resume goes on.
 * Errors: FH_ERR_USAGE for a checkpoint of another run (the sentence names the difference) or more
 * ranks than units or an initial model of another architecture; FH_ERR_NUMERIC after max_skips non-finite steps in a row.
 */
fh_status fh_train_run(const fh_team *team, const fh_train_setup *setup, fh_dataset *train,
                       int n_tests, fh_dataset *const *tests, const char *folder, bool resume,
                       const fh_train_hooks *hooks) FH_MUST;
