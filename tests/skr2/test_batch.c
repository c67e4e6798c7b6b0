/* The batched solver: stencils are the matrices, labels those of other solvers, iterations do not grow, and
   a system that fails harms no other. */
#include "datagen/common.h"
#include "datagen/skr/batch.h"

typedef struct {
  fh_problem *problem;
  Mat matrix;
  Vec b, x, work;
  fh_batch *batch;
} rig;

static rig begin(const fh_generate_config *c)
{
  const fh_problem_class *class = NULL;
  const FHEllipticGrid *grid = NULL;
  rig r = {NULL, NULL, NULL, NULL, NULL, NULL};
  EXPECT_OK(fh_problem_find(c->problem, &class));
  EXPECT_OK(fh_problem_create(MPI_COMM_SELF, class, c->problem_config, &c->size, &r.problem));
  EXPECT(!class->matrix_create(r.problem, &r.matrix) && !MatCreateVecs(r.matrix, &r.x, &r.b) &&
             !VecDuplicate(r.x, &r.work) &&
             !FHPCFastEllipticGetGrid((PetscObject)r.matrix, &grid) && grid,
         "PETSc");
  EXPECT(!fh_batch_unfit(grid) && class->stencil(r.problem, NULL), "no stencil");
  EXPECT_OK(fh_batch_create(grid, FH_BATCH_MULTIGRID, &r.batch));
  return r;
}

static void end(rig *r)
{
  fh_batch_destroy(&r->batch);
  EXPECT(!MatDestroy(&r->matrix) && !VecDestroy(&r->b) && !VecDestroy(&r->x) &&
             !VecDestroy(&r->work),
         "PETSc");
  fh_problem_destroy(&r->problem);
}

static void draw(rig *r, int64_t index, ptrdiff_t slot)
{
  EXPECT_OK(r->problem->class->sample(r->problem, 5, index));
  EXPECT(r->problem->class->stencil(r->problem, fh_batch_slot(r->batch, slot)), "no stencil");
}

/* residual of the batch's solution with the assembled matrix of the sample that was drawn last */
static double true_residual(rig *r, ptrdiff_t slot)
{
  PetscScalar *x = NULL;
  double residual = (double)NAN;
  EXPECT(!r->problem->class->matrix(r->problem, r->matrix) &&
             !r->problem->class->rhs(r->problem, r->b) && !VecGetArray(r->x, &x),
         "PETSc");
  memcpy(x, fh_batch_solution(r->batch, slot), (size_t)r->problem->unknowns * sizeof *x);
  EXPECT(!VecRestoreArray(r->x, &x) &&
             !fh_sequence_residual(r->matrix, r->b, r->x, r->work, &residual),
         "PETSc");
  return residual;
}

static fh_generate_config darcy(const char *coefficient, const char *size, const char *dim,
                                const char *scheme)
{
  fh_generate_config c = defaults();
  set(&c, "coefficient", coefficient);
  set(&c, "size", size);
  set(&c, "dim", dim);
  set(&c, "scheme", scheme);
  return c;
}

/* every shape of grid: odd, long, thin, 3-D, one coarse level and many */
static void test_matrices(void)
{
  static const char *const cases[][4] = {
      {"two_phase", "33", "2", "harmonic_fv"},   {"lognormal", "64,20", "2", "harmonic_fv"},
      {"lognormal", "7,90", "2", "harmonic_fv"}, {"two_phase", "25", "2", "arithmetic_fd"},
      {"lognormal", "13", "3", "harmonic_fv"},   {"two_phase", "5,16,24", "3", "harmonic_fv"},
      {"lognormal", "12", "3", "arithmetic_fd"}, {"two_phase", "4", "2", "harmonic_fv"},
      {"manufactured", "40", "2", "harmonic_fv"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const fh_generate_config c = darcy(cases[k][0], cases[k][1], cases[k][2], cases[k][3]);
    rig r = begin(&c);
    for (int i = 0; i < 2; i++) {
      fh_batch_report report;
      draw(&r, i, 0);
      fh_batch_solve(r.batch, 1, 1e-10, false, 0.0, &report);
      const double residual = true_residual(&r, 0);
      EXPECT(report.accepted && report.residual <= 1e-10 && residual <= 1.1e-10,
             "%s %s: %s, residual %g, of the matrix %g", cases[k][0], cases[k][1], report.why,
             report.residual, residual);
      EXPECT(report.iterations <= 25, "%s %s: %d iterations", cases[k][0], cases[k][1],
             (int)report.iterations);
    }
    end(&r);
  }
}

static int iterations(const fh_generate_config *c, double tolerance)
{
  rig r = begin(c);
  int most = 0;
  for (int i = 0; i < 3; i++) {
    fh_batch_report report;
    draw(&r, i, 0);
    fh_batch_solve(r.batch, 1, tolerance, false, 0.0, &report);
    EXPECT(report.accepted, "%s after %d iterations", report.why, (int)report.iterations);
    if (report.iterations > most) most = report.iterations;
  }
  end(&r);
  return most;
}

/* one V-cycle a step: the grid does not matter, the contrast little */
static void test_iterations(void)
{
  static const char *const sizes[] = {"16", "31", "64", "100", "160"};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    const fh_generate_config smooth = darcy("lognormal", sizes[k], "2", "harmonic_fv");
    const fh_generate_config jumps = darcy("two_phase", sizes[k], "2", "harmonic_fv");
    const int a = iterations(&smooth, 1e-8), b = iterations(&jumps, 1e-8);
    EXPECT(a <= 9 && b <= 11, "%s points: %d and %d iterations", sizes[k], a, b);
  }
  fh_generate_config far = darcy("two_phase", "64", "2", "harmonic_fv");
  set(&far, "values", "1000,1");
  const int c = iterations(&far, 1e-8);
  set(&far, "values", "1,1000000");
  const int d = iterations(&far, 1e-6);
  /* far beyond what media have the V-cycle gets weaker, and still converges */
  EXPECT(c <= 30 && d <= 250, "contrast 1e3: %d iterations, 1e6: %d", c, d);
  const fh_generate_config cube = darcy("two_phase", "24", "3", "harmonic_fv");
  EXPECT(iterations(&cube, 1e-8) <= 12, "3-D");
}

/* many at a time are the same as one by one */
static void test_together(void)
{
  const fh_generate_config c = darcy("lognormal", "20", "2", "harmonic_fv");
  rig r = begin(&c);
  const ptrdiff_t n = fh_batch_capacity(r.batch), size = r.problem->unknowns;
  fh_batch_report *reports = calloc((size_t)n, sizeof *reports), alone;
  double *all = calloc((size_t)(n * size), sizeof *all);
  EXPECT(n > 4, "%td together: this test wants several", n);
  for (ptrdiff_t i = 0; i < n; i++) draw(&r, i, i);
  fh_batch_solve(r.batch, n, 1e-9, false, 0.0, reports);
  memcpy(all, fh_batch_solution(r.batch, 0), (size_t)(n * size) * sizeof *all);
  for (ptrdiff_t i = 0; i < n; i++) {
    double difference = 0.0, norm = 0.0;
    draw(&r, i, 0);
    fh_batch_solve(r.batch, 1, 1e-9, false, 0.0, &alone);
    const double *x = fh_batch_solution(r.batch, 0);
    for (ptrdiff_t k = 0; k < size; k++) {
      difference = fmax(difference, fabs(x[k] - all[i * size + k]));
      norm = fmax(norm, fabs(x[k]));
    }
    EXPECT(alone.iterations == reports[i].iterations && difference <= 1e-12 * norm,
           "system %td: %d iterations alone, %d with others, difference %g", i,
           (int)alone.iterations, (int)reports[i].iterations, difference / norm);
  }
  free(all), free(reports);
  end(&r);
}

/* what is no system, in the middle of others */
static void test_failures(void)
{
  const fh_generate_config c = darcy("two_phase", "18", "2", "harmonic_fv");
  rig r = begin(&c);
  fh_batch_report reports[16];
  for (int bad = 0; bad < 4; bad++) {
    for (ptrdiff_t i = 0; i < 5; i++) draw(&r, i, i);
    fh_stencil *s = fh_batch_slot(r.batch, 2);
    if (bad == 0) s->face[0][60] = (double)NAN;
    if (bad == 1)
      for (ptrdiff_t k = 0; k < fh_stencil_faces(s, 1); k++) s->face[1][k] *= -1.0;
    if (bad == 2) s->rhs[7] = (double)INFINITY;
    if (bad == 3)
      for (ptrdiff_t k = 100; k < 130; k++) s->face[0][k] = -1e6;
    fh_batch_solve(r.batch, 5, 1e-8, false, 0.0, reports);
    for (ptrdiff_t i = 0; i < 5; i++)
      EXPECT(reports[i].accepted == (i != 2) && (i != 2 || reports[i].why[0]),
             "case %d, system %td: %s", bad, i, reports[i].why);
    draw(&r, 4, 4);
    EXPECT(true_residual(&r, 4) <= 1.1e-8, "case %d: the neighbours are harmed", bad);
  }
  draw(&r, 0, 0);
  fh_batch_solve(r.batch, 1, 1e-18, false, 0.0, reports);
  EXPECT(!reports[0].accepted && reports[0].residual < 1e-10, "1e-18 was reached: %g",
         reports[0].residual);
  fh_batch_solve(r.batch, 1, 1e-8, false, 1e-9, reports);
  EXPECT(!reports[0].accepted && strstr(reports[0].why, "time"), "no end by the clock");
  memset(fh_batch_slot(r.batch, 0)->rhs, 0, (size_t)r.problem->unknowns * sizeof(double));
  fh_batch_solve(r.batch, 1, 1e-8, false, 0.0, reports);
  EXPECT(reports[0].accepted && fh_batch_solution(r.batch, 0)[5] == 0.0, "a zero right-hand side");
  end(&r);
}

/* from the solution itself nothing is left to do; a reaction term is part of the matrix */
static void test_warm_and_reaction(void)
{
  const fh_generate_config c = darcy("lognormal", "24", "2", "harmonic_fv");
  rig r = begin(&c);
  fh_batch_report report, again;
  draw(&r, 1, 0);
  fh_batch_solve(r.batch, 1, 1e-9, true, 0.0, &report);
  fh_batch_solve(r.batch, 1, 1e-9, true, 0.0, &again);
  EXPECT(report.accepted && again.accepted && again.iterations == 0, "%d iterations when warm",
         (int)again.iterations);
  const double before = fh_batch_solution(r.batch, 0)[300];
  for (ptrdiff_t k = 0; k < r.problem->unknowns; k++) fh_batch_slot(r.batch, 0)->reaction[k] = 1e4;
  fh_batch_solve(r.batch, 1, 1e-9, false, 0.0, &report);
  const double after = fh_batch_solution(r.batch, 0)[300];
  EXPECT(report.accepted && after < 0.1 * before && after > 0.0, "reaction: %g before, %g after",
         before, after);
  end(&r);
}

int main(int argc, char **argv)
{
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  test_matrices();
  test_iterations();
  test_together();
  test_failures();
  test_warm_and_reaction();
  printf("batch: stencils, iterations, several at a time, failures\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
