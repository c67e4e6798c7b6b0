/**
 * shape - what a value of a program looks like: [batch][channels][n1]...[nd], row-major
 */
#pragma once

#include "grid/grid.h"

typedef struct {
  ptrdiff_t batch; /* samples the buffers are made for; a call may use fewer */
  ptrdiff_t channels;
  fh_layout layout; /* the grid, and the box of it that is here */
} fh_shape;

/** Points of one channel here. */
static inline ptrdiff_t fh_shape_points(const fh_shape *s)
{
  return fh_layout_size(&s->layout);
}
/** Values of one sample here. */
static inline ptrdiff_t fh_shape_sample(const fh_shape *s)
{
  return s->channels * fh_shape_points(s);
}
/** Values of all samples here. */
static inline ptrdiff_t fh_shape_size(const fh_shape *s)
{
  return s->batch * fh_shape_sample(s);
}
