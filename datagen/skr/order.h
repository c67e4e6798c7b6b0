/**
 * order - in which order, and by which group of ranks, samples are solved
 */
#pragma once

#include <stdint.h>

#include "base/status.h"

/**
 * fh_order_chain - the samples of one group, as sampled: dealt out one by one
 *
 * wanted   [count] indices that are still to be made, the same on every rank
 * chain    receives this group's, in the order in which it solves them; freed with fh_free
 */
fh_status fh_order_chain(ptrdiff_t count, const int64_t *wanted, int groups, int group,
                         int64_t **chain, ptrdiff_t *length) FH_MUST;
