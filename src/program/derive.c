/* derive - tensors that maps compute from parameters: places, names, evaluation, adjoints */
#include <string.h>

#include "program/program_impl.h"

int fh_program_find_binding(const fh_program *p, const char *name)
{
  for (int i = 0; i < p->n_bindings; i++)
    if (!strcmp(p->bindings[i].name, name)) return i;
  return -1;
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
  p->derived_size += (map->n_out * stride(map) + 15) / 16 * 16;
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
  binding b = {.param = -1, .at = p->maps[map].at + piece * stride(m), .size = stride(m), .map = m};
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
  return i >= 0 ? p->values + p->params[i].offset : p->derived + p->bindings[-1 - i].at;
}

fh_real *fh_program_param_gradient(const fh_program *p, const step *q, int k)
{
  const int i = q->param[k];
  return i >= 0 ? p->gradients + p->params[i].offset : p->derived_gradient + p->bindings[-1 - i].at;
}

fh_status fh_program_build_maps(fh_program *p)
{
  size_t work = 0;
  for (int i = 0; i < p->n_bindings; i++)
    FH_CHECK(p->bindings[i].used, FH_ERR_STATE, "no step asks for %s", p->bindings[i].name);
  if (p->n_maps == 0) return FH_OK;
  FH_NEW(p->derived, p->derived_size);
  if (p->purpose == FH_TRAIN) FH_NEW(p->derived_gradient, p->derived_size);
  for (int i = 0; i < p->n_maps; i++) {
    char *state = NULL;
    FH_NEW(state, (ptrdiff_t)p->maps[i].map->state);
    p->maps[i].state = state;
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

void fh_program_prepare(fh_program *p)
{
  if (!p->stale) return;
  p->stale = false;
  for (int i = 0; i < p->n_maps; i++) {
    const derivation *d = &p->maps[i];
    const fh_real *param[FH_MAP_MAX_PARAM];
    for (int k = 0; k < d->map->n_param; k++) param[k] = fh_program_masked_value(p, d, k);
    d->map->class->forward(d->map, param, p->derived + d->at, d->state);
  }
}

void fh_program_collect(fh_program *p)
{
  if (!p->pending) return;
  p->pending = false;
  for (int i = 0; i < p->n_maps; i++) {
    const derivation *d = &p->maps[i];
    const fh_real *param[FH_MAP_MAX_PARAM];
    fh_real *dparam[FH_MAP_MAX_PARAM];
    for (int k = 0; k < d->map->n_param; k++) {
      param[k] = fh_program_masked_value(p, d, k);
      dparam[k] = fh_program_masked_gradient(p, d, k);
    }
    d->map->class->backward(d->map, param, p->derived_gradient + d->at, dparam, d->state,
                            p->map_work);
    for (int k = 0; k < d->map->n_param; k++) fh_program_add_masked(p, d, k);
  }
  if (p->derived_gradient)
    memset(p->derived_gradient, 0, (size_t)p->derived_size * sizeof *p->derived_gradient);
}
