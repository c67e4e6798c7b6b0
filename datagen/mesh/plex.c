/* From a DMPlex to arrays: used vertices and edges become nodes, in an order that depends on where they
   are and not on the file. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/mesh/mesh_impl.h"
#include "datagen/petsc.h"

enum { MOST_SIDES = 8, UNUSED = -1 };

typedef struct {
  DM plex;
  const char *name;
  int n_sides;
  const char *const *sides;
  PetscInt first_cell, last_cell, first_edge, last_edge, first_vertex, last_vertex;
  double (*vertex)[2]; /* all of the file, used or not */
  int32_t *number;     /* per vertex, then per edge: its node */
  fh_mesh *mesh;
} reader;

/* ---- is it a mesh of plane triangles? -------------------------------------------------------------- */

static PetscErrorCode ranges(reader *r)
{
  PetscFunctionBeginUser;
  PetscCall(DMPlexGetDepthStratum(r->plex, 2, &r->first_cell, &r->last_cell));
  PetscCall(DMPlexGetDepthStratum(r->plex, 1, &r->first_edge, &r->last_edge));
  PetscCall(DMPlexGetDepthStratum(r->plex, 0, &r->first_vertex, &r->last_vertex));
  PetscFunctionReturn(0);
}

static fh_status check_cells(const reader *r)
{
  PetscInt dim = 0;
  FH_TRY_PETSC(DMGetDimension(r->plex, &dim));
  FH_CHECK(dim == 2, FH_ERR_FORMAT, "%s has elements of dimension %d: plane triangles are needed",
           r->name, (int)dim);
  FH_CHECK(r->last_cell > r->first_cell, FH_ERR_FORMAT, "%s has no triangles", r->name);
  for (PetscInt cell = r->first_cell; cell < r->last_cell; cell++) {
    DMPolytopeType type = DM_POLYTOPE_TRIANGLE;
    FH_TRY_PETSC(DMPlexGetCellType(r->plex, cell, &type));
    FH_CHECK(type == DM_POLYTOPE_TRIANGLE, FH_ERR_FORMAT,
             "%s: element %d is a %s, and only triangles can be used", r->name, (int)cell,
             DMPolytopeTypes[type]);
  }
  for (PetscInt edge = r->first_edge; edge < r->last_edge; edge++) {
    PetscInt cells = 0;
    FH_TRY_PETSC(DMPlexGetSupportSize(r->plex, edge, &cells));
    FH_CHECK(cells <= 2, FH_ERR_FORMAT, "%s: %d triangles share one edge, at most 2 can", r->name,
             (int)cells);
  }
  return FH_OK;
}

/* coordinates of the vertices; a third one must be the same everywhere */
static fh_status read_points(reader *r)
{
  Vec coordinates = NULL;
  PetscSection section = NULL;
  const PetscScalar *x = NULL;
  PetscInt dim = 0, size = 0;
  const PetscInt n = r->last_vertex - r->first_vertex;
  FH_TRY_PETSC(DMGetCoordinateDim(r->plex, &dim));
  FH_TRY_PETSC(DMGetCoordinatesLocal(r->plex, &coordinates));
  FH_TRY_PETSC(DMGetCoordinateSection(r->plex, &section));
  FH_TRY_PETSC(VecGetLocalSize(coordinates, &size));
  FH_CHECK(
      size == n * dim && (dim == 2 || dim == 3), FH_ERR_FORMAT,
      "%s has %d coordinates for %d corners: elements must be straight triangles in the plane, "
      "save them with first order",
      r->name, (int)size, (int)n);
  FH_NEW(r->vertex, n);
  FH_TRY_PETSC(VecGetArrayRead(coordinates, &x));
  bool finite = true, flat = true;
  for (PetscInt v = 0; v < n; v++) {
    PetscInt at = 0;
    FH_TRY_PETSC(PetscSectionGetOffset(section, r->first_vertex + v, &at));
    for (int a = 0; a < 2; a++) r->vertex[v][a] = (double)x[at + a];
    finite = finite && isfinite(r->vertex[v][0]) && isfinite(r->vertex[v][1]);
    flat = flat && (dim == 2 || x[at + 2] == x[2]);
  }
  FH_TRY_PETSC(VecRestoreArrayRead(coordinates, &x));
  FH_CHECK(finite, FH_ERR_FORMAT, "%s has a coordinate that is not finite", r->name);
  FH_CHECK(flat, FH_ERR_FORMAT, "%s is not plane: its third coordinate varies", r->name);
  return FH_OK;
}

/* ---- nodes ------------------------------------------------------------------------------------------ */

typedef struct {
  double along, across;
  int32_t what; /* vertex, or edge counted after the vertices */
} place;

static int compare_places(const void *a, const void *b)
{
  const place *p = a, *q = b;
  if (p->along != q->along) return p->along > q->along ? 1 : -1;
  if (p->across != q->across) return p->across > q->across ? 1 : -1;
  return (p->what > q->what) - (p->what < q->what);
}

static fh_status mark_used(reader *r, ptrdiff_t *count)
{
  const PetscInt n_vertices = r->last_vertex - r->first_vertex;
  const PetscInt all = n_vertices + r->last_edge - r->first_edge;
  *count = 0;
  FH_NEW(r->number, all);
  for (PetscInt i = 0; i < all; i++) r->number[i] = UNUSED;
  for (PetscInt edge = r->first_edge; edge < r->last_edge; edge++) {
    const PetscInt *ends = NULL;
    PetscInt cells = 0;
    FH_TRY_PETSC(DMPlexGetSupportSize(r->plex, edge, &cells));
    if (cells == 0) continue;
    FH_TRY_PETSC(DMPlexGetCone(r->plex, edge, &ends));
    r->number[ends[0] - r->first_vertex] = r->number[ends[1] - r->first_vertex] = 0;
    r->number[n_vertices + edge - r->first_edge] = 0;
  }
  for (PetscInt i = 0; i < all; i++) *count += r->number[i] != UNUSED;
  return FH_OK;
}

static fh_status position(const reader *r, PetscInt what, double x[2])
{
  const PetscInt n_vertices = r->last_vertex - r->first_vertex, *ends = NULL;
  if (what < n_vertices) {
    memcpy(x, r->vertex[what], 2 * sizeof *x);
    return FH_OK;
  }
  FH_TRY_PETSC(DMPlexGetCone(r->plex, what - n_vertices + r->first_edge, &ends));
  for (int a = 0; a < 2; a++)
    x[a] =
        0.5 * (r->vertex[ends[0] - r->first_vertex][a] + r->vertex[ends[1] - r->first_vertex][a]);
  return FH_OK;
}

static void find_box(reader *r)
{
  fh_mesh *m = r->mesh;
  const PetscInt n = r->last_vertex - r->first_vertex;
  for (int a = 0; a < 2; a++) {
    m->lower[a] = HUGE_VAL;
    m->upper[a] = -HUGE_VAL;
    for (PetscInt v = 0; v < n; v++) {
      if (r->number[v] == UNUSED) continue;
      m->lower[a] = fmin(m->lower[a], r->vertex[v][a]);
      m->upper[a] = fmax(m->upper[a], r->vertex[v][a]);
    }
  }
}

static fh_status sort_places(reader *r, place *places)
{
  fh_mesh *m = r->mesh;
  const PetscInt all = r->last_vertex - r->first_vertex + r->last_edge - r->first_edge;
  const int axis = m->upper[1] - m->lower[1] > m->upper[0] - m->lower[0] ? 1 : 0;
  ptrdiff_t n = 0;
  for (PetscInt i = 0; i < all; i++) {
    double x[2];
    if (r->number[i] == UNUSED) continue;
    FH_TRY(position(r, i, x));
    places[n++] = (place){x[axis], x[1 - axis], (int32_t)i};
  }
  qsort(places, (size_t)n, sizeof *places, compare_places);
  for (ptrdiff_t i = 0; i < n; i++) {
    m->node[i][axis] = places[i].along;
    m->node[i][1 - axis] = places[i].across;
    r->number[places[i].what] = (int32_t)i;
  }
  return FH_OK;
}

/* two nodes at one place: the triangles on both sides do not know of each other */
static fh_status number_nodes(reader *r)
{
  fh_mesh *m = r->mesh;
  place *places = NULL;
  FH_TRY(mark_used(r, &m->n_nodes));
  find_box(r);
  FH_NEW(m->node, m->n_nodes);
  FH_NEW(places, m->n_nodes);
  const fh_status st = sort_places(r, places);
  fh_free(places);
  FH_TRY(st);
  for (ptrdiff_t i = 1; i < m->n_nodes; i++)
    FH_CHECK(m->node[i][0] != m->node[i - 1][0] || m->node[i][1] != m->node[i - 1][1],
             FH_ERR_FORMAT,
             "%s has two different points at (%g, %g): it is cracked or overlaps there", r->name,
             m->node[i][0], m->node[i][1]);
  return FH_OK;
}

/* ---- cells and sides ---------------------------------------------------------------------------------- */

static int32_t edge_node(const reader *r, PetscInt edge)
{
  return r->number[r->last_vertex - r->first_vertex + edge - r->first_edge];
}

static int32_t vertex_node(const reader *r, PetscInt vertex)
{
  return r->number[vertex - r->first_vertex];
}

/* middle of two corners: the edge of the cell that has both */
static fh_status middle(const reader *r, PetscInt cell, int32_t a, int32_t b, int32_t *node)
{
  const PetscInt *edges = NULL, *ends = NULL;
  FH_TRY_PETSC(DMPlexGetCone(r->plex, cell, &edges));
  for (int i = 0; i < 3; i++) {
    FH_TRY_PETSC(DMPlexGetCone(r->plex, edges[i], &ends));
    const int32_t p = vertex_node(r, ends[0]), q = vertex_node(r, ends[1]);
    if ((p == a && q == b) || (p == b && q == a)) *node = edge_node(r, edges[i]);
  }
  return FH_OK;
}

static fh_status read_cell(const reader *r, PetscInt cell, int32_t node[FH_MESH_NODES])
{
  const PetscInt *edges = NULL, *ends = NULL;
  FH_TRY_PETSC(DMPlexGetCone(r->plex, cell, &edges));
  FH_TRY_PETSC(DMPlexGetCone(r->plex, edges[0], &ends));
  node[0] = vertex_node(r, ends[0]);
  node[1] = vertex_node(r, ends[1]);
  FH_TRY_PETSC(DMPlexGetCone(r->plex, edges[1], &ends));
  const int32_t p = vertex_node(r, ends[0]), q = vertex_node(r, ends[1]);
  node[2] = p == node[0] || p == node[1] ? q : p;
  double(*x)[2] = r->mesh->node;
  if (fh_mesh_turn(x[node[0]], x[node[1]], x[node[2]]) < 0.0) {
    const int32_t first = node[0];
    node[0] = node[1];
    node[1] = first;
  }
  for (int i = 0; i < 3; i++) FH_TRY(middle(r, cell, node[i], node[(i + 1) % 3], &node[3 + i]));
  return FH_OK;
}

static fh_status read_cells(reader *r)
{
  fh_mesh *m = r->mesh;
  m->n_cells = r->last_cell - r->first_cell;
  FH_NEW(m->cell, m->n_cells);
  for (ptrdiff_t k = 0; k < m->n_cells; k++)
    FH_TRY(read_cell(r, r->first_cell + (PetscInt)k, m->cell[k]));
  return FH_OK;
}

static bool is_number(const char *text, PetscInt *number)
{
  char *end = NULL;
  const long value = strtol(text, &end, 10);
  *number = (PetscInt)value;
  return end != text && *end == '\0';
}

/* does the wanted side hold this edge? */
static fh_status is_on(const reader *r, int side, PetscInt edge, bool *on)
{
  PetscInt number = 0, value = -1;
  DMLabel label = NULL;
  const bool by_number = is_number(r->sides[side], &number);
  FH_TRY_PETSC(DMGetLabel(r->plex, by_number ? "Face Sets" : r->sides[side], &label));
  if (label) FH_TRY_PETSC(DMLabelGetValue(label, edge, &value));
  *on = label && (by_number ? value == number : value >= 0);
  return FH_OK;
}

static fh_status find_side(const reader *r, PetscInt edge, bool boundary, int32_t *found)
{
  *found = FH_NO_SIDE;
  for (int side = 0; side < r->n_sides; side++) {
    bool on = false;
    FH_TRY(is_on(r, side, edge, &on));
    if (!on) continue;
    const PetscInt *ends = NULL;
    FH_TRY_PETSC(DMPlexGetCone(r->plex, edge, &ends));
    const double *x = r->vertex[ends[0] - r->first_vertex];
    FH_CHECK(
        boundary, FH_ERR_FORMAT,
        "%s: the side '%s' has an edge at (%g, %g) with triangles on both sides: is the hole in "
        "the wrong place?",
        r->name, r->sides[side], x[0], x[1]);
    FH_CHECK(*found == FH_NO_SIDE, FH_ERR_FORMAT,
             "%s: the edge at (%g, %g) belongs to the side '%s' and to '%s': one of them at most",
             r->name, x[0], x[1], r->sides[*found], r->sides[side]);
    *found = side;
  }
  return FH_OK;
}

/* with its only cell on the left */
static fh_status add_edge(const reader *r, PetscInt edge, int32_t side)
{
  fh_mesh *m = r->mesh;
  const PetscInt *ends = NULL, *cells = NULL;
  FH_TRY_PETSC(DMPlexGetCone(r->plex, edge, &ends));
  FH_TRY_PETSC(DMPlexGetSupport(r->plex, edge, &cells));
  const int32_t p = vertex_node(r, ends[0]), q = vertex_node(r, ends[1]);
  const int32_t *c = m->cell[cells[0] - r->first_cell];
  const bool forward =
      (c[0] == p && c[1] == q) || (c[1] == p && c[2] == q) || (c[2] == p && c[0] == q);
  m->edge[m->n_edges++] =
      (fh_mesh_edge){{forward ? p : q, forward ? q : p, edge_node(r, edge)}, side};
  return FH_OK;
}

static fh_status read_edges(reader *r)
{
  FH_NEW(r->mesh->edge, r->last_edge - r->first_edge);
  for (PetscInt edge = r->first_edge; edge < r->last_edge; edge++) {
    PetscInt cells = 0;
    int32_t side = FH_NO_SIDE;
    FH_TRY_PETSC(DMPlexGetSupportSize(r->plex, edge, &cells));
    if (cells == 0) continue;
    FH_TRY(find_side(r, edge, cells == 1, &side));
    if (cells == 1) FH_TRY(add_edge(r, edge, side));
  }
  return FH_OK;
}

/* what there is instead of a side that was not found: "1 (20 edges), ..." */
static fh_status list_sides(const reader *r, char *text, size_t bytes)
{
  PetscInt labels = 0;
  size_t used = 0;
  text[0] = '\0';
  FH_TRY_PETSC(DMGetNumLabels(r->plex, &labels));
  for (PetscInt i = 0; i < labels && used < bytes; i++) {
    const char *name = NULL;
    DMLabel label = NULL;
    IS values = NULL;
    PetscInt n = 0, lower = 0, upper = 0;
    const PetscInt *value = NULL;
    FH_TRY_PETSC(DMGetLabelName(r->plex, i, &name));
    if (!strcmp(name, "celltype") || !strcmp(name, "depth")) continue;
    FH_TRY_PETSC(DMGetLabel(r->plex, name, &label));
    FH_TRY_PETSC(DMLabelGetBounds(label, &lower, &upper));
    if (lower >= r->last_edge || upper <= r->first_edge) continue;
    if (strcmp(name, "Face Sets") != 0) {
      used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", name);
      continue;
    }
    FH_TRY_PETSC(DMLabelGetValueIS(label, &values));
    FH_TRY_PETSC(ISGetLocalSize(values, &n));
    FH_TRY_PETSC(ISGetIndices(values, &value));
    for (PetscInt k = 0; k < n && used < bytes; k++)
      used += (size_t)snprintf(text + used, bytes - used, "%s%d", used ? ", " : "", (int)value[k]);
    FH_TRY_PETSC(ISRestoreIndices(values, &value));
    FH_TRY_PETSC(ISDestroy(&values));
  }
  return FH_OK;
}

static fh_status check_sides(const reader *r)
{
  ptrdiff_t edges[MOST_SIDES] = {0};
  char there[256];
  for (ptrdiff_t e = 0; e < r->mesh->n_edges; e++)
    if (r->mesh->edge[e].side != FH_NO_SIDE) edges[r->mesh->edge[e].side]++;
  for (int side = 0; side < r->n_sides; side++) {
    if (edges[side] > 0) continue;
    FH_TRY(list_sides(r, there, sizeof there));
    FH_RAISE(FH_ERR_USAGE, "%s has no edges with the label '%s' on its boundary; labels there: %s",
             r->name, r->sides[side], there[0] ? there : "none at all");
  }
  return FH_OK;
}

static fh_status extract(reader *r)
{
  FH_TRY_PETSC(ranges(r));
  FH_TRY(check_cells(r));
  FH_TRY(read_points(r));
  FH_TRY(number_nodes(r));
  FH_TRY(read_cells(r));
  FH_TRY(read_edges(r));
  FH_TRY(check_sides(r));
  return fh_mesh_check(r->mesh, r->name, r->n_sides > 0 ? r->sides[0] : NULL);
}

fh_status fh_mesh_from_plex(DM plex, const char *name, int n_sides, const char *const *sides,
                            fh_mesh **mesh)
{
  reader r = {.plex = plex, .name = name, .n_sides = n_sides, .sides = sides};
  *mesh = NULL;
  FH_CHECK(n_sides <= MOST_SIDES, FH_ERR_ARG, "%d sides of a mesh are asked for, at most %d can be",
           n_sides, MOST_SIDES);
  FH_NEW(r.mesh, 1);
  const fh_status st = extract(&r);
  fh_free(r.vertex);
  fh_free(r.number);
  if (st != FH_OK) fh_mesh_destroy(&r.mesh);
  *mesh = r.mesh;
  return st;
}
