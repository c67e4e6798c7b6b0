#include "io/well_fixed.h"

#include "base/memory.h"

ptrdiff_t fh_well_fixed_bytes(const fh_writer_info *info)
{
  const ptrdiff_t point = 2 * (ptrdiff_t)sizeof(double), cell = 6 * (ptrdiff_t)sizeof(int32_t);
  return info->n_constants * fh_grid_size(&info->grid) * (ptrdiff_t)sizeof(float) +
         info->mesh.n_nodes * point + info->mesh.n_cells * cell;
}

static fh_status put_constant(hid_t group, const fh_grid *g, const fh_writer_constant *c,
                              float *values)
{
  const bool all[FH_MAX_DIM] = {true, true, true};
  FH_HID array = H5I_INVALID_HID;
  hsize_t n[FH_MAX_DIM] = {1, 1, 1};
  for (int a = 0; a < g->dim; a++) n[a] = (hsize_t)g->n[a];
  for (ptrdiff_t i = 0; i < fh_grid_size(g); i++) values[i] = (float)c->values[i];
  FH_TRY(fh_h5_put_array(group, c->info.name, H5T_NATIVE_FLOAT, g->dim, n, values));
  FH_TRY_H5(array = H5Dopen2(group, c->info.name, H5P_DEFAULT));
  FH_TRY(fh_h5_put_bool(array, "sample_varying", false));
  FH_TRY(fh_h5_put_bool(array, "time_varying", false));
  FH_TRY(fh_h5_put_bools(array, "dim_varying", g->dim, all));
  FH_TRY(fh_h5_put_text(array, "units", c->info.unit));
  FH_TRY(fh_h5_put_text(array, "long_name", c->info.long_name));
  return FH_OK;
}

fh_status fh_well_put_constants(hid_t group, const fh_writer_info *info)
{
  float *values = NULL;
  if (info->n_constants == 0) return FH_OK;
  FH_NEW(values, fh_grid_size(&info->grid));
  fh_status st = FH_OK;
  for (int i = 0; i < info->n_constants && st == FH_OK; i++)
    st = put_constant(group, &info->grid, &info->constants[i], values);
  fh_free(values);
  return st;
}

static fh_status put_table(hid_t group, const char *name, hid_t type, ptrdiff_t rows,
                           hsize_t columns, const void *values, const char *long_name)
{
  FH_HID array = H5I_INVALID_HID;
  const hsize_t n[2] = {(hsize_t)rows, columns};
  FH_TRY(fh_h5_put_array(group, name, type, 2, n, values));
  FH_TRY_H5(array = H5Dopen2(group, name, H5P_DEFAULT));
  FH_TRY(fh_h5_put_text(array, "units", "1"));
  FH_TRY(fh_h5_put_text(array, "long_name", long_name));
  return FH_OK;
}

fh_status fh_well_put_mesh(hid_t file, const fh_writer_info *info)
{
  const fh_writer_mesh *m = &info->mesh;
  FH_HID group = H5I_INVALID_HID;
  if (m->n_nodes == 0) return FH_OK;
  FH_TRY(fh_h5_create_group(file, "mesh", &group));
  FH_TRY(put_table(group, "points", H5T_NATIVE_DOUBLE, m->n_nodes, 2, m->node,
                   "coordinates of the nodes, in the order of the fields"));
  FH_TRY(
      put_table(group, "cells", H5T_NATIVE_INT32, m->n_cells, 6, m->cell,
                "nodes of the quadratic triangles: corners anticlockwise, middles of 01, 12, 20"));
  return FH_OK;
}
