#include "rows.h"

#include <string.h>

#include "base/memory.h"

parity_shift parity_shift_of(int dim, const ptrdiff_t *modes, const ptrdiff_t *rows,
                             const ptrdiff_t *grid)
{
  parity_shift s = {.dim = dim};
  for (int a = 0; a < dim - 1; a++) {
    const ptrdiff_t k = grid[a] < modes[a] ? grid[a] : modes[a];
    const ptrdiff_t ours = rows[a] / 2 - k / 2, theirs = (rows[a] - k) / 2;
    s.by[a] = k < rows[a] ? ours - theirs : 0;
  }
  return s;
}

bool parity_shift_is_zero(const parity_shift *shift)
{
  for (int a = 0; a < shift->dim; a++)
    if (shift->by[a]) return false;
  return true;
}

bool parity_scaling_is_sound(ptrdiff_t modes, ptrdiff_t points, ptrdiff_t out_points)
{
  const ptrdiff_t last = modes / 2; /* largest frequency in use */
  return last < points / 2 && 2 * last < out_points;
}

/* rotates axis of [outer][n][inner] */
static fh_status rotate(double *values, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, ptrdiff_t by)
{
  double *copy = NULL;
  FH_NEW(copy, n * inner);
  const size_t block = (size_t)(n * inner) * sizeof *copy, row = (size_t)inner * sizeof *copy;
  for (ptrdiff_t o = 0; o < outer; o++) {
    double *v = values + o * n * inner;
    memcpy(copy, v, block);
    for (ptrdiff_t j = 0; j < n; j++) memcpy(v + (j + by) % n * inner, copy + j * inner, row);
  }
  fh_free(copy);
  return FH_OK;
}

fh_status parity_move_rows(const parity_shift *shift, parity_array *weight)
{
  FH_CHECK(weight->rank > shift->dim && weight->is_complex, FH_ERR_FORMAT,
           "a spectral weight of %d axes for a field of %d axes", weight->rank, shift->dim);
  ptrdiff_t inner = 2;
  for (int a = shift->dim - 1; a >= 0; a--) {
    const ptrdiff_t n = weight->n[weight->rank - shift->dim + a];
    if (shift->by[a])
      FH_TRY(rotate(weight->values, weight->size / (n * inner), n, inner, shift->by[a]));
    inner *= n;
  }
  return FH_OK;
}
