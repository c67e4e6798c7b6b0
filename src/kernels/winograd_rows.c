/* winograd_rows - rows of a plane that a group of tiles reads and writes, also where the plane ends */
#include <string.h>

#include "base/memory.h"
#include "kernels/winograd_impl.h"

void fh_winograd_copy_row(const ptrdiff_t *col, ptrdiff_t last, ptrdiff_t n, ptrdiff_t shift,
                          const fh_real *src, ptrdiff_t first, ptrdiff_t count, fh_real *dst)
{
  const ptrdiff_t end = first + count;
  if (!src) {
    memset(dst, 0, (size_t)count * sizeof *dst);
    return;
  }
  const ptrdiff_t begin = first > shift ? first : shift;
  const ptrdiff_t stop = end < n + shift ? end : n + shift;
  for (ptrdiff_t q = first; q < begin && q < end; q++)
    dst[q - first] = q < last && col[q] >= 0 ? src[col[q]] : 0;
  if (stop > begin)
    memcpy(dst + begin - first, src + begin - shift, (size_t)(stop - begin) * sizeof *dst);
  for (ptrdiff_t q = stop > begin ? stop : begin; q < end; q++)
    dst[q - first] = q < last && col[q] >= 0 ? src[col[q]] : 0;
}

void fh_winograd_rows(const fh_winograd_rows_of *a, ptrdiff_t first, ptrdiff_t columns,
                      const fh_real **x, ptrdiff_t *row, fh_real *buffer)
{
  bool inside = first >= a->shift && first - a->shift + columns <= a->n;
  for (ptrdiff_t r = 0; r < a->count; r++) inside = inside && a->rows[r] >= 0;
  for (ptrdiff_t r = 0; r < a->count; r++) {
    row[r] = inside ? a->rows[r] * a->n + first - a->shift : r * columns;
    if (!inside)
      fh_winograd_copy_row(a->columns, a->last, a->n, a->shift,
                           a->rows[r] < 0 ? NULL : *x + a->rows[r] * a->n, first, columns,
                           buffer + r * columns);
  }
  if (!inside) *x = buffer;
}

void fh_winograd_part(const ptrdiff_t n[2], ptrdiff_t i, ptrdiff_t j, ptrdiff_t count,
                      ptrdiff_t columns, const fh_real **x, ptrdiff_t *row, fh_real *buffer)
{
  const bool inside = i + count <= n[0] && j + columns <= n[1];
  const ptrdiff_t left = n[1] - j, now = left < 0 ? 0 : left < columns ? left : columns;
  for (ptrdiff_t r = 0; r < count; r++) {
    row[r] = inside ? (i + r) * n[1] + j : r * columns;
    if (inside) continue;
    fh_real *to = buffer + r * columns;
    memset(to, 0, (size_t)columns * sizeof *to);
    if (i + r < n[0]) memcpy(to, *x + (i + r) * n[1] + j, (size_t)now * sizeof *to);
  }
  if (!inside) *x = buffer;
}

/* fields with channels of fewer points stand in the second-level cache, and asking costs more than waiting */
enum { NEAR = 32768 / sizeof(fh_real) };

void fh_winograd_fetch(const ptrdiff_t n[2], const fh_real *plane, ptrdiff_t i, ptrdiff_t j,
                       ptrdiff_t rows, ptrdiff_t columns)
{
  const ptrdiff_t line = FH_ALIGNMENT / (ptrdiff_t)sizeof *plane;
  if (n[0] * n[1] < NEAR) return;
  for (ptrdiff_t r = i < 0 ? 0 : i; r < i + rows && r < n[0]; r++)
    for (ptrdiff_t q = j; q < j + columns && q < n[1]; q += line)
      __builtin_prefetch(plane + r * n[1] + q, 0, 3);
}

void fh_winograd_write_part(const ptrdiff_t n[2], ptrdiff_t i, ptrdiff_t j, ptrdiff_t count,
                            ptrdiff_t columns, const fh_real *block, const fh_real *c, fh_real *y)
{
  const ptrdiff_t left = n[1] - j, now = left < columns ? left : columns;
  for (ptrdiff_t r = 0; r < count && i + r < n[0]; r++) {
    const ptrdiff_t at = (i + r) * n[1] + j;
    for (ptrdiff_t t = 0; t < now; t++)
      y[at + t] = c ? block[r * columns + t] + c[at + t] : block[r * columns + t];
  }
}
