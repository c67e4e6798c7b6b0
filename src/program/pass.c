/* pass - the patches of a sample go through the network one after the other
 *
 * Consecutive steps that treat every patch by itself are walked through once for each patch, or a few of them (of all
 * samples of the call), instead of step by step for all patches: a patch stays in the cache from one
 * step to the next, and what lives between two steps of a pass has room for one pass only. What
 * lives longer, saved values above all, has room for all of them - unless the program recomputes: then
 * each pass of backward first goes forward once more, and saved values, too, are those of one patch. */
#include "program/program_impl.h"

ptrdiff_t fh_program_passes(const fh_program *p, const fh_op *op, const fh_slot *in)
{
  const ptrdiff_t batch = p->slots[in[0]].shape.batch;
  for (int i = 1; i < op->n_in; i++)
    if (p->slots[in[i]].shape.batch != batch) return 1;
  if (op->class->joins) return 1;
  const ptrdiff_t patches = batch / p->slots[p->inputs[0]].shape.batch;
  ptrdiff_t together = 1; /* a divisor, and two passes at least */
  for (ptrdiff_t n = 2; n <= p->together && 2 * n <= patches; n++)
    if (patches % n == 0) together = n;
  return patches / together;
}

static void find_runs(fh_program *p)
{
  for (int i = 0, end; i < p->n_steps; i = end) {
    for (end = i + 1; end < p->n_steps && p->steps[i].passes > 1; end++)
      if (p->steps[end].passes != p->steps[i].passes) break;
    for (int k = i; k < end; k++) {
      p->steps[k].begin = i;
      p->steps[k].end = end;
      p->steps[k].again = p->recompute && p->purpose == FH_TRAIN && p->steps[k].passes > 1;
    }
  }
}

/* the instants [first, end) are those of one walk through some steps */
static int walk(fh_program *p, int first, int end)
{
  for (int t = first; t < end; t++) p->around[t] = (span){first, end - 1};
  return end;
}

fh_status fh_program_find_passes(fh_program *p)
{
  const int n = p->n_steps;
  int t = 0, begin, end;
  find_runs(p);
  FH_NEW(p->around, 3 * n + 1);
  for (begin = 0; begin < n; begin = end) {
    end = p->steps[begin].end;
    for (int i = begin; i < end; i++) p->steps[i].forward_at = t + i - begin;
    t = walk(p, t, t + end - begin);
  }
  p->caller_at = t;
  t = walk(p, t, t + 1);
  for (end = n; end > 0; end = begin) {
    begin = p->steps[end - 1].begin;
    const int length = end - begin, again = p->steps[begin].again ? length : 0;
    for (int i = begin; i < end; i++) {
      p->steps[i].again_at = t + i - begin;
      p->steps[i].backward_at = t + again + end - 1 - i;
    }
    t = walk(p, t, t + again + length);
  }
  return FH_OK;
}

bool fh_program_within_pass(const fh_program *p, int *first, int *last)
{
  const span begin = p->around[*first], end = p->around[*last];
  if (*last <= begin.last) return true;
  *first = begin.first;
  *last = end.last;
  return false;
}

bool fh_program_made_again(const fh_program *p, fh_slot s, const step *q)
{
  const int producer = p->slots[p->slots[s].root].producer;
  return q->again && producer != NO_STEP && p->steps[producer].begin == q->begin;
}
