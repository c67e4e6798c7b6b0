/**
 * winograd_phases - stencils of stride 2, kernel 3 or 4, by the transforms of F(4x4, 3x3)
 *
 * The fine field is four fields on the coarse grid, by the parity of row and column:
 * x_ef[q, r] = x[2 q + e, 2 r + f]. Between them and the coarse field a stencil of stride 2 is a 3x3
 * convolution of stride 1 whose kernels have, along each axis, two entries beside each other or one
 * in the middle. Their transforms vanish at the place 0 or infinity of that axis, or at both: of 4 x 36
 * products of a pair of channels 100 remain for a kernel of 4 x 4 (direct: 256) and 81 for 3 x 3 (direct: 144).
 * The coarse field is transformed once for all phases; in the adjoints the transformed field serves the
 * gradient of the other field and of the weight. Errors in single precision as in winograd.h.
 */
#pragma once

#include "base/status.h"
#include "kernels/winograd_kernels.h"

/** The four kernels of 3x3 for one direction, and where their transforms are not zero. */
typedef struct {
  int tap[4][9];          /* entry of the stencil at (row, column) of a phase's kernel; -1: none */
  unsigned support[2][2]; /* [axis][parity]: bit r: place r of that axis is not zero */
  ptrdiff_t first[FH_WINOGRAD_POINTS + 1]; /* at place xi: phases of all places before it */
  ptrdiff_t slot[4][FH_WINOGRAD_POINTS];   /* number of (place, phase) in that order; -1: zero */
  ptrdiff_t field[4][FH_WINOGRAD_POINTS];  /* transformed fine field: first channel; -1 */
  ptrdiff_t size;                          /* reals of the transformed fine field */
} fh_winograd_window;

typedef struct {
  const fh_winograd_kernels *k;
  ptrdiff_t in, out; /* channels of the fine and of the coarse field */
  ptrdiff_t n[2], m[2],
      tiles[2];   /* points of the fine and the coarse grid, tiles of 4 x 4 coarse points */
  ptrdiff_t taps; /* entries of a kernel */
  fh_winograd_window gather, scatter;
  ptrdiff_t
      *fine[2]; /* 8 tiles + 4 indices: point i - 2 of the fine grid along an axis, -1: zero */
  ptrdiff_t *coarse[2]; /* 4 tiles + 2 indices: point i - 1 of the coarse grid */
  ptrdiff_t pitch;      /* of the transformed coarse field */
} fh_winograd_phases;

/** Extents along two axes. wraps: the axis is periodic (then n = 2 m), else zeros stand outside. */
typedef struct {
  ptrdiff_t n[2], m[2], kernel[2], pad[2];
  bool wraps[2];
} fh_winograd_phases_shape;

/** False if the shape has another kernel or padding than 3 or 4 and 0 to 2, or vectors are too short. */
bool fh_winograd_phases_can(const fh_winograd_phases_shape *h);
/** True if it is faster than the direct kernel by an estimate from shape and channels; never in double. */
bool fh_winograd_phases_pays(const fh_winograd_phases_shape *h, ptrdiff_t in, ptrdiff_t out);
fh_status fh_winograd_phases_create(const fh_winograd_phases_shape *h, ptrdiff_t in, ptrdiff_t out,
                                    fh_winograd_phases **phases) FH_MUST;
void fh_winograd_phases_destroy(fh_winograd_phases **phases);

/** Reals of a packed weight, and of the scratch of every map. */
ptrdiff_t fh_winograd_phases_packed(const fh_winograd_phases *p);
ptrdiff_t fh_winograd_phases_work(const fh_winograd_phases *p);
/** sign * W[out][in][taps] for gather and for scatter. */
void fh_winograd_phases_pack(const fh_winograd_phases *p, bool gather, fh_real sign,
                             const fh_real *w, fh_real *packed);

/** The maps of taps.h. Here dy of gather_back has no sign in dx: packed has it. */
void fh_winograd_phases_gather(const fh_winograd_phases *p, ptrdiff_t batch, const fh_real *packed,
                               const fh_real *bias, const fh_real *c, const fh_real *x, fh_real *y,
                               fh_real *work);
void fh_winograd_phases_scatter(const fh_winograd_phases *p, ptrdiff_t batch, const fh_real *packed,
                                const fh_real *bias, const fh_real *c, const fh_real *y, fh_real *x,
                                fh_real *work);
void fh_winograd_phases_gather_back(const fh_winograd_phases *p, ptrdiff_t batch,
                                    const fh_real *packed, fh_real sign, const fh_real *c,
                                    const fh_real *dy, const fh_real *x, fh_real *dx, fh_real *dw,
                                    fh_real *db, fh_real *work);
void fh_winograd_phases_scatter_back(const fh_winograd_phases *p, ptrdiff_t batch,
                                     const fh_real *packed, const fh_real *dx, const fh_real *y,
                                     fh_real *dy, fh_real *dw, fh_real *work);
