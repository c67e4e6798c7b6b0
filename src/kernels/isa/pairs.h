/**
 * pairs - vectors of interleaved complex numbers
 */
#pragma once

#include "kernels/isa/lanes.h"

/* FH_PAIRS: complex numbers in a vector */
#ifdef FH_DOUBLE
#define FH_PAIRS (FH_VECTOR_BYTES / 16)
#else
#define FH_PAIRS (FH_VECTOR_BYTES / 8)
#endif

#if FH_PAIRS == 8
#define FH_RE 0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14
#define FH_IM 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15
#define FH_SWAP 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14
#define FH_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define FH_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define FH_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define FH_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define FH_BACKWARD 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
#elif FH_PAIRS == 4
#define FH_RE 0, 0, 2, 2, 4, 4, 6, 6
#define FH_IM 1, 1, 3, 3, 5, 5, 7, 7
#define FH_SWAP 1, 0, 3, 2, 5, 4, 7, 6
#define FH_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define FH_ODD 1, 3, 5, 7, 9, 11, 13, 15
#define FH_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define FH_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define FH_BACKWARD 7, 6, 5, 4, 3, 2, 1, 0
#elif FH_PAIRS == 2
#define FH_RE 0, 0, 2, 2
#define FH_IM 1, 1, 3, 3
#define FH_SWAP 1, 0, 3, 2
#define FH_EVEN 0, 2, 4, 6
#define FH_ODD 1, 3, 5, 7
#define FH_LOW 0, 4, 1, 5
#define FH_HIGH 2, 6, 3, 7
#define FH_BACKWARD 3, 2, 1, 0
#else
#define FH_RE 0, 0
#define FH_IM 1, 1
#define FH_SWAP 1, 0
#define FH_EVEN 0, 2
#define FH_ODD 1, 3
#define FH_LOW 0, 2
#define FH_HIGH 1, 3
#define FH_BACKWARD 1, 0
#endif

/** (re, re) of every number */
FH_INLINE fh_vec fh_real_parts(fh_vec v)
{
  return __builtin_shufflevector(v, v, FH_RE);
}
/** (im, im) of every number */
FH_INLINE fh_vec fh_imag_parts(fh_vec v)
{
  return __builtin_shufflevector(v, v, FH_IM);
}
/** (im, re) of every number */
FH_INLINE fh_vec fh_swapped(fh_vec v)
{
  return __builtin_shufflevector(v, v, FH_SWAP);
}
/** the lanes in the opposite order */
FH_INLINE fh_vec fh_backward(fh_vec v)
{
  return __builtin_shufflevector(v, v, FH_BACKWARD);
}
/** a vector of real and a vector of imaginary parts, from 2 FH_LANES interleaved reals */
FH_INLINE void fh_load_pairs(const fh_real *p, fh_vec *re, fh_vec *im)
{
#if FH_PAIRS == 4 && !defined(FH_DOUBLE)
  /* the inner halves are exchanged on the way from memory: shuffles inside of halves are cheap, others are not */
  typedef fh_real half __attribute__((vector_size(16), aligned(sizeof(fh_real)), may_alias));
  const half *h = (const half *)p;
  const fh_vec a = __builtin_shufflevector(h[0], h[2], 0, 1, 2, 3, 4, 5, 6, 7);
  const fh_vec b = __builtin_shufflevector(h[1], h[3], 0, 1, 2, 3, 4, 5, 6, 7);
  *re = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14);
  *im = __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
#else
  const fh_vec a = fh_load(p), b = fh_load(p + FH_LANES);
  *re = __builtin_shufflevector(a, b, FH_EVEN);
  *im = __builtin_shufflevector(a, b, FH_ODD);
#endif
}
FH_INLINE void fh_store_pairs(fh_real *p, fh_vec re, fh_vec im)
{
  fh_store(p, __builtin_shufflevector(re, im, FH_LOW));
  fh_store(p + FH_LANES, __builtin_shufflevector(re, im, FH_HIGH));
}
/** (a, b, a, b, ...) */
FH_INLINE fh_vec fh_alternating(fh_real a, fh_real b)
{
  return __builtin_shufflevector(fh_all(a), fh_all(b), FH_LOW);
}
