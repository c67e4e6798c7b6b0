/**
 * team - the ranks of a run, split into samples x patches x space
 *
 * Rank r of the world has coordinates (s, p, x) with r = (s * n_patches + p) * n_space + x: the ranks
 * that share a sample are neighbours. Each communicator holds the ranks that differ in that
 * coordinate alone; all return errors instead of aborting.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct fh_team {
  MPI_Comm world, samples, patches, space;
  int rank, size;                          /* in world */
  int n_samples, n_patches, n_space;       /* the three extents; their product is size */
  int sample_part, patch_part, space_part; /* this rank's coordinates */
} fh_team;

/**
 * fh_team_create - split comm
 *
 * Collective on comm, which is duplicated. n_patches and n_space ranks work on one sample; the rest
 * of the ranks share the samples.
 * Errors: FH_ERR_ARG if n_patches * n_space does not divide the size of comm.
 */
fh_status fh_team_create(MPI_Comm comm, int n_patches, int n_space, fh_team **team) FH_MUST;
/** Collective. Frees the communicators and sets *team to NULL; NULL is allowed. */
void fh_team_destroy(fh_team **team);

/** The half-open range of count items that belongs to part of parts; blocks differ by at most one. */
void fh_team_share(ptrdiff_t count, int parts, int part, ptrdiff_t *first, ptrdiff_t *last);
