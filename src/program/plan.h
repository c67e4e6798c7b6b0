/**
 * plan - places for buffers with known lifetimes in one arena
 *
 * An item is a block of bytes alive from instant first to instant last. Items whose lifetimes meet
 * must not overlap in memory. Greedy: largest first, each at the lowest offset that is free.
 */
#pragma once

#include <stdbool.h>

#include "base/memory.h"

typedef struct {
  size_t bytes, offset;
  int first, last; /* instants, both included */
} fh_item;

typedef struct {
  int n, capacity;
  fh_item *items;
  size_t arena; /* bytes that all items need together */
  size_t bound; /* no plan can need less: the largest sum of bytes alive at one instant */
  size_t own;   /* sum over all items: what separate buffers would need */
} fh_plan;

/** Adds an item and returns its index in *item; bytes are rounded up to the alignment. */
fh_status fh_plan_add(fh_plan *plan, size_t bytes, int first, int last, int *item) FH_MUST;
/** Sets every offset, arena, bound and own. */
fh_status fh_plan_solve(fh_plan *plan) FH_MUST;
void fh_plan_clear(fh_plan *plan);
