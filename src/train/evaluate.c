#include "train/evaluate.h"

#include "base/memory.h"

struct fh_evaluator {
  const fh_team *team;
  fh_dataset *dataset;
  fh_operator *op;
  fh_metrics *metrics;
  fh_shape in, out;
  ptrdiff_t batch, at_once;
  bool by_parts; /* inputs are read as patches need them */
  int64_t *samples;
  fh_real *x, *y, *prediction;
};

static fh_status build(const fh_model_spec *spec, const fh_normaliser *input,
                       const fh_normaliser *output, fh_evaluator *e)
{
  const int in = fh_dataset_in_channels(e->dataset), out = fh_dataset_out_channels(e->dataset);
  FH_CHECK(in == spec->in_channels && out == spec->out_channels, FH_ERR_SHAPE,
           "%s has %d input and %d output channels, the model takes %d and gives %d: choose data "
           "sets with -inputs and -outputs",
           fh_dataset_path(e->dataset), in, out, spec->in_channels, spec->out_channels);
  const fh_layout layout = fh_layout_whole(fh_dataset_grid(e->dataset));
  e->in = (fh_shape){.batch = e->batch, .channels = in, .layout = layout};
  e->out = (fh_shape){.batch = e->batch, .channels = out, .layout = layout};
  FH_TRY(fh_operator_create_from(spec, input, output, e->team, &layout.grid, e->batch, e->at_once,
                                 &e->op));
  e->by_parts =
      fh_operator_is_patchwise(e->op) && e->team->n_patches <= 1 && !fh_dataset_pairs(e->dataset);
  FH_NEW(e->samples, e->batch);
  if (!e->by_parts) FH_NEW(e->x, fh_shape_size(&e->in));
  FH_NEW(e->y, fh_shape_size(&e->out));
  FH_NEW(e->prediction, fh_shape_size(&e->out));
  return FH_OK;
}

fh_status fh_evaluator_create(const fh_team *team, const fh_model_spec *spec,
                              const fh_normaliser *input, const fh_normaliser *output,
                              fh_dataset *dataset, ptrdiff_t batch, ptrdiff_t patches_at_once,
                              fh_evaluator **evaluator)
{
  fh_evaluator *e = NULL;
  *evaluator = NULL;
  FH_NEW(e, 1);
  e->team = team;
  e->dataset = dataset;
  e->batch = spec->class->patches && team->n_patches <= 1 ? 1 : batch; /* room for one field */
  e->at_once = patches_at_once;
  const fh_status st = build(spec, input, output, e);
  if (st != FH_OK) fh_evaluator_destroy(&e);
  *evaluator = e;
  return st;
}

void fh_evaluator_destroy(fh_evaluator **evaluator)
{
  fh_evaluator *e = *evaluator;
  if (!e) return;
  fh_operator_destroy(&e->op);
  fh_metrics_destroy(&e->metrics);
  fh_free(e->samples);
  fh_free(e->x);
  fh_free(e->y);
  fh_free(e->prediction);
  fh_free(e);
  *evaluator = NULL;
}

fh_operator *fh_evaluator_operator(fh_evaluator *e)
{
  return e->op;
}

/* one sample of a set, of which patches read what they need */
typedef struct {
  fh_dataset *dataset;
  int64_t sample;
} one_sample;

static fh_status read_points(void *context, const fh_selection *at, fh_real *x)
{
  const one_sample *s = context;
  return fh_dataset_read_part(s->dataset, s->sample, at, x, NULL, NULL);
}

static fh_status predict(fh_evaluator *e, ptrdiff_t count)
{
  if (!e->by_parts) {
    fh_status read = fh_dataset_read(e->dataset, count, e->samples, e->x, e->y);
    if (e->team->n_patches > 1) read = fh_status_agree(e->team->patches, read);
    FH_TRY(read);
    return fh_operator_apply(e->op, count, e->x, e->prediction);
  }
  FH_TRY(fh_dataset_read(e->dataset, count, e->samples, NULL, e->y));
  for (ptrdiff_t k = 0; k < count; k++) {
    one_sample s = {e->dataset, e->samples[k]};
    FH_TRY(fh_operator_apply_reading(e->op, read_points, &s,
                                     e->prediction + k * fh_shape_sample(&e->out)));
  }
  return FH_OK;
}

static fh_status add_range(fh_evaluator *e, ptrdiff_t first, ptrdiff_t last)
{
  for (ptrdiff_t i = first; i < last; i += e->batch) {
    const ptrdiff_t count = last - i < e->batch ? last - i : e->batch;
    for (ptrdiff_t k = 0; k < count; k++) e->samples[k] = i + k;
    FH_TRY(predict(e, count));
    if (e->team->patch_part) continue; /* the first of the ranks that share the sample counts it */
    FH_TRY(fh_metrics_add(e->metrics, count, e->prediction, e->y, e->samples));
  }
  return FH_OK;
}

fh_status fh_evaluator_run(fh_evaluator *e, const fh_metrics_config *config,
                           const fh_metrics **metrics)
{
  const ptrdiff_t n = fh_dataset_samples(e->dataset);
  ptrdiff_t first = 0, last = 0;
  fh_metrics_destroy(&e->metrics);
  FH_TRY(fh_metrics_create(config, &e->out, n, &e->metrics));
  fh_team_share(n, e->team->n_samples, e->team->sample_part, &first, &last);
  FH_TRY(fh_status_agree(e->team->world, add_range(e, first, last)));
  FH_TRY(fh_metrics_reduce(e->metrics, e->team->world));
  *metrics = e->metrics;
  return FH_OK;
}
