/** terminal - is a person watching? */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/**
 * True if what is written to stream ends up on a terminal. mpirun gives its ranks a terminal of its
 * own making whatever becomes of its output: below it, its own stream is asked.
 */
bool fh_terminal_is_watched(FILE *stream);
