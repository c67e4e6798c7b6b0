/**
 * command - what main needs to know of a subcommand
 */
#pragma once

#include "app/options.h"
#include "app/progress.h"
#include "base/log.h"
#include "base/stop.h"

/** Everything around a run of a subcommand; the same on all ranks but for log. */
typedef struct {
  MPI_Comm comm;
  int rank, size;
  const char *file;    /* the positional argument, or NULL */
  const char *yaml;    /* the effective configuration */
  fh_options *options; /* for fh_options_given */
  fh_stop stop;
  fh_progress *progress; /* NULL on all ranks but 0 */
  const fh_log *log;     /* its listener */
} fh_run;

/** Options that are about a call, whatever the subcommand. */
typedef struct {
  bool quiet;
  int progress; /* fh_progress_mode */
  char max_walltime[FH_TEXT_MAX];
} fh_call_config;

typedef struct fh_command {
  const char *name, *arguments, *help;
  bool takes_file;  /* one positional argument */
  bool uses_solver; /* options of PETSc's solvers are allowed */
  bool is_long;     /* has progress, and stops on request */
  bool echoes;      /* calls fh_run_echo, and so can be quiet */
  size_t config_bytes;
  /** Adds the groups of options; config is zeroed, or NULL when describing. */
  fh_status (*declare)(fh_options *o, void *config);
  /** Collective on run->comm. */
  fh_status (*run)(fh_run *run, void *config);
  /** Frees what declare and run put into config; may be NULL. */
  void (*clear)(void *config);
} fh_command;

/** All subcommands; NULL-terminated. */
extern const fh_command *const fh_commands[];

/** Adds the command's groups and the shared ones; config and call are NULL when describing. */
fh_status fh_command_declare(const fh_command *c, fh_options *o, void *config,
                             fh_call_config *call) FH_MUST;
/** Options, checks, echo, work, checks. Collective on run->comm; fills run. */
fh_status fh_command_run(const fh_command *c, fh_run *run) FH_MUST;
/** Whether the ranks can be split into groups that share a sample. Errors: FH_ERR_USAGE. */
fh_status fh_run_check_groups(const fh_run *run, ptrdiff_t ranks_per_sample) FH_MUST;
/** Tells the effective configuration; to be called once the options are known to make sense. */
void fh_run_echo(const fh_run *run);
