/**
 * bundle_file - what the two halves of bundle share; internal to io/
 */
#pragma once

#include <stdbool.h>

#include "io/bundle.h"

enum {
  FH_BUNDLE_MAX_NAME = 255,
  FH_BUNDLE_MAX_TEXT = 1 << 24,
  FH_BUNDLE_MAX_TENSORS = 1 << 16,
  FH_BUNDLE_LAYOUT = 1 /* of the container; fh_bundle.version counts what a kind puts into it */
};

size_t fh_dtype_bytes(fh_dtype dtype);
