#include "program/plan.h"

#include <stdlib.h>
#include <string.h>

fh_status fh_plan_add(fh_plan *plan, size_t bytes, int first, int last, int *item)
{
  if (plan->n == plan->capacity) {
    const int capacity = plan->capacity ? 2 * plan->capacity : 64;
    fh_item *items = NULL;
    FH_NEW(items, capacity);
    if (plan->n) memcpy(items, plan->items, (size_t)plan->n * sizeof *items);
    fh_free(plan->items);
    plan->items = items;
    plan->capacity = capacity;
  }
  *item = plan->n++;
  plan->items[*item] =
      (fh_item){.bytes = fh_size_aligned(bytes), .offset = 0, .first = first, .last = last};
  return FH_OK;
}

static bool meet(const fh_item *a, const fh_item *b)
{
  return a->first <= b->last && b->first <= a->last;
}

static int larger_first(const void *a, const void *b)
{
  const fh_item *x = *(fh_item *const *)a, *y = *(fh_item *const *)b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
  return x < y ? -1 : x > y;
}

static int lower_first(const void *a, const void *b)
{
  const fh_item *x = *(fh_item *const *)a, *y = *(fh_item *const *)b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* lowest offset at which item fits between the placed items that are alive with it */
static size_t lowest_gap(const fh_item *item, fh_item **placed, int n_placed, fh_item **rivals)
{
  int n = 0;
  for (int i = 0; i < n_placed; i++)
    if (meet(item, placed[i])) rivals[n++] = placed[i];
  qsort(rivals, (size_t)n, sizeof *rivals, lower_first);
  size_t offset = 0;
  for (int i = 0; i < n; i++) {
    if (offset + item->bytes <= rivals[i]->offset) break;
    const size_t end = rivals[i]->offset + rivals[i]->bytes;
    if (end > offset) offset = end;
  }
  return offset;
}

static void measure(fh_plan *plan)
{
  int last = 0;
  plan->arena = plan->own = plan->bound = 0;
  for (int i = 0; i < plan->n; i++) {
    const fh_item *item = &plan->items[i];
    plan->own += item->bytes;
    if (item->offset + item->bytes > plan->arena) plan->arena = item->offset + item->bytes;
    if (item->last > last) last = item->last;
  }
  for (int t = 0; t <= last; t++) {
    size_t alive = 0;
    for (int i = 0; i < plan->n; i++)
      if (plan->items[i].first <= t && t <= plan->items[i].last) alive += plan->items[i].bytes;
    if (alive > plan->bound) plan->bound = alive;
  }
}

fh_status fh_plan_solve(fh_plan *plan)
{
  fh_item **order = NULL;
  FH_NEW(order, 2 * (ptrdiff_t)plan->n + 1);
  fh_item **rivals = order + plan->n;
  for (int i = 0; i < plan->n; i++) order[i] = &plan->items[i];
  qsort(order, (size_t)plan->n, sizeof *order, larger_first);
  for (int i = 0; i < plan->n; i++) order[i]->offset = lowest_gap(order[i], order, i, rivals);
  fh_free(order);
  measure(plan);
  return FH_OK;
}

void fh_plan_clear(fh_plan *plan)
{
  fh_free(plan->items);
  *plan = (fh_plan){0};
}
