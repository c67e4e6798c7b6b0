/* The memory planner on random lifetimes: items alive together never overlap, the arena lies between
 * the lower bound and separate buffers, and a chain needs only two buffers. */
#include <stdio.h>

#include "base/rng.h"
#include "program/plan.h"

static int failures;

static void expect(int ok, const char *what, long a, long b)
{
  if (ok) return;
  failures++;
  printf("FAIL %s (%ld, %ld)\n", what, a, b);
}

static int overlap(const fh_item *a, const fh_item *b)
{
  const int together = a->first <= b->last && b->first <= a->last;
  return together && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static fh_status random_plan(uint64_t seed)
{
  const fh_rng r = {.seed = seed, .stream = FH_STREAM_TEST};
  fh_plan plan = {0};
  uint64_t w[4];
  for (uint64_t i = 0; i < 120; i++) {
    int item = 0;
    fh_rng_words(&r, i, w);
    const int first = (int)(w[0] % 60), length = (int)(w[1] % 20);
    FH_TRY(fh_plan_add(&plan, 1 + w[2] % 5000, first, first + length, &item));
  }
  FH_TRY(fh_plan_solve(&plan));
  for (int i = 0; i < plan.n; i++) {
    expect(plan.items[i].offset % FH_ALIGNMENT == 0, "unaligned offset", i, 0);
    for (int k = 0; k < i; k++)
      expect(!overlap(&plan.items[i], &plan.items[k]), "items alive together overlap", i, k);
  }
  expect(plan.bound <= plan.arena, "arena below the bound", (long)plan.arena, (long)plan.bound);
  expect(plan.arena < plan.own, "nothing was shared", (long)plan.arena, (long)plan.own);
  fh_plan_clear(&plan);
  return FH_OK;
}

static fh_status chain(void)
{
  fh_plan plan = {0};
  for (int i = 0; i < 10; i++) {
    int item = 0;
    FH_TRY(fh_plan_add(&plan, 100, i, i + 1, &item));
  }
  FH_TRY(fh_plan_solve(&plan));
  expect(plan.arena == 2 * 128, "a chain needs two buffers of 128 bytes", (long)plan.arena, 256);
  fh_plan_clear(&plan);
  return FH_OK;
}

static fh_status run(void)
{
  for (uint64_t seed = 1; seed <= 20; seed++) FH_TRY(random_plan(seed));
  return chain();
}

int main(void)
{
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  if (st == FH_OK && !failures) printf("planner: 21 plans are right\n");
  return st != FH_OK || failures;
}
