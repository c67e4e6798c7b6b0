#include "train/frames.h"

#include <string.h>

#include "base/memory.h"
#include "base/size.h"

struct fh_frames {
  fh_dataset *dataset;
  const fh_dataset_time *time;
  ptrdiff_t points, frame; /* reals of a channel and of a kept frame */
  bool cached;
  fh_real **kept, **constants; /* [trajectories][frames], [trajectories]; NULL while not read */
};

static fh_status build(fh_frames *f, size_t cache_bytes)
{
  const fh_dataset_time *t = f->time;
  ptrdiff_t total = 0, per_trajectory = 0;
  f->points = fh_grid_size(fh_dataset_grid(f->dataset));
  /* what stands in the input is what stands in the target, or both are kept */
  f->frame = (t->feeds_back ? t->frame_in : t->frame_in + t->frame_out) * f->points;
  FH_TRY(fh_size_mul(t->frames, f->frame, &per_trajectory));
  FH_TRY(fh_size_mul(t->trajectories, per_trajectory + t->constants * f->points, &total));
  f->cached = (size_t)total <= cache_bytes / sizeof(fh_real);
  if (!f->cached) return FH_OK;
  FH_NEW(f->kept, t->trajectories * t->frames);
  FH_NEW(f->constants, t->trajectories);
  return FH_OK;
}

fh_status fh_frames_create(fh_dataset *dataset, size_t cache_bytes, fh_frames **frames)
{
  fh_frames *f = NULL;
  *frames = NULL;
  FH_NEW(f, 1);
  f->dataset = dataset;
  f->time = fh_dataset_pairs(dataset);
  const fh_status st = build(f, cache_bytes);
  if (st != FH_OK) fh_frames_destroy(&f);
  *frames = f;
  return st;
}

void fh_frames_destroy(fh_frames **frames)
{
  fh_frames *f = *frames;
  if (!f) return;
  for (ptrdiff_t i = 0; f->kept && i < f->time->trajectories * f->time->frames; i++)
    fh_free(f->kept[i]);
  for (ptrdiff_t i = 0; f->constants && i < f->time->trajectories; i++) fh_free(f->constants[i]);
  fh_free(f->kept);
  fh_free(f->constants);
  fh_free(f);
  *frames = NULL;
}

static fh_status load_frame(fh_frames *f, int64_t trajectory, int64_t frame, fh_real **kept)
{
  const fh_dataset_time *t = f->time;
  fh_real *values = NULL;
  FH_NEW(values, f->frame);
  fh_real *out = t->feeds_back ? NULL : values + t->frame_in * f->points;
  const fh_status st = fh_dataset_read_frame(f->dataset, trajectory, frame, values, out);
  if (st == FH_OK)
    *kept = values;
  else
    fh_free(values);
  return st;
}

static fh_status load_constants(fh_frames *f, int64_t trajectory, fh_real **kept)
{
  fh_real *values = NULL;
  FH_NEW(values, f->time->constants * f->points);
  const fh_status st = fh_dataset_read_constants(f->dataset, trajectory, values);
  if (st == FH_OK)
    *kept = values;
  else
    fh_free(values);
  return st;
}

/* a frame as it stands in the input, or in the target */
static fh_status copy_frame(fh_frames *f, int64_t trajectory, int64_t frame, bool target,
                            fh_real *to)
{
  const fh_dataset_time *t = f->time;
  fh_real **kept = &f->kept[trajectory * t->frames + frame - t->first];
  if (!*kept) FH_TRY(load_frame(f, trajectory, frame, kept));
  const fh_real *from = target && !t->feeds_back ? *kept + t->frame_in * f->points : *kept;
  const ptrdiff_t n = (target ? t->frame_out : t->frame_in) * f->points;
  memcpy(to, from, (size_t)n * sizeof *to);
  return FH_OK;
}

static fh_status copy_input(fh_frames *f, int64_t trajectory, int64_t oldest, fh_real *x)
{
  const fh_dataset_time *t = f->time;
  const ptrdiff_t span = t->frame_in * f->points, rest = t->constants * f->points;
  for (ptrdiff_t h = 0; h < t->history; h++)
    FH_TRY(copy_frame(f, trajectory, oldest + h * t->stride, false, x + h * span));
  if (rest == 0) return FH_OK;
  fh_real **kept = &f->constants[trajectory];
  if (!*kept) FH_TRY(load_constants(f, trajectory, kept));
  memcpy(x + t->history * span, *kept, (size_t)rest * sizeof *x);
  return FH_OK;
}

fh_status fh_frames_read(fh_frames *f, int64_t sample, fh_real *x, fh_real *y)
{
  const fh_dataset_time *t = f->time;
  if (!f->cached || sample < 0 || sample >= fh_dataset_samples(f->dataset))
    return fh_dataset_read(f->dataset, 1, &sample, x, y);
  const int64_t trajectory = sample / t->pairs, oldest = t->first + sample % t->pairs;
  if (x) FH_TRY(copy_input(f, trajectory, oldest, x));
  if (y) FH_TRY(copy_frame(f, trajectory, oldest + t->history * t->stride, true, y));
  return FH_OK;
}
