/**
 * signals - requests to save or to stop: from a person, a batch system or the clock
 *
 * USR1: save and go on. TERM, INT, USR2 or the end of the wall time: finish the step, save, end with
 * status 75. Handlers only set flags; a second INT ends the program at once.
 */
#pragma once

#include "base/status.h"
#include "base/stop.h"

/** Seconds from "hh:mm:ss", "mm:ss" or "seconds". Errors: FH_ERR_USAGE. */
fh_status fh_walltime_parse(const char *text, double *seconds) FH_MUST;
/** Seconds that the batch system leaves this job, less a minute to end in; 0: it does not say. */
double fh_walltime_of_job(void);

/** Installs the handlers. walltime: seconds from now after which the run is to end; 0: never. */
fh_status fh_signals_install(double walltime) FH_MUST;
/** The poll that goes with them. */
fh_stop fh_signals_stop(void);
