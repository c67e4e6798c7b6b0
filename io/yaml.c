#include "io/yaml.h"

#include <ctype.h>
#include <string.h>

/* plain: words, numbers, comma lists, paths; everything else goes between quotes */
static bool is_plain(const char *value)
{
  if (!isalnum((unsigned char)value[0]) && !strchr("/.+-_", value[0])) return false;
  if (value[0] == '\0' || strcmp(value, "-") == 0 || strncmp(value, "---", 3) == 0) return false;
  for (const char *p = value; *p; p++)
    if (!isalnum((unsigned char)*p) && !strchr("_-+./,=", *p)) return false;
  return true;
}

static fh_status add_quoted(fh_text *yaml, const char *value)
{
  FH_TRY(fh_text_add(yaml, "\""));
  for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
    if (*p == '"' || *p == '\\')
      FH_TRY(fh_text_add(yaml, "\\%c", *p));
    else if (*p < 0x20)
      FH_TRY(fh_text_add(yaml, "\\x%02x", *p));
    else
      FH_TRY(fh_text_add(yaml, "%c", *p));
  }
  FH_TRY(fh_text_add(yaml, "\""));
  return FH_OK;
}

fh_status fh_yaml_entry(fh_text *yaml, const char *name, const char *value)
{
  FH_TRY(fh_text_add(yaml, "%s: ", name));
  if (is_plain(value))
    FH_TRY(fh_text_add(yaml, "%s", value));
  else
    FH_TRY(add_quoted(yaml, value));
  FH_TRY(fh_text_add(yaml, "\n"));
  return FH_OK;
}

fh_status fh_yaml_section(fh_text *yaml, const char *title, const fh_field *fields,
                          const void *config)
{
  char value[FH_VALUE_MAX];
  FH_TRY(fh_text_add(yaml, "# %s\n", title));
  for (const fh_field *f = fields; f->name; f++) {
    fh_config_get(f, config, value, sizeof value);
    FH_TRY(fh_yaml_entry(yaml, f->name, value));
  }
  return FH_OK;
}
