#include "app/arguments.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

static bool is_option(const char *text)
{
  if (text[0] == '-' && text[1] == '-') text++;
  return text[0] == '-' && isalpha((unsigned char)text[1]);
}

static bool is_switch_word(const char *text)
{
  static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcasecmp(text, words[i])) return true;
  return false;
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
  return !strcmp(text, a) || !strcmp(text, b);
}

static fh_status find_command(const char *name, const fh_command **command)
{
  const char *names[16];
  int n = 0;
  for (; fh_commands[n] && n < 15; n++) {
    names[n] = fh_commands[n]->name;
    if (!strcmp(names[n], name)) return *command = fh_commands[n], FH_OK;
  }
  names[n] = NULL;
  const char *near = fh_nearest(name, names);
  if (near) FH_RAISE(FH_ERR_USAGE, "unknown subcommand '%.80s': did you mean '%s'?", name, near);
  FH_RAISE(FH_ERR_USAGE, "unknown subcommand '%.80s' (fredholm -help lists the known ones)", name);
}

/* does the word after this option belong to it? A switch takes only true, false, ... */
static bool takes_next(const fh_options *known, const char *option, const char *next)
{
  if (!next || is_option(next)) return false;
  const fh_field *f = fh_options_find(known, option + 1);
  return !f || f->type != FH_FIELD_BOOL || is_switch_word(next);
}

static fh_status take_file(fh_arguments *a, const char *word)
{
  FH_CHECK(a->command && a->command->takes_file, FH_ERR_USAGE,
           "'%.80s' is no option and fredholm %s takes none but options: write -name value", word,
           a->command ? a->command->name : "");
  FH_CHECK(!a->file, FH_ERR_USAGE, "fredholm %s takes one file but '%.80s' and '%.80s' were given",
           a->command->name, a->file, word);
  a->file = word;
  return FH_OK;
}

/* one pass over the options: those called files_only, or all others */
static fh_status collect(fh_arguments *a, const fh_options *known, int argc, char **argv,
                         bool files_only)
{
  for (int i = 2; i < argc; i++) {
    if (!is_option(argv[i])) {
      if (!files_only) FH_TRY(take_file(a, argv[i]));
      continue;
    }
    char *option = argv[i] + (argv[i][1] == '-');
    FH_CHECK(!strchr(option, '='), FH_ERR_USAGE,
             "option %.80s: write a blank instead of '=' between name and value", option);
    const bool with_value = takes_next(known, option, i + 1 < argc ? argv[i + 1] : NULL);
    if (!strncmp(option, "-options_file", 13) == files_only) {
      a->argv[a->argc++] = option;
      if (with_value) a->argv[a->argc++] = argv[i + 1];
    }
    i += with_value;
  }
  return FH_OK;
}

static fh_status parse_options(fh_arguments *a, int argc, char **argv)
{
  /* our own handlers; and a run does not depend on hidden files */
  static char no_handler[] = "-no_signal_handler", no_hidden[] = "-skip_petscrc";
  fh_options *known = NULL;
  FH_TRY(fh_options_create(true, &known));
  fh_status st = fh_command_declare(a->command, known, NULL, NULL);
  a->argv[a->argc++] = argv[0];
  a->argv[a->argc++] = no_handler;
  a->argv[a->argc++] = no_hidden;
  if (st == FH_OK) st = collect(a, known, argc, argv, true);
  if (st == FH_OK) st = collect(a, known, argc, argv, false);
  fh_options_destroy(&known);
  return st;
}

fh_status fh_arguments_parse(int argc, char **argv, fh_arguments *a)
{
  *a = (fh_arguments){NULL, false, false, NULL, 0, NULL};
  FH_CHECK(argc > 1, FH_ERR_USAGE, "no subcommand was given (fredholm -help lists them)");
  for (int i = 1; i < argc; i++) {
    a->help = a->help || is_one_of(argv[i], "-help", "--help") || !strcmp(argv[i], "-h");
    a->version = a->version || is_one_of(argv[i], "-version", "--version");
  }
  const bool named = !is_option(argv[1]);
  if (!named && (a->help || a->version)) return FH_OK;
  FH_CHECK(named, FH_ERR_USAGE,
           "the subcommand comes first: fredholm train %.80s ... (fredholm -help lists them)",
           argv[1]);
  FH_TRY(find_command(argv[1], &a->command));
  if (a->help || a->version) return FH_OK;
  FH_NEW(a->argv, argc + 3);
  FH_TRY(parse_options(a, argc, argv));
  FH_CHECK(a->file || !a->command->takes_file, FH_ERR_USAGE,
           "fredholm %s needs a file: fredholm %s %s", a->command->name, a->command->name,
           a->command->arguments);
  return FH_OK;
}

void fh_arguments_clear(fh_arguments *a)
{
  fh_free(a->argv);
  a->argv = NULL;
}
