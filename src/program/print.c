/* print - a program as text: the best documentation of a model */
#include "program/program_impl.h"

static void print_shape(FILE *f, const fh_shape *s)
{
  char grid[64];
  fprintf(f, "%td x %s", s->channels, fh_grid_text(&s->layout.grid, grid));
}

static void print_step(const fh_program *p, int i, FILE *f)
{
  const step *q = &p->steps[i];
  fprintf(f, "%4d  %-14s %-34s", i, q->op->class->name, q->name);
  for (int k = 0; k < q->op->n_in; k++) fprintf(f, "%s%%%d", k ? "," : "", q->in[k]);
  fprintf(f, " -> ");
  for (int k = 0; k < q->op->n_out; k++) fprintf(f, "%s%%%d", k ? "," : "", q->out[k]);
  fprintf(f, " [");
  print_shape(f, &p->slots[q->out[0]].shape);
  fprintf(f, "]");
  const int item = p->slots[q->out[0]].value;
  if (item != NO_ITEM) {
    const fh_item *m = &p->plan.items[item];
    fprintf(f, "  %zu B at %zu, alive %d..%d", m->bytes, m->offset, m->first, m->last);
  } else {
    fprintf(f, "  view");
  }
  if (q->fold > 1) fprintf(f, ", %td patches a sample", q->fold);
  if (q->passes > 1) fprintf(f, " in %td passes%s", q->passes, q->again ? ", computed again" : "");
  if (q->need.saved) fprintf(f, ", saved %zu B", (size_t)fh_program_parts_saved(q) * q->need.saved);
  ptrdiff_t params = 0;
  for (int k = 0; k < q->op->n_param; k++)
    if (q->param[k] >= 0) params += p->params[q->param[k]].size;
  if (params) fprintf(f, ", %td parameters", params);
  fprintf(f, ", %.3g Mflop\n", 1e-6 * q->op->at.flops);
}

static void print_map(const fh_program *p, int i, FILE *f)
{
  const derivation *d = &p->maps[i];
  ptrdiff_t params = 0;
  for (int k = 0; k < d->map->n_param; k++) params += p->params[d->param[k]].size;
  char name[160];
  snprintf(name, sizeof name, "%s", p->params[d->param[0]].name);
  fprintf(f, "      %-14s %-34s %td parameters -> %d tensors of", d->map->class->name, name, params,
          d->map->n_out);
  for (int a = 0; a < d->map->out.rank; a++) fprintf(f, "%s%td", a ? " x " : " ", d->map->out.n[a]);
  fprintf(f, ", %.3g Mflop a change of parameters\n", 1e-6 * d->map->flops);
}

void fh_program_print(const fh_program *p, FILE *f)
{
  for (int i = 0; i < p->n_inputs; i++) {
    fprintf(f, "      %-14s %-34s%%%d [", "input", "", p->inputs[i]);
    print_shape(f, fh_program_input_shape(p, i));
    fprintf(f, "], %td samples a call\n", fh_program_input_shape(p, i)->batch);
  }
  for (int i = 0; i < p->n_steps; i++) print_step(p, i, f);
  for (int i = 0; i < p->n_maps; i++) print_map(p, i, f);
  const fh_program_memory m = fh_program_bytes(p);
  const fh_cost c = fh_program_cost(p);
  ptrdiff_t reals = 0;
  for (int i = 0; i < p->n_params; i++) reals += p->params[i].size;
  fprintf(f, "%td parameters; arena %zu B (separate buffers %zu B, lower bound %zu B)\n", reals,
          m.arena, m.own, m.bound);
  if (m.derived) fprintf(f, "tensors computed from parameters: %zu B\n", m.derived);
  fprintf(f, "one sample forward: %.4g Mflop, %.4g MB moved\n", 1e-6 * c.flops, 1e-6 * c.bytes);
}
