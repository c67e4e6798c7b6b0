/** inspect_factors - the factorised weights of a model, for people */
#pragma once

#include <stdio.h>

#include "train/trained.h"

/** Ranks, parameters, compression, the way of multiplying and its operations; nothing for models without
 *  factorised weights. */
fh_status fh_inspect_factors(FILE *stream, const fh_trained *model) FH_MUST;
