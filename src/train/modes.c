/* modes - the curriculum in a run: spec, program, optimiser and tests with the modes in force */
#include "train/modes.h"

#include <math.h>
#include <string.h>

#include "train/trainer_impl.h"

#define AT(member) offsetof(fh_modes_config, member)
const fh_field fh_modes_fields[] = {
    {"incremental_modes", FH_FIELD_INTS, AT(start), "", 1, 65536, NULL,
     "begin with so many Fourier modes (one number, or one an axis) and add one an axis whenever "
     "the "
     "loss stalls, up to n_modes; default: all from the start"},
    {"incremental_loss_gap", FH_FIELD_REAL, AT(gap), "1e-3", 0, 1e30, NULL,
     "the loss stalls when two epochs' mean losses differ by at most this"},
    {"incremental_buffer", FH_FIELD_INT, AT(buffer), "1", 1, 1e9, NULL,
     "epochs between two additions of modes at least"},
    FH_FIELDS_END};
#undef AT

/* the list that the model's configuration has under that name, or NULL */
static fh_int_list *list_of(const fh_model_spec *spec, const char *name)
{
  for (const fh_field *f = spec->class->fields; f->name; f++)
    if (!strcmp(f->name, name) && f->type == FH_FIELD_INTS)
      return (fh_int_list *)(void *)((char *)spec->config + f->offset);
  return NULL;
}

static fh_status spread(const char *name, int dim, fh_int_list *list)
{
  FH_CHECK(list->count == 1 || list->count == dim, FH_ERR_USAGE,
           "option -%s has %d numbers but the data has %d axes: give one or %d", name, list->count,
           dim, dim);
  for (int a = 1; list->count == 1 && a < dim; a++) list->value[a] = list->value[0];
  list->count = dim;
  return FH_OK;
}

fh_status fh_trainer_modes_begin(fh_trainer *t)
{
  const fh_modes_config *c = &t->setup->modes;
  const int dim = fh_dataset_grid(t->dataset)->dim;
  FH_TRY(fh_model_spec_copy(&t->setup->spec, &t->spec));
  if (c->start.count == 0) return FH_OK;
  fh_int_list *modes = list_of(&t->spec, "n_modes"), *stored = list_of(&t->spec, "max_n_modes");
  FH_CHECK(modes && stored, FH_ERR_USAGE,
           "option -incremental_modes: model %s has no Fourier modes to begin with fewer of",
           t->spec.class->name);
  FH_TRY(spread("n_modes", dim, modes));
  t->modes_most = *modes;
  t->state.modes = c->start;
  FH_TRY(spread("incremental_modes", dim, &t->state.modes));
  for (int a = 0; a < dim; a++)
    FH_CHECK(
        t->state.modes.value[a] <= modes->value[a], FH_ERR_USAGE,
        "option -incremental_modes begins with %td modes along axis %d, but -n_modes ends with "
        "%td: begin with fewer",
        t->state.modes.value[a], a, modes->value[a]);
  for (int a = 0; stored->count == 0 && a < dim; a++)
    stored->value[a] = a == dim - 1 ? modes->value[a] / 2 + 1 : modes->value[a];
  if (stored->count == 0) stored->count = dim;
  *modes = t->state.modes;
  return FH_OK;
}

static bool equal(const fh_int_list *a, const fh_int_list *b)
{
  bool same = a->count == b->count;
  for (int i = 0; same && i < a->count; i++) same = a->value[i] == b->value[i];
  return same;
}

/* the exact sum for the tensors of the new program, which are as many as they were */
static fh_status renew_sum(fh_trainer *t)
{
  int64_t *exponents = NULL;
  FH_NEW(exponents, fh_program_n_blocks(t->program));
  fh_sum_get_exponents(t->sum, exponents);
  const fh_status st = fh_trainer_build_sum(t);
  if (st == FH_OK) fh_sum_set_exponents(t->sum, exponents);
  fh_free(exponents);
  return st;
}

/* the same parameters in a program with the modes of t->spec */
static fh_status rebuild_program(fh_trainer *t)
{
  fh_program *p = NULL;
  fh_optimiser *o = NULL;
  const size_t bytes = (size_t)fh_program_param_size(t->program) * sizeof(fh_real);
  FH_TRY(fh_model_build(&t->spec, t->team, fh_dataset_grid(t->dataset), t->micro, FH_TRAIN,
                        FH_PLANNED, &p));
  memcpy(fh_program_values(p), fh_program_values(t->program), bytes);
  const fh_status st = fh_optimiser_create(&t->setup->optimiser, p, &o);
  if (st != FH_OK) fh_program_destroy(&p);
  FH_TRY(st);
  memcpy(o->first, t->optimiser->first, bytes);
  memcpy(o->second, t->optimiser->second, bytes);
  o->steps = t->optimiser->steps;
  fh_optimiser_destroy(&t->optimiser);
  fh_program_destroy(&t->program);
  t->optimiser = o;
  t->program = p;
  return renew_sum(t);
}

static fh_status reopen_tests(fh_trainer *t)
{
  fh_dataset *sets[FH_MAX_TESTS] = {NULL};
  const int n = t->n_tests;
  for (int i = 0; i < n; i++) sets[i] = t->tests[i].dataset;
  fh_trainer_close_tests(t);
  t->measured = (fh_train_epoch){0}; /* its metrics are gone */
  return fh_trainer_open_tests(t, n, sets);
}

static fh_status use(fh_trainer *t, const fh_int_list *modes)
{
  fh_int_list *now = list_of(&t->spec, "n_modes");
  if (!now || equal(now, modes)) return FH_OK;
  *now = *modes;
  FH_TRY(rebuild_program(t));
  return reopen_tests(t);
}

fh_status fh_trainer_modes_resume(fh_trainer *t)
{
  return t->modes_most.count ? use(t, &t->state.modes) : FH_OK;
}

fh_status fh_trainer_modes_of(fh_trainer *t, const fh_model_spec *spec)
{
  const fh_int_list *modes = list_of(spec, "n_modes");
  return t->modes_most.count && modes ? use(t, modes) : FH_OK;
}

void fh_trainer_modes_note(fh_trainer *t, double loss)
{
  t->state.epoch_loss[0] = t->state.epoch_loss[1];
  t->state.epoch_loss[1] = loss;
}

fh_status fh_trainer_modes_next(fh_trainer *t)
{
  const fh_modes_config *c = &t->setup->modes;
  fh_train_state *s = &t->state;
  if (t->modes_most.count == 0 || s->step > 0 || s->decided == s->epoch) return FH_OK;
  s->decided = s->epoch; /* once an epoch, also if it is resumed */
  const double change = fabs(s->epoch_loss[1] - s->epoch_loss[0]);
  if (s->epoch < 2 || !(change <= c->gap) || s->epoch - s->grown < c->buffer) return FH_OK;
  if (equal(&s->modes, &t->modes_most)) return FH_OK;
  for (int a = 0; a < s->modes.count; a++)
    if (s->modes.value[a] < t->modes_most.value[a]) s->modes.value[a]++;
  s->grown = s->epoch;
  return use(t, &s->modes);
}
