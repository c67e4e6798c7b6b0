#include "app/command.h"

#include "app/progress.h"
#include "app/signals.h"
#include "base/memory.h"

/* ---- options that many subcommands share ------------------------------------------------------ */

#define AT(member) offsetof(fh_call_config, member)
static const fh_field talk_fields[] = {{"quiet", FH_FIELD_BOOL, AT(quiet), "false", 0, 0, NULL,
                                        "neither configuration nor progress on stdout"},
                                       FH_FIELDS_END};
static const fh_field long_fields[] = {
    {"progress", FH_FIELD_ENUM, AT(progress), "auto", 0, 0, fh_progress_names,
     "one rewriting line, plain lines, JSON lines or none; auto: a line on a terminal, else plain"},
    {"max_walltime", FH_FIELD_TEXT, AT(max_walltime), "", 0, 0, NULL,
     "hh:mm:ss after which the run saves and ends with exit code 75 (default: a minute before "
     "SLURM_JOB_END_TIME, if set)"},
    FH_FIELDS_END};
#undef AT

fh_status fh_command_declare(const fh_command *c, fh_options *o, void *config, fh_call_config *call)
{
  FH_TRY(c->declare(o, config));
  if (c->is_long) FH_TRY(fh_options_add(o, FH_GROUP_CALL, "duration", long_fields, call));
  if (c->is_long || c->echoes)
    FH_TRY(fh_options_add(o, FH_GROUP_CALL, "output", talk_fields, call));
  return FH_OK;
}

fh_status fh_run_check_groups(const fh_run *run, ptrdiff_t n)
{
  FH_CHECK(
      run->size % n == 0, FH_ERR_USAGE,
      "option -ranks_per_sample: %d rank%s cannot be split into groups of %td: start a multiple "
      "of %td, or choose a divisor",
      run->size, run->size == 1 ? "" : "s", n, n);
  return FH_OK;
}

void fh_run_echo(const fh_run *run)
{
  if (run->progress) fh_progress_config(run->progress, run->yaml);
}

/* ---- running ------------------------------------------------------------------------------------ */

static fh_status install_signals(const fh_call_config *call, fh_stop *stop)
{
  double walltime = fh_walltime_of_job();
  if (call->max_walltime[0]) FH_TRY(fh_walltime_parse(call->max_walltime, &walltime));
  FH_TRY(fh_signals_install(walltime));
  *stop = fh_signals_stop();
  return FH_OK;
}

static fh_status run_with_log(const fh_command *c, fh_run *run, void *config,
                              const fh_call_config *call)
{
  if (c->is_long) FH_TRY(install_signals(call, &run->stop));
  if (run->rank == 0) {
    FH_TRY(
        fh_progress_create((fh_progress_mode)call->progress, call->quiet, stdout, &run->progress));
    run->log = fh_progress_log(run->progress);
  }
  const fh_status st = c->run(run, config);
  fh_progress_destroy(&run->progress);
  return st;
}

static fh_status run_declared(const fh_command *c, fh_run *run, void *config)
{
  fh_call_config call = {.progress = FH_PROGRESS_AUTO};
  fh_text yaml = {NULL, 0, 0};
  FH_TRY(fh_command_declare(c, run->options, config, &call));
  FH_TRY(fh_options_check(run->options, c->uses_solver));
  fh_status st = fh_options_yaml(run->options, &yaml);
  run->yaml = yaml.data ? yaml.data : "";
  if (st == FH_OK) st = run_with_log(c, run, config, &call);
  if (st == FH_OK) st = fh_options_check_solver(run->options);
  fh_text_clear(&yaml);
  return st;
}

fh_status fh_command_run(const fh_command *c, fh_run *run)
{
  void *config = fh_calloc(1, c->config_bytes);
  FH_CHECK(config, FH_ERR_MEMORY, "out of memory: the configuration needs %zu bytes",
           c->config_bytes);
  fh_status st = fh_options_create(false, &run->options);
  if (st == FH_OK) st = run_declared(c, run, config);
  if (c->clear) c->clear(config);
  fh_options_destroy(&run->options);
  fh_free(config);
  return st;
}
