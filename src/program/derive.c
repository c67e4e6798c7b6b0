/* derive - tensors that maps compute from parameters: places, names, evaluation, adjoints */
#include <string.h>

#include "program/program_impl.h"

int fh_program_find_binding(const fh_program *p, const char *name)
{
  for (int i = 0; i < p->n_bindings; i++)
    if (!strcmp(p->bindings[i].name, name)) return i;
  return -1;
}

static ptrdiff_t aligned(ptrdiff_t reals)
{
  return (reals + 15) / 16 * 16;
}

/* reals from one output of a map to the next */
static ptrdiff_t stride(const fh_map *m)
{
  return fh_param_size(&m->out);
}

static fh_status append(fh_program *p, const char *name, fh_map *map)
{
  void *maps = p->maps;
  FH_TRY(fh_program_grow(&maps, p->n_maps, &p->cap_maps, sizeof *p->maps));
  p->maps = maps;
  derivation d = {.map = map, .at = p->derived_size};
  for (int i = 0; i < map->n_param; i++)
    FH_TRY(fh_program_declare(p, name, &map->param[i], &d.param[i]));
  p->derived_size += aligned(map->n_out * stride(map));
  p->maps[p->n_maps++] = d;
  return FH_OK;
}

fh_status fh_program_map(fh_program *p, const char *name, fh_map *map, int *index)
{
  fh_status st = FH_OK;
  if (p->built)
    st = fh_status_raise(FH_ERR_STATE, __FILE__, __LINE__, __func__,
                         "the program is built: no map can be added");
  if (st == FH_OK) st = append(p, name, map);
  if (st != FH_OK) fh_map_destroy(&map);
  *index = p->n_maps - 1;
  return st;
}

/* Whether a parameter is one of those that the map is computed from. */
static bool reads(const derivation *d, int param)
{
  for (int i = 0; i < d->map->n_param; i++)
    if (d->param[i] == param) return true;
  return false;
}

/* A map may stand between a parameter and the step that asks for it: then both have one name. d may be NULL. */
static fh_status bind(fh_program *p, const binding *b, const derivation *d)
{
  void *bindings = p->bindings;
  const int param = fh_program_find_param(p, b->name);
  FH_CHECK(fh_program_find_binding(p, b->name) < 0 && (param < 0 || (d && reads(d, param))),
           FH_ERR_STATE, "%s exists already", b->name);
  FH_TRY(fh_program_grow(&bindings, p->n_bindings, &p->cap_bindings, sizeof *p->bindings));
  p->bindings = bindings;
  p->bindings[p->n_bindings++] = *b;
  return FH_OK;
}

fh_status fh_program_bind(fh_program *p, const char *param, int map, int piece)
{
  FH_CHECK(map >= 0 && map < p->n_maps && piece >= 0 && piece < p->maps[map].map->n_out, FH_ERR_ARG,
           "%s: there is no output %d of map %d", param, piece, map);
  const fh_map *m = p->maps[map].map;
  binding b = {.param = -1, .map = map, .piece = piece, .size = stride(m)};
  snprintf(b.name, sizeof b.name, "%s", param);
  return bind(p, &b, &p->maps[map]);
}

fh_status fh_program_bind_param(fh_program *p, const char *param, const char *existing)
{
  binding b = {.param = fh_program_find_param(p, existing)};
  FH_CHECK(b.param >= 0, FH_ERR_STATE, "%s: there is no parameter %s", param, existing);
  snprintf(b.name, sizeof b.name, "%s", param);
  return bind(p, &b, NULL);
}

const fh_real *fh_program_param_value(const fh_program *p, const step *q, int k)
{
  const int i = q->param[k];
  if (i >= 0) return p->values + p->params[i].offset;
  const binding *b = &p->bindings[-1 - i];
  return p->derived + p->maps[b->map].at + b->piece * b->size;
}

fh_real *fh_program_param_gradient(const fh_program *p, const step *q, int k)
{
  const int i = q->param[k];
  if (i >= 0) return p->gradients + p->params[i].offset;
  const binding *b = &p->bindings[-1 - i];
  return p->maps[b->map].gradient + b->piece * b->size;
}

static ptrdiff_t outputs(const derivation *d)
{
  return d->map->n_out * stride(d->map);
}

void fh_program_place_maps(fh_program *p)
{
  p->sum_size = p->param_size;
  for (int i = 0; i < p->n_maps && p->purpose == FH_TRAIN; i++) {
    derivation *d = &p->maps[i];
    ptrdiff_t *size = d->map->waits ? &p->sum_size : &p->cheap_size;
    d->gradient_at = *size = aligned(*size);
    *size += outputs(d);
  }
}

fh_status fh_program_build_maps(fh_program *p)
{
  size_t work = 0;
  for (int i = 0; i < p->n_bindings; i++)
    FH_CHECK(p->bindings[i].used, FH_ERR_STATE, "no step asks for %s", p->bindings[i].name);
  if (p->n_maps == 0) return FH_OK;
  FH_NEW(p->derived, p->derived_size);
  if (p->purpose == FH_TRAIN) FH_NEW(p->derived_gradient, p->cheap_size);
  for (int i = 0; i < p->n_maps; i++) {
    derivation *d = &p->maps[i];
    char *state = NULL;
    FH_NEW(state, (ptrdiff_t)d->map->state);
    d->state = state;
    if (p->purpose == FH_TRAIN)
      d->gradient = (d->map->waits ? p->gradients : p->derived_gradient) + d->gradient_at;
    if (p->maps[i].map->work > work) work = p->maps[i].map->work;
  }
  if (p->purpose == FH_TRAIN) {
    char *room = NULL;
    FH_NEW(room, (ptrdiff_t)work);
    p->map_work = room;
  }
  FH_TRY(fh_program_build_masks(p));
  p->stale = true;
  return FH_OK;
}

void fh_program_destroy_maps(fh_program *p)
{
  for (int i = 0; i < p->n_maps; i++) {
    fh_map_destroy(&p->maps[i].map);
    fh_free(p->maps[i].state);
    fh_program_destroy_masks(&p->maps[i]);
  }
  fh_free(p->maps);
  fh_free(p->bindings);
  fh_free(p->derived);
  fh_free(p->derived_gradient);
  fh_free(p->map_work);
}

size_t fh_program_derived_bytes(const fh_program *p)
{
  size_t bytes = (size_t)p->derived_size * sizeof(fh_real), work = 0;
  if (p->purpose == FH_TRAIN) bytes *= 2;
  for (int i = 0; i < p->n_maps; i++) {
    bytes += p->maps[i].map->state;
    if (p->maps[i].map->work > work) work = p->maps[i].map->work;
  }
  return p->purpose == FH_TRAIN ? bytes + work : bytes;
}

static void evaluate(const fh_program *p)
{
  for (int i = 0; i < p->n_maps; i++) {
    const derivation *d = &p->maps[i];
    const fh_real *param[FH_MAP_MAX_PARAM];
    for (int k = 0; k < d->map->n_param; k++) param[k] = fh_program_masked_value(p, d, k);
    d->map->class->forward(d->map, param, p->derived + d->at, d->state);
  }
}

void fh_program_prepare(fh_program *p)
{
  if (p->stale) evaluate(p);
  p->stale = false;
}

/* the adjoint of a map: from the gradient of its outputs, which it may destroy, to gradients of parameters */
static void adjoint(const fh_program *p, const derivation *d, fh_real *dout, fh_real *gradients)
{
  const fh_real *param[FH_MAP_MAX_PARAM];
  fh_real *dparam[FH_MAP_MAX_PARAM];
  for (int k = 0; k < d->map->n_param; k++) {
    param[k] = fh_program_masked_value(p, d, k);
    dparam[k] = fh_program_masked_gradient(p, d, k, gradients);
  }
  d->map->class->backward(d->map, param, dout, dparam, d->state, p->map_work);
  for (int k = 0; k < d->map->n_param; k++) fh_program_add_masked(p, d, k, gradients);
  memset(dout, 0, (size_t)outputs(d) * sizeof *dout);
}

fh_real *fh_program_unit_gradients(fh_program *p)
{
  for (int i = 0; i < p->n_maps && p->pending; i++)
    if (!p->maps[i].map->waits) adjoint(p, &p->maps[i], p->maps[i].gradient, p->gradients);
  p->pending = false;
  return p->gradients;
}

void fh_program_complete(const fh_program *p, fh_real *sum)
{
  /* a rank without a unit has not run the maps; whoever has asked for the values may still write them */
  if (p->stale) evaluate(p);
  for (int i = 0; i < p->n_maps; i++)
    if (p->maps[i].map->waits) adjoint(p, &p->maps[i], sum + p->maps[i].gradient_at, sum);
}

int fh_program_n_blocks(const fh_program *p)
{
  int n = p->n_params;
  for (int i = 0; i < p->n_maps; i++) n += p->maps[i].map->waits ? p->maps[i].map->n_out : 0;
  return n;
}

ptrdiff_t fh_program_block(const fh_program *p, int k)
{
  if (k < p->n_params) return p->params[k].offset;
  k -= p->n_params;
  for (int i = 0; i < p->n_maps; i++) {
    const derivation *d = &p->maps[i];
    if (!d->map->waits) continue;
    if (k < d->map->n_out) return d->gradient_at + k * stride(d->map);
    k -= d->map->n_out;
  }
  return p->sum_size;
}
