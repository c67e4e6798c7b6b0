#include "io/field_file.h"

#include <string.h>

#include "base/memory.h"
#include "io/h5.h"

struct fh_field_file {
  char *path, *name;
  hid_t file, space;
  fh_h5_array array;
  ptrdiff_t points;
};

static const char *shape_text(int rank, const ptrdiff_t *n, char text[128])
{
  int used = 0;
  text[0] = '\0';
  for (int i = 0; i < rank && used < 100; i++)
    used += snprintf(text + used, (size_t)(128 - used), "%s%td", i ? "x" : "", n[i]);
  return text;
}

/* (samples, 1, ..., points...) */
static bool fits(const fh_h5_array *a, const fh_grid *g)
{
  const int first = a->rank - g->dim;
  if (first < 1) return false;
  for (int i = 1; i < first; i++)
    if (a->n[i] != 1) return false;
  for (int i = 0; i < g->dim; i++)
    if (a->n[first + i] != g->n[i]) return false;
  return true;
}

static fh_status open_array(const fh_grid *grid, fh_field_file *f)
{
  char found[128], wanted[64];
  FH_TRY(fh_h5_open_array(f->file, f->name, &f->array));
  FH_CHECK(
      fits(&f->array, grid) && f->array.n[0] > 0, FH_ERR_USAGE,
      "%s has the shape %s, but (samples)x%s is needed: -size must be the file's number of points",
      f->name, shape_text(f->array.rank, f->array.n, found), fh_grid_text(grid, wanted));
  FH_TRY_H5(f->space = H5Dget_space(f->array.id));
  return FH_OK;
}

static fh_status open_all(const fh_grid *grid, fh_field_file *f)
{
  FH_TRY(fh_h5_open(f->path, &f->file));
  return fh_h5_in_file(f->path, open_array(grid, f));
}

fh_status fh_field_file_open(const char *path, const char *array, const fh_grid *grid,
                             fh_field_file **file)
{
  FH_H5_SCOPE;
  fh_field_file *f = NULL;
  *file = NULL;
  FH_NEW(f, 1);
  *f = (fh_field_file){.path = fh_strdup(path),
                       .name = fh_strdup(array),
                       .file = H5I_INVALID_HID,
                       .space = H5I_INVALID_HID,
                       .array = {.id = H5I_INVALID_HID, .type = H5I_INVALID_HID},
                       .points = fh_grid_size(grid)};
  fh_status st = FH_OK;
  if (f->path && f->name) {
    st = open_all(grid, f);
  } else {
    st = fh_status_raise(FH_ERR_MEMORY, __FILE__, __LINE__, __func__, "out of memory for names");
  }
  if (st != FH_OK) fh_field_file_close(&f);
  *file = f;
  return st;
}

void fh_field_file_close(fh_field_file **file)
{
  FH_H5_SCOPE;
  fh_field_file *f = *file;
  if (!f) return;
  fh_h5_release(&f->space);
  fh_h5_close_array(&f->array);
  fh_h5_release(&f->file);
  fh_free(f->path);
  fh_free(f->name);
  fh_free(f);
  *file = NULL;
}

ptrdiff_t fh_field_file_samples(const fh_field_file *f)
{
  return f->array.n[0];
}

static fh_status transfer(const fh_field_file *f, int64_t sample, double *values)
{
  FH_HID memory = H5I_INVALID_HID;
  hsize_t start[FH_H5_MAX_RANK] = {(hsize_t)sample}, count[FH_H5_MAX_RANK] = {1};
  const hsize_t size = (hsize_t)f->points;
  for (int a = 1; a < f->array.rank; a++) count[a] = (hsize_t)f->array.n[a];
  FH_TRY_H5(memory = H5Screate_simple(1, &size, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(f->space, H5S_SELECT_SET, start, NULL, count, NULL));
  FH_TRY_H5(H5Dread(f->array.id, H5T_NATIVE_DOUBLE, memory, f->space, H5P_DEFAULT, values));
  return FH_OK;
}

fh_status fh_field_file_read(fh_field_file *f, int64_t sample, double *values)
{
  FH_H5_SCOPE;
  FH_CHECK(sample >= 0 && sample < f->array.n[0], FH_ERR_ARG,
           "field %lld of %s was asked for, %s has %td", (long long)sample, f->name, f->path,
           f->array.n[0]);
  return fh_h5_in_file(f->path, transfer(f, sample, values));
}
