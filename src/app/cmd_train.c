/* fredholm train: a run folder with a trained model */
#include <math.h>
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "app/estimate.h"
#include "app/folder.h"
#include "app/train_hooks.h"
#include "io/atomic.h"
#include "train/trainer.h"

typedef struct {
  char data[FH_TEXT_MAX], test[FH_TEXT_MAX], validation[FH_TEXT_MAX], out[FH_TEXT_MAX],
      model[FH_TEXT_MAX], init_from[FH_TEXT_MAX];
  char train_samples[FH_TEXT_MAX], test_samples[FH_TEXT_MAX], validation_samples[FH_TEXT_MAX];
} train_files;

typedef struct {
  bool resume, overwrite, dry_run;
  ptrdiff_t ranks_per_sample;
} train_call;

typedef struct {
  train_files files;
  train_call call;
  fh_data_config data;
  fh_train_setup setup;
  fh_trained *initial; /* of -init_from, or NULL */
} train_config;

/* ---- options ------------------------------------------------------------------------------------ */

#define AT(member) offsetof(train_files, member)
static const fh_field file_fields[] = {
    {"data", FH_FIELD_TEXT, AT(data), "", 0, 0, NULL, "training set (HDF5)"},
    {"test", FH_FIELD_TEXT, AT(test), "", 0, 0, NULL,
     "test sets, separated by commas; without a validation set, the first decides which model is "
     "the best"},
    {"validation", FH_FIELD_TEXT, AT(validation), "", 0, 0, NULL,
     "set that decides which model is the best; metrics.json and the last line tell the error on "
     "the test sets at that epoch"},
    {"train_samples", FH_FIELD_TEXT, AT(train_samples), "", 0, 0, NULL,
     "samples (trajectories) of -data to train on: n (the first n), first:last (counted from 0, "
     "both used), first: (to the end); default: all"},
    {"test_samples", FH_FIELD_TEXT, AT(test_samples), "", 0, 0, NULL,
     "the same for each test set; alone, it makes these samples of -data the test set"},
    {"validation_samples", FH_FIELD_TEXT, AT(validation_samples), "", 0, 0, NULL,
     "the same for -validation; alone, it makes these samples of -data the validation set"},
    {"out", FH_FIELD_TEXT, AT(out), "", 0, 0, NULL,
     "folder of the run: model.h5 (the last), best.h5, checkpoints, log.jsonl, config.yaml, "
     "metrics.json"},
    {"model", FH_FIELD_TEXT, AT(model), "fno", 0, 0, NULL, "family of models"},
    {"init_from", FH_FIELD_TEXT, AT(init_from), "", 0, 0, NULL,
     "model file whose parameters and normalisers the run starts with; family and options of the "
     "model, and -normalise_*, are then those of the file"},
    FH_FIELDS_END};
#undef AT

#define AT(member) offsetof(train_call, member)
static const fh_field call_fields[] = {
    {"resume", FH_FIELD_BOOL, AT(resume), "false", 0, 0, NULL,
     "go on from the newest checkpoint in the folder (from the start if there is none)"},
    {"overwrite", FH_FIELD_BOOL, AT(overwrite), "false", 0, 0, NULL,
     "remove the earlier run in the folder"},
    {"dry_run", FH_FIELD_BOOL, AT(dry_run), "false", 0, 0, NULL,
     "only tell sizes, memory and time, write nothing"},
    {"ranks_per_sample", FH_FIELD_INT, AT(ranks_per_sample), "1", 1, 1e6, NULL,
     "ranks that share the patches of a sample (model mg-tfno); divides ranks and patches"},
    FH_FIELDS_END};
#undef AT

static fh_status describe_models(fh_options *o)
{
  for (int i = 0; fh_model_registry[i]; i++) {
    char title[64];
    snprintf(title, sizeof title, "model %s", fh_model_registry[i]->name);
    FH_TRY(fh_options_add(o, FH_GROUP_RUN, title, fh_model_registry[i]->fields, NULL));
  }
  return FH_OK;
}

/* the options of the file's model, over which the user's may only change what has no parameters */
static fh_status declare_initial_model(fh_options *o, train_config *c)
{
  const fh_model_spec *from = &c->initial->spec;
  FH_CHECK(!fh_options_given("model") || !strcmp(c->files.model, from->class->name), FH_ERR_USAGE,
           "option -model %.80s does not go with -init_from %s, which is a model of the family %s: "
           "leave -model out",
           c->files.model, c->files.init_from, from->class->name);
  snprintf(c->files.model, sizeof c->files.model, "%s", from->class->name);
  FH_TRY(fh_model_spec_copy(from, &c->setup.spec));
  return fh_options_overlay(o, FH_GROUP_RUN, "model", from->class->fields, c->setup.spec.config);
}

static fh_status declare_model(fh_options *o, train_config *c)
{
  const fh_model_class *class = NULL;
  if (!c) return describe_models(o);
  if (c->initial) return declare_initial_model(o, c);
  FH_TRY(fh_model_class_find(c->files.model, &class));
  FH_TRY(fh_model_spec_create(class, 1, 1, &c->setup.spec)); /* the data will tell the channels */
  return fh_options_add(o, FH_GROUP_RUN, "model", class->fields, c->setup.spec.config);
}

static int kind_of(const fh_normaliser *n)
{
  return n ? n->kind : FH_NORM_NONE;
}

/* the normalisers belong to the parameters, so that the file's kinds are the only ones possible */
static fh_status declare_training(fh_options *o, train_config *c)
{
  if (!c || !c->initial)
    return fh_options_add(o, FH_GROUP_RUN, "training", fh_train_fields, c ? &c->setup.train : NULL);
  const fh_normaliser *in = c->initial->input, *out = c->initial->output;
  const int kinds[] = {kind_of(in), kind_of(out)};
  fh_train_config *t = &c->setup.train;
  FH_TRY(fh_config_defaults(fh_train_fields, t));
  t->normalise_input = kinds[0];
  t->normalise_output = kinds[1];
  if (out || in) t->normalise_epsilon = (out ? out : in)->epsilon;
  FH_TRY(fh_options_overlay(o, FH_GROUP_RUN, "training", fh_train_fields, t));
  const int asked[] = {t->normalise_input, t->normalise_output};
  for (int i = 0; i < 2; i++)
    FH_CHECK(asked[i] == kinds[i], FH_ERR_USAGE,
             "option -normalise_%s %s: the model of -init_from was trained with %s, and its "
             "parameters belong to that; leave the option out",
             i ? "output" : "input", fh_norm_names[asked[i]], fh_norm_names[kinds[i]]);
  return FH_OK;
}

/* -optimiser names a class whose conventions and defaults the single options then change */
static fh_status declare_optimiser(fh_options *o, fh_optimiser_config *c)
{
  if (!c) return fh_options_add(o, FH_GROUP_RUN, "optimiser", fh_optimiser_fields, NULL);
  const char *name = fh_options_text("optimiser");
  FH_TRY(fh_config_defaults(fh_optimiser_fields, c));
  if (name[0]) FH_TRY(fh_config_set(fh_optimiser_fields, c, "optimiser", name));
  FH_TRY(fh_optimiser_preset(c->kind, c));
  return fh_options_overlay(o, FH_GROUP_RUN, "optimiser", fh_optimiser_fields, c);
}

static fh_status declare(fh_options *o, void *config)
{
  train_config *c = config;
#define IN(member) (c ? &c->member : NULL)
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "files", file_fields, IN(files)));
  FH_TRY(fh_options_add(o, FH_GROUP_CALL, "call", call_fields, IN(call)));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "data", fh_data_fields, IN(data)));
  if (c && c->files.init_from[0]) {
    FH_TRY(fh_trained_read(MPI_COMM_WORLD, c->files.init_from, &c->initial));
    c->setup.initial = c->initial;
  }
  FH_TRY(declare_model(o, c));
  FH_TRY(declare_training(o, c));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "loss", fh_loss_fields, IN(setup.loss)));
  FH_TRY(declare_optimiser(o, IN(setup.optimiser)));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "schedule", fh_schedule_fields, IN(setup.schedule)));
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "frequency curriculum", fh_modes_fields, IN(setup.modes)));
#undef IN
  return FH_OK;
}

static void clear(void *config)
{
  train_config *c = config;
  fh_model_spec_clear(&c->setup.spec);
  fh_trained_destroy(&c->initial);
}

/* ---- data ------------------------------------------------------------------------------------------ */

enum { MAX_TESTS = 16 };

typedef struct {
  fh_dataset *train, *validation, *tests[MAX_TESTS];
  int n_tests;
} train_data;

static void close_data(train_data *d)
{
  fh_dataset_close(&d->train);
  fh_dataset_close(&d->validation);
  for (int i = 0; i < d->n_tests; i++) fh_dataset_close(&d->tests[i]);
}

static fh_status open_tests(MPI_Comm comm, const train_files *f, const fh_data_config *data,
                            train_data *d)
{
  char names[FH_TEXT_MAX], *rest = NULL;
  memcpy(names, f->test[0] || !f->test_samples[0] ? f->test : f->data, sizeof names);
  for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
    FH_CHECK(d->n_tests < MAX_TESTS, FH_ERR_USAGE, "option -test takes at most %d sets", MAX_TESTS);
    FH_TRY(fh_data_open(comm, name, f->test_samples, data, &d->tests[d->n_tests]));
    d->n_tests++;
  }
  return FH_OK;
}

/* samples of the training file that measure it must not be trained on */
static fh_status check_apart(const train_files *f, const char *option, const char *set,
                             const char *samples)
{
  fh_range train, other;
  if (!samples[0] || (set[0] && strcmp(set, f->data) != 0)) return FH_OK;
  FH_TRY(fh_data_range("train_samples", f->train_samples, &train));
  FH_TRY(fh_data_range(option, samples, &other));
  const bool before = other.count > 0 && other.first + other.count <= train.first;
  const bool behind = train.count > 0 && train.first + train.count <= other.first;
  FH_CHECK(
      before || behind, FH_ERR_USAGE,
      "option -%s takes samples of %s that are also trained on: give -train_samples others, as "
      "in -train_samples %td -%s %td:",
      option, f->data, other.first > 0 ? other.first : 100, option,
      other.first > 0 ? other.first : 100);
  return FH_OK;
}

static fh_status open_data(MPI_Comm comm, train_config *c, train_data *d)
{
  const train_files *f = &c->files;
  if (c->initial) FH_TRY(fh_data_follow(&c->data, &c->initial->spec.time));
  fh_data_config same = c->data; /* as what the training set turned out to be */
  FH_TRY(check_apart(f, "test_samples", f->test, f->test_samples));
  FH_TRY(check_apart(f, "validation_samples", f->validation, f->validation_samples));
  FH_TRY(fh_data_open(comm, f->data, f->train_samples, &c->data, &d->train));
  const fh_dataset_time *t = fh_dataset_pairs(d->train);
  if (t) c->setup.spec.time = (fh_time_step){t->history, t->stride};
  FH_TRY(fh_data_follow(&same, &c->setup.spec.time));
  FH_TRY(open_tests(comm, f, &same, d));
  if (f->validation[0] || f->validation_samples[0])
    FH_TRY(fh_data_open(comm, f->validation[0] ? f->validation : f->data, f->validation_samples,
                        &same, &d->validation));
  c->setup.validation = d->validation;
  c->setup.spec.in_channels = fh_dataset_in_channels(d->train);
  c->setup.spec.out_channels = fh_dataset_out_channels(d->train);
  return FH_OK;
}

/* ---- the run ----------------------------------------------------------------------------------------- */

static fh_status write_config(const fh_run *run, const train_config *c)
{
  char path[4096];
  if (run->rank) return FH_OK;
  FH_TRY(fh_folder_file(c->files.out, "config.yaml", path));
  return fh_atomic_write_text(path, run->yaml);
}

/* what the files of a run are made from */
typedef struct {
  const fh_run *run;
  const train_config *c;
  fh_folder *folder;
} run_files;

static fh_status write_start(const run_files *f)
{
  const fh_run *run = f->run;
  const train_config *c = f->c;
  char path[4096];
  if (run->rank) return FH_OK;
  fh_folder_begin(f->folder);
  if (!c->call.resume) FH_TRY(write_config(run, c));
  FH_TRY(fh_folder_file(c->files.out, "log.jsonl", path));
  return fh_progress_open_log(run->progress, path, c->call.resume);
}

static fh_status start_files(void *files)
{
  const run_files *f = files;
  return fh_status_agree(f->run->comm, write_start(f));
}

static fh_status train_in_folder(const fh_run *run, const fh_team *team, const train_config *c,
                                 train_data *d, fh_folder *folder)
{
  char path[4096];
  run_files files = {run, c, folder};
  fh_train_listener listener = {.run = run, .ready = start_files, .files = &files};
  const fh_train_hooks hooks = fh_train_listener_hooks(&listener);
  FH_TRY(fh_folder_file(c->files.out, "metrics.json", path));
  fh_status st = fh_train_run(team, &c->setup, d->train, d->n_tests, d->tests, c->files.out,
                              c->call.resume, &hooks);
  if (st == FH_OK || st == FH_STOPPED) {
    const fh_status written = fh_status_agree(run->comm, write_config(run, c));
    if (written != FH_OK) st = written;
  }
  if (st == FH_OK) st = fh_status_agree(run->comm, fh_train_listener_write(&listener, path));
  fh_train_listener_clear(&listener);
  FH_TRY(st);
  fh_log_message(run->log, FH_LOG_INFO, "the trained model is %s/model.h5", c->files.out);
  return FH_OK;
}

static fh_status check_initial(const train_config *c)
{
  FH_CHECK(!c->call.overwrite || !fh_folder_holds(c->files.out, c->files.init_from), FH_ERR_USAGE,
           "option -init_from %s names a file that -overwrite removes: name another folder with "
           "-out",
           c->files.init_from);
  return FH_OK;
}

static fh_status train(const fh_run *run, const fh_team *team, const train_config *c, train_data *d)
{
  fh_folder folder;
  if (c->call.dry_run) return fh_estimate_training(run, team, &c->setup, d->train);
  FH_TRY(fh_status_agree(run->comm, run->rank ? FH_OK : check_initial(c)));
  FH_TRY(fh_folder_enter(run->comm, c->files.out, c->call.resume, c->call.overwrite, &folder));
  fh_run_echo(run);
  const fh_status st = train_in_folder(run, team, c, d, &folder);
  if (st != FH_OK && run->rank == 0) fh_folder_take_back(&folder);
  fh_folder_leave(&folder);
  return st;
}

static fh_status run_train(fh_run *run, void *config)
{
  train_config *c = config;
  train_data d = {.n_tests = 0};
  fh_team *team = NULL;
  FH_TRY(fh_require("data", c->files.data));
  if (!c->call.dry_run) FH_TRY(fh_require("out", c->files.out));
  FH_TRY(fh_run_check_groups(run, c->call.ranks_per_sample));
  FH_TRY(fh_team_create(run->comm, (int)c->call.ranks_per_sample, 1, &team));
  fh_status st = open_data(run->comm, c, &d);
  if (st == FH_OK) st = train(run, team, c, &d);
  close_data(&d);
  fh_team_destroy(&team);
  return st;
}

const fh_command fh_command_train = {
    .name = "train",
    .arguments = "-data F.h5 [-test G.h5] -model M -epochs E -seed K -out RUNDIR [-resume]",
    .help = "train a neural operator on a data set",
    .is_long = true,
    .echoes = true,
    .config_bytes = sizeof(train_config),
    .declare = declare,
    .run = run_train,
    .clear = clear};
