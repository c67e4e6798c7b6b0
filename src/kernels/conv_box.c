#include "kernels/conv_box.h"

#include <string.h>

void fh_box_extents(int dim, const ptrdiff_t *n, ptrdiff_t extents[3])
{
  for (int a = 0; a < 3; a++) extents[a] = a < 3 - dim ? 1 : n[a - (3 - dim)];
}

/* offset of the row (c, i, j) of the box at `at` in a field of extents n */
static ptrdiff_t row(const ptrdiff_t n[3], const ptrdiff_t at[3], ptrdiff_t c, ptrdiff_t i,
                     ptrdiff_t j)
{
  return ((c * n[0] + i + at[0]) * n[1] + j + at[1]) * n[2] + at[2];
}

static const ptrdiff_t origin[3] = {0, 0, 0};

void fh_box_insert(ptrdiff_t channels, const ptrdiff_t small_n[3], const fh_real *small,
                   const ptrdiff_t large_n[3], const ptrdiff_t at[3], fh_real *large)
{
  for (ptrdiff_t c = 0; c < channels; c++)
    for (ptrdiff_t i = 0; i < small_n[0]; i++)
      for (ptrdiff_t j = 0; j < small_n[1]; j++)
        memcpy(large + row(large_n, at, c, i, j), small + row(small_n, origin, c, i, j),
               (size_t)small_n[2] * sizeof *small);
}

void fh_box_extract(ptrdiff_t channels, const ptrdiff_t small_n[3], fh_real *small,
                    const ptrdiff_t large_n[3], const ptrdiff_t at[3], const fh_real *large)
{
  for (ptrdiff_t c = 0; c < channels; c++)
    for (ptrdiff_t i = 0; i < small_n[0]; i++)
      for (ptrdiff_t j = 0; j < small_n[1]; j++)
        memcpy(small + row(small_n, origin, c, i, j), large + row(large_n, at, c, i, j),
               (size_t)small_n[2] * sizeof *small);
}
