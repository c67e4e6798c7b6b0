/* config: defaults, every type there and back, what must be refused, and the nearest name */
#include "base/config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  bool skip;
  ptrdiff_t layers;
  double rate;
  int act;
  fh_int_list modes;
  fh_real_list extent;
  char name[FH_TEXT_MAX];
} config;

static const char *const acts[] = {"gelu", "relu", "tanh", NULL};
static const fh_field fields[] = {
    {"skip", FH_FIELD_BOOL, offsetof(config, skip), "true", 0, 0, NULL, "help"},
    {"layers", FH_FIELD_INT, offsetof(config, layers), "4", 1, 64, NULL, "help"},
    {"rate", FH_FIELD_REAL, offsetof(config, rate), "1e-3", 0, 1, NULL, "help"},
    {"act", FH_FIELD_ENUM, offsetof(config, act), "gelu", 0, 0, acts, "help"},
    {"modes", FH_FIELD_INTS, offsetof(config, modes), "12,12", 1, 4096, NULL, "help"},
    {"extent", FH_FIELD_REALS, offsetof(config, extent), "", 0, 0, NULL, "help"},
    {"name", FH_FIELD_TEXT, offsetof(config, name), "a b: c", 0, 0, NULL, "help"},
    FH_FIELDS_END};

static int failures;

static void expect(bool ok, const char *what)
{
  if (ok) return;
  failures++;
  printf("FAILED: %s (%s)\n", what, fh_status_message());
}

static void accept(config *c, const char *name, const char *text)
{
  char what[160];
  snprintf(what, sizeof what, "accepts %.40s = '%.80s'", name, text);
  expect(fh_config_set(fields, c, name, text) == FH_OK, what);
}

/* refused, told in a sentence that holds words, and the value untouched */
static void refuse(config *c, const char *name, const char *text, const char *words)
{
  char what[256];
  const config before = *c;
  fh_status_clear();
  snprintf(what, sizeof what, "refuses %.40s = '%.80s' saying '%.80s'", name, text, words);
  expect(fh_config_set(fields, c, name, text) == FH_ERR_USAGE, what);
  expect(strstr(fh_status_message(), words) != NULL, what);
  expect(fh_config_equal(fields, &before, c), what);
}

static void test_defaults(config *c)
{
  expect(fh_config_defaults(fields, c) == FH_OK, "defaults");
  expect(c->skip && c->layers == 4 && c->rate == 1e-3 && c->act == 0, "default scalars");
  expect(c->modes.count == 2 && c->modes.value[1] == 12 && c->extent.count == 0, "default lists");
  expect(!strcmp(c->name, "a b: c"), "default text");
}

static void test_round_trip(void)
{
  config a, b;
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  expect(fh_config_defaults(fields, &a) == FH_OK && fh_config_defaults(fields, &b) == FH_OK, "d");
  accept(&a, "skip", "off");
  accept(&a, "layers", "64");
  accept(&a, "rate", "0.1234567890123456789");
  accept(&a, "act", "tanh");
  accept(&a, "modes", " 7 , 9,11");
  accept(&a, "extent", "6.283185307179586,-1E-300");
  accept(&a, "name", "x");
  expect(!fh_config_equal(fields, &a, &b), "unequal");
  for (const fh_field *f = fields; f->name; f++) {
    char text[1024];
    fh_config_get(f, &a, text, sizeof text);
    accept(&b, f->name, text);
  }
  expect(fh_config_equal(fields, &a, &b), "round trip");
  expect(a.rate == b.rate && a.extent.value[0] == b.extent.value[0], "same bits");
  expect(b.modes.count == 3 && b.modes.value[2] == 11 && b.extent.value[1] == -1e-300, "lists");
}

static void test_refusals(config *c)
{
  static const char *const no_int[] = {"", "x", "4x", "4.5", "0x10", "1e3", "99999999999999999999"};
  static const char *const no_real[] = {"", "nan", "inf", "1e999", "1,5", "0x1p3", "1e-3s", "--1"};
  static const char *const no_ints[] = {"12,", ",12", "12,,12", "12;12", "12,x", "0,12"};
  for (size_t i = 0; i < sizeof no_int / sizeof *no_int; i++)
    refuse(c, "layers", no_int[i], "option -layers needs a whole number");
  for (size_t i = 0; i < sizeof no_real / sizeof *no_real; i++)
    refuse(c, "rate", no_real[i], "option -rate needs a finite number");
  for (size_t i = 0; i < sizeof no_ints / sizeof *no_ints; i++)
    refuse(c, "modes", no_ints[i], "option -modes ");
  refuse(c, "layers", "0", "option -layers is 0 but must lie between 1 and 64");
  refuse(c, "rate", "1.5", "1.5 but must lie between 0 and 1");
  char list[2 * FH_LIST_MAX + 3];
  for (size_t i = 0; i <= FH_LIST_MAX; i++) memcpy(list + 2 * i, "7,", 3);
  list[2 * FH_LIST_MAX + 1] = '\0'; /* one number too many, no comma behind it */
  refuse(c, "modes", list, "at most 64");
  refuse(c, "skip", "maybe", "is a switch");
  refuse(c, "act", "glu", "did you mean 'gelu'");
  refuse(c, "act", "zzzz", "known: gelu, relu, tanh");
  char longest[FH_TEXT_MAX + 1];
  memset(longest, 'a', FH_TEXT_MAX);
  longest[FH_TEXT_MAX] = '\0';
  refuse(c, "name", longest, "at most 511");
}

static void test_names(config *c)
{
  refuse(c, "layer", "1", "unknown option -layer: did you mean -layers?");
  refuse(c, "mdoes", "1", "did you mean -modes?");
  refuse(c, "Rate", "1", "did you mean -rate?");
  refuse(c, "zzzzzz", "1", "no known option is like it");
  const char *const names[] = {"generate", "train", "evaluate", NULL};
  expect(!strcmp(fh_nearest("trian", names), "train"), "swapped letters");
  expect(!strcmp(fh_nearest("eval", names), "evaluate"), "unfinished name");
  expect(fh_nearest("x", names) == NULL, "nothing near");
}

/* a program that embeds the engine may run in a locale that writes 0,5 */
static void test_locale(config *c)
{
  static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
  for (size_t i = 0; i < sizeof commas / sizeof *commas; i++)
    if (setlocale(LC_ALL, commas[i])) break;
  char text[64];
  accept(c, "rate", "0.25");
  fh_config_get(fh_config_find(fields, "rate"), c, text, sizeof text);
  expect(c->rate == 0.25 && !strcmp(text, "0.25"), "a point, whatever the locale");
}

int main(void)
{
  config c;
  memset(&c, 0, sizeof c);
  test_defaults(&c);
  test_round_trip();
  test_refusals(&c);
  test_names(&c);
  test_locale(&c);
  if (failures == 0) printf("config: defaults, round trips, refusals and nearest names pass\n");
  return failures != 0;
}
