/**
 * cut - which points of a field make its patches
 *
 * levels L: n = 2^L patches per axis of h = ceil(points / n) points; with padding p points on each
 * side a patch has h + 2 p points. Level 0 of patch I begins at point I h - p of the field. Level l > 0
 * takes every s-th point, s = 2^l, of a window s times as wide, centred on the patch; it begins at
 *   I h - s (ceil(h (s - 1) / (2 s)) + p)
 * which is half a coarse point off the centre where h (s - 1) is no multiple of 2 s. For points that
 * are a multiple of 4^L this is neuraloperator's MultigridPatching2D; it works for any number of
 * points. Channels: level by level those of the field, with coordinates: and then i / n of each axis.
 * Patches are the tiles of grid/tiles.h, the last axis fastest. Points outside the field are taken
 * periodically (the reference), reflected about the first and the last point, or zero.
 */
#pragma once

#include "grid/selection.h"
#include "grid/tiles.h"

typedef enum { FH_OUTSIDE_PERIODIC, FH_OUTSIDE_REFLECT, FH_OUTSIDE_ZERO } fh_outside;

typedef struct {
  int dim, levels;      /* levels 0: one patch, the field with its padding */
  ptrdiff_t padding[3]; /* points on each side of every axis, at every level */
  int outside;          /* fh_outside */
  bool coordinates;     /* further channels: the coordinates of the points in the field */
} fh_patch_config;

typedef struct {
  fh_patch_config config;
  fh_tiles tiles;
  fh_grid patch;           /* of a patch with its padding */
  ptrdiff_t size[3], n[3]; /* points of patch and field on three axes always, leading ones 1 */
  ptrdiff_t *from[3]; /* [patch][level][point of the patch] along an axis; -1: nowhere (zero) */
} fh_cut;

/** Errors: FH_ERR_ARG for levels outside 0..8 or negative padding. */
fh_status fh_cut_check(const fh_patch_config *config) FH_MUST;
/**
 * fh_cut_create - the indices
 *
 * Errors: those of fh_cut_check; FH_ERR_SHAPE where the grid is too
 * small for the levels, or where padding exceeds the field. Free with fh_cut_destroy.
 */
fh_status fh_cut_create(const fh_patch_config *config, const fh_grid *grid, fh_cut **cut) FH_MUST;
void fh_cut_destroy(fh_cut **cut);
/** Channels of a patch of a field of so many. */
ptrdiff_t fh_cut_channels(const fh_cut *cut, ptrdiff_t channels);
/** What patches [first, first + count) need of the field. */
fh_status fh_cut_needs(const fh_cut *cut, ptrdiff_t first, ptrdiff_t count,
                       fh_selection *needs) FH_MUST;
/**
 * fh_cut_forward - patches [first, first + count) of one sample
 *
 * x        [channels][selection at], which holds what they need
 * patches  [count][fh_cut_channels][patch]
 */
void fh_cut_forward(const fh_cut *cut, const fh_selection *at, ptrdiff_t first, ptrdiff_t count,
                    ptrdiff_t channels, const fh_real *x, fh_real *patches);
/** dx += the adjoint; the coordinates have none. */
void fh_cut_adjoint(const fh_cut *cut, const fh_selection *at, ptrdiff_t first, ptrdiff_t count,
                    ptrdiff_t channels, const fh_real *dpatches, fh_real *dx);
