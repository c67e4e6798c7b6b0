/* trainer_tests - the sets that a run is measured on, and the best model by them */
#include <stdio.h>
#include <string.h>

#include "train/trainer_impl.h"

/* before anything is built: parameters of a model of other axes would not fit into this one's */
static fh_status check_axes(const fh_dataset *train, const fh_dataset *test)
{
  const fh_grid *is = fh_dataset_grid(test), *wanted = fh_dataset_grid(train);
  char text[2][64];
  FH_CHECK(
      is->dim == wanted->dim, FH_ERR_SHAPE,
      "%s has a grid of %d axes (%s), %s has %d (%s): train and test on the same number of axes",
      fh_dataset_path(test), is->dim, fh_grid_text(is, text[0]), fh_dataset_path(train),
      wanted->dim, fh_grid_text(wanted, text[1]));
  return FH_OK;
}

/* a parameter that another grid makes another one */
static fh_status check_parameters(const fh_trainer *t, const fh_program *test, const fh_dataset *d)
{
  char text[2][64];
  for (int i = 0; i < fh_program_n_params(t->program); i++) {
    const fh_param *own = fh_program_param(t->program, i), *its = fh_program_param(test, i);
    FH_CHECK(own->size == its->size, FH_ERR_SHAPE,
             "a model for the %s points of the training set cannot be used on the %s of %s: its "
             "parameter %s has %td numbers there and would need %td here%s",
             fh_grid_text(fh_dataset_grid(t->dataset), text[0]),
             fh_grid_text(fh_dataset_grid(d), text[1]), fh_dataset_path(d), own->name, own->size,
             its->size, fh_model_tie(&t->setup->spec, own->name));
  }
  return FH_OK;
}

static fh_status open_test(fh_trainer *t, fh_dataset *d, fh_trainer_test *test)
{
  const fh_model_spec *spec = &t->spec;
  const ptrdiff_t steps = t->setup->train.rollout;
  test->dataset = d;
  FH_TRY(check_axes(t->dataset, d));
  if (steps > 0) FH_TRY(fh_rollout_check(spec, d, steps, true));
  FH_TRY(fh_evaluator_create(t->team, spec, t->input, t->output, d, t->micro, 0, &test->evaluator));
  fh_operator *op = fh_evaluator_operator(test->evaluator);
  FH_TRY(check_parameters(t, fh_operator_program(op), d));
  if (steps == 0) return FH_OK;
  return fh_rollout_create(t->team, spec, op, d, NULL, steps, t->micro, &test->rollout);
}

fh_status fh_trainer_open_tests(fh_trainer *t, int n_tests, fh_dataset *const *tests)
{
  FH_CHECK(t->setup->train.rollout == 0 || n_tests > 0 || t->setup->validation, FH_ERR_USAGE,
           "option -rollout %td asks for an evaluation, but there is neither -test nor -validation",
           t->setup->train.rollout);
  if (t->setup->validation) FH_TRY(open_test(t, t->setup->validation, &t->validation));
  for (int i = 0; i < n_tests; i++) {
    t->n_tests = i + 1;
    FH_TRY(open_test(t, tests[i], &t->tests[i]));
  }
  return FH_OK;
}

static void close_test(fh_trainer_test *test)
{
  fh_rollout_destroy(&test->rollout);
  fh_evaluator_destroy(&test->evaluator);
}

void fh_trainer_close_tests(fh_trainer *t)
{
  close_test(&t->validation);
  for (int i = 0; i < t->n_tests; i++) close_test(&t->tests[i]);
}

fh_status fh_trainer_write_model(fh_trainer *t, const char *name)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", t->folder, name);
  const fh_status st =
      t->team->rank ? FH_OK
                    : fh_trained_write(path, &t->spec, t->program, fh_program_values(t->program),
                                       t->input, t->output, fh_dataset_grid(t->dataset));
  return fh_status_agree(t->team->world, st);
}

static fh_program *program_of(const fh_trainer_test *test)
{
  return fh_operator_program(fh_evaluator_operator(test->evaluator));
}

static fh_status run_test(const fh_trainer_test *test, fh_train_result *r)
{
  r->dataset = test->dataset;
  FH_TRY(fh_evaluator_run(test->evaluator, NULL, &r->metrics));
  return test->rollout ? fh_rollout_run(test->rollout, &r->rollout) : FH_OK;
}

/* best: the model of that file instead of the parameters in force */
static fh_status measure(fh_trainer *t, const fh_trained *best, const fh_trainer_test *test,
                         fh_train_result *r)
{
  const size_t bytes = (size_t)fh_program_param_size(t->program) * sizeof(fh_real);
  fh_program *p = program_of(test);
  if (best)
    FH_TRY(fh_trained_load(best, p));
  else
    memcpy(fh_program_values(p), fh_program_values(t->program), bytes);
  return run_test(test, r);
}

static fh_status measure_all(fh_trainer *t, const fh_trained *best, fh_train_epoch *e)
{
  e->n_tests = t->n_tests;
  if (t->validation.evaluator) FH_TRY(measure(t, best, &t->validation, &e->validation));
  for (int i = 0; i < t->n_tests; i++) FH_TRY(measure(t, best, &t->tests[i], &e->tests[i]));
  e->evaluated = t->n_tests > 0 || t->validation.evaluator;
  return FH_OK;
}

static double error_of(const fh_train_epoch *e)
{
  const fh_train_result *r = e->validation.metrics ? &e->validation : &e->tests[0];
  return r->rollout ? r->rollout->full : fh_metrics_find(r->metrics, "rel_l2")->value;
}

fh_status fh_trainer_evaluate(fh_trainer *t, fh_train_epoch *e)
{
  FH_TRY(measure_all(t, NULL, e));
  if (!e->evaluated) return FH_OK;
  t->measured = *e;
  const double error = error_of(e);
  if (!(error < t->state.best)) return FH_OK;
  t->state.best = error;
  t->state.best_epoch = e->epoch;
  return fh_trainer_write_model(t, "best.h5");
}

static fh_status measure_best(fh_trainer *t, fh_train_epoch *e)
{
  char path[4096];
  fh_trained *best = NULL;
  snprintf(path, sizeof path, "%s/best.h5", t->folder);
  FH_TRY(fh_trained_read(t->team->world, path, &best));
  fh_status st = fh_trainer_modes_of(t, &best->spec);
  if (st == FH_OK) st = measure_all(t, best, e);
  fh_trained_destroy(&best);
  return st;
}

fh_status fh_trainer_tell_best(fh_trainer *t)
{
  fh_train_epoch e = {.epoch = t->state.best_epoch};
  if (e.epoch == 0 || !t->hooks || !t->hooks->best) return FH_OK;
  if (t->measured.epoch == e.epoch)
    e = t->measured;
  else
    FH_TRY(measure_best(t, &e));
  if (e.evaluated) t->hooks->best(t->hooks->context, &e);
  return FH_OK;
}
