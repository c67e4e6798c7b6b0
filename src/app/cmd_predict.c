/* fredholm predict: what a model makes of the inputs of a data set, as a data set */
#include <string.h>

#include "app/apply.h"
#include "app/predict_cycle.h"
#include "app/predict_patches.h"
#include "app/predict_trajectories.h"
#include "base/clock.h"
#include "base/memory.h"
#include "train/rollout.h"

typedef struct {
  ptrdiff_t n, rollout, cycle;
  bool linear, truth;
} predict_files;

typedef struct {
  char out[FH_TEXT_MAX];
  bool overwrite;
} predict_call;

typedef struct {
  fh_apply_config apply;
  predict_files files;
  predict_call call;
  fh_data_config data;
} predict_config;

#define AT(member) offsetof(predict_files, member)
static const fh_field file_fields[] = {
    {"n", FH_FIELD_INT, AT(n), "0", 0, 1e15, NULL,
     "the first n samples (trajectories) only; 0: all"},
    {"rollout", FH_FIELD_INT, AT(rollout), "0", 0, 1e6, NULL,
     "trajectories: so many steps from the first frames on predictions alone; 0: every frame from "
     "the true ones before it"},
    {"truth", FH_FIELD_BOOL, AT(truth), "true", 0, 0, NULL,
     "store the outputs of the data set beside the predictions; false: a rollout may be longer "
     "than the data"},
    {"mgno_layer", FH_FIELD_INT, AT(cycle), "-1", -1, 1000, NULL,
     "models mgno: not the model but the V-cycle of this layer (from 0); the file then holds its "
     "input f in the network and u = W f"},
    {"linear", FH_FIELD_BOOL, AT(linear), "false", 0, 0, NULL,
     "with -mgno_layer: without biases and norms, so that W is linear"},
    FH_FIELDS_END};
#undef AT

#define AT(member) offsetof(predict_call, member)
static const fh_field call_fields[] = {
    {"out", FH_FIELD_TEXT, AT(out), "", 0, 0, NULL,
     "file to write: inputs, outputs, and predictions as NAME_pred"},
    {"overwrite", FH_FIELD_BOOL, AT(overwrite), "false", 0, 0, NULL,
     "replace the file if it exists"},
    FH_FIELDS_END};
#undef AT

static fh_status declare(fh_options *o, void *config)
{
  predict_config *c = config;
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "model and data", fh_apply_fields, c ? &c->apply : NULL));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "files", file_fields, c ? &c->files : NULL));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "data", fh_data_fields, c ? &c->data : NULL));
  return fh_options_add(o, FH_GROUP_CALL, "call", call_fields, c ? &c->call : NULL);
}

/* everything that a rank needs to predict its samples */
typedef struct {
  const fh_run *run;
  const predict_config *c;
  fh_dataset *dataset; /* not owned */
  fh_operator *op;
  fh_prediction *prediction;
  ptrdiff_t n, batch, nx, ny; /* samples in all, of a call; values of a sample */
  int64_t *samples;
  fh_real *x, *y, *predicted;
} predictor;

static fh_status allocate(predictor *p)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(p->dataset));
  p->nx = fh_dataset_in_channels(p->dataset) * points;
  p->ny = fh_dataset_out_channels(p->dataset) * points;
  FH_NEW(p->samples, p->batch);
  FH_NEW(p->x, p->batch * p->nx);
  FH_NEW(p->y, p->batch * p->ny);
  FH_NEW(p->predicted, p->batch * p->ny);
  return FH_OK;
}

static fh_status predict_batch(predictor *p, ptrdiff_t first, ptrdiff_t count)
{
  const bool truth = p->c->files.truth;
  for (ptrdiff_t k = 0; k < count; k++) p->samples[k] = first + k;
  FH_TRY(fh_dataset_read(p->dataset, count, p->samples, p->x, truth ? p->y : NULL));
  const double start = fh_clock();
  FH_TRY(fh_operator_apply(p->op, count, p->x, p->predicted));
  const double seconds = (fh_clock() - start) / (double)count;
  for (ptrdiff_t k = 0; k < count; k++)
    FH_TRY(fh_prediction_put(p->prediction, first + k, p->x + k * p->nx,
                             truth ? p->y + k * p->ny : NULL, p->predicted + k * p->ny, seconds));
  return FH_OK;
}

static fh_status predict_mine(predictor *p, const fh_team *team)
{
  ptrdiff_t first = 0, last = 0;
  fh_team_share(p->n, team->n_samples, team->sample_part, &first, &last);
  for (ptrdiff_t i = first; i < last; i += p->batch) {
    FH_TRY(predict_batch(p, i, last - i < p->batch ? last - i : p->batch));
  }
  return FH_OK;
}

static fh_status check_call(const predictor *p, const fh_trained *model, ptrdiff_t available)
{
  const predict_config *c = p->c;
  FH_CHECK(p->n <= available, FH_ERR_USAGE, "option -n asks for %td samples but %s holds %td", p->n,
           c->apply.data, available);
  FH_CHECK(fh_dataset_in_channels(p->dataset) == model->spec.in_channels &&
               fh_dataset_out_channels(p->dataset) == model->spec.out_channels,
           FH_ERR_SHAPE,
           "%s has %d input and %d output channels but the model takes %d and gives %d: choose "
           "data sets with -inputs and -outputs",
           c->apply.data, fh_dataset_in_channels(p->dataset), fh_dataset_out_channels(p->dataset),
           model->spec.in_channels, model->spec.out_channels);
  if (c->files.rollout == 0) return FH_OK;
  return fh_rollout_check(&model->spec, p->dataset, c->files.rollout, c->files.truth);
}

static fh_existing existing_of(const predict_config *c)
{
  return c->call.overwrite ? FH_OVERWRITE : FH_REFUSE_EXISTING;
}

static fh_status predict_samples(predictor *p, const fh_team *team)
{
  const predict_config *c = p->c;
  FH_TRY(fh_status_agree(team->world, allocate(p)));
  FH_TRY(fh_prediction_create(team->world, c->call.out, p->dataset, p->n, c->files.truth,
                              p->run->yaml, existing_of(c), &p->prediction));
  FH_TRY(fh_status_agree(team->world, predict_mine(p, team)));
  return fh_prediction_finish(p->prediction);
}

static fh_status predict_patches(predictor *p, const fh_team *team)
{
  const predict_config *c = p->c;
  const fh_patches_call call = {.out = c->call.out,
                                .yaml = p->run->yaml,
                                .existing = existing_of(c),
                                .n = p->n,
                                .truth = c->files.truth};
  return fh_predict_patches(team, &call, p->op, p->dataset);
}

static fh_status predict_trajectories(predictor *p, const fh_team *team, const fh_trained *model)
{
  const predict_config *c = p->c;
  const fh_trajectory_call call = {.out = c->call.out,
                                   .yaml = p->run->yaml,
                                   .existing = existing_of(c),
                                   .n = p->n,
                                   .batch = p->batch,
                                   .rollout = c->files.rollout,
                                   .truth = c->files.truth};
  return fh_predict_trajectories(team, &call, &model->spec, p->op, p->dataset);
}

static fh_status predict_cycle(predictor *p, const fh_team *team, const fh_trained *model)
{
  const predict_config *c = p->c;
  const ptrdiff_t n = fh_dataset_samples(p->dataset);
  const fh_cycle_call call = {.out = c->call.out,
                              .yaml = p->run->yaml,
                              .existing = existing_of(c),
                              .n = c->files.n ? c->files.n : n,
                              .batch = c->apply.batch,
                              .number = (int)c->files.cycle,
                              .linear = c->files.linear};
  p->n = call.n;
  FH_TRY(check_call(p, model, n));
  fh_run_echo(p->run);
  FH_TRY(fh_predict_cycle(team, &call, model, p->dataset));
  fh_log_message(p->run->log, FH_LOG_INFO, "what the V-cycle makes of %td inputs is in %s", call.n,
                 c->call.out);
  return FH_OK;
}

static fh_status predict(predictor *p, const fh_team *team, const fh_trained *model)
{
  const predict_config *c = p->c;
  const fh_dataset_time *t = fh_dataset_pairs(p->dataset);
  const ptrdiff_t available = t ? t->trajectories : fh_dataset_samples(p->dataset);
  p->n = c->files.n ? c->files.n : available;
  p->batch = model->spec.class->patches ? 1 : c->apply.batch;
  FH_TRY(check_call(p, model, available));
  fh_run_echo(p->run);
  FH_TRY(fh_operator_create_patchwise(model, team, fh_dataset_grid(p->dataset), p->batch,
                                      c->apply.patches_at_once, &p->op));
  if (t)
    FH_TRY(predict_trajectories(p, team, model));
  else if (fh_operator_is_patchwise(p->op))
    FH_TRY(predict_patches(p, team));
  else
    FH_TRY(predict_samples(p, team));
  fh_log_message(p->run->log, FH_LOG_INFO, "%td predictions are in %s", p->n, c->call.out);
  return FH_OK;
}

static void clear(predictor *p)
{
  fh_prediction_destroy(&p->prediction);
  fh_operator_destroy(&p->op);
  fh_free(p->samples);
  fh_free(p->x);
  fh_free(p->y);
  fh_free(p->predicted);
}

static fh_status run_predict(fh_run *run, void *config)
{
  predictor p = {.run = run, .c = config};
  fh_applied a;
  FH_TRY(fh_apply_check(&p.c->apply));
  FH_TRY(fh_require("out", p.c->call.out));
  FH_CHECK(p.c->files.cycle >= 0 || !p.c->files.linear, FH_ERR_USAGE,
           "option -linear is about a V-cycle: say which with -mgno_layer");
  FH_CHECK(p.c->files.cycle < 0 || p.c->files.rollout == 0, FH_ERR_USAGE,
           "options -mgno_layer and -rollout do not go together: a V-cycle is no time step");
  FH_CHECK(p.c->files.cycle < 0 || p.c->apply.ranks_per_sample == 1, FH_ERR_USAGE,
           "option -ranks_per_sample is %td, but a V-cycle has no patches to share: leave it out",
           p.c->apply.ranks_per_sample);
  FH_TRY(fh_apply_keep_inputs(run->comm, &p.c->apply, p.c->call.out));
  fh_status st = fh_apply_open(run, &p.c->apply, &p.c->data, &a);
  p.dataset = a.dataset;
  if (st == FH_OK) st = (p.c->files.cycle >= 0 ? predict_cycle : predict)(&p, a.team, a.model);
  clear(&p);
  fh_apply_close(&a);
  return st;
}

const fh_command fh_command_predict = {
    .name = "predict",
    .arguments = "-model_file RUNDIR/model.h5 -data F.h5 -out P.h5",
    .help = "apply a trained model to a data set and store what it predicts",
    .echoes = true,
    .config_bytes = sizeof(predict_config),
    .declare = declare,
    .run = run_predict};
