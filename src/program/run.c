/* run - forward walks the steps down, backward walks them up; patches pass one after the other (pass.c) */
#include "program/program_impl.h"

#include <math.h>

void *fh_program_item(const fh_program *p, int item)
{
  if (item == NO_ITEM) return NULL;
  return p->buffers == FH_OWN ? p->own[item] : p->arena + p->plan.items[item].offset;
}

/* what a pass, whose first patch this is, finds in an item that holds the samples of all passes, or its own */
static fh_real *part(const fh_program *p, fh_slot s, fh_real *all, bool of_pass, ptrdiff_t first)
{
  const fh_shape *shape = &p->slots[s].shape;
  if (!all || of_pass || first == 0) return all;
  return all + first * p->batch * (fh_shape_size(shape) / shape->batch);
}

static ptrdiff_t first_patch(const step *q, ptrdiff_t pass)
{
  return pass * (q->fold / q->passes);
}

/* value of a slot: in the arena, or the caller's memory for inputs and views of them. second: for step q when backward
 * has come to it, which may have made the value again */
static const fh_real *value_of(const fh_program *p, fh_slot s, const step *q, ptrdiff_t first,
                               bool second)
{
  const slot *root = &p->slots[p->slots[s].root];
  if (root->input >= 0) return p->input_value[root->input];
  if (second && fh_program_made_again(p, s, q)) return fh_program_item(p, root->value_again);
  return part(p, s, fh_program_item(p, root->value), root->value_of_pass, first);
}

static void *saved_of(const fh_program *p, const step *q, ptrdiff_t pass)
{
  char *all = fh_program_item(p, q->saved);
  return all && !q->again ? all + (size_t)pass * fh_size_aligned(q->need.saved) : all;
}

/* FH_OWN: what a step did not write must show */
static void poison(const fh_program *p, void *buffer, size_t bytes)
{
  if (p->buffers != FH_OWN || !buffer) return;
  fh_real *x = buffer;
  for (size_t i = 0; i < bytes / sizeof *x; i++) x[i] = (fh_real)NAN;
}

static void poison_slot(const fh_program *p, const step *q, fh_slot s, fh_real *buffer)
{
  const fh_shape *shape = &p->slots[s].shape;
  const ptrdiff_t samples =
      p->batch * (shape->batch / p->slots[p->inputs[0]].shape.batch) / q->passes;
  poison(p, buffer, (size_t)(samples * (fh_shape_size(shape) / shape->batch)) * sizeof(fh_real));
}

/* second: backward computes the pass again */
static fh_status forward_step(fh_program *p, step *q, ptrdiff_t pass, bool second)
{
  const ptrdiff_t first = first_patch(q, pass);
  fh_fwd io = {.batch = p->batch * q->fold / q->passes};
  for (int k = 0; k < q->op->n_in; k++) io.in[k] = value_of(p, q->in[k], q, first, second);
  for (int k = 0; k < q->op->n_out; k++) {
    const slot *s = &p->slots[q->out[k]];
    io.out[k] = second ? fh_program_item(p, s->value_again)
                       : part(p, q->out[k], fh_program_item(p, s->value), s->value_of_pass, first);
    poison_slot(p, q, q->out[k], io.out[k]);
  }
  for (int k = 0; k < q->op->n_param; k++) io.param[k] = fh_program_param_value(p, q, k);
  io.saved = q->again && !second ? NULL : saved_of(p, q, pass);
  io.work = fh_program_item(p, second ? q->work_again : q->work_forward);
  poison(p, io.saved, q->need.saved);
  poison(p, io.work, q->need.work);
  if (q->need.alias) return FH_OK; /* outputs are the input, where it stands */
  return q->op->class->forward(q->op, &io);
}

static fh_status forward_pass(fh_program *p, int begin, int end, ptrdiff_t pass, bool second)
{
  for (int i = begin; i < end; i++) {
    const fh_status st = forward_step(p, &p->steps[i], pass, second);
    if (st != FH_OK) return fh_status_trace(st, __FILE__, i, p->steps[i].name);
  }
  return FH_OK;
}

fh_status fh_program_forward(fh_program *p, ptrdiff_t batch, const fh_real *const *in,
                             const fh_real **out)
{
  FH_CHECK(p->built, FH_ERR_STATE, "build the program before running it");
  const ptrdiff_t most = p->slots[p->inputs[0]].shape.batch;
  FH_CHECK(batch >= 1 && batch <= most, FH_ERR_ARG,
           "%td samples in a call of a program built for 1 to %td", batch, most);
  p->batch = batch;
  for (int i = 0; i < p->n_inputs; i++) p->input_value[i] = in[i];
  fh_program_prepare(p);
  for (int begin = 0, end; begin < p->n_steps; begin = end) {
    end = p->steps[begin].end;
    for (ptrdiff_t pass = 0; pass < p->steps[begin].passes; pass++)
      FH_TRY(forward_pass(p, begin, end, pass, false));
  }
  for (int i = 0; i < p->n_outputs; i++) out[i] = value_of(p, p->outputs[i], NULL, 0, false);
  p->forward_done = p->purpose == FH_TRAIN;
  return FH_OK;
}

/* where the gradient of slot s goes, or NULL when nobody wants it */
static fh_real *gradient_of(const fh_program *p, const step *q, fh_slot s, fh_real *const *din,
                            ptrdiff_t first)
{
  const slot *at = &p->slots[s];
  if (at->input >= 0) return din ? din[at->input] : NULL;
  if (!at->upstream && !din) return NULL;
  fh_real *gradient = part(p, s, fh_program_item(p, at->gradient), at->gradient_of_pass, first);
  if (!at->same_gradient) poison_slot(p, q, s, gradient);
  return gradient;
}

/* gradient that arrives at slot s: from its reader, or from the caller */
static const fh_real *slope_of(const fh_program *p, fh_slot s, const fh_real *const *dout,
                               ptrdiff_t first)
{
  const slot *at = &p->slots[s];
  if (at->output < 0)
    return part(p, s, fh_program_item(p, at->gradient), at->gradient_of_pass, first);
  return dout[at->output] + first * p->batch * (fh_shape_size(&at->shape) / at->shape.batch);
}

static fh_status backward_step(fh_program *p, step *q, const fh_real *const *dout,
                               fh_real *const *din, ptrdiff_t pass)
{
  const ptrdiff_t first = first_patch(q, pass);
  fh_bwd io = {.batch = p->batch * q->fold / q->passes};
  for (int k = 0; k < q->op->n_in; k++) {
    if (q->need.bwd_reads_in >> k & 1) io.in[k] = value_of(p, q->in[k], q, first, true);
    io.din[k] = gradient_of(p, q, q->in[k], din, first);
  }
  for (int k = 0; k < q->op->n_out; k++) {
    if (q->need.bwd_reads_out >> k & 1) io.out[k] = value_of(p, q->out[k], q, first, true);
    io.dout[k] = slope_of(p, q->out[k], dout, first);
  }
  for (int k = 0; k < q->op->n_param; k++) {
    io.param[k] = fh_program_param_value(p, q, k);
    io.dparam[k] = fh_program_param_gradient(p, q, k);
  }
  io.saved = saved_of(p, q, pass);
  io.work = fh_program_item(p, q->work_backward);
  poison(p, io.work, q->need.work);
  return q->op->class->backward(q->op, &io);
}

static fh_status backward_pass(fh_program *p, int begin, int end, ptrdiff_t pass,
                               const fh_real *const *dout, fh_real *const *din)
{
  for (int i = end - 1; i >= begin; i--) {
    if (!din && !p->steps[i].has_upstream) continue;
    const fh_status st = backward_step(p, &p->steps[i], dout, din, pass);
    if (st != FH_OK) return fh_status_trace(st, __FILE__, i, p->steps[i].name);
  }
  return FH_OK;
}

fh_status fh_program_backward(fh_program *p, const fh_real *const *dout, fh_real *const *din)
{
  FH_CHECK(p->forward_done, FH_ERR_STATE,
           "backward follows one forward of a program built for training");
  p->forward_done = false;
  p->pending = true;
  for (int end = p->n_steps, begin; end > 0; end = begin) {
    begin = p->steps[end - 1].begin;
    for (ptrdiff_t pass = p->steps[begin].passes - 1; pass >= 0; pass--) {
      if (p->steps[begin].again) FH_TRY(forward_pass(p, begin, end, pass, true));
      FH_TRY(backward_pass(p, begin, end, pass, dout, din));
    }
  }
  return FH_OK;
}
