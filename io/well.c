#include "io/well.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "fredholm_version.h"
#include "io/h5.h"
#include "io/well_fixed.h"

static const char *const axis_names[FH_MAX_DIM] = {"x", "y", "z"};

static fh_status describe(hid_t object, const char *units, const char *long_name)
{
  FH_TRY(fh_h5_put_text(object, "units", units[0] ? units : "1"));
  FH_TRY(fh_h5_put_text(object, "long_name", long_name));
  return FH_OK;
}

static fh_status put_flags(hid_t object, bool sample_varying, bool time_varying)
{
  FH_TRY(fh_h5_put_bool(object, "sample_varying", sample_varying));
  FH_TRY(fh_h5_put_bool(object, "time_varying", time_varying));
  return FH_OK;
}

/* ---- root, dimensions, scalars ------------------------------------------------------------------ */

static fh_status put_root(hid_t file, const fh_writer_info *info)
{
  const char *names[FH_WRITER_MAX_SCALARS];
  for (int i = 0; i < info->n_scalars; i++) names[i] = info->scalars[i].name;
  FH_TRY(fh_h5_put_text(file, "dataset_name", info->problem));
  FH_TRY(fh_h5_put_text(file, "grid_type", "cartesian"));
  FH_TRY(fh_h5_put_int(file, "n_spatial_dims", info->grid.dim));
  FH_TRY(fh_h5_put_int(file, "n_trajectories", info->samples));
  FH_TRY(fh_h5_put_texts(file, "simulation_parameters", info->n_scalars, names));
  for (int i = 0; i < info->n_scalars; i++)
    FH_TRY(fh_h5_put_real(file, info->scalars[i].name, info->scalars[i].value));
  FH_TRY(fh_h5_put_text(file, "format", "thewell-1"));
  FH_TRY(fh_h5_put_text(file, "generator", "fredholm " FREDHOLM_VERSION));
  FH_TRY(fh_h5_put_text(file, "config", info->config ? info->config : ""));
  return FH_OK;
}

static fh_status put_coordinates(hid_t group, const char *name, ptrdiff_t n, const float *values,
                                 bool time)
{
  FH_HID array = H5I_INVALID_HID;
  const hsize_t extent = (hsize_t)n;
  FH_TRY(fh_h5_put_array(group, name, H5T_NATIVE_FLOAT, 1, &extent, values));
  FH_TRY_H5(array = H5Dopen2(group, name, H5P_DEFAULT));
  FH_TRY(put_flags(array, false, time));
  FH_TRY(describe(array, "1", time ? "time" : "coordinate of the grid points"));
  return FH_OK;
}

static fh_status put_axis(hid_t group, const fh_grid *g, int axis, double shift)
{
  float *points = NULL;
  FH_NEW(points, g->n[axis]);
  for (ptrdiff_t i = 0; i < g->n[axis]; i++) points[i] = (float)(fh_grid_point(g, axis, i) + shift);
  const fh_status st = put_coordinates(group, axis_names[axis], g->n[axis], points, false);
  fh_free(points);
  return st;
}

static fh_status put_time(hid_t group, const fh_writer_info *info)
{
  const ptrdiff_t steps = fh_manifest_steps(info);
  float *times = NULL;
  FH_NEW(times, steps);
  for (ptrdiff_t i = 0; i < steps; i++)
    times[i] = (float)(info->time.first + (double)i * info->time.interval);
  const fh_status st = put_coordinates(group, "time", steps, times, true);
  fh_free(times);
  return st;
}

static fh_status put_dimensions(hid_t file, const fh_writer_info *info)
{
  const fh_grid *g = &info->grid;
  FH_HID group = H5I_INVALID_HID;
  FH_TRY(fh_h5_create_group(file, "dimensions", &group));
  FH_TRY(fh_h5_put_texts(group, "spatial_dims", g->dim, axis_names));
  FH_TRY(put_time(group, info));
  for (int a = 0; a < g->dim; a++) FH_TRY(put_axis(group, g, a, info->shift[a]));
  return FH_OK;
}

static fh_status put_scalars(hid_t file, const fh_writer_info *info)
{
  FH_HID group = H5I_INVALID_HID;
  const char *names[FH_WRITER_MAX_SCALARS];
  for (int i = 0; i < info->n_scalars; i++) names[i] = info->scalars[i].name;
  FH_TRY(fh_h5_create_group(file, "scalars", &group));
  FH_TRY(fh_h5_put_texts(group, "field_names", info->n_scalars, names));
  for (int i = 0; i < info->n_scalars; i++) {
    FH_HID array = H5I_INVALID_HID;
    const float value = (float)info->scalars[i].value;
    FH_TRY(fh_h5_put_array(group, names[i], H5T_NATIVE_FLOAT, 0, NULL, &value));
    FH_TRY_H5(array = H5Dopen2(group, names[i], H5P_DEFAULT));
    FH_TRY(put_flags(array, false, false));
    FH_TRY(describe(array, "1", "parameter of the problem"));
  }
  return FH_OK;
}

/* ---- boundary conditions ------------------------------------------------------------------------ */

static fh_status put_mask(hid_t group, ptrdiff_t n, bool lower, bool upper)
{
  FH_HID type = H5I_INVALID_HID;
  signed char *mask = NULL;
  const hsize_t extent = (hsize_t)n;
  FH_TRY(fh_h5_bool_type(&type));
  FH_NEW(mask, n);
  if (lower) mask[0] = 1;
  if (upper) mask[n - 1] = 1;
  const fh_status st = fh_h5_put_array(group, "mask", type, 1, &extent, mask);
  fh_free(mask);
  return st;
}

/* one kind of boundary on one or both sides of an axis */
static fh_status put_boundary(hid_t parent, const fh_grid *g, int axis, bool lower, bool upper)
{
  /* The Well knows no Dirichlet or Neumann: both are walls, bc_kind says which */
  static const char *const types[] = {"PERIODIC", "WALL", "WALL", "OPEN"};
  static const char *const words[] = {"periodic", "wall", "wall", "open"};
  const fh_boundary kind = g->side[axis][lower ? 0 : 1];
  FH_HID group = H5I_INVALID_HID;
  char name[32];
  snprintf(name, sizeof name, "%s_%s%s", axis_names[axis],
           lower && upper ? "" : (lower ? "lower_" : "upper_"), words[kind]);
  FH_TRY(fh_h5_create_group(parent, name, &group));
  FH_TRY(fh_h5_put_texts(group, "associated_dims", 1, &axis_names[axis]));
  FH_TRY(fh_h5_put_texts(group, "associated_fields", 0, NULL));
  FH_TRY(fh_h5_put_text(group, "bc_type", types[kind]));
  FH_TRY(fh_h5_put_text(group, "bc_kind", fh_boundary_name(kind)));
  FH_TRY(put_flags(group, false, false));
  FH_TRY(put_mask(group, g->n[axis], lower, upper));
  return FH_OK;
}

static fh_status put_boundaries(hid_t file, const fh_grid *g)
{
  FH_HID group = H5I_INVALID_HID;
  FH_TRY(fh_h5_create_group(file, "boundary_conditions", &group));
  for (int a = 0; a < g->dim; a++) {
    const bool same = g->side[a][0] == g->side[a][1];
    FH_TRY(put_boundary(group, g, a, true, same));
    if (!same) FH_TRY(put_boundary(group, g, a, false, true));
  }
  return FH_OK;
}

/* ---- fields ------------------------------------------------------------------------------------- */

static fh_status where(hid_t array, const char *name, ptrdiff_t *offset)
{
  const haddr_t address = H5Dget_offset(array);
  FH_CHECK(address != HADDR_UNDEF, FH_ERR_LIBRARY, "HDF5 gave %s no place in the file", name);
  *offset = (ptrdiff_t)address;
  return FH_OK;
}

static fh_status put_field(hid_t group, const fh_writer_info *info, const fh_piece *p,
                           ptrdiff_t *offset)
{
  const bool all[FH_MAX_DIM] = {true, true, true};
  const fh_grid *g = &info->grid;
  const fh_field_info *field = &info->fields[p->field].info;
  FH_HID array = H5I_INVALID_HID;
  hsize_t n[2 + FH_MAX_DIM] = {(hsize_t)info->samples, (hsize_t)p->steps};
  const int lead = p->is_output ? 2 : 1; /* solutions have a time axis */
  for (int a = 0; a < g->dim; a++) n[lead + a] = (hsize_t)g->n[a];
  FH_TRY(fh_h5_create_array(group, p->name, H5T_NATIVE_FLOAT, lead + g->dim, n, &array));
  FH_TRY(put_flags(array, true, p->is_output));
  FH_TRY(fh_h5_put_bools(array, "dim_varying", g->dim, all));
  FH_TRY(describe(array, field->unit, field->long_name));
  FH_TRY(where(array, p->name, offset));
  return FH_OK;
}

static fh_status put_fields(hid_t file, const fh_writer_info *info, const fh_piece *pieces, int n,
                            fh_well_offsets *offsets)
{
  const char *names[FH_MAX_PIECES + FH_WRITER_MAX_CONSTANTS];
  for (int i = 0; i < n; i++) names[i] = pieces[i].name;
  for (int i = 0; i < info->n_constants; i++) names[n + i] = info->constants[i].info.name;
  for (int order = 0; order < 3; order++) {
    FH_HID group = H5I_INVALID_HID;
    char name[16];
    snprintf(name, sizeof name, "t%d_fields", order);
    FH_TRY(fh_h5_create_group(file, name, &group));
    FH_TRY(fh_h5_put_texts(group, "field_names", order ? 0 : n + info->n_constants, names));
    for (int i = 0; order == 0 && i < n; i++)
      FH_TRY(put_field(group, info, &pieces[i], &offsets->piece[i]));
    if (order == 0) FH_TRY(fh_well_put_constants(group, info));
  }
  return FH_OK;
}

/* ---- links by which other programs find the same data ------------------------------------------- */

static fh_status put_link(hid_t file, const char *group, const char *target, const char *name)
{
  char path[128];
  snprintf(path, sizeof path, "%s/%s", group, target);
  FH_TRY_H5(H5Lcreate_hard(file, path, file, name, H5P_DEFAULT, H5P_DEFAULT));
  return FH_OK;
}

/* a line that evolves: PDEBench's time-dependent sets */
static fh_status put_line_links(hid_t file, const fh_piece *evolving)
{
  FH_TRY(put_link(file, "t0_fields", evolving->name, "tensor"));
  FH_TRY(put_link(file, "dimensions", "x", "x-coordinate"));
  FH_TRY(put_link(file, "dimensions", "time", "t-coordinate"));
  return FH_OK;
}

static fh_status put_links(hid_t file, const fh_grid *g, const fh_piece *pieces, int n)
{
  if (n == 1 && g->dim == 1 && pieces[0].steps > 1) return put_line_links(file, &pieces[0]);
  if (n != 2 || pieces[0].is_output == pieces[1].is_output) return FH_OK;
  const char *in = pieces[pieces[0].is_output ? 1 : 0].name,
             *out = pieces[pieces[0].is_output ? 0 : 1].name;
  FH_TRY(put_link(file, "t0_fields", in, "x")); /* neuraloperator */
  FH_TRY(put_link(file, "t0_fields", out, "y"));
  if (g->dim != 2 || pieces[0].steps * pieces[1].steps > 1) return FH_OK;
  FH_TRY(put_link(file, "t0_fields", in, "nu")); /* PDEBench, Darcy */
  FH_TRY(put_link(file, "t0_fields", out, "tensor"));
  FH_TRY(put_link(file, "dimensions", "x", "x-coordinate"));
  FH_TRY(put_link(file, "dimensions", "y", "y-coordinate"));
  return FH_OK;
}

/* ---- provenance --------------------------------------------------------------------------------- */

static hid_t column_type(const fh_column *c)
{
  if (c->kind == 'f') return H5T_NATIVE_DOUBLE;
  if (c->kind == 'u') return H5T_NATIVE_UINT64;
  return c->bytes == 8 ? H5T_NATIVE_INT64 : H5T_NATIVE_INT32;
}

static fh_status put_columns(hid_t group, ptrdiff_t samples, fh_well_offsets *offsets)
{
  const hsize_t n = (hsize_t)samples;
  FH_HID flag = H5I_INVALID_HID;
  FH_TRY(fh_h5_bool_type(&flag));
  for (int c = 0; c < FH_COLUMNS; c++) {
    FH_HID array = H5I_INVALID_HID;
    const hid_t type = fh_columns[c].kind == 'b' ? flag : column_type(&fh_columns[c]);
    FH_TRY(fh_h5_create_array(group, fh_columns[c].name, type, 1, &n, &array));
    FH_TRY(describe(array, fh_columns[c].units, fh_columns[c].long_name));
    FH_TRY(where(array, fh_columns[c].name, &offsets->column[c]));
  }
  return FH_OK;
}

static fh_status put_checksums(hid_t parent, ptrdiff_t samples, const fh_piece *pieces,
                               int n_pieces, fh_well_offsets *offsets)
{
  FH_HID group = H5I_INVALID_HID;
  FH_TRY(fh_h5_create_group(parent, "crc32c", &group));
  for (int i = 0; i < n_pieces; i++) {
    FH_HID array = H5I_INVALID_HID;
    const hsize_t n[2] = {(hsize_t)samples, (hsize_t)pieces[i].steps};
    const bool frames = pieces[i].steps > 1;
    FH_TRY(fh_h5_create_array(group, pieces[i].name, H5T_NATIVE_UINT32, frames ? 2 : 1, n, &array));
    FH_TRY(describe(array, "1",
                    frames ? "CRC-32C of the bytes of each step of each sample"
                           : "CRC-32C of the bytes of each sample"));
    FH_TRY(where(array, pieces[i].name, &offsets->crc[i]));
  }
  return FH_OK;
}

static fh_status put_run(hid_t group, const fh_well_run *run)
{
  char host[256] = "", created[32] = "";
  const time_t now = time(NULL);
  struct tm utc;
  gethostname(host, sizeof host - 1);
  if (gmtime_r(&now, &utc)) strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", &utc);
  FH_TRY(fh_h5_put_text(group, "created_utc", created));
  FH_TRY(fh_h5_put_text(group, "hostname", host));
  FH_TRY(fh_h5_put_text(group, "commit", FREDHOLM_COMMIT));
  FH_TRY(fh_h5_put_int(group, "n_ranks", run->ranks));
  return FH_OK;
}

static fh_status put_provenance(hid_t file, const fh_writer_info *info, const char *manifest,
                                const fh_well_run *run, const fh_piece *pieces, int n,
                                fh_well_offsets *offsets)
{
  FH_HID group = H5I_INVALID_HID;
  FH_TRY(fh_h5_create_group(file, "provenance", &group));
  FH_TRY(fh_h5_put_bytes(group, "manifest", manifest));
  FH_TRY(fh_h5_put_bytes(group, "config", info->config ? info->config : ""));
  FH_TRY(put_columns(group, info->samples, offsets));
  FH_TRY(put_checksums(group, info->samples, pieces, n, offsets));
  FH_TRY(put_run(group, run));
  return FH_OK;
}

fh_status fh_well_create(const char *path, const fh_writer_info *info, const char *manifest,
                         const fh_well_run *run, fh_well_offsets *offsets)
{
  FH_H5_SCOPE;
  FH_HID file = H5I_INVALID_HID;
  fh_piece pieces[FH_MAX_PIECES];
  int n = 0;
  FH_TRY(fh_manifest_pieces(info, pieces, &n));
  FH_TRY(fh_h5_create(path, &file));
  FH_TRY(put_root(file, info));
  FH_TRY(put_dimensions(file, info));
  FH_TRY(put_boundaries(file, &info->grid));
  FH_TRY(put_scalars(file, info));
  FH_TRY(put_fields(file, info, pieces, n, offsets));
  FH_TRY(put_links(file, &info->grid, pieces, n));
  FH_TRY(fh_well_put_mesh(file, info));
  FH_TRY(put_provenance(file, info, manifest, run, pieces, n, offsets));
  FH_TRY(fh_h5_close(&file));
  return FH_OK;
}
