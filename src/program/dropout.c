/* dropout - parameters of maps that are multiplied by masks in training */
#include <string.h>

#include "program/program_impl.h"

static const fh_param *param_of(const fh_program *p, const derivation *d, int k)
{
  return &p->params[d->param[k]];
}

/* masked numbers: a complex one counts once */
static ptrdiff_t numbers(const fh_param *q)
{
  return q->decl.is_complex ? q->size / 2 : q->size;
}

static fh_status build_map(const fh_program *p, derivation *d)
{
  const fh_map *m = d->map;
  for (int k = 0; k < m->n_param; k++) {
    if (!m->class->draw(m, k, NULL, NULL)) continue;
    const fh_param *q = param_of(p, d, k);
    FH_NEW(d->mask[k], numbers(q));
    FH_NEW(d->masked[k], q->size);
    FH_NEW(d->masked_gradient[k], q->size);
  }
  return FH_OK;
}

fh_status fh_program_build_masks(fh_program *p)
{
  for (int i = 0; i < p->n_maps; i++) {
    const fh_map *m = p->maps[i].map;
    if (m->drops && m->class->draw && p->purpose == FH_TRAIN) FH_TRY(build_map(p, &p->maps[i]));
  }
  return FH_OK;
}

void fh_program_destroy_masks(derivation *d)
{
  for (int k = 0; k < FH_MAP_MAX_PARAM; k++) {
    fh_free(d->mask[k]);
    fh_free(d->masked[k]);
    fh_free(d->masked_gradient[k]);
  }
}

/* keyed by the name of the parameter, so that layers draw by themselves */
void fh_program_drop(fh_program *p, uint64_t seed, uint64_t number)
{
  for (int i = 0; i < p->n_maps; i++) {
    const derivation *d = &p->maps[i];
    for (int k = 0; k < d->map->n_param; k++) {
      if (!d->mask[k]) continue;
      const fh_rng r = {.seed = seed,
                        .stream = FH_STREAM_DROPOUT,
                        .sample = number,
                        .field = fh_rng_hash(param_of(p, d, k)->name)};
      d->map->class->draw(d->map, k, &r, d->mask[k]);
      p->dropped = p->stale = true;
    }
  }
}

/* y = mask x */
static void multiply(const fh_param *q, const fh_real *mask, const fh_real *x, fh_real *y, bool add)
{
  const ptrdiff_t n = numbers(q), width = q->decl.is_complex ? 2 : 1;
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j < width; j++) {
      const fh_real v = mask[i] * x[i * width + j];
      y[i * width + j] = add ? y[i * width + j] + v : v;
    }
}

const fh_real *fh_program_masked_value(const fh_program *p, const derivation *d, int k)
{
  const fh_param *q = param_of(p, d, k);
  const fh_real *value = p->values + q->offset;
  if (!p->dropped || !d->mask[k]) return value;
  multiply(q, d->mask[k], value, d->masked[k], false);
  return d->masked[k];
}

fh_real *fh_program_masked_gradient(const fh_program *p, const derivation *d, int k,
                                    fh_real *gradients)
{
  const fh_param *q = param_of(p, d, k);
  if (!p->dropped || !d->mask[k]) return gradients + q->offset;
  memset(d->masked_gradient[k], 0, (size_t)q->size * sizeof(fh_real));
  return d->masked_gradient[k];
}

void fh_program_add_masked(const fh_program *p, const derivation *d, int k, fh_real *gradients)
{
  const fh_param *q = param_of(p, d, k);
  if (!p->dropped || !d->mask[k]) return;
  multiply(q, d->mask[k], d->masked_gradient[k], gradients + q->offset, true);
}
