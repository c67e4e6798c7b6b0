/**
 * blocks - a field as equal blocks, so that a loss can be taken block by block
 */
#pragma once

#include "base/config.h"
#include "base/real.h"
#include "program/shape.h"

typedef struct {
  ptrdiff_t parts[3], size[3], n[3]; /* on three axes always, leading ones 1 */
  ptrdiff_t count, channels;
} fh_blocks;

/** Blocks of shape: per_axis holds one number or one per axis. *block: shape of the blocks of all
 *  samples. Errors: FH_ERR_USAGE for a number that does not divide the points. */
fh_status fh_blocks_make(const fh_int_list *per_axis, const fh_shape *shape, fh_blocks *blocks,
                         fh_shape *block) FH_MUST;
/** cut: [samples x blocks][channels][points of a block] from a field; join: the inverse. */
void fh_blocks_cut(const fh_blocks *b, ptrdiff_t samples, const fh_real *field, fh_real *cut);
void fh_blocks_join(const fh_blocks *b, ptrdiff_t samples, const fh_real *cut, fh_real *field);
