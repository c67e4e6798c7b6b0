/**
 * frequencies - the members of fh_dft_table that live in frequencies.c
 */
#pragma once

#include "kernels/dft_table.h"
#include "kernels/isa/lanes.h"

void FH_ISA(fh_fold)(ptrdiff_t m, ptrdiff_t n, const fh_real *x, ptrdiff_t ldx, fh_real *even,
                     fh_real *odd, ptrdiff_t ldf);
void FH_ISA(fh_unfold)(ptrdiff_t m, ptrdiff_t n, const fh_real *even, const fh_real *odd,
                       ptrdiff_t ldf, fh_real *x, ptrdiff_t ldx);
void FH_ISA(fh_combine)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nk, ptrdiff_t im,
                        const fh_real *q, ptrdiff_t ldq, fh_real *out);
void FH_ISA(fh_separate)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nf, ptrdiff_t nk, ptrdiff_t im,
                         const fh_real *in, fh_real *q, ptrdiff_t ldq);
void FH_ISA(fh_combine_complex)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t inner, const fh_real *q,
                                fh_real *out);
void FH_ISA(fh_separate_complex)(ptrdiff_t first, ptrdiff_t count, ptrdiff_t nf, ptrdiff_t inner,
                                 const fh_real *in, fh_real *q);
