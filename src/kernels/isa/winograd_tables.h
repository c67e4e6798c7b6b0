/**
 * winograd_tables - how the two Winograd files of one instruction set find each other
 */
#pragma once

#include "kernels/isa/lanes.h"
#include "kernels/winograd_kernels.h"

void FH_ISA(fh_winograd_input_phases)(const fh_real *x, const ptrdiff_t row[12],
                                      const ptrdiff_t field[4][FH_WINOGRAD_POINTS],
                                      const unsigned support[2][2], fh_real *v);
void FH_ISA(fh_winograd_slope_phases)(const fh_real *x, const ptrdiff_t row[8],
                                      const ptrdiff_t field[4][FH_WINOGRAD_POINTS],
                                      const unsigned support[2][2], fh_real *v);
void FH_ISA(fh_winograd_output_phases)(const fh_real *m,
                                       const ptrdiff_t field[4][FH_WINOGRAD_POINTS],
                                       const unsigned support[2][2], fh_real bias, const fh_real *c,
                                       fh_real *y, ptrdiff_t ld);
void FH_ISA(fh_winograd_weights)(ptrdiff_t n, const fh_real *w, ptrdiff_t stride, const int tap[9],
                                 fh_real sign, const ptrdiff_t at[FH_WINOGRAD_POINTS], fh_real *u);
void FH_ISA(fh_winograd_multiply)(int groups, ptrdiff_t in, ptrdiff_t out, const fh_real *u,
                                  const fh_real *v, fh_real *m);
ptrdiff_t FH_ISA(fh_winograd_turned_row)(ptrdiff_t in);
void FH_ISA(fh_winograd_turn)(ptrdiff_t in, int groups, const fh_real *v, fh_real *turned);
void FH_ISA(fh_winograd_add_products)(ptrdiff_t in, ptrdiff_t out, int groups, const fh_real *g,
                                      const fh_real *turned, fh_real *sum);
void FH_ISA(fh_winograd_fold_taps)(ptrdiff_t in, ptrdiff_t out, fh_real sign, const fh_real *sum,
                                   const ptrdiff_t at[FH_WINOGRAD_POINTS], const int tap[9],
                                   ptrdiff_t so, ptrdiff_t sc, fh_real *dw);
fh_real FH_ISA(fh_winograd_total)(ptrdiff_t n, const fh_real *x);
