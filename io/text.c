#include "io/text.h"

#include <stdarg.h>
#include <string.h>

#include "base/memory.h"

static fh_status reserve(fh_text *text, size_t more)
{
  const size_t needed = text->length + more + 1;
  if (needed <= text->capacity) return FH_OK;
  char *data = NULL;
  const size_t capacity = 2 * needed;
  FH_NEW(data, (ptrdiff_t)capacity);
  if (text->data) memcpy(data, text->data, text->length + 1);
  fh_free(text->data);
  text->data = data;
  text->capacity = capacity;
  return FH_OK;
}

fh_status fh_text_add(fh_text *text, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  const int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  FH_CHECK(length >= 0, FH_ERR_ARG, "a text of this format cannot be written: %s", format);
  FH_TRY(reserve(text, (size_t)length));
  va_start(args, format);
  vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
  va_end(args);
  text->length += (size_t)length;
  return FH_OK;
}

void fh_text_clear(fh_text *text)
{
  fh_free(text->data);
  *text = (fh_text){0};
}
