/* params - the flat arrays of parameters and gradients */
#include "program/program_impl.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

int fh_program_n_params(const fh_program *p)
{
  return p->n_params;
}
const fh_param *fh_program_param(const fh_program *p, int i)
{
  return &p->params[i];
}
ptrdiff_t fh_program_param_size(const fh_program *p)
{
  return p->param_size;
}
fh_real *fh_program_values(fh_program *p)
{
  p->stale = true;
  return p->values;
}
fh_real *fh_program_gradients(fh_program *p)
{
  if (p->gradients) fh_program_complete(p, fh_program_unit_gradients(p));
  return p->gradients;
}

int fh_program_find_param(const fh_program *p, const char *name)
{
  for (int i = 0; i < p->n_params; i++)
    if (!strcmp(p->params[i].name, name)) return i;
  return -1;
}

static double draw(const fh_param_decl *d, const fh_rng *r, ptrdiff_t i)
{
  switch (d->init) {
  case FH_INIT_ZERO:
    return 0.0;
  case FH_INIT_ONE:
    return 1.0;
  case FH_INIT_UNIFORM:
    return d->scale * (2.0 * fh_rng_uniform(r, (uint64_t)i) - 1.0);
  case FH_INIT_NORMAL:
    break;
  }
  /* re and im share the variance of a complex number */
  const double deviation = d->is_complex ? d->scale * sqrt(0.5) : d->scale;
  return deviation * fh_rng_normal(r, (uint64_t)i);
}

void fh_param_draw(const fh_param_decl *d, uint64_t seed, uint64_t key, fh_real *value)
{
  const fh_rng r = {.seed = seed, .stream = FH_STREAM_INIT, .sample = key};
  const ptrdiff_t n = fh_param_size(d);
  for (ptrdiff_t i = 0; i < n; i++) value[i] = (fh_real)draw(d, &r, i);
  if (d->is_complex && d->init == FH_INIT_ONE)
    for (ptrdiff_t i = 1; i < n; i += 2) value[i] = 0;
}

void fh_program_init(fh_program *p, uint64_t seed)
{
  p->stale = true;
  for (int k = 0; k < p->n_params; k++) {
    const fh_param *q = &p->params[k];
    fh_param_draw(&q->decl, seed, fh_rng_hash(q->name), p->values + q->offset);
  }
}

void fh_program_zero_gradients(fh_program *p)
{
  if (p->gradients) memset(p->gradients, 0, (size_t)p->sum_size * sizeof *p->gradients);
  if (p->derived_gradient)
    memset(p->derived_gradient, 0, (size_t)p->cheap_size * sizeof *p->derived_gradient);
  p->pending = false;
}
