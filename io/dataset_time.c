/* dataset_time - trajectories cut into one-step pairs: when, and which channels they have */
#include <stdio.h>
#include <string.h>

#include "io/dataset_find.h"

static bool has_time_axis(const fh_description *d, const fh_source *s)
{
  return s->rank == d->grid.dim + 2;
}

/* only The Well says that the axis behind the samples is time */
static bool is_well(const fh_source *s)
{
  return strncmp(s->path, "t0_fields/", 10) == 0;
}

/* The Well's sets of more than one frame are trajectories, those of one are maps */
static bool are_trajectories(const fh_description *d)
{
  bool found = false;
  for (int i = 0; i < d->n_sources; i++) {
    const fh_source *s = &d->sources[i];
    if (!s->is_output) continue;
    if (!is_well(s) || !has_time_axis(d, s) || s->n[1] == 1) return false;
    found = true;
  }
  return found;
}

static bool wants_pairs(const fh_dataset_choice *c, const fh_description *d)
{
  if (c->pairs != FH_PAIRS_AUTO) return c->pairs == FH_PAIRS_YES;
  if (c->history > 0 || c->stride > 0 || c->frames.first > 0 || c->frames.count > 0) return true;
  return are_trajectories(d);
}

static fh_status mark_evolving(fh_description *d, ptrdiff_t *frames)
{
  *frames = 0;
  for (int i = 0; i < d->n_sources; i++) {
    fh_source *s = &d->sources[i];
    s->evolves = has_time_axis(d, s);
    s->channels = 1;
    FH_CHECK(s->evolves || (!s->is_output && s->rank == d->grid.dim + 1), FH_ERR_FORMAT,
             "%s has %d axes, but one-step pairs need %d (trajectories, frames, grid)%s", s->path,
             s->rank, d->grid.dim + 2, s->is_output ? "" : ", a constant field one less");
    if (!s->evolves) continue;
    FH_CHECK(*frames == 0 || *frames == s->n[1], FH_ERR_FORMAT,
             "%s has %td frames, but another field has %td: all need the same number", s->path,
             s->n[1], *frames);
    *frames = s->n[1];
  }
  FH_CHECK(*frames > 0, FH_ERR_USAGE, "it has no output field to make one-step pairs of");
  return FH_OK;
}

/* unless somebody named frames as inputs, what is predicted is what is known of the time before */
static fh_status feed_outputs(fh_description *d)
{
  const int n = d->n_sources;
  for (int i = 0; i < n; i++)
    if (d->sources[i].evolves && !d->sources[i].is_output) return FH_OK;
  for (int i = 0; i < n; i++) {
    const fh_source *from = &d->sources[i];
    if (!from->is_output) continue;
    FH_CHECK(d->n_sources < FH_MAX_SOURCES, FH_ERR_FORMAT, "more than %d data sets were asked for",
             FH_MAX_SOURCES);
    fh_source *s = &d->sources[d->n_sources++];
    *s = *from;
    s->is_output = false;
    FH_TRY(fh_describe_field(d, false, &d->fields[1][from->field], &s->field));
  }
  return FH_OK;
}

/* channels of the frames of each side and of the constants follow each other */
static void number_frames(fh_description *d)
{
  fh_dataset_time *t = &d->time;
  for (int i = 0; i < d->n_sources; i++) {
    fh_source *s = &d->sources[i];
    ptrdiff_t *next = s->is_output ? &t->frame_out : s->evolves ? &t->frame_in : &t->constants;
    s->first_channel = (*next)++;
  }
  d->channels[0] = t->history * t->frame_in + t->constants;
  d->channels[1] = t->frame_out;
}

static const fh_source *frame_source(const fh_description *d, bool is_output, ptrdiff_t channel)
{
  for (int i = 0; i < d->n_sources; i++) {
    const fh_source *s = &d->sources[i];
    if (s->evolves && s->is_output == is_output && s->first_channel == channel) return s;
  }
  return NULL;
}

static bool same_fields(const fh_description *d)
{
  bool same = d->time.frame_in == d->time.frame_out;
  for (ptrdiff_t c = 0; same && c < d->time.frame_out; c++) {
    const fh_source *in = frame_source(d, false, c), *out = frame_source(d, true, c);
    same = in && out && !strcmp(in->path, out->path);
  }
  return same;
}

/* the inputs as a person reads them: w(t-2), w(t), then the constants */
static fh_status name_inputs(fh_description *d)
{
  fh_field_info before[FH_MAX_SOURCES];
  const fh_dataset_time *t = &d->time;
  int field = 0;
  memcpy(before, d->fields[0], sizeof before);
  d->n_fields[0] = 0;
  for (ptrdiff_t h = t->history - 1; h >= 0; h--)
    for (ptrdiff_t c = 0; c < t->frame_in; c++) {
      const fh_source *s = frame_source(d, false, c);
      fh_field_info info = before[s->field];
      const char *slash = strrchr(s->path, '/'), *name = slash ? slash + 1 : s->path;
      if (h == 0)
        snprintf(info.name, sizeof info.name, "%.48s(t)", name);
      else
        snprintf(info.name, sizeof info.name, "%.36s(t-%td)", name, h * t->stride);
      info.channels = 1;
      FH_TRY(fh_describe_field(d, false, &info, &field));
    }
  for (int i = 0; i < d->n_sources; i++) {
    const fh_source *s = &d->sources[i];
    if (s->evolves || s->is_output) continue;
    fh_field_info info = before[s->field];
    info.channels = 1;
    FH_TRY(fh_describe_field(d, false, &info, &field));
  }
  return FH_OK;
}

static fh_status choose_frames(const fh_dataset_choice *c, ptrdiff_t frames, fh_dataset_time *t)
{
  *t = (fh_dataset_time){.history = c->history > 0 ? c->history : 1,
                         .stride = c->stride > 0 ? c->stride : 1,
                         .first = c->frames.first};
  FH_CHECK(c->frames.first >= 0 && c->frames.first < frames &&
               c->frames.count <= frames - c->frames.first,
           FH_ERR_USAGE,
           "frames %td to %td were asked for, but the trajectories have frames 0 to %td",
           c->frames.first, c->frames.first + (c->frames.count > 0 ? c->frames.count - 1 : 0),
           frames - 1);
  t->frames = c->frames.count > 0 ? c->frames.count : frames - t->first;
  FH_CHECK(t->history <= frames && t->stride <= frames && t->history * t->stride < t->frames,
           FH_ERR_USAGE,
           "%td frames hold no one-step pair with a history of %td frames and a stride of %td: at "
           "least %td are needed",
           t->frames, t->history, t->stride, t->history * t->stride + 1);
  t->pairs = t->frames - t->history * t->stride;
  return FH_OK;
}

fh_status fh_describe_time(const fh_dataset_choice *choice, fh_description *d)
{
  ptrdiff_t frames = 0;
  d->in_pairs = wants_pairs(choice, d);
  if (!d->in_pairs) return FH_OK;
  FH_TRY(mark_evolving(d, &frames));
  FH_TRY(choose_frames(choice, frames, &d->time));
  FH_TRY(feed_outputs(d));
  number_frames(d);
  d->time.feeds_back = same_fields(d);
  return name_inputs(d);
}
