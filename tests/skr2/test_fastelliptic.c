/* The PC fastelliptic: an exact inverse on every kind of box, bounded iterations, Darcy, bad input. */
#include "datagen/common.h"
#include "datagen/skr/fastelliptic.h"

#define PETSC(call) EXPECT(!(call), "PETSc: " #call)

/* ---- an operator assembled from its definition --------------------------------------------------- */

static double face_of(const FHEllipticGrid *g, int a, PetscInt i)
{
  return (g->face[a] ? g->face[a][i] : 1.0) / (g->spacing[a] * g->spacing[a]);
}

static double mass_of(const FHEllipticGrid *g, int a, PetscInt i)
{
  double m = g->weight[a] ? g->weight[a][i] : 1.0;
  if (i == 0 && g->side[a][0] == FH_SIDE_NEUMANN_NODE) m *= 0.5;
  if (i == g->n[a] - 1 && g->side[a][1] == FH_SIDE_NEUMANN_NODE) m *= 0.5;
  return m;
}

/* conductance towards the lower (end 0) or upper neighbour; *neighbour = -1: a wall */
static double link_of(const FHEllipticGrid *g, int a, PetscInt i, int end, PetscInt *neighbour)
{
  const PetscInt n = g->n[a], to = i + (end ? 1 : -1);
  *neighbour = to;
  if (to >= 0 && to < n) return face_of(g, a, end ? i + 1 : i);
  *neighbour = g->side[a][end] == FH_SIDE_PERIODIC ? (to + n) % n : -1;
  if (g->side[a][end] == FH_SIDE_PERIODIC) return n == 1 ? 0.0 : face_of(g, a, 0);
  if (g->side[a][end] == FH_SIDE_DIRICHLET_CELL) return 2.0 * face_of(g, a, end ? n : 0);
  return g->side[a][end] == FH_SIDE_DIRICHLET_NODE ? face_of(g, a, end ? n : 0) : 0.0;
}

static PetscErrorCode fill_row(const FHEllipticGrid *g, PetscInt row, Mat A)
{
  PetscInt at[3] = {0, 0, 0}, rest = row, stride = 1;
  double mass[3], all = 1.0;
  PetscFunctionBeginUser;
  for (int a = (int)g->dim - 1; a >= 0; a--) at[a] = rest % g->n[a], rest /= g->n[a];
  for (int a = 0; a < g->dim; a++) all *= mass[a] = mass_of(g, a, at[a]);
  PetscCall(MatSetValue(A, row, row, g->shift * all, ADD_VALUES));
  for (int a = (int)g->dim - 1; a >= 0; stride *= g->n[a], a--)
    for (int end = 0; end < 2; end++) {
      PetscInt to = 0;
      const double c = link_of(g, a, at[a], end, &to) * all / mass[a];
      PetscCall(MatSetValue(A, row, row, c, ADD_VALUES));
      if (to >= 0) PetscCall(MatSetValue(A, row, row + (to - at[a]) * stride, -c, ADD_VALUES));
    }
  PetscFunctionReturn(0);
}

static PetscErrorCode assemble(const FHEllipticGrid *g, Mat *A)
{
  PetscInt n = 1, first = 0, last = 0;
  PetscFunctionBeginUser;
  for (int a = 0; a < g->dim; a++) n *= g->n[a];
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, n, n, 7, NULL, 6, NULL, A));
  PetscCall(MatGetOwnershipRange(*A, &first, &last));
  for (PetscInt row = first; row < last; row++) PetscCall(fill_row(g, row, *A));
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(FHPCFastEllipticSetGrid((PetscObject)*A, g));
  PetscFunctionReturn(0);
}

/* numbers that do not depend on the number of ranks */
static PetscErrorCode fill_vector(Vec b, PetscInt seed)
{
  PetscInt first = 0, last = 0;
  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(b, &first, &last));
  for (PetscInt i = first; i < last; i++)
    PetscCall(VecSetValue(b, i,
                          sin(1.7 * (double)(i + 3 * seed)) + cos(0.3 * (double)(i * seed % 97)),
                          INSERT_VALUES));
  PetscCall(VecAssemblyBegin(b));
  PetscCall(VecAssemblyEnd(b));
  PetscFunctionReturn(0);
}

static PetscErrorCode create_pc(Mat A, FHEllipticPrecision precision, PetscInt dense, PC *pc)
{
  PetscFunctionBeginUser;
  PetscCall(PCCreate(PETSC_COMM_WORLD, pc));
  PetscCall(PCSetType(*pc, FHPCFASTELLIPTIC));
  PetscCall(FHPCFastEllipticSetPrecision(*pc, precision));
  PetscCall(FHPCFastEllipticSetDense(*pc, dense));
  PetscCall(PCSetOperators(*pc, A, A));
  PetscCall(PCSetUp(*pc));
  PetscFunctionReturn(0);
}

/* ---- exact inverses ------------------------------------------------------------------------------ */

static bool is_singular(const FHEllipticGrid *g)
{
  for (int a = 0; a < g->dim; a++)
    for (int end = 0; end < 2; end++)
      if (g->side[a][end] <= FH_SIDE_DIRICHLET_NODE) return false;
  return g->shift == 0.0;
}

/* || A P b - b || / || b ||, with the constants taken out of b where A is singular */
static PetscErrorCode defect(const FHEllipticGrid *g, FHEllipticPrecision precision, PetscInt dense,
                             double *error)
{
  Mat A = NULL;
  PC pc = NULL;
  Vec b = NULL, x = NULL, r = NULL;
  PetscReal size = 0.0, rest = 0.0;
  PetscScalar sum = 0.0;
  PetscInt n = 0;
  PetscFunctionBeginUser;
  PetscCall(assemble(g, &A));
  PetscCall(MatCreateVecs(A, &x, &b));
  PetscCall(VecDuplicate(b, &r));
  PetscCall(fill_vector(b, 1));
  PetscCall(VecGetSize(b, &n));
  PetscCall(VecSum(b, &sum));
  if (is_singular(g)) PetscCall(VecShift(b, -sum / (PetscScalar)n));
  PetscCall(create_pc(A, precision, dense, &pc));
  PetscCall(PCApply(pc, b, x));
  PetscCall(MatMult(A, x, r));
  PetscCall(VecAXPY(r, -1.0, b));
  PetscCall(VecNorm(b, NORM_2, &size));
  PetscCall(VecNorm(r, NORM_2, &rest));
  *error = rest / size;
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&r));
  PetscCall(PCDestroy(&pc));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

static void check_exact(const FHEllipticGrid *g)
{
  for (int dense = 0; dense < 2; dense++)
    for (int precision = 0; precision < 2; precision++) {
      double error = (double)NAN;
      /* single: A weighs rounding with its condition number */
      const double limit = precision == FH_ELLIPTIC_DOUBLE ? 1e-11 : 2e-3;
      PETSC(defect(g, (FHEllipticPrecision)precision, dense ? 1000 : 0, &error));
      EXPECT(error <= limit, "dim %d, %d x %d x %d, sides %d %d, %d %d, %d %d, %s, %s: defect %g",
             (int)g->dim, (int)g->n[0], (int)g->n[1], (int)g->n[2], g->side[0][0], g->side[0][1],
             g->side[1][0], g->side[1][1], g->side[2][0], g->side[2][1], dense ? "dense" : "FFTW",
             precision ? "double" : "single", error);
    }
}

static const FHSide pairs[][2] = {{FH_SIDE_DIRICHLET_CELL, FH_SIDE_DIRICHLET_CELL},
                                  {FH_SIDE_DIRICHLET_NODE, FH_SIDE_DIRICHLET_NODE},
                                  {FH_SIDE_NEUMANN_CELL, FH_SIDE_NEUMANN_CELL},
                                  {FH_SIDE_PERIODIC, FH_SIDE_PERIODIC},
                                  {FH_SIDE_DIRICHLET_CELL, FH_SIDE_NEUMANN_CELL},
                                  {FH_SIDE_NEUMANN_CELL, FH_SIDE_DIRICHLET_CELL},
                                  {FH_SIDE_NEUMANN_NODE, FH_SIDE_NEUMANN_NODE},
                                  {FH_SIDE_DIRICHLET_NODE, FH_SIDE_NEUMANN_NODE},
                                  {FH_SIDE_DIRICHLET_CELL, FH_SIDE_DIRICHLET_NODE}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static FHEllipticGrid box(int dim, const PetscInt *n, const int *pair)
{
  FHEllipticGrid g = {.dim = dim};
  for (int a = 0; a < dim; a++) {
    g.n[a] = n[a];
    g.spacing[a] = 0.1 * (a + 1);
    g.side[a][0] = pairs[pair[a]][0], g.side[a][1] = pairs[pair[a]][1];
  }
  return g;
}

static void test_exact(void)
{
  const PetscInt lengths[][3] = {{7, 6, 5}, {2, 9, 3}, {5, 2, 8}, {3, 1, 4}};
  for (int p = 0; p < PAIRS * PAIRS; p++) {
    const int pair[3] = {p % PAIRS, p / PAIRS, (p + p / PAIRS) % PAIRS};
    for (int dim = 1; dim <= 3; dim++) {
      FHEllipticGrid g = box(dim, lengths[p % 3], pair);
      check_exact(&g);
      g.shift = 0.7;
      if (p < PAIRS) check_exact(&g);
    }
  }
  /* one unknown on an axis; no Neumann nodes there */
  const int with_one[3] = {0, 3, 1};
  const FHEllipticGrid g = box(3, lengths[3], with_one);
  check_exact(&g);
}

static void test_separable(void)
{
  PetscReal face[3][16], weight[3][16];
  const PetscInt n[3] = {6, 7, 5};
  for (int a = 0; a < 3; a++)
    for (int i = 0; i < 16; i++) {
      face[a][i] = 1.0 + 0.9 * sin(1.0 + i + 5.0 * a);
      weight[a][i] = 1.0 + 0.5 * cos(2.0 * i + a);
    }
  for (int p = 0; p < PAIRS; p++)
    for (int dim = 1; dim <= 3; dim++) {
      const int pair[3] = {p, (p + 1) % PAIRS, (p + 4) % PAIRS};
      FHEllipticGrid g = box(dim, n, pair);
      for (int a = 0; a < dim; a++) g.face[a] = face[a], g.weight[a] = weight[a];
      check_exact(&g);
    }
}

/* ---- Darcy --------------------------------------------------------------------------------------- */

typedef struct {
  fh_labeller *labeller;
  fh_generate_config config;
} darcy;

static darcy begin(const char *preset, const char *scheme, const char *size)
{
  darcy d = {.labeller = NULL};
  const fh_field *fields = NULL;
  bool usable = false;
  char why[256];
  EXPECT_OK(fh_generate_prepare("darcy", preset, &d.config, &fields));
  set(&d.config, "size", size);
  set(&d.config, "scheme", scheme);
  EXPECT_OK(fh_labeller_create(MPI_COMM_WORLD, &d.config, &d.labeller));
  EXPECT_OK(fh_labeller_assemble(d.labeller, 3, &usable, why));
  EXPECT(usable, "%s", why);
  return d;
}

/* iterations of CG to a relative true residual of tolerance; solution in labeller->x */
static PetscErrorCode solve(Mat A, Vec b, Vec x, PCType type, FHEllipticScaling scaling,
                            double tolerance, PetscInt *iterations)
{
  KSP ksp = NULL;
  PC pc = NULL;
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  PetscFunctionBeginUser;
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetType(ksp, KSPCG));
  PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(KSPSetTolerances(ksp, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, 500));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, type));
  if (!strcmp(type, FHPCFASTELLIPTIC)) PetscCall(FHPCFastEllipticSetScaling(pc, scaling));
  if (!strcmp(type, PCCHOLESKY)) PetscCall(PCFactorSetMatSolverType(pc, MATSOLVERMUMPS));
  PetscCall(KSPSolve(ksp, b, x));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  PetscCall(KSPGetIterationNumber(ksp, iterations));
  EXPECT(reason > 0, "%s stopped: %s", type, KSPConvergedReasons[reason]);
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

static PetscInt iterations_of(const char *preset, const char *scheme, const char *size,
                              FHEllipticScaling scaling)
{
  darcy d = begin(preset, scheme, size);
  fh_labeller *l = d.labeller;
  PetscInt iterations = 0, direct = 0;
  PetscReal norm = 0.0, difference = 0.0;
  Vec exact = NULL;
  PETSC(VecDuplicate(l->x, &exact));
  PETSC(solve(l->matrix, l->b, l->x, FHPCFASTELLIPTIC, scaling, 1e-10, &iterations));
  PETSC(solve(l->matrix, l->b, exact, PCCHOLESKY, scaling, 1e-12, &direct));
  PETSC(VecNorm(exact, NORM_2, &norm));
  PETSC(VecAXPY(l->x, -1.0, exact));
  PETSC(VecNorm(l->x, NORM_2, &difference));
  EXPECT(difference <= 1e-7 * norm, "%s %s: %g from Cholesky's solution", preset, size,
         difference / norm);
  PETSC(VecDestroy(&exact));
  fh_labeller_destroy(&d.labeller);
  return iterations;
}

static void test_iterations(void)
{
  static const char *const presets[] = {"fno-darcy-clean-1", "lognormal-darcy-1"};
  static const char *const schemes[] = {"harmonic_fv", "arithmetic_fd"};
  for (int p = 0; p < 2; p++)
    for (int s = 0; s < 2; s++) {
      const PetscInt coarse = iterations_of(presets[p], schemes[s], "16", FH_ELLIPTIC_SCALING_AUTO);
      const PetscInt fine =
          iterations_of(presets[p], schemes[s], "64,48", FH_ELLIPTIC_SCALING_AUTO);
      /* contrast 4: factor 1/3 a step, 21 steps to 1e-10; the smooth field is near its scaling */
      EXPECT(fine <= (p ? 18 : 30) && fine <= coarse + 8,
             "%s, %s: %d iterations on 16^2, %d on 64 x 48", presets[p], schemes[s], (int)coarse,
             (int)fine);
    }
  /* the decision of auto is the better one of both, or close to it */
  for (int p = 0; p < 2; p++) {
    const PetscInt plain = iterations_of(presets[p], "harmonic_fv", "48", FH_ELLIPTIC_SCALING_NONE);
    const PetscInt scaled =
        iterations_of(presets[p], "harmonic_fv", "48", FH_ELLIPTIC_SCALING_DIAGONAL);
    const PetscInt chosen =
        iterations_of(presets[p], "harmonic_fv", "48", FH_ELLIPTIC_SCALING_AUTO);
    EXPECT(chosen <= PetscMin(plain, scaled) + 1 && plain != scaled,
           "%s: %d iterations unscaled, %d scaled, %d chosen", presets[p], (int)plain, (int)scaled,
           (int)chosen);
  }
}

/* constant coefficient: one iteration, by options, in the sequence solver */
static void test_one_iteration(void)
{
  fh_generate_config c = defaults();
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "values", "5,5");
  set(&c, "size", "24,40");
  set(&c, "ranks_per_sample", "1");
  PETSC(PetscOptionsSetValue(NULL, "-pc_type", "fastelliptic"));
  PETSC(PetscOptionsSetValue(NULL, "-pc_fastelliptic_precision", "double"));
  EXPECT_OK(fh_labeller_create(MPI_COMM_WORLD, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(record.valid && record.rung == 0 && record.iterations == 1 && record.residual <= 1e-12,
         "rung %d, %d iterations, residual %g: %s", record.rung, (int)record.iterations,
         record.residual, why);
  fh_labeller_destroy(&l);
  PETSC(PetscOptionsClearValue(NULL, "-pc_fastelliptic_precision"));
  PETSC(PetscOptionsClearValue(NULL, "-pc_type"));
}

/* ---- bad input ----------------------------------------------------------------------------------- */

static void expect_error(PetscErrorCode got, PetscErrorCode wanted, const char *what)
{
  EXPECT(got == wanted, "%s: error %d, %d expected", what, (int)got, (int)wanted);
}

static void test_bad_grids(void)
{
  const PetscInt n[3] = {4, 4, 4};
  const int pair[3] = {0, 0, 0};
  const FHEllipticGrid good = box(2, n, pair);
  const PetscReal negative[5] = {1.0, 1.0, -1.0, 1.0, 1.0};
  FHEllipticGrid g = good;
  Mat A = NULL;
  PC pc = NULL;
  PETSC(assemble(&good, &A));
  PETSC(PetscPushErrorHandler(PetscReturnErrorHandler, NULL));
#define REFUSED(change, code)                                                                      \
  g = good, change, expect_error(FHPCFastEllipticSetGrid((PetscObject)A, &g), code, #change)
  REFUSED(g.dim = 4, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.dim = 0, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.n[1] = 0, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.spacing[0] = 0.0, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.spacing[0] = (double)NAN, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.shift = -1.0, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.side[0][1] = FH_SIDE_PERIODIC, PETSC_ERR_ARG_INCOMP);
  REFUSED(g.side[0][1] = (FHSide)17, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.face[1] = negative, PETSC_ERR_ARG_OUTOFRANGE);
  REFUSED(g.weight[0] = negative, PETSC_ERR_ARG_OUTOFRANGE);
  /* another grid's size, and none at all */
  g = good, g.n[0] = 5;
  PETSC(FHPCFastEllipticSetGrid((PetscObject)A, &g));
  expect_error(create_pc(A, FH_ELLIPTIC_DOUBLE, 10, &pc), PETSC_ERR_ARG_SIZ, "size");
  PETSC(PCDestroy(&pc));
  PETSC(PetscObjectCompose((PetscObject)A, "FHEllipticGrid", NULL));
  expect_error(create_pc(A, FH_ELLIPTIC_DOUBLE, 10, &pc), PETSC_ERR_ARG_WRONGSTATE, "no grid");
  PETSC(PCSetType(pc, PCJACOBI));
  expect_error(FHPCFastEllipticSetDense(pc, 3), PETSC_ERR_ARG_WRONG, "another type");
  PETSC(PetscPopErrorHandler());
  PETSC(PCDestroy(&pc));
  PETSC(MatDestroy(&A));
}

/* a diagonal that is not positive fails the solve, not the program; the next matrix is unharmed */
static void test_bad_matrix(void)
{
  const PetscInt n[2] = {6, 5};
  const int pair[2] = {0, 2};
  const FHEllipticGrid g = box(2, n, pair);
  Mat A = NULL;
  Vec b = NULL, x = NULL;
  KSP ksp = NULL;
  PC pc = NULL;
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  PETSC(assemble(&g, &A));
  PETSC(MatCreateVecs(A, &x, &b));
  PETSC(fill_vector(b, 2));
  PETSC(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PETSC(KSPSetType(ksp, KSPCG));
  PETSC(KSPGetPC(ksp, &pc));
  PETSC(PCSetType(pc, FHPCFASTELLIPTIC));
  PETSC(KSPSetOperators(ksp, A, A));
  PETSC(MatScale(A, -1.0));
  PETSC(KSPSolve(ksp, b, x));
  PETSC(KSPGetConvergedReason(ksp, &reason));
  EXPECT(reason == KSP_DIVERGED_PC_FAILED, "a negative matrix: %s", KSPConvergedReasons[reason]);
  /* tiny and huge right-hand sides stay within single precision */
  PETSC(MatScale(A, -1.0));
  for (int e = -200; e <= 200; e += 100) {
    PetscInt iterations = 0;
    PETSC(fill_vector(b, 2));
    PETSC(VecScale(b, pow(10.0, e)));
    PETSC(KSPSetTolerances(ksp, 1e-10, 0.0, PETSC_DEFAULT, 10));
    PETSC(KSPSolve(ksp, b, x));
    PETSC(KSPGetConvergedReason(ksp, &reason));
    PETSC(KSPGetIterationNumber(ksp, &iterations));
    EXPECT(abs(e) > 150 || (reason > 0 && iterations <= 4), "b of 1e%d: %s after %d", e,
           KSPConvergedReasons[reason], (int)iterations);
  }
  PETSC(VecSet(b, 0.0));
  PETSC(PCApply(pc, b, x));
  PetscReal norm = 1.0;
  PETSC(VecNorm(x, NORM_2, &norm));
  EXPECT(norm == 0.0, "0 became %g", norm);
  PETSC(KSPDestroy(&ksp));
  PETSC(VecDestroy(&b));
  PETSC(VecDestroy(&x));
  PETSC(MatDestroy(&A));
}

int main(int argc, char **argv)
{
  PETSC(PetscInitialize(&argc, &argv, NULL, NULL));
  PETSC(FHPCFastEllipticRegister());
  test_exact();
  test_separable();
  test_bad_grids();
  test_bad_matrix();
  test_one_iteration();
  test_iterations();
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) printf("fastelliptic: exact, bounded, refuses what it cannot\n");
  PETSC(PetscFinalize());
  return 0;
}
