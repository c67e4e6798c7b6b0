/* dataset_part - some of the points of a sample: independent reads of runs of rows and columns */
#include <math.h>

#include "base/memory.h"
#include "io/dataset_impl.h"

/* indices start, start + stride, ... that stand one after the other in a selection, from place on */
typedef struct {
  hsize_t start, stride, count, place;
} run;

/* the run that begins at place i of an ascending list */
static run run_at(const ptrdiff_t *at, ptrdiff_t count, ptrdiff_t i)
{
  run r = {.start = (hsize_t)at[i], .stride = 1, .count = 1, .place = (hsize_t)i};
  if (i + 1 < count) r.stride = (hsize_t)(at[i + 1] - at[i]);
  while (i + 1 < count && (hsize_t)(at[i + 1] - at[i]) == r.stride) {
    r.count++;
    i++;
  }
  return r;
}

/* one source of a file: what is read of it, and where it goes */
typedef struct {
  const fh_source *source;
  hid_t array, space, memory, type;
  const fh_selection *at;
  fh_real *values;
  hsize_t start[FH_H5_MAX_RANK], stride[FH_H5_MAX_RANK], count[FH_H5_MAX_RANK];
  hsize_t place[FH_H5_MAX_RANK];
} reading;

static fh_status read_block(reading *r)
{
  FH_TRY_H5(H5Sselect_hyperslab(r->space, H5S_SELECT_SET, r->start, r->stride, r->count, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(r->memory, H5S_SELECT_SET, r->place, NULL, r->count, NULL));
  FH_TRY_H5(H5Dread(r->array, r->type, r->memory, r->space, H5P_DEFAULT, r->values));
  return FH_OK;
}

/* all products of runs, axis after axis */
static fh_status read_axis(reading *r, int axis)
{
  if (axis >= r->at->dim || axis >= FH_MAX_DIM) return read_block(r);
  const int k = r->source->rank - r->at->dim + axis;
  for (ptrdiff_t i = 0; i < r->at->count[axis];) {
    const run q = run_at(r->at->at[axis], r->at->count[axis], i);
    r->start[k] = q.start;
    r->stride[k] = q.stride;
    r->count[k] = q.count;
    r->place[k] = q.place;
    FH_TRY(read_axis(r, axis + 1));
    i += (ptrdiff_t)q.count;
  }
  return FH_OK;
}

static fh_status read_runs(fh_dataset *d, int i, int64_t sample, const fh_selection *at,
                           fh_real *values)
{
  const fh_source *s = &d->is.sources[i];
  FH_HID memory = H5I_INVALID_HID;
  hsize_t shape[FH_H5_MAX_RANK];
  reading r = {.source = s, .array = d->arrays[i].id, .space = d->spaces[i], .at = at};
  r.values = values;
  r.type = sizeof(fh_real) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  for (int a = 0; a < s->rank; a++) {
    const int axis = a - (s->rank - at->dim);
    shape[a] = axis >= 0 ? (hsize_t)at->count[axis] : a ? (hsize_t)s->n[a] : 1;
    r.start[a] = a ? 0 : (hsize_t)sample;
    r.stride[a] = 1;
    r.count[a] = shape[a];
    r.place[a] = 0;
  }
  FH_TRY_H5(memory = H5Screate_simple(s->rank, shape, NULL));
  r.memory = memory;
  return read_axis(&r, 0);
}

/* our files: the whole sample passes through the buffer, where its checksum is verified */
static fh_status read_verified(fh_dataset *d, int i, int64_t sample, const fh_selection *at,
                               fh_real *values)
{
  const ptrdiff_t channels = d->is.sources[i].channels, points = fh_selection_size(at);
  FH_TRY(fh_dataset_load_checked(d, i, sample));
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float *field = d->buffer + c * d->is.points;
    const ptrdiff_t n1 = at->dim > 1 ? d->is.grid.n[1] : 1, n2 = at->dim > 2 ? d->is.grid.n[2] : 1;
    fh_real *to = values + c * points;
    for (ptrdiff_t p = 0; p < at->count[0]; p++)
      for (ptrdiff_t q = 0; q < at->count[1]; q++)
        for (ptrdiff_t r = 0; r < at->count[2]; r++)
          *to++ = (fh_real)field[(at->at[0][p] * n1 + at->at[1][q]) * n2 + at->at[2][r]];
  }
  return FH_OK;
}

static fh_status read_source(fh_dataset *d, int i, int64_t sample, const fh_selection *at,
                             fh_real *values)
{
  const ptrdiff_t count = d->is.sources[i].channels * fh_selection_size(at);
  FH_TRY(d->crc[i] ? read_verified(d, i, sample, at, values) : read_runs(d, i, sample, at, values));
  for (ptrdiff_t k = 0; k < count; k++)
    FH_CHECK(isfinite(values[k]), FH_ERR_FORMAT,
             "sample %lld of %s has the value %g; repair it or leave it out (-skip_invalid does so "
             "with samples that generate could not solve)",
             (long long)sample, d->is.sources[i].path, (double)values[k]);
  return FH_OK;
}

fh_status fh_dataset_read_part(fh_dataset *d, int64_t sample, const fh_selection *in, fh_real *x,
                               const fh_selection *out, fh_real *y)
{
  FH_H5_SCOPE;
  const ptrdiff_t n = fh_dataset_samples(d);
  FH_CHECK(sample >= 0 && sample < n, FH_ERR_ARG, "sample %lld was asked for, %s has %td",
           (long long)sample, d->path, n);
  FH_CHECK(!d->is.in_pairs, FH_ERR_STATE, "%s was opened as trajectories, which are read whole",
           d->path);
  const int64_t stored = d->kept ? d->kept[sample] : sample;
  for (int i = 0; i < d->is.n_sources; i++) {
    const fh_source *s = &d->is.sources[i];
    const fh_selection *at = s->is_output ? out : in;
    fh_real *side = s->is_output ? y : x;
    if (!side) continue;
    FH_TRY(fh_h5_in_file(
        d->path, read_source(d, i, stored, at, side + s->first_channel * fh_selection_size(at))));
  }
  return FH_OK;
}
