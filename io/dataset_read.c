/* dataset_read - values of samples, frames and constant fields; checksums and finiteness on the way */
#include <math.h>

#include "base/memory.h"
#include "io/crc.h"
#include "io/dataset_impl.h"

/* where a selection of a source begins and what it holds: a sample, or one frame of it */
typedef struct {
  int64_t sample, frame; /* frame < 0: the whole sample */
  ptrdiff_t values;
} place;

static place whole_sample(const fh_dataset *d, int i, int64_t sample)
{
  return (place){sample, -1, d->is.sources[i].channels * d->is.points};
}

static fh_status transfer(fh_dataset *d, int i, place at, hid_t type, void *values)
{
  const fh_source *s = &d->is.sources[i];
  FH_HID memory = H5I_INVALID_HID;
  hsize_t start[FH_H5_MAX_RANK] = {(hsize_t)at.sample}, count[FH_H5_MAX_RANK];
  const hsize_t size = (hsize_t)at.values;
  for (int a = 0; a < s->rank; a++) count[a] = a ? (hsize_t)s->n[a] : 1;
  if (at.frame >= 0) {
    start[1] = (hsize_t)at.frame;
    count[1] = 1;
  }
  FH_TRY_H5(memory = H5Screate_simple(1, &size, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(d->spaces[i], H5S_SELECT_SET, start, NULL, count, NULL));
  FH_TRY_H5(H5Dread(d->arrays[i].id, type, memory, d->spaces[i], H5P_DEFAULT, values));
  return FH_OK;
}

fh_status fh_dataset_check_crc(const fh_dataset *d, int i, int64_t sample, ptrdiff_t part,
                               uint32_t found)
{
  const uint32_t stored = d->crc[i][sample * d->parts[i] + part];
  FH_CHECK(found == stored, FH_ERR_FORMAT,
           "sample %lld of %s is damaged: its checksum is %08x, the file says %08x; make the set "
           "again or fetch it again",
           (long long)sample, d->is.sources[i].path, found, stored);
  return FH_OK;
}

fh_status fh_dataset_check_values(const fh_source *s, int64_t sample, ptrdiff_t first,
                                  ptrdiff_t count, const fh_real *values)
{
  for (ptrdiff_t k = 0; k < count; k++)
    FH_CHECK(isfinite(values[k]), FH_ERR_FORMAT,
             "sample %lld of %s has the value %g at position %td; repair it or leave it out "
             "(-skip_invalid does so with samples that generate could not solve)",
             (long long)sample, s->path, (double)values[k], first + k);
  return FH_OK;
}

static fh_status make_buffer(fh_dataset *d)
{
  ptrdiff_t widest = 0;
  for (int i = 0; i < d->is.n_sources; i++)
    if (d->is.sources[i].channels > widest) widest = d->is.sources[i].channels;
  FH_NEW(d->buffer, widest * d->is.points);
  return FH_OK;
}

/* our files: the checksums are of the float32 values as they are stored */
static fh_status load_checked(fh_dataset *d, int i, place at)
{
  const ptrdiff_t parts = at.frame < 0 ? d->parts[i] : 1, size = at.values / parts;
  if (!d->buffer) FH_TRY(make_buffer(d));
  FH_TRY(transfer(d, i, at, H5T_NATIVE_FLOAT, d->buffer));
  for (ptrdiff_t k = 0; k < parts; k++) {
    const uint32_t found = fh_crc32c(0, d->buffer + k * size, (size_t)size * sizeof(float));
    FH_TRY(fh_dataset_check_crc(d, i, at.sample, at.frame < 0 ? k : at.frame, found));
  }
  return FH_OK;
}

static fh_status read_checked(fh_dataset *d, int i, place at, fh_real *values)
{
  FH_TRY(load_checked(d, i, at));
  for (ptrdiff_t k = 0; k < at.values; k++) values[k] = (fh_real)d->buffer[k];
  return FH_OK;
}

static fh_status read_source(fh_dataset *d, int i, place at, fh_real *values)
{
  const hid_t type = sizeof(fh_real) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  if (d->crc[i])
    FH_TRY(read_checked(d, i, at, values));
  else
    FH_TRY(transfer(d, i, at, type, values));
  return fh_dataset_check_values(&d->is.sources[i], at.sample,
                                 at.frame > 0 ? (ptrdiff_t)at.frame * at.values : 0, at.values,
                                 values);
}

/* ---- samples ------------------------------------------------------------------------------------ */

static fh_status read_sample(fh_dataset *d, int64_t sample, fh_real *x, fh_real *y)
{
  for (int i = 0; i < d->is.n_sources; i++) {
    const fh_source *s = &d->is.sources[i];
    fh_real *side = s->is_output ? y : x;
    if (side)
      FH_TRY(read_source(d, i, whole_sample(d, i, sample), side + s->first_channel * d->is.points));
  }
  return FH_OK;
}

/* ---- trajectories ------------------------------------------------------------------------------- */

/* frame < 0: the constant fields into in */
static fh_status read_moment(fh_dataset *d, int64_t sample, int64_t frame, fh_real *in,
                             fh_real *out)
{
  for (int i = 0; i < d->is.n_sources; i++) {
    const fh_source *s = &d->is.sources[i];
    fh_real *side = s->is_output ? out : in;
    if (!side || s->evolves != (frame >= 0)) continue;
    const place at = {sample, frame, d->is.points};
    FH_TRY(read_source(d, i, at, side + s->first_channel * d->is.points));
  }
  return FH_OK;
}

static fh_status find_trajectory(const fh_dataset *d, int64_t trajectory, int64_t *sample)
{
  FH_CHECK(d->is.in_pairs, FH_ERR_STATE, "%s was not opened as trajectories", d->path);
  FH_CHECK(trajectory >= 0 && trajectory < d->is.time.trajectories, FH_ERR_ARG,
           "trajectory %lld was asked for, %s has %td", (long long)trajectory, d->path,
           d->is.time.trajectories);
  *sample = d->kept ? d->kept[trajectory] : trajectory;
  return FH_OK;
}

fh_status fh_dataset_read_frame(fh_dataset *d, int64_t trajectory, int64_t frame, fh_real *in,
                                fh_real *out)
{
  FH_H5_SCOPE;
  const fh_dataset_time *t = &d->is.time;
  int64_t sample = 0;
  FH_TRY(find_trajectory(d, trajectory, &sample));
  FH_CHECK(frame >= t->first && frame < t->first + t->frames, FH_ERR_ARG,
           "frame %lld was asked for, %s is used from %td to %td", (long long)frame, d->path,
           t->first, t->first + t->frames - 1);
  return fh_h5_in_file(d->path, read_moment(d, sample, frame, in, out));
}

fh_status fh_dataset_read_constants(fh_dataset *d, int64_t trajectory, fh_real *values)
{
  FH_H5_SCOPE;
  int64_t sample = 0;
  FH_TRY(find_trajectory(d, trajectory, &sample));
  return fh_h5_in_file(d->path, read_moment(d, sample, -1, values, NULL));
}

static fh_status read_pair(fh_dataset *d, int64_t pair, fh_real *x, fh_real *y)
{
  const fh_dataset_time *t = &d->is.time;
  const ptrdiff_t span = t->frame_in * d->is.points;
  const int64_t trajectory = pair / t->pairs;
  const int64_t oldest = t->first + pair % t->pairs;
  for (ptrdiff_t h = 0; x && h < t->history; h++)
    FH_TRY(fh_dataset_read_frame(d, trajectory, oldest + h * t->stride, x + h * span, NULL));
  if (x) FH_TRY(fh_dataset_read_constants(d, trajectory, x + t->history * span));
  if (y) FH_TRY(fh_dataset_read_frame(d, trajectory, oldest + t->history * t->stride, NULL, y));
  return FH_OK;
}

/* ---- both ----------------------------------------------------------------------------------------- */

fh_status fh_dataset_read(fh_dataset *d, ptrdiff_t count, const int64_t *samples, fh_real *x,
                          fh_real *y)
{
  FH_H5_SCOPE;
  const ptrdiff_t nx = d->is.channels[0] * d->is.points, ny = d->is.channels[1] * d->is.points;
  const ptrdiff_t n = fh_dataset_samples(d);
  for (ptrdiff_t k = 0; k < count; k++) {
    fh_real *xk = x ? x + k * nx : NULL, *yk = y ? y + k * ny : NULL;
    FH_CHECK(samples[k] >= 0 && samples[k] < n, FH_ERR_ARG, "sample %lld was asked for, %s has %td",
             (long long)samples[k], d->path, n);
    if (d->is.in_pairs) {
      FH_TRY(read_pair(d, samples[k], xk, yk));
      continue;
    }
    const int64_t stored = d->kept ? d->kept[samples[k]] : samples[k];
    FH_TRY(fh_h5_in_file(d->path, read_sample(d, stored, xk, yk)));
  }
  return FH_OK;
}
