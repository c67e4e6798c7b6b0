/**
 * mesh - triangles with nodes at corners and middles of edges: the ground of quadratic elements
 *
 * A mesh comes from a file that PETSc's DMPlex reads, or from our generator for a rectangle with a slot.
 * Every rank that uses it has the whole of it, with the same bits: nodes are numbered along the
 * longer side of the mesh's box, whatever order a file has them in. Sides are named pieces of the
 * boundary.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { FH_MESH_NODES = 6 }; /* of a triangle: corners anticlockwise, then middles of 01, 12, 20 */

typedef struct {
  int32_t
      node[3]; /* both ends, the mesh on the left of the way from the first to the second; middle */
  int32_t side; /* number in the list of wanted sides, or FH_NO_SIDE */
} fh_mesh_edge;
enum { FH_NO_SIDE = -1 };

typedef struct {
  ptrdiff_t n_nodes, n_cells, n_edges; /* edges: of the boundary */
  double (*node)[2];
  int32_t (*cell)[FH_MESH_NODES];
  fh_mesh_edge *edge;
  double lower[2], upper[2]; /* corners of its box */
} fh_mesh;

/** A rectangle with a rectangular slot strictly inside: both are {x0, x1, y0, y1}. */
typedef struct {
  double rectangle[4], slot[4];
  double size; /* length of edges, about; no longer than the narrowest part of it all */
} fh_mesh_slotted;

/**
 * fh_mesh_slotted_create - a triangulation of a rectangle with a slot
 *
 * Equilateral triangles of edge `size` inside, fitted to the boundary. Sides are known as "1" to "8":
 * of the rectangle right 1, bottom 5, left 6, top 7; of the slot right 2, bottom 3, left 4, top 8.
 * Errors: FH_ERR_USAGE for a slot that is not inside, for a size out of proportion, for a side that
 * there is not.
 */
fh_status fh_mesh_slotted_create(const fh_mesh_slotted *shape, int n_sides,
                                 const char *const *sides, fh_mesh **mesh) FH_MUST;
/**
 * fh_mesh_read - a mesh of straight triangles from a file
 *
 * Every format of DMPlexCreateFromFile (Gmsh's .msh above all). A side is the number of a physical
 * curve, or its name. Not collective: the calling rank reads for itself.
 * Errors: FH_ERR_IO (missing), FH_ERR_FORMAT (not a mesh of plane triangles; degenerate or
 * overlapping ones; a part that no wanted side 0 holds), FH_ERR_USAGE for a side that there is not.
 */
fh_status fh_mesh_read(const char *path, int n_sides, const char *const *sides,
                       fh_mesh **mesh) FH_MUST;
void fh_mesh_destroy(fh_mesh **mesh);

/** The value at barycentric coordinates l of each of the six quadratic shape functions. */
void fh_mesh_shape(const double l[3], double shape[FH_MESH_NODES]);
/** A checksum of everything: equal meshes have equal ones. */
uint32_t fh_mesh_checksum(const fh_mesh *mesh);
