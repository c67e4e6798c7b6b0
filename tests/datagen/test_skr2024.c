/* The published matrices: entry by entry from their description, measured asymmetry, solutions. */
#include "datagen/problem/skr2024/skr2024.h"
#include "problems.h"

enum { S = 12, M = S - 2 };

/* From the flat arrays that the published code cuts its diagonals from; a[S][S], A dense [M M][M M]. */
static void by_diagonals(const double *a, double k, double *A)
{
  double up[M * M], down[M * M], left[M * M], right[M * M], own[M * M];
  const double h = 1.0 / (M - 1.0);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++) {
      own[i * M + j] = 4.0 * a[(i + 1) * S + j + 1] - h * h * k * k;
      up[i * M + j] = -a[i * S + j + 1];
      down[i * M + j] = -a[(i + 2) * S + j + 1];
      left[i * M + j] = j == 0 ? 0.0 : -a[(i + 1) * S + j];
      right[i * M + j] = j == M - 1 ? 0.0 : -a[(i + 1) * S + j + 2];
    }
  memset(A, 0, sizeof(double) * M * M * M * M);
  for (int r = 0; r < M * M; r++) {
    A[r * M * M + r] = own[r];
    if (r + M < M * M) A[r * M * M + r + M] = down[r];    /* starts at 0 */
    if (r >= M) A[r * M * M + r - M] = up[M - 2 + r - M]; /* starts at M - 2, not M */
    if (r >= 1) A[r * M * M + r - 1] = left[1 + r - 1];   /* starts at 1 */
    if (r + 1 < M * M) A[r * M * M + r + 1] = right[r];
  }
}

static void test_entries(const char *problem, bool has_k)
{
  static double A[M * M * M * M];
  fh_generate_config c = defaults_of(problem);
  fh_labeller *l = NULL;
  bool usable = false;
  char why[256];
  set(&c, "size", "12");
  set(&c, "seed", "7");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  for (int s = 3; s < 6; s++) {
    double worst = 0.0;
    EXPECT_OK(fh_labeller_assemble(l, s, &usable, why));
    by_diagonals(l->problem->value[0], has_k ? fh_skr2024_wave_number(7, s) : 0.0, A);
    for (PetscInt i = 0; i < M * M; i++)
      for (PetscInt j = 0; j < M * M; j++) {
        double entry = 0.0;
        EXPECT(!MatGetValues(l->matrix, 1, &i, 1, &j, &entry), "entry");
        worst = fmax(worst, fabs(entry - A[i * M * M + j]));
      }
    EXPECT(worst <= 1e-15, "%s: entries differ by %g", problem, worst);
    double b = 0.0;
    const PetscInt row = 17;
    EXPECT(!VecGetValues(l->b, 1, &row, &b) && fabs(b - 1.0 / 81.0) <= 1e-16, "b = %g", b);
  }
  fh_labeller_destroy(&l);
}

/* n = 2304: asymmetry 1.3 to 2.6 % and deviation of log a 0.17 to 0.20, as measured on the original */
static void test_published_size(void)
{
  fh_generate_config c = defaults_of("skr-2024-darcy");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double deviation = 0.0;
  enum { SAMPLES = 20 };
  set(&c, "size", "50");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT(l->problem->unknowns == 2304 && !l->problem->symmetric && !l->problem->constant_matrix,
         "%td unknowns", l->problem->unknowns);
  for (int s = 0; s < SAMPLES; s++) {
    PetscReal size = 0.0, skew = 0.0;
    Mat transposed = NULL;
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid, "%s", why);
    for (int i = 0; i < 2500; i++)
      deviation += pow(log(l->problem->value[0][i]), 2) / 2500.0 / SAMPLES;
    EXPECT(!MatNorm(l->matrix, NORM_FROBENIUS, &size), "norm");
    EXPECT(!MatTranspose(l->matrix, MAT_INITIAL_MATRIX, &transposed), "transpose");
    EXPECT(!MatAXPY(transposed, -1.0, l->matrix, DIFFERENT_NONZERO_PATTERN), "difference");
    EXPECT(!MatNorm(transposed, NORM_FROBENIUS, &skew), "norm");
    (void)MatDestroy(&transposed);
    EXPECT(skew / size > 0.01 && skew / size < 0.05, "asymmetry %g", skew / size);
  }
  deviation = sqrt(deviation);
  EXPECT(deviation > 0.17 && deviation < 0.20, "deviation of log a: %g", deviation);
  fh_labeller_destroy(&l);
}

int main(int argc, char **argv)
{
  int size = 1;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char *const problems[] = {"skr-2024-darcy", "skr-2024-helmholtz"};
  for (int i = 0; i < 2; i++) {
    fh_generate_config c = defaults_of(problems[i]);
    set(&c, "size", "24");
    set(&c, "tolerance", "1e-10");
    expect_shared(&c, 1e-6);
  }
  if (size == 1) {
    test_entries("skr-2024-darcy", false);
    test_entries("skr-2024-helmholtz", true);
    test_published_size();
    refuse("skr-2024-darcy", "size", "20,30", "square");
    refuse("skr-2024-helmholtz", "size", "4", "at least 5");
  }
  if (PetscGlobalRank == 0) printf("skr2024: entries, law, shared samples\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
