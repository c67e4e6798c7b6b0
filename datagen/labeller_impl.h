/* labeller_impl - what the files of the labeller share */
#pragma once

#include "datagen/labeller.h"

/* How a system is solved: by the whole ladder, by a trial of its first rung (seconds > 0), or by what is
   above a first rung that has failed (begun). */
typedef struct {
  fh_sequence *sequence;
  double seconds;
  const fh_solve_report *begun;
} fh_manner;

fh_status fh_label_one(fh_labeller *l, const fh_manner *how, int64_t index,
                       fh_label *label) FH_MUST;
/* At most as many as the sequence has slots. */
fh_status fh_label_together(fh_labeller *l, fh_sequence *s, double seconds, ptrdiff_t count,
                            const int64_t *index, const fh_receiver *to) FH_MUST;
void fh_labeller_free_rooms(fh_labeller *l);
/* what came of a system, into the label's record */
void fh_record_solve(const fh_solve_report *report, const fh_sequence *s, fh_label *label);
/* A failure of this sample alone is told in why. */
fh_status fh_excuse(fh_status st, bool *usable, char why[256]) FH_MUST;
