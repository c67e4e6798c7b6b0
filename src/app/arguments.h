/**
 * arguments - the command line, taken apart: subcommand, file, options
 */
#pragma once

#include <stdbool.h>

#include "app/command.h"

typedef struct {
  const fh_command *command; /* NULL: none was named */
  bool help, version;
  const char *file; /* the positional argument, or NULL */
  int argc;         /* for PETSc: program, our two, options files, then the options */
  char **argv;      /* points into main's argv; the list is owned */
} fh_arguments;

/**
 * Takes argv apart. "--name" means "-name". Options files go first, so that the command line wins.
 * Errors: FH_ERR_USAGE for an unknown subcommand, a stray argument or "-name=value".
 */
fh_status fh_arguments_parse(int argc, char **argv, fh_arguments *arguments) FH_MUST;
void fh_arguments_clear(fh_arguments *arguments);
