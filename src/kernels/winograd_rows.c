/* winograd_rows - rows of a plane that a group of tiles reads and writes, also where the plane ends */
#include <string.h>

#include "base/memory.h"
#include "kernels/winograd_impl.h"

fh_winograd_view fh_winograd_look(const fh_winograd_rows_of *a, ptrdiff_t first, ptrdiff_t columns,
                                  ptrdiff_t pitch)
{
  fh_winograd_view v = {*a, first, columns, pitch, true, {0}};
  v.inside = first >= a->shift && first - a->shift + pitch <= a->n;
  for (ptrdiff_t r = 0; r < a->count; r++) v.inside = v.inside && a->rows[r] >= 0;
  for (ptrdiff_t r = 0; r < a->count; r++)
    v.row[r] = v.inside ? a->rows[r] * a->n + first - a->shift : r * pitch;
  return v;
}

/* to[q] = x[columns[first + q]]: a piece as it lies, and before and behind it what the table says */
static void copy_row(const fh_winograd_view *v, const fh_real *x, fh_real *to)
{
  const fh_winograd_rows_of *a = &v->of;
  const ptrdiff_t first = v->first, end = first + v->columns;
  const ptrdiff_t begin = first > a->shift ? first : a->shift;
  const ptrdiff_t stop = end < a->n + a->shift ? end : a->n + a->shift;
  ptrdiff_t q = first;
  for (; q < begin && q < end; q++) to[q - first] = a->columns[q] >= 0 ? x[a->columns[q]] : 0;
  for (; q < stop; q++) to[q - first] = x[q - a->shift];
  for (; q < end; q++) to[q - first] = q < a->last && a->columns[q] >= 0 ? x[a->columns[q]] : 0;
}

const fh_real *fh_winograd_rows(const fh_winograd_view *v, const fh_real *plane, fh_real *buffer)
{
  if (v->inside) return plane;
  for (ptrdiff_t r = 0; r < v->of.count; r++) {
    const ptrdiff_t i = v->of.rows[r];
    if (i < 0)
      memset(buffer + r * v->pitch, 0, (size_t)v->columns * sizeof *buffer);
    else
      copy_row(v, plane + i * v->of.n, buffer + r * v->pitch);
  }
  return buffer;
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

fh_winograd_ahead fh_winograd_ahead_of(const ptrdiff_t n[2], ptrdiff_t i, ptrdiff_t j,
                                       ptrdiff_t rows, ptrdiff_t columns)
{
  const ptrdiff_t line = FH_ALIGNMENT / (ptrdiff_t)sizeof(fh_real);
  const ptrdiff_t top = i < 0 ? 0 : i, bottom = i + rows < n[0] ? i + rows : n[0];
  const ptrdiff_t left = j < 0 ? 0 : j & -line, right = j + columns < n[1] ? j + columns : n[1];
  if (n[0] * n[1] < NEAR) return (fh_winograd_ahead){0};
  return (fh_winograd_ahead){top * n[1] + left, bottom - top, right - left, n[1]};
}

void fh_winograd_fetch(const fh_winograd_ahead *a, const fh_real *plane)
{
  const ptrdiff_t line = FH_ALIGNMENT / (ptrdiff_t)sizeof *plane;
  const fh_real *from = plane + a->first;
  for (ptrdiff_t r = 0; r < a->rows; r++, from += a->pitch)
    for (ptrdiff_t q = 0; q < a->columns; q += line) __builtin_prefetch(from + q, 0, 3);
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
