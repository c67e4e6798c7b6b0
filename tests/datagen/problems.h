/* problems - what the tests of the problem classes share */
#pragma once

#include "common.h"

typedef double (*exact_fn)(const fh_generate_config *c, int part, const double x[3]);

/* Largest error of the outputs against an exact solution, at the points of the stored field. */
static inline double largest_error(const fh_generate_config *c, exact_fn exact)
{
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double worst = 0.0;
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(record.valid, "%s: %s", c->problem, why);
  const fh_problem *p = l->problem;
  const ptrdiff_t *n = p->grid.n;
  for (int f = 0, part = 0; f < p->n_fields; f++) {
    if (!p->fields[f].is_output) continue;
    for (ptrdiff_t i = 0; i < fh_grid_size(&p->grid); i++) {
      const double x[3] = {fh_grid_point(&p->grid, 0, i / (n[1] * n[2])),
                           fh_grid_point(&p->grid, 1, i / n[2] % n[1]),
                           fh_grid_point(&p->grid, 2, i % n[2])};
      worst = fmax(worst, fabs(p->value[f][i] - exact(c, part, x)));
    }
    part++;
  }
  fh_labeller_destroy(&l);
  return worst;
}

/* The least slope over the grids of (n, n share[, n]), n = first, 2 first, ..., last; vertices: one more. */
static inline double least_order(fh_generate_config c, exact_fn exact, int dim, int first, int last,
                                 int vertices)
{
  double before = 0.0, least = (double)INFINITY;
  for (int n = first; n <= last; n *= 2) {
    c.size = (fh_int_list){dim, {n + vertices, 3 * n / 4 + vertices, n / 2 + vertices}};
    const double error = largest_error(&c, exact);
    if (before > 0.0) least = fmin(least, log2(before / error));
    before = error;
  }
  return least;
}

/* Several ranks on one sample: the same inputs to the bit, the same outputs to `allowed` (relative L2).
   Several samples differ. */
static inline void expect_shared(const fh_generate_config *c, double allowed)
{
  fh_labeller *alone = NULL, *together = NULL;
  fh_sample_record record;
  char why[256];
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, c, &alone));
  EXPECT_OK(fh_labeller_create(MPI_COMM_WORLD, c, &together));
  const fh_problem *p = alone->problem;
  const size_t bytes = (size_t)fh_grid_size(&p->grid) * sizeof(double);
  double *first = malloc(bytes);
  for (int s = 0; s < 3; s++) {
    EXPECT_OK(fh_labeller_make(alone, s, &record, why));
    EXPECT(record.valid, "%s sample %d: %s", c->problem, s, why);
    EXPECT_OK(fh_labeller_make(together, s, &record, why));
    EXPECT(record.valid && record.residual <= c->solver.tolerance, "%s: %s", c->problem, why);
    for (int f = 0; f < p->n_fields; f++) {
      const double *a = p->value[f], *b = together->problem->value[f];
      double difference = 0.0, norm = 0.0;
      if (!p->fields[f].is_output) {
        EXPECT(memcmp(a, b, bytes) == 0, "%s: inputs differ", c->problem);
        continue;
      }
      for (size_t i = 0; i < bytes / sizeof(double) && together->rank == 0; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += a[i] * a[i];
      }
      EXPECT(sqrt(difference) <= allowed * sqrt(norm), "%s: %g of %g", c->problem, sqrt(difference),
             sqrt(norm));
    }
    if (s == 0) memcpy(first, p->value[0], bytes);
    if (s > 0) EXPECT(memcmp(first, p->value[0], bytes) != 0, "two samples are equal");
  }
  free(first);
  fh_labeller_destroy(&alone);
  fh_labeller_destroy(&together);
}

/* largest entry of A - A^T of sample 0 */
static inline double asymmetry(const fh_generate_config *c)
{
  fh_labeller *l = NULL;
  bool usable = false;
  char why[256];
  PetscReal size = 0.0;
  Mat transposed = NULL;
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, c, &l));
  EXPECT_OK(fh_labeller_assemble(l, 0, &usable, why));
  EXPECT(!MatTranspose(l->matrix, MAT_INITIAL_MATRIX, &transposed), "transpose");
  EXPECT(!MatAXPY(transposed, -1.0, l->matrix, DIFFERENT_NONZERO_PATTERN), "difference");
  EXPECT(!MatNorm(transposed, NORM_INFINITY, &size), "norm");
  (void)MatDestroy(&transposed);
  fh_labeller_destroy(&l);
  return (double)size;
}

static inline void refuse(const char *problem, const char *name, const char *value,
                          const char *word)
{
  fh_generate_config c = defaults_of(problem);
  fh_labeller *l = NULL;
  set(&c, name, value);
  EXPECT_FAILS(FH_ERR_USAGE, word, fh_labeller_create(MPI_COMM_SELF, &c, &l));
}
