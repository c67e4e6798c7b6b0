/* dataset_part - some of the points of a sample, by independent reads */
#include <math.h>

#include "base/memory.h"
#include "io/dataset_impl.h"

/* One source of a file: what is read of it, and where it goes. Reads are of whole spans of the last axis,
 * from the first to the last point that is needed: many small pieces take HDF5 much longer than the points
 * between them, of which a slab has room for some rows. */
typedef struct {
  fh_dataset *d;
  int i, first; /* first: the axis of the source that is axis 0 of the grid */
  hid_t type;
  const fh_selection *at;
  fh_real *to; /* next value */
  hsize_t start[FH_H5_MAX_RANK], stride[FH_H5_MAX_RANK], count[FH_H5_MAX_RANK];
} reading;

/* indices at equal distances that begin a list, most of them at most */
static ptrdiff_t run_of(const ptrdiff_t *at, ptrdiff_t count, ptrdiff_t most)
{
  ptrdiff_t n = count < most ? count : most, k = 2;
  while (k < n && at[k] - at[k - 1] == at[1] - at[0]) k++;
  return k < n ? k : n;
}

/* how many of the columns that begin a list lie within a slab */
static ptrdiff_t columns_of(const ptrdiff_t *at, ptrdiff_t count)
{
  ptrdiff_t k = 1;
  while (k < count && at[k] - at[0] < FH_SLAB) k++;
  return k;
}

static fh_status load(const reading *r, ptrdiff_t values)
{
  FH_HID memory = H5I_INVALID_HID;
  const hsize_t size = (hsize_t)values;
  const hid_t space = r->d->spaces[r->i];
  FH_TRY_H5(memory = H5Screate_simple(1, &size, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(space, H5S_SELECT_SET, r->start, r->stride, r->count, NULL));
  FH_TRY_H5(H5Dread(r->d->arrays[r->i].id, r->type, memory, space, H5P_DEFAULT, r->d->slab));
  return FH_OK;
}

/* rows that the hyperslab has, and of them all columns: in several pieces if the span is very long */
static fh_status read_rows(reading *r, ptrdiff_t rows)
{
  const int last = r->at->dim - 1;
  const ptrdiff_t *at = r->at->at[last], all = r->at->count[last];
  for (ptrdiff_t j = 0; j < all;) {
    const ptrdiff_t n = columns_of(at + j, all - j), span = at[j + n - 1] - at[j] + 1;
    r->start[r->first + last] = (hsize_t)at[j];
    r->count[r->first + last] = (hsize_t)span;
    FH_TRY(load(r, rows * span));
    for (ptrdiff_t i = 0; i < rows; i++)
      for (ptrdiff_t k = 0; k < n; k++)
        r->to[i * all + j + k] = r->d->slab[i * span + at[j + k] - at[j]];
    j += n;
  }
  r->to += rows * all;
  return FH_OK;
}

/* all indices of the axes before the last one; those of the axis next to it in runs */
static fh_status read_axis(reading *r, int axis)
{
  const int last = r->at->dim - 1, here = r->first + axis;
  if (axis >= last || axis >= FH_MAX_DIM - 1) return read_rows(r, 1);
  const ptrdiff_t *at = r->at->at[axis], *columns = r->at->at[last];
  const ptrdiff_t span = columns[r->at->count[last] - 1] - columns[0] + 1;
  for (ptrdiff_t i = 0, n = 1; i < r->at->count[axis]; i += n) {
    r->start[here] = (hsize_t)at[i];
    if (axis < last - 1) {
      FH_TRY(read_axis(r, axis + 1));
      continue;
    }
    n = run_of(at + i, r->at->count[axis] - i, span < FH_SLAB ? FH_SLAB / span : 1);
    r->stride[here] = n > 1 ? (hsize_t)(at[i + 1] - at[i]) : 1;
    r->count[here] = (hsize_t)n;
    FH_TRY(read_rows(r, n));
  }
  return FH_OK;
}

static fh_status read_points(fh_dataset *d, int i, int64_t sample, const fh_selection *at,
                             fh_real *values)
{
  const fh_source *s = &d->is.sources[i];
  reading r = {.d = d, .i = i, .first = s->rank - at->dim, .at = at, .to = values};
  r.type = sizeof(fh_real) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  FH_TRY(fh_dataset_make_slab(d));
  for (int a = 0; a < s->rank; a++) r.stride[a] = r.count[a] = 1;
  r.start[0] = (hsize_t)sample;
  for (ptrdiff_t c = 0; c < s->channels; c++) {
    ptrdiff_t rest = c; /* axes between that of the samples and those of the grid */
    for (int a = r.first - 1; a > 0; rest /= s->n[a--]) r.start[a] = (hsize_t)(rest % s->n[a]);
    FH_TRY(read_axis(&r, 0));
  }
  return FH_OK;
}

static fh_status read_source(fh_dataset *d, int i, int64_t sample, const fh_selection *at,
                             fh_real *values)
{
  const ptrdiff_t count = d->is.sources[i].channels * fh_selection_size(at);
  FH_TRY(fh_dataset_verify(d, i, sample));
  FH_TRY(read_points(d, i, sample, at, values));
  for (ptrdiff_t k = 0; k < count; k++)
    FH_CHECK(isfinite(values[k]), FH_ERR_FORMAT,
             "sample %lld of %s has the value %g; repair it or leave it out (-skip_invalid does so "
             "with samples that generate could not solve)",
             (long long)sample, d->is.sources[i].path, (double)values[k]);
  return FH_OK;
}

fh_status fh_dataset_find_sample(const fh_dataset *d, int64_t sample, int64_t *stored)
{
  const ptrdiff_t n = fh_dataset_samples(d);
  FH_CHECK(sample >= 0 && sample < n, FH_ERR_ARG, "sample %lld was asked for, %s has %td",
           (long long)sample, d->path, n);
  FH_CHECK(!d->is.in_pairs, FH_ERR_STATE, "%s was opened as trajectories, which are read whole",
           d->path);
  *stored = d->kept ? d->kept[sample] : sample;
  return FH_OK;
}

fh_status fh_dataset_read_part(fh_dataset *d, int64_t sample, const fh_selection *in, fh_real *x,
                               const fh_selection *out, fh_real *y)
{
  FH_H5_SCOPE;
  int64_t stored = 0;
  FH_TRY(fh_dataset_find_sample(d, sample, &stored));
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
