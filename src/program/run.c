/* run - forward walks the steps down, backward walks them up */
#include "program/program_impl.h"

#include <math.h>

void *fh_program_item(const fh_program *p, int item)
{
  if (item == NO_ITEM) return NULL;
  return p->buffers == FH_OWN ? p->own[item] : p->arena + p->plan.items[item].offset;
}

const fh_real *fh_program_value(const fh_program *p, fh_slot s)
{
  const slot *root = &p->slots[p->slots[s].root];
  return root->input >= 0 ? p->input_value[root->input] : fh_program_item(p, root->value);
}

/* FH_OWN: what a step did not write must show */
static void poison(fh_program *p, int item)
{
  if (p->buffers != FH_OWN || item == NO_ITEM) return;
  fh_real *x = p->own[item];
  const size_t n = p->plan.items[item].bytes / sizeof *x;
  for (size_t i = 0; i < n; i++) x[i] = (fh_real)NAN;
}

static fh_status forward_step(fh_program *p, step *q)
{
  fh_fwd io = {.batch = p->batch * q->fold};
  poison(p, q->saved);
  poison(p, q->work_forward);
  for (int k = 0; k < q->op->n_in; k++) io.in[k] = fh_program_value(p, q->in[k]);
  for (int k = 0; k < q->op->n_out; k++) {
    poison(p, p->slots[q->out[k]].value);
    io.out[k] = fh_program_item(p, p->slots[q->out[k]].value);
  }
  for (int k = 0; k < q->op->n_param; k++) io.param[k] = fh_program_param_value(p, q, k);
  io.saved = fh_program_item(p, q->saved);
  io.work = fh_program_item(p, q->work_forward);
  if (q->need.alias) return FH_OK; /* outputs are the input, where it stands */
  return q->op->class->forward(q->op, &io);
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
  for (int i = 0; i < p->n_steps; i++) {
    const fh_status st = forward_step(p, &p->steps[i]);
    if (st != FH_OK) return fh_status_trace(st, __FILE__, i, p->steps[i].name);
  }
  for (int i = 0; i < p->n_outputs; i++) out[i] = fh_program_value(p, p->outputs[i]);
  p->forward_done = p->purpose == FH_TRAIN;
  return FH_OK;
}

/* where the gradient of slot s goes, or NULL when nobody wants it */
static fh_real *gradient_of(fh_program *p, fh_slot s, fh_real *const *din)
{
  const slot *q = &p->slots[s];
  if (q->input >= 0) return din ? din[q->input] : NULL;
  if (!q->upstream && !din) return NULL;
  poison(p, q->gradient);
  return fh_program_item(p, q->gradient);
}

static fh_status backward_step(fh_program *p, step *q, const fh_real *const *dout,
                               fh_real *const *din)
{
  fh_bwd io = {.batch = p->batch * q->fold};
  for (int k = 0; k < q->op->n_in; k++) {
    if (q->need.bwd_reads_in >> k & 1) io.in[k] = fh_program_value(p, q->in[k]);
    io.din[k] = gradient_of(p, q->in[k], din);
  }
  for (int k = 0; k < q->op->n_out; k++) {
    const slot *s = &p->slots[q->out[k]];
    if (q->need.bwd_reads_out >> k & 1) io.out[k] = fh_program_value(p, q->out[k]);
    io.dout[k] = s->output >= 0 ? dout[s->output] : fh_program_item(p, s->gradient);
  }
  for (int k = 0; k < q->op->n_param; k++) {
    io.param[k] = fh_program_param_value(p, q, k);
    io.dparam[k] = fh_program_param_gradient(p, q, k);
  }
  io.saved = fh_program_item(p, q->saved);
  io.work = fh_program_item(p, q->work_backward);
  poison(p, q->work_backward);
  return q->op->class->backward(q->op, &io);
}

fh_status fh_program_backward(fh_program *p, const fh_real *const *dout, fh_real *const *din)
{
  FH_CHECK(p->forward_done, FH_ERR_STATE,
           "backward follows one forward of a program built for training");
  p->forward_done = false;
  p->pending = true;
  for (int i = p->n_steps - 1; i >= 0; i--) {
    if (!din && !p->steps[i].has_upstream) continue;
    const fh_status st = backward_step(p, &p->steps[i], dout, din);
    if (st != FH_OK) return fh_status_trace(st, __FILE__, i, p->steps[i].name);
  }
  return FH_OK;
}
