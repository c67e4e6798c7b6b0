/**
 * check - proves that a program keeps the operator contract (src/program/op.h)
 *
 * Works on anything that a builder can write into a program: one operator of the registry, or a
 * whole model. Needs the f64 build: in f32 the Taylor remainder drowns in rounding.
 */
#pragma once

#include "program/program.h"

/** Writes inputs, steps and outputs of the subject into p; called several times. */
typedef struct {
  fh_status (*write)(void *context, fh_program *p);
  void *context;
  bool linear; /* in the inputs together: the adjoint dot product is tested, too */
  char name[160];
} fh_subject;

typedef struct {
  int checks, failures;
} fh_tally;

/** Runs every check on the subject; prints a line for each failure. Collective on team. */
fh_status fh_check_subject(const fh_team *team, const fh_subject *subject, fh_tally *tally) FH_MUST;
