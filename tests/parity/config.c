#include "config.h"

#include <math.h>
#include <string.h>

fh_status parity_config_parse(const char *text, parity_config *config)
{
  *config = (parity_config){.json = cJSON_Parse(text ? text : "{}")};
  FH_CHECK(cJSON_IsObject(config->json), FH_ERR_FORMAT, "attribute 'config' is no JSON object");
  return FH_OK;
}

void parity_config_clear(parity_config *config)
{
  cJSON_Delete(config->json);
  config->json = NULL;
}

const cJSON *parity_argument(parity_config *config, const char *key)
{
  if (config->n_asked < PARITY_MAX_KEYS) config->asked[config->n_asked++] = key;
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(config->json, key);
  return cJSON_IsNull(item) ? NULL : item;
}

fh_status parity_number(parity_config *config, const char *key, double *value)
{
  const cJSON *item = parity_argument(config, key);
  if (!item) return FH_OK;
  FH_CHECK(cJSON_IsNumber(item), FH_ERR_FORMAT, "argument %s is no number", key);
  *value = item->valuedouble;
  return FH_OK;
}

fh_status parity_count(parity_config *config, const char *key, ptrdiff_t *value)
{
  double number = (double)*value;
  FH_TRY(parity_number(config, key, &number));
  FH_CHECK(number == floor(number) && fabs(number) < 1e9, FH_ERR_FORMAT,
           "argument %s is %g, no whole number", key, number);
  *value = (ptrdiff_t)number;
  return FH_OK;
}

fh_status parity_switch(parity_config *config, const char *key, bool *value)
{
  const cJSON *item = parity_argument(config, key);
  if (!item) return FH_OK;
  FH_CHECK(cJSON_IsBool(item), FH_ERR_FORMAT, "argument %s is neither true nor false", key);
  *value = cJSON_IsTrue(item);
  return FH_OK;
}

fh_status parity_word(parity_config *config, const char *key, const char **word)
{
  const cJSON *item = parity_argument(config, key);
  if (!item) return FH_OK;
  FH_CHECK(cJSON_IsString(item), FH_ERR_FORMAT, "argument %s is no word", key);
  *word = item->valuestring;
  return FH_OK;
}

static fh_status append(const cJSON *item, const char *key, fh_real_list *list)
{
  if (cJSON_IsArray(item)) {
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, item)
    {
      FH_TRY(append(entry, key, list));
    }
    return FH_OK;
  }
  FH_CHECK(cJSON_IsNumber(item), FH_ERR_FORMAT, "argument %s holds something else than numbers",
           key);
  FH_CHECK(list->count < FH_LIST_MAX, FH_ERR_UNSUPPORTED, "argument %s has more than %d numbers",
           key, FH_LIST_MAX);
  list->value[list->count++] = item->valuedouble;
  return FH_OK;
}

fh_status parity_reals(parity_config *config, const char *key, fh_real_list *list)
{
  const cJSON *item = parity_argument(config, key);
  if (!item) return FH_OK;
  *list = (fh_real_list){0, {0}};
  FH_TRY(append(item, key, list));
  return FH_OK;
}

fh_status parity_ints(parity_config *config, const char *key, fh_int_list *list)
{
  fh_real_list reals = {-1, {0}};
  FH_TRY(parity_reals(config, key, &reals));
  if (reals.count < 0) return FH_OK;
  list->count = reals.count;
  for (int i = 0; i < reals.count; i++) {
    FH_CHECK(reals.value[i] == floor(reals.value[i]) && fabs(reals.value[i]) < 1e9, FH_ERR_FORMAT,
             "argument %s holds %g, no whole number", key, reals.value[i]);
    list->value[i] = (ptrdiff_t)reals.value[i];
  }
  return FH_OK;
}

fh_status parity_refuse(parity_config *config, const char *key)
{
  const cJSON *item = parity_argument(config, key);
  const bool neutral = !item || cJSON_IsFalse(item) ||
                       (cJSON_IsNumber(item) && item->valuedouble == 0) ||
                       ((cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child);
  FH_CHECK(neutral, FH_ERR_UNSUPPORTED, "argument %s", key);
  return FH_OK;
}

static bool asked(const parity_config *config, const char *key)
{
  for (int i = 0; i < config->n_asked; i++)
    if (!strcmp(config->asked[i], key)) return true;
  return false;
}

fh_status parity_config_finish(const parity_config *config)
{
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, config->json)
  {
    FH_CHECK(asked(config, item->string) || cJSON_IsNull(item), FH_ERR_UNSUPPORTED, "argument %s",
             item->string);
  }
  return FH_OK;
}
