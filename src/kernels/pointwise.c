#include "kernels/pointwise.h"

const char *const fh_activation_names[] = {"identity", "relu", "gelu", "tanh", NULL};

extern const fh_pointwise fh_pointwise_generic, fh_pointwise_avx2, fh_pointwise_avx512;

const fh_pointwise *fh_pointwise_variant(int i)
{
  if (i == 0) return &fh_pointwise_generic;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (i == 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &fh_pointwise_avx2;
  if (i == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return &fh_pointwise_avx512;
#endif
  return NULL;
}

const fh_pointwise *fh_pointwise_get(void)
{
  for (int i = 2; i > 0; i--)
    if (fh_pointwise_variant(i)) return fh_pointwise_variant(i);
  return fh_pointwise_variant(0);
}
