/**
 * options - fields of configurations, read from PETSc's options database
 *
 * The database holds the command line, PETSC_OPTIONS and the files given by -options_file (YAML when
 * the name ends so); the command line wins. A command adds its groups one after the other: a group's
 * values may decide which group comes next (-model fno adds the fields of fno). Then nothing unknown
 * may be left. The same groups give -help and the YAML echo.
 */
#pragma once

#include <stdbool.h>

#include "base/config.h"
#include "io/text.h"

typedef struct fh_options fh_options;

/** What a group of options is for. */
typedef enum {
  FH_GROUP_RUN, /* decides what comes out: part of the YAML echo */
  FH_GROUP_CALL /* about this call only (-resume, -progress): not echoed */
} fh_group_kind;

/** describe = true: an options object for -help, which reads nothing from the database. */
fh_status fh_options_create(bool describe, fh_options **options) FH_MUST;
void fh_options_destroy(fh_options **options);
/** True if the object is for -help: add every group that could be needed. */
bool fh_options_describing(const fh_options *o);

/**
 * fh_options_add - a group: defaults, then what the database says
 *
 * title   heading in -help and in the YAML
 * config  filled here; stays the caller's, and must live as long as o. NULL when describing
 * Errors: FH_ERR_USAGE for values that the fields refuse; FH_ERR_STATE for a name that another
 * group has.
 */
fh_status fh_options_add(fh_options *o, fh_group_kind kind, const char *title,
                         const fh_field *fields, void *config) FH_MUST;
/** The same for a config that has its defaults already (a preset's). */
fh_status fh_options_overlay(fh_options *o, fh_group_kind kind, const char *title,
                             const fh_field *fields, void *config) FH_MUST;
/** What was given for an option, before its group is added; "" if nothing was. Valid until PETSc
 *  ends. */
const char *fh_options_text(const char *name);
/** The field of that option, with its full name, or NULL. */
const fh_field *fh_options_find(const fh_options *o, const char *name);
/** True if somebody gave this option. */
bool fh_options_given(const char *name);

/**
 * fh_options_check - refuse what nobody knows, before any work is done
 *
 * solver: options of PETSc's solver objects (-ksp_type, -darcy_pc_type, ...) may be left for later.
 * Errors: FH_ERR_USAGE, naming the nearest known option.
 */
fh_status fh_options_check(fh_options *o, bool solver) FH_MUST;
/** True if options were left for solvers that no solver has asked for yet. */
bool fh_options_left_for_solver(const fh_options *o);
/** Once solvers have been set up: what none of them asked for is an error as well. */
fh_status fh_options_check_solver(const fh_options *o) FH_MUST;

/** The effective configuration: every field of the FH_GROUP_RUN groups, and what was left for PETSc's
 *  solvers. Reading it back by -options_file gives the same configuration. */
fh_status fh_options_yaml(const fh_options *o, fh_text *yaml) FH_MUST;
/** Text, type, default and range of every option. */
void fh_options_help(const fh_options *o, FILE *stream);
