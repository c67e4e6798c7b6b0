/* Convection-diffusion: order of every scheme, no divergence, maximum principle, several ranks. */
#include "datagen/problem/convection/convection.h"
#include "problems.h"

static double exact(const fh_generate_config *c, int part, const double x[3])
{
  (void)c, (void)part;
  return fh_convection_exact(x[0], x[1]);
}

static double order_of(const char *scheme, const char *speed)
{
  fh_generate_config c = defaults_of("convection");
  set(&c, "scheme", scheme);
  set(&c, "flow", "manufactured");
  set(&c, "diffusion", "0.5");
  set(&c, "speed", speed);
  set(&c, "tolerance", "1e-11");
  return least_order(c, exact, 2, 32, 256, 0);
}

static void test_orders(void)
{
  const double exponential = order_of("exponential", "1"), central = order_of("central", "1");
  const double upwind = order_of("upwind", "4");
  EXPECT(exponential >= 1.9, "exponential: order %g", exponential);
  EXPECT(central >= 1.9, "central: order %g", central);
  EXPECT(upwind >= 0.8 && upwind < 1.7, "upwind: order %g", upwind);
}

/* M-matrix whose columns sum to what leaves through the boundary: with f = 1, u > 0 even when diffusion
   is tiny; without flow the matrix is Poisson's */
static void test_monotone(const char *scheme)
{
  fh_generate_config c = defaults_of("convection");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "scheme", scheme);
  set(&c, "diffusion", "1e-4");
  set(&c, "speed", "5");
  set(&c, "size", "32");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT(!l->problem->symmetric && !l->problem->constant_matrix, "hints");
  for (int s = 0; s < 5; s++) {
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid && record.rung == 0, "%s", why);
    Vec sums = NULL;
    PetscReal most = 0.0;
    PetscInt place = 0;
    /* constants leave only through the boundary: an inner row sums to the divergence, which is 0 */
    EXPECT(!VecDuplicate(l->b, &sums) && !MatGetRowSum(l->matrix, sums), "row sums");
    const PetscScalar *sum = NULL;
    EXPECT(!VecGetArrayRead(sums, &sum), "array");
    for (int i = 1; i < 31; i++)
      for (int j = 1; j < 31; j++) most = fmax(most, fabs(sum[i * 32 + j]));
    EXPECT(!VecRestoreArrayRead(sums, &sum) && most <= 1e-9, "divergence %g", most);
    EXPECT(!VecMin(l->x, &place, &most) && most > 0.0, "%s: u = %g < 0", scheme, most);
    (void)VecDestroy(&sums);
  }
  fh_labeller_destroy(&l);
}

static void test_no_flow(void)
{
  fh_generate_config c = defaults_of("convection");
  const double moving = asymmetry(&c);
  set(&c, "speed", "0");
  const double still = asymmetry(&c);
  EXPECT(moving > 0.1 && still == 0.0, "asymmetry %g, without flow %g", moving, still);
  /* u of -0.02 Laplace u = 1 at the centre: 0.0736713 / 0.02 */
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "size", "65");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  const double centre = l->problem->value[2][32 * 65 + 32];
  EXPECT(record.valid && fabs(centre - 3.683565) <= 2e-3, "centre: %g", centre);
  fh_labeller_destroy(&l);
}

static void test_bad_flow(void)
{
  fh_generate_config c = defaults_of("convection");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "field_mean", "1e300");
  set(&c, "speed", "1e300");
  set(&c, "size", "8");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(!record.valid && strstr(why, "velocity") && isnan(l->problem->value[2][0]), "%s", why);
  fh_labeller_destroy(&l);
}

int main(int argc, char **argv)
{
  int size = 1;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char *const schemes[] = {"exponential", "central", "upwind"};
  for (int i = 0; i < 3; i++) {
    fh_generate_config c = defaults_of("convection");
    set(&c, "scheme", schemes[i]);
    set(&c, "size", "21,30");
    set(&c, "tolerance", "1e-10");
    expect_shared(&c, 1e-8);
  }
  if (size == 1) {
    test_orders();
    test_monotone("exponential");
    test_monotone("upwind");
    test_no_flow();
    test_bad_flow();
    refuse("convection", "diffusion", "0", "positive");
    refuse("convection", "field_alpha", "1.5", "derivative");
    refuse("convection", "size", "1", "at least 2");
  }
  if (PetscGlobalRank == 0) printf("convection: orders, divergence, positivity, shared samples\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
