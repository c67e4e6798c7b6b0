/**
 * config - the constructor arguments of the reference class, as JSON in the file
 *
 * Each class asks for the arguments it knows, with the class's own defaults; parity_config_finish
 * then finds whatever nobody asked for. An argument that the engine cannot honour makes the file
 * unsupported; none is ever passed over.
 */
#pragma once

#include <cjson/cJSON.h>

#include "base/config.h"

enum { PARITY_MAX_KEYS = 64 };

typedef struct {
  cJSON *json;
  int n_asked;
  const char *asked[PARITY_MAX_KEYS];
} parity_config;

/** text NULL: no arguments. Errors: FH_ERR_FORMAT. */
fh_status parity_config_parse(const char *text, parity_config *config) FH_MUST;
void parity_config_clear(parity_config *config);
#define PARITY_CONFIG __attribute__((cleanup(parity_config_clear))) parity_config

/** The argument, NULL if absent or null; counts as asked for. */
const cJSON *parity_argument(parity_config *config, const char *key);
fh_status parity_number(parity_config *config, const char *key, double *value) FH_MUST;
fh_status parity_count(parity_config *config, const char *key, ptrdiff_t *value) FH_MUST;
fh_status parity_switch(parity_config *config, const char *key, bool *value) FH_MUST;
/** *word points into config; keeps its value if absent. */
fh_status parity_word(parity_config *config, const char *key, const char **word) FH_MUST;
/** A number or a list, nested lists in a row; keeps its value if absent. */
fh_status parity_reals(parity_config *config, const char *key, fh_real_list *list) FH_MUST;
fh_status parity_ints(parity_config *config, const char *key, fh_int_list *list) FH_MUST;
/** FH_ERR_UNSUPPORTED if the argument is there and not null, false, 0, or empty. */
fh_status parity_refuse(parity_config *config, const char *key) FH_MUST;
/** FH_ERR_UNSUPPORTED, naming an argument that nobody asked for. */
fh_status parity_config_finish(const parity_config *config) FH_MUST;
