/* spec_json - a model's spec as the JSON text of the model file, by way of the table of fields */
#include <cjson/cJSON.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "model/model.h"

static void free_json(cJSON **json)
{
  cJSON_Delete(*json);
}
#define JSON_OWNED __attribute__((cleanup(free_json))) cJSON

/* ---- out: numbers stand in the file as fh_config_get writes them, so that they read back exactly */

static cJSON *value_of(const fh_field *f, const void *config)
{
  char text[FH_VALUE_MAX], list[FH_VALUE_MAX + 2];
  fh_config_get(f, config, text, sizeof text);
  switch (f->type) {
  case FH_FIELD_ENUM:
  case FH_FIELD_TEXT:
    return cJSON_CreateString(text);
  case FH_FIELD_INTS:
  case FH_FIELD_REALS:
    snprintf(list, sizeof list, "[%s]", text);
    return cJSON_CreateRaw(list);
  default:
    return cJSON_CreateRaw(text);
  }
}

static bool add_time(cJSON *root, const fh_time_step *t)
{
  cJSON *time = cJSON_AddObjectToObject(root, "time");
  return time && cJSON_AddNumberToObject(time, "history", (double)t->history) &&
         cJSON_AddNumberToObject(time, "stride", (double)t->stride);
}

fh_status fh_model_spec_to_json(const fh_model_spec *spec, char **json)
{
  *json = NULL;
  JSON_OWNED *root = cJSON_CreateObject();
  bool ok = root && cJSON_AddStringToObject(root, "model", spec->class->name) &&
            cJSON_AddNumberToObject(root, "in_channels", spec->in_channels) &&
            cJSON_AddNumberToObject(root, "out_channels", spec->out_channels);
  if (ok && spec->time.history > 0) ok = add_time(root, &spec->time);
  cJSON *options = ok ? cJSON_AddObjectToObject(root, "options") : NULL;
  ok = ok && options;
  for (const fh_field *f = spec->class->fields; ok && f->name; f++)
    ok = cJSON_AddItemToObject(options, f->name, value_of(f, spec->config));
  char *text = ok ? cJSON_Print(root) : NULL;
  if (text) *json = fh_strdup(text);
  cJSON_free(text);
  FH_CHECK(*json, FH_ERR_MEMORY, "out of memory: the model's description as JSON");
  return FH_OK;
}

/* ---- in --------------------------------------------------------------------------------------- */

/* Exact, and with a point whatever locale the host program has set. (cJSON's own printing drops the
 * last digit where it deems two numbers equal.) */
static void number_text(double value, char *text, size_t bytes)
{
  const locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  const locale_t before = c_locale ? uselocale(c_locale) : (locale_t)0;
  snprintf(text, bytes, "%.17g", value);
  if (!c_locale) return;
  uselocale(before);
  freelocale(c_locale);
}

/* a scalar as the text that a user would write */
static fh_status scalar_text(const fh_field *f, const cJSON *item, char *text, size_t bytes)
{
  const bool word = f->type == FH_FIELD_ENUM || f->type == FH_FIELD_TEXT;
  if (cJSON_IsBool(item) && f->type == FH_FIELD_BOOL)
    snprintf(text, bytes, "%s", cJSON_IsTrue(item) ? "true" : "false");
  else if (cJSON_IsString(item) && word)
    snprintf(text, bytes, "%s", item->valuestring);
  else if (cJSON_IsNumber(item) && !word && f->type != FH_FIELD_BOOL)
    number_text(item->valuedouble, text, bytes);
  else
    FH_RAISE(FH_ERR_FORMAT, "model description: option '%s' has a value of the wrong type",
             f->name);
  return FH_OK;
}

static fh_status list_text(const fh_field *f, const cJSON *list, char *text, size_t bytes)
{
  FH_CHECK(cJSON_IsArray(list), FH_ERR_FORMAT, "model description: option '%s' must be a list",
           f->name);
  size_t used = 0;
  text[0] = '\0';
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list)
  {
    char entry[64];
    FH_TRY(scalar_text(f, item, entry, sizeof entry));
    used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? "," : "", entry);
    FH_CHECK(used < bytes, FH_ERR_FORMAT,
             "model description: option '%s' lists more than %d numbers", f->name, FH_LIST_MAX);
  }
  return FH_OK;
}

static fh_status set_option(const fh_model_spec *spec, const cJSON *item)
{
  const fh_field *f = fh_config_find(spec->class->fields, item->string);
  FH_CHECK(f, FH_ERR_FORMAT,
           "model description: '%.80s' is no option of the model '%s'; the file may come from a "
           "newer version",
           item->string, spec->class->name);
  char text[FH_VALUE_MAX];
  if (f->type == FH_FIELD_INTS || f->type == FH_FIELD_REALS)
    FH_TRY(list_text(f, item, text, sizeof text));
  else
    FH_TRY(scalar_text(f, item, text, sizeof text));
  if (fh_config_set(spec->class->fields, spec->config, f->name, text) != FH_OK) {
    char why[256];
    snprintf(why, sizeof why, "%s", fh_status_message());
    FH_RAISE(FH_ERR_FORMAT, "model description: %s", why);
  }
  return FH_OK;
}

static fh_status whole_number(const cJSON *root, const char *name, int *value)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
  FH_CHECK(cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= 1 << 20 &&
               item->valuedouble == floor(item->valuedouble),
           FH_ERR_FORMAT, "model description: '%s' must be a whole number from 1 to %d", name,
           1 << 20);
  *value = (int)item->valuedouble;
  return FH_OK;
}

static fh_status read_options(const cJSON *root, const fh_model_spec *spec)
{
  const cJSON *options = cJSON_GetObjectItemCaseSensitive(root, "options");
  FH_CHECK(cJSON_IsObject(options), FH_ERR_FORMAT,
           "model description: there is no object 'options'");
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, options)
  {
    FH_TRY(set_option(spec, item));
  }
  return FH_OK;
}

static fh_status read_time(const cJSON *root, fh_time_step *t)
{
  const cJSON *time = cJSON_GetObjectItemCaseSensitive(root, "time");
  int history = 0, stride = 0;
  if (!time) return FH_OK;
  FH_TRY(whole_number(time, "history", &history));
  FH_TRY(whole_number(time, "stride", &stride));
  *t = (fh_time_step){history, stride};
  return FH_OK;
}

fh_status fh_model_spec_from_json(const char *json, fh_model_spec *spec)
{
  *spec = (fh_model_spec){0};
  JSON_OWNED *root = cJSON_ParseWithOpts(json, NULL, true);
  FH_CHECK(cJSON_IsObject(root), FH_ERR_FORMAT, "model description: this is no JSON object");
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(root, "model");
  FH_CHECK(cJSON_IsString(name), FH_ERR_FORMAT, "model description: 'model' must name the family");
  const fh_model_class *class = NULL;
  FH_TRY(fh_model_class_find(name->valuestring, &class));
  int in = 0, out = 0;
  FH_TRY(whole_number(root, "in_channels", &in));
  FH_TRY(whole_number(root, "out_channels", &out));
  FH_TRY(fh_model_spec_create(class, in, out, spec));
  fh_status st = read_options(root, spec);
  if (st == FH_OK) st = read_time(root, &spec->time);
  if (st != FH_OK) fh_model_spec_clear(spec);
  FH_TRY(st);
  return FH_OK;
}
