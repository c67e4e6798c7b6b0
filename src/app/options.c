#include "app/options.h"

#include <string.h>
#include <strings.h>

#include "app/petsc.h"
#include "base/memory.h"
#include "io/yaml.h"

enum { MAX_GROUPS = 24, NAME_BYTES = 96 };

typedef struct {
  fh_group_kind kind;
  char title[96];
  const fh_field *fields;
  void *config;
} group;

struct fh_options {
  bool describe;
  int n;
  group groups[MAX_GROUPS];
};

fh_status fh_options_create(bool describe, fh_options **options)
{
  fh_options *o = NULL;
  FH_NEW(o, 1);
  o->describe = describe;
  *options = o;
  return FH_OK;
}

void fh_options_destroy(fh_options **options)
{
  fh_free(*options);
  *options = NULL;
}

bool fh_options_describing(const fh_options *o)
{
  return o->describe;
}

/* ---- groups ----------------------------------------------------------------------------------- */

const fh_field *fh_options_find(const fh_options *o, const char *name)
{
  for (int i = 0; i < o->n; i++) {
    const fh_field *f = fh_config_find(o->groups[i].fields, name);
    if (f) return f;
  }
  return NULL;
}

static fh_status check_names(const fh_options *o, const fh_field *fields)
{
  for (const fh_field *f = fields; f->name && !o->describe; f++)
    FH_CHECK(!fh_options_find(o, f->name), FH_ERR_STATE,
             "two groups of options have an option -%s: one of them needs another name", f->name);
  return FH_OK;
}

/* what the database says; asking marks an option as used */
static fh_status look_up(const char *name, const char **value, PetscBool *given)
{
  char dashed[NAME_BYTES + 1];
  snprintf(dashed, sizeof dashed, "-%s", name);
  FH_TRY_PETSC(PetscOptionsFindPair(NULL, NULL, dashed, value, given));
  return FH_OK;
}

static fh_status read_group(const group *g)
{
  for (const fh_field *f = g->fields; f->name; f++) {
    const char *value = NULL;
    PetscBool given = PETSC_FALSE;
    FH_TRY(look_up(f->name, &value, &given));
    if (!given) continue;
    const bool may_be_empty = f->type == FH_FIELD_BOOL || !f->preset || !f->preset[0];
    FH_CHECK((value && value[0]) || may_be_empty, FH_ERR_USAGE, "option -%s needs a value",
             f->name);
    FH_TRY(fh_config_set(g->fields, g->config, f->name, value ? value : ""));
  }
  return FH_OK;
}

fh_status fh_options_overlay(fh_options *o, fh_group_kind kind, const char *title,
                             const fh_field *fields, void *config)
{
  FH_CHECK(o->n < MAX_GROUPS, FH_ERR_STATE, "more than %d groups of options", MAX_GROUPS);
  FH_TRY(check_names(o, fields));
  group *g = &o->groups[o->n++];
  *g = (group){.kind = kind, .fields = fields, .config = config};
  snprintf(g->title, sizeof g->title, "%s", title);
  if (!o->describe) FH_TRY(read_group(g));
  return FH_OK;
}

fh_status fh_options_add(fh_options *o, fh_group_kind kind, const char *title,
                         const fh_field *fields, void *config)
{
  if (!o->describe) FH_TRY(fh_config_defaults(fields, config));
  return fh_options_overlay(o, kind, title, fields, config);
}

const char *fh_options_text(const char *name)
{
  const char *value = NULL;
  PetscBool given = PETSC_FALSE;
  return look_up(name, &value, &given) == FH_OK && given && value ? value : "";
}

bool fh_options_given(const char *name)
{
  const char *value = NULL;
  PetscBool given = PETSC_FALSE;
  return look_up(name, &value, &given) == FH_OK && given;
}

/* ---- what is left ---------------------------------------------------------------------------------- */

/* PETSc asks for these itself, some of them only when it ends */
static bool is_for_petsc(const char *name)
{
  static const char *const begins[] = {"log_",
                                       "malloc",
                                       "memory_view",
                                       "objects_",
                                       "options_",
                                       "info",
                                       "on_error",
                                       "fp_trap",
                                       "citations",
                                       "debugger",
                                       "no_signal_handler",
                                       "start_in_debugger",
                                       "get_total_flops",
                                       "viewer_",
                                       "draw_",
                                       "mpi_",
                                       "petsc",
                                       "skip_petscrc"};
  for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
    if (!strncasecmp(name, begins[i], strlen(begins[i]))) return true;
  return false;
}

/* "ksp_type", "darcy_pc_type", "mg_levels_1_ksp_max_it": a solver object's part of the name */
static bool is_for_solver(const char *name)
{
  static const char *const parts[] = {"ksp_", "pc_", "mat_", "vec_", "mg_", "sub_"};
  for (const char *at = name; at; at = strchr(at, '_')) {
    if (*at == '_') at++;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
      if (!strncasecmp(at, parts[i], strlen(parts[i]))) return true;
  }
  return false;
}

/* frequent options of solvers, for the suggestion alone */
static const char *const solver_names[] = {
    "ksp_type",    "ksp_rtol",    "ksp_atol",          "ksp_max_it",  "ksp_monitor",
    "ksp_view",    "pc_type",     "ksp_gmres_restart", "sub_pc_type", "ksp_converged_reason",
    "mat_type",    "vec_type",    "pc_factor_levels",  "log_view",    "ksp_norm_type",
    "ksp_pc_side", "options_file"};

static fh_status all_names(const fh_options *o, bool solver, const char ***names)
{
  int n = 0;
  const int n_solver = solver ? (int)(sizeof solver_names / sizeof *solver_names) : 0;
  for (int i = 0; i < o->n; i++)
    for (const fh_field *f = o->groups[i].fields; f->name; f++) n++;
  const char **list = NULL;
  FH_NEW(list, n + n_solver + 1);
  n = 0;
  for (int i = 0; i < o->n; i++)
    for (const fh_field *f = o->groups[i].fields; f->name; f++) list[n++] = f->name;
  for (int i = 0; i < n_solver; i++) list[n++] = solver_names[i];
  *names = list;
  return FH_OK;
}

static fh_status refuse(const fh_options *o, bool solver, const char *what, const char *name)
{
  const char **names = NULL;
  FH_TRY(all_names(o, solver, &names));
  const char *near = fh_nearest(name, names);
  fh_free(names);
  if (near) FH_RAISE(FH_ERR_USAGE, "%s -%.80s: did you mean -%s?", what, name, near);
  FH_RAISE(FH_ERR_USAGE, "%s -%.80s (-help lists the known ones)", what, name);
}

/* calls visit for every option that nobody has asked for */
static fh_status visit_left(fh_status (*visit)(const fh_options *o, void *context, const char *name,
                                               const char *value),
                            const fh_options *o, void *context)
{
  PetscInt n = 0;
  char **names = NULL, **values = NULL;
  fh_status st = FH_OK;
  FH_TRY_PETSC(PetscOptionsLeftGet(NULL, &n, &names, &values));
  for (PetscInt i = 0; i < n && st == FH_OK; i++)
    if (!is_for_petsc(names[i])) st = visit(o, context, names[i], values[i]);
  FH_TRY_PETSC(PetscOptionsLeftRestore(NULL, &n, &names, &values));
  return st;
}

static fh_status refuse_unknown(const fh_options *o, void *context, const char *name,
                                const char *value)
{
  const bool *solver = context;
  (void)value;
  if (*solver && is_for_solver(name)) return FH_OK;
  return refuse(o, *solver, "unknown option", name);
}

fh_status fh_options_check(fh_options *o, bool solver)
{
  FH_TRY(visit_left(refuse_unknown, o, &solver));
  return FH_OK;
}

/* solvers that are not always needed: of the ladder, of the strategies that auto measures */
static bool is_for_ladder(const char *name)
{
  return !strncmp(name, "retry_", 6) || !strncmp(name, "direct_", 7) || !strncmp(name, "auto_", 5);
}

static fh_status refuse_unused(const fh_options *o, void *context, const char *name,
                               const char *value)
{
  (void)context, (void)value;
  return is_for_ladder(name) ? FH_OK : refuse(o, true, "no solver asks for option", name);
}

fh_status fh_options_check_solver(const fh_options *o)
{
  FH_TRY(visit_left(refuse_unused, o, NULL));
  return FH_OK;
}

static fh_status count_left(const fh_options *o, void *context, const char *name, const char *value)
{
  int *n = context;
  (void)o, (void)value;
  *n += !is_for_ladder(name);
  return FH_OK;
}

bool fh_options_left_for_solver(const fh_options *o)
{
  int n = 0;
  return visit_left(count_left, o, &n) == FH_OK && n > 0;
}

/* ---- YAML --------------------------------------------------------------------------------------- */

static fh_status add_left(const fh_options *o, void *context, const char *name, const char *value)
{
  (void)o;
  return fh_yaml_entry(context, name, value ? value : "");
}

fh_status fh_options_yaml(const fh_options *o, fh_text *yaml)
{
  for (int i = 0; i < o->n; i++) {
    const group *g = &o->groups[i];
    if (g->kind != FH_GROUP_RUN) continue;
    FH_TRY(fh_yaml_section(yaml, g->title, g->fields, g->config));
  }
  fh_text left = {NULL, 0, 0};
  fh_status st = visit_left(add_left, o, &left);
  if (st == FH_OK && left.length > 0) st = fh_text_add(yaml, "# solver\n%s", left.data);
  fh_text_clear(&left);
  return st;
}

/* ---- help ----------------------------------------------------------------------------------------- */

static void print_type(const fh_field *f, FILE *stream)
{
  static const char *const types[] = {"true|false",  "integer",    "number", NULL,
                                      "integer,...", "number,...", "text"};
  if (f->type != FH_FIELD_ENUM) {
    fprintf(stream, "<%s>", types[f->type]);
    return;
  }
  for (int i = 0; f->choices[i]; i++) fprintf(stream, "%s%s", i ? "|" : "<", f->choices[i]);
  fputs(">", stream);
}

static void print_field(const fh_field *f, FILE *stream)
{
  fprintf(stream, "  -%s ", f->name);
  print_type(f, stream);
  if (f->preset && f->preset[0]) fprintf(stream, "  default %s", f->preset);
  if (f->least != f->most) fprintf(stream, ", %.15g to %.15g", f->least, f->most);
  fprintf(stream, "\n        %s\n", f->help);
}

void fh_options_help(const fh_options *o, FILE *stream)
{
  for (int i = 0; i < o->n; i++) {
    fprintf(stream, "\n%s:\n", o->groups[i].title);
    for (const fh_field *f = o->groups[i].fields; f->name; f++) print_field(f, stream);
  }
}
