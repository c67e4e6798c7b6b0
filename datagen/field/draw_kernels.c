#include "datagen/field/draw_kernels.h"

#include "kernels/dispatch.h"

const fh_draw_kernels *fh_draw_kernels_best(void)
{
  const fh_draw_kernels *const all[FH_ISA_COUNT] = {&fh_draw_kernels_generic, &fh_draw_kernels_avx2,
                                                    &fh_draw_kernels_avx512};
  return all[fh_isa_best()];
}
