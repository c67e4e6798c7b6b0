/**
 * delaunay - Delaunay triangulation of points in the plane
 *
 * Points are inserted one after the other into a large triangle, and edges are flipped until every
 * circumcircle is empty (Lawson 1977). The triangle that a point falls into is found by walking from
 * the last one, so points that follow each other in space cost next to nothing to find. Rounding may
 * decide which of two equally good diagonals is taken, never whether triangles overlap.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/**
 * fh_delaunay - triangles of the convex hull of n distinct points, but for flat ones along it
 *
 * triangles: [*count][3] indices of points, anticlockwise; free with fh_free. Slivers of area zero
 * along the hull are left out. Errors: FH_ERR_ARG for two points at one place or fewer than 3;
 * FH_ERR_MEMORY.
 */
fh_status fh_delaunay(ptrdiff_t n, const double (*points)[2], int32_t (**triangles)[3],
                      ptrdiff_t *count) FH_MUST;
