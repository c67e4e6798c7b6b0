/* initial - what a run starts from: parameters drawn from the seed and normalisers fitted to the data,
 * or both as a model has them */
#include <stdio.h>
#include <string.h>

#include "io/crc.h"
#include "train/trainer_impl.h"

static fh_status copy_normaliser(const fh_normaliser *n, fh_normaliser **copy)
{
  if (!n) return fh_normaliser_create(FH_NORM_NONE, 0, 0, 0, NULL, NULL, copy);
  return fh_normaliser_create(n->kind, n->epsilon, n->channels, n->points, n->mean, n->deviation,
                              copy);
}

static fh_status check_points(const fh_normaliser *n, const fh_grid *grid, const char *side)
{
  FH_CHECK(!n || n->kind != FH_NORM_POINT || n->points == fh_grid_size(grid), FH_ERR_SHAPE,
           "the %s normaliser of the model to start from was fitted point by point on %td points, "
           "the training set has %td",
           side, n->points, fh_grid_size(grid));
  return FH_OK;
}

static fh_status check_model(const fh_trainer *t, const fh_trained *m)
{
  const fh_grid *grid = fh_dataset_grid(t->dataset);
  const int in = t->setup->spec.in_channels, out = t->setup->spec.out_channels;
  FH_TRY(fh_trained_check_axes(m, grid));
  FH_CHECK(m->spec.in_channels == in && m->spec.out_channels == out, FH_ERR_SHAPE,
           "the model to start from takes %d input and gives %d output channels, %s has %d and %d",
           m->spec.in_channels, m->spec.out_channels, fh_dataset_path(t->dataset), in, out);
  const fh_time_step *has = &m->spec.time, *wanted = &t->setup->spec.time;
  FH_CHECK(has->history == wanted->history && has->stride == wanted->stride, FH_ERR_USAGE,
           "the model to start from steps from %td frames over %td, this run from %td over %td (0: "
           "not in time): choose -pairs, -input_frames and -stride as it was trained",
           has->history, has->stride, wanted->history, wanted->stride);
  FH_TRY(check_points(m->input, grid, "input"));
  return check_points(m->output, grid, "output");
}

fh_status fh_trainer_fit(fh_trainer *t)
{
  const fh_train_config *c = &t->setup->train;
  const fh_trained *m = t->setup->initial;
  if (!m)
    return fh_source_fit(t->team->world, t->dataset, c->normalise_input, c->normalise_output,
                         c->normalise_epsilon, &t->input, &t->output);
  FH_TRY(check_model(t, m));
  FH_TRY(copy_normaliser(m->input, &t->input));
  return copy_normaliser(m->output, &t->output);
}

static int count_params(const fh_bundle *b)
{
  int n = 0;
  for (int i = 0; i < b->n_tensors; i++) n += strncmp(b->tensors[i].name, "normaliser.", 11) != 0;
  return n;
}

static fh_status load(fh_trainer *t, const fh_trained *m)
{
  const int has = count_params(m->bundle), needs = fh_program_n_params(t->program);
  if (fh_trained_load(m, t->program) != FH_OK) {
    char why[512];
    snprintf(why, sizeof why, "%s", fh_status_message());
    FH_RAISE(FH_ERR_USAGE,
             "the run cannot start from a model of another architecture: %s; leave out the "
             "options that differ",
             why);
  }
  FH_CHECK(has == needs, FH_ERR_USAGE,
           "the run cannot start from a model of another architecture: it has %d parameter "
           "tensors, the model of this run %d; leave out the options that differ",
           has, needs);
  t->initial_mark = fh_crc32c(0, fh_program_values(t->program),
                              (size_t)fh_program_param_size(t->program) * sizeof(fh_real));
  return FH_OK;
}

fh_status fh_trainer_draw(fh_trainer *t)
{
  fh_program_init(t->program, (uint64_t)t->setup->train.seed);
  return t->setup->initial ? load(t, t->setup->initial) : FH_OK;
}
