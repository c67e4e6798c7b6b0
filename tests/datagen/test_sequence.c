/* The sequence solver: what is accepted, the ladder, failures that are told. */
#include "common.h"

typedef struct {
  Mat matrix;
  Vec b, x, work;
  fh_sequence *sequence;
} setup;

enum { N = 60 };

/* tridiagonal (-1, 2 + shift, -1 + skew); singular: Neumann ends and a right-hand side outside the
   range */
static PetscErrorCode fill(setup *s, double shift, double skew, bool singular)
{
  PetscInt first = 0, last = 0;
  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(s->matrix, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    const PetscInt columns[3] = {i - 1, i, i + 1};
    const bool end = i == 0 || i == N - 1;
    const PetscScalar values[3] = {-1.0, singular && end ? 1.0 : 2.0 + shift, -1.0 + skew};
    const int from = i == 0 ? 1 : 0, to = i == N - 1 ? 1 : 2;
    PetscCall(MatSetValues(s->matrix, 1, &i, to - from + 1, columns + from, values + from,
                           INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(s->matrix, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(s->matrix, MAT_FINAL_ASSEMBLY));
  PetscCall(VecSet(s->b, 1.0));
  PetscFunctionReturn(0);
}

static PetscErrorCode allocate(setup *s)
{
  PetscFunctionBeginUser;
  PetscCall(
      MatCreateAIJ(MPI_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N, N, 3, NULL, 2, NULL, &s->matrix));
  PetscCall(MatCreateVecs(s->matrix, &s->x, &s->b));
  PetscCall(VecDuplicate(s->x, &s->work));
  PetscFunctionReturn(0);
}

static setup begin(double tolerance, bool definite, bool warm)
{
  setup s = {NULL, NULL, NULL, NULL, NULL};
  const fh_sequence_config config = {.tolerance = tolerance, .warm_start = warm};
  const fh_sequence_hint hint = {.symmetric = definite, .positive_definite = definite};
  EXPECT(!allocate(&s), "PETSc");
  EXPECT_OK(fh_sequence_create(s.matrix, &hint, &config, &s.sequence));
  return s;
}

static void end(setup *s)
{
  fh_sequence_destroy(&s->sequence);
  EXPECT(!MatDestroy(&s->matrix) && !VecDestroy(&s->b) && !VecDestroy(&s->x) &&
             !VecDestroy(&s->work),
         "PETSc");
}

static fh_solve_report solve(setup *s)
{
  fh_solve_report report;
  double residual = (double)NAN;
  EXPECT_OK(fh_sequence_solve(s->sequence, s->b, s->x, &report));
  if (report.accepted) {
    EXPECT(!fh_sequence_residual(s->matrix, s->b, s->x, s->work, &residual), "PETSc");
    EXPECT(residual <= report.residual * (1.0 + 1e-12), "%g, told %g", residual, report.residual);
  }
  return report;
}

static void option(const char *name, const char *value)
{
  EXPECT(!(value ? PetscOptionsSetValue(NULL, name, value) : PetscOptionsClearValue(NULL, name)),
         "PETSc");
}

static void test_default(void)
{
  setup s = begin(1e-10, true, false);
  for (int i = 0; i < 3; i++) {
    EXPECT(!fill(&s, 0.01 * i, 0.0, false), "PETSc");
    const fh_solve_report r = solve(&s);
    EXPECT(r.accepted && r.rung == 0 && r.residual <= 1e-10, "%d: %s", i, r.why);
  }
  EXPECT(!VecZeroEntries(s.b), "PETSc");
  EXPECT(solve(&s).accepted, "a zero right-hand side");
  EXPECT(!VecSet(s.b, (double)NAN), "PETSc");
  const fh_solve_report r = solve(&s);
  EXPECT(!r.accepted && strstr(r.why, "not finite"), "%s", r.why);
  end(&s);
}

/* the preconditioned residual that GMRES watches is not the one that counts: asked again */
static void test_polish(void)
{
  option("-ksp_type", "gmres");
  option("-pc_type", "jacobi");
  option("-ksp_rtol", "1e-2");
  setup s = begin(1e-9, false, false);
  EXPECT(!fill(&s, 0.5, 0.3, false), "PETSc");
  const fh_solve_report r = solve(&s);
  EXPECT(r.accepted && r.rung == 0 && r.residual <= 1e-9, "rung %d, residual %g", r.rung,
         r.residual);
  end(&s);
  option("-ksp_rtol", NULL);
  option("-pc_type", NULL);
  option("-ksp_type", NULL);
}

static void test_ladder(void)
{
  option("-ksp_max_it", "2");
  option("-pc_type", "none");
  setup s = begin(1e-9, true, false);
  EXPECT(!fill(&s, 0.0, 0.0, false), "PETSc");
  fh_solve_report r = solve(&s);
  EXPECT(r.accepted && r.rung == 1, "rung %d: %s", r.rung, r.why);
  end(&s);
  option("-retry_ksp_max_it", "1");
  option("-retry_pc_type", "none");
  s = begin(1e-9, true, false);
  EXPECT(!fill(&s, 0.0, 0.0, false), "PETSc");
  r = solve(&s);
  EXPECT(r.accepted && r.rung == 2, "rung %d: %s", r.rung, r.why);
  end(&s);
  option("-retry_pc_type", NULL);
  option("-retry_ksp_max_it", NULL);
  option("-pc_type", NULL);
  option("-ksp_max_it", NULL);
}

static void test_failures(void)
{
  setup s = begin(1e-9, true, false);
  EXPECT(!fill(&s, 0.0, 0.0, true), "PETSc");
  fh_solve_report r = solve(&s);
  EXPECT(!r.accepted && r.rung == 2 && r.why[0], "a singular system was accepted: %g", r.residual);
  /* and the next system of the sequence is none the worse for it */
  EXPECT(!fill(&s, 0.1, 0.0, false), "PETSc");
  r = solve(&s);
  EXPECT(r.accepted, "the system after a singular one: rung %d, %s, %g", r.rung, r.why, r.residual);
  end(&s);
  s = begin(1e-18, true, false);
  EXPECT(!fill(&s, 0.0, 0.0, false), "PETSc");
  r = solve(&s);
  EXPECT(!r.accepted && r.residual < 1e-10, "1e-18 was reached: %g", r.residual);
  end(&s);
  const fh_sequence_config config = {.tolerance = 0.0};
  const fh_sequence_hint hint = {.symmetric = true};
  fh_sequence *none = NULL;
  EXPECT_FAILS(FH_ERR_USAGE, "tolerance = 0", fh_sequence_create(NULL, &hint, &config, &none));
}

/* neighbours in the sequence: starting from the last solution saves iterations */
static void test_warm_start(void)
{
  int iterations[2] = {0, 0};
  option("-pc_type", "jacobi");
  for (int warm = 0; warm < 2; warm++) {
    setup s = begin(1e-6, true, warm == 1);
    for (int i = 0; i < 6; i++) {
      EXPECT(!fill(&s, 0.3 + 1e-7 * i, 0.0, false), "PETSc");
      const fh_solve_report r = solve(&s);
      EXPECT(r.accepted && r.residual <= 1e-6, "%s", r.why);
      iterations[warm] += r.iterations;
    }
    end(&s);
  }
  EXPECT(3 * iterations[1] < iterations[0], "%d cold, %d warm", iterations[0], iterations[1]);
  option("-pc_type", NULL);
}

int main(int argc, char **argv)
{
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  test_default();
  test_polish();
  test_ladder();
  test_failures();
  test_warm_start();
  if (PetscGlobalRank == 0) printf("sequence: acceptance, ladder, failures, warm start\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
