/* Orders: tours are permutations and what they say they are, the same on any number of ranks; chains
   share them out; a set made in another order has the same inputs. */
#include "base/memory.h"
#include "datagen/common.h"
#include "datagen/skr/order.h"

enum { COUNT = 60, KINDS = 5, SIZE = 12 };

static int rank, ranks;

static fh_generate_config config(void)
{
  fh_generate_config c;
  const fh_field *fields = NULL;
  EXPECT_OK(fh_generate_prepare("darcy", "lognormal-darcy-1", &c, &fields));
  set(&c, "size", "12");
  set(&c, "seed", "5");
  set(&c, "n", "60");
  return c;
}

static fh_problem *problem_of(const fh_generate_config *c)
{
  const fh_problem_class *class = NULL;
  fh_problem *p = NULL;
  EXPECT_OK(fh_problem_find(c->problem, &class));
  EXPECT_OK(fh_problem_create(MPI_COMM_SELF, class, c->problem_config, &c->size, &p));
  return p;
}

static void tour_of(MPI_Comm comm, fh_problem *p, const fh_order_config *o, const int64_t *wanted,
                    ptrdiff_t count, int64_t *tour, fh_order_report *report)
{
  EXPECT_OK(fh_order_tour(comm, o, p, 5, count, wanted, tour, report));
}

static double distance(const double *a, const double *b)
{
  double sum = 0.0;
  for (int i = 0; i < SIZE * SIZE; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

static void expect_permutation(const int64_t *tour, const int64_t *wanted, const char *name)
{
  for (int i = 0; i < COUNT; i++) {
    int found = 0;
    for (int j = 0; j < COUNT; j++) found += tour[j] == wanted[i];
    EXPECT(found == 1, "%s: sample %d occurs %d times", name, (int)wanted[i], found);
  }
}

/* all fields, drawn here */
static double *draw_all(fh_problem *p, const int64_t *wanted)
{
  double *all = calloc((size_t)COUNT * SIZE * SIZE, sizeof *all);
  for (int i = 0; i < COUNT; i++) {
    EXPECT_OK(p->class->sample(p, 5, wanted[i]));
    memcpy(all + i * SIZE * SIZE, p->value[0], SIZE * SIZE * sizeof *all);
  }
  return all;
}

static int place_in(const int64_t *wanted, int64_t index)
{
  for (int i = 0; i < COUNT; i++)
    if (wanted[i] == index) return i;
  return -1;
}

/* every step of a greedy tour goes to the nearest sample left */
static void expect_greedy(const double *all, const int64_t *wanted, const int64_t *tour)
{
  bool used[COUNT] = {false};
  EXPECT(tour[0] == wanted[0], "the tour begins with %d", (int)tour[0]);
  for (int i = 0; i + 1 < COUNT; i++) {
    const int here = place_in(wanted, tour[i]), next = place_in(wanted, tour[i + 1]);
    const double step = distance(all + here * SIZE * SIZE, all + next * SIZE * SIZE);
    used[here] = true;
    for (int j = 0; j < COUNT; j++) {
      const double d = distance(all + here * SIZE * SIZE, all + j * SIZE * SIZE);
      EXPECT(used[j] || step <= d * (1.0 + 1e-5), "step %d goes %g far, sample %d is at %g", i,
             step, (int)wanted[j], d);
    }
  }
}

static double mean_step(const double *all, const int64_t *wanted, const int64_t *tour)
{
  double sum = 0.0;
  for (int i = 0; i + 1 < COUNT; i++)
    sum += distance(all + place_in(wanted, tour[i]) * SIZE * SIZE,
                    all + place_in(wanted, tour[i + 1]) * SIZE * SIZE);
  return sum / (COUNT - 1);
}

static void test_tours(void)
{
  const fh_generate_config c = config();
  fh_problem *p = problem_of(&c);
  int64_t wanted[COUNT], exact[COUNT], tour[COUNT], alone[COUNT];
  for (int i = 0; i < COUNT; i++) wanted[i] = 3 * i + 1; /* as left over by a resumed run */
  double *all = draw_all(p, wanted);
  const double before = mean_step(all, wanted, wanted);
  for (int kind = 0; kind < KINDS; kind++)
    for (int two_opt = 0; two_opt < 2; two_opt++) {
      const fh_order_config o = {.kind = kind, .coefficients = 25, .two_opt = two_opt};
      fh_order_report report, other;
      tour_of(MPI_COMM_WORLD, p, &o, wanted, COUNT, tour, &report);
      tour_of(MPI_COMM_SELF, p, &o, wanted, COUNT, alone, &other);
      expect_permutation(tour, wanted, fh_order_names[kind]);
      EXPECT(memcmp(tour, alone, sizeof tour) == 0, "%s differs on %d ranks", fh_order_names[kind],
             ranks);
      if (kind == FH_ORDER_AS_SAMPLED) {
        EXPECT(memcmp(tour, wanted, sizeof tour) == 0 && report.coefficients == 0, "as sampled");
        continue;
      }
      const double after = mean_step(all, wanted, tour);
      EXPECT(after < before, "%s: mean step %g, as sampled %g", fh_order_names[kind], after,
             before);
      EXPECT(report.after <= after * (1.0 + 1e-5) && after <= report.after_bound * (1.0 + 1e-5),
             "%s: mean step %g, told %g to %g", fh_order_names[kind], after, report.after,
             report.after_bound);
      EXPECT(report.coefficients == (kind == FH_ORDER_GREEDY ? SIZE * SIZE : 25),
             "%td coefficients", report.coefficients);
      if (kind == FH_ORDER_GREEDY && !two_opt) {
        expect_greedy(all, wanted, tour);
        memcpy(exact, tour, sizeof exact);
      }
      if (kind == FH_ORDER_GREEDY && two_opt)
        EXPECT(after < mean_step(all, wanted, exact), "2-opt gained nothing: %g", after);
    }
  /* a whole spectrum has the distances of the fields (Parseval) */
  const fh_order_config whole = {.kind = FH_ORDER_GREEDY_SPECTRUM, .coefficients = SIZE * SIZE};
  fh_order_report report;
  tour_of(MPI_COMM_WORLD, p, &whole, wanted, COUNT, tour, &report);
  expect_greedy(all, wanted, tour);
  EXPECT(memcmp(tour, exact, sizeof tour) == 0, "the whole spectrum gives another tour");
  free(all);
  fh_problem_destroy(&p);
}

/* enough samples for several clusters; a coarse check that they are worth it */
static void test_many(void)
{
  enum { MANY = 2300 };
  fh_generate_config c = config();
  set(&c, "field_modes", "3");
  fh_problem *p = problem_of(&c);
  int64_t *wanted = calloc(MANY, sizeof *wanted), *tour = calloc(MANY, sizeof *tour);
  bool seen[MANY];
  double step[KINDS];
  for (int i = 0; i < MANY; i++) wanted[i] = i;
  for (int kind = FH_ORDER_GREEDY_SPECTRUM; kind < KINDS; kind++) {
    const fh_order_config o = {.kind = kind, .coefficients = 16};
    fh_order_report report;
    tour_of(MPI_COMM_WORLD, p, &o, wanted, MANY, tour, &report);
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < MANY; i++) {
      EXPECT(tour[i] >= 0 && tour[i] < MANY && !seen[tour[i]], "%s: sample %d twice",
             fh_order_names[kind], (int)tour[i]);
      seen[tour[i]] = true;
    }
    step[kind] = report.after / report.before;
  }
  EXPECT(step[FH_ORDER_GREEDY_SPECTRUM] < 0.6 && step[FH_ORDER_CLUSTERS] < 0.7 &&
             step[FH_ORDER_HILBERT] < 0.9,
         "steps, of those as sampled: greedy %g, clusters %g, Hilbert %g",
         step[FH_ORDER_GREEDY_SPECTRUM], step[FH_ORDER_CLUSTERS], step[FH_ORDER_HILBERT]);
  free(wanted), free(tour);
  fh_problem_destroy(&p);
}

static void test_chains(void)
{
  int64_t tour[13], *chain = NULL;
  ptrdiff_t length = 0;
  for (int i = 0; i < 13; i++) tour[i] = 100 - i;
  for (int kind = 0; kind < 2; kind++)
    for (int groups = 1; groups <= 13; groups++) {
      int seen[13] = {0};
      for (int g = 0; g < groups; g++) {
        EXPECT_OK(fh_order_chain(kind, 13, tour, groups, g, &chain, &length));
        EXPECT(length == 13 / groups || length == 13 / groups + 1, "length %td of 13 in %d", length,
               groups);
        for (ptrdiff_t i = 0; i < length; i++) {
          seen[100 - chain[i]]++;
          EXPECT(kind == 0 || i == 0 || chain[i] == chain[i - 1] - 1, "a chain has a gap");
        }
        fh_free(chain);
      }
      for (int i = 0; i < 13; i++) EXPECT(seen[i] == 1, "%d of 13 in %d groups", i, groups);
    }
}

static void test_limits(void)
{
  fh_generate_config c = config();
  fh_problem *p = problem_of(&c);
  const fh_order_config greedy = {.kind = FH_ORDER_GREEDY, .coefficients = 144};
  const fh_order_config spectrum = {.kind = FH_ORDER_GREEDY_SPECTRUM, .coefficients = 144};
  fh_order_report report;
  const ptrdiff_t many = 40000;
  int64_t *wanted = calloc((size_t)many, sizeof *wanted), tour[2];
  int64_t *room = calloc((size_t)many, sizeof *room);
  EXPECT_FAILS(FH_ERR_USAGE, "greedy_spectrum",
               fh_order_tour(MPI_COMM_WORLD, &greedy, p, 5, many, wanted, room, &report));
  wanted[0] = 9;
  tour_of(MPI_COMM_WORLD, p, &spectrum, wanted, 0, tour, &report);
  tour_of(MPI_COMM_WORLD, p, &spectrum, wanted, 1, tour, &report);
  EXPECT(tour[0] == 9, "one sample");
  fh_problem_destroy(&p);
  /* contrasts that overflow: what cannot be drawn comes last, in its own order */
  set(&c, "scale", "4000");
  p = problem_of(&c);
  for (int i = 0; i < COUNT; i++) wanted[i] = i;
  tour_of(MPI_COMM_WORLD, p, &spectrum, wanted, COUNT, room, &report);
  expect_permutation(room, wanted, "what cannot be drawn");
  free(wanted), free(room);
  fh_problem_destroy(&p);
}

static double *read_inputs(const char *path, ptrdiff_t *size)
{
  const fh_dataset_choice choice = {.inputs = ""};
  fh_dataset *d = NULL;
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, path, &choice, &d));
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(d)), n = fh_dataset_samples(d);
  fh_real *x = calloc((size_t)points, sizeof *x), *y = calloc((size_t)points, sizeof *y);
  double *all = calloc((size_t)(n * points), sizeof *all);
  for (int64_t i = 0; i < n; i++) {
    EXPECT_OK(fh_dataset_read(d, 1, &i, x, y));
    for (ptrdiff_t k = 0; k < points; k++) all[i * points + k] = (double)x[k];
  }
  free(x), free(y);
  fh_dataset_close(&d);
  *size = n * points;
  return all;
}

/* the pipeline in every order: same inputs; warm starts gain from an order */
static void test_pipeline(const char *folder)
{
  double *first = NULL, iterations[KINDS];
  for (int kind = 0; kind < KINDS; kind++) {
    fh_generate_config c = config();
    fh_generate_summary summary;
    ptrdiff_t size = 0;
    set(&c, "warm_start", "true");
    set(&c, "field_modes", "2");
    set(&c, "sequence_order", fh_order_names[kind]);
    set(&c, "sequence_order_size", kind == FH_ORDER_CLUSTERS ? "8" : "0");
    set(&c, "sequence_two_opt", kind == FH_ORDER_HILBERT ? "true" : "false");
    snprintf(c.out, sizeof c.out, "%s/%s.h5", folder, fh_order_names[kind]);
    EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, NULL, &summary));
    EXPECT(summary.samples == COUNT && summary.failed == 0 &&
               (summary.ordering > 0.0) == (kind != FH_ORDER_AS_SAMPLED) &&
               summary.ordering <= summary.seconds,
           "%td samples, %g of %g s for the order", summary.samples, summary.ordering,
           summary.seconds);
    iterations[kind] = summary.iterations;
    MPI_Barrier(MPI_COMM_WORLD);
    double *inputs = read_inputs(c.out, &size);
    if (!first)
      first = calloc((size_t)size, sizeof *first), memcpy(first, inputs, (size_t)size * 8);
    EXPECT(memcmp(first, inputs, (size_t)size * 8) == 0, "%s changed inputs", fh_order_names[kind]);
    free(inputs);
  }
  free(first);
  EXPECT(iterations[FH_ORDER_GREEDY] < iterations[FH_ORDER_AS_SAMPLED],
         "warm starts: %g iterations as sampled, %g in greedy order",
         iterations[FH_ORDER_AS_SAMPLED], iterations[FH_ORDER_GREEDY]);
}

int main(int argc, char **argv)
{
  char folder[256];
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  EXPECT(!PetscOptionsSetValue(NULL, "-pc_type", "jacobi"), "PETSc");
  MPI_Comm_rank(MPI_COMM_WORLD, &rank), MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  scratch_make(folder);
  test_chains();
  test_tours();
  test_many();
  test_limits();
  test_pipeline(folder);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    scratch_drop(folder);
    printf("orders: tours, chains, the same inputs\n");
  }
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
