#include "train/source.h"

#include <string.h>

#include "base/memory.h"
#include "train/frames.h"

struct fh_source {
  fh_dataset *dataset;
  const fh_normaliser *input, *output;
  fh_shape in, out; /* of one sample */
  ptrdiff_t samples;
  bool cached;
  fh_real **kept;    /* [samples]: x then y of a sample, or NULL while it has not been read */
  fh_frames *frames; /* of one-step pairs, instead; NULL: samples are whole */
  size_t cache_bytes;
  /* some points only; NULL: all */
  const fh_selection *at_in;
  fh_selection at_out;
  fh_normaliser *own_input, *own_output; /* at those points */
  fh_real *whole_x, *whole_y;            /* a pair before its points are taken */
};

static fh_shape shape_of(const fh_dataset *d, ptrdiff_t channels)
{
  return (fh_shape){
      .batch = 1, .channels = channels, .layout = fh_layout_whole(fh_dataset_grid(d))};
}

static fh_status plan_cache(fh_source *s)
{
  ptrdiff_t total = 0;
  FH_TRY(fh_size_mul(s->samples, fh_shape_sample(&s->in) + fh_shape_sample(&s->out), &total));
  s->cached = (size_t)total <= s->cache_bytes / sizeof(fh_real);
  if (s->cached && !s->kept) FH_NEW(s->kept, s->samples);
  return FH_OK;
}

static fh_status build(fh_source *s)
{
  s->samples = fh_dataset_samples(s->dataset);
  s->in = shape_of(s->dataset, fh_dataset_in_channels(s->dataset));
  s->out = shape_of(s->dataset, fh_dataset_out_channels(s->dataset));
  if (fh_dataset_pairs(s->dataset)) return fh_frames_create(s->dataset, s->cache_bytes, &s->frames);
  return plan_cache(s);
}

fh_status fh_source_create(fh_dataset *dataset, const fh_normaliser *input,
                           const fh_normaliser *output, size_t cache_bytes, fh_source **source)
{
  fh_source *s = NULL;
  *source = NULL;
  FH_NEW(s, 1);
  s->dataset = dataset;
  s->input = input;
  s->output = output;
  s->cache_bytes = cache_bytes;
  const fh_status st = build(s);
  if (st != FH_OK) fh_source_destroy(&s);
  *source = s;
  return st;
}

fh_status fh_source_select(fh_source *s, const fh_selection *in, const fh_layout *out)
{
  const fh_grid *grid = fh_dataset_grid(s->dataset);
  if (s->frames) {
    FH_NEW(s->whole_x, fh_shape_sample(&s->in));
    FH_NEW(s->whole_y, fh_shape_sample(&s->out));
  }
  s->at_in = in;
  FH_TRY(fh_selection_box(out, &s->at_out));
  s->in.layout = fh_selection_layout(in, grid);
  s->out.layout = *out;
  if (s->input) FH_TRY(fh_normaliser_select(s->input, in, grid, &s->own_input));
  if (s->output) FH_TRY(fh_normaliser_select(s->output, &s->at_out, grid, &s->own_output));
  if (s->input) s->input = s->own_input;
  if (s->output) s->output = s->own_output;
  return s->frames ? FH_OK : plan_cache(s);
}

void fh_source_destroy(fh_source **source)
{
  fh_source *s = *source;
  if (!s) return;
  if (s->kept)
    for (ptrdiff_t i = 0; i < s->samples; i++) fh_free(s->kept[i]);
  fh_free(s->kept);
  fh_frames_destroy(&s->frames);
  fh_selection_clear(&s->at_out);
  fh_normaliser_destroy(&s->own_input);
  fh_normaliser_destroy(&s->own_output);
  fh_free(s->whole_x);
  fh_free(s->whole_y);
  fh_free(s);
  *source = NULL;
}

static fh_status read_selected(fh_source *s, int64_t sample, fh_real *x, fh_real *y)
{
  const fh_grid *grid = fh_dataset_grid(s->dataset);
  if (!s->frames) return fh_dataset_read_part(s->dataset, sample, s->at_in, x, &s->at_out, y);
  FH_TRY(fh_frames_read(s->frames, sample, x ? s->whole_x : NULL, y ? s->whole_y : NULL));
  if (x) fh_selection_gather(s->at_in, grid, s->in.channels, s->whole_x, x);
  if (y) fh_selection_gather(&s->at_out, grid, s->out.channels, s->whole_y, y);
  return FH_OK;
}

static fh_status read_encoded(fh_source *s, int64_t sample, fh_real *x, fh_real *y)
{
  if (s->at_in)
    FH_TRY(read_selected(s, sample, x, y));
  else
    FH_TRY(s->frames ? fh_frames_read(s->frames, sample, x, y)
                     : fh_dataset_read(s->dataset, 1, &sample, x, y));
  if (s->input && x) FH_TRY(fh_normaliser_encode(s->input, 1, &s->in, x));
  if (s->output && y) FH_TRY(fh_normaliser_encode(s->output, 1, &s->out, y));
  return FH_OK;
}

static fh_status keep(fh_source *s, int64_t sample)
{
  const ptrdiff_t nx = fh_shape_sample(&s->in), ny = fh_shape_sample(&s->out);
  fh_real *both = NULL;
  FH_NEW(both, nx + ny);
  const fh_status st = read_encoded(s, sample, both, both + nx);
  if (st != FH_OK)
    fh_free(both);
  else
    s->kept[sample] = both;
  return st;
}

static fh_status read_one(fh_source *s, int64_t sample, fh_real *x, fh_real *y)
{
  if (!s->cached || sample < 0 || sample >= s->samples) return read_encoded(s, sample, x, y);
  if (!s->kept[sample]) FH_TRY(keep(s, sample));
  const ptrdiff_t nx = fh_shape_sample(&s->in), ny = fh_shape_sample(&s->out);
  if (x) memcpy(x, s->kept[sample], (size_t)nx * sizeof *x);
  if (y) memcpy(y, s->kept[sample] + nx, (size_t)ny * sizeof *y);
  return FH_OK;
}

fh_status fh_source_read(fh_source *s, ptrdiff_t count, const int64_t *samples, fh_real *x,
                         fh_real *y)
{
  const ptrdiff_t nx = fh_shape_sample(&s->in), ny = fh_shape_sample(&s->out);
  for (ptrdiff_t i = 0; i < count; i++)
    FH_TRY(read_one(s, samples[i], x ? x + i * nx : NULL, y ? y + i * ny : NULL));
  return FH_OK;
}

fh_shape fh_source_in_shape(const fh_source *s, ptrdiff_t batch)
{
  fh_shape shape = s->in;
  shape.batch = batch;
  return shape;
}

fh_shape fh_source_out_shape(const fh_source *s, ptrdiff_t batch)
{
  fh_shape shape = s->out;
  shape.batch = batch;
  return shape;
}

ptrdiff_t fh_source_samples(const fh_source *s)
{
  return s->samples;
}
const fh_dataset *fh_source_dataset(const fh_source *s)
{
  return s->dataset;
}
