/* source_fit - normalisers of a training set; of trajectories over their frames, each counted once */
#include <string.h>

#include "base/memory.h"
#include "train/source.h"

/* one side (x or y) of a data set as fh_normaliser_fit wants it */
typedef struct {
  fh_dataset *dataset;
  const fh_dataset_time *time; /* NULL: samples are whole */
  bool outputs;
  ptrdiff_t count, points;
  fh_shape shape; /* of what is read at once: a sample, or a frame and the constant fields */
} side;

static side side_of(fh_dataset *d, bool outputs)
{
  side s = {.dataset = d, .time = fh_dataset_pairs(d), .outputs = outputs};
  const fh_dataset_time *t = s.time;
  ptrdiff_t channels = outputs ? fh_dataset_out_channels(d) : fh_dataset_in_channels(d);
  if (t && !outputs) channels = t->frame_in + t->constants;
  s.count = t ? t->trajectories * t->frames : fh_dataset_samples(d);
  s.points = fh_grid_size(fh_dataset_grid(d));
  s.shape =
      (fh_shape){.batch = 1, .channels = channels, .layout = fh_layout_whole(fh_dataset_grid(d))};
  return s;
}

static fh_status read_frame(const side *s, int64_t i, fh_real *values)
{
  const fh_dataset_time *t = s->time;
  const int64_t trajectory = i / t->frames, frame = t->first + i % t->frames;
  if (s->outputs) return fh_dataset_read_frame(s->dataset, trajectory, frame, NULL, values);
  FH_TRY(fh_dataset_read_frame(s->dataset, trajectory, frame, values, NULL));
  return fh_dataset_read_constants(s->dataset, trajectory, values + t->frame_in * s->points);
}

static fh_status read_side(void *context, ptrdiff_t first, ptrdiff_t count, fh_real *values)
{
  const side *s = context;
  for (ptrdiff_t i = 0; i < count; i++) {
    const int64_t sample = first + i;
    fh_real *v = values + i * fh_shape_sample(&s->shape);
    if (s->time)
      FH_TRY(read_frame(s, sample, v));
    else
      FH_TRY(fh_dataset_read(s->dataset, 1, &sample, s->outputs ? NULL : v, s->outputs ? v : NULL));
  }
  return FH_OK;
}

/* numbers of a frame and the constants, for every frame of the input */
static void repeat_frame(const fh_dataset_time *t, ptrdiff_t points, const double *from, double *to)
{
  const ptrdiff_t frame = t->frame_in * points;
  for (ptrdiff_t h = 0; h < t->history; h++)
    memcpy(to + h * frame, from, (size_t)frame * sizeof *to);
  memcpy(to + t->history * frame, from + frame, (size_t)(t->constants * points) * sizeof *to);
}

/* a normaliser of one frame and the constants becomes one of the whole input */
static fh_status repeat(const fh_dataset_time *t, fh_normaliser **normaliser)
{
  fh_normaliser *one = *normaliser, *all = NULL;
  double *mean = NULL, *deviation = NULL;
  if (t->history == 1 || one->kind == FH_NORM_SCALAR) return FH_OK;
  const ptrdiff_t channels = t->history * t->frame_in + t->constants;
  FH_NEW(mean, 2 * channels * one->points);
  deviation = mean + channels * one->points;
  repeat_frame(t, one->points, one->mean, mean);
  repeat_frame(t, one->points, one->deviation, deviation);
  const fh_status st =
      fh_normaliser_create(one->kind, one->epsilon, channels, one->points, mean, deviation, &all);
  fh_free(mean);
  FH_TRY(st);
  fh_normaliser_destroy(normaliser);
  *normaliser = all;
  return FH_OK;
}

static fh_status fit_side(MPI_Comm comm, fh_dataset *dataset, bool outputs, int kind,
                          double epsilon, fh_normaliser **normaliser)
{
  *normaliser = NULL;
  if (kind == FH_NORM_NONE) return FH_OK;
  side s = side_of(dataset, outputs);
  FH_TRY(fh_normaliser_fit(comm, kind, epsilon, s.count, &s.shape, read_side, &s, normaliser));
  return s.time && !outputs ? repeat(s.time, normaliser) : FH_OK;
}

fh_status fh_source_fit(MPI_Comm comm, fh_dataset *dataset, int input_kind, int output_kind,
                        double epsilon, fh_normaliser **input, fh_normaliser **output)
{
  *input = *output = NULL;
  FH_TRY(fit_side(comm, dataset, false, input_kind, epsilon, input));
  return fit_side(comm, dataset, true, output_kind, epsilon, output);
}
