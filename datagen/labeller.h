/**
 * labeller - a group of ranks that turns a sample's number into its fields
 *
 * What generation and verification share: problem, matrix and sequence solver of one group.
 */
#pragma once

#include "datagen/generate.h"

typedef struct {
  fh_problem *problem;
  fh_sequence *sequence;
  Mat matrix;
  Vec b, x;
  Vec whole; /* all unknowns, on the group's rank 0 */
  VecScatter gather;
  bool assembled; /* a constant matrix is there */
  uint64_t seed;
  int rank; /* in the group */
} fh_labeller;

/** Collective on comm, the group. config must outlive the labeller. */
fh_status fh_labeller_create(MPI_Comm comm, const fh_generate_config *config,
                             fh_labeller **labeller) FH_MUST;
void fh_labeller_destroy(fh_labeller **labeller);
/**
 * fh_labeller_make - sample, assemble, solve, check, store
 *
 * Collective on the group. Inputs are in problem->value on all its ranks, outputs on its rank 0. If
 * the sample cannot be solved, record->valid is false, its outputs (its inputs too if they are what
 * is wrong) are NaN, and why (256 bytes) says what was wrong.
 */
fh_status fh_labeller_make(fh_labeller *l, int64_t index, fh_sample_record *record,
                           char why[256]) FH_MUST;
/** The first half of it: sample and assemble; *usable = false: the sample is not a problem. */
fh_status fh_labeller_assemble(fh_labeller *l, int64_t index, bool *usable, char why[256]) FH_MUST;
