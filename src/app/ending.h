/** ending - how the command ends: one message, one exit code, on all ranks together */
#pragma once

#include "base/status.h"

/**
 * fh_ending - tell what went wrong, and give the exit code
 *
 * Every rank calls it last, with its own outcome. If all ranks arrive, the lowest failing one prints
 * its message and all return its exit code. If others do not arrive within seconds, this rank failed
 * alone while they wait for it in some call: it prints and ends the whole program by MPI_Abort.
 */
int fh_ending(MPI_Comm comm, fh_status mine);
