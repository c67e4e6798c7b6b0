/**
 * choose - which strategy makes these samples fastest, here and at this tolerance?
 *
 * Every strategy that fits the problem makes samples of the set, all groups of ranks at the same time, as
 * they will do it later; what is compared is the time of a whole sample: drawing, assembling, setting up,
 * solving, checking. A strategy that needs three times as long as the best one so far is dropped after
 * its first sample (iterations are not even finished); those that remain are measured on more. Labels
 * that a strategy got right are kept: nothing is made twice. What is less promising is measured only
 * while measuring is a small part of the work. One group of one rank is measured by its
 * processor time, which other programs on the machine do not change much.
 */
#pragma once

#include "comm/team.h"
#include "datagen/kept.h"

/**
 * fh_choose - measure and choose
 *
 * Collective on team->world. l: the labeller of this group; it goes on with the strategy that was
 * chosen, the same on all ranks, which is stored in config->solver.choice. log: one line a strategy.
 * kept: receives what was made; rank 0 of each group has its own.
 * Too few samples to measure: the first strategy that fits is taken.
 */
fh_status fh_choose(const fh_team *team, fh_labeller *l, fh_generate_config *config,
                    const fh_log *log, fh_kept **kept) FH_MUST;
