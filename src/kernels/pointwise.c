#include "kernels/pointwise.h"

const char *const fh_activation_names[] = {"identity", "relu", "gelu", "tanh", NULL};

extern const fh_pointwise fh_pointwise_generic, fh_pointwise_avx2, fh_pointwise_avx512;

static const fh_pointwise *const tables[FH_ISA_COUNT] = {&fh_pointwise_generic, &fh_pointwise_avx2,
                                                         &fh_pointwise_avx512};

const fh_pointwise *fh_pointwise_variant(fh_isa isa)
{
  return isa < FH_ISA_COUNT && fh_isa_runs(isa) ? tables[isa] : NULL;
}

const fh_pointwise *fh_pointwise_get(void)
{
  return tables[fh_isa_best()];
}
