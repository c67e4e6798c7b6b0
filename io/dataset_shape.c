#include <string.h>

#include "io/dataset_find.h"

/* an axis of so few points beside the sample axis counts channels, unless the user says otherwise */
enum { FEW = 4 };

static const char *shape_text(const fh_source *s, char text[128])
{
  int used = 0;
  for (int i = 0; i < s->rank && used < 100; i++)
    used += snprintf(text + used, (size_t)(128 - used), "%s%td", i ? "x" : "", s->n[i]);
  return text;
}

static fh_status read_shape(hid_t file, fh_source *s)
{
  FH_H5_ARRAY a = {0};
  char text[128];
  FH_TRY(fh_h5_open_array(file, s->path, &a));
  FH_CHECK(a.rank >= 2, FH_ERR_FORMAT, "%s has %d axes; samples and points make at least 2",
           s->path, a.rank);
  s->rank = a.rank;
  memcpy(s->n, a.n, sizeof s->n);
  FH_CHECK(a.size > 0, FH_ERR_FORMAT, "%s has the shape %s and so no samples or no points", s->path,
           shape_text(s, text));
  return FH_OK;
}

/* how many last axes all data sets have in common, the sample axis left out */
static int common_axes(const fh_description *d)
{
  int dim = 0;
  for (;; dim++)
    for (int i = 0; i < d->n_sources; i++) {
      const fh_source *s = &d->sources[i], *first = &d->sources[0];
      if (dim + 2 > s->rank || s->n[s->rank - 1 - dim] != first->n[first->rank - 1 - dim])
        return dim;
    }
}

/* the first data set that does not end as the others do */
static fh_status refuse_shapes(const fh_description *d)
{
  char text[2][128];
  const fh_source *first = &d->sources[0], *s = first;
  while (s->n[s->rank - 1] == first->n[first->rank - 1] && s + 1 < first + d->n_sources) s++;
  FH_RAISE(FH_ERR_FORMAT,
           "%s has the shape %s, %s has %s: the first axis counts samples, and the last axes must "
           "be the same grid",
           first->path, shape_text(first, text[0]), s->path, shape_text(s, text[1]));
}

static fh_status find_dim(const fh_description *d, int *found)
{
  const fh_source *s = &d->sources[0];
  int dim = common_axes(d);
  if (dim == 0) return refuse_shapes(d);
  if (dim > FH_MAX_DIM) dim = FH_MAX_DIM;
  while (dim > 1 && s->n[s->rank - dim] <= FEW) dim--;
  *found = dim;
  return FH_OK;
}

static fh_status check_source(const fh_description *d, const fh_source *s)
{
  char text[2][128];
  const fh_source *first = &d->sources[0];
  const int dim = d->grid.dim;
  bool same = s->rank > dim;
  for (int a = 0; same && a < dim; a++) same = s->n[s->rank - dim + a] == d->grid.n[a];
  FH_CHECK(same, FH_ERR_FORMAT, "%s has the shape %s, %s has %s: they share no grid of %d axes",
           s->path, shape_text(s, text[0]), first->path, shape_text(first, text[1]), dim);
  FH_CHECK(s->n[0] == first->n[0], FH_ERR_FORMAT,
           "%s has %td samples, but %s has %td: both need the same number", s->path, s->n[0],
           first->path, first->n[0]);
  return FH_OK;
}

static fh_status set_grid(fh_description *d, int dim)
{
  const fh_source *s = &d->sources[0];
  char text[128];
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM && dim < s->rank, FH_ERR_FORMAT,
           "%s has the shape %s, which has no grid of %d axes", s->path, shape_text(s, text), dim);
  FH_TRY(fh_grid_box(dim, s->n + s->rank - dim, d->grid.side[0][0], FH_NODE, &d->grid));
  d->points = fh_grid_size(&d->grid);
  d->samples = s->n[0];
  return FH_OK;
}

/* channels of the data sets of a side follow each other */
static fh_status number_channels(fh_description *d)
{
  for (int side = 0; side < 2; side++) {
    /* trajectories of ours may have no input but their own past */
    FH_CHECK(d->n_fields[side] > 0 || (side == 0 && d->is_ours), FH_ERR_USAGE,
             "it has no %s field: name one with -%s", side ? "output" : "input",
             side ? "outputs" : "inputs");
    for (int f = 0; f < d->n_fields[side]; f++) d->fields[side][f].channels = 0;
  }
  for (int i = 0; i < d->n_sources; i++) {
    fh_source *s = &d->sources[i];
    s->channels = 1;
    for (int a = 1; a < s->rank - d->grid.dim; a++) s->channels *= s->n[a];
    FH_CHECK(s->channels <= 1 << 20, FH_ERR_FORMAT, "%s has %td channels, at most %d are possible",
             s->path, s->channels, 1 << 20);
    s->first_channel = d->channels[s->is_output];
    d->channels[s->is_output] += s->channels;
    d->fields[s->is_output][s->field].channels += (int)s->channels;
  }
  return FH_OK;
}

/* trajectories were asked for: their outputs are [trajectories][frames][grid] */
static bool find_dim_of_frames(const fh_dataset_choice *choice, const fh_description *d, int *dim)
{
  if (choice->pairs != FH_PAIRS_YES) return false;
  for (int i = 0; i < d->n_sources; i++)
    if (d->sources[i].is_output) *dim = d->sources[i].rank - 2;
  return *dim >= 1;
}

fh_status fh_describe_shapes(hid_t file, int dim, const fh_dataset_choice *choice,
                             fh_description *d)
{
  FH_CHECK(d->n_sources > 0, FH_ERR_USAGE, "it has no fields to read");
  for (int i = 0; i < d->n_sources; i++) FH_TRY(read_shape(file, &d->sources[i]));
  if (dim == 0 && !find_dim_of_frames(choice, d, &dim)) FH_TRY(find_dim(d, &dim));
  FH_TRY(set_grid(d, dim));
  for (int i = 0; i < d->n_sources; i++) FH_TRY(check_source(d, &d->sources[i]));
  FH_TRY(fh_describe_time(choice, d));
  if (!d->in_pairs) FH_TRY(number_channels(d));
  return FH_OK;
}
