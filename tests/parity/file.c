#include "file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static void release(hid_t *id)
{
  if (*id < 0) return;
  switch (H5Iget_type(*id)) {
  case H5I_DATASET:
    H5Dclose(*id);
    break;
  case H5I_DATATYPE:
    H5Tclose(*id);
    break;
  case H5I_DATASPACE:
    H5Sclose(*id);
    break;
  case H5I_ATTR:
    H5Aclose(*id);
    break;
  case H5I_GROUP:
    H5Gclose(*id);
    break;
  default:
    break;
  }
}
#define HANDLE __attribute__((cleanup(release))) hid_t

/* ---- attributes ---------------------------------------------------------------------------------- */

static fh_status read_text(hid_t attribute, hid_t type, char **text)
{
  HANDLE memory = H5Tcopy(H5T_C_S1);
  H5Tset_cset(memory, H5Tget_cset(type));
  if (H5Tis_variable_str(type) > 0) {
    char *found = NULL;
    H5Tset_size(memory, H5T_VARIABLE);
    FH_CHECK(H5Aread(attribute, memory, &found) >= 0 && found, FH_ERR_FORMAT,
             "a text attribute cannot be read");
    *text = fh_strdup(found);
    H5free_memory(found);
    return FH_OK;
  }
  const size_t bytes = H5Tget_size(type);
  FH_CHECK(bytes < 1 << 20, FH_ERR_FORMAT, "a text attribute of %zu bytes", bytes);
  FH_NEW(*text, (ptrdiff_t)bytes + 1);
  H5Tset_size(memory, bytes + 1);
  FH_CHECK(H5Aread(attribute, memory, *text) >= 0, FH_ERR_FORMAT,
           "a text attribute cannot be read");
  return FH_OK;
}

fh_status parity_text(const parity_file *file, const char *path, const char *attribute, char **text)
{
  *text = NULL;
  if (H5Aexists_by_name(file->id, path, attribute, H5P_DEFAULT) <= 0) return FH_OK;
  HANDLE a = H5Aopen_by_name(file->id, path, attribute, H5P_DEFAULT, H5P_DEFAULT);
  HANDLE type = H5Aget_type(a);
  if (H5Tget_class(type) != H5T_STRING) return FH_OK;
  FH_TRY(read_text(a, type, text));
  return FH_OK;
}

void parity_text_free(char **text)
{
  fh_free(*text);
}

double parity_attribute(const parity_file *file, const char *path, const char *attribute,
                        double preset)
{
  double value = preset;
  if (H5Aexists_by_name(file->id, path, attribute, H5P_DEFAULT) <= 0) return preset;
  HANDLE a = H5Aopen_by_name(file->id, path, attribute, H5P_DEFAULT, H5P_DEFAULT);
  HANDLE space = H5Aget_space(a);
  HANDLE type = H5Aget_type(a);
  if (H5Tget_class(type) == H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return preset;
  return H5Aread(a, H5T_NATIVE_DOUBLE, &value) >= 0 ? value : preset;
}

/* ---- data sets ------------------------------------------------------------------------------------ */

bool parity_has(const parity_file *file, const char *name)
{
  char part[2 * PARITY_NAME];
  snprintf(part, sizeof part, "%s", name);
  /* HDF5 asks for each step of the path by itself */
  for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (part[0] && H5Lexists(file->id, part, H5P_DEFAULT) <= 0) return false;
    *slash = '/';
  }
  return H5Lexists(file->id, part, H5P_DEFAULT) > 0;
}

static fh_status read_shape(hid_t set, const char *name, parity_array *a)
{
  HANDLE space = H5Dget_space(set);
  hsize_t n[PARITY_MAX_RANK + 1] = {0};
  const int rank = H5Sget_simple_extent_ndims(space);
  FH_CHECK(rank >= 0 && rank <= PARITY_MAX_RANK, FH_ERR_FORMAT,
           "data set %s has %d axes, at most %d are read", name, rank, PARITY_MAX_RANK);
  FH_CHECK(H5Sget_simple_extent_dims(space, n, NULL) >= 0, FH_ERR_FORMAT,
           "data set %s has no readable shape", name);
  a->rank = rank;
  a->size = 1;
  for (int i = 0; i < rank; i++) {
    FH_CHECK(n[i] < (hsize_t)1 << 31, FH_ERR_FORMAT, "data set %s is too large", name);
    a->n[i] = (ptrdiff_t)n[i];
    FH_TRY(fh_size_mul(a->size, a->n[i], &a->size));
  }
  /* no storage is smaller than this: a lying shape must not make us allocate */
  FH_CHECK((hsize_t)a->size <= H5Dget_storage_size(set), FH_ERR_FORMAT,
           "data set %s declares %td numbers, more than are stored", name, a->size);
  return FH_OK;
}

static fh_status read_set(const parity_file *file, const char *name, parity_array *a)
{
  HANDLE set = H5Dopen2(file->id, name, H5P_DEFAULT);
  FH_CHECK(set >= 0, FH_ERR_FORMAT, "data set %s cannot be opened", name);
  HANDLE type = H5Dget_type(set);
  const H5T_class_t class = H5Tget_class(type);
  FH_CHECK(class == H5T_FLOAT || class == H5T_INTEGER, FH_ERR_FORMAT,
           "data set %s holds no numbers", name);
  FH_TRY(read_shape(set, name, a));
  FH_NEW(a->values, a->size);
  FH_CHECK(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, a->values) >= 0,
           FH_ERR_FORMAT, "data set %s cannot be read", name);
  return FH_OK;
}

fh_status parity_read(const parity_file *file, const char *name, parity_array *a)
{
  *a = (parity_array){0};
  FH_CHECK(parity_has(file, name), FH_ERR_FORMAT, "there is no data set %s", name);
  FH_TRY(read_set(file, name, a));
  a->is_complex = parity_attribute(file, name, "complex", 0) != 0;
  a->unused = parity_attribute(file, name, "unused", 0) != 0;
  if (a->is_complex) {
    FH_CHECK(a->rank >= 1 && a->n[a->rank - 1] == 2, FH_ERR_FORMAT,
             "data set %s is complex but its last axis has not length 2", name);
    a->rank--;
  }
  return FH_OK;
}

fh_status parity_read_in(const parity_file *file, const char *group, const char *name,
                         parity_array *a)
{
  char path[2 * PARITY_NAME + 1];
  snprintf(path, sizeof path, "%s%s%s", strcmp(group, "/") ? group : "",
           strcmp(group, "/") ? "/" : "", name);
  FH_TRY(parity_read(file, path, a));
  return FH_OK;
}

void parity_array_clear(parity_array *a)
{
  fh_free(a->values);
  *a = (parity_array){0};
}

double parity_largest(const parity_array *a)
{
  double largest = 0;
  for (ptrdiff_t i = 0; i < a->size; i++) largest = fmax(largest, fabs(a->values[i]));
  return largest;
}

/* ---- groups ---------------------------------------------------------------------------------------- */

static bool is_group(hid_t group, const char *name)
{
  H5O_info_t info;
  return H5Oget_info_by_name(group, name, &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
}

static fh_status list(hid_t group, bool groups, parity_names *names)
{
  H5G_info_t info;
  FH_CHECK(H5Gget_info(group, &info) >= 0 && info.nlinks < 1 << 20, FH_ERR_FORMAT,
           "a group cannot be listed");
  FH_NEW(names->name, (ptrdiff_t)info.nlinks);
  for (hsize_t i = 0; i < info.nlinks; i++) {
    char *name = names->name[names->count];
    const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                              PARITY_NAME, H5P_DEFAULT);
    FH_CHECK(length > 0 && length < PARITY_NAME, FH_ERR_FORMAT,
             "a name in a group is empty or longer than %d bytes", PARITY_NAME - 1);
    if (!groups || is_group(group, name)) names->count++;
  }
  return FH_OK;
}

fh_status parity_list(const parity_file *file, const char *group, bool groups, parity_names *names)
{
  *names = (parity_names){0, NULL};
  if (strcmp(group, "/") && !parity_has(file, group)) return FH_OK;
  HANDLE g = H5Gopen2(file->id, group, H5P_DEFAULT);
  FH_CHECK(g >= 0, FH_ERR_FORMAT, "%s is no group", group);
  FH_TRY(list(g, groups, names));
  return FH_OK;
}

void parity_names_clear(parity_names *names)
{
  fh_free(names->name);
  *names = (parity_names){0, NULL};
}

/* ---- the file --------------------------------------------------------------------------------------- */

static fh_status read_attributes(parity_file *f)
{
  FH_TRY(parity_text(f, "/", "class", &f->class));
  FH_TRY(parity_text(f, "/", "config", &f->config));
  FH_TRY(parity_text(f, "/", "loss", &f->loss));
  FH_CHECK(f->class, FH_ERR_FORMAT, "there is no attribute 'class': this is no parity file");
  return FH_OK;
}

fh_status parity_open(const char *path, parity_file **file)
{
  *file = NULL;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const hid_t id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  FH_CHECK(id >= 0, FH_ERR_IO, "this is no complete HDF5 file");
  parity_file *f = fh_calloc(1, sizeof *f);
  if (!f) H5Fclose(id);
  FH_CHECK(f, FH_ERR_MEMORY, "out of memory");
  f->id = id;
  const fh_status st = read_attributes(f);
  if (st != FH_OK) parity_close(&f);
  *file = f;
  FH_TRY(st);
  return FH_OK;
}

void parity_close(parity_file **file)
{
  parity_file *f = *file;
  if (!f) return;
  H5Fclose(f->id);
  fh_free(f->class);
  fh_free(f->config);
  fh_free(f->loss);
  fh_free(f);
  *file = NULL;
}
