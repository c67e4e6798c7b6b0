#include "io/dataset.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/crc.h"
#include "io/dataset_find.h"
#include "io/well.h"

enum { MAX_CONFIG = 1 << 24 };

struct fh_dataset {
  char path[1024];
  fh_description is;
  char *config;
  hid_t file;
  fh_h5_array arrays[FH_MAX_SOURCES];
  hid_t spaces[FH_MAX_SOURCES]; /* with the sample that was read last selected */
  uint32_t *crc[FH_MAX_SOURCES];
  int64_t *kept; /* skip_invalid: place in the file of each sample that counts, or NULL */
  ptrdiff_t n_kept;
  float *buffer; /* one sample of the widest data set, as stored in our files */
};

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
  FH_CHECK(a.rank == 1 && a.size == d->is.samples && a.class == H5T_INTEGER, FH_ERR_FORMAT,
           "%s holds %td checksums for %td samples", d->is.sources[i].crc_path, a.size,
           d->is.samples);
  const hid_t stored = d->arrays[i].type;
  FH_CHECK(H5Tequal(stored, H5T_IEEE_F32LE) > 0 || H5Tequal(stored, H5T_IEEE_F32BE) > 0,
           FH_ERR_FORMAT, "%s has checksums but is not of type float32", d->is.sources[i].path);
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

static fh_status open_here(fh_dataset *d)
{
  ptrdiff_t widest = 0;
  FH_TRY(fh_h5_open(d->path, &d->file));
  for (int i = 0; i < d->is.n_sources; i++) {
    FH_TRY(fh_h5_in_file(d->path, open_source(d, i)));
    if (d->is.sources[i].channels > widest) widest = d->is.sources[i].channels;
  }
  FH_NEW(d->buffer, widest * d->is.points);
  return FH_OK;
}

static fh_status find_valid(fh_dataset *d)
{
  fh_sample_record *records = NULL;
  FH_NEW(records, d->is.samples);
  const fh_status st = fh_dataset_records(d, 0, d->is.samples, records);
  if (st == FH_OK) d->kept = fh_calloc(d->is.samples, sizeof *d->kept);
  for (ptrdiff_t i = 0; d->kept && i < d->is.samples; i++)
    if (records[i].valid) d->kept[d->n_kept++] = i;
  fh_free(records);
  FH_TRY(st);
  FH_CHECK(d->kept, FH_ERR_MEMORY, "out of memory for the places of %td samples", d->is.samples);
  return FH_OK;
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
  if (choice->skip_invalid && d->is.is_ours) FH_TRY(fh_status_agree(comm, find_valid(d)));
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
  fh_free(d->config);
  fh_free(d->buffer);
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
  return d->kept ? d->n_kept : d->is.samples;
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

/* ---- samples ------------------------------------------------------------------------------------ */

static fh_status transfer(fh_dataset *d, int i, int64_t sample, hid_t type, void *values)
{
  const fh_source *s = &d->is.sources[i];
  FH_HID memory = H5I_INVALID_HID;
  hsize_t start[FH_H5_MAX_RANK] = {(hsize_t)sample}, count[FH_H5_MAX_RANK];
  const hsize_t size = (hsize_t)(s->channels * d->is.points);
  for (int a = 0; a < s->rank; a++) count[a] = a ? (hsize_t)s->n[a] : 1;
  FH_TRY_H5(memory = H5Screate_simple(1, &size, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(d->spaces[i], H5S_SELECT_SET, start, NULL, count, NULL));
  FH_TRY_H5(H5Dread(d->arrays[i].id, type, memory, d->spaces[i], H5P_DEFAULT, values));
  return FH_OK;
}

/* our files: the checksum is of the float32 values as they are stored */
static fh_status read_checked(fh_dataset *d, int i, int64_t sample, fh_real *values)
{
  const fh_source *s = &d->is.sources[i];
  const ptrdiff_t n = s->channels * d->is.points;
  FH_TRY(transfer(d, i, sample, H5T_NATIVE_FLOAT, d->buffer));
  const uint32_t found = fh_crc32c(0, d->buffer, (size_t)n * sizeof(float));
  FH_CHECK(found == d->crc[i][sample], FH_ERR_FORMAT,
           "sample %lld of %s is damaged: its checksum is %08x, the file says %08x; make the set "
           "again or fetch it again",
           (long long)sample, s->path, found, d->crc[i][sample]);
  for (ptrdiff_t k = 0; k < n; k++) values[k] = (fh_real)d->buffer[k];
  return FH_OK;
}

static fh_status read_source(fh_dataset *d, int i, int64_t sample, fh_real *values)
{
  const fh_source *s = &d->is.sources[i];
  const hid_t type = sizeof(fh_real) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  if (d->crc[i])
    FH_TRY(read_checked(d, i, sample, values));
  else
    FH_TRY(transfer(d, i, sample, type, values));
  for (ptrdiff_t k = 0; k < s->channels * d->is.points; k++)
    FH_CHECK(isfinite(values[k]), FH_ERR_FORMAT,
             "sample %lld of %s has the value %g at position %td; repair it or leave it out "
             "(-skip_invalid does so with samples that generate could not solve)",
             (long long)sample, s->path, (double)values[k], k);
  return FH_OK;
}

static fh_status read_sample(fh_dataset *d, int64_t sample, fh_real *x, fh_real *y)
{
  for (int i = 0; i < d->is.n_sources; i++) {
    const fh_source *s = &d->is.sources[i];
    fh_real *side = s->is_output ? y : x;
    if (side) FH_TRY(read_source(d, i, sample, side + s->first_channel * d->is.points));
  }
  return FH_OK;
}

fh_status fh_dataset_read(fh_dataset *d, ptrdiff_t count, const int64_t *samples, fh_real *x,
                          fh_real *y)
{
  FH_H5_SCOPE;
  const ptrdiff_t nx = d->is.channels[0] * d->is.points, ny = d->is.channels[1] * d->is.points;
  for (ptrdiff_t k = 0; k < count; k++) {
    const ptrdiff_t n = fh_dataset_samples(d);
    FH_CHECK(samples[k] >= 0 && samples[k] < n, FH_ERR_ARG, "sample %lld was asked for, %s has %td",
             (long long)samples[k], d->path, n);
    const int64_t place = d->kept ? d->kept[samples[k]] : samples[k];
    const fh_status st = read_sample(d, place, x ? x + k * nx : NULL, y ? y + k * ny : NULL);
    FH_TRY(fh_h5_in_file(d->path, st));
  }
  return FH_OK;
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
