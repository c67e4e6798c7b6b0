/**
 * memory - aligned allocation, counted
 *
 * All buffers are aligned to 64 bytes and zeroed. The counter lets a test prove that forward and
 * backward allocate nothing.
 */
#pragma once

#include <stddef.h>

#include "base/size.h"
#include "base/status.h"

enum { FH_ALIGNMENT = 64 };

/** count x size zeroed bytes (at least one), or NULL if there are none left or the product overflows. */
void *fh_calloc(ptrdiff_t count, size_t size);
/** Frees what fh_calloc returned; NULL is allowed. */
void fh_free(void *pointer);
/** A copy of text in memory of fh_calloc; NULL if there is none left. */
char *fh_strdup(const char *text);
/** Number of allocations made so far in this process. */
long fh_memory_allocations(void);
/** Peak resident set of this process in bytes (from the operating system). */
size_t fh_memory_peak(void);

/** Allocates count elements for the pointer variable, or returns FH_ERR_MEMORY from the caller. */
#define FH_NEW(pointer, count)                                                                     \
  do {                                                                                             \
    const ptrdiff_t fh_count_ = (count);                                                           \
    (pointer) = fh_calloc(fh_count_, sizeof *(pointer));                                           \
    FH_CHECK((pointer), FH_ERR_MEMORY, "out of memory: %s needs %td elements of %zu bytes",        \
             #pointer, fh_count_, sizeof *(pointer));                                              \
  } while (0)
