#include "kernels/taps_moves.h"

extern const fh_taps_moves fh_taps_moves_generic, fh_taps_moves_avx2, fh_taps_moves_avx512;

const fh_taps_moves *fh_taps_moves_get(void)
{
  static const fh_taps_moves *const tables[FH_ISA_COUNT] = {
      &fh_taps_moves_generic, &fh_taps_moves_avx2, &fh_taps_moves_avx512};
  return tables[fh_isa_best()];
}
