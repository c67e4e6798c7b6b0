/**
 * yaml - a configuration as YAML, one "name: value" a line
 *
 * The keys are the names of the options without nesting, because PETSc turns a nested mapping into a
 * prefix: the text can be given back with -options_file and makes the same run. Sections are
 * comments.
 */
#pragma once

#include "base/config.h"
#include "io/text.h"

/** Appends "# title" and a line for every member of config. Errors: FH_ERR_MEMORY. */
fh_status fh_yaml_section(fh_text *yaml, const char *title, const fh_field *fields,
                          const void *config) FH_MUST;
/** Appends one line; value is quoted if YAML would take it for something else. */
fh_status fh_yaml_entry(fh_text *yaml, const char *name, const char *value) FH_MUST;
