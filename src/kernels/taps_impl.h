/* taps_impl - what the files of the stencil share; nobody else includes it */
#pragma once

#include "kernels/taps.h"

/** Padded rows first..first+rows of every channel of x, split into phases. */
void fh_taps_load_fine(const fh_taps *s, const fh_real *x, ptrdiff_t first, ptrdiff_t rows,
                       fh_real *padded);
/** Rows first..first+rows of sign * y with zeros in the gaps, in front, and for rows outside. */
void fh_taps_load_coarse(const fh_taps *s, fh_real sign, const fh_real *y, ptrdiff_t first,
                         ptrdiff_t rows, fh_real *gapped);
/** Folds rows first..first+rows of all phases back to the fine grid: x = bias + c + ...; what lies
 *  outside the grid along axis 0 goes to halo, which fh_taps_add_halo adds at the end. */
void fh_taps_fold(const fh_taps *s, const fh_real *bias, const fh_real *c, const fh_real *phases,
                  ptrdiff_t first, ptrdiff_t rows, fh_real *x, fh_real *halo);
void fh_taps_add_halo(const fh_taps *s, const fh_real *halo, fh_real *x);
/** Rows of the padded grid outside the fine one along axis 0. */
ptrdiff_t fh_taps_halo_rows(const fh_taps *s);

/** Makes s->winograd and s->winograd_back if the shape allows and asks for it. */
fh_status fh_taps_winograd_create(fh_taps *s, const fh_taps_shape *shape) FH_MUST;
/** The maps of taps.h by s->winograd. */
ptrdiff_t fh_taps_winograd_work(const fh_taps *s);
void fh_taps_winograd_scatter(const fh_taps *s, ptrdiff_t batch, const fh_real *packed,
                              const fh_real *bias, const fh_real *c, const fh_real *y, fh_real *x,
                              fh_real *work);
void fh_taps_winograd_gather_back(const fh_taps *s, ptrdiff_t batch, const fh_real *packed,
                                  fh_real sign, const fh_real *c, const fh_real *dy,
                                  const fh_real *x, fh_real *dx, fh_real *dw, fh_real *db,
                                  fh_real *work);
