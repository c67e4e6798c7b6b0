#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *member(const fh_field *f, void *config)
{
  return (char *)config + f->offset;
}

static const char *member_const(const fh_field *f, const void *config)
{
  return (const char *)config + f->offset;
}

/* ---- numbers: the C locale's, whatever the host program has set ---------------------------- */

/* strtod would take "inf", "nan" and hexadecimal: nobody means those in an option */
static bool only(const char *text, const char *allowed)
{
  return text[0] && strspn(text, allowed) == strlen(text);
}

static bool parse_int(const char *text, ptrdiff_t *value)
{
  if (!only(text, "+-0123456789")) return false;
  char *end = NULL;
  errno = 0;
  const intmax_t v = strtoimax(text, &end, 10);
  if (*end || errno == ERANGE || v < PTRDIFF_MIN || v > PTRDIFF_MAX) return false;
  *value = (ptrdiff_t)v;
  return true;
}

static bool parse_real(const char *text, double *value)
{
  if (!only(text, "+-0123456789.eE")) return false;
  const locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  const locale_t before = c_locale ? uselocale(c_locale) : (locale_t)0;
  char *end = NULL;
  const double v = strtod(text, &end);
  if (c_locale) {
    uselocale(before);
    freelocale(c_locale);
  }
  if (*end || !isfinite(v)) return false;
  *value = v;
  return true;
}

/* the shortest digits that read back to the same value */
static void print_real(double value, char *text, size_t bytes)
{
  const locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  const locale_t before = c_locale ? uselocale(c_locale) : (locale_t)0;
  for (int digits = 6; digits <= 17; digits++) {
    snprintf(text, bytes, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  if (c_locale) {
    uselocale(before);
    freelocale(c_locale);
  }
}

static bool parse_bool(const char *text, bool *value)
{
  static const char *const yes[] = {"", "true", "yes", "on", "1"};
  static const char *const no[] = {"false", "no", "off", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    if (!strcasecmp(text, yes[i])) return *value = true, true;
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    if (!strcasecmp(text, no[i])) return *value = false, true;
  return false;
}

/* ---- the types ------------------------------------------------------------------------------- */

static fh_status check_bounds(const fh_field *f, double value)
{
  if (f->least == f->most) return FH_OK;
  char least[32], most[32], got[32];
  print_real(f->least, least, sizeof least);
  print_real(f->most, most, sizeof most);
  print_real(value, got, sizeof got);
  FH_CHECK(value >= f->least && value <= f->most, FH_ERR_USAGE,
           "option -%s is %s but must lie between %s and %s", f->name, got, least, most);
  return FH_OK;
}

static fh_status set_int(const fh_field *f, const char *text, ptrdiff_t *value)
{
  ptrdiff_t v = 0;
  FH_CHECK(parse_int(text, &v), FH_ERR_USAGE,
           "option -%s needs a whole number but '%.80s' was given", f->name, text);
  FH_TRY(check_bounds(f, (double)v));
  *value = v;
  return FH_OK;
}

static fh_status set_real(const fh_field *f, const char *text, double *value)
{
  double v = 0;
  FH_CHECK(parse_real(text, &v), FH_ERR_USAGE,
           "option -%s needs a finite number such as 1e-3 but '%.80s' was given", f->name, text);
  FH_TRY(check_bounds(f, v));
  *value = v;
  return FH_OK;
}

/* the next entry of "12, 12" without its blanks; false at the end of the text */
static bool next_entry(const char **text, char *entry, size_t bytes)
{
  if (!*text) return false;
  const char *begin = *text + strspn(*text, " \t"), *comma = strchr(begin, ',');
  size_t n = comma ? (size_t)(comma - begin) : strlen(begin);
  *text = comma ? comma + 1 : NULL;
  while (n > 0 && isspace((unsigned char)begin[n - 1])) n--;
  if (n >= bytes) n = bytes - 1; /* too long to be a number: the cut text says so as well */
  memcpy(entry, begin, n);
  entry[n] = '\0';
  return true;
}

static fh_status set_ints(const fh_field *f, const char *text, fh_int_list *list)
{
  fh_int_list l = {0, {0}};
  char entry[64];
  if (!text[0]) text = NULL; /* the empty list */
  while (next_entry(&text, entry, sizeof entry)) {
    FH_CHECK(l.count < FH_LIST_MAX, FH_ERR_USAGE, "option -%s takes at most %d numbers", f->name,
             FH_LIST_MAX);
    FH_TRY(set_int(f, entry, &l.value[l.count++]));
  }
  *list = l;
  return FH_OK;
}

static fh_status set_reals(const fh_field *f, const char *text, fh_real_list *list)
{
  fh_real_list l = {0, {0}};
  char entry[64];
  if (!text[0]) text = NULL; /* the empty list */
  while (next_entry(&text, entry, sizeof entry)) {
    FH_CHECK(l.count < FH_LIST_MAX, FH_ERR_USAGE, "option -%s takes at most %d numbers", f->name,
             FH_LIST_MAX);
    FH_TRY(set_real(f, entry, &l.value[l.count++]));
  }
  *list = l;
  return FH_OK;
}

/* "a, b, c" into text, for a message */
static void join(const char *const *names, char *text, size_t bytes)
{
  size_t used = 0;
  text[0] = '\0';
  for (; *names && used < bytes; names++)
    used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", *names);
}

static fh_status set_enum(const fh_field *f, const char *text, int *value)
{
  for (int i = 0; f->choices[i]; i++)
    if (!strcmp(f->choices[i], text)) return *value = i, FH_OK;
  char all[512];
  join(f->choices, all, sizeof all);
  const char *near = fh_nearest(text, f->choices);
  if (near)
    FH_RAISE(FH_ERR_USAGE, "option -%s knows no '%.80s': did you mean '%s' (known: %s)?", f->name,
             text, near, all);
  FH_RAISE(FH_ERR_USAGE, "option -%s knows no '%.80s' (known: %s)", f->name, text, all);
}

static fh_status set_field(const fh_field *f, void *config, const char *text)
{
  void *m = member(f, config);
  switch (f->type) {
  case FH_FIELD_BOOL:
    FH_CHECK(parse_bool(text, m), FH_ERR_USAGE,
             "option -%s is a switch (true or false) but '%.80s' was given", f->name, text);
    return FH_OK;
  case FH_FIELD_INT:
    return set_int(f, text, m);
  case FH_FIELD_REAL:
    return set_real(f, text, m);
  case FH_FIELD_ENUM:
    return set_enum(f, text, m);
  case FH_FIELD_INTS:
    return set_ints(f, text, m);
  case FH_FIELD_REALS:
    return set_reals(f, text, m);
  case FH_FIELD_TEXT:
    FH_CHECK(strlen(text) < FH_TEXT_MAX, FH_ERR_USAGE,
             "option -%s has %zu characters but may have at most %d", f->name, strlen(text),
             FH_TEXT_MAX - 1);
    memcpy(m, text, strlen(text) + 1);
    return FH_OK;
  }
  FH_RAISE(FH_ERR_STATE, "field %s has type %d, which does not exist", f->name, (int)f->type);
}

/* ---- the table ------------------------------------------------------------------------------- */

const fh_field *fh_config_find(const fh_field *fields, const char *name)
{
  for (const fh_field *f = fields; f->name; f++)
    if (!strcmp(f->name, name)) return f;
  return NULL;
}

fh_status fh_config_defaults(const fh_field *fields, void *config)
{
  for (const fh_field *f = fields; f->name; f++)
    FH_TRY(set_field(f, config, f->preset ? f->preset : ""));
  return FH_OK;
}

/* the nearest name of the table, or NULL */
static const char *nearest_field(const fh_field *fields, const char *name);

fh_status fh_config_set(const fh_field *fields, void *config, const char *name, const char *text)
{
  const fh_field *f = fh_config_find(fields, name);
  if (!f) {
    const char *near = nearest_field(fields, name);
    if (near) FH_RAISE(FH_ERR_USAGE, "unknown option -%.80s: did you mean -%s?", name, near);
    FH_RAISE(FH_ERR_USAGE, "unknown option -%.80s (no known option is like it)", name);
  }
  FH_TRY(set_field(f, config, text));
  return FH_OK;
}

static void get_list(const fh_field *f, const char *m, char *text, size_t bytes)
{
  const bool whole = f->type == FH_FIELD_INTS;
  const fh_int_list *ints = (const void *)m;
  const fh_real_list *reals = (const void *)m;
  const int count = whole ? ints->count : reals->count;
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < count && used < bytes; i++) {
    char entry[32];
    if (whole)
      snprintf(entry, sizeof entry, "%td", ints->value[i]);
    else
      print_real(reals->value[i], entry, sizeof entry);
    used += (size_t)snprintf(text + used, bytes - used, "%s%s", i ? "," : "", entry);
  }
}

void fh_config_get(const fh_field *field, const void *config, char *text, size_t bytes)
{
  const char *m = member_const(field, config);
  if (bytes == 0) return;
  switch (field->type) {
  case FH_FIELD_BOOL:
    snprintf(text, bytes, "%s", *(const bool *)m ? "true" : "false");
    return;
  case FH_FIELD_INT:
    snprintf(text, bytes, "%td", *(const ptrdiff_t *)(const void *)m);
    return;
  case FH_FIELD_REAL:
    print_real(*(const double *)(const void *)m, text, bytes);
    return;
  case FH_FIELD_ENUM:
    snprintf(text, bytes, "%s", field->choices[*(const int *)(const void *)m]);
    return;
  case FH_FIELD_INTS:
  case FH_FIELD_REALS:
    get_list(field, m, text, bytes);
    return;
  case FH_FIELD_TEXT:
    snprintf(text, bytes, "%s", m);
    return;
  }
}

static bool equal_field(const fh_field *f, const void *a, const void *b)
{
  char left[FH_VALUE_MAX], right[FH_VALUE_MAX]; /* text is exact */
  fh_config_get(f, a, left, sizeof left);
  fh_config_get(f, b, right, sizeof right);
  return !strcmp(left, right);
}

bool fh_config_equal(const fh_field *fields, const void *a, const void *b)
{
  for (const fh_field *f = fields; f->name; f++)
    if (!equal_field(f, a, b)) return false;
  return true;
}

/* ---- what was probably meant ------------------------------------------------------------------ */

enum { NAME_MAX_LENGTH = 64 };

static bool same(char a, char b)
{
  if (a == '-') a = '_';
  if (b == '-') b = '_';
  return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* insertions, deletions, replacements and swapped neighbours that turn a into b */
static int distance(const char *a, const char *b)
{
  const int n = (int)strlen(a), m = (int)strlen(b);
  int row[3][NAME_MAX_LENGTH + 1]; /* the last three rows of the table */
  if (n > NAME_MAX_LENGTH || m > NAME_MAX_LENGTH) return NAME_MAX_LENGTH;
  for (int i = 0; i <= n; i++) {
    int *now = row[i % 3];
    const int *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= m; j++) {
      if (i == 0) {
        now[j] = j;
        continue;
      }
      int d = up[j - 1] + !same(a[i - 1], b[j - 1]);
      if (up[j] + 1 < d) d = up[j] + 1;
      if (now[j - 1] + 1 < d) d = now[j - 1] + 1;
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) &&
          up2[j - 2] + 1 < d)
        d = up2[j - 2] + 1;
      now[j] = d;
    }
  }
  return row[n % 3][m];
}

/* two thirds of the letters must be right; the whole of a name may be left unfinished (epo) */
static bool near_enough(const char *typed, const char *name, int d)
{
  const int n = (int)strlen(typed);
  if (n >= 3 && !strncasecmp(typed, name, (size_t)n)) return true;
  return d <= (n + 1) / 3;
}

const char *fh_nearest(const char *typed, const char *const *names)
{
  const char *best = NULL;
  int least = NAME_MAX_LENGTH;
  for (; *names; names++) {
    const int d = distance(typed, *names);
    if (d < least && near_enough(typed, *names, d)) {
      least = d;
      best = *names;
    }
  }
  return best;
}

static const char *nearest_field(const fh_field *fields, const char *name)
{
  const char *best = NULL;
  for (const fh_field *f = fields; f->name; f++) {
    const char *const pair[] = {best ? best : f->name, f->name, NULL};
    best = fh_nearest(name, pair);
  }
  return best;
}
