/**
 * grid - a box of points, and which part of it lives on this rank
 *
 * Both structs are plain values: copy them freely.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { FH_MAX_DIM = 3 };

typedef enum { FH_PERIODIC, FH_DIRICHLET, FH_NEUMANN, FH_OPEN } fh_boundary;
/** NODE: points include both ends of a non-periodic axis. CELL: points are centres of cells. */
typedef enum { FH_NODE, FH_CELL } fh_points;

typedef struct {
  int dim;                         /* 1, 2 or 3; the last axis is contiguous in memory */
  ptrdiff_t n[FH_MAX_DIM];         /* points per axis; 1 beyond dim */
  double length[FH_MAX_DIM];       /* extent per axis, in the unit of the data set */
  fh_boundary side[FH_MAX_DIM][2]; /* lower and upper side of each axis */
  fh_points points;
} fh_grid;

/** Which box of a grid is here: axis a holds count[a] points from first[a]. */
typedef struct {
  fh_grid grid;
  int parts[FH_MAX_DIM],
      part[FH_MAX_DIM]; /* how many parts along each axis, and which one is here */
  ptrdiff_t first[FH_MAX_DIM], count[FH_MAX_DIM];
} fh_layout;

/**
 * fh_grid_box - a grid of n[0..dim) points on the unit box, the same boundary on every side
 *
 * Errors: FH_ERR_ARG for dim outside 1..3 or fewer than one point on an axis.
 */
fh_status fh_grid_box(int dim, const ptrdiff_t *n, fh_boundary boundary, fh_points points,
                      fh_grid *grid) FH_MUST;
/** Points of the whole grid. */
ptrdiff_t fh_grid_size(const fh_grid *grid);
/** Distance of two neighbouring points along an axis: length/n, or length/(n-1) for nodes that
 *  include both ends. */
double fh_grid_spacing(const fh_grid *grid, int axis);
/** Coordinate of point i along an axis. */
double fh_grid_point(const fh_grid *grid, int axis, ptrdiff_t i);
/** True if both have the same dim and the same points per axis. */
bool fh_grid_same_size(const fh_grid *a, const fh_grid *b);
/** Writes "64x64" into text. */
const char *fh_grid_text(const fh_grid *grid, char text[64]);
const char *fh_boundary_name(fh_boundary boundary);

/** The whole grid on this rank. */
fh_layout fh_layout_whole(const fh_grid *grid);
/**
 * fh_layout_split - the block of a grid that belongs to part[] of parts[]
 *
 * Blocks differ by at most one point per axis; the first ones are larger. A part may be empty.
 * Errors: FH_ERR_ARG for part outside 0..parts-1.
 */
fh_status fh_layout_split(const fh_grid *grid, const int parts[FH_MAX_DIM],
                          const int part[FH_MAX_DIM], fh_layout *layout) FH_MUST;
/** Points that live here. */
ptrdiff_t fh_layout_size(const fh_layout *layout);
/** True if the whole grid lives here. */
bool fh_layout_is_whole(const fh_layout *layout);
