#include "kernels/mixing.h"

#include <string.h>

extern const fh_mix_table fh_mix_table_generic, fh_mix_table_avx2, fh_mix_table_avx512;

const fh_mix_table *fh_mix_table_get(fh_isa isa)
{
  if (isa == FH_ISA_AVX512) return &fh_mix_table_avx512;
  return isa == FH_ISA_AVX2 ? &fh_mix_table_avx2 : &fh_mix_table_generic;
}

bool fh_mix_box_is_whole(const fh_mix_box *b)
{
  for (int a = 0; a < b->dim; a++)
    if (b->count[a] != b->stored[a]) return false;
  return true;
}

/* a box as rows of columns in a plane of planes, whatever its dim */
typedef struct {
  ptrdiff_t stored[3], first[3], count[3];
} box3;

static box3 in_3d(const fh_mix_box *b)
{
  box3 c = {{1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
  for (int a = 0; a < b->dim; a++) {
    const int i = 3 - b->dim + a;
    c.stored[i] = b->stored[a];
    c.first[i] = b->first[a];
    c.count[i] = b->count[a];
  }
  return c;
}

/* offset of the first kept number of row (i, j) of matrix m, in complex numbers */
static ptrdiff_t row_at(const box3 *c, ptrdiff_t m, ptrdiff_t i, ptrdiff_t j)
{
  return ((m * c->stored[0] + c->first[0] + i) * c->stored[1] + c->first[1] + j) * c->stored[2] +
         c->first[2];
}

void fh_mix_gather(const fh_mix_box *b, ptrdiff_t matrices, const fh_real *w, fh_real *part)
{
  const box3 c = in_3d(b);
  for (ptrdiff_t m = 0; m < matrices; m++)
    for (ptrdiff_t i = 0; i < c.count[0]; i++)
      for (ptrdiff_t j = 0; j < c.count[1]; j++, part += 2 * c.count[2])
        memcpy(part, w + 2 * row_at(&c, m, i, j), (size_t)c.count[2] * 2 * sizeof(fh_real));
}

void fh_mix_scatter(const fh_mix_box *b, ptrdiff_t matrices, const fh_real *part, fh_real *w)
{
  const box3 c = in_3d(b);
  for (ptrdiff_t m = 0; m < matrices; m++)
    for (ptrdiff_t i = 0; i < c.count[0]; i++)
      for (ptrdiff_t j = 0; j < c.count[1]; j++, part += 2 * c.count[2]) {
        fh_real *row = w + 2 * row_at(&c, m, i, j);
        for (ptrdiff_t k = 0; k < 2 * c.count[2]; k++) row[k] += part[k];
      }
}
