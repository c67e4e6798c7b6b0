/* sum: the same bits for any distribution of the units over the ranks, repeats when an entry outgrows
   its grid, and what is not finite is found on all ranks */
#include "comm/sum.h"

#include "base/memory.h"
#include "train/check.h"

enum { N = 1000, BLOCKS = 4 };
static const ptrdiff_t blocks[BLOCKS + 1] = {0, 7, 7, 500, N};
static int rank, size;

/* Unit u of a made-up gradient; the blocks differ in size by powers of ten. */
static void unit(ptrdiff_t u, double growth, fh_real *x)
{
  for (ptrdiff_t i = 0; i < N; i++)
    x[i] = (fh_real)(growth * noise((uint64_t)u, i) * (i < 7 ? 1e6 : i < 500 ? 1e-3 : 1e-12));
}

typedef enum { ROUND_ROBIN, CHUNKS, LAST_RANK } distribution;

static int owner(distribution d, ptrdiff_t u, ptrdiff_t units)
{
  if (d == ROUND_ROBIN) return (int)(u % size);
  return d == CHUNKS ? (int)(u * size / units) : size - 1;
}

static fh_sum *create(void)
{
  fh_sum *s;
  MUST(fh_sum_create(MPI_COMM_WORLD, BLOCKS, blocks, 64, &s));
  return s;
}

/* Adds the units of this rank and finishes; returns *repeat. */
static bool once(fh_sum *s, distribution d, ptrdiff_t units, double growth, fh_real *total)
{
  fh_real x[N];
  bool repeat, finite;
  fh_sum_begin(s);
  for (ptrdiff_t u = 0; u < units; u++) {
    if (owner(d, u, units) != rank) continue;
    unit(u, growth, x);
    fh_sum_add(s, x);
    for (ptrdiff_t i = 0; i < N; i++) expect(!(fabs((double)x[i]) > 0), "the vector is zeroed");
  }
  MUST(fh_sum_finish(s, total, &repeat, &finite));
  expect(finite, "a finite sum is finite");
  return repeat;
}

/* The sum after as many repeats as it wants (one at the most). */
static void sum_units(fh_sum *s, distribution d, ptrdiff_t units, double growth, fh_real *total)
{
  if (once(s, d, units, growth, total))
    expect(!once(s, d, units, growth, total), "one repeat is enough");
}

/* What one rank alone gets: every process computes it for itself. */
static void sum_alone(ptrdiff_t units, double growth, fh_real *total)
{
  fh_real x[N];
  fh_sum *s;
  bool repeat = true, finite;
  MUST(fh_sum_create(MPI_COMM_SELF, BLOCKS, blocks, 64, &s));
  for (int round = 0; repeat && round < 2; round++) {
    fh_sum_begin(s);
    for (ptrdiff_t u = 0; u < units; u++) unit(u, growth, x), fh_sum_add(s, x);
    MUST(fh_sum_finish(s, total, &repeat, &finite));
  }
  expect(!repeat && finite, "the sum of one rank");
  fh_sum_destroy(&s);
}

static void check_accuracy(ptrdiff_t units, const fh_real *total)
{
  static double exact[N];
  fh_real x[N];
  for (ptrdiff_t i = 0; i < N; i++) exact[i] = 0;
  for (ptrdiff_t u = 0; u < units; u++) {
    unit(u, 1, x);
    for (ptrdiff_t i = 0; i < N; i++) exact[i] += (double)x[i];
  }
  for (ptrdiff_t i = 0; i < N; i++) {
    const double most = i < 7 ? 5e6 : i < 500 ? 5e-3 : 5e-12;
    const double bound = 0x1p-40 * most * (double)units + FH_REAL_EPSILON * fabs(exact[i]);
    expect(fabs((double)total[i] - exact[i]) <= bound, "the sum is accurate to 2^-40 of its block");
  }
}

static void test_distributions(void)
{
  static const ptrdiff_t units[] = {7, 12, 13};
  fh_real alone[N], total[N];
  for (int k = 0; k < 3; k++) {
    sum_alone(units[k], 1, alone);
    check_accuracy(units[k], alone);
    for (distribution d = ROUND_ROBIN; d <= LAST_RANK; d++) {
      fh_sum *s = create();
      sum_units(s, d, units[k], 1, total);
      expect(!memcmp(alone, total, sizeof total), "equal bits for any distribution");
      fh_sum_destroy(&s);
    }
  }
}

static void test_growth_and_restart(void)
{
  fh_real a[N], b[N];
  int64_t exponents[BLOCKS], huge[BLOCKS];
  fh_sum *s = create(), *t = create();
  expect(once(s, CHUNKS, 12, 1, a), "the first call repeats");
  expect(!once(s, CHUNKS, 12, 1, a), "the repeat does not");
  expect(!once(s, CHUNKS, 12, 8, a), "a growth of 8 has room");
  fh_sum_get_exponents(s, exponents);
  fh_sum_set_exponents(t, exponents);
  expect(!once(s, CHUNKS, 12, 0.37, a), "smaller entries fit");
  expect(!once(t, ROUND_ROBIN, 12, 0.37, b), "restored exponents spare the repeat");
  expect(!memcmp(a, b, sizeof a), "restored exponents give the same bits");
  expect(once(s, CHUNKS, 12, 1e4, a), "a growth of 27027 must repeat");
  for (int i = 0; i < BLOCKS; i++) huge[i] = i % 2 ? INT64_MAX : INT64_MIN;
  fh_sum_set_exponents(t, huge);
  sum_units(t, ROUND_ROBIN, 12, 1, a);
  sum_units(t, ROUND_ROBIN, 12, 1, a);
  sum_alone(12, 1, b);
  expect(!memcmp(a, b, sizeof a), "foreign exponents are forgotten after a call");
  fh_sum_destroy(&s);
  fh_sum_destroy(&t);
}

/* One call with a single unit of x in every entry, on a sum of one rank. */
static bool single(fh_sum *s, double x, fh_real *total)
{
  fh_real v[N];
  bool repeat, finite;
  for (ptrdiff_t i = 0; i < N; i++) v[i] = (fh_real)x;
  fh_sum_begin(s);
  fh_sum_add(s, v);
  MUST(fh_sum_finish(s, total, &repeat, &finite));
  return repeat;
}

/* After 1 (< 2) the grid ends at 32; a silent call leaves it there. */
static void test_head_room(void)
{
  fh_real total[N];
  fh_sum *s;
  MUST(fh_sum_create(MPI_COMM_SELF, BLOCKS, blocks, 16384, &s));
  expect(single(s, 1, total) && !single(s, 1, total), "the grid of 1");
  expect(!single(s, 0, total), "a silent call");
  expect(!single(s, 31.9, total), "what fits the grid");
  expect(!single(s, 1, total) && single(s, 32, total), "what just outgrows the grid");
  expect(!single(s, 32, total) && !single(s, 1, total), "back to 1");
  const double x = 1 / 3.0 * 0x1p-10; /* beside 1 to come: 2^-43 of the block's largest entry */
  fh_real v[N] = {0};
  bool repeat, finite;
  for (ptrdiff_t i = 1; i < 7; i++) v[i] = (fh_real)x;
  v[0] = 1;
  fh_sum_add(s, v);
  MUST(fh_sum_finish(s, total, &repeat, &finite));
  near((double)total[3], (double)(fh_real)x, 0x1p-43, "accuracy with the most units");
  fh_sum_destroy(&s);
}

static void test_zeros_and_denormals(void)
{
  fh_real x[N] = {0}, total[N];
  bool repeat, finite;
  fh_sum *s = create();
  for (int round = 0; round < 2; round++) {
    fh_sum_begin(s);
    fh_sum_add(s, x);
    MUST(fh_sum_finish(s, total, &repeat, &finite));
    expect(!repeat && finite, "zero vectors need no grid");
    for (ptrdiff_t i = 0; i < N; i++) expect(!(fabs((double)total[i]) > 0), "zeros add to zero");
  }
  /* f32: denormals are exact; f64: below 2^-1000 they count as zero. Either way all is finite. */
  const fh_real tiny = sizeof(fh_real) == 4 ? (fh_real)0x1p-149 : (fh_real)0x1p-1074;
  repeat = true;
  for (int round = 0; repeat && round < 2; round++) {
    fh_sum_begin(s);
    for (ptrdiff_t i = 0; i < N; i++) x[i] = tiny;
    fh_sum_add(s, x);
    MUST(fh_sum_finish(s, total, &repeat, &finite));
  }
  expect(!repeat && finite, "denormals need one repeat at the most");
  const double want = sizeof(fh_real) == 4 ? (double)tiny * size : 0;
  near((double)total[3] * 0x1p149, want * 0x1p149, 0, "sum of denormals");
  fh_sum_destroy(&s);
}

static void test_not_finite(void)
{
  const fh_real bad[3] = {(fh_real)NAN, (fh_real)INFINITY, (fh_real)-INFINITY};
  fh_real x[N], total[N];
  bool repeat, finite;
  for (int k = 0; k < 3; k++) {
    int64_t before[BLOCKS], after[BLOCKS];
    fh_sum *s = create();
    sum_units(s, CHUNKS, 7, 1, total);
    fh_sum_get_exponents(s, before);
    unit(0, 1, x);
    if (rank == size - 1) x[600] = bad[k];
    fh_sum_add(s, x);
    MUST(fh_sum_finish(s, total, &repeat, &finite));
    expect(!finite && !repeat, "an entry that is not finite is found on every rank");
    fh_sum_get_exponents(s, after);
    expect(!memcmp(before, after, sizeof before), "and leaves the grid alone");
    expect(!once(s, CHUNKS, 7, 1, total), "the sum goes on afterwards");
    fh_sum_destroy(&s);
  }
}

/* Two of the largest numbers add to what no fh_real holds. */
static void test_overflow_of_the_sum(void)
{
  fh_real x[N], total[N];
  bool repeat = true, finite;
  fh_sum *s = create();
  for (int round = 0; repeat && round < 2; round++) {
    fh_sum_begin(s);
    for (int u = 0; u < 2; u++) {
      for (ptrdiff_t i = 0; i < N; i++)
        x[i] = sizeof(fh_real) == 4 ? (fh_real)0x1.8p127 : (fh_real)0x1.8p1023;
      fh_sum_add(s, x);
    }
    MUST(fh_sum_finish(s, total, &repeat, &finite));
  }
  expect(!repeat && !finite, "a sum beyond the largest number counts as not finite");
  fh_sum_destroy(&s);
}

static void test_scattered(void)
{
  enum { M = 600000 }; /* more than two messages */
  double *v = fh_calloc(M, sizeof *v);
  for (ptrdiff_t i = 0; i < M; i++)
    if (i % size == rank) v[i] = sin((double)i) * 1e-300;
  MUST(fh_sum_scattered(MPI_COMM_WORLD, M, v));
  for (ptrdiff_t i = 0; i < M; i++)
    if (memcmp(&v[i], &(double){sin((double)i) * 1e-300}, sizeof v[i]) && i > 0)
      expect(false, "scattered values arrive exactly");
  fh_free(v);
}

static void test_errors(void)
{
  const ptrdiff_t descending[] = {0, 5, 3}, late[] = {1, 5};
  fh_real x[N] = {0}, total[N];
  bool repeat, finite;
  fh_sum *s;
  refused(fh_sum_create(MPI_COMM_WORLD, 2, descending, 1, &s), FH_ERR_ARG, "ascend");
  expect(s == NULL, "no sum after an error");
  refused(fh_sum_create(MPI_COMM_WORLD, 1, late, 1, &s), FH_ERR_ARG, "offset 0 first");
  refused(fh_sum_create(MPI_COMM_WORLD, 1, blocks, 0, &s), FH_ERR_ARG, "0 units");
  refused(fh_sum_create(MPI_COMM_WORLD, 1, blocks, 16385, &s), FH_ERR_ARG, "16385");
  MUST(fh_sum_create(MPI_COMM_WORLD, BLOCKS, blocks, 2 * size, &s));
  for (int u = 0; u < (rank ? 2 : 3); u++) fh_sum_add(s, x);
  refused(fh_sum_finish(s, total, &repeat, &finite), FH_ERR_STATE, "more units");
  fh_sum_destroy(&s);
  fh_sum_destroy(&s);
  refused(fh_sum_scattered(MPI_COMM_WORLD, -1, NULL), FH_ERR_ARG, "-1 values");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  test_distributions();
  test_growth_and_restart();
  test_head_room();
  test_zeros_and_denormals();
  test_not_finite();
  test_overflow_of_the_sum();
  test_scattered();
  test_errors();
  return finish("comm sum");
}
