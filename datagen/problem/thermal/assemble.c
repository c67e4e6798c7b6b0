/*
 * Quadratic triangles with straight edges. With barycentric l0, l1 as coordinates of a cell, the stiffness
 * is  K_ij = sum_q w_q k_q (m0 Dx_i Dx_j + m1 (Dx_i Dy_j + Dy_i Dx_j) + m2 Dy_i Dy_j),  Dx, Dy derivatives
 * along l0 and l1 at the points q of Dunavant's rule of degree 4 (1985), m = area * inverse metric. The
 * structure is given once as a list of (row, column) a cell, and PETSc adds up what falls together
 * (MatSetValuesCOO): no search for places while the values are set.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/problem/thermal/thermal_impl.h"

static const double rule[QUADRATURE][4] = {
    /* l0, l1, l2, weight */
    {0.108103018168070, 0.445948490915965, 0.445948490915965, 0.223381589678011},
    {0.445948490915965, 0.108103018168070, 0.445948490915965, 0.223381589678011},
    {0.445948490915965, 0.445948490915965, 0.108103018168070, 0.223381589678011},
    {0.816847572980459, 0.091576213509771, 0.091576213509771, 0.109951743655322},
    {0.091576213509771, 0.816847572980459, 0.091576213509771, 0.109951743655322},
    {0.091576213509771, 0.091576213509771, 0.816847572980459, 0.109951743655322}};

/* derivatives of the shape functions along l0 and l1, l2 = 1 - l0 - l1 */
static void derivatives(const double l[3], double dx[FH_MESH_NODES], double dy[FH_MESH_NODES])
{
  const double x[FH_MESH_NODES] = {4.0 * l[0] - 1.0, 0.0,         -(4.0 * l[2] - 1.0),
                                   4.0 * l[1],       -4.0 * l[1], 4.0 * (l[2] - l[0])};
  const double y[FH_MESH_NODES] = {0.0,        4.0 * l[1] - 1.0,    -(4.0 * l[2] - 1.0),
                                   4.0 * l[0], 4.0 * (l[2] - l[1]), -4.0 * l[0]};
  memcpy(dx, x, sizeof x);
  memcpy(dy, y, sizeof y);
}

static void position(const fh_mesh *m, ptrdiff_t cell, const double l[3], double x[2])
{
  const int32_t *c = m->cell[cell];
  for (int a = 0; a < 2; a++)
    x[a] = l[0] * m->node[c[0]][a] + l[1] * m->node[c[1]][a] + l[2] * m->node[c[2]][a];
}

/* ---- one cell ----------------------------------------------------------------------------------------- */

static void fill_products(fh_thermal *d)
{
  for (int q = 0; q < QUADRATURE; q++) {
    double dx[FH_MESH_NODES], dy[FH_MESH_NODES];
    derivatives(rule[q], dx, dy);
    for (int i = 0; i < FH_MESH_NODES; i++)
      for (int j = 0; j < FH_MESH_NODES; j++) {
        double *to = d->products[q][i * FH_MESH_NODES + j];
        to[0] = dx[i] * dx[j];
        to[1] = dx[i] * dy[j] + dy[i] * dx[j];
        to[2] = dy[i] * dy[j];
      }
  }
}

static void stiffness(const fh_problem *p, ptrdiff_t cell, double k[PAIRS])
{
  const fh_thermal *d = p->data;
  double sum[PAIRS][3] = {{0.0}};
  for (int q = 0; q < QUADRATURE; q++) {
    double x[2];
    position(d->mesh, cell, rule[q], x);
    const double factor = rule[q][3] * fh_thermal_conductivity_at(p, x);
    for (int e = 0; e < PAIRS; e++)
      for (int c = 0; c < 3; c++) sum[e][c] += factor * d->products[q][e][c];
  }
  const double *m = d->metric[cell];
  for (int e = 0; e < PAIRS; e++) k[e] = m[0] * sum[e][0] + m[1] * sum[e][1] + m[2] * sum[e][2];
}

/* gradients of l0 and l1 are the edges 2->1 and 0->2, turned by a right angle, over twice the area */
static void set_metric(const fh_mesh *m, ptrdiff_t cell, double metric[3])
{
  const double *a = m->node[m->cell[cell][0]], *b = m->node[m->cell[cell][1]];
  const double *c = m->node[m->cell[cell][2]];
  const double twice = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  const double g0[2] = {b[1] - c[1], c[0] - b[0]}, g1[2] = {c[1] - a[1], a[0] - c[0]};
  metric[0] = (g0[0] * g0[0] + g0[1] * g0[1]) / (2.0 * twice);
  metric[1] = (g0[0] * g1[0] + g0[1] * g1[1]) / (2.0 * twice);
  metric[2] = (g1[0] * g1[0] + g1[1] * g1[1]) / (2.0 * twice);
}

fh_status fh_thermal_assembly_create(fh_problem *p)
{
  fh_thermal *d = p->data;
  const fh_mesh *m = d->mesh;
  PetscInt row = 0;
  FH_NEW(d->unknown, m->n_nodes);
  FH_NEW(d->metric, m->n_cells);
  for (ptrdiff_t e = 0; e < m->n_edges; e++)
    for (int i = 0; i < 3 && m->edge[e].side == HELD_SIDE; i++) d->unknown[m->edge[e].node[i]] = -1;
  for (ptrdiff_t i = 0; i < m->n_nodes; i++)
    if (d->unknown[i] == 0) d->unknown[i] = row++;
  p->unknowns = row;
  FH_CHECK(row > 0, FH_ERR_FORMAT, "the mesh has no node off the side '%s': nothing is unknown",
           ((const fh_thermal_config *)p->config)->temperature_side);
  fill_products(d);
  for (ptrdiff_t k = 0; k < m->n_cells; k++) set_metric(m, k, d->metric[k]);
  return FH_OK;
}

/* ---- the matrix ---------------------------------------------------------------------------------------- */

typedef struct {
  PetscInt first, last; /* rows of this rank */
} rows;

/* is (i, j) of a cell an entry of our rows? */
static bool is_ours(const fh_thermal *d, const rows *own, const int32_t *cell, int i, int j)
{
  const int32_t row = d->unknown[cell[i]];
  return row >= own->first && row < own->last && d->unknown[cell[j]] >= 0;
}

/* lists the entries; rows and columns may be NULL: only counts */
static PetscInt list_entries(const fh_thermal *d, const rows *own, PetscInt *row, PetscInt *column)
{
  PetscInt n = 0;
  for (ptrdiff_t k = 0; k < d->mesh->n_cells; k++)
    for (int i = 0; i < FH_MESH_NODES; i++)
      for (int j = 0; j < FH_MESH_NODES; j++) {
        const int32_t *cell = d->mesh->cell[k];
        if (!is_ours(d, own, cell, i, j)) continue;
        if (row) {
          row[n] = d->unknown[cell[i]];
          column[n] = d->unknown[cell[j]];
        }
        n++;
      }
  return n;
}

PetscErrorCode fh_thermal_matrix_create(fh_problem *p, Mat *matrix)
{
  fh_thermal *d = p->data;
  const PetscInt n = (PetscInt)p->unknowns;
  PetscInt *row = NULL, *column = NULL;
  PetscLayout layout = NULL;
  rows own = {0, 0};
  PetscFunctionBeginUser;
  PetscCall(MatCreate(p->comm, matrix));
  PetscCall(MatSetSizes(*matrix, PETSC_DECIDE, PETSC_DECIDE, n, n));
  PetscCall(MatSetType(*matrix, MATAIJ));
  PetscCall(MatGetLayouts(*matrix, &layout, NULL));
  PetscCall(PetscLayoutSetUp(layout));
  PetscCall(PetscLayoutGetRange(layout, &own.first, &own.last));
  d->n_entries = list_entries(d, &own, NULL, NULL);
  PetscCall(PetscFree(d->entries));
  PetscCall(PetscMalloc1(d->n_entries, &d->entries));
  PetscCall(PetscMalloc2(d->n_entries, &row, d->n_entries, &column));
  (void)list_entries(d, &own, row, column);
  PetscCall(MatSetPreallocationCOO(*matrix, d->n_entries, row, column));
  PetscCall(PetscFree2(row, column));
  PetscFunctionReturn(0);
}

PetscErrorCode fh_thermal_matrix(fh_problem *p, Mat matrix)
{
  fh_thermal *d = p->data;
  rows own = {0, 0};
  PetscInt n = 0;
  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(matrix, &own.first, &own.last));
  for (ptrdiff_t cell = 0; cell < d->mesh->n_cells; cell++) {
    double k[PAIRS];
    bool known = false;
    for (int i = 0; i < FH_MESH_NODES; i++)
      for (int j = 0; j < FH_MESH_NODES; j++) {
        if (!is_ours(d, &own, d->mesh->cell[cell], i, j)) continue;
        if (!known) stiffness(p, cell, k);
        known = true;
        d->entries[n++] = k[i * FH_MESH_NODES + j];
      }
  }
  PetscCall(MatSetValuesCOO(matrix, d->entries, INSERT_VALUES));
  PetscFunctionReturn(0);
}

/* ---- the right-hand side --------------------------------------------------------------------------------- */

/* what is known of the solution goes to the right */
static void add_held(const fh_problem *p, ptrdiff_t cell, double b[FH_MESH_NODES])
{
  const fh_thermal *d = p->data;
  const int32_t *c = d->mesh->cell[cell];
  double k[PAIRS];
  bool known = false;
  for (int j = 0; j < FH_MESH_NODES; j++) {
    if (d->unknown[c[j]] >= 0) continue;
    if (!known) stiffness(p, cell, k);
    known = true;
    const double held = fh_thermal_held(p, d->mesh->node[c[j]]);
    for (int i = 0; i < FH_MESH_NODES; i++) b[i] -= k[i * FH_MESH_NODES + j] * held;
  }
}

static void add_source(const fh_problem *p, ptrdiff_t cell, double b[FH_MESH_NODES])
{
  const fh_thermal *d = p->data;
  const int32_t *c = d->mesh->cell[cell];
  double(*node)[2] = d->mesh->node;
  const double twice = (node[c[1]][0] - node[c[0]][0]) * (node[c[2]][1] - node[c[0]][1]) -
                       (node[c[1]][1] - node[c[0]][1]) * (node[c[2]][0] - node[c[0]][0]);
  for (int q = 0; q < QUADRATURE; q++) {
    double x[2], shape[FH_MESH_NODES];
    position(d->mesh, cell, rule[q], x);
    fh_mesh_shape(rule[q], shape);
    const double f = 0.5 * twice * rule[q][3] * fh_thermal_source(p, x);
    for (int i = 0; i < FH_MESH_NODES; i++) b[i] += f * shape[i];
  }
}

static void add_to_rows(const fh_thermal *d, const rows *own, int n, const int32_t *node,
                        const double *values, PetscScalar *b)
{
  for (int i = 0; i < n; i++) {
    const int32_t row = d->unknown[node[i]];
    if (row >= own->first && row < own->last) b[row - own->first] += values[i];
  }
}

/* Gauss' rule of degree 5 along an edge, the quadratic functions of its three nodes */
static void edge_flux(const fh_problem *p, const fh_mesh_edge *edge, double b[3])
{
  static const double at[3] = {0.112701665379258, 0.5, 0.887298334620742};
  static const double weight[3] = {5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0};
  const fh_thermal *d = p->data;
  const double *from = d->mesh->node[edge->node[0]], *to = d->mesh->node[edge->node[1]];
  const double length = hypot(to[0] - from[0], to[1] - from[1]);
  const double normal[2] = {(to[1] - from[1]) / length, (from[0] - to[0]) / length};
  memset(b, 0, 3 * sizeof *b);
  for (int q = 0; q < 3; q++) {
    const double t = at[q],
                 x[2] = {from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])};
    const double f = length * weight[q] * fh_thermal_flux(p, edge->side, x, normal);
    b[0] += f * (1.0 - t) * (1.0 - 2.0 * t);
    b[1] += f * t * (2.0 * t - 1.0);
    b[2] += f * 4.0 * t * (1.0 - t);
  }
}

PetscErrorCode fh_thermal_rhs(fh_problem *p, Vec vector)
{
  const fh_thermal *d = p->data;
  const fh_thermal_config *c = p->config;
  const bool has_source = c->conductivity == FH_THERMAL_MANUFACTURED;
  PetscScalar *b = NULL;
  rows own = {0, 0};
  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(vector, &own.first, &own.last));
  PetscCall(VecZeroEntries(vector));
  PetscCall(VecGetArray(vector, &b));
  for (ptrdiff_t cell = 0; cell < d->mesh->n_cells; cell++) {
    double values[FH_MESH_NODES] = {0.0};
    add_held(p, cell, values);
    if (has_source) add_source(p, cell, values);
    add_to_rows(d, &own, FH_MESH_NODES, d->mesh->cell[cell], values, b);
  }
  for (ptrdiff_t e = 0; e < d->mesh->n_edges; e++) {
    double values[3];
    if (d->mesh->edge[e].side == HELD_SIDE) continue;
    edge_flux(p, &d->mesh->edge[e], values);
    add_to_rows(d, &own, 3, d->mesh->edge[e].node, values, b);
  }
  PetscCall(VecRestoreArray(vector, &b));
  PetscFunctionReturn(0);
}
