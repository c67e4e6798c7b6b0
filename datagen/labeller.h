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
  bool assembled; /* a constant matrix is there */
  double **room;  /* [rooms][fields] values of samples that are solved together; 0: the problem's */
  ptrdiff_t rooms; /* 0: not needed yet */
  ptrdiff_t frame; /* number of the next one */
  uint64_t seed;
  int rank; /* in the group */
} fh_labeller;

/** What became of a sample. */
typedef struct {
  fh_sample_record record;
  bool posed; /* false: what was drawn is no problem, no solver was asked */
  bool
      solved; /* a solver reached the tolerance; the problem may refuse the solution all the same */
  char why[256]; /* not valid: the reason */
} fh_label;

/** Takes a finished sample: its inputs are in values on all ranks of the group, its outputs on its rank
    0 (see fh_labeller_make). values and label are the labeller's. */
typedef struct {
  fh_status (*take)(void *context, double *const *values, const fh_label *label);
  void *context;
} fh_receiver;

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

/** How many samples a solver (NULL: the labeller's own) makes at a time: more than one where the
 *  strategy solves several together. */
ptrdiff_t fh_labeller_capacity(const fh_labeller *l, const fh_sequence *sequence);
/** Makes count <= capacity samples and hands each to the receiver. Collective on the group. */
fh_status fh_labeller_make_some(fh_labeller *l, ptrdiff_t count, const int64_t *index,
                                const fh_receiver *to) FH_MUST;

/* ---- for measuring strategies --------------------------------------------------------------------- */

/** What is known of the problem's matrices. */
fh_status fh_labeller_hint(fh_labeller *l, fh_sequence_hint *hint) FH_MUST;
/** Another solver for the same matrix. Collective on the group. */
fh_status fh_labeller_solver(fh_labeller *l, const fh_sequence_config *config,
                             fh_sequence **sequence) FH_MUST;
/** Makes it the labeller's own, which owns it from now on. */
void fh_labeller_adopt(fh_labeller *l, fh_sequence **sequence);
/**
 * fh_labeller_try - as fh_labeller_make_some, by another solver and without a ladder
 *
 * A solver that iterates for more than `seconds` on a sample fails on it.
 */
fh_status fh_labeller_try(fh_labeller *l, fh_sequence *sequence, double seconds, ptrdiff_t count,
                          const int64_t *index, const fh_receiver *to) FH_MUST;
