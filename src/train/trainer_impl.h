/* trainer_impl - what the files of the trainer share; nobody else includes it */
#pragma once

#include "comm/sum.h"
#include "train/evaluate.h"
#include "train/objective.h"
#include "train/source.h"
#include "train/trained.h"
#include "train/trainer.h"

/* what changes while a run goes on, apart from parameters and moments; all of it is in a checkpoint */
typedef struct {
  ptrdiff_t epoch, step; /* epochs done, steps done in this one */
  double loss_sum;       /* over the samples of this epoch so far */
  ptrdiff_t loss_samples;
  ptrdiff_t skipped, skips_in_a_row;
  double best;          /* error of the set that decides; infinite before the first evaluation */
  ptrdiff_t best_epoch; /* 0: none yet */
  /* of the frequency curriculum: modes in force, the epoch that they came and that was last decided on,
     mean losses of the last two epochs */
  fh_int_list modes;
  ptrdiff_t grown, decided;
  double epoch_loss[2];
} fh_train_state;

/* a set that the run is measured on */
typedef struct {
  fh_dataset *dataset;
  fh_evaluator *evaluator;
  fh_rollout *rollout; /* NULL: none */
} fh_trainer_test;

typedef struct {
  const fh_team *team;
  const fh_train_setup *setup;
  const fh_train_hooks *hooks;
  const char *folder;
  fh_dataset *dataset;
  uint32_t data_mark;    /* CRC-32C of some of its samples, normalised */
  uint32_t initial_mark; /* CRC-32C of the parameters of setup->initial */
  fh_source *source;
  fh_normaliser *input, *output;
  fh_model_spec spec;     /* of the program: setup's, perhaps with fewer modes */
  fh_int_list modes_most; /* where the frequency curriculum ends; empty: there is none */
  fh_program *program;
  fh_model_part part; /* what of a sample is here, of a model that works patch by patch */
  fh_objective *objective;
  fh_optimiser *optimiser;
  fh_schedule schedule;
  fh_sum *sum;
  int n_tests;
  fh_trainer_test validation, tests[FH_MAX_TESTS]; /* validation: empty if there is none */
  fh_train_epoch measured;                         /* what was found last; epoch 0: nothing yet */

  ptrdiff_t batch; /* of the setup, or the samples of the set if these are fewer */
  ptrdiff_t unit, micro, steps_per_epoch;
  fh_shape in;                    /* of a micro-batch */
  int64_t *order;                 /* of the samples in this epoch */
  ptrdiff_t order_epoch;          /* the epoch that order is of, or -1 */
  double *losses;                 /* of the samples of a batch */
  fh_real *x, *y, *slope, *total; /* total: the summed gradient */
  fh_train_state state;
  int64_t generation; /* of the newest checkpoint */
} fh_trainer;

/** The exact sum of the gradients of t->program, and room for its total. Collective. */
fh_status fh_trainer_build_sum(fh_trainer *t) FH_MUST;
/** The normalisers, fitted or those of setup->initial. Collective. */
fh_status fh_trainer_fit(fh_trainer *t) FH_MUST;
/** The parameters that the run starts with. */
fh_status fh_trainer_draw(fh_trainer *t) FH_MUST;
/** One optimiser step on the batch that state names; advances state. *stop: bits asked for by any
 *  rank. Collective. */
fh_status fh_trainer_step(fh_trainer *t, int *stop) FH_MUST;
/** Writes the older of the two generations anew. Collective. */
fh_status fh_trainer_save(fh_trainer *t) FH_MUST;
/** Loads the newest valid generation, if any. Collective. */
fh_status fh_trainer_load(fh_trainer *t, bool *found) FH_MUST;

/* ---- modes.c: nothing happens without a frequency curriculum ---- */

/** Fills t->spec. */
fh_status fh_trainer_modes_begin(fh_trainer *t) FH_MUST;
/** The modes of a checkpoint that was loaded; of a model that is to be measured. Collective. */
fh_status fh_trainer_modes_resume(fh_trainer *t) FH_MUST;
fh_status fh_trainer_modes_of(fh_trainer *t, const fh_model_spec *spec) FH_MUST;
/** The mean loss of an epoch that is over. */
void fh_trainer_modes_note(fh_trainer *t, double loss);
/** Before an epoch: adds modes if the loss has stalled. Collective. */
fh_status fh_trainer_modes_next(fh_trainer *t) FH_MUST;

/* ---- trainer_tests.c ---- */

/** Operators and rollouts on all sets that the run is measured on. Collective. */
fh_status fh_trainer_open_tests(fh_trainer *t, int n_tests, fh_dataset *const *tests) FH_MUST;
void fh_trainer_close_tests(fh_trainer *t);
/** Measures the parameters in force into e; writes best.h5 if they are the best. Collective. */
fh_status fh_trainer_evaluate(fh_trainer *t, fh_train_epoch *e) FH_MUST;
/** Measures best.h5 and tells the hook, if there is a best one. Collective. */
fh_status fh_trainer_tell_best(fh_trainer *t) FH_MUST;
/** Writes the parameters in force as folder/name. Collective. */
fh_status fh_trainer_write_model(fh_trainer *t, const char *name) FH_MUST;
