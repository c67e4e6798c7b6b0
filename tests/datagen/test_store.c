/* Storing on a coarser grid: which points, which means, which waves; and what cannot be. */
#include "problems.h"

/* p on a made-up grid with one input whose values are f(x) */
static fh_problem made_up(int dim, const ptrdiff_t *n, fh_boundary boundary, fh_points points)
{
  fh_problem p = {.n_fields = 1};
  EXPECT_OK(fh_grid_box(dim, n, boundary, points, &p.grid));
  p.fields[0].info.channels = 1;
  p.value[0] = calloc((size_t)fh_grid_size(&p.grid), sizeof(double));
  return p;
}

static void point(const fh_grid *g, ptrdiff_t i, double x[3])
{
  x[0] = fh_grid_point(g, 0, i / (g->n[1] * g->n[2]));
  x[1] = fh_grid_point(g, 1, i / g->n[2] % g->n[1]);
  x[2] = fh_grid_point(g, 2, i % g->n[2]);
}

static double linear(const double x[3])
{
  return 1.0 + 2.0 * x[0] - 3.0 * x[1] + 0.5 * x[2];
}

/* values of a linear function are those at the true points, which shift tells; means are at the centres */
static void check_linear(int dim, const ptrdiff_t *n, const ptrdiff_t *stored, fh_boundary boundary,
                         fh_points points, int method)
{
  fh_problem p = made_up(dim, n, boundary, points);
  fh_store *s = NULL;
  fh_store_config c = {.size = {.count = dim}, .method = method};
  double x[3];
  for (int a = 0; a < dim; a++) c.size.value[a] = stored[a];
  for (ptrdiff_t i = 0; i < fh_grid_size(&p.grid); i++) {
    point(&p.grid, i, x);
    p.value[0][i] = linear(x);
  }
  EXPECT_OK(fh_store_create(&p, &c, &s));
  EXPECT_OK(fh_store_inputs(s));
  EXPECT(!s->is_whole && s->points == fh_grid_size(&s->grid), "%td points", s->points);
  for (ptrdiff_t i = 0; i < s->points; i++) {
    point(&s->grid, i, x);
    for (int a = 0; a < dim; a++) x[a] += s->shift[a];
    EXPECT(fabs(s->value[0][i] - linear(x)) <= 1e-13, "point %td: %g, not %g", i, s->value[0][i],
           linear(x));
  }
  for (int a = 0; a < dim; a++) {
    const double cell = fh_grid_spacing(&p.grid, a);
    const bool even = points == FH_CELL && method == FH_STORE_POINTS && n[a] / stored[a] % 2 == 0;
    EXPECT(fabs(s->shift[a] + (even ? 0.5 * cell : 0.0)) <= 1e-15, "shift %g", s->shift[a]);
  }
  fh_store_destroy(&s);
  free(p.value[0]);
}

/* waves below the coarse grid's limit stay, the others vanish */
static void check_waves(int dim)
{
  const ptrdiff_t n[2] = {24, 24}, stored = 10;
  fh_problem p = made_up(dim, n, FH_PERIODIC, FH_NODE);
  fh_store *s = NULL;
  const fh_store_config c = {.size = {1, {stored}}, .method = FH_STORE_SPECTRAL};
  double x[3];
  for (ptrdiff_t i = 0; i < fh_grid_size(&p.grid); i++) {
    point(&p.grid, i, x);
    p.value[0][i] = sin(6.283185307179586 * 4.0 * x[0]) + cos(6.283185307179586 * 7.0 * x[dim - 1]);
  }
  EXPECT_OK(fh_store_create(&p, &c, &s));
  EXPECT_OK(fh_store_inputs(s));
  for (ptrdiff_t i = 0; i < s->points; i++) {
    point(&s->grid, i, x);
    EXPECT(fabs(s->value[0][i] - sin(6.283185307179586 * 4.0 * x[0])) <= 1e-12, "point %td", i);
  }
  fh_store_destroy(&s);
  free(p.value[0]);
}

static void refuse_store(int dim, fh_boundary boundary, fh_points points, ptrdiff_t stored,
                         int method, const char *words)
{
  const ptrdiff_t n[3] = {12, 12, 12};
  fh_problem p = made_up(dim, n, boundary, points);
  fh_store *s = NULL;
  const fh_store_config c = {.size = {1, {stored}}, .method = method};
  EXPECT_FAILS(FH_ERR_USAGE, words, fh_store_create(&p, &c, &s));
  free(p.value[0]);
}

/* Darcy solved at 48, stored at 16: the values of the whole set */
static void test_darcy(void)
{
  fh_generate_config c = defaults();
  fh_labeller *whole = NULL, *part = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "size", "48");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &whole));
  EXPECT_OK(fh_labeller_make(whole, 4, &record, why));
  EXPECT(record.valid && whole->store->is_whole && whole->store->points == 48 * 48, "%s", why);
  set(&c, "store_size", "16");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &part));
  EXPECT_OK(fh_labeller_make(part, 4, &record, why));
  for (int f = 0; f < 2; f++)
    for (int i = 0; i < 16; i++)
      for (int j = 0; j < 16; j++)
        EXPECT(part->store->value[f][16 * i + j] ==
                   whole->store->value[f][48 * (3 * i + 1) + 3 * j + 1],
               "field %d at %d %d", f, i, j);
  fh_labeller_destroy(&whole);
  fh_labeller_destroy(&part);
}

int main(int argc, char **argv)
{
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  const ptrdiff_t n1[] = {12}, n2[] = {12, 20}, n3[] = {6, 8, 10};
  const ptrdiff_t s1[] = {4}, s2[] = {6, 4}, s3[] = {3, 8, 2};
  check_linear(1, n1, s1, FH_DIRICHLET, FH_CELL, FH_STORE_POINTS);
  check_linear(2, n2, s2, FH_NEUMANN, FH_CELL, FH_STORE_POINTS);
  check_linear(3, n3, s3, FH_DIRICHLET, FH_CELL, FH_STORE_POINTS);
  check_linear(2, n2, s2, FH_PERIODIC, FH_NODE, FH_STORE_POINTS);
  check_linear(2, n2, s2, FH_DIRICHLET, FH_CELL, FH_STORE_MEAN);
  check_linear(3, n3, s3, FH_DIRICHLET, FH_CELL, FH_STORE_MEAN);
  const ptrdiff_t vertices[] = {13, 21}, few[] = {4, 6};
  check_linear(2, vertices, few, FH_DIRICHLET, FH_NODE, FH_STORE_POINTS);
  check_waves(1);
  check_waves(2);
  refuse_store(2, FH_DIRICHLET, FH_CELL, 5, FH_STORE_POINTS, "12 cells");
  refuse_store(2, FH_DIRICHLET, FH_NODE, 6, FH_STORE_POINTS, "(size - 1)");
  refuse_store(2, FH_DIRICHLET, FH_CELL, 13, FH_STORE_POINTS, "between 2 and the 12");
  refuse_store(2, FH_DIRICHLET, FH_NODE, 12, FH_STORE_MEAN, "vertices");
  refuse_store(2, FH_DIRICHLET, FH_CELL, 6, FH_STORE_SPECTRAL, "periodic");
  refuse_store(3, FH_PERIODIC, FH_NODE, 6, FH_STORE_SPECTRAL, "periodic");
  test_darcy();
  printf("store: points, means, waves\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
