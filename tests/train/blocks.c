/* blocks: where every point of a field goes, back again, and what cannot be cut */
#include "train/blocks.h"

#include <string.h>

#include "check.h"

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  enum { SIZE = 2 * 3 * 24 };
  const ptrdiff_t n[2] = {4, 6};
  const fh_int_list per_axis = {2, {2, 3}}, wrong = {1, {4}};
  fh_blocks b;
  fh_shape block;
  fh_real field[SIZE], cut[SIZE], back[SIZE];
  for (int i = 0; i < SIZE; i++) field[i] = (fh_real)i;
  const fh_shape shape = box_shape(2, 3, 2, n);
  MUST(fh_blocks_make(&per_axis, &shape, &b, &block));
  expect(block.batch == 12 && block.channels == 3, "number of blocks");
  expect(block.layout.grid.n[0] == 2 && block.layout.grid.n[1] == 2, "points of a block");
  fh_blocks_cut(&b, 2, field, cut);
  /* sample 1, block (1, 2), channel 2, point (1, 0) */
  const int to = (((6 + 5) * 3 + 2) * 2 + 1) * 2, from = ((3 + 2) * 4 + 3) * 6 + 4;
  near((double)cut[to], (double)field[from], 0, "place of a point");
  fh_blocks_join(&b, 2, cut, back);
  expect(!memcmp(field, back, sizeof field), "cut and join");
  refused(fh_blocks_make(&wrong, &shape, &b, &block), FH_ERR_USAGE, "6 points along axis 1");
  return finish("train blocks");
}
