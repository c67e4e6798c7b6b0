#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/crc.h"
#include "train/trainer_impl.h"

static const char *const loss_spaces[] = {"normalised", "physical", NULL};
static const char *const reductions[] = {"sum", "mean", NULL};

#define AT(member) offsetof(fh_train_config, member)
const fh_field fh_train_fields[] = {
    {"epochs", FH_FIELD_INT, AT(epochs), "100", 0, 1e9, NULL, "passes over the training set"},
    {"batch", FH_FIELD_INT, AT(batch), "16", 1, 1e9, NULL, "samples of one optimiser step"},
    {"unit", FH_FIELD_INT, AT(unit), "0", 0, 1e9, NULL,
     "samples whose gradient one rank sums before the exact sum over ranks; 0: a quarter of the "
     "batch"},
    {"micro_batch", FH_FIELD_INT, AT(micro_batch), "0", 0, 1e9, NULL,
     "samples of one forward and backward; 0: as many as fit the cache, or share large weights"},
    {"seed", FH_FIELD_INT, AT(seed), "0", 0, 9e15, NULL,
     "of the initial parameters and of the order of the samples"},
    {"shuffle", FH_FIELD_BOOL, AT(shuffle), "true", 0, 0, NULL, "a new order every epoch"},
    {"normalise_input", FH_FIELD_ENUM, AT(normalise_input), "none", 0, 0, fh_norm_names,
     "mean and deviation of the inputs: none, per channel, per point, one scalar"},
    {"normalise_output", FH_FIELD_ENUM, AT(normalise_output), "channel", 0, 0, fh_norm_names,
     "the same for the outputs; predictions are given in physical units"},
    {"normalise_epsilon", FH_FIELD_REAL, AT(normalise_epsilon), "1e-7", 0, 1, NULL,
     "added to the deviations"},
    {"loss_space", FH_FIELD_ENUM, AT(loss_space), "normalised", 0, 0, loss_spaces,
     "compare normalised outputs, or outputs in physical units"},
    {"loss_blocks", FH_FIELD_INTS, AT(loss_blocks), "1", 1, 65536, NULL,
     "blocks per axis whose losses are summed; 1: the loss of the whole field, 2^levels: of each "
     "patch"},
    {"loss_reduction", FH_FIELD_ENUM, AT(loss_reduction), "sum", 0, 0, reductions,
     "sum or mean of the losses of a batch"},
    {"eval_every", FH_FIELD_INT, AT(eval_every), "1", 0, 1e9, NULL,
     "epochs between evaluations on the test sets; 0: only after the last"},
    {"rollout", FH_FIELD_INT, AT(rollout), "0", 0, 1e9, NULL,
     "trajectories: evaluations also run so many steps from each first frame on predictions alone; "
     "the error of all steps together then decides which model is the best; 0: no"},
    {"checkpoint_every", FH_FIELD_INT, AT(checkpoint_every), "10", 0, 1e9, NULL,
     "epochs between checkpoints; 0: only after the last and on request"},
    {"max_skips", FH_FIELD_INT, AT(max_skips), "20", 0, 1e9, NULL,
     "steps in a row that may be not finite (they change nothing) before the run gives up"},
    {"cache_mb", FH_FIELD_INT, AT(cache_mb), "1024", 0, 1e9, NULL,
     "keep the training set in memory if it needs at most this many MB per rank"},
    FH_FIELDS_END};
#undef AT

/* ---- build --------------------------------------------------------------------------------------- */

/* Samples of one call: as many as keep the arena in a few MB of cache; where the weights outweigh the fields, up to four
 * share a reading of them, for at most three times the weights' memory (patches of one sample share it already). It
 * depends on the model and the grid alone, so that the bits of a run do not depend on the ranks. */
static ptrdiff_t micro_batch(const fh_program *one, bool patches, int ranks_per_sample)
{
  enum { CACHE_BYTES = 4 << 20, SHARING = 4 };
  const fh_program_memory m = fh_program_bytes(one);
  const ptrdiff_t arena = (ptrdiff_t)m.arena * ranks_per_sample + 1,
                  parameters = fh_program_param_size(one) * (ptrdiff_t)sizeof(fh_real),
                  weights = parameters + (ptrdiff_t)m.derived / 2; /* the rest: their gradients */
  const ptrdiff_t fit = CACHE_BYTES / arena, share = patches ? 0 : 3 * weights / arena;
  const ptrdiff_t least = share < SHARING ? share : SHARING;
  return fit > least ? fit : least;
}

/* the program of one sample as it is without -recompute, which changes memory and time but no bits */
static fh_status build_one(const fh_trainer *t, fh_program **one)
{
  FH_TRY(fh_model_program(&t->setup->spec, t->team, fh_dataset_grid(t->dataset), 1, one));
  fh_program_recompute(*one, false);
  const fh_status st = fh_program_build(*one, FH_TRAIN, FH_PLANNED);
  if (st != FH_OK) fh_program_destroy(one);
  return st;
}

static fh_status choose_sizes(fh_trainer *t)
{
  const fh_train_config *c = &t->setup->train;
  const ptrdiff_t n = fh_source_samples(t->source), batch = c->batch < n ? c->batch : n;
  t->batch = batch;
  t->unit = c->unit ? c->unit : (batch + 3) / 4;
  if (t->unit > batch) t->unit = batch;
  t->micro = c->micro_batch;
  if (!t->micro) {
    fh_program *one = NULL;
    FH_TRY(build_one(t, &one));
    t->micro = micro_batch(one, t->setup->spec.class->patches != NULL, t->team->n_patches);
    fh_program_destroy(&one);
  }
  if (t->micro < 1) t->micro = 1;
  if (t->micro > t->unit) t->micro = t->unit;
  const ptrdiff_t units = (batch + t->unit - 1) / t->unit;
  const ptrdiff_t share = batch / t->team->n_samples;
  FH_CHECK(
      units >= t->team->n_samples, FH_ERR_USAGE,
      "%d ranks share the %td units of a batch of %td samples: start at most %td ranks, or set "
      "-unit %td%s",
      t->team->n_samples, units, batch, units, share > 0 ? share : 1,
      share > 0 ? "" : " and a larger -batch");
  t->steps_per_epoch = (n + c->batch - 1) / c->batch;
  return FH_OK;
}

static fh_status build_schedule(fh_trainer *t)
{
  fh_schedule_config c = t->setup->schedule;
  const ptrdiff_t epochs = t->setup->train.epochs;
  const bool has_period = c.kind == FH_SCHEDULE_COSINE || c.kind == FH_SCHEDULE_ONECYCLE;
  if (has_period && c.period == 0) c.period = c.per_step ? epochs * t->steps_per_epoch : epochs;
  if (has_period && c.period == 0) c.period = 1; /* no epochs: only the first model is wanted */
  return fh_schedule_create(&c, &t->schedule);
}

/* one block of the exact sum for each parameter, and each tensor whose adjoint waits for the sum, the gap behind it
 * included */
fh_status fh_trainer_build_sum(fh_trainer *t)
{
  const int n = fh_program_n_blocks(t->program);
  ptrdiff_t *blocks = NULL;
  FH_NEW(blocks, n + 1);
  for (int i = 0; i <= n; i++) blocks[i] = fh_program_block(t->program, i);
  fh_sum_destroy(&t->sum);
  fh_free(t->total);
  t->total = NULL;
  /* ranks that share samples each add their part of a unit */
  const ptrdiff_t units = (t->batch + t->unit - 1) / t->unit;
  const fh_status st =
      fh_sum_create(t->team->world, n, blocks, units * t->team->n_patches, &t->sum);
  const ptrdiff_t size = blocks[n];
  fh_free(blocks);
  FH_TRY(st);
  FH_NEW(t->total, size);
  return FH_OK;
}

static fh_status build_buffers(fh_trainer *t)
{
  const fh_shape truth = fh_source_out_shape(t->source, t->micro);
  t->in = fh_source_in_shape(t->source, t->micro);
  FH_NEW(t->order, fh_source_samples(t->source));
  FH_NEW(t->losses, t->batch);
  FH_NEW(t->x, fh_shape_size(&t->in));
  FH_NEW(t->y, fh_shape_size(&truth));
  FH_NEW(t->slope, fh_shape_size(fh_program_output_shape(t->program, 0)));
  t->order_epoch = -1;
  t->state.best = (double)INFINITY;
  return FH_OK;
}

/* Of three samples as the model sees them, normalised with what was fitted to all: a run that goes
 * on with other data under the same name is found out. */
static fh_status mark_samples(fh_trainer *t, fh_source *whole)
{
  const ptrdiff_t n = fh_source_samples(whole);
  const fh_shape in = fh_source_in_shape(whole, 1), out = fh_source_out_shape(whole, 1);
  const ptrdiff_t nx = fh_shape_sample(&in), ny = fh_shape_sample(&out);
  const int64_t samples[] = {0, n / 2, n - 1};
  fh_real *both = NULL;
  fh_status st = FH_OK;
  FH_NEW(both, nx + ny);
  for (int i = 0; i < 3 && st == FH_OK; i++) {
    st = fh_source_read(whole, 1, &samples[i], both, both + nx);
    t->data_mark = fh_crc32c(t->data_mark, both, (size_t)nx * sizeof *both);
    t->data_mark = fh_crc32c(t->data_mark, both + nx, (size_t)ny * sizeof *both);
  }
  fh_free(both);
  return st;
}

/* rank 0 reads them: the others may have no room for whole fields */
static fh_status mark_data(fh_trainer *t)
{
  const bool physical = t->setup->train.loss_space == 1;
  fh_source *whole = NULL;
  fh_status st = FH_OK;
  if (t->team->rank == 0) {
    st = fh_source_create(t->dataset, t->input, physical ? NULL : t->output, 0, &whole);
    if (st == FH_OK) st = mark_samples(t, whole);
    fh_source_destroy(&whole);
  }
  FH_TRY(fh_status_agree(t->team->world, st));
  FH_TRY_MPI(MPI_Bcast(&t->data_mark, 1, MPI_UINT32_T, 0, t->team->world));
  return FH_OK;
}

static fh_status check_channels(const fh_trainer *t)
{
  const fh_model_spec *s = &t->setup->spec;
  const int in = fh_dataset_in_channels(t->dataset), out = fh_dataset_out_channels(t->dataset);
  FH_CHECK(in == s->in_channels && out == s->out_channels, FH_ERR_SHAPE,
           "%s has %d input and %d output channels, the model is made for %d and %d",
           fh_dataset_path(t->dataset), in, out, s->in_channels, s->out_channels);
  FH_CHECK(fh_dataset_samples(t->dataset) > 0, FH_ERR_USAGE, "%s holds no samples to train on",
           fh_dataset_path(t->dataset));
  return FH_OK;
}

static fh_status build_objective(fh_trainer *t)
{
  const fh_train_setup *s = t->setup;
  const bool physical = s->train.loss_space == 1;
  const fh_objective_config config = {.loss = &s->loss,
                                      .blocks = &s->train.loss_blocks,
                                      .decode = physical ? t->output : NULL,
                                      .part = &t->part};
  FH_TRY(
      fh_objective_create(t->team, &config, fh_program_output_shape(t->program, 0), &t->objective));
  if (t->team->n_patches > 1)
    FH_TRY(fh_source_select(t->source, &t->part.in, fh_objective_truth(t->objective)));
  return FH_OK;
}

static fh_status build(fh_trainer *t)
{
  const fh_train_setup *s = t->setup;
  const fh_grid *grid = fh_dataset_grid(t->dataset);
  const bool physical = s->train.loss_space == 1;
  FH_TRY(check_channels(t));
  FH_TRY(fh_trainer_fit(t));
  FH_TRY(fh_source_create(t->dataset, t->input, physical ? NULL : t->output,
                          (size_t)s->train.cache_mb << 20, &t->source));
  FH_TRY(choose_sizes(t));
  FH_TRY(fh_trainer_modes_begin(t));
  FH_TRY(fh_model_part_find(&t->spec, t->team, grid, &t->part));
  FH_TRY(fh_model_build(&t->spec, t->team, grid, t->micro, FH_TRAIN, FH_PLANNED, &t->program));
  if (!t->spec.class->patches) FH_TRY(fh_model_check_prediction(t->program, grid));
  FH_TRY(fh_trainer_draw(t));
  FH_TRY(build_objective(t));
  FH_TRY(build_buffers(t));
  FH_TRY(mark_data(t));
  FH_TRY(fh_optimiser_create(&s->optimiser, t->program, &t->optimiser));
  FH_TRY(build_schedule(t));
  return fh_trainer_build_sum(t);
}

static void destroy(fh_trainer *t)
{
  fh_trainer_close_tests(t);
  fh_sum_destroy(&t->sum);
  fh_optimiser_destroy(&t->optimiser);
  fh_objective_destroy(&t->objective);
  fh_model_spec_clear(&t->spec);
  fh_program_destroy(&t->program);
  fh_source_destroy(&t->source);
  fh_model_part_clear(&t->part);
  fh_normaliser_destroy(&t->input);
  fh_normaliser_destroy(&t->output);
  fh_free(t->order);
  fh_free(t->losses);
  fh_free(t->x);
  fh_free(t->y);
  fh_free(t->slope);
  fh_free(t->total);
}

/* ---- the run --------------------------------------------------------------------------------------- */

static void tell_progress(const fh_trainer *t)
{
  const fh_train_state *s = &t->state;
  if (!t->hooks || !t->hooks->progress) return;
  const fh_train_progress p = {.epoch = s->epoch + 1,
                               .epochs = t->setup->train.epochs,
                               .step = s->step,
                               .steps = t->steps_per_epoch,
                               .loss = s->loss_sum / (double)s->loss_samples,
                               .rate = t->schedule.rate,
                               .skipped = s->skipped};
  t->hooks->progress(t->hooks->context, &p);
}

static bool due(ptrdiff_t every, ptrdiff_t epoch, ptrdiff_t epochs)
{
  return epoch == epochs || (every > 0 && epoch % every == 0);
}

/* runs the steps that are left in this epoch; *ended: a stop was asked for and everything is saved */
static fh_status run_steps(fh_trainer *t, bool *ended)
{
  while (t->state.step < t->steps_per_epoch) {
    int stop = 0;
    FH_TRY(fh_trainer_step(t, &stop));
    tell_progress(t);
    if (stop) FH_TRY(fh_trainer_save(t));
    *ended = stop >= FH_STOP_END;
    if (*ended) return FH_OK;
  }
  return FH_OK;
}

static fh_status end_epoch(fh_trainer *t, double seconds)
{
  const fh_train_config *c = &t->setup->train;
  fh_train_epoch e = {.epoch = t->state.epoch + 1,
                      .loss = t->state.loss_sum / (double)t->state.loss_samples,
                      .rate = t->schedule.rate,
                      .seconds = seconds,
                      .skipped = t->state.skipped,
                      .modes = t->modes_most.count ? &t->state.modes : NULL};
  fh_trainer_modes_note(t, e.loss);
  if (!t->schedule.config.per_step) fh_schedule_advance(&t->schedule);
  t->state.epoch++;
  t->state.step = 0;
  t->state.loss_sum = 0;
  t->state.loss_samples = 0;
  if (due(c->eval_every, e.epoch, c->epochs)) {
    FH_TRY(fh_trainer_evaluate(t, &e));
  }
  if (t->hooks && t->hooks->epoch) t->hooks->epoch(t->hooks->context, &e);
  if (due(c->checkpoint_every, e.epoch, c->epochs)) FH_TRY(fh_trainer_save(t));
  return FH_OK;
}

static fh_status run(fh_trainer *t, bool resume)
{
  bool found = false, ended = false;
  if (resume) FH_TRY(fh_trainer_load(t, &found));
  if (found) FH_TRY(fh_trainer_modes_resume(t));
  if (t->hooks && t->hooks->ready) FH_TRY(t->hooks->ready(t->hooks->context));
  if (found && t->hooks && t->hooks->resumed) t->hooks->resumed(t->hooks->context, t->state.epoch);
  while (t->state.epoch < t->setup->train.epochs) {
    const double start = fh_clock();
    FH_TRY(fh_trainer_modes_next(t));
    FH_TRY(run_steps(t, &ended));
    if (ended)
      FH_RAISE(FH_STOPPED, "stopped on request after epoch %td, step %td: %s can be resumed",
               t->state.epoch + 1, t->state.step, t->folder);
    FH_TRY(end_epoch(t, fh_clock() - start));
  }
  FH_TRY(fh_trainer_write_model(t, "model.h5"));
  return fh_trainer_tell_best(t);
}

fh_status fh_train_run(const fh_team *team, const fh_train_setup *setup, fh_dataset *train,
                       int n_tests, fh_dataset *const *tests, const char *folder, bool resume,
                       const fh_train_hooks *hooks)
{
  FH_CHECK(n_tests >= 0 && n_tests <= FH_MAX_TESTS, FH_ERR_ARG,
           "%d test sets; at most %d are possible", n_tests, FH_MAX_TESTS);
  fh_trainer t = {.team = team, .setup = setup, .hooks = hooks, .folder = folder, .dataset = train};
  fh_status st = build(&t);
  if (st == FH_OK) st = fh_trainer_open_tests(&t, n_tests, tests);
  if (st == FH_OK) st = run(&t, resume);
  destroy(&t);
  return st;
}

fh_status fh_train_plan(const fh_team *team, const fh_train_setup *setup, fh_dataset *train,
                        fh_train_estimate *e)
{
  fh_trainer t = {.team = team, .setup = setup, .folder = "", .dataset = train};
  const fh_status st = build(&t);
  if (st == FH_OK) {
    const ptrdiff_t batch = t.batch;
    const size_t reals = (size_t)fh_program_param_size(t.program);
    const int blocks = fh_program_n_blocks(t.program);
    const size_t waiting = (size_t)fh_program_block(t.program, blocks) - reals;
    const fh_cost cost = fh_program_cost(t.program); /* of a rank's patches of a sample */
    *e = (fh_train_estimate){.steps_per_epoch = t.steps_per_epoch,
                             .batch = batch,
                             .unit = t.unit,
                             .micro_batch = t.micro,
                             .units = (batch + t.unit - 1) / t.unit,
                             .arena_bytes = fh_program_bytes(t.program).arena +
                                            fh_program_bytes(t.program).derived,
                             .state_bytes = reals * (5 * sizeof(fh_real) + sizeof(int64_t)) +
                                            waiting * (sizeof(fh_real) + sizeof(int64_t)),
                             .flops_per_step = 3 * (double)(batch * team->n_patches) * cost.flops};
    for (int i = 0; i < fh_program_n_params(t.program); i++)
      e->parameters += fh_program_param(t.program, i)->size;
  }
  destroy(&t);
  return st;
}
