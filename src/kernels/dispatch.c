#include "kernels/dispatch.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[FH_ISA_COUNT] = {"generic", "avx2", "avx512"};

bool fh_isa_runs(fh_isa isa)
{
  if (isa == FH_ISA_GENERIC) return true;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == FH_ISA_AVX2) return avx2;
  if (isa == FH_ISA_AVX512)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
  return false;
}

fh_isa fh_isa_best(void)
{
  int best = FH_ISA_AVX512;
  const char *wish = getenv("FREDHOLM_ISA");
  for (int i = 0; wish && i < FH_ISA_COUNT; i++)
    if (strcmp(wish, names[i]) == 0) best = i;
  while (!fh_isa_runs((fh_isa)best)) best--;
  return (fh_isa)best;
}

const char *fh_isa_name(fh_isa isa)
{
  return names[isa];
}
