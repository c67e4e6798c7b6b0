/* build - from the list that a builder wrote to a program that runs: splits, lifetimes, memory */
#include "program/program_impl.h"

#include <math.h>
#include <string.h>

static int count_readers(const fh_program *p, fh_slot s)
{
  int n = 0;
  for (int i = 0; i < p->n_steps; i++)
    for (int k = 0; k < p->steps[i].op->n_in; k++) n += p->steps[i].in[k] == s;
  for (int i = 0; i < p->n_outputs; i++) n += p->outputs[i] == s;
  return n;
}

static fh_status find_class(const char *name, const fh_op_class **class)
{
  for (int i = 0; fh_op_registry[i]; i++)
    if (!strcmp(fh_op_registry[i]->name, name)) {
      *class = fh_op_registry[i];
      return FH_OK;
    }
  FH_RAISE(FH_ERR_STATE, "operator %s is not part of this build", name);
}

/* moves the step just appended to position where; slots name their producer by index */
static void move_last_step(fh_program *p, int where)
{
  const step last = p->steps[p->n_steps - 1];
  memmove(&p->steps[where + 1], &p->steps[where],
          (size_t)(p->n_steps - 1 - where) * sizeof *p->steps);
  p->steps[where] = last;
  for (int s = 0; s < p->n_slots; s++)
    if (p->slots[s].producer >= where) p->slots[s].producer++;
  for (int k = 0; k < last.op->n_out; k++) p->slots[last.out[k]].producer = where;
}

/* gives each of the readers of s its own view of it */
static fh_status split_slot(fh_program *p, fh_slot s, int n_readers)
{
  const fh_op_class *class = NULL;
  fh_op *op = NULL;
  FH_TRY(find_class("split", &class));
  FH_TRY(fh_op_new(class, 1, n_readers, 0, &op));
  const int first_reader = p->slots[s].producer + 1; /* NO_STEP + 1 = 0 for inputs */
  fh_slot view[FH_OP_MAX_OUT];
  const int n_steps = p->n_steps;
  const fh_status st = fh_program_append(p, "", op, &s, view);
  if (st != FH_OK && p->n_steps == n_steps) fh_op_destroy(&op);
  FH_TRY(st);
  int next = 0;
  for (int i = 0; i < n_steps; i++)
    for (int k = 0; k < p->steps[i].op->n_in; k++)
      if (p->steps[i].in[k] == s) p->steps[i].in[k] = view[next++];
  for (int i = 0; i < p->n_outputs; i++)
    if (p->outputs[i] == s) p->outputs[i] = view[next++];
  move_last_step(p, first_reader);
  return FH_OK;
}

static fh_status insert_splits(fh_program *p)
{
  const int n_slots = p->n_slots;
  for (fh_slot s = 0; s < n_slots; s++) {
    const int readers = count_readers(p, s);
    const slot *q = &p->slots[s];
    FH_CHECK(readers > 0, FH_ERR_STATE, "step %d (%s) writes a value that nobody reads",
             q->producer, q->producer == NO_STEP ? "input" : p->steps[q->producer].name);
    FH_CHECK(readers <= FH_OP_MAX_OUT, FH_ERR_STATE,
             "a value is read %d times, at most %d are possible", readers, FH_OP_MAX_OUT);
    if (readers > 1) FH_TRY(split_slot(p, s, readers));
  }
  return FH_OK;
}

static void find_readers(fh_program *p)
{
  for (int i = 0; i < p->n_steps; i++) {
    step *q = &p->steps[i];
    q->has_upstream = q->op->n_param > 0;
    for (int k = 0; k < q->op->n_in; k++) {
      p->slots[q->in[k]].reader = i;
      q->has_upstream |= p->slots[q->in[k]].upstream;
    }
    for (int k = 0; k < q->op->n_out; k++) p->slots[q->out[k]].upstream = q->has_upstream;
  }
  for (int i = 0; i < p->n_outputs; i++) p->slots[p->outputs[i]].output = i;
}

static size_t slot_bytes(const slot *s)
{
  return (size_t)fh_shape_size(&s->shape) * sizeof(fh_real);
}

static int later(int a, int b)
{
  return a > b ? a : b;
}

/* Last instant at which slot s, a root or a view, is read where forward has written it, or (again) where a pass that is
 * computed again has. */
static int last_read(const fh_program *p, fh_slot s, bool again)
{
  const slot *v = &p->slots[s];
  const bool train = p->purpose == FH_TRAIN;
  int last = -1;
  if (!again && v->output >= 0) last = p->caller_at;
  if (v->producer != NO_STEP && train) {
    const step *q = &p->steps[v->producer];
    for (int k = 0; k < q->op->n_out; k++)
      if (q->out[k] == s && q->need.bwd_reads_out >> k & 1 &&
          fh_program_made_again(p, s, q) == again)
        last = later(last, q->backward_at);
  }
  if (v->reader == NO_STEP) return last;
  const step *q = &p->steps[v->reader];
  const bool second =
      fh_program_made_again(p, s, q); /* the second time it reads what was made again */
  if (!again) last = later(last, q->forward_at);
  if (q->again && second == again) last = later(last, q->again_at);
  for (int k = 0; k < q->op->n_in; k++)
    if (train && q->in[k] == s && q->need.bwd_reads_in >> k & 1 && second == again)
      last = later(last, q->backward_at);
  return last;
}

static int last_read_of_all(const fh_program *p, fh_slot root, bool again)
{
  int last = -1;
  for (fh_slot v = 0; v < p->n_slots; v++)
    if (p->slots[v].root == root) last = later(last, last_read(p, v, again));
  return last;
}

static fh_status plan_slot(fh_program *p, fh_slot s, int first, int last, int *item, bool *of_pass)
{
  last = later(first, last);
  *of_pass = fh_program_within_pass(p, &first, &last);
  const size_t all = slot_bytes(&p->slots[s]);
  const ptrdiff_t passes = *of_pass ? p->steps[p->slots[s].producer].passes : 1;
  return fh_plan_add(&p->plan, all / (size_t)passes, first, last, item);
}

static fh_status plan_values(fh_program *p)
{
  bool of_pass = true; /* what is computed again always is */
  for (fh_slot s = 0; s < p->n_slots; s++) {
    slot *v = &p->slots[s];
    if (v->root != s || v->producer == NO_STEP) continue;
    const step *q = &p->steps[v->producer];
    FH_TRY(plan_slot(p, s, q->forward_at, last_read_of_all(p, s, false), &v->value,
                     &v->value_of_pass));
    if (q->again)
      FH_TRY(plan_slot(p, s, q->again_at, last_read_of_all(p, s, true), &v->value_again, &of_pass));
  }
  return FH_OK;
}

/* the gradients of these slots are the caller's memory */
static bool is_outside(const slot *v)
{
  return v->producer == NO_STEP || v->output >= 0;
}

/* The slot whose gradient slot s has, too, because the readers between them leave it as it is. */
static fh_slot gradient_owner(const fh_program *p, fh_slot s)
{
  for (;;) {
    const step *q = &p->steps[p->slots[s].reader];
    int k = 0;
    while (q->in[k] != s) k++;
    if (!(q->need.bwd_same >> k & 1) || is_outside(&p->slots[q->out[0]])) return s;
    s = q->out[0];
  }
}

/* last instant at which the gradient of slot s is read, by its own producer or by that of a slot that shares it */
static int last_slope(const fh_program *p, fh_slot s)
{
  int last = -1;
  for (fh_slot u = 0; u < p->n_slots; u++)
    if (!is_outside(&p->slots[u]) && gradient_owner(p, u) == s)
      last = later(last, p->steps[p->slots[u].producer].backward_at);
  return last;
}

static fh_status plan_gradients(fh_program *p)
{
  for (fh_slot s = 0; s < p->n_slots; s++) {
    slot *v = &p->slots[s];
    if (is_outside(v)) continue;
    v->same_gradient = gradient_owner(p, s) != s;
    if (!v->same_gradient)
      FH_TRY(plan_slot(p, s, p->steps[v->reader].backward_at, last_slope(p, s), &v->gradient,
                       &v->gradient_of_pass));
  }
  for (fh_slot s = 0; s < p->n_slots; s++) {
    slot *v = &p->slots[s];
    if (!v->same_gradient) continue;
    const slot *owner = &p->slots[gradient_owner(p, s)];
    v->gradient = owner->gradient;
    v->gradient_of_pass = owner->gradient_of_pass;
  }
  return FH_OK;
}

static fh_status plan_work(fh_program *p, const step *q, int at, int *item)
{
  return q->need.work ? fh_plan_add(&p->plan, q->need.work, at, at, item) : FH_OK;
}

static fh_status plan_steps(fh_program *p)
{
  for (int i = 0; i < p->n_steps; i++) {
    step *q = &p->steps[i];
    FH_TRY(plan_work(p, q, q->forward_at, &q->work_forward));
    if (p->purpose != FH_TRAIN) continue;
    if (q->again) FH_TRY(plan_work(p, q, q->again_at, &q->work_again));
    FH_TRY(plan_work(p, q, q->backward_at, &q->work_backward));
    if (!q->need.saved) continue;
    int first = q->again ? q->again_at : q->forward_at, last = q->backward_at;
    const ptrdiff_t parts = fh_program_within_pass(p, &first, &last) ? 1 : q->passes;
    FH_TRY(fh_plan_add(&p->plan, (size_t)parts * fh_size_aligned(q->need.saved), first, last,
                       &q->saved));
  }
  return FH_OK;
}

static fh_status allocate(fh_program *p)
{
  if (p->buffers == FH_PLANNED)
    FH_NEW(p->arena, (ptrdiff_t)p->plan.arena);
  else {
    FH_NEW(p->own, p->plan.n);
    for (int i = 0; i < p->plan.n; i++) {
      char *buffer = NULL;
      FH_NEW(buffer, (ptrdiff_t)p->plan.items[i].bytes);
      p->own[i] = buffer;
    }
  }
  FH_NEW(p->values, p->param_size);
  fh_program_place_maps(p);
  if (p->purpose == FH_TRAIN) FH_NEW(p->gradients, p->sum_size);
  return FH_OK;
}

fh_status fh_program_build(fh_program *p, fh_purpose purpose, fh_buffers buffers)
{
  FH_CHECK(!p->built, FH_ERR_STATE, "the program is built already");
  FH_CHECK(p->n_inputs > 0 && p->n_outputs > 0, FH_ERR_STATE,
           "a program needs an input and an output; it has %d and %d", p->n_inputs, p->n_outputs);
  p->purpose = purpose;
  p->buffers = buffers;
  FH_TRY(insert_splits(p));
  find_readers(p);
  FH_TRY(fh_program_find_passes(p));
  FH_TRY(plan_values(p));
  if (purpose == FH_TRAIN) FH_TRY(plan_gradients(p));
  FH_TRY(plan_steps(p));
  FH_TRY(fh_plan_solve(&p->plan));
  FH_TRY(allocate(p));
  FH_TRY(fh_program_build_maps(p));
  p->built = true;
  return FH_OK;
}

fh_program_memory fh_program_bytes(const fh_program *p)
{
  fh_program_memory m = {.arena = p->plan.arena, .own = p->plan.own, .bound = p->plan.bound};
  for (int i = 0; i < p->n_steps; i++) {
    m.saved += (size_t)fh_program_parts_saved(&p->steps[i]) * p->steps[i].need.saved;
    if (p->steps[i].need.work > m.work) m.work = p->steps[i].need.work;
  }
  m.derived = fh_program_derived_bytes(p);
  return m;
}
