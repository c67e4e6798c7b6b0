/* Navier-Stokes: exact solutions, order in time, what is conserved, resolutions, ranks, failures. */
#include "datagen/problem/navier_stokes/navier_stokes.h"

#include "problems.h"

static const double two_pi = 6.283185307179586;

/* vorticity at the end, [points], of sample index; freed by the caller */
static double *run(const fh_generate_config *c, int64_t index, fh_sample_record *record)
{
  fh_labeller *l = NULL;
  char why[256];
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, c, &l));
  EXPECT_OK(fh_labeller_make(l, index, record, why));
  EXPECT(record->valid, "%s", why);
  const fh_store *s = l->store;
  const double *last = s->value[l->problem->n_fields - 1] + (s->steps - 1) * s->points;
  double *w = malloc((size_t)s->points * sizeof *w);
  memcpy(w, last, (size_t)s->points * sizeof *w);
  fh_labeller_destroy(&l);
  return w;
}

static double distance(ptrdiff_t n, const double *a, const double *b)
{
  double difference = 0.0, norm = 0.0;
  for (ptrdiff_t i = 0; i < n; i++) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return sqrt(difference / norm);
}

static double taylor_green(const fh_generate_config *c, int part, const double x[3])
{
  const fh_navier_stokes_config *ns = (const void *)c->problem_config;
  const double k = two_pi / ns->length;
  (void)part;
  return exp(-2.0 * ns->viscosity * k * k * ns->march.end_time) * 2.0 * k * cos(k * x[0]) *
         cos(k * x[1]);
}

static void test_taylor_green(void)
{
  fh_generate_config c = defaults_of("navier-stokes");
  set(&c, "forcing", "none");
  set(&c, "initial", "taylor_green");
  set(&c, "viscosity", "0.02");
  set(&c, "length", "2");
  set(&c, "end_time", "1.5");
  set(&c, "size", "12,9");
  const double error = largest_error(&c, taylor_green);
  EXPECT(error <= 1e-13, "Taylor-Green: %g", error);
}

/* A steady state of every wave number stays: the error of space falls faster than any power. */
static void test_spectral(void)
{
  fh_generate_config c = defaults_of("navier-stokes");
  fh_sample_record record;
  double errors[3];
  set(&c, "forcing", "manufactured");
  set(&c, "initial", "manufactured");
  set(&c, "viscosity", "2");
  set(&c, "length", "2");
  set(&c, "end_time", "0.1");
  for (int i = 0; i < 3; i++) {
    fh_labeller *l = NULL;
    char why[256];
    c.size = (fh_int_list){1, {16 << i}};
    EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
    EXPECT_OK(fh_labeller_make(l, 0, &record, why));
    EXPECT(record.valid, "%s", why);
    errors[i] = distance(l->store->points, l->store->value[1], l->store->value[0]);
    fh_labeller_destroy(&l);
  }
  EXPECT(errors[1] <= errors[0] / 30.0 && errors[2] <= errors[1] / 1000.0 && errors[2] <= 1e-7,
         "spectral accuracy: %g %g %g", errors[0], errors[1], errors[2]);
}

static fh_generate_config turbulence(const char *size)
{
  fh_generate_config c = defaults_of("navier-stokes");
  set(&c, "viscosity", "1e-3");
  set(&c, "forcing_amplitude", "2");
  set(&c, "field_sigma", "100");
  set(&c, "end_time", "0.5");
  set(&c, "size", size);
  return c;
}

/* steps dt, dt/2 against a solution with chosen steps; courant is raised: these steps are long */
static double order_of(const char *scheme, const char *dt, const char *half)
{
  fh_generate_config c = turbulence("32");
  fh_sample_record record;
  set(&c, "tolerance", "1e-13");
  double *exact = run(&c, 0, &record);
  set(&c, "scheme", scheme);
  set(&c, "dt", dt);
  double *once = run(&c, 0, &record);
  set(&c, "dt", half);
  double *twice = run(&c, 0, &record);
  const double first = distance(32 * 32, once, exact), second = distance(32 * 32, twice, exact);
  EXPECT(first > 1e-9 && first < 0.1, "%s: error %g tells no order", scheme, first);
  free(exact), free(once), free(twice);
  return log2(first / second);
}

static void test_orders(void)
{
  const double etd = order_of("etdrk4", "0.02", "0.01");
  const double euler = order_of("cn_euler", "0.0005", "0.00025");
  EXPECT(etd >= 3.8 && etd < 5.0, "etdrk4: order %g", etd);
  EXPECT(euler >= 0.95 && euler < 1.1, "cn_euler: order %g", euler);
}

/* the error of the label is a few times the tolerance of a step */
static void test_tolerance(void)
{
  fh_generate_config c = turbulence("32");
  fh_sample_record record;
  set(&c, "tolerance", "1e-13");
  double *exact = run(&c, 0, &record);
  int32_t steps = record.iterations;
  static const char *const tolerances[] = {"1e-8", "1e-6", "1e-4"};
  for (int i = 0; i < 3; i++) {
    set(&c, "tolerance", tolerances[i]);
    double *w = run(&c, 0, &record);
    const double error = distance(32 * 32, w, exact);
    EXPECT(error <= 30.0 * c.solver.tolerance && record.residual <= c.solver.tolerance,
           "tolerance %s: error %g, estimated %g", tolerances[i], error, record.residual);
    EXPECT(record.iterations < steps, "%d steps at %s, %d before", record.iterations, tolerances[i],
           steps);
    steps = record.iterations;
    free(w);
  }
  free(exact);
}

/* kinetic energy and enstrophy of one frame, from its Fourier coefficients */
static void invariants(const double *w, ptrdiff_t n, double length, double *energy,
                       double *enstrophy)
{
  fh_plane *plane = NULL;
  const ptrdiff_t size[2] = {n, n};
  EXPECT_OK(fh_plane_create(MPI_COMM_SELF, size, NULL, &plane));
  const fh_plane_layout *l = fh_plane_where(plane);
  double *modes = calloc((size_t)(2 * l->modes), sizeof *modes);
  EXPECT_OK(fh_plane_to_modes(plane, w, modes));
  *energy = *enstrophy = 0.0;
  for (ptrdiff_t i = 0; i < l->modes; i++) {
    const double k0 = two_pi / length * (double)fh_plane_wave(plane, i % l->height);
    const double k1 = two_pi / length * (double)(i / l->height);
    const double square = (k1 > 0.0 ? 2.0 : 1.0) *
                          (modes[2 * i] * modes[2 * i] + modes[2 * i + 1] * modes[2 * i + 1]);
    *enstrophy += 0.5 * square;
    if (k0 != 0.0 || k1 != 0.0) *energy += 0.5 * square / (k0 * k0 + k1 * k1);
  }
  free(modes);
  fh_plane_destroy(&plane);
}

static void test_conservation(void)
{
  fh_generate_config c = turbulence("32");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double before[2], after[2];
  set(&c, "viscosity", "0");
  set(&c, "forcing", "none");
  set(&c, "tolerance", "1e-11");
  set(&c, "length", "2");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 3, &record, why));
  EXPECT(record.valid && record.iterations > 20, "%s", why);
  invariants(l->store->value[0], 32, 2.0, &before[0], &before[1]);
  invariants(l->store->value[1], 32, 2.0, &after[0], &after[1]);
  const double moved = distance(32 * 32, l->store->value[0], l->store->value[1]);
  EXPECT(moved > 0.1, "nothing moves: %g", moved);
  for (int i = 0; i < 2; i++)
    EXPECT(fabs(after[i] - before[i]) <= 1e-9 * before[i], "%s changes by %g",
           i ? "enstrophy" : "energy", after[i] / before[i] - 1.0);
  fh_labeller_destroy(&l);
}

/* One sample on two grids is one function; stored on a coarser grid it is that function's values. */
static void test_resolutions(void)
{
  fh_generate_config c;
  const fh_field *fields = NULL;
  fh_sample_record record;
  EXPECT_OK(fh_generate_prepare(NULL, "mgtfno-ns-forced-1", &c, &fields));
  set(&c, "tolerance", "1e-9");
  set(&c, "end_time", "2");
  set(&c, "field_modes", "8");
  set(&c, "size", "48");
  double *coarse = run(&c, 5, &record);
  set(&c, "size", "96");
  set(&c, "store_size", "48");
  double *fine = run(&c, 5, &record);
  set(&c, "store_by", "spectral");
  double *cut = run(&c, 5, &record);
  const double error = distance(48 * 48, coarse, fine), waves = distance(48 * 48, cut, fine);
  EXPECT(error <= 1e-4 && waves <= 1e-4 && waves > 0.0, "48 and 96 points: %g, %g", error, waves);
  free(coarse), free(fine), free(cut);
}

/* the published forced set: what is known of it */
static void test_statistics(void)
{
  enum { N = 32, SAMPLES = 48 };
  fh_generate_config c;
  const fh_field *fields = NULL;
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  double forcing = 0.0, vorticity = 0.0, persistence = 0.0;
  EXPECT_OK(fh_generate_prepare(NULL, "mgtfno-ns-forced-1", &c, &fields));
  set(&c, "size", "32");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  for (int s = 0; s < SAMPLES; s++) {
    EXPECT_OK(fh_labeller_make(l, s, &record, why));
    EXPECT(record.valid, "%s", why);
    const double *f = l->store->value[0], *w = l->store->value[1];
    for (int i = 0; i < N * N; i++) {
      forcing += f[i] * f[i] / (N * N * SAMPLES);
      vorticity += w[i] * w[i] / (N * N * SAMPLES);
    }
    persistence += distance(N * N, f, w) / SAMPLES;
  }
  /* |f - w| / |w| and |w| / |f| are narrow; the deviation of f is that of its law to some per cent */
  const double deviation = sqrt(forcing), ratio = sqrt(vorticity / forcing);
  EXPECT(fabs(deviation - 0.15399) <= 0.1 * 0.15399, "deviation of f: %g", deviation);
  EXPECT(fabs(ratio - 4.60) <= 0.03, "ratio: %g", ratio);
  EXPECT(fabs(persistence - 0.836) <= 0.01, "persistence: %g", persistence);
  fh_labeller_destroy(&l);
}

/* frames of a trajectory are maps to their times */
static void test_frames(void)
{
  fh_generate_config c = turbulence("24");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, "tolerance", "1e-12");
  set(&c, "end_time", "0.25");
  double *map = run(&c, 2, &record);
  set(&c, "end_time", "0.5");
  set(&c, "record_every", "0.125");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 2, &record, why));
  const fh_store *s = l->store;
  EXPECT(s->steps == 5 && l->problem->n_fields == 1, "%td frames", s->steps);
  const double error = distance(s->points, s->value[0] + 2 * s->points, map);
  EXPECT(error <= 1e-10, "frame 2 is not the map: %g", error);
  free(map);
  fh_labeller_destroy(&l);
}

static void fail(const char *name, const char *value, const char *name2, const char *value2,
                 const char *words)
{
  fh_generate_config c = turbulence("32");
  fh_labeller *l = NULL;
  fh_sample_record record;
  char why[256];
  set(&c, name, value);
  set(&c, name2, value2);
  set(&c, "end_time", "20");
  EXPECT_OK(fh_labeller_create(MPI_COMM_SELF, &c, &l));
  EXPECT_OK(fh_labeller_make(l, 0, &record, why));
  EXPECT(!record.valid && strstr(why, words), "'%s' wanted: %s", words, why);
  EXPECT(isnan(l->store->value[1][0]) && isfinite(l->store->value[0][0]), "what is marked");
  fh_labeller_destroy(&l);
}

static void test_failures(void)
{
  fail("dt", "0.1", "courant", "1.3", "dt = 0.1 is too long: the flow moves through");
  fail("dt", "0.1", "courant", "100", "too long"); /* it grows until even that is exceeded */
  fail("tolerance", "1e-30", "courant", "1.3", "raise -tolerance");
  refuse("navier-stokes", "end_time", "0", "positive");
  refuse("navier-stokes", "record_every", "0.3", "no multiple");
  refuse("navier-stokes", "initial", "zero", "nothing varies");
  refuse("navier-stokes", "size", "3", "too small");
  refuse("navier-stokes", "scheme", "cn_euler", "fixed time step");
  refuse("navier-stokes", "warm_start", "true", "integrated in time");
  refuse("navier-stokes", "sequence_order", "greedy", "as_sampled");
  refuse("navier-stokes", "store_size", "48", "no multiple");
  refuse("navier-stokes", "store_by", "mean", "store_size");
}

/* one sample on several ranks: to rounding */
static void test_ranks(void)
{
  fh_generate_config c = turbulence("20,27");
  set(&c, "forcing", "field");
  set(&c, "tolerance", "1e-6");
  expect_shared(&c, 1e-11);
}

int main(int argc, char **argv)
{
  int rank = 0, size = 1;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  test_ranks();
  if (size == 1) {
    test_taylor_green();
    test_spectral();
    test_orders();
    test_tolerance();
    test_conservation();
    test_resolutions();
    test_statistics();
    test_frames();
    test_failures();
  }
  if (rank == 0) printf("navier-stokes: exact, fourth order, conserving, on any ranks\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
