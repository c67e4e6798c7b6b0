#include "datagen/skr/stencil_kernels.h"

#include "kernels/dispatch.h"

const fh_stencil_kernels *fh_stencil_kernels_best(void)
{
  const fh_stencil_kernels *const all[FH_ISA_COUNT] = {
      &fh_stencil_kernels_generic, &fh_stencil_kernels_avx2, &fh_stencil_kernels_avx512};
  return all[fh_isa_best()];
}
