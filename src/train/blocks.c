#include "train/blocks.h"

#include <string.h>

fh_status fh_blocks_make(const fh_int_list *per_axis, const fh_shape *shape, fh_blocks *b,
                         fh_shape *block)
{
  fh_grid grid = shape->layout.grid;
  *b = (fh_blocks){.count = 1, .channels = shape->channels};
  FH_CHECK(per_axis->count == 1 || per_axis->count == grid.dim, FH_ERR_USAGE,
           "option -loss_blocks has %d numbers but the data has %d axes: give one or %d",
           per_axis->count, grid.dim, grid.dim);
  for (int a = 0; a < 3; a++) {
    const int at = a - (3 - grid.dim);
    const ptrdiff_t n = at >= 0 ? grid.n[at] : 1;
    const ptrdiff_t parts = at >= 0 ? per_axis->value[per_axis->count == 1 ? 0 : at] : 1;
    FH_CHECK(n % parts == 0, FH_ERR_USAGE,
             "option -loss_blocks: %td points along axis %d cannot be cut into %td blocks: give a "
             "divisor",
             n, at, parts);
    b->parts[a] = parts;
    b->n[a] = n;
    b->size[a] = n / parts;
    b->count *= parts;
  }
  for (int a = 0; a < grid.dim; a++) {
    const ptrdiff_t parts = b->parts[3 - grid.dim + a];
    grid.n[a] /= parts;
    grid.length[a] /= (double)parts;
  }
  *block = (fh_shape){shape->batch * b->count, shape->channels, fh_layout_whole(&grid)};
  return FH_OK;
}

/* copies every row of every block, one way or the other; the k-th row of the blocks lies at k * size[2] */
static void visit(const fh_blocks *b, ptrdiff_t samples, const fh_real *field, fh_real *to_field,
                  const fh_real *cut, fh_real *to_cut)
{
  const ptrdiff_t points = b->n[0] * b->n[1] * b->n[2], row = b->size[2];
  const size_t bytes = (size_t)row * sizeof *field;
  ptrdiff_t k = 0;
  for (ptrdiff_t q = 0; q < samples * b->count; q++)
    for (ptrdiff_t c = 0; c < b->channels; c++)
      for (ptrdiff_t i = 0; i < b->size[0]; i++)
        for (ptrdiff_t j = 0; j < b->size[1]; j++, k += row) {
          const ptrdiff_t r = q % b->count, x = r % b->parts[2], y = r / b->parts[2] % b->parts[1],
                          z = r / b->parts[2] / b->parts[1];
          const ptrdiff_t at = (q / b->count * b->channels + c) * points +
                               ((z * b->size[0] + i) * b->n[1] + y * b->size[1] + j) * b->n[2] +
                               x * row;
          if (to_cut)
            memcpy(to_cut + k, field + at, bytes);
          else
            memcpy(to_field + at, cut + k, bytes);
        }
}

void fh_blocks_cut(const fh_blocks *b, ptrdiff_t samples, const fh_real *field, fh_real *cut)
{
  visit(b, samples, field, NULL, NULL, cut);
}

void fh_blocks_join(const fh_blocks *b, ptrdiff_t samples, const fh_real *cut, fh_real *field)
{
  visit(b, samples, NULL, field, cut, NULL);
}
