#include "app/inspect_mgno.h"

#include <string.h>

#include "base/memory.h"
#include "kernels/taps.h"
#include "model/mgno.h"

/* a cycle of a model while it is printed */
typedef struct {
  const fh_program *p; /* of the whole model: names and shapes of the parameters */
  fh_vcycle is;
  char prefix[64];
  fh_grid grid; /* of the level */
  int level;
} row;

/* reals in parameters whose names begin so */
static ptrdiff_t count(const row *r, const char *part, int level)
{
  char begin[128];
  ptrdiff_t sum = 0;
  snprintf(begin, sizeof begin, level < 0 ? "%s.%s" : "%s.%s%d.", r->prefix, part, level);
  for (int i = 0; i < fh_program_n_params(r->p); i++) {
    const fh_param *q = fh_program_param(r->p, i);
    if (!strncmp(q->name, begin, strlen(begin))) sum += q->size;
  }
  return sum;
}

/* "4x4" of the prolongation into this level */
static const char *kernel_of(const row *r, char text[64])
{
  char name[160];
  snprintf(name, sizeof name, "%s.RTlayers.%d.weight", r->prefix, r->level);
  const int i = fh_program_find_param(r->p, name);
  size_t used = 0;
  text[0] = '\0';
  if (i < 0) return text;
  const fh_param_decl *d = &fh_program_param(r->p, i)->decl;
  for (int a = 2; a < d->rank && used < 60; a++)
    used += (size_t)snprintf(text + used, 64 - used, "%s%td", a > 2 ? "x" : "", d->n[a]);
  return text;
}

static const char *cube(int dim, char text[16])
{
  static const char *const names[] = {"", "3", "3x3", "3x3x3"};
  snprintf(text, 16, "%s", names[dim]);
  return text;
}

/* the operators of a level, in the order in which they act */
static void print_operators(FILE *stream, const row *r)
{
  const fh_vcycle *c = &r->is;
  const int l = r->level, last = c->levels - 1;
  const ptrdiff_t first = l == 0 ? 1 : 0, down = c->pre[l] - first;
  char three[16], prolong[64];
  cube(r->grid.dim, three);
  if (l > 0)
    fprintf(stream, "%sR, Pi %s/2", c->restrict_residual ? "A, " : "", three);
  else
    fprintf(stream, "S %s", three);
  if (down > 0) fprintf(stream, ", %td x (A, S) %s", down, three);
  if (l < last) fprintf(stream, "; P %s/2 from level %d", kernel_of(r, prolong), l + 1);
  if (l < last && c->norm != FH_VCYCLE_NO_NORM) fputs(", norm", stream);
  if (c->post[l] > 0) fprintf(stream, ", %td x (A, S) %s", c->post[l], three);
  fputs("\n", stream);
}

static void print_level(FILE *stream, const row *r)
{
  const fh_vcycle *c = &r->is;
  const int l = r->level;
  char points[64];
  const ptrdiff_t parameters = count(r, "layer", l) + count(r, "post_smooth_layer", l) +
                               count(r, "RTlayers.", l) + count(r, "norm_layer_list.", l);
  fprintf(stream, "  %5d %11s %5td %5td %5td %5td %11td  ", l, fh_grid_text(&r->grid, points),
          c->f_channels * c->factor[l], c->u_channels * c->factor[l], c->pre[l], c->post[l],
          parameters);
  print_operators(stream, r);
}

static void print_sides(FILE *stream, const fh_vcycle *c, int dim)
{
  for (int a = 0; a < dim; a++)
    fprintf(stream, "%s%s/%s", a ? ", " : "", fh_side_names[c->side[a][0]],
            fh_side_names[c->side[a][1]]);
}

static void print_cycle(FILE *stream, row *r, const fh_grid *grid)
{
  const fh_vcycle *c = &r->is;
  r->grid = *grid;
  fprintf(stream, "%s: %td parameters, ", r->prefix, count(r, "", -1));
  fprintf(stream, "f %td -> u %td channels, sides ", c->f_channels, c->u_channels);
  print_sides(stream, c, grid->dim);
  fprintf(stream, ", restricts %s, R and Pi padded by %td%s%s\n",
          c->restrict_residual ? "f - A u" : "f", c->pad, c->bias ? ", A and S with biases" : "",
          c->share ? ", one A and S a level" : "");
  fputs("  level      points     f     u  down    up  parameters  operators\n", stream);
  for (r->level = 0; r->level < c->levels; r->level++) {
    print_level(stream, r);
    fh_vcycle_coarsen(c, grid->dim, r->grid.n);
  }
}

/* two layers of equal shape are printed once */
static bool same_cycle(const fh_vcycle *a, const fh_vcycle *b)
{
  return a->f_channels == b->f_channels && a->u_channels == b->u_channels;
}

static void print_cycles(FILE *stream, const fh_trained *m, const fh_mgno_config *c,
                         const fh_program *p)
{
  row r = {.p = p}, before = {.p = p};
  ptrdiff_t inside = 0;
  const bool head = c->head == FH_MGNO_HEAD_CYCLE;
  fputs("V-cycles, u = W f on each level (f, u: channels; down, up: smoothing steps):\n", stream);
  for (int k = 0; k < c->n_layers + head; k++) {
    const bool is_head = k == c->n_layers;
    fh_mgno_cycle(c, k ? c->hidden_channels : m->spec.in_channels,
                  is_head ? m->spec.out_channels : c->hidden_channels, &r.is);
    if (is_head)
      snprintf(r.prefix, sizeof r.prefix, "last_layer");
    else
      snprintf(r.prefix, sizeof r.prefix, "conv_list.%d", k);
    if (k > 0 && same_cycle(&r.is, &before.is))
      fprintf(stream, "%s: %td parameters, as %s\n", r.prefix, count(&r, "", -1), before.prefix);
    else
      print_cycle(stream, &r, &m->grid);
    if (k == 0 || !same_cycle(&r.is, &before.is)) before = r;
    inside += count(&r, "", -1);
  }
  fprintf(stream, "beside the V-cycles: %td parameters (1x1 convolutions, norms of layers, head)\n",
          fh_model_n_params(p) - inside);
}

fh_status fh_inspect_cycles(FILE *stream, const fh_trained *m, const fh_team *team)
{
  fh_program *p = NULL;
  if (m->spec.class != &fh_mgno_class) return FH_OK;
  fh_mgno_config c = *(const fh_mgno_config *)m->spec.config;
  FH_TRY(m->spec.class->check(&c, m->grid.dim));
  FH_TRY(fh_model_program(&m->spec, team, &m->grid, 1, &p));
  print_cycles(stream, m, &c, p);
  fh_program_destroy(&p);
  return FH_OK;
}
