#include "io/dataset.h"

#include <string.h>

#include "base/memory.h"
#include "io/dataset_impl.h"
#include "io/well.h"

enum { MAX_CONFIG = 1 << 24 };

/* ---- opening ------------------------------------------------------------------------------------ */

static fh_status look(const char *path, const fh_dataset_choice *choice, fh_dataset *d)
{
  FH_HID file = H5I_INVALID_HID;
  FH_TRY(fh_h5_open(path, &file));
  FH_TRY(fh_h5_in_file(path, fh_describe(file, choice, &d->is)));
  if (d->is.is_ours)
    FH_TRY(fh_h5_in_file(path, fh_h5_get_bytes(file, "provenance/config", MAX_CONFIG, &d->config)));
  return FH_OK;
}

static fh_status share_config(MPI_Comm comm, fh_dataset *d)
{
  int length = d->config ? (int)strlen(d->config) + 1 : 0;
  FH_TRY_MPI(MPI_Bcast(&length, 1, MPI_INT, 0, comm));
  if (length == 0) return FH_OK;
  if (!d->config) FH_NEW(d->config, length);
  FH_TRY_MPI(MPI_Bcast(d->config, length, MPI_CHAR, 0, comm));
  return FH_OK;
}

static fh_status open_checksums(fh_dataset *d, int i)
{
  FH_H5_ARRAY a = {0};
  FH_TRY(fh_h5_open_array(d->file, d->is.sources[i].crc_path, &a));
  const fh_source *s = &d->is.sources[i];
  d->parts[i] = s->rank == d->is.grid.dim + 2 ? s->n[1] : 1;
  FH_CHECK(a.size == d->is.samples * d->parts[i] && a.n[0] == d->is.samples &&
               a.class == H5T_INTEGER,
           FH_ERR_FORMAT, "%s holds %td checksums for %td samples of %td parts", s->crc_path,
           a.size, d->is.samples, d->parts[i]);
  const hid_t stored = d->arrays[i].type;
  FH_CHECK(H5Tequal(stored, H5T_IEEE_F32LE) > 0 || H5Tequal(stored, H5T_IEEE_F32BE) > 0,
           FH_ERR_FORMAT, "%s has checksums but is not of type float32", s->path);
  FH_NEW(d->crc[i], a.size);
  FH_TRY_H5(H5Dread(a.id, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, d->crc[i]));
  return FH_OK;
}

static fh_status open_source(fh_dataset *d, int i)
{
  const fh_source *s = &d->is.sources[i];
  fh_h5_array *a = &d->arrays[i];
  FH_TRY(fh_h5_open_array(d->file, s->path, a));
  FH_CHECK(a->rank == s->rank && memcmp(a->n, s->n, sizeof s->n) == 0, FH_ERR_FORMAT,
           "%s changed while it was opened", s->path);
  FH_TRY_H5(d->spaces[i] = H5Dget_space(a->id));
  if (s->crc_path[0]) FH_TRY(open_checksums(d, i));
  return FH_OK;
}

/* when the frames are: as the file says, else they are counted */
static fh_status read_times(fh_dataset *d)
{
  ptrdiff_t frames = 0;
  for (int i = 0; i < d->is.n_sources; i++)
    if (d->is.sources[i].evolves) frames = d->is.sources[i].n[1];
  if (!d->is.in_pairs) return FH_OK;
  FH_NEW(d->times, frames);
  for (ptrdiff_t k = 0; k < frames; k++) d->times[k] = (double)k;
  FH_H5_ARRAY a = {0};
  if (!fh_h5_has(d->file, "dimensions/time", H5O_TYPE_DATASET)) return FH_OK;
  FH_TRY(fh_h5_open_array(d->file, "dimensions/time", &a));
  if (a.rank != 1 || a.size != frames) return FH_OK;
  FH_TRY_H5(H5Dread(a.id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, d->times));
  return FH_OK;
}

static fh_status open_here(fh_dataset *d)
{
  FH_TRY(fh_h5_open(d->path, &d->file));
  for (int i = 0; i < d->is.n_sources; i++) FH_TRY(fh_h5_in_file(d->path, open_source(d, i)));
  FH_TRY(fh_h5_in_file(d->path, read_times(d)));
  return FH_OK;
}

static fh_status check_range(const fh_dataset *d, const fh_range *r)
{
  FH_CHECK(r->first >= 0 && r->first < d->is.samples && r->count >= 0 &&
               r->count <= d->is.samples - r->first,
           FH_ERR_USAGE, "samples %td to %td were asked for, but %s has samples 0 to %td", r->first,
           r->first + (r->count > 0 ? r->count - 1 : 0), d->path, d->is.samples - 1);
  return FH_OK;
}

/* records: NULL if all samples are good */
static fh_status keep(fh_dataset *d, const fh_range *r, const fh_sample_record *records)
{
  const ptrdiff_t n = r->count > 0 ? r->count : d->is.samples - r->first;
  FH_NEW(d->kept, n);
  for (ptrdiff_t i = r->first; i < r->first + n; i++)
    if (!records || records[i].valid) d->kept[d->n_kept++] = i;
  return FH_OK;
}

static fh_status find_kept(const fh_dataset_choice *choice, fh_dataset *d)
{
  fh_sample_record *records = NULL;
  fh_status st = FH_OK;
  const bool skip = choice->skip_invalid && d->is.is_ours;
  if (!skip && choice->samples.first == 0 && choice->samples.count == 0) return FH_OK;
  FH_TRY(check_range(d, &choice->samples));
  if (skip) {
    FH_NEW(records, d->is.samples);
    st = fh_dataset_records(d, 0, d->is.samples, records);
  }
  if (st == FH_OK) st = keep(d, &choice->samples, records);
  fh_free(records);
  return st;
}

static fh_status build(MPI_Comm comm, const char *path, const fh_dataset_choice *choice,
                       fh_dataset *d)
{
  int rank = 0;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  FH_CHECK(strlen(path) < sizeof d->path, FH_ERR_ARG, "the path %.64s... is too long", path);
  snprintf(d->path, sizeof d->path, "%s", path);
  FH_TRY(fh_status_agree(comm, rank == 0 ? look(path, choice, d) : FH_OK));
  FH_TRY_MPI(MPI_Bcast(&d->is, (int)sizeof d->is, MPI_BYTE, 0, comm));
  FH_TRY(share_config(comm, d));
  FH_TRY(fh_status_agree(comm, open_here(d)));
  FH_TRY(fh_status_agree(comm, find_kept(choice, d)));
  d->is.time.trajectories = d->kept ? d->n_kept : d->is.samples;
  return FH_OK;
}

fh_status fh_dataset_open(MPI_Comm comm, const char *path, const fh_dataset_choice *choice,
                          fh_dataset **dataset)
{
  FH_H5_SCOPE;
  fh_dataset *d = NULL;
  *dataset = NULL;
  FH_NEW(d, 1);
  d->file = H5I_INVALID_HID;
  const fh_status st = build(comm, path, choice, d);
  if (st != FH_OK) fh_dataset_close(&d);
  *dataset = d;
  return st;
}

void fh_dataset_close(fh_dataset **dataset)
{
  fh_dataset *d = *dataset;
  if (!d) return;
  FH_H5_SCOPE;
  for (int i = 0; i < FH_MAX_SOURCES; i++) {
    fh_h5_release(&d->spaces[i]);
    fh_h5_close_array(&d->arrays[i]);
    fh_free(d->crc[i]);
  }
  fh_h5_release(&d->file);
  fh_free(d->kept);
  fh_free(d->times);
  fh_free(d->config);
  fh_free(d->buffer);
  fh_free(d->slab);
  fh_free(d->stored);
  fh_free(d);
  *dataset = NULL;
}

/* ---- what it is --------------------------------------------------------------------------------- */

const char *fh_dataset_path(const fh_dataset *d)
{
  return d->path;
}

ptrdiff_t fh_dataset_samples(const fh_dataset *d)
{
  if (d->is.in_pairs) return d->is.time.trajectories * d->is.time.pairs;
  return d->kept ? d->n_kept : d->is.samples;
}

const fh_dataset_time *fh_dataset_pairs(const fh_dataset *d)
{
  return d->is.in_pairs ? &d->is.time : NULL;
}

double fh_dataset_frame_time(const fh_dataset *d, ptrdiff_t frame)
{
  return d->times ? d->times[frame] : (double)frame;
}

const fh_grid *fh_dataset_grid(const fh_dataset *d)
{
  return &d->is.grid;
}

int fh_dataset_in_channels(const fh_dataset *d)
{
  return (int)d->is.channels[0];
}

int fh_dataset_out_channels(const fh_dataset *d)
{
  return (int)d->is.channels[1];
}

int fh_dataset_n_inputs(const fh_dataset *d)
{
  return d->is.n_fields[0];
}

int fh_dataset_n_outputs(const fh_dataset *d)
{
  return d->is.n_fields[1];
}

const fh_field_info *fh_dataset_input(const fh_dataset *d, int i)
{
  return &d->is.fields[0][i];
}

const fh_field_info *fh_dataset_output(const fh_dataset *d, int i)
{
  return &d->is.fields[1][i];
}

const char *fh_dataset_config(const fh_dataset *d)
{
  return d->config;
}

const char *fh_dataset_problem(const fh_dataset *d)
{
  return d->is.problem;
}

uint64_t fh_dataset_seed(const fh_dataset *d)
{
  return d->is.seed;
}

bool fh_dataset_has_checksums(const fh_dataset *d)
{
  return d->is.is_ours;
}

/* ---- records ------------------------------------------------------------------------------------ */

static hid_t memory_type(int c, const fh_h5_array *a)
{
  switch (fh_columns[c].kind) {
  case 'f':
    return H5T_NATIVE_DOUBLE;
  case 'u':
    return H5T_NATIVE_UINT64;
  case 'i':
    return fh_columns[c].bytes == 8 ? H5T_NATIVE_INT64 : H5T_NATIVE_INT32;
  default:
    return a->type;
  }
}

static fh_status read_column(fh_dataset *d, int c, ptrdiff_t first, ptrdiff_t count, char *values)
{
  char path[64];
  FH_H5_ARRAY a = {0};
  FH_HID memory = H5I_INVALID_HID, space = H5I_INVALID_HID;
  const hsize_t start = (hsize_t)first, n = (hsize_t)count;
  snprintf(path, sizeof path, "provenance/%s", fh_columns[c].name);
  if (strcmp(fh_columns[c].name, "strategy") == 0 &&
      !fh_h5_has(d->file, path, H5O_TYPE_DATASET)) { /* sets of older versions */
    memset(values, 0, (size_t)count * fh_columns[c].bytes);
    return FH_OK;
  }
  FH_TRY(fh_h5_open_array(d->file, path, &a));
  FH_CHECK(a.rank == 1 && a.size == d->is.samples && a.bytes == fh_columns[c].bytes, FH_ERR_FORMAT,
           "%s holds %td values of %zu bytes, %td of %zu are expected", path, a.size, a.bytes,
           d->is.samples, fh_columns[c].bytes);
  FH_TRY_H5(space = H5Dget_space(a.id));
  FH_TRY_H5(memory = H5Screate_simple(1, &n, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &n, NULL));
  FH_TRY_H5(H5Dread(a.id, memory_type(c, &a), memory, space, H5P_DEFAULT, values));
  return FH_OK;
}

fh_status fh_dataset_records(fh_dataset *d, ptrdiff_t first, ptrdiff_t count,
                             fh_sample_record *records)
{
  FH_H5_SCOPE;
  char *values = NULL;
  FH_CHECK(d->is.is_ours, FH_ERR_UNSUPPORTED, "%s was not written by Fredholm: it has no records",
           d->path);
  FH_CHECK(first >= 0 && count >= 0 && first <= d->is.samples - count, FH_ERR_ARG,
           "records %td to %td were asked for, %s has %td samples", first, first + count, d->path,
           d->is.samples);
  if (count == 0) return FH_OK;
  FH_NEW(values, count * 8);
  fh_status st = FH_OK;
  for (int c = 0; st == FH_OK && c < FH_COLUMNS; c++) {
    st = fh_h5_in_file(d->path, read_column(d, c, first, count, values));
    for (ptrdiff_t i = 0; st == FH_OK && i < count; i++)
      fh_column_decode(c, values + i * (ptrdiff_t)fh_columns[c].bytes, &records[i]);
  }
  fh_free(values);
  return st;
}
