#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/generate.h"
#include "datagen/petsc.h"
#include "io/yaml.h"

#define AT(member) offsetof(fh_generate_config, member)

const fh_field fh_generate_fields[] = {
    {"problem", FH_FIELD_TEXT, AT(problem), "darcy", 0.0, 0.0, NULL,
     "what to generate; -problem list shows all"},
    {"preset", FH_FIELD_TEXT, AT(preset), "", 0.0, 0.0, NULL,
     "a published law; -preset list shows all"},
    {"n", FH_FIELD_INT, AT(samples), "1000", 0.0, 1e12, NULL, "number of samples"},
    {"size", FH_FIELD_INTS, AT(size), "64", 1.0, 1e9, NULL,
     "points per axis: one number, or one an axis (128,64)"},
    {"seed", FH_FIELD_INT, AT(seed), "0", 0.0, 9e18, NULL,
     "sample i depends on (seed, i) and nothing else"},
    FH_STORE_FIELDS(fh_generate_config, store),
    FH_SEQUENCE_FIELDS(fh_generate_config, solver),
    FH_FIELDS_END};

const fh_field fh_generate_call_fields[] = {
    {"out", FH_FIELD_TEXT, AT(out), "", 0.0, 0.0, NULL, "the file to write"},
    {"ranks_per_sample", FH_FIELD_INT, AT(ranks_per_sample), "1", 1.0, 1e6, NULL,
     "ranks that solve one sample together; the groups share the samples"},
    {"resume", FH_FIELD_BOOL, AT(resume), "false", 0.0, 0.0, NULL,
     "go on with an unfinished set of the same configuration"},
    {"overwrite", FH_FIELD_BOOL, AT(overwrite), "false", 0.0, 0.0, NULL,
     "replace an existing file"},
    FH_ORDER_FIELDS(fh_generate_config, order),
    FH_FIELDS_END};

/* ---- presets ------------------------------------------------------------------------------------- */

static fh_status find_preset(const char *name, const fh_preset **preset)
{
  const char *names[64] = {NULL};
  for (int i = 0; fh_presets[i].name; i++) {
    if (strcmp(name, fh_presets[i].name) == 0) {
      *preset = &fh_presets[i];
      return FH_OK;
    }
    names[i] = fh_presets[i].name;
  }
  const char *near = fh_nearest(name, names);
  FH_RAISE(FH_ERR_USAGE, "there is no preset '%s'%s%s%s: -preset list shows them all", name,
           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static fh_status set_any(fh_generate_config *c, const fh_field *problem_fields, const char *name,
                         const char *text)
{
  if (fh_config_find(fh_generate_fields, name)) {
    FH_TRY(fh_config_set(fh_generate_fields, c, name, text));
  } else {
    FH_TRY(fh_config_set(problem_fields, c->problem_config, name, text));
  }
  return FH_OK;
}

fh_status fh_generate_prepare(const char *problem, const char *preset, fh_generate_config *c,
                              const fh_field **problem_fields)
{
  const bool has_problem = problem && *problem, has_preset = preset && *preset;
  const fh_preset *p = NULL;
  const fh_problem_class *class = NULL;
  memset(c, 0, sizeof *c);
  FH_TRY(fh_config_defaults(fh_generate_fields, c));
  FH_TRY(fh_config_defaults(fh_generate_call_fields, c));
  if (has_preset) {
    FH_TRY(find_preset(preset, &p));
    FH_CHECK(!has_problem || strcmp(problem, p->problem) == 0, FH_ERR_USAGE,
             "preset '%s' belongs to the problem '%s', not to '%s': leave -problem out", preset,
             p->problem, problem);
    FH_TRY(fh_config_set(fh_generate_fields, c, "problem", p->problem));
    FH_TRY(fh_config_set(fh_generate_fields, c, "preset", preset));
  } else if (has_problem) {
    FH_TRY(fh_config_set(fh_generate_fields, c, "problem", problem));
  }
  FH_TRY(fh_problem_find(c->problem, &class));
  FH_TRY(fh_config_defaults(class->fields, c->problem_config));
  for (int i = 0; p && p->settings[i][0]; i++)
    FH_TRY(set_any(c, class->fields, p->settings[i][0], p->settings[i][1]));
  *problem_fields = class->fields;
  return FH_OK;
}

/* ---- YAML ---------------------------------------------------------------------------------------- */

static bool is_solver_option(const char *name)
{
  static const char *const prefixes[] = {"-ksp_", "-pc_",    "-sub_",    "-mat_",
                                         "-mg_",  "-retry_", "-direct_", "-auto_"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
  return false;
}

static bool is_option(const char *word)
{
  return word[0] == '-' && word[1] && !strchr("0123456789.", word[1]);
}

/* all is "-name value -flag ...", and is cut up here */
static fh_status add_solver_options(char *all, fh_text *yaml)
{
  char *rest = NULL;
  for (char *word = strtok_r(all, " ", &rest); word;) {
    char *next = strtok_r(NULL, " ", &rest);
    char *value = next && !is_option(next) ? next : NULL;
    if (is_solver_option(word)) FH_TRY(fh_yaml_entry(yaml, word + 1, value ? value : "true"));
    word = value ? strtok_r(NULL, " ", &rest) : next;
  }
  return FH_OK;
}

static fh_status add_database(fh_text *yaml)
{
  char *options = NULL;
  FH_TRY_PETSC(PetscOptionsGetAll(NULL, &options));
  const fh_status st = add_solver_options(options, yaml);
  (void)PetscFree(options);
  return st;
}

fh_status fh_generate_yaml(const fh_generate_config *c, fh_text *yaml)
{
  const fh_problem_class *class = NULL;
  const fh_preset *preset = NULL;
  FH_TRY(fh_problem_find(c->problem, &class));
  if (c->preset[0]) FH_TRY(find_preset(c->preset, &preset));
  if (preset) FH_TRY(fh_text_add(yaml, "# %s\n", preset->law));
  FH_TRY(fh_yaml_section(yaml, "generate", fh_generate_fields, c));
  FH_TRY(fh_yaml_section(yaml, c->problem, class->fields, c->problem_config));
  FH_TRY(add_database(yaml));
  return FH_OK;
}

/* "name: value" or name: "value", in place; false for a comment or an empty line */
static bool split_line(char *line, char **name, char **value)
{
  char *colon = strstr(line, ": ");
  if (line[0] == '#' || !colon) return false;
  *colon = '\0';
  *name = line;
  *value = colon + 2;
  const size_t length = strlen(*value);
  if (length >= 2 && (*value)[0] == '"' && (*value)[length - 1] == '"') {
    (*value)[length - 1] = '\0';
    (*value)++;
  }
  return true;
}

/* the value of the line "wanted: value", without quotes */
static void find_value(const char *text, const char *wanted, char *value, size_t bytes)
{
  const size_t length = strlen(wanted);
  value[0] = '\0';
  for (const char *line = text; line; line = strchr(line, '\n'), line += line ? 1 : 0) {
    if (strncmp(line, wanted, length) != 0 || strncmp(line + length, ": ", 2) != 0) continue;
    const char *from = line + length + 2 + (line[length + 2] == '"');
    snprintf(value, bytes, "%.*s", (int)strcspn(from, "\"\n"), from);
  }
}

static fh_status read_lines(char *text, fh_generate_config *c, const fh_field *problem_fields)
{
  char *rest = NULL, *name = NULL, *value = NULL, option[256];
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (!split_line(line, &name, &value)) continue;
    snprintf(option, sizeof option, "-%s", name);
    if (is_solver_option(option)) continue;
    if (set_any(c, problem_fields, name, value) == FH_OK) continue;
    char why[400]; /* the message is made in the buffer that holds the old one */
    snprintf(why, sizeof why, "%s", fh_status_message());
    FH_RAISE(FH_ERR_FORMAT, "the stored configuration cannot be read: %s", why);
  }
  return FH_OK;
}

fh_status fh_generate_from_yaml(const char *text, fh_generate_config *c)
{
  const fh_field *problem_fields = NULL;
  char problem[FH_TEXT_MAX];
  find_value(text, "problem", problem, sizeof problem);
  FH_TRY(fh_generate_prepare(problem, NULL, c, &problem_fields));
  char *copy = fh_strdup(text);
  FH_CHECK(copy, FH_ERR_MEMORY, "out of memory: a configuration of %zu bytes", strlen(text));
  const fh_status st = read_lines(copy, c, problem_fields);
  fh_free(copy);
  return st;
}
