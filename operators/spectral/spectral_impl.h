/**
 * spectral_impl - what the files of this folder share
 */
#pragma once

#include "operators/spectral/spectral.h"

/** The cases of the conformance test. */
fh_status fh_spectral_example(int i, fh_op **op, fh_shape *in) FH_MUST;
