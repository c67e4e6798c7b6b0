/**
 * winograd_tables - how the two Winograd files of one instruction set find each other
 */
#pragma once

#include "kernels/isa/lanes.h"

void FH_ISA(fh_winograd_products)(int points, int groups, ptrdiff_t in, ptrdiff_t out,
                                  const fh_real *u, const fh_real *v, ptrdiff_t pitch_in,
                                  fh_real *m, ptrdiff_t pitch_out);
ptrdiff_t FH_ISA(fh_winograd_sum_row)(ptrdiff_t in);
void FH_ISA(fh_winograd_pair)(ptrdiff_t in, int groups, const fh_real *v, ptrdiff_t pitch,
                              fh_real *pairs);
void FH_ISA(fh_winograd_outer)(ptrdiff_t in, ptrdiff_t out, int groups, const fh_real *g,
                               ptrdiff_t pitch, const fh_real *pairs, fh_real *sum);
void FH_ISA(fh_winograd_fold)(ptrdiff_t in, ptrdiff_t out, fh_real sign, const fh_real *sum,
                              fh_real *dw);
