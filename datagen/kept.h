/**
 * kept - samples that were made while strategies were measured, so that nothing is made twice
 *
 * Every group of ranks has its own; rank 0 of the group, which has the outputs, holds the values.
 */
#pragma once

#include <mpi.h>

#include "datagen/labeller.h"

typedef struct fh_kept fh_kept;

/**
 * fh_kept_create - nothing yet
 *
 * store   says what a sample is; stays the caller's, and must outlive the samples
 * holder  this rank holds the values: rank 0 of its group
 * count   samples 0 .. count - 1 may come, of all groups
 */
fh_status fh_kept_create(const fh_store *store, bool holder, ptrdiff_t count,
                         fh_kept **kept) FH_MUST;
void fh_kept_destroy(fh_kept **kept);
/** A sample that this group has made (all its ranks call): a copy of its fields, on the rank that holds them. */
fh_status fh_kept_add(fh_kept *kept, double *const *values, const fh_label *label) FH_MUST;
/** Tells all ranks what was made by any group. Collective on world. */
fh_status fh_kept_share(fh_kept *kept, MPI_Comm world) FH_MUST;
/** Was it made, by this group, or since fh_kept_share by any? Then the same on all ranks. NULL: nothing was. */
bool fh_kept_has(const fh_kept *kept, int64_t index);
/** Hands every sample that this rank holds to the receiver. NULL: there are none. */
fh_status fh_kept_give(const fh_kept *kept, const fh_receiver *to) FH_MUST;
