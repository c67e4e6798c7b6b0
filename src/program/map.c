#include "program/map.h"

#include <stdio.h>
#include <string.h>

fh_status fh_map_new(const fh_map_class *class, size_t data_bytes, fh_map **map)
{
  fh_map *m = NULL;
  *map = NULL;
  FH_NEW(m, 1);
  m->class = class;
  m->data = fh_calloc((ptrdiff_t)data_bytes, 1);
  if (!m->data) fh_map_destroy(&m);
  FH_CHECK(m, FH_ERR_MEMORY, "%s: out of memory: %zu bytes", class->name, data_bytes);
  *map = m;
  return FH_OK;
}

fh_status fh_map_param(fh_map *map, const char *role, int rank, const ptrdiff_t *n, bool is_complex,
                       fh_init init, double scale)
{
  FH_CHECK(map->n_param < FH_MAP_MAX_PARAM, FH_ERR_ARG, "%s declares more than %d parameters",
           map->class->name, FH_MAP_MAX_PARAM);
  fh_param_decl *p = &map->param[map->n_param];
  FH_TRY(fh_param_declare(p, role, rank, n, is_complex));
  p->init = init;
  p->scale = scale;
  map->n_param++;
  return FH_OK;
}

void fh_map_destroy(fh_map **map)
{
  fh_map *m = *map;
  if (!m) return;
  if (m->data && m->class->destroy) m->class->destroy(m);
  fh_free(m->data);
  fh_free(m);
  *map = NULL;
}
