/**
 * text - a text that grows: YAML, XDMF and other files are put together in it
 */
#pragma once

#include <stddef.h>

#include "base/status.h"

typedef struct {
  char *data; /* always ends with '\0' once something was added; NULL before */
  size_t length, capacity;
} fh_text;

/** Appends formatted text. Errors: FH_ERR_MEMORY. */
fh_status fh_text_add(fh_text *text, const char *format, ...) FH_PRINTF(2, 3) FH_MUST;
/** Frees the text; it can be used again. */
void fh_text_clear(fh_text *text);
