/* Thermal: the mesh, order of convergence, conservation, both layouts, meshes from files, several ranks. */
#include <unistd.h>

#include "datagen/problem/thermal/thermal.h"
#include "problems.h"

/* ---- the mesh ----------------------------------------------------------------------------------------- */

static double turn(const fh_mesh *m, const int32_t *c, int i, int j, int k)
{
  const double *a = m->node[c[i]], *b = m->node[c[j]], *d = m->node[c[k]];
  return (b[0] - a[0]) * (d[1] - a[1]) - (b[1] - a[1]) * (d[0] - a[0]);
}

static double least_angle(const fh_mesh *m)
{
  double least = 180.0;
  for (ptrdiff_t k = 0; k < m->n_cells; k++)
    for (int i = 0; i < 3; i++) {
      const double *a = m->node[m->cell[k][i]], *b = m->node[m->cell[k][(i + 1) % 3]];
      const double *c = m->node[m->cell[k][(i + 2) % 3]];
      const double dot = (b[0] - a[0]) * (c[0] - a[0]) + (b[1] - a[1]) * (c[1] - a[1]);
      least = fmin(least, atan2(turn(m, m->cell[k], i, (i + 1) % 3, (i + 2) % 3), dot) * 57.29578);
    }
  return least;
}

/* area, Euler's formula with one hole, closed boundary, straight edges, angles */
static void check_mesh(const fh_mesh *m, double area)
{
  double sum = 0.0, around[2] = {0.0, 0.0};
  for (ptrdiff_t k = 0; k < m->n_cells; k++) {
    sum += 0.5 * turn(m, m->cell[k], 0, 1, 2);
    for (int i = 0; i < 3; i++)
      for (int a = 0; a < 2; a++) {
        const double middle =
            0.5 * (m->node[m->cell[k][i]][a] + m->node[m->cell[k][(i + 1) % 3]][a]);
        EXPECT(fabs(m->node[m->cell[k][3 + i]][a] - middle) <= 1e-14, "middle of an edge");
      }
  }
  EXPECT(fabs(sum - area) <= 1e-12, "area %.15g of %.15g", sum, area);
  /* nodes = vertices + edges, vertices - edges + cells = 0, 2 edges = 3 cells + boundary edges */
  EXPECT(m->n_nodes == 2 * m->n_cells + m->n_edges, "%td nodes, %td cells, %td edges", m->n_nodes,
         m->n_cells, m->n_edges);
  for (ptrdiff_t e = 0; e < m->n_edges; e++)
    for (int a = 0; a < 2; a++)
      around[a] += m->node[m->edge[e].node[1]][a] - m->node[m->edge[e].node[0]][a];
  EXPECT(fabs(around[0]) + fabs(around[1]) <= 1e-12, "the boundary is not closed");
  EXPECT(least_angle(m) >= 30.0, "the least angle is %g degrees", least_angle(m));
}

/* the published numbers of unknowns for these Hmax; another generator need not have the same, but near */
static void test_mesh(void)
{
  static const struct {
    double size;
    int published;
  } rows[] = {{0.05, 2755}, {0.03, 7821}, {0.025, 11063}, {0.02, 17593}, {0.015, 31157}};
  const char *const sides[] = {"6", "1"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fh_mesh_slotted shape = {{-0.5, 0.5, -0.8, 0.8}, {-0.05, 0.05, -0.4, 0.4}, rows[i].size};
    fh_mesh *m = NULL;
    ptrdiff_t held = 0;
    EXPECT_OK(fh_mesh_slotted_create(&shape, 2, sides, &m));
    check_mesh(m, 1.52);
    for (ptrdiff_t e = 0; e < m->n_edges; e++) held += m->edge[e].side == 0 ? 2 : 0;
    const double ratio = (double)(m->n_nodes - held - 1) / rows[i].published;
    EXPECT(ratio > 0.97 && ratio < 1.03, "%td unknowns, published %d", m->n_nodes - held - 1,
           rows[i].published);
    fh_mesh_destroy(&m);
  }
  /* other shapes: a slot off the middle, the coarsest mesh there can be */
  fh_mesh_slotted shape = {{0.0, 2.0, 0.0, 1.0}, {0.3, 0.7, 0.2, 0.9}, 0.1};
  fh_mesh *m = NULL;
  EXPECT_OK(fh_mesh_slotted_create(&shape, 2, sides, &m));
  check_mesh(m, 2.0 - 0.28);
  fh_mesh_destroy(&m);
}

/* ---- solutions ------------------------------------------------------------------------------------------ */

/* relative L2 error over the plate, at the centres of 64 small triangles in each cell */
static double l2_error(const fh_problem *p)
{
  enum { PARTS = 8 };
  const fh_mesh *m = fh_thermal_mesh(p);
  const double *u = p->value[p->n_fields - 1];
  double error = 0.0, norm = 0.0;
  for (ptrdiff_t k = 0; k < m->n_cells; k++) {
    const int32_t *c = m->cell[k];
    const double area = turn(m, c, 0, 1, 2);
    for (int i = 0; i < PARTS; i++)
      for (int j = 0; i + j < PARTS; j++)
        for (int upper = 0; upper < (i + j + 1 < PARTS ? 2 : 1); upper++) {
          const double shift = upper ? 2.0 / 3.0 : 1.0 / 3.0;
          double l[3] = {(i + shift) / PARTS, (j + shift) / PARTS, 0.0}, shape[FH_MESH_NODES];
          double x[2] = {0.0, 0.0}, value = 0.0;
          l[2] = 1.0 - l[0] - l[1];
          fh_mesh_shape(l, shape);
          for (int n = 0; n < FH_MESH_NODES; n++) {
            value += shape[n] * u[c[n]];
            x[0] += shape[n] * m->node[c[n]][0];
            x[1] += shape[n] * m->node[c[n]][1];
          }
          const double exact = fh_thermal_exact(x[0], x[1]);
          error += area * (value - exact) * (value - exact);
          norm += area * exact * exact;
        }
  }
  return sqrt(error / norm);
}

static void test_order(void)
{
  static const char *const sizes[] = {"0.1", "0.05", "0.025"};
  double before = 0.0, least = (double)INFINITY;
  for (int i = 0; i < 3; i++) {
    fh_generate_config c = defaults_of("thermal");
    fh_labeller *l = NULL;
    fh_sample_record record;
    char why[256];
    set(&c, "conductivity", "manufactured");
    set(&c, "layout", "nodes");
    set(&c, "mesh_size", sizes[i]);
    set(&c, "tolerance", "1e-11");
    EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
    EXPECT_OK(fh_labeller_make(l, 0, &record, why));
    EXPECT(record.valid, "%s", why);
    const double error = l2_error(l->problem);
    if (before > 0.0) least = fmin(least, log2(before / error));
    before = error;
    fh_labeller_destroy(&l);
  }
  EXPECT(least >= 2.8, "order %g of 3", least);
}

/* g on the left, q on the right, and u linear in both numbers: u_2 = a u_0 + b u_1. */
static void test_published_law(void)
{
  fh_generate_config c = defaults_of("thermal");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double u[3][3], g[3][2];
  set(&c, "layout", "nodes");
  set(&c, "mesh_size", "0.1");
  set(&c, "tolerance", "1e-11");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT(l->problem->constant_matrix && l->problem->symmetric && l->problem->positive_definite,
         "hints");
  EXPECT(asymmetry(&c) <= 1e-13, "asymmetry");
  for (int s = 0; s < 3; s++) {
    const fh_mesh *m = fh_thermal_mesh(l->problem);
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid, "%s", why);
    g[s][0] = g[s][1] = 0.0;
    for (ptrdiff_t i = 0; i < m->n_nodes; i++) {
      const double held = l->problem->value[0][i], flux = l->problem->value[1][i];
      EXPECT(held == 0.0 || (m->node[i][0] == -0.5 && held > 0.0 && held < 100.0), "g = %g", held);
      EXPECT(flux == 0.0 || (m->node[i][0] == 0.5 && flux < 0.0 && flux > -100.0), "q = %g", flux);
      if (held != 0.0) g[s][0] = held;
      if (flux != 0.0) g[s][1] = flux;
    }
    for (int i = 0; i < 3; i++) u[s][i] = l->problem->value[2][(i + 1) * m->n_nodes / 5];
  }
  /* u_2 = a u_0 + b u_1 with g_2 = a g_0 + b g_1, q likewise */
  const double det = g[0][0] * g[1][1] - g[1][0] * g[0][1];
  const double a = (g[2][0] * g[1][1] - g[1][0] * g[2][1]) / det;
  const double b = (g[0][0] * g[2][1] - g[2][0] * g[0][1]) / det;
  for (int i = 0; i < 3; i++)
    EXPECT(fabs(a * u[0][i] + b * u[1][i] - u[2][i]) <= 1e-8 * fabs(u[2][i]), "not linear");
  fh_labeller_destroy(&l);
}

/* Without a flux the plate has the temperature of its side everywhere, whatever k; on the grid, 0 in the
   slot, and the mask says where. */
static void test_grid_layout(void)
{
  fh_generate_config c = defaults_of("thermal");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  int inside = 0;
  set(&c, "conductivity", "lognormal");
  set(&c, "boundary_values", "fixed");
  set(&c, "flux", "0");
  set(&c, "mesh_size", "0.1");
  set(&c, "size", "41,65");
  set(&c, "tolerance", "1e-11");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  const fh_problem *p = l->problem;
  EXPECT(!p->constant_matrix && p->n_fields == 2 && p->n_constants == 1 && p->grid.length[1] == 1.6,
         "fields");
  EXPECT_OK(fh_labeller_make(l, 3, &record, why));
  for (int i = 0; i < 41; i++)
    for (int j = 0; j < 65; j++) {
      const double x = -0.5 + i / 40.0, y = -0.8 + j / 40.0, u = p->value[1][i * 65 + j];
      const bool slot = fabs(x) < 0.05 - 1e-9 && fabs(y) < 0.4 - 1e-9;
      EXPECT(p->constants[0].values[i * 65 + j] == (slot ? 0.0 : 1.0), "mask at (%g, %g)", x, y);
      EXPECT(fabs(u - (slot ? 0.0 : 100.0)) <= 1e-8, "u = %g at (%g, %g)", u, x, y);
      EXPECT(p->value[0][i * 65 + j] > 0.0, "k");
      inside += !slot;
    }
  EXPECT(inside == 41 * 65 - 3 * 31, "%d points", inside);
  fh_labeller_destroy(&l);
}

/* ---- files ------------------------------------------------------------------------------------------------ */

/* a square of 4 x 4 squares, two triangles each; the last column of squares left out; sides as lines */
static void write_gmsh(const char *path, bool names)
{
  FILE *f = fopen(path, "w");
  fprintf(f, "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n");
  if (names) fprintf(f, "$PhysicalNames\n2\n1 7 \"hot\"\n1 9 \"cold\"\n$EndPhysicalNames\n");
  fprintf(f, "$Nodes\n25\n");
  for (int i = 0; i < 25; i++) fprintf(f, "%d %g %g 0\n", i + 1, i / 5 / 4.0, i % 5 / 4.0);
  fprintf(f, "$EndNodes\n$Elements\n32\n");
  int n = 1;
  for (int j = 0; j < 4; j++) fprintf(f, "%d 1 2 7 1 %d %d\n", n++, j + 1, j + 2);
  for (int j = 0; j < 4; j++) fprintf(f, "%d 1 2 9 2 %d %d\n", n++, 15 + j + 1, 15 + j + 2);
  for (int s = 0; s < 12; s++) {
    const int corner = s / 4 * 5 + s % 4 + 1;
    fprintf(f, "%d 2 2 100 3 %d %d %d\n", n++, corner, corner + 5, corner + 6);
    fprintf(f, "%d 2 2 100 3 %d %d %d\n", n++, corner, corner + 6, corner + 1);
  }
  fprintf(f, "$EndElements\n");
  EXPECT(fclose(f) == 0, "%s", path);
}

/* 3/4 wide, k = 1: u = g + q x */
static void test_file(bool names)
{
  char folder[] = "/tmp/fh_thermal_XXXXXX", path[64];
  fh_generate_config c = defaults_of("thermal");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  EXPECT(mkdtemp(folder), "folder");
  snprintf(path, sizeof path, "%s/square.msh", folder);
  write_gmsh(path, names);
  set(&c, "mesh", path);
  set(&c, "temperature_side", names ? "hot" : "7");
  set(&c, "flux_side", names ? "cold" : "9");
  set(&c, "size", "13,17");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT(fh_thermal_mesh(l->problem)->n_nodes == 7 * 9 && l->problem->unknowns == 6 * 9, "nodes");
  EXPECT(l->problem->grid.length[0] == 0.75, "the point that no triangle has does not count");
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  const double g = l->problem->value[0][0], q = l->problem->value[1][12 * 17];
  EXPECT(g > 0.0 && q < 0.0, "g = %g, q = %g", g, q);
  for (int i = 0; i < 13; i++)
    for (int j = 0; j < 17; j++)
      EXPECT(fabs(l->problem->value[2][i * 17 + j] - g - q * i / 16.0) <= 1e-9 * g, "u");
  fh_labeller_destroy(&l);
  set(&c, "flux_side", "nothing");
  EXPECT_FAILS(FH_ERR_USAGE, names ? "hot, cold" : "7, 9",
               fh_labeller_create(MPI_COMM_SELF, &c, &l));
  remove(path);
  rmdir(folder);
}

int main(int argc, char **argv)
{
  int size = 1;
  fh_generate_config c;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  c = defaults_of("thermal");
  set(&c, "conductivity", "lognormal");
  set(&c, "mesh_size", "0.1");
  set(&c, "size", "21,33");
  set(&c, "tolerance", "1e-10");
  expect_shared(&c, 1e-8);
  set(&c, "conductivity", "constant");
  set(&c, "layout", "grid");
  expect_shared(&c, 1e-8);
  if (size == 1) {
    test_mesh();
    test_order();
    test_published_law();
    test_grid_layout();
    test_file(false);
    test_file(true);
    refuse("thermal", "slot", "0.4,0.6,-0.4,0.4", "not inside");
    refuse("thermal", "mesh_size", "0.2", "narrowest");
    refuse("thermal", "flux_side", "6", "must differ");
    refuse("thermal", "boundary_values", "fixed", "nothing would vary");
  }
  if (PetscGlobalRank == 0) printf("thermal: mesh, order, law, layouts, files, shared samples\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
