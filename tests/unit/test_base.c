/* Status and its agreement over ranks, checked sizes, random numbers, layouts, teams. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/box_muller.h"
#include "base/memory.h"
#include "base/rng.h"
#include "comm/team.h"
#include "grid/grid.h"

static int failures, rank, size;

static void expect(int ok, const char *what)
{
  if (ok) return;
  failures++;
  printf("FAIL rank %d: %s (%s)\n", rank, what, fh_status_message());
}

static fh_status fail_on(int who)
{
  FH_CHECK(rank != who, FH_ERR_IO, "rank %d has trouble %d", rank, 42);
  return FH_OK;
}

static void test_status(void)
{
  const int last = size - 1;
  expect(fh_status_agree(MPI_COMM_WORLD, FH_OK) == FH_OK, "all well");
  const fh_status st = fh_status_agree(MPI_COMM_WORLD, fail_on(last));
  char text[64];
  snprintf(text, sizeof text, "rank %d has trouble 42", last);
  expect(st == FH_ERR_IO && !strcmp(fh_status_message(), text), "one rank's trouble reaches all");
  fh_status_clear();
  expect(fh_status_exit(FH_STOPPED) == 75 && fh_status_exit(FH_ERR_USAGE) == 64, "exit codes");
}

static void test_sizes(void)
{
  ptrdiff_t n = 0;
  int small = 0;
  const ptrdiff_t huge[3] = {PTRDIFF_MAX / 2, 3, 1}, fine[3] = {4, 5, 6};
  expect(fh_size_product(3, fine, &n) == FH_OK && n == 120, "product");
  expect(fh_size_product(3, huge, &n) == FH_ERR_ARG, "a product that wraps");
  expect(fh_size_mul(-1, 2, &n) == FH_ERR_ARG, "a negative size");
  expect(fh_size_int((ptrdiff_t)1 << 31, &small) == FH_ERR_ARG, "more than an int");
  expect(fh_calloc(PTRDIFF_MAX, 16) == NULL, "an allocation that wraps");
}

static void test_rng(void)
{
  expect(fh_open_unit(0) > 0 && fh_open_unit(UINT64_MAX) < 1, "uniform numbers: neither 0 nor 1");
  const fh_rng r = {.seed = 1, .stream = FH_STREAM_TEST, .sample = 2, .field = 3};
  enum { N = 20000 };
  double mean = 0, square = 0, both = 0;
  for (int i = 0; i < N; i++) {
    double z[2];
    fh_rng_normal2(&r, (uint64_t)i, z);
    mean += z[0] / N;
    square += z[0] * z[0] / N;
    both += z[0] * z[1] / N;
  }
  const double five = 5 / sqrt(N);
  expect(fabs(mean) <= five && fabs(square - 1) <= 1.5 * five && fabs(both) <= five,
         "moments of the normal numbers");
  int64_t order[100];
  int seen[100] = {0}, moved = 0;
  fh_rng_permutation(&r, 100, order);
  for (int i = 0; i < 100; i++) {
    seen[order[i]]++;
    moved += order[i] != i;
  }
  for (int i = 0; i < 100; i++) expect(seen[i] == 1, "a permutation");
  expect(moved > 80, "a shuffle");
}

static void test_layout(void)
{
  const ptrdiff_t n[3] = {7, 5, 3};
  fh_grid grid;
  fh_layout layout;
  expect(fh_grid_box(3, n, FH_DIRICHLET, FH_NODE, &grid) == FH_OK, "a box");
  expect(fabs(fh_grid_point(&grid, 0, 6) - 1) <= 1e-15, "nodes include both ends");
  ptrdiff_t sum = 0;
  for (int p = 0; p < 4; p++) {
    const int parts[3] = {4, 1, 1}, part[3] = {p, 0, 0};
    expect(fh_layout_split(&grid, parts, part, &layout) == FH_OK, "a split");
    expect(layout.first[0] == sum, "blocks follow each other");
    sum += layout.count[0];
  }
  expect(sum == 7, "blocks cover the axis");
  expect(fh_grid_box(4, n, FH_DIRICHLET, FH_NODE, &grid) == FH_ERR_ARG, "four axes");
}

static void test_team(void)
{
  fh_team *team = NULL;
  expect(fh_team_create(MPI_COMM_WORLD, 1, size, &team) == FH_OK, "one sample on all ranks");
  int space = 0, samples = 0;
  MPI_Comm_size(team->space, &space);
  MPI_Comm_size(team->samples, &samples);
  expect(space == size && samples == 1 && team->space_part == rank, "extents of the team");
  fh_team_destroy(&team);
  expect(fh_team_create(MPI_COMM_WORLD, 1, size + 1, &team) == FH_ERR_ARG && !team,
         "a split that does not divide");
  ptrdiff_t first = 0, last = 0, next = 0;
  for (int p = 0; p < 3; p++) {
    fh_team_share(7, 3, p, &first, &last);
    expect(first == next, "shares follow each other");
    next = last;
  }
  expect(next == 7, "shares cover");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  test_status();
  test_sizes();
  test_rng();
  test_layout();
  test_team();
  int all = 0;
  MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (!all && rank == 0) printf("base, grid, team: right\n");
  MPI_Finalize();
  return all != 0;
}
