/* sequence_impl - what the files of the sequence solver share */
#pragma once

#include "datagen/skr/batch.h"
#include "datagen/skr/constant.h"
#include "datagen/skr/fastelliptic.h"
#include "datagen/skr/frozen.h"
#include "datagen/skr/sequence.h"

enum { FH_RUNGS = 3, FH_MOST_ITERATIONS = 10000 };

struct fh_sequence {
  fh_sequence_config config;
  fh_sequence_hint hint;
  fh_strategy strategy; /* in use */
  Mat matrix;
  KSP ksp[FH_RUNGS]; /* NULL until needed */
  Vec work, previous;
  bool has_previous;
  fh_frozen frozen;
  /* of strategies that solve several systems together and have no KSP of rung 0 */
  fh_batch *batch;
  fh_constant *constant;
  double deadline; /* of a trial, by fh_sequence_clock; 0: none */
  int ranks;
};

/* The KSP of a rung. */
PetscErrorCode fh_sequence_create_ksp(fh_sequence *s, int rung);
/* Makes the KSP of rung 0 watch the deadline. */
PetscErrorCode fh_sequence_watch(fh_sequence *s);
/* Processor time of one rank; several wait for each other. */
double fh_sequence_clock(const fh_sequence *s);
/* For a batched strategy. */
fh_status fh_sequence_create_slots(fh_sequence *s);
