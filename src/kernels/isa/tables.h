/**
 * tables - how the files of one instruction set find each other
 */
#pragma once

#include "kernels/isa/lanes.h"
#include "kernels/pointwise.h"

void FH_ISA(fh_activate)(int kind, ptrdiff_t n, const fh_real *z, fh_real *y);
void FH_ISA(fh_activate_back)(int kind, ptrdiff_t n, const fh_real *z, const fh_real *dy,
                              fh_real *dz);
void FH_ISA(fh_activate_both)(int kind, ptrdiff_t n, const fh_real *z, const fh_real *dy,
                              fh_real *y, fh_real *dz);
void FH_ISA(fh_moments)(ptrdiff_t n, const fh_real *x, double shift, double s[2]);
void FH_ISA(fh_weighted_moments)(ptrdiff_t n, const fh_real *dy, const fh_real *w, const fh_real *x,
                                 double shift, double s[2]);
void FH_ISA(fh_standardise)(ptrdiff_t n, const fh_real *x, fh_real shift, fh_real scale,
                            fh_real offset, fh_real *y);
void FH_ISA(fh_standardise_each)(ptrdiff_t n, const fh_real *x, fh_real shift, fh_real scale,
                                 const fh_real *w, const fh_real *b, fh_real *y);
void FH_ISA(fh_standardise_params)(ptrdiff_t n, const fh_real *dy, const fh_real *x, fh_real shift,
                                   fh_real scale, fh_real *dw, fh_real *db);
void FH_ISA(fh_standardise_back)(ptrdiff_t n, const fh_real *dy, const fh_real *w, const fh_real *x,
                                 fh_real shift, fh_real scale, fh_real mean, fh_real slope,
                                 fh_real *dx);
extern const fh_pointwise FH_ISA(fh_pointwise);
