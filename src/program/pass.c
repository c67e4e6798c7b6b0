/* pass - the patches of a sample go through the network one after the other
 *
 * Consecutive steps that treat every patch by itself are walked through once for each patch (of all
 * samples of the call) instead of step by step for all patches: a patch stays in the cache from one
 * step to the next, and what lives between two steps of a pass has room for one patch only. What
 * lives longer, saved values above all, has room for all of them. */
#include "program/program_impl.h"

ptrdiff_t fh_program_passes(const fh_program *p, const fh_op *op, const fh_slot *in)
{
  const ptrdiff_t batch = p->slots[in[0]].shape.batch;
  for (int i = 1; i < op->n_in; i++)
    if (p->slots[in[i]].shape.batch != batch) return 1;
  return op->class->joins ? 1 : batch / p->slots[p->inputs[0]].shape.batch;
}

void fh_program_find_passes(fh_program *p)
{
  for (int i = 0, end; i < p->n_steps; i = end) {
    for (end = i + 1; end < p->n_steps && p->steps[i].passes > 1; end++)
      if (p->steps[end].passes != p->steps[i].passes) break;
    for (int k = i; k < end; k++) {
      p->steps[k].begin = i;
      p->steps[k].end = end;
    }
  }
}

/* the instants of the passes that instant t is part of: itself, where there are none */
static void around(const fh_program *p, int t, int *first, int *last)
{
  const int n = p->n_steps;
  *first = *last = t;
  if (t == n) return;
  const step *q = &p->steps[t < n ? t : 2 * n - t];
  *first = t < n ? q->begin : 2 * n - (q->end - 1);
  *last = t < n ? q->end - 1 : 2 * n - q->begin;
}

bool fh_program_within_pass(const fh_program *p, int *first, int *last)
{
  int begin, end, later;
  around(p, *first, &begin, &end);
  if (*last <= end) return true;
  *first = begin;
  around(p, *last, &later, last);
  return false;
}
