#include "io/dataset_find.h"

#include <string.h>

#include "base/memory.h"

enum { NAME = 256 };

fh_status fh_describe_field(fh_description *d, bool is_output, const fh_field_info *info,
                            int *field)
{
  *field = d->n_fields[is_output];
  FH_CHECK(*field < FH_MAX_SOURCES, FH_ERR_FORMAT, "more than %d fields were asked for",
           FH_MAX_SOURCES);
  d->fields[is_output][*field] = *info;
  d->n_fields[is_output]++;
  return FH_OK;
}

static fh_status add_source(fh_description *d, bool is_output, int field, const char *group,
                            const char *name, bool has_crc)
{
  FH_CHECK(d->n_sources < FH_MAX_SOURCES, FH_ERR_FORMAT, "more than %d data sets were asked for",
           FH_MAX_SOURCES);
  fh_source *s = &d->sources[d->n_sources++];
  *s = (fh_source){.is_output = is_output, .field = field};
  const int length = snprintf(s->path, sizeof s->path, "%s%s", group, name);
  FH_CHECK(length < (int)sizeof s->path, FH_ERR_FORMAT, "the name %.64s... is too long", name);
  if (has_crc) snprintf(s->crc_path, sizeof s->crc_path, "provenance/crc32c/%.96s", name);
  return FH_OK;
}

/* takes the next name from a comma-separated list; false at its end */
static bool next_name(const char **list, char name[NAME])
{
  const char *p = *list + strspn(*list, ", ");
  const size_t n = strcspn(p, ", ");
  if (n == 0 || n >= NAME) return false;
  memcpy(name, p, n);
  name[n] = '\0';
  *list = p + n;
  return true;
}

/* ---- our own files ------------------------------------------------------------------------------ */

static fh_status add_ours(fh_description *d, const fh_writer_info *info, int f, bool is_output)
{
  fh_piece pieces[FH_MAX_PIECES];
  int n = 0, field = 0;
  FH_TRY(fh_manifest_pieces(info, pieces, &n));
  FH_TRY(fh_describe_field(d, is_output, &info->fields[f].info, &field));
  for (int p = 0; p < n; p++)
    if (pieces[p].field == f)
      FH_TRY(add_source(d, is_output, field, "t0_fields/", pieces[p].name, true));
  return FH_OK;
}

static fh_status choose_ours(fh_description *d, const fh_writer_info *info, const char *list,
                             bool is_output)
{
  char name[NAME];
  while (next_name(&list, name)) {
    const char *base = strncmp(name, "t0_fields/", 10) == 0 ? name + 10 : name;
    int f = 0;
    while (f < info->n_fields && strcmp(info->fields[f].info.name, base) != 0) f++;
    FH_CHECK(f < info->n_fields, FH_ERR_USAGE, "it has no field %s: the first it has is %s", base,
             info->fields[0].info.name);
    FH_TRY(add_ours(d, info, f, is_output));
  }
  return FH_OK;
}

static fh_status describe_ours(const char *manifest, const fh_dataset_choice *choice,
                               fh_description *d)
{
  fh_writer_info info;
  FH_TRY(fh_manifest_parse(manifest, &info));
  d->is_ours = true;
  d->samples = info.samples;
  d->grid = info.grid;
  d->seed = info.seed;
  snprintf(d->problem, sizeof d->problem, "%s", info.problem);
  for (int side = 0; side < 2; side++) {
    const char *list = side ? choice->outputs : choice->inputs;
    FH_TRY(choose_ours(d, &info, list, side));
    for (int f = 0; list[0] == '\0' && f < info.n_fields; f++)
      if (info.fields[f].is_output == (side == 1)) FH_TRY(add_ours(d, &info, f, side));
  }
  return FH_OK;
}

/* ---- foreign files: names ----------------------------------------------------------------------- */

static fh_status add_foreign(fh_description *d, bool is_output, const char *group, const char *name)
{
  fh_field_info info = {.channels = 1};
  const char *slash = strrchr(name, '/');
  int field = 0;
  snprintf(info.name, sizeof info.name, "%.63s", slash ? slash + 1 : name);
  snprintf(info.long_name, sizeof info.long_name, "%.127s", name);
  FH_TRY(fh_describe_field(d, is_output, &info, &field));
  FH_TRY(add_source(d, is_output, field, group, name, false));
  return FH_OK;
}

static fh_status choose_foreign(hid_t file, const char *list, bool is_output, fh_description *d)
{
  char name[NAME], path[NAME + 16];
  while (next_name(&list, name)) {
    snprintf(path, sizeof path, "t0_fields/%s", name);
    const bool in_group = fh_h5_has(file, path, H5O_TYPE_DATASET);
    FH_H5_ARRAY a = {0};
    FH_CHECK(in_group || H5Lexists(file, name, H5P_DEFAULT) > 0, FH_ERR_USAGE,
             "it has no data set %s", name);
    FH_TRY(fh_h5_open_array(file, in_group ? path : name, &a)); /* says what is wrong with it */
    FH_TRY(add_foreign(d, is_output, in_group ? "t0_fields/" : "", name));
  }
  return FH_OK;
}

/* what other programs call input and output at the root of a file */
static fh_status find_pair(hid_t file, fh_description *d)
{
  static const char *const pairs[][2] = {{"x", "y"}, {"nu", "tensor"}, {"a", "u"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (!fh_h5_has(file, pairs[i][0], H5O_TYPE_DATASET) ||
        !fh_h5_has(file, pairs[i][1], H5O_TYPE_DATASET))
      continue;
    for (int side = 0; side < 2; side++)
      if (d->n_fields[side] == 0) FH_TRY(add_foreign(d, side, "", pairs[i][side]));
    return FH_OK;
  }
  FH_RAISE(FH_ERR_USAGE, "it has neither x and y nor nu and tensor nor a and u: name its data sets "
                         "with -inputs and -outputs");
}

/* MATLAB counts the axes the other way: what looks like samples would be points */
static fh_status check_matlab(hid_t file, const fh_description *d)
{
  for (int i = 0; i < d->n_sources; i++) {
    FH_H5_ARRAY a = {0};
    FH_TRY(fh_h5_open_array(file, d->sources[i].path, &a));
    FH_CHECK(!fh_h5_has_attribute(a.id, "MATLAB_class"), FH_ERR_UNSUPPORTED,
             "it was written by MATLAB, which stores the axes in reverse: convert it to x and y "
             "with the samples first");
  }
  return FH_OK;
}

/* ---- foreign files: The Well -------------------------------------------------------------------- */

static fh_status find_well_member(hid_t group, const char *name, int dim, fh_description *d)
{
  FH_H5_ARRAY a = {0};
  FH_TRY(fh_h5_open_array(group, name, &a));
  /* [sample][x].. is a coefficient, [sample][time][x].. evolves or is a solution */
  if (a.rank != 1 + dim && a.rank != 2 + dim) return FH_OK;
  FH_TRY(add_foreign(d, a.rank == 2 + dim, "t0_fields/", name));
  return FH_OK;
}

static fh_status find_well(hid_t file, int dim, bool inputs, bool outputs, fh_description *d)
{
  char names[FH_MAX_SOURCES][NAME];
  int n = 0;
  FH_HID group = H5I_INVALID_HID;
  fh_description all = {0};
  FH_TRY(fh_h5_open_group(file, "t0_fields", &group));
  FH_TRY(fh_h5_list(group, FH_MAX_SOURCES, names, &n));
  for (int i = 0; i < n; i++) FH_TRY(find_well_member(group, names[i], dim, &all));
  for (int i = 0; i < all.n_sources; i++) {
    const bool is_output = all.sources[i].is_output;
    const char *name = strrchr(all.sources[i].path, '/') + 1;
    if (is_output ? outputs : inputs) FH_TRY(add_foreign(d, is_output, "t0_fields/", name));
  }
  return FH_OK;
}

static fh_boundary boundary_of(hid_t file, int axis, fh_boundary otherwise)
{
  static const char *const words[] = {"periodic", "wall", "open"};
  char path[64];
  int found = 0;
  for (; found < 3; found++) {
    snprintf(path, sizeof path, "boundary_conditions/%c_%s", "xyz"[axis], words[found]);
    if (fh_h5_has(file, path, H5O_TYPE_GROUP)) break;
  }
  if (found == 0) return FH_PERIODIC;
  if (found == 1) return otherwise == FH_NEUMANN ? FH_NEUMANN : FH_DIRICHLET;
  return found == 2 ? FH_OPEN : otherwise;
}

/* extent and registration from the coordinates of an axis, if they are there and evenly spaced */
static fh_status measure_axis(hid_t file, int axis, fh_grid *g)
{
  char path[32];
  FH_H5_ARRAY a = {0};
  double *x = NULL;
  snprintf(path, sizeof path, "dimensions/%c", "xyz"[axis]);
  if (!fh_h5_has(file, path, H5O_TYPE_DATASET)) return FH_OK;
  FH_TRY(fh_h5_open_array(file, path, &a));
  if (a.rank != 1 || a.size != g->n[axis] || a.size < 2) return FH_OK;
  FH_NEW(x, a.size);
  const herr_t read = H5Dread(a.id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x);
  const double span = x[a.size - 1] - x[0], h = span / (double)(a.size - 1), start = x[0];
  fh_free(x);
  if (read < 0 || !(h > 0)) return FH_OK;
  const bool cells = start > 0.4 * h && start < 0.6 * h;
  if (axis == 0) g->points = cells ? FH_CELL : FH_NODE;
  g->length[axis] = g->points == FH_CELL || g->side[axis][0] == FH_PERIODIC ? span + h : span;
  return FH_OK;
}

static fh_status describe_well(hid_t file, const fh_dataset_choice *choice, fh_description *d)
{
  int64_t dim = 0;
  FH_TRY(fh_h5_get_int(file, "n_spatial_dims", &dim));
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM, FH_ERR_FORMAT,
           "it says that it has %lld spatial dimensions, 1 to %d are possible", (long long)dim,
           FH_MAX_DIM);
  FH_TRY(find_well(file, (int)dim, choice->inputs[0] == '\0', choice->outputs[0] == '\0', d));
  FH_CHECK(
      d->n_fields[1] > 0 && (d->n_fields[0] > 0 || choice->pairs != FH_PAIRS_NO), FH_ERR_USAGE,
      "it has %d constant and %d time-dependent scalar fields, one of each is needed: name its "
      "data sets with -inputs and -outputs",
      d->n_fields[0], d->n_fields[1]);
  FH_TRY(fh_describe_shapes(file, (int)dim, choice, d));
  for (int a = 0; a < dim; a++) {
    d->grid.side[a][0] = d->grid.side[a][1] = boundary_of(file, a, choice->boundary);
    FH_TRY(measure_axis(file, a, &d->grid));
  }
  return FH_OK;
}

/* ---- any file ----------------------------------------------------------------------------------- */

static fh_status describe_foreign(hid_t file, const fh_dataset_choice *choice, fh_description *d)
{
  FH_TRY(choose_foreign(file, choice->inputs, false, d));
  FH_TRY(choose_foreign(file, choice->outputs, true, d));
  d->grid.side[0][0] = choice->boundary; /* fh_describe_shapes puts it on all sides */
  if (fh_h5_has(file, "t0_fields", H5O_TYPE_GROUP) && fh_h5_has_attribute(file, "n_spatial_dims")) {
    FH_TRY(describe_well(file, choice, d));
    return FH_OK;
  }
  /* the outputs of pairs are inputs, too */
  const bool enough = choice->pairs == FH_PAIRS_YES && d->n_fields[1] > 0;
  if (!enough && (d->n_fields[0] == 0 || d->n_fields[1] == 0)) FH_TRY(find_pair(file, d));
  FH_TRY(check_matlab(file, d));
  FH_TRY(fh_describe_shapes(file, choice->dim, choice, d));
  return FH_OK;
}

fh_status fh_describe(hid_t file, const fh_dataset_choice *choice, fh_description *d)
{
  char *manifest = NULL;
  *d = (fh_description){0};
  if (!fh_h5_has(file, "provenance/manifest", H5O_TYPE_DATASET)) {
    FH_TRY(describe_foreign(file, choice, d));
    return FH_OK;
  }
  FH_TRY(fh_h5_get_bytes(file, "provenance/manifest", FH_MAX_MANIFEST, &manifest));
  const fh_status st = describe_ours(manifest, choice, d);
  fh_free(manifest);
  FH_TRY(st);
  const ptrdiff_t samples = d->samples;
  const fh_grid grid = d->grid;
  FH_TRY(fh_describe_shapes(file, grid.dim, choice, d));
  FH_CHECK(d->samples == samples && fh_grid_same_size(&d->grid, &grid), FH_ERR_FORMAT,
           "its data (%td samples) do not have the shape that its description says (%td samples)",
           d->samples, samples);
  d->grid = grid;
  return FH_OK;
}
