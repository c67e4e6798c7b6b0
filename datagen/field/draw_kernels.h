/**
 * draw_kernels - the loops of drawing a random field; internal to grf.c
 *
 * isa/draw.c is compiled once for each instruction set, without contracted multiply-adds: all give the
 * same bits.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  /* pairs[i] = two standard normal numbers of the words [i][2] (base/box_muller.h) */
  void (*normal)(ptrdiff_t n, const uint64_t *words, double *pairs);
  /* a = exp(scale a), to 1 ulp; 0 and infinity where that leaves the range of double */
  void (*exponential)(ptrdiff_t n, double scale, double *a);
} fh_draw_kernels;

extern const fh_draw_kernels fh_draw_kernels_generic, fh_draw_kernels_avx2, fh_draw_kernels_avx512;

/** Of the instruction set that this processor runs (kernels/dispatch.h). */
const fh_draw_kernels *fh_draw_kernels_best(void);
