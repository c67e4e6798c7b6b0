#include "kernels/taps_kernels.h"

extern const fh_taps_kernels fh_taps_kernels_generic, fh_taps_kernels_avx2, fh_taps_kernels_avx512;

const fh_taps_kernels *fh_taps_kernels_get(void)
{
  static const fh_taps_kernels *const tables[FH_ISA_COUNT] = {
      &fh_taps_kernels_generic, &fh_taps_kernels_avx2, &fh_taps_kernels_avx512};
  return tables[fh_isa_best()];
}
