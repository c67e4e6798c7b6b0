#include "base/size.h"

#include <limits.h>

fh_status fh_size_mul(ptrdiff_t a, ptrdiff_t b, ptrdiff_t *product)
{
  FH_CHECK(a >= 0 && b >= 0, FH_ERR_ARG, "a size is negative: %td x %td", a, b);
  FH_CHECK(!__builtin_mul_overflow(a, b, product), FH_ERR_ARG,
           "%td x %td exceeds what this machine can address", a, b);
  return FH_OK;
}

fh_status fh_size_product(int n, const ptrdiff_t *counts, ptrdiff_t *product)
{
  *product = 1;
  for (int i = 0; i < n; i++) FH_TRY(fh_size_mul(*product, counts[i], product));
  return FH_OK;
}

fh_status fh_size_int(ptrdiff_t count, int *n)
{
  FH_CHECK(count >= 0 && count <= INT_MAX, FH_ERR_ARG,
           "%td does not fit into the %d that MPI and BLAS can count to: use smaller pieces", count,
           INT_MAX);
  *n = (int)count;
  return FH_OK;
}

size_t fh_size_aligned(size_t bytes)
{
  return (bytes + 63) / 64 * 64;
}
