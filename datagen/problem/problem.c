#include "datagen/problem/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

fh_status fh_problem_find(const char *name, const fh_problem_class **class)
{
  enum { MOST = 64 };
  const char *names[MOST + 1] = {NULL};
  *class = NULL;
  for (int i = 0; fh_problem_registry[i]; i++) {
    if (strcmp(name, fh_problem_registry[i]->name) == 0) {
      *class = fh_problem_registry[i];
      return FH_OK;
    }
    if (i < MOST) names[i] = fh_problem_registry[i]->name;
  }
  const char *near = fh_nearest(name, names);
  FH_RAISE(FH_ERR_USAGE, "there is no problem '%s'%s%s%s: -problem list shows them all", name,
           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

void fh_problem_list(char *text, size_t bytes)
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; fh_problem_registry[i] && used < bytes; i++) {
    const fh_problem_class *c = fh_problem_registry[i];
    used += (size_t)snprintf(text + used, bytes - used, "%-19s %s\n", c->name, c->help);
  }
}

fh_status fh_problem_points(const fh_problem *p, int dim, ptrdiff_t n[FH_MAX_DIM])
{
  int given = 0;
  while (given < FH_MAX_DIM && p->points[given] > 0) given++;
  FH_CHECK(given == 1 || given == dim, FH_ERR_USAGE,
           "size has %d numbers, the problem '%s' has %d axes: give 1 or %d", given, p->class->name,
           dim, dim);
  for (int a = 0; a < FH_MAX_DIM; a++) n[a] = a >= dim ? 1 : p->points[given == 1 ? 0 : a];
  return FH_OK;
}

int fh_problem_add_field(fh_problem *p, const char *name, const char *unit, const char *long_name,
                         bool is_output)
{
  fh_writer_field *f = &p->fields[p->n_fields];
  snprintf(f->info.name, sizeof f->info.name, "%s", name);
  snprintf(f->info.unit, sizeof f->info.unit, "%s", unit);
  snprintf(f->info.long_name, sizeof f->info.long_name, "%s", long_name);
  f->info.channels = 1;
  f->is_output = is_output;
  return p->n_fields++;
}

void fh_problem_add_scalar(fh_problem *p, const char *name, double value)
{
  fh_writer_scalar *s = &p->scalars[p->n_scalars++];
  snprintf(s->name, sizeof s->name, "%s", name);
  s->value = value;
}

void fh_problem_add_constant(fh_problem *p, const char *name, const char *long_name,
                             const double *values)
{
  fh_writer_constant *c = &p->constants[p->n_constants++];
  snprintf(c->info.name, sizeof c->info.name, "%s", name);
  snprintf(c->info.unit, sizeof c->info.unit, "1");
  snprintf(c->info.long_name, sizeof c->info.long_name, "%s", long_name);
  c->info.channels = 1;
  c->values = values;
}

static fh_status build(const fh_int_list *points, fh_problem *p)
{
  FH_CHECK(p->class->config_bytes <= FH_PROBLEM_CONFIG_BYTES, FH_ERR_STATE,
           "the configuration of '%s' takes %zu bytes, there is room for %d", p->class->name,
           p->class->config_bytes, FH_PROBLEM_CONFIG_BYTES);
  FH_CHECK(points->count >= 1 && points->count <= FH_MAX_DIM, FH_ERR_USAGE,
           "size has %d numbers: give one for all axes, or one an axis (at most %d)", points->count,
           FH_MAX_DIM);
  for (int a = 0; a < points->count; a++) {
    FH_CHECK(points->value[a] >= 1, FH_ERR_USAGE, "size = %td: at least 1 point is needed",
             points->value[a]);
    p->points[a] = points->value[a];
  }
  FH_TRY(p->class->setup(p));
  int unknowns = 0; /* PETSc's index may be 32 bits wide */
  if (sizeof(PetscInt) < sizeof(ptrdiff_t)) FH_TRY(fh_size_int(p->unknowns, &unknowns));
  for (int f = 0; f < p->n_fields; f++) {
    ptrdiff_t size = 0;
    FH_TRY(fh_size_mul(p->fields[f].info.channels, fh_grid_size(&p->grid), &size));
    FH_NEW(p->value[f], size);
  }
  return FH_OK;
}

fh_status fh_problem_create(MPI_Comm comm, const fh_problem_class *class, const void *config,
                            const fh_int_list *points, fh_problem **problem)
{
  fh_problem *p = NULL;
  *problem = NULL;
  FH_NEW(p, 1);
  p->class = class;
  p->comm = comm;
  p->config = config;
  const fh_status st = build(points, p);
  if (st != FH_OK) fh_problem_destroy(&p);
  *problem = p;
  return st;
}

void fh_problem_destroy(fh_problem **problem)
{
  fh_problem *p = *problem;
  if (!p) return;
  p->class->destroy(p);
  for (int f = 0; f < FH_WRITER_MAX_FIELDS; f++) fh_free(p->value[f]);
  fh_free(p);
  *problem = NULL;
}
