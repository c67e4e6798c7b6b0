/* class_normaliser - MgNO's and neuraloperator's Gaussian normalisers; one a group */
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "config.h"
#include "train/normaliser.h"
#include "values.h"

typedef struct {
  const fh_real *values;
  ptrdiff_t sample;
} source;

static fh_status copy_samples(void *context, ptrdiff_t first, ptrdiff_t count, fh_real *values)
{
  const source *s = context;
  memcpy(values, s->values + first * s->sample, (size_t)(count * s->sample) * sizeof *values);
  return FH_OK;
}

/* the shape of the deviation says over what it was taken */
static fh_status kind_of(const parity_array *deviation, const parity_array *input, int *kind,
                         fh_shape *shape)
{
  const ptrdiff_t batch = input->rank ? input->n[0] : 0;
  FH_CHECK(batch >= 2, FH_ERR_FORMAT, "input holds fewer than two samples");
  const ptrdiff_t sample = input->size / batch;
  const ptrdiff_t channels = input->rank > 2 ? input->n[1] : 1;
  *kind = deviation->size == 1        ? FH_NORM_SCALAR
          : deviation->size == sample ? FH_NORM_POINT
                                      : FH_NORM_CHANNEL;
  FH_CHECK(*kind != FH_NORM_CHANNEL || deviation->size == channels, FH_ERR_UNSUPPORTED,
           "a deviation of %td numbers for samples of %td channels x %td points", deviation->size,
           channels, sample / channels);
  fh_grid grid;
  const ptrdiff_t c = *kind == FH_NORM_CHANNEL ? channels : 1, points = sample / c;
  FH_TRY(fh_grid_box(1, &points, FH_PERIODIC, FH_NODE, &grid));
  *shape = (fh_shape){batch, c, fh_layout_whole(&grid)};
  return FH_OK;
}

static fh_status transform(const parity_file *file, const char *group, const char *name,
                           const parity_array *input, const fh_normaliser *n, const fh_shape *shape,
                           parity_report *report)
{
  char what[2 * PARITY_NAME];
  PARITY_ARRAY want = {0};
  PARITY_VALUES *x = NULL;
  snprintf(what, sizeof what, "%s/%s", group, name);
  FH_TRY(parity_read(file, what, &want));
  FH_CHECK(want.size == input->size, FH_ERR_FORMAT, "%s and input have different sizes", what);
  FH_TRY(parity_rounded(input, &x));
  if (!strcmp(name, "encoded"))
    FH_TRY(fh_normaliser_encode(n, shape->batch, shape, x));
  else
    FH_TRY(fh_normaliser_decode(n, shape->batch, shape, x));
  parity_compare(report, what, want.size, x, want.values, 0);
  return FH_OK;
}

static fh_status compare(const parity_file *file, const char *group, double epsilon,
                         const fh_team *team, parity_report *report)
{
  PARITY_ARRAY input = {0}, mean = {0}, deviation = {0};
  PARITY_VALUES *x = NULL;
  fh_shape shape;
  int kind = 0;
  char what[PARITY_NAME + 8];
  FH_TRY(parity_read(file, "input", &input));
  FH_TRY(parity_read_in(file, group, "mean", &mean));
  FH_TRY(parity_read_in(file, group, "std", &deviation));
  FH_CHECK(mean.size == deviation.size, FH_ERR_FORMAT, "%s: mean and std have different sizes",
           group);
  FH_TRY(kind_of(&deviation, &input, &kind, &shape));
  FH_TRY(parity_rounded(&input, &x));
  fh_normaliser *n = NULL;
  source s = {x, fh_shape_sample(&shape)};
  FH_TRY(fh_normaliser_fit(team->world, kind, epsilon, shape.batch, &shape, copy_samples, &s, &n));
  snprintf(what, sizeof what, "%s/mean", group);
  parity_compare_f64(report, what, mean.size, n->mean, mean.values, 0);
  snprintf(what, sizeof what, "%s/std", group);
  parity_compare_f64(report, what, mean.size, n->deviation, deviation.values, 0);
  fh_status st = transform(file, group, "encoded", &input, n, &shape, report);
  if (st == FH_OK) st = transform(file, group, "decoded_of_input", &input, n, &shape, report);
  fh_normaliser_destroy(&n);
  FH_TRY(st);
  return FH_OK;
}

fh_status parity_normaliser(const parity_file *file, const fh_team *team, parity_report *report)
{
  PARITY_CONFIG a;
  PARITY_NAMES groups = {0, NULL};
  double epsilon = strstr(file->class, "neuralop") ? 1e-7 : 1e-5;
  FH_TRY(parity_config_parse(file->config, &a));
  FH_TRY(parity_number(&a, "eps", &epsilon));
  parity_argument(&a, "dim"); /* told by the shape of std */
  FH_TRY(parity_refuse(&a, "mask"));
  FH_TRY(parity_config_finish(&a));
  FH_TRY(parity_list(file, "/", true, &groups));
  FH_CHECK(groups.count > 0, FH_ERR_FORMAT, "there is no normaliser in the file");
  for (int i = 0; i < groups.count; i++) {
    FH_TRY(compare(file, groups.name[i], epsilon, team, report));
    parity_compared(report, "%s(mean std encoded decoded)", groups.name[i]);
  }
  return FH_OK;
}
