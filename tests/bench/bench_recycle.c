/*
  bench_recycle PROBLEM SIZE SYSTEMS RTOL "name value ..." "PETSc options" ["PETSc options" ...]

  A chain of SYSTEMS sampled systems of a problem of the generator, solved by every solver named by its
  options (each has a KSP of its own that lives as long as the chain); the solvers take turns on each
  system. One line a solver: iterations of the first system and on average of the others, products with A and
  applications of M^-1 on average where the solver counts them, processor milliseconds (median over the
  systems after the first; set-up of the preconditioner included), largest true relative residual, and systems
  that missed RTOL. One rank.

    bench_recycle darcy 98 40 1e-8 "coefficient lognormal" "-ksp_type cg -pc_type icc" "-ksp_type rcg -pc_type icc"
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "datagen/generate.h"
#include "datagen/petsc.h"
#include "datagen/problem/problem.h"
#include "datagen/skr/fastelliptic.h"
#include "datagen/skr/recycle.h"

enum { MOST_SOLVERS = 16, MOST_SYSTEMS = 1000 };

typedef struct {
  const char *options;
  KSP ksp;
  double ms[MOST_SYSTEMS];
  PetscInt first;
  double iterations, operators, preconditioners, residual;
  int failed;
  PetscBool counts;
} Solver;

static double cpu_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static PetscErrorCode open_solver(Solver *s, int number, PetscReal rtol, Mat A)
{
  char prefix[16];
  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(prefix, sizeof prefix, "s%d_", number));
  PetscCall(PetscOptionsPrefixPush(NULL, prefix));
  PetscCall(PetscOptionsInsertString(NULL, s->options));
  PetscCall(PetscOptionsPrefixPop(NULL));
  PetscCall(KSPCreate(PETSC_COMM_SELF, &s->ksp));
  PetscCall(KSPSetOptionsPrefix(s->ksp, prefix));
  PetscCall(KSPSetOperators(s->ksp, A, A));
  PetscCall(KSPSetTolerances(s->ksp, rtol, PETSC_DEFAULT, PETSC_DEFAULT, 10000));
  PetscCall(KSPSetFromOptions(s->ksp));
  PetscFunctionReturn(0);
}

static PetscErrorCode solve(Solver *s, int system, PetscReal rtol, Mat A, Vec b, Vec x, Vec r)
{
  PetscReal residual, size;
  PetscInt iterations;
  KSPRecycleCounts counts;
  void (*get)(void) = NULL;
  PetscFunctionBeginUser;
  PetscCall(KSPSetOperators(s->ksp, A, A));
  const double start = cpu_ms();
  PetscCall(KSPSolve(s->ksp, b, x));
  s->ms[system] = cpu_ms() - start;
  PetscCall(KSPGetIterationNumber(s->ksp, &iterations));
  PetscCall(MatMult(A, x, r));
  PetscCall(VecAYPX(r, -1.0, b));
  PetscCall(VecNorm(r, NORM_2, &residual));
  PetscCall(VecNorm(b, NORM_2, &size));
  s->residual = PetscMax(s->residual, residual / size);
  if (!(residual <= rtol * size)) s->failed++;
  if (!system) s->first = iterations;
  PetscCall(PetscObjectQueryFunction((PetscObject)s->ksp, "KSPRecycleGetCounts_C", &get));
  s->counts = (PetscBool)(get != NULL);
  if (!system) PetscFunctionReturn(0);
  s->iterations += (double)iterations;
  if (!s->counts) PetscFunctionReturn(0);
  PetscCall(KSPRecycleGetCounts(s->ksp, &counts));
  s->operators += (double)counts.operators;
  s->preconditioners += (double)counts.preconditioners;
  PetscFunctionReturn(0);
}

static void report(Solver *s, int systems)
{
  const double others = systems > 1 ? systems - 1 : 1;
  qsort(s->ms + 1, (size_t)(systems - 1), sizeof *s->ms, by_value);
  printf("%-72s first %5d  then %7.1f", s->options, (int)s->first, s->iterations / others);
  if (s->counts)
    printf("  A %6.1f  M %6.1f", s->operators / others, s->preconditioners / others);
  else
    printf("  %19s", "");
  printf("  %8.2f ms  residual %.1e  missed %d\n", s->ms[systems > 1 ? systems / 2 : 0],
         s->residual, s->failed);
}

static PetscErrorCode run(fh_problem *p, int systems, PetscReal rtol, int count, Solver *solvers)
{
  Mat A = NULL;
  Vec b = NULL, x = NULL, r = NULL;
  const PetscBool definite = p->positive_definite ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionBeginUser;
  PetscCall(p->class->matrix_create(p, &A));
  PetscCall(MatSetOption(A, MAT_SYMMETRIC, p->symmetric ? PETSC_TRUE : PETSC_FALSE));
  PetscCall(MatSetOption(A, MAT_SYMMETRY_ETERNAL, p->symmetric ? PETSC_TRUE : PETSC_FALSE));
  PetscCall(MatSetOption(A, MAT_SPD, definite));
  PetscCall(MatSetOption(A, MAT_SPD_ETERNAL, definite));
  PetscCall(MatCreateVecs(A, &x, &b));
  PetscCall(VecDuplicate(b, &r));
  for (int i = 0; i < count; i++) PetscCall(open_solver(solvers + i, i, rtol, A));
  for (int i = 0; i < systems; i++) {
    PetscCheck(p->class->sample(p, 1, i) == FH_OK, PETSC_COMM_SELF, PETSC_ERR_LIB,
               "sample %d cannot be drawn", i);
    PetscCall(p->class->matrix(p, A));
    PetscCall(p->class->rhs(p, b));
    for (int k = 0; k < count; k++)
      PetscCall(solve(solvers + (k + i) % count, i, rtol, A, b, x, r));
  }
  for (int i = 0; i < count; i++) {
    report(solvers + i, systems);
    PetscCall(KSPDestroy(&solvers[i].ksp));
  }
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&r));
  PetscFunctionReturn(0);
}

/* "name value name value" into the problem's configuration */
static fh_status configure(const fh_field *fields, char *text, void *config)
{
  FH_TRY(fh_config_defaults(fields, config));
  char *rest = NULL;
  for (char *name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
    const char *value = strtok_r(NULL, " ", &rest);
    FH_CHECK(value, FH_ERR_USAGE, "%s has no value", name);
    FH_TRY(fh_config_set(fields, config, name, value));
  }
  return FH_OK;
}

static fh_status bench(int argc, char **argv)
{
  static _Alignas(64) unsigned char config[FH_PROBLEM_CONFIG_BYTES];
  static Solver solvers[MOST_SOLVERS];
  const fh_problem_class *class = NULL;
  fh_problem *p = NULL;
  FH_CHECK(
      argc >= 7 && argc - 6 <= MOST_SOLVERS, FH_ERR_USAGE,
      "usage: bench_recycle PROBLEM SIZE SYSTEMS RTOL \"name value ...\" \"PETSc options\" ...");
  const fh_int_list size = {.count = 1, .value = {strtol(argv[2], NULL, 10)}};
  const int systems = (int)strtol(argv[3], NULL, 10);
  FH_CHECK(systems >= 1 && systems <= MOST_SYSTEMS, FH_ERR_USAGE, "%d systems: 1 to %d", systems,
           MOST_SYSTEMS);
  for (int i = 6; i < argc; i++) solvers[i - 6].options = argv[i];
  FH_TRY(fh_problem_find(argv[1], &class));
  FH_TRY(configure(class->fields, argv[5], config));
  FH_TRY(fh_problem_create(MPI_COMM_SELF, class, config, &size, &p));
  printf("%s, %td unknowns, %d systems, true residual %s\n", argv[1], p->unknowns, systems,
         argv[4]);
  FH_TRY_PETSC(run(p, systems, strtod(argv[4], NULL), argc - 6, solvers));
  fh_problem_destroy(&p);
  return FH_OK;
}

int main(int argc, char **argv)
{
  int none = 1;
  char **only = argv;
  PetscErrorCode error = PetscInitialize(&none, &only, NULL, NULL);
  if (error) return 1;
  error = KSPRecycleRegister();
  if (!error) error = FHPCFastEllipticRegister();
  const fh_status st = error ? FH_ERR_LIBRARY : bench(argc, argv);
  if (st != FH_OK) fh_status_print(stderr);
  error = PetscFinalize();
  return st != FH_OK || error;
}
