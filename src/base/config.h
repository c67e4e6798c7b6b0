/**
 * config - structs that describe themselves
 *
 * A configuration is a plain struct beside a table of fh_field: one row a member, with its name,
 * default, bounds and help. From that one table come the defaults, the options of the command
 * (-help included), the YAML echo, the JSON in the model file and the checks on all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef enum {
  FH_FIELD_BOOL,  /* bool */
  FH_FIELD_INT,   /* ptrdiff_t */
  FH_FIELD_REAL,  /* double */
  FH_FIELD_ENUM,  /* int, an index into choices */
  FH_FIELD_INTS,  /* fh_int_list */
  FH_FIELD_REALS, /* fh_real_list */
  FH_FIELD_TEXT   /* char[FH_TEXT_MAX] */
} fh_field_type;

/* entries of a list, bytes of a text, bytes of any member as text */
enum { FH_LIST_MAX = 64, FH_TEXT_MAX = 512, FH_VALUE_MAX = 2048 };

typedef struct {
  int count;
  ptrdiff_t value[FH_LIST_MAX];
} fh_int_list;

typedef struct {
  int count;
  double value[FH_LIST_MAX];
} fh_real_list;

typedef struct {
  const char *name; /* option without the dash; NULL ends the table */
  fh_field_type type;
  size_t offset;
  const char *preset;         /* the default, as a user would write it: "12,12", "gelu", "true" */
  double least, most;         /* bounds of numbers (of every entry of a list); equal: no bounds */
  const char *const *choices; /* ENUM: names, NULL-terminated */
  const char *help;           /* one line, with the unit */
} fh_field;

#define FH_FIELDS_END                                                                              \
  {                                                                                                \
    NULL, FH_FIELD_BOOL, 0, NULL, 0, 0, NULL, NULL                                                 \
  }

/** Sets every member of config to its default. */
fh_status fh_config_defaults(const fh_field *fields, void *config) FH_MUST;
/**
 * fh_config_set - one member from text
 *
 * Errors: FH_ERR_USAGE for an unknown name (the nearest known one is told), text that is no value of
 * the type, or a value outside the bounds.
 */
fh_status fh_config_set(const fh_field *fields, void *config, const char *name,
                        const char *text) FH_MUST;
/** Writes a member's value as text that fh_config_set reads back to the same value. */
void fh_config_get(const fh_field *field, const void *config, char *text, size_t bytes);
/** The row of that name, or NULL. */
const fh_field *fh_config_find(const fh_field *fields, const char *name);
/** The name among names (NULL-terminated) nearest to what was typed, or NULL if none is near. */
const char *fh_nearest(const char *typed, const char *const *names);
/** True if both configurations have equal members. */
bool fh_config_equal(const fh_field *fields, const void *a, const void *b);
