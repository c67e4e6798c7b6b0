/**
 * taps - convolutions between a fine and a coarse grid, their adjoints, any boundary kind
 *
 * One stencil W of kernel k, stride s and padding p is two maps, and each has its adjoint:
 *   gather   y[o, i] = sum_{c,a} W[o,c,a] x[c, B(s i + a - p)]      fine x -> coarse y
 *   scatter  x[c, B(s i + a - p)] += W[o,c,a] y[o, i]               coarse y -> fine x (its adjoint)
 * B says what stands outside the fine grid: nothing (zero), the mirror image, the last value, or the
 * other end; each side of each axis for itself. s = 1 is a convolution, s = 2 a restriction; the
 * scatter of s = 2 is the transposed convolution. Fields are [channels][n1]...[nd] of one sample.
 *
 * The fine field is copied, band by band, into a padded one that is split by the residues modulo s
 * (phases): every entry of the kernel is then a shift by one number, and all maps are small
 * matrices on shifted rows that are never gathered (kernels/pointwise.h).
 */
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "kernels/pointwise.h"
#include "kernels/taps_kernels.h"
#include "kernels/winograd.h"
#include "kernels/winograd_phases.h"

typedef enum {
  FH_SIDE_ZERO,      /* Dirichlet: zeros outside */
  FH_SIDE_REFLECT,   /* Neumann: mirrored at the last point, which is not repeated */
  FH_SIDE_REPLICATE, /* Neumann: the last point is repeated */
  FH_SIDE_PERIODIC,  /* the other end; both sides of an axis */
  FH_SIDE_COUNT
} fh_side;

extern const char *const fh_side_names[]; /* "zero", "reflect", "replicate", "periodic", NULL */

/** How a convolution is computed. */
typedef enum {
  FH_CONVOLUTION_AUTO,   /* the faster one by an estimate; always direct in double precision */
  FH_CONVOLUTION_DIRECT, /* products of shifted rows */
  FH_CONVOLUTION_WINOGRAD, /* where it can be, 2-D: kernels/winograd.h for kernel 3, stride 1, padding 1;
                            * kernels/winograd_phases.h for stride 2, kernel 3 or 4, no mirrors */
  FH_CONVOLUTION_COUNT
} fh_convolution;

extern const char *const fh_convolution_names[]; /* "auto", "direct", "winograd", NULL */

enum { FH_TAPS_PHASES = 8 };

/** Extents along 1 to 3 axes. */
typedef struct {
  int dim;
  ptrdiff_t fine[3], coarse[3]; /* points */
  ptrdiff_t kernel[3], stride[3], pad[3];
  int side[3][2];  /* fh_side */
  int convolution; /* fh_convolution */
} fh_taps_shape;

typedef struct {
  const fh_pointwise *k;
  const fh_taps_kernels *row;
  ptrdiff_t in, out; /* channels of the fine and of the coarse field */
  ptrdiff_t taps;    /* entries of a kernel */
  int phases;
  /* axes of the kernel: the rows of a plane come first, so that bands of rows exist in 2-D too */
  ptrdiff_t fine[3], coarse[3], kernel[3], stride[3], pad[3];
  ptrdiff_t padded[3];  /* points of the padded fine grid */
  ptrdiff_t phase[3];   /* points of a phase of it */
  ptrdiff_t reach[3];   /* farthest tap within a phase */
  ptrdiff_t *source[3]; /* padded index -> index of the fine grid, -1: nothing */
  ptrdiff_t plane;      /* points of a phase in one row of axis 0 */
  ptrdiff_t band;       /* rows of axis 0 at once */
  ptrdiff_t front;      /* zeros in front of the coarse field */
  ptrdiff_t phase_pitch, fine_pitch, coarse_pitch;
  bool rows;             /* gather writes row by row; else a band as one long row with gaps */
  ptrdiff_t *off_gather; /* [in][taps] */
  ptrdiff_t *off_scatter, *tap_order; /* by phase: [out][taps of the phase] */
  ptrdiff_t n_taps[FH_TAPS_PHASES], first_tap[FH_TAPS_PHASES];
  fh_winograd *winograd, *winograd_back; /* of gather and of its adjoint in x; NULL: direct */
  fh_winograd_phases *phased;            /* the same of stride 2; NULL: direct */
  bool beyond[2]; /* winograd_back writes the points outside the grid, too: reflect, replicate */
} fh_taps;

/**
 * fh_taps_create - tables for one stencil between two grids
 *
 * in channels on the fine grid, out on the coarse one. Errors: FH_ERR_SHAPE for grids too small for
 * the padding (reflect needs two points, periodic as many as the padding), one periodic side without
 * the other, or a kernel shorter than its stride.
 */
fh_status fh_taps_create(const fh_taps_shape *shape, ptrdiff_t in, ptrdiff_t out,
                         fh_taps **taps) FH_MUST;
void fh_taps_destroy(fh_taps **taps);
/** The same for kernel 3, stride 1, padding 1: both grids are n[0..dim). */
fh_status fh_taps_create_same(int dim, const ptrdiff_t *n, const int (*side)[2], int convolution,
                              ptrdiff_t in, ptrdiff_t out, fh_taps **taps) FH_MUST;
/** Points of the coarse grid of a convolution: floor((n + 2 p - k) / s) + 1; 0 if none. */
ptrdiff_t fh_taps_coarse(ptrdiff_t n, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t pad);

/** Samples that a map should get at once: more than one where the grid alone does not fill vectors. */
ptrdiff_t fh_taps_samples(const fh_taps *s);
/** Reals of a packed weight, and of the scratch that each map needs. */
ptrdiff_t fh_taps_packed(const fh_taps *s);
ptrdiff_t fh_taps_work(const fh_taps *s);
/** sign * W[out][in][taps] in the order of gather; of scatter (sign 1) and of gather_back (its sign). */
void fh_taps_pack_gather(const fh_taps *s, fh_real sign, const fh_real *w, fh_real *packed);
void fh_taps_pack_scatter(const fh_taps *s, fh_real sign, const fh_real *w, fh_real *packed);

/** y = bias + c + W x, batch samples; bias [out] and c (a field like y) may be NULL. */
void fh_taps_gather(const fh_taps *s, ptrdiff_t batch, const fh_real *packed, const fh_real *bias,
                    const fh_real *c, const fh_real *x, fh_real *y, fh_real *work);
/** x = bias + c + W' y, batch samples; bias [in] and c (a field like x) may be NULL. */
void fh_taps_scatter(const fh_taps *s, ptrdiff_t batch, const fh_real *packed, const fh_real *bias,
                     const fh_real *c, const fh_real *y, fh_real *x, fh_real *work);
/** Adjoint of gather with sign W: dx = c + W' (sign dy), dw[out][in][taps] += (sign dy) x, db[out] +=
 *  sum of sign dy. packed: of scatter with this sign; c, dx and db may be NULL. */
void fh_taps_gather_back(const fh_taps *s, ptrdiff_t batch, const fh_real *packed, fh_real sign,
                         const fh_real *c, const fh_real *dy, const fh_real *x, fh_real *dx,
                         fh_real *dw, fh_real *db, fh_real *work);
/** Adjoint of scatter: dy = W dx, dw[out][in][taps] += y dx. packed: of gather; dy may be NULL. */
void fh_taps_scatter_back(const fh_taps *s, ptrdiff_t batch, const fh_real *packed,
                          const fh_real *dx, const fh_real *y, fh_real *dy, fh_real *dw,
                          fh_real *work);
