/* checkpoint - the whole state of a run in one bundle; two generations, the newer valid one counts */
#include "train/trainer_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/bundle_comm.h"

enum { CHECKPOINT_VERSION = 1, GENERATIONS = 2, SETUP_BYTES = 1 << 16 };

#ifdef FH_DOUBLE
static const fh_dtype real_type = FH_F64;
#else
static const fh_dtype real_type = FH_F32;
#endif

static void path_of(const fh_trainer *t, int64_t generation, char path[4096])
{
  snprintf(path, 4096, "%s/checkpoint-%d.h5", t->folder, (int)(generation % GENERATIONS));
}

/* ---- the setup as text: a checkpoint of another setup is refused ------------------------------ */

/* fields that may change between a run and its continuation without changing its course */
static bool may_change(const char *name)
{
  static const char *const names[] = {"epochs",    "eval_every", "checkpoint_every",
                                      "max_skips", "cache_mb",   NULL};
  for (int i = 0; names[i]; i++)
    if (!strcmp(name, names[i])) return true;
  return false;
}

static size_t describe(const char *section, const fh_field *fields, const void *config, char *text,
                       size_t used)
{
  char value[FH_VALUE_MAX];
  for (; fields->name; fields++) {
    if (may_change(fields->name)) continue;
    fh_config_get(fields, config, value, sizeof value);
    const int more =
        snprintf(text + used, SETUP_BYTES - used, "%s.%s: %s\n", section, fields->name, value);
    if (more < 0 || (size_t)more >= SETUP_BYTES - used) return used;
    used += (size_t)more;
  }
  return used;
}

static size_t describe_time(const fh_dataset_time *t, char *text, size_t used)
{
  if (!t) return used;
  return used + (size_t)snprintf(
                    text + used, SETUP_BYTES - used,
                    "trajectories: %td\nframes: %td from %td\ninput frames: %td\nstride: %td\n",
                    t->trajectories, t->frames, t->first, t->history, t->stride);
}

static void describe_setup(const fh_trainer *t, char *text)
{
  const fh_train_setup *s = t->setup;
  char grid[64];
  size_t used = (size_t)snprintf(text, SETUP_BYTES,
                                 "model: %s\nsamples: %td\ngrid: %s\ndata: %08" PRIx32 "\n",
                                 s->spec.class->name, fh_source_samples(t->source),
                                 fh_grid_text(&t->in.layout.grid, grid), t->data_mark);
  used = describe_time(fh_dataset_pairs(t->dataset), text, used);
  if (t->setup->validation)
    used += (size_t)snprintf(text + used, SETUP_BYTES - used, "validation samples: %td\n",
                             fh_dataset_samples(t->setup->validation));
  used += (size_t)snprintf(text + used, SETUP_BYTES - used, "unit: %td\nmicro_batch: %td\n",
                           t->unit, t->micro);
  if (s->initial)
    used += (size_t)snprintf(text + used, SETUP_BYTES - used, "initial parameters: %08" PRIx32 "\n",
                             t->initial_mark);
  used = describe("train", fh_train_fields, &s->train, text, used);
  used = describe("loss", fh_loss_fields, &s->loss, text, used);
  used = describe("optimiser", fh_optimiser_fields, &s->optimiser, text, used);
  used = describe("schedule", fh_schedule_fields, &t->schedule.config, text, used);
  used = describe("modes", fh_modes_fields, &s->modes, text, used);
  describe("model", s->spec.class->fields, s->spec.config, text, used);
}

/* the first line in which two texts differ */
static void first_difference(const char *a, const char *b, char line_a[160], char line_b[160])
{
  while (*a && *b) {
    const size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
    if (na != nb || strncmp(a, b, na) != 0) break;
    a += na + (a[na] == '\n');
    b += nb + (b[nb] == '\n');
  }
  snprintf(line_a, 160, "%.*s", (int)strcspn(a, "\n"), a);
  snprintf(line_b, 160, "%.*s", (int)strcspn(b, "\n"), b);
}

static fh_status check_setup(const fh_trainer *t, const fh_bundle *b)
{
  const char *theirs = fh_bundle_find_text(b, "setup");
  char *ours = NULL, here[160], there[160];
  FH_CHECK(theirs, FH_ERR_FORMAT, "the checkpoint in %s does not say how it was made", t->folder);
  FH_NEW(ours, SETUP_BYTES);
  describe_setup(t, ours);
  const bool same = !strcmp(ours, theirs);
  if (!same) first_difference(ours, theirs, here, there);
  fh_free(ours);
  FH_CHECK(same, FH_ERR_USAGE,
           "the checkpoint in %s is of another run: it has '%s', you ask for '%s'; use the same "
           "options or another -out",
           t->folder, there, here);
  return FH_OK;
}

/* ---- save -------------------------------------------------------------------------------------- */

enum { N_COUNTS = 8, N_NUMBERS = 4 };

enum { N_MODES = 2 + FH_MAX_DIM };

static fh_status add_modes(const fh_trainer *t, fh_bundle *b)
{
  const fh_train_state *s = &t->state;
  const ptrdiff_t n_modes = N_MODES, n_losses = 2;
  int64_t modes[N_MODES] = {s->grown, s->decided};
  if (t->modes_most.count == 0) return FH_OK;
  for (int a = 0; a < s->modes.count && a < FH_MAX_DIM; a++) modes[2 + a] = s->modes.value[a];
  FH_TRY(fh_bundle_add(b, "modes", FH_I64, 1, &n_modes, modes));
  return fh_bundle_add(b, "epoch_losses", FH_F64, 1, &n_losses, s->epoch_loss);
}

static fh_status restore_modes(fh_trainer *t, const fh_bundle *b, int axes)
{
  fh_train_state *s = &t->state;
  if (t->modes_most.count == 0) return FH_OK;
  const fh_tensor *modes = fh_bundle_find(b, "modes");
  FH_CHECK(modes && modes->dtype == FH_I64 && modes->size == N_MODES, FH_ERR_FORMAT,
           "the checkpoint does not say which modes it has: %td numbers instead of %d",
           modes ? modes->size : (ptrdiff_t)0, N_MODES);
  const int64_t *v = modes->data;
  s->grown = (ptrdiff_t)v[0];
  s->decided = (ptrdiff_t)v[1];
  s->modes.count = axes;
  for (int a = 0; a < axes; a++) {
    s->modes.value[a] = (ptrdiff_t)v[2 + a];
    FH_CHECK(v[2 + a] >= 1 && v[2 + a] <= t->modes_most.value[a], FH_ERR_FORMAT,
             "the checkpoint has %lld modes along axis %d, this run 1 to %td", (long long)v[2 + a],
             a, t->modes_most.value[a]);
  }
  return fh_bundle_get_f64(b, "epoch_losses", 2, s->epoch_loss);
}

static fh_status add_state(const fh_trainer *t, fh_bundle *b)
{
  const fh_train_state *s = &t->state;
  const int64_t counts[N_COUNTS] = {t->generation,    s->epoch,           s->step,
                                    s->loss_samples,  s->skipped,         s->skips_in_a_row,
                                    t->schedule.step, t->optimiser->steps};
  const double numbers[N_NUMBERS] = {s->loss_sum, s->best, t->schedule.rate, t->schedule.beta1};
  const ptrdiff_t n_counts = N_COUNTS, n_numbers = N_NUMBERS;
  const ptrdiff_t n_exponents = fh_program_n_blocks(t->program), one = 1;
  const int64_t best_epoch = s->best_epoch;
  int64_t *exponents = NULL;
  FH_NEW(exponents, n_exponents);
  fh_sum_get_exponents(t->sum, exponents);
  fh_status st = fh_bundle_add(b, "counts", FH_I64, 1, &n_counts, counts);
  if (st == FH_OK) st = fh_bundle_add(b, "numbers", FH_F64, 1, &n_numbers, numbers);
  if (st == FH_OK) st = fh_bundle_add(b, "best_epoch", FH_I64, 1, &one, &best_epoch);
  if (st == FH_OK) st = fh_bundle_add(b, "exponents", FH_I64, 1, &n_exponents, exponents);
  fh_free(exponents);
  if (st == FH_OK) st = add_modes(t, b);
  return st;
}

static fh_status fill(const fh_trainer *t, fh_bundle *b)
{
  const ptrdiff_t n = fh_program_param_size(t->program);
  char *text = NULL;
  FH_NEW(text, SETUP_BYTES);
  describe_setup(t, text);
  const fh_status st = fh_bundle_add_text(b, "setup", text);
  fh_free(text);
  FH_TRY(st);
  FH_TRY(add_state(t, b));
  FH_TRY(fh_bundle_add(b, "values", real_type, 1, &n, fh_program_values(t->program)));
  FH_TRY(fh_bundle_add(b, "first", real_type, 1, &n, t->optimiser->first));
  return fh_bundle_add(b, "second", real_type, 1, &n, t->optimiser->second);
}

static fh_status save_here(fh_trainer *t)
{
  char path[4096];
  fh_bundle *b = NULL;
  path_of(t, t->generation, path);
  FH_TRY(fh_bundle_create("checkpoint", CHECKPOINT_VERSION, &b));
  fh_status st = fill(t, b);
  if (st == FH_OK) st = fh_bundle_write(b, path);
  fh_bundle_destroy(&b);
  return st;
}

fh_status fh_trainer_save(fh_trainer *t)
{
  t->generation++;
  return fh_status_agree(t->team->world, t->team->rank == 0 ? save_here(t) : FH_OK);
}

/* ---- load -------------------------------------------------------------------------------------- */

static int64_t generation_of(const fh_bundle *b)
{
  const fh_tensor *counts = fh_bundle_find(b, "counts");
  if (b->version != CHECKPOINT_VERSION || !counts || counts->dtype != FH_I64 ||
      counts->size != N_COUNTS)
    return -1;
  return ((const int64_t *)counts->data)[0];
}

/* the newest generation that reads without an error, or NULL; a damaged one is passed over */
static fh_bundle *newest(const fh_trainer *t)
{
  fh_bundle *best = NULL;
  for (int g = 0; g < GENERATIONS; g++) {
    char path[4096];
    fh_bundle *b = NULL;
    path_of(t, g, path);
    if (fh_bundle_read(path, "checkpoint", &b) != FH_OK) {
      fh_status_clear();
      continue;
    }
    if (generation_of(b) > (best ? generation_of(best) : -1)) {
      fh_bundle_destroy(&best);
      best = b;
    } else {
      fh_bundle_destroy(&b);
    }
  }
  return best;
}

static fh_status copy_array(const fh_bundle *b, const char *name, ptrdiff_t n, fh_real *values)
{
  const fh_tensor *a = fh_bundle_find(b, name);
  FH_CHECK(a && a->dtype == real_type && a->size == n, FH_ERR_FORMAT,
           "the checkpoint's %s has %td numbers, this run needs %td in " FH_PRECISION, name,
           a ? a->size : (ptrdiff_t)0, n);
  memcpy(values, a->data, (size_t)n * sizeof *values);
  return FH_OK;
}

/* Older checkpoints have those of the parameters only: then the first step is repeated once. */
static fh_status restore_exponents(fh_trainer *t, const fh_bundle *b)
{
  const fh_tensor *stored = fh_bundle_find(b, "exponents");
  const int n = fh_program_n_blocks(t->program), params = fh_program_n_params(t->program);
  int64_t *exponents = NULL;
  FH_CHECK(stored && stored->dtype == FH_I64 && (stored->size == n || stored->size == params),
           FH_ERR_FORMAT,
           "the checkpoint has exponents for %td blocks of the gradient, the model has %d",
           stored ? stored->size : (ptrdiff_t)0, n);
  FH_NEW(exponents, n);
  for (int i = 0; i < n; i++)
    exponents[i] = i < stored->size ? ((const int64_t *)stored->data)[i] : INT64_MIN;
  fh_sum_set_exponents(t->sum, exponents);
  fh_free(exponents);
  return FH_OK;
}

static fh_status restore_state(fh_trainer *t, const fh_bundle *b)
{
  double numbers[N_NUMBERS];
  FH_TRY(fh_bundle_get_f64(b, "numbers", N_NUMBERS, numbers));
  FH_TRY(restore_exponents(t, b));
  const int64_t *c = fh_bundle_find(b, "counts")->data;
  t->generation = c[0];
  t->state = (fh_train_state){.epoch = (ptrdiff_t)c[1],
                              .step = (ptrdiff_t)c[2],
                              .loss_samples = (ptrdiff_t)c[3],
                              .skipped = (ptrdiff_t)c[4],
                              .skips_in_a_row = (ptrdiff_t)c[5],
                              .loss_sum = numbers[0],
                              .best = numbers[1]};
  const fh_tensor *best = fh_bundle_find(b, "best_epoch"); /* older checkpoints have none */
  if (best && best->dtype == FH_I64 && best->size == 1)
    t->state.best_epoch = (ptrdiff_t)((const int64_t *)best->data)[0];
  t->schedule.step = (ptrdiff_t)c[6];
  t->optimiser->steps = c[7];
  t->schedule.rate = numbers[2];
  t->schedule.beta1 = numbers[3];
  return restore_modes(t, b, t->modes_most.count);
}

static fh_status restore(fh_trainer *t, const fh_bundle *b)
{
  const ptrdiff_t n = fh_program_param_size(t->program);
  FH_TRY(check_setup(t, b));
  FH_TRY(copy_array(b, "values", n, fh_program_values(t->program)));
  FH_TRY(copy_array(b, "first", n, t->optimiser->first));
  FH_TRY(copy_array(b, "second", n, t->optimiser->second));
  return restore_state(t, b);
}

fh_status fh_trainer_load(fh_trainer *t, bool *found)
{
  fh_bundle *b = t->team->rank == 0 ? newest(t) : NULL;
  int there = b != NULL;
  FH_TRY_MPI(MPI_Bcast(&there, 1, MPI_INT, 0, t->team->world));
  *found = there;
  if (!there) return FH_OK;
  fh_status st = fh_bundle_broadcast(t->team->world, FH_OK, &b);
  if (st == FH_OK) st = restore(t, b);
  fh_bundle_destroy(&b);
  return st;
}
