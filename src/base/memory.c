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

/* A block lies in one of malloc, whose address stands before it. The allocator's own aligned blocks give back what is
 * left on both sides; small blocks settle there, and the next large one does not fit between them any more: a file made
 * in memory at every checkpoint let glibc 2.36 grow by its size each time. */
static void *allocate(size_t bytes)
{
  const size_t alignment = bytes < MANY_PAGES ? FH_ALIGNMENT : HUGE_PAGE;
  if (bytes > SIZE_MAX - alignment - sizeof(void *)) return NULL;
#ifdef __SANITIZE_ADDRESS__ /* no room to spare: the sanitizer sees who writes behind the caller's bytes */
  void *block = NULL;
  if (posix_memalign(&block, alignment, alignment + bytes) != 0) return NULL;
#else
  void *block = malloc(bytes + alignment + sizeof(void *));
  if (!block) return NULL;
#endif
  const uintptr_t least = (uintptr_t)block + sizeof(void *);
  char *p = (char *)block + sizeof(void *) + (alignment - least % alignment) % alignment;
  memcpy(p - sizeof(void *), &block, sizeof block);
#ifdef MADV_HUGEPAGE
  if (bytes >= MANY_PAGES)
    (void)madvise(p, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* a wish */
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
  void *block;
  if (!pointer) return;
  memcpy(&block, (char *)pointer - sizeof block, sizeof block);
  free(block);
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
