#include "program/program_impl.h"

#include <stdio.h>
#include <string.h>

fh_status fh_program_create(const fh_team *team, fh_program **program)
{
  fh_program *p = NULL;
  *program = NULL;
  FH_NEW(p, 1);
  p->team = team;
  *program = p;
  return FH_OK;
}

void fh_program_destroy(fh_program **program)
{
  fh_program *p = *program;
  if (!p) return;
  for (int i = 0; i < p->n_steps; i++) fh_op_destroy(&p->steps[i].op);
  if (p->own)
    for (int i = 0; i < p->plan.n; i++) fh_free(p->own[i]);
  fh_free(p->own);
  fh_free(p->arena);
  fh_free(p->values);
  fh_free(p->gradients);
  fh_program_destroy_maps(p);
  fh_plan_clear(&p->plan);
  fh_free(p->around);
  fh_free(p->steps);
  fh_free(p->slots);
  fh_free(p->params);
  fh_free(p);
  *program = NULL;
}

fh_status fh_program_grow(void **array, int n, int *capacity, size_t size)
{
  if (n < *capacity) return FH_OK;
  const int larger = *capacity ? 2 * *capacity : 32;
  char *copy = NULL;
  FH_NEW(copy, (ptrdiff_t)larger * (ptrdiff_t)size);
  if (n) memcpy(copy, *array, (size_t)n * size);
  fh_free(*array);
  *array = copy;
  *capacity = larger;
  return FH_OK;
}

static fh_status new_slot(fh_program *p, const fh_shape *shape, int producer, fh_slot *s)
{
  void *slots = p->slots;
  FH_TRY(fh_program_grow(&slots, p->n_slots, &p->cap_slots, sizeof *p->slots));
  p->slots = slots;
  *s = p->n_slots++;
  p->slots[*s] = (slot){.shape = *shape,
                        .producer = producer,
                        .input = -1,
                        .reader = NO_STEP,
                        .output = -1,
                        .root = *s,
                        .value = NO_ITEM,
                        .value_again = NO_ITEM,
                        .gradient = NO_ITEM};
  return FH_OK;
}

fh_status fh_program_input(fh_program *p, const fh_shape *shape, fh_slot *s)
{
  FH_CHECK(!p->built && p->n_steps == 0, FH_ERR_STATE,
           "inputs of a program come before its first step");
  FH_CHECK(p->n_inputs < FH_OP_MAX_IN, FH_ERR_ARG, "a program has at most %d inputs", FH_OP_MAX_IN);
  FH_CHECK(fh_shape_size(shape) > 0, FH_ERR_SHAPE,
           "an input of %td samples x %td channels holds nothing", shape->batch, shape->channels);
  FH_TRY(new_slot(p, shape, NO_STEP, s));
  p->slots[*s].input = p->n_inputs;
  p->inputs[p->n_inputs++] = *s;
  return FH_OK;
}

/* sets op up for the shapes of its input slots, appends it and its output slots */
fh_status fh_program_append(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                            fh_slot *out)
{
  void *steps = p->steps;
  FH_TRY(fh_program_grow(&steps, p->n_steps, &p->cap_steps, sizeof *p->steps));
  p->steps = steps;
  fh_shape shapes[FH_OP_MAX_IN];
  step s = {.op = op,
            .saved = NO_ITEM,
            .work_forward = NO_ITEM,
            .work_again = NO_ITEM,
            .work_backward = NO_ITEM};
  snprintf(s.name, sizeof s.name, "%s", name);
  for (int i = 0; i < op->n_in; i++)
    FH_CHECK(in[i] >= 0 && in[i] < p->n_slots, FH_ERR_ARG,
             "step %d (%s %s): slot %d does not exist", p->n_steps, op->class->name, name, in[i]);
  s.passes = fh_program_passes(p, op, in);
  for (int i = 0; i < op->n_in; i++) {
    s.in[i] = in[i];
    shapes[i] = p->slots[in[i]].shape;
    shapes[i].batch /= s.passes;
  }
  FH_TRY(fh_op_setup(op, p->team, shapes, &s.need));
  const ptrdiff_t batch = p->slots[p->inputs[0]].shape.batch;
  s.fold = p->slots[in[0]].shape.batch / batch;
  for (int i = 0; i < op->n_out; i++)
    FH_CHECK(op->out[i].batch % batch == 0, FH_ERR_SHAPE,
             "step %d (%s %s) makes %td samples out of the %td of the program", p->n_steps,
             op->class->name, name, op->out[i].batch, batch);
  for (int i = 0; i < op->n_out; i++) {
    fh_shape shape = op->out[i];
    shape.batch *= s.passes;
    FH_TRY(new_slot(p, &shape, p->n_steps, &s.out[i]));
    if (s.need.alias) p->slots[s.out[i]].root = p->slots[s.in[0]].root;
    if (out) out[i] = s.out[i];
  }
  p->steps[p->n_steps++] = s;
  return FH_OK;
}

static void full_name(char text[160], const char *name, const char *role)
{
  snprintf(text, 160, "%s%s%s", name, name[0] ? "." : "", role);
}

fh_status fh_program_declare(fh_program *p, const char *name, const fh_param_decl *decl, int *index)
{
  void *params = p->params;
  FH_TRY(fh_program_grow(&params, p->n_params, &p->cap_params, sizeof *p->params));
  p->params = params;
  fh_param *q = &p->params[p->n_params];
  full_name(q->name, name, decl->role);
  FH_CHECK(fh_program_find_param(p, q->name) < 0, FH_ERR_STATE,
           "parameter %s exists already: give the step another name, or share it on purpose",
           q->name);
  q->decl = *decl;
  q->offset = p->param_size;
  q->size = fh_param_size(decl);
  /* every parameter starts on a cache line; the gap is zero for ever */
  p->param_size += (q->size + 15) / 16 * 16;
  *index = p->n_params++;
  return FH_OK;
}

static fh_status share_param(fh_program *p, const char *name, const fh_param_decl *decl, int *index)
{
  char text[160];
  full_name(text, name, decl->role);
  *index = fh_program_find_param(p, text);
  FH_CHECK(*index >= 0, FH_ERR_STATE, "there is no parameter %s to share", text);
  const fh_param_decl *first = &p->params[*index].decl;
  bool same = first->rank == decl->rank && first->is_complex == decl->is_complex;
  for (int i = 0; same && i < decl->rank; i++) same = first->n[i] == decl->n[i];
  FH_CHECK(same, FH_ERR_SHAPE, "parameter %s is shared by steps that want different shapes", text);
  return FH_OK;
}

/* the tensor that was bound to this name, if one was */
static fh_status use_binding(fh_program *p, const char *name, const fh_param_decl *decl, int *index,
                             bool *found)
{
  char text[160];
  full_name(text, name, decl->role);
  const int i = fh_program_find_binding(p, text);
  *found = i >= 0;
  if (i < 0) return FH_OK;
  binding *b = &p->bindings[i];
  const ptrdiff_t size = b->param >= 0 ? p->params[b->param].size : b->size;
  const bool is_complex =
      b->param >= 0 ? p->params[b->param].decl.is_complex : p->maps[b->map].map->out.is_complex;
  FH_CHECK(size == fh_param_size(decl) && is_complex == decl->is_complex, FH_ERR_SHAPE,
           "%s is bound to a tensor of %td reals, the step wants %td", text, size,
           fh_param_size(decl));
  b->used = true;
  *index = b->param >= 0 ? b->param : -1 - i;
  return FH_OK;
}

static fh_status add(fh_program *p, const char *name, fh_op *op, const fh_slot *in, fh_slot *out,
                     bool shared)
{
  FH_CHECK(!p->built, FH_ERR_STATE, "the program is built: no step can be added");
  const int index = p->n_steps;
  FH_TRY(fh_program_append(p, name, op, in, out));
  for (int i = 0; i < op->n_param; i++) {
    int *param = &p->steps[index].param[i];
    bool bound = false;
    FH_TRY(use_binding(p, name, &op->param[i], param, &bound));
    if (bound) continue;
    if (shared)
      FH_TRY(share_param(p, name, &op->param[i], param));
    else
      FH_TRY(fh_program_declare(p, name, &op->param[i], param));
  }
  return FH_OK;
}

/* the program owns op from here on: drop it if it did not become a step */
static fh_status add_or_destroy(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                                fh_slot *out, bool shared)
{
  const int before = p->n_steps;
  const fh_status st = add(p, name, op, in, out, shared);
  if (st == FH_OK) return FH_OK;
  if (p->n_steps == before) fh_op_destroy(&op);
  return fh_status_trace(st, __FILE__, __LINE__, name);
}

fh_status fh_program_add(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                         fh_slot *out)
{
  return add_or_destroy(p, name, op, in, out, false);
}

fh_status fh_program_add_shared(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                                fh_slot *out)
{
  return add_or_destroy(p, name, op, in, out, true);
}

fh_status fh_program_then(fh_program *p, const char *name, fh_op *op, fh_slot *s)
{
  const fh_slot in = *s;
  return fh_program_add(p, name, op, &in, s);
}

const fh_team *fh_program_team(const fh_program *p)
{
  return p->team;
}

const fh_shape *fh_program_shape(const fh_program *p, fh_slot s)
{
  return &p->slots[s].shape;
}

void fh_program_patches_together(fh_program *p, ptrdiff_t patches)
{
  p->together = patches;
}

void fh_program_recompute(fh_program *p, bool recompute)
{
  p->recompute = recompute;
}

fh_status fh_program_output(fh_program *p, fh_slot s)
{
  FH_CHECK(!p->built, FH_ERR_STATE, "the program is built: no output can be added");
  FH_CHECK(s >= 0 && s < p->n_slots, FH_ERR_ARG, "slot %d does not exist", s);
  FH_CHECK(p->n_outputs < FH_OP_MAX_OUT, FH_ERR_ARG, "a program has at most %d outputs",
           FH_OP_MAX_OUT);
  p->outputs[p->n_outputs++] = s;
  return FH_OK;
}

int fh_program_n_inputs(const fh_program *p)
{
  return p->n_inputs;
}
int fh_program_n_outputs(const fh_program *p)
{
  return p->n_outputs;
}

const fh_shape *fh_program_input_shape(const fh_program *p, int i)
{
  return &p->slots[p->inputs[i]].shape;
}

const fh_shape *fh_program_output_shape(const fh_program *p, int i)
{
  return &p->slots[p->outputs[i]].shape;
}

fh_cost fh_program_cost(const fh_program *p)
{
  fh_cost sum = {0};
  for (int i = 0; i < p->n_steps; i++) {
    const fh_cost *c = &p->steps[i].op->at;
    const double fold = (double)p->steps[i].fold;
    sum.flops += fold * c->flops;
    sum.bytes += fold * c->bytes;
    sum.message_bytes += fold * c->message_bytes;
  }
  return sum;
}
