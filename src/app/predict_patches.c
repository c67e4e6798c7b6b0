#include "app/predict_patches.h"

#include "base/clock.h"

typedef struct {
  const fh_patches_call *call;
  fh_operator *op;
  fh_dataset *dataset;
  fh_prediction *file;
  int64_t sample;   /* in work */
  bool of_output;   /* what is being copied */
  double transfers; /* seconds that reading and writing have taken while the model ran */
} predictor;

/* ---- what the data say, slab by slab ------------------------------------------------------------ */

static fh_status copy_slab(void *context, ptrdiff_t channel, ptrdiff_t first, ptrdiff_t count,
                           const fh_real *values)
{
  const predictor *p = context;
  return fh_prediction_put_run(p->file, p->sample, p->of_output, channel, first, count, values);
}

static fh_status copy_fields(predictor *p)
{
  for (int side = 0; side <= (int)p->call->truth; side++) {
    p->of_output = side == 1;
    FH_TRY(fh_dataset_read_slabs(p->dataset, p->sample, p->of_output, copy_slab, p));
  }
  return FH_OK;
}

/* ---- prediction, patch by patch ----------------------------------------------------------------- */

static fh_status read_points(void *context, const fh_selection *at, fh_real *x)
{
  predictor *p = context;
  const double start = fh_clock();
  FH_TRY(fh_dataset_read_part(p->dataset, p->sample, at, x, NULL, NULL));
  p->transfers += fh_clock() - start;
  return FH_OK;
}

static fh_status write_box(void *context, const fh_layout *box, fh_real *values)
{
  predictor *p = context;
  const double start = fh_clock();
  FH_TRY(fh_prediction_put_box(p->file, p->sample, box, values));
  p->transfers += fh_clock() - start;
  return FH_OK;
}

static fh_status predict_sample(predictor *p, const fh_team *team)
{
  const bool first = team->patch_part == 0; /* of the ranks that share the sample */
  if (first) FH_TRY(copy_fields(p));
  const double start = fh_clock();
  p->transfers = 0;
  FH_TRY(fh_operator_apply_streaming(p->op, read_points, p, write_box, p));
  const double seconds = fh_clock() - start - p->transfers;
  return first ? fh_prediction_put_seconds(p->file, p->sample, seconds) : FH_OK;
}

static fh_status predict_mine(predictor *p, const fh_team *team)
{
  ptrdiff_t first = 0, last = 0;
  fh_team_share(p->call->n, team->n_samples, team->sample_part, &first, &last);
  for (p->sample = first; p->sample < last; p->sample++) FH_TRY(predict_sample(p, team));
  return FH_OK;
}

fh_status fh_predict_patches(const fh_team *team, const fh_patches_call *call, fh_operator *op,
                             fh_dataset *dataset)
{
  predictor p = {.call = call, .op = op, .dataset = dataset};
  FH_TRY(fh_prediction_create_in_runs(team->world, call->out, dataset, call->n, call->truth,
                                      call->yaml, call->existing, &p.file));
  fh_status st = fh_status_agree(team->world, predict_mine(&p, team));
  if (st == FH_OK) st = fh_prediction_finish(p.file);
  fh_prediction_destroy(&p.file);
  return st;
}
