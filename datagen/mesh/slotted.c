/* The rectangle with a slot: points on the boundary, a lattice of equilateral triangles between them,
   Delaunay, and some rounds of moving inner points to the middle of their neighbours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/mesh/delaunay.h"
#include "datagen/mesh/mesh_impl.h"
#include "datagen/petsc.h"

enum { ROUNDS = 10, LOOPS = 2, SIDES = 4 };
/* Nearer to the boundary than this many sizes no lattice point stands: beyond 1/2, every piece of the
   boundary has an empty circle over it, and so is an edge of the triangulation. */
static const double CLEARANCE = 0.62;

/* of a loop: bottom, right, top, left */
static const int side_numbers[LOOPS][SIDES] = {{5, 1, 7, 6}, {3, 2, 8, 4}};

typedef struct {
  const fh_mesh_slotted *shape;
  double (*point)[2];
  ptrdiff_t n, n_boundary;
  int32_t (*cell)[3];
  ptrdiff_t n_cells;
} builder;

static double width(const double box[4], int axis)
{
  return box[2 * axis + 1] - box[2 * axis];
}

static fh_status check_shape(const fh_mesh_slotted *s)
{
  const double *r = s->rectangle, *o = s->slot;
  double narrowest = HUGE_VAL;
  for (int a = 0; a < 2; a++) {
    FH_CHECK(width(r, a) > 0.0 && width(o, a) > 0.0, FH_ERR_USAGE,
             "rectangle [%g, %g] x [%g, %g] and slot [%g, %g] x [%g, %g]: the second number of a "
             "pair must be the larger one",
             r[0], r[1], r[2], r[3], o[0], o[1], o[2], o[3]);
    FH_CHECK(
        o[2 * a] > r[2 * a] && o[2 * a + 1] < r[2 * a + 1], FH_ERR_USAGE,
        "the slot [%g, %g] x [%g, %g] is not inside the rectangle [%g, %g] x [%g, %g]: it must "
        "not touch the boundary",
        o[0], o[1], o[2], o[3], r[0], r[1], r[2], r[3]);
    narrowest = fmin(narrowest, fmin(o[2 * a] - r[2 * a], r[2 * a + 1] - o[2 * a + 1]));
    narrowest = fmin(narrowest, width(o, a));
  }
  FH_CHECK(
      s->size > 0.0 && s->size <= narrowest * (1.0 + 1e-9), FH_ERR_USAGE,
      "mesh_size = %g: it must be positive and at most %g, the narrowest part of rectangle and "
      "slot",
      s->size, narrowest);
  const double points = width(r, 0) / s->size * (width(r, 1) / s->size);
  FH_CHECK(points < 1e8, FH_ERR_USAGE,
           "mesh_size = %g would make about %.2g triangles: at most 2e8 are possible", s->size,
           2.3 * points);
  return FH_OK;
}

static void add_point(builder *b, double x, double y)
{
  b->point[b->n][0] = x;
  b->point[b->n][1] = y;
  b->n++;
}

static ptrdiff_t pieces(double length, double size)
{
  return (ptrdiff_t)ceil(length / size - 1e-9);
}

/* anticlockwise from the lower left corner */
static void add_loop(builder *b, const double box[4])
{
  const double x[SIDES] = {box[0], box[1], box[1], box[0]};
  const double y[SIDES] = {box[2], box[2], box[3], box[3]};
  for (int s = 0; s < SIDES; s++) {
    const int e = (s + 1) % SIDES;
    const ptrdiff_t n = pieces(fabs(x[e] - x[s]) + fabs(y[e] - y[s]), b->shape->size);
    for (ptrdiff_t i = 0; i < n; i++) {
      const double t = (double)i / (double)n;
      add_point(b, x[s] + t * (x[e] - x[s]), y[s] + t * (y[e] - y[s]));
    }
  }
}

/* distance from a box, 0 inside */
static double beyond(const double box[4], double x, double y)
{
  const double dx = fmax(fmax(box[0] - x, x - box[1]), 0.0);
  const double dy = fmax(fmax(box[2] - y, y - box[3]), 0.0);
  return sqrt(dx * dx + dy * dy);
}

static void add_lattice(builder *b)
{
  const double *r = b->shape->rectangle, clear = CLEARANCE * b->shape->size;
  const ptrdiff_t columns = pieces(width(r, 0), b->shape->size);
  const ptrdiff_t rows =
      (ptrdiff_t)fmax(1.0, round(width(r, 1) / (b->shape->size * 0.5 * sqrt(3.0))));
  for (ptrdiff_t j = 1; j < rows; j++) {
    const double y = r[2] + width(r, 1) * (double)j / (double)rows;
    if (y - r[2] < clear || r[3] - y < clear) continue;
    for (ptrdiff_t i = 0; i < columns; i++) {
      const double x = r[0] + width(r, 0) * ((double)i + (j % 2 ? 0.5 : 0.0)) / (double)columns;
      if (x - r[0] < clear || r[1] - x < clear) continue;
      if (beyond(b->shape->slot, x, y) >= clear) add_point(b, x, y);
    }
  }
}

static fh_status make_points(builder *b)
{
  const double *r = b->shape->rectangle, *o = b->shape->slot, size = b->shape->size;
  const double around = 2.0 * (width(r, 0) + width(r, 1) + width(o, 0) + width(o, 1)) / size;
  const double inside = (width(r, 0) / size + 2.0) * (1.2 * width(r, 1) / size + 2.0);
  FH_NEW(b->point, (ptrdiff_t)(around + inside) + 2 * SIDES);
  add_loop(b, r);
  add_loop(b, o);
  b->n_boundary = b->n;
  add_lattice(b);
  return FH_OK;
}

static fh_status triangulate(builder *b)
{
  const double *o = b->shape->slot;
  ptrdiff_t kept = 0;
  FH_TRY(fh_delaunay(b->n, (const double(*)[2])b->point, &b->cell, &b->n_cells));
  for (ptrdiff_t k = 0; k < b->n_cells; k++) {
    double x = 0.0, y = 0.0;
    for (int i = 0; i < 3; i++) {
      x += b->point[b->cell[k][i]][0] / 3.0;
      y += b->point[b->cell[k][i]][1] / 3.0;
    }
    if (beyond(o, x, y) == 0.0) continue;
    memmove(b->cell[kept++], b->cell[k], sizeof b->cell[k]);
  }
  b->n_cells = kept;
  return FH_OK;
}

/* area of the smallest triangle */
static double least_turn(const builder *b, double (*point)[2])
{
  double least = HUGE_VAL;
  for (ptrdiff_t k = 0; k < b->n_cells; k++) {
    const int32_t *c = b->cell[k];
    least = fmin(least, fh_mesh_turn(point[c[0]], point[c[1]], point[c[2]]));
  }
  return least;
}

/* one round: every inner point to the mean of its neighbours; sum: [n][3] */
static void move_inner(const builder *b, double (*point)[2], double (*sum)[3])
{
  memset(sum, 0, (size_t)b->n * sizeof *sum);
  for (ptrdiff_t k = 0; k < b->n_cells; k++)
    for (int i = 0; i < 3; i++) {
      const int32_t from = b->cell[k][i], to = b->cell[k][(i + 1) % 3];
      sum[from][0] += point[to][0];
      sum[from][1] += point[to][1];
      sum[from][2] += 1.0;
    }
  for (ptrdiff_t p = b->n_boundary; p < b->n; p++)
    for (int a = 0; a < 2; a++) point[p][a] = sum[p][a] / sum[p][2];
}

/* taken only if it makes the smallest triangle no smaller */
static fh_status smooth(builder *b)
{
  double(*moved)[2] = NULL, (*sum)[3] = NULL;
  FH_NEW(moved, b->n);
  sum = fh_calloc(b->n, sizeof *sum);
  if (sum) {
    memcpy(moved, b->point, (size_t)b->n * sizeof *moved);
    for (int round = 0; round < ROUNDS; round++) move_inner(b, moved, sum);
    if (least_turn(b, moved) >= least_turn(b, b->point))
      memcpy(b->point, moved, (size_t)b->n * sizeof *moved);
  }
  fh_free(moved);
  const bool done = sum;
  fh_free(sum);
  FH_CHECK(done, FH_ERR_MEMORY, "out of memory for a mesh of %td points", b->n);
  return FH_OK;
}

/* ---- DMPlex ---------------------------------------------------------------------------------------- */

/* the number of the side that a point on the boundary belongs to; corners belong to two */
static int side_of(const fh_mesh_slotted *s, const double x[2])
{
  const double near = 1e-9 * s->size;
  for (int loop = 0; loop < LOOPS; loop++) {
    const double *box = loop == 0 ? s->rectangle : s->slot;
    if (beyond(box, x[0], x[1]) > near) continue;
    const double off[SIDES] = {x[1] - box[2], box[1] - x[0], box[3] - x[1], x[0] - box[0]};
    for (int side = 0; side < SIDES; side++)
      if (fabs(off[side]) <= near) return side_numbers[loop][side];
  }
  return 0;
}

static PetscErrorCode mark_sides(const builder *b, DM plex, const PetscReal *points)
{
  PetscInt first = 0, last = 0, first_vertex = 0;
  PetscFunctionBeginUser;
  PetscCall(DMCreateLabel(plex, "Face Sets"));
  PetscCall(DMPlexGetDepthStratum(plex, 1, &first, &last));
  PetscCall(DMPlexGetDepthStratum(plex, 0, &first_vertex, NULL));
  for (PetscInt edge = first; edge < last; edge++) {
    PetscInt cells = 0;
    const PetscInt *ends = NULL;
    double middle[2];
    PetscCall(DMPlexGetSupportSize(plex, edge, &cells));
    if (cells != 1) continue;
    PetscCall(DMPlexGetCone(plex, edge, &ends));
    for (int a = 0; a < 2; a++)
      middle[a] = 0.5 * (points[2 * (ends[0] - first_vertex) + a] +
                         points[2 * (ends[1] - first_vertex) + a]);
    PetscCall(DMSetLabelValue(plex, "Face Sets", edge, side_of(b->shape, middle)));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode make_plex(const builder *b, PetscInt *cells, PetscReal *points, DM *plex)
{
  PetscFunctionBeginUser;
  for (ptrdiff_t k = 0; k < b->n_cells; k++)
    for (int i = 0; i < 3; i++) cells[3 * k + i] = b->cell[k][i];
  for (ptrdiff_t p = 0; p < b->n; p++)
    for (int a = 0; a < 2; a++) points[2 * p + a] = b->point[p][a];
  PetscCall(DMPlexCreateFromCellListPetsc(PETSC_COMM_SELF, 2, (PetscInt)b->n_cells, (PetscInt)b->n,
                                          3, PETSC_TRUE, cells, 2, points, plex));
  PetscCall(mark_sides(b, *plex, points));
  PetscFunctionReturn(0);
}

static fh_status to_plex(const builder *b, DM *plex)
{
  PetscInt *cells = fh_calloc(3 * b->n_cells, sizeof *cells);
  PetscReal *points = fh_calloc(2 * b->n, sizeof *points);
  PetscErrorCode error = PETSC_ERR_MEM;
  if (cells && points) FH_PETSC_QUIET(error, make_plex(b, cells, points, plex));
  fh_free(cells);
  fh_free(points);
  return error ? fh_status_petsc(error, __FILE__, __LINE__, __func__) : FH_OK;
}

static fh_status build(builder *b, int n_sides, const char *const *sides, fh_mesh **mesh)
{
  DM plex = NULL;
  FH_TRY(check_shape(b->shape));
  FH_TRY(make_points(b));
  FH_TRY(triangulate(b));
  FH_TRY(smooth(b));
  fh_status st = to_plex(b, &plex);
  if (st == FH_OK) st = fh_mesh_from_plex(plex, "the rectangle with a slot", n_sides, sides, mesh);
  (void)DMDestroy(&plex);
  if (st != FH_OK) return st;
  FH_CHECK((*mesh)->n_edges == b->n_boundary, FH_ERR_STATE,
           "the mesh has %td edges on its boundary, which was cut into %td pieces",
           (*mesh)->n_edges, b->n_boundary);
  return FH_OK;
}

fh_status fh_mesh_slotted_create(const fh_mesh_slotted *shape, int n_sides,
                                 const char *const *sides, fh_mesh **mesh)
{
  builder b = {.shape = shape};
  *mesh = NULL;
  const fh_status st = build(&b, n_sides, sides, mesh);
  if (st != FH_OK) fh_mesh_destroy(mesh);
  fh_free(b.point);
  fh_free(b.cell);
  return st;
}
