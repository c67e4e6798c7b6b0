#include "datagen/mesh/mesh.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "datagen/mesh/mesh_impl.h"
#include "datagen/petsc.h"
#include "io/crc.h"

void fh_mesh_shape(const double l[3], double shape[FH_MESH_NODES])
{
  for (int i = 0; i < 3; i++) {
    shape[i] = l[i] * (2.0 * l[i] - 1.0);
    shape[3 + i] = 4.0 * l[i] * l[(i + 1) % 3];
  }
}

double fh_mesh_turn(const double a[2], const double b[2], const double c[2])
{
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

uint32_t fh_mesh_checksum(const fh_mesh *m)
{
  uint32_t crc = fh_crc32c(0, m->node, (size_t)m->n_nodes * sizeof *m->node);
  crc = fh_crc32c(crc, m->cell, (size_t)m->n_cells * sizeof *m->cell);
  return fh_crc32c(crc, m->edge, (size_t)m->n_edges * sizeof *m->edge);
}

void fh_mesh_destroy(fh_mesh **mesh)
{
  fh_mesh *m = *mesh;
  if (!m) return;
  fh_free(m->node);
  fh_free(m->cell);
  fh_free(m->edge);
  fh_free(m);
  *mesh = NULL;
}

/* ---- files ------------------------------------------------------------------------------------------ */

/* Names of physical curves become labels, and third coordinates are kept, only under options for which
   there are no functions. */
static const char *const gmsh_options[][2] = {{"-dm_plex_gmsh_use_regions", "true"},
                                              {"-dm_plex_gmsh_spacedim", "3"}};
enum { GMSH_OPTIONS = 2 };

static PetscErrorCode read_file(const char *path, DM *plex)
{
  PetscBool given[GMSH_OPTIONS];
  PetscFunctionBeginUser;
  for (int i = 0; i < GMSH_OPTIONS; i++) {
    PetscCall(PetscOptionsHasName(NULL, NULL, gmsh_options[i][0], &given[i]));
    if (!given[i]) PetscCall(PetscOptionsSetValue(NULL, gmsh_options[i][0], gmsh_options[i][1]));
  }
  const PetscErrorCode error =
      DMPlexCreateFromFile(PETSC_COMM_SELF, path, "mesh", PETSC_TRUE, plex);
  for (int i = 0; i < GMSH_OPTIONS; i++)
    if (!given[i]) PetscCall(PetscOptionsClearValue(NULL, gmsh_options[i][0]));
  PetscCall(error);
  PetscFunctionReturn(0);
}

fh_status fh_mesh_read(const char *path, int n_sides, const char *const *sides, fh_mesh **mesh)
{
  DM plex = NULL;
  PetscErrorCode error = 0;
  *mesh = NULL;
  FH_CHECK(access(path, R_OK) == 0, FH_ERR_IO, "the mesh %s cannot be opened", path);
  FH_PETSC_QUIET(error, read_file(path, &plex));
  if (error) {
    char why[300];
    const fh_status st = fh_status_petsc(error, __FILE__, __LINE__, __func__);
    snprintf(why, sizeof why, "%s", fh_status_message());
    FH_CHECK(st == FH_ERR_MEMORY, FH_ERR_FORMAT, "the mesh %s cannot be read: %s", path, why);
    return st;
  }
  const fh_status st = fh_mesh_from_plex(plex, path, n_sides, sides, mesh);
  (void)DMDestroy(&plex);
  return st;
}

/* ---- checks ------------------------------------------------------------------------------------------ */

static fh_status check_areas(const fh_mesh *m, const char *name)
{
  for (ptrdiff_t k = 0; k < m->n_cells; k++) {
    const double *a = m->node[m->cell[k][0]], *b = m->node[m->cell[k][1]];
    const double *c = m->node[m->cell[k][2]];
    double longest = 0.0;
    for (int i = 0; i < 3; i++) {
      const double *p = m->node[m->cell[k][i]], *q = m->node[m->cell[k][(i + 1) % 3]];
      longest = fmax(longest, (p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]));
    }
    const double area = fh_mesh_turn(a, b, c);
    FH_CHECK(area > 1e-8 * longest, FH_ERR_FORMAT,
             "%s is degenerate: the triangle (%g, %g), (%g, %g), (%g, %g) has the area %.2g", name,
             a[0], a[1], b[0], b[1], c[0], c[1], 0.5 * area);
  }
  return FH_OK;
}

/* the root of a tree of nodes, and the way to it shortened */
static int32_t root(int32_t *above, int32_t node)
{
  while (above[node] != node) node = above[node] = above[above[node]];
  return node;
}

static void join(const fh_mesh *m, int32_t *above)
{
  for (int32_t i = 0; i < m->n_nodes; i++) above[i] = i;
  for (ptrdiff_t k = 0; k < m->n_cells; k++)
    for (int i = 1; i < FH_MESH_NODES; i++)
      above[root(above, m->cell[k][i])] = root(above, m->cell[k][0]);
}

/* every part that hangs together needs an edge of side 0: held[root] */
static fh_status check_held(const fh_mesh *m, const char *name, const char *side0, int32_t *above,
                            bool *held)
{
  join(m, above);
  for (ptrdiff_t e = 0; e < m->n_edges; e++)
    if (m->edge[e].side == 0) held[root(above, m->edge[e].node[0])] = true;
  for (int32_t i = 0; i < m->n_nodes; i++)
    FH_CHECK(
        held[root(above, i)], FH_ERR_FORMAT,
        "%s falls into parts, and the one around (%g, %g) does not reach the side '%s': is the "
        "hole in the wrong place?",
        name, m->node[i][0], m->node[i][1], side0);
  return FH_OK;
}

static fh_status check_parts(const fh_mesh *m, const char *name, const char *side0)
{
  int32_t *above = NULL;
  FH_NEW(above, m->n_nodes);
  bool *held = fh_calloc(m->n_nodes, sizeof *held);
  const bool enough = held;
  const fh_status st = enough ? check_held(m, name, side0, above, held) : FH_OK;
  fh_free(above);
  fh_free(held);
  FH_CHECK(enough, FH_ERR_MEMORY, "out of memory for a mesh of %td nodes", m->n_nodes);
  return st;
}

fh_status fh_mesh_check(const fh_mesh *m, const char *name, const char *side0)
{
  FH_TRY(check_areas(m, name));
  if (side0) FH_TRY(check_parts(m, name, side0));
  return FH_OK;
}
