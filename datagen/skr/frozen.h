/**
 * frozen - when a factorisation of an old matrix should be renewed
 *
 * A factor of one matrix preconditions those that follow; solves with it cost more the further the
 * matrices have moved, a new factor costs its price once. What counts is the mean cost of a system
 * since the last factor, its price included: it falls while the price is shared by more systems, and
 * the factor is renewed as soon as systems cost more than that mean - where going on would begin to raise
 * it. What systems cost is a mean of the last few: in a sequence that goes nowhere costs scatter, and every
 * second system is dearer than the mean. A matrix far from the old one is given up after twice the price
 * of renewing.
 */
#pragma once

#include <stdbool.h>

typedef struct {
  double price;    /* seconds of the last factorisation */
  double total;    /* and of everything since, price included */
  double recent;   /* of a system, mean of the last few */
  int systems;     /* since then; 0: there is no factor */
  double per_step; /* seconds an iteration */
} fh_frozen;

/** Should the next system have a new factor? */
bool fh_frozen_is_old(const fh_frozen *f);
/** A new factor is there. */
void fh_frozen_renewed(fh_frozen *f, double seconds);
/** A system was solved with the factor. */
void fh_frozen_used(fh_frozen *f, double seconds, int iterations);
/** Iterations after which a new factor is cheaper than going on; least: never fewer. */
int fh_frozen_patience(const fh_frozen *f, int least, int most);
