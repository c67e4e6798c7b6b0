/**
 * lanes - vectors of the instruction set that this file is compiled for
 *
 * Compiler vectors instead of intrinsics: one text for every instruction set.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

#define FH_ISA_JOIN2(a, b) a##_##b
#define FH_ISA_JOIN(a, b) FH_ISA_JOIN2(a, b)
/** name_generic, name_avx2, name_avx512 */
#define FH_ISA(name) FH_ISA_JOIN(name, FH_ISA_NAME)

#if defined(__AVX512F__)
#define FH_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define FH_VECTOR_BYTES 32
#else
#define FH_VECTOR_BYTES 16
#endif

enum { FH_LANES = FH_VECTOR_BYTES / sizeof(fh_real) };

typedef fh_real fh_vec __attribute__((vector_size(FH_VECTOR_BYTES)));
/* the same at any address */
typedef fh_real fh_vec_u
    __attribute__((vector_size(FH_VECTOR_BYTES), aligned(sizeof(fh_real)), may_alias));

static inline fh_vec fh_load(const fh_real *p)
{
  return *(const fh_vec_u *)p;
}
static inline void fh_store(fh_real *p, fh_vec v)
{
  *(fh_vec_u *)p = v;
}
static inline fh_vec fh_all(fh_real s)
{
  return s - (fh_vec){0};
}

#define FH_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define FH_UNROLL _Pragma("clang loop unroll(full)")
#else
#define FH_UNROLL _Pragma("GCC unroll 16")
#endif
