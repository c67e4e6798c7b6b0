#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void need(int ok, const char *what)
{
  if (ok) return;
  printf("FAILED: the file has no %s\n", what);
  exit(1);
}

tensor fixture_read(hid_t at, const char *path)
{
  tensor t = {0, {0}, 1, NULL};
  hsize_t dims[FIXTURE_RANK] = {0};
  const hid_t set = H5Dopen2(at, path, H5P_DEFAULT);
  need(set >= 0, path);
  const hid_t space = H5Dget_space(set);
  t.rank = H5Sget_simple_extent_dims(space, dims, NULL);
  for (int a = 0; a < t.rank; a++) t.size *= t.n[a] = (ptrdiff_t)dims[a];
  t.value = calloc((size_t)t.size + 1, sizeof *t.value);
  need(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, t.value) >= 0, path);
  H5Sclose(space);
  H5Dclose(set);
  return t;
}

void fixture_free(tensor *t)
{
  free(t->value);
  t->value = NULL;
}

char *fixture_text(hid_t object, const char *name)
{
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  need(attribute >= 0, name);
  const hid_t type = H5Aget_type(attribute);
  char *text = calloc(H5Tget_size(type) + 1, 1);
  need(H5Aread(attribute, type, text) >= 0, name);
  H5Tclose(type);
  H5Aclose(attribute);
  return text;
}

double fixture_number(hid_t object, const char *name)
{
  double value;
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  need(attribute >= 0, name);
  need(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) >= 0, name);
  H5Aclose(attribute);
  return value;
}

cJSON *fixture_config(hid_t object)
{
  char *text = fixture_text(object, "config");
  cJSON *config = cJSON_Parse(text);
  need(config != NULL, "readable config");
  free(text);
  return config;
}

double config_number(const cJSON *config, const char *name, double otherwise)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(config, name);
  return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

int config_bool(const cJSON *config, const char *name, int otherwise)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(config, name);
  return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}
