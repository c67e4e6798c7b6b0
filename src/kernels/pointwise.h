/**
 * pointwise - activations, and small matrices applied at every point
 */
#pragma once

#include <stddef.h>

#include "base/real.h"

/** Activations by number, the number that configurations and model files hold. */
typedef enum { FH_ACT_IDENTITY, FH_ACT_RELU, FH_ACT_GELU, FH_ACT_TANH, FH_ACT_COUNT } fh_activation;
/** "identity", "relu", "gelu", "tanh", NULL. */
extern const char *const fh_activation_names[];
