/** bundle_comm - a bundle read by one rank, for all ranks */
#pragma once

#include "io/bundle.h"

/**
 * fh_bundle_broadcast - hand rank 0's bundle to the others
 *
 * Collective on comm. Enters as a bundle on rank 0 (which passes its status of reading it), leaves as
 * an equal bundle on every rank; on failure every rank returns rank 0's error.
 */
fh_status fh_bundle_broadcast(MPI_Comm comm, fh_status read, fh_bundle **bundle) FH_MUST;
