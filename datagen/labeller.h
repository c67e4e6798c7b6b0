/**
 * labeller - a group of ranks that turns a sample's number into its fields
 *
 * What generation and verification share: problem, matrix and sequence solver of one group, and what of a
 * sample is stored. A problem that evolves in time has no matrix and no solver.
 */
#pragma once

#include "datagen/generate.h"

typedef struct {
  fh_problem *problem;
  fh_store *store;
  fh_sequence *sequence; /* NULL if the problem evolves, as are the next four */
  Mat matrix;
  Vec b, x;
  Vec whole; /* all unknowns, on the group's rank 0 */
  VecScatter gather;
  bool assembled;  /* a constant matrix is there */
  ptrdiff_t frame; /* number of the next one */
  uint64_t seed;
  int rank; /* in the group */
} fh_labeller;

/** Collective on comm, the group. config must outlive the labeller. */
fh_status fh_labeller_create(MPI_Comm comm, const fh_generate_config *config,
                             fh_labeller **labeller) FH_MUST;
void fh_labeller_destroy(fh_labeller **labeller);
/**
 * fh_labeller_make - sample, assemble, solve, check, store; or sample, evolve, store
 *
 * Collective on the group. Afterwards store->value on its rank 0 is what belongs into the file. If the
 * sample cannot be solved, record->valid is false, its outputs (its inputs too if they are what
 * is wrong) are NaN, and why (256 bytes) says what was wrong.
 */
fh_status fh_labeller_make(fh_labeller *l, int64_t index, fh_sample_record *record,
                           char why[256]) FH_MUST;
/** The first half of it: sample and assemble; *usable = false: the sample is not a problem. The inputs
 *  are stored, of a trajectory also the first frame. */
fh_status fh_labeller_assemble(fh_labeller *l, int64_t index, bool *usable, char why[256]) FH_MUST;
/** "cg + cholesky", "etdrk4": how labels are made, for logs. */
void fh_labeller_describe(const fh_labeller *l, char *text, size_t bytes);
