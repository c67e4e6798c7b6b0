/**
 * patch - a field cut into patches, each with coarser views of what lies around it
 *
 * levels L: n = 2^L patches per axis of h = points / n points; with padding p points on each side a
 * patch has h + 2 p points. Level l of patch I holds every 2^l-th point of the field in a window
 * 2^l times as wide, centred on the patch: for l > 0 it starts at point
 *   o = I st - (ceil((h + (n - 1) st - H_l) / 2) + p),  H_l = ceil(points / 2^l),  st = floor(h / 2^l)
 * of the thinned field; level 0 at I h - p. Channels: level by level, those of the field. Samples:
 * n^dim patches one after the other, the last axis fastest. This is neuraloperator's
 * MultigridPatching2D (make_patches) in 1 to 3 axes.
 *
 * Outside: periodic (as the reference), reflected at the ends, or zero.
 * Where ranks share the patches of a sample (team->n_patches > 1), each cuts its own count / n_patches
 * consecutive ones.
 * Adjoint: scatter-add with the same indices, summed over those ranks.
 */
#pragma once

#include "program/op.h"

typedef enum { FH_OUTSIDE_PERIODIC, FH_OUTSIDE_REFLECT, FH_OUTSIDE_ZERO } fh_outside;

typedef struct {
  int dim, levels;      /* levels 0: one patch, the field with its padding */
  ptrdiff_t padding[3]; /* points on each side of every axis, at every level */
  int outside;          /* fh_outside */
} fh_patch_config;

extern const fh_op_class fh_patch_class;

/**
 * fh_patch_create - one input (C channels), one output of 2^(L dim) times the samples, (L + 1) C
 * channels and h + 2 p points
 *
 * Errors: FH_ERR_ARG for levels outside 0..8 or negative padding; at setup FH_ERR_SHAPE where the
 * points of an axis are no multiple of 4^L, or where padding exceeds the field.
 */
fh_status fh_patch_create(const fh_patch_config *config, fh_op **op) FH_MUST;
