#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Fields of many channels are read row by row, each row in another page: large blocks ask for pages of
 * this size, so that the processor's table of addresses holds them all. */
enum { HUGE_PAGE = 2 << 20, MANY_PAGES = HUGE_PAGE };

static long allocations;

static void *allocate(size_t bytes)
{
  if (bytes < MANY_PAGES || bytes > SIZE_MAX - HUGE_PAGE) return aligned_alloc(FH_ALIGNMENT, bytes);
  void *p = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#ifdef MADV_HUGEPAGE
  if (p) (void)madvise(p, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* a wish */
#endif
  return p;
}

void *fh_calloc(ptrdiff_t count, size_t size)
{
  size_t bytes = 0;
  if (count < 0 || __builtin_mul_overflow((size_t)count, size, &bytes)) return NULL;
  if (bytes == 0) bytes = 1;
  if (bytes > SIZE_MAX - FH_ALIGNMENT) return NULL;
  bytes = (bytes + FH_ALIGNMENT - 1) / FH_ALIGNMENT * FH_ALIGNMENT;
  void *p = allocate(bytes);
  if (!p) return NULL;
  __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
  return memset(p, 0, bytes);
}

void fh_free(void *pointer)
{
  free(pointer);
}

char *fh_strdup(const char *text)
{
  const size_t length = strlen(text) + 1;
  char *copy = fh_calloc((ptrdiff_t)length, 1);
  return copy ? memcpy(copy, text, length) : NULL;
}

long fh_memory_allocations(void)
{
  return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}

size_t fh_memory_peak(void)
{
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (size_t)usage.ru_maxrss * 1024;
}
