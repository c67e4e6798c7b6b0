/* multigrid_impl - what the files of the multigrid share: multigrid.c (levels and their memory), multigrid_setup.c (the
 * matrices of a sample), multigrid_cycle.c (the V-cycle); nobody else includes it */
#pragma once

#include <string.h>

#include "base/memory.h"
#include "datagen/skr/multigrid.h"

enum { LEVELS = 32, DENSE = 32, MOST_DEGREE = 3, MOST_ARRAYS = 10 };

/* One grid for all samples, which lie one after the other. */
typedef struct {
  ptrdiff_t n[3], size, guard;
  bool halved[3];          /* axes that the next grid has half of */
  ptrdiff_t share_size[3]; /* entries of t for a sample */
  fh_stencil_level a;
  /* shares, see stencil_kernels.h; axis k on the grid where the axes before are halved */
  float *t[3];
  float *b, *x, *y; /* right-hand side, solution, and another one */
  float *part[2];   /* between transfers along two axes */
} level;

struct fh_multigrid {
  const fh_stencil_kernels *kernels;
  int dim, n_levels, degree;
  ptrdiff_t capacity;
  float rho[MOST_DEGREE], omega[MOST_DEGREE];
  level levels[LEVELS];
  float *inverse;                  /* [capacity][dense][dense] of the coarsest matrices */
  float *face[2][3], *reaction[2]; /* of the sample that is set up: fine, coarse */
  float *resistance;
};

static inline ptrdiff_t half_of(ptrdiff_t n)
{
  return (n + 1) / 2;
}

/* products of extents before and behind an axis, where the axes before it have the extents of `now` */
static inline void extents(const ptrdiff_t now[3], int axis, ptrdiff_t *outer, ptrdiff_t *inner)
{
  *outer = *inner = 1;
  for (int a = 0; a < axis; a++) *outer *= now[a];
  for (int a = axis + 1; a < 3; a++) *inner *= now[a];
}

static inline ptrdiff_t faces_of(const ptrdiff_t n[3], int axis)
{
  return n[0] * n[1] * n[2] / n[axis] * (n[axis] + 1);
}

/* everything of a level that is one entry an unknown */
static inline void visit_arrays(level *l, float **list[MOST_ARRAYS], int dim)
{
  float **const fixed[] = {&l->a.d, &l->a.w, &l->b, &l->x, &l->y};
  int n = 0;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) list[n++] = fixed[i];
  for (int a = 0; a < dim; a++) list[n++] = &l->a.c[a];
  list[n] = NULL;
}

static inline void swap(float **a, float **b)
{
  float *t = *a;
  *a = *b;
  *b = t;
}
