/**
 * patching - the arguments of neuraloperator's MultigridPatching2D as configurations of operators
 */
#pragma once

#include "config.h"
#include "operators/patch/patch.h"
#include "operators/unpatch/unpatch.h"

typedef struct {
  fh_patch_config patch;
  fh_unpatch_config unpatch;
} parity_patching;

/** From the arguments, or from those under "patching"; field: what is cut. */
fh_status parity_patching_read(parity_config *config, const fh_shape *field,
                               parity_patching *patching) FH_MUST;
