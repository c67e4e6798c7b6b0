/**
 * values - arrays of the file in the precision of the engine
 */
#pragma once

#include "base/memory.h"
#include "base/real.h"
#include "file.h"

static inline void parity_values_free(fh_real **values)
{
  fh_free(*values);
}
#define PARITY_VALUES __attribute__((cleanup(parity_values_free))) fh_real

/** A rounded copy; free with fh_free, or declare the variable PARITY_VALUES. */
static inline fh_status parity_rounded(const parity_array *a, fh_real **values)
{
  FH_NEW(*values, a->size);
  for (ptrdiff_t i = 0; i < a->size; i++) (*values)[i] = (fh_real)a->values[i];
  return FH_OK;
}
