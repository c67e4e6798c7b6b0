/**
 * gather - boxes of a field, one a rank, put together on all of them
 */
#pragma once

#include "base/real.h"
#include "grid/tiles.h"

typedef struct fh_gather fh_gather;

/**
 * fh_gather_create - for up to so many fields a call
 *
 * Collective on comm, whose ranks have the boxes fh_tiles_box(tiles, size, rank). Errors: more
 * values than a message can count.
 */
fh_status fh_gather_create(MPI_Comm comm, const fh_tiles *tiles, ptrdiff_t fields,
                           fh_gather **gather) FH_MUST;
void fh_gather_destroy(fh_gather **gather);
/** whole [fields][grid] on every rank from each one's boxed [fields][box]. Collective. */
fh_status fh_gather_run(fh_gather *g, ptrdiff_t fields, const fh_real *boxed,
                        fh_real *whole) FH_MUST;
