/* fredholm generate: a training set */
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "base/clock.h"
#include "base/memory.h"
#include "comm/team.h"
#include "datagen/generate.h"
#include "datagen/labeller.h"

typedef struct {
  bool dry_run;
} generate_call;

typedef struct {
  fh_generate_config generate;
  generate_call call;
  bool list_problems, list_presets;
} generate_config;

#define AT(member) offsetof(generate_call, member)
static const fh_field call_fields[] = {
    {"dry_run", FH_FIELD_BOOL, AT(dry_run), "false", 0, 0, NULL,
     "only tell sizes, memory and time (from making a sample or two), write nothing"},
    FH_FIELDS_END};
#undef AT

/* ---- options ---------------------------------------------------------------------------------------- */

static fh_status describe(fh_options *o)
{
  FH_TRY(fh_options_add(o, FH_GROUP_RUN, "what to generate", fh_generate_fields, NULL));
  for (int i = 0; fh_problem_registry[i]; i++) {
    char title[96];
    snprintf(title, sizeof title, "problem %s", fh_problem_registry[i]->name);
    FH_TRY(fh_options_add(o, FH_GROUP_RUN, title, fh_problem_registry[i]->fields, NULL));
  }
  FH_TRY(fh_options_add(o, FH_GROUP_CALL, "how", fh_generate_call_fields, NULL));
  return fh_options_add(o, FH_GROUP_CALL, "call", call_fields, NULL);
}

/* a preset sets values below what the user says, so the names of both must be known first */
static fh_status declare(fh_options *o, void *config)
{
  generate_config *c = config;
  const fh_field *problem_fields = NULL;
  if (fh_options_describing(o)) return describe(o);
  const char *problem = fh_options_text("problem"), *preset = fh_options_text("preset");
  c->list_problems = !strcmp(problem, "list");
  c->list_presets = !strcmp(preset, "list");
  if (c->list_problems || c->list_presets) problem = preset = "";
  FH_TRY(fh_generate_prepare(problem, preset, &c->generate, &problem_fields));
  FH_TRY(fh_options_overlay(o, FH_GROUP_RUN, "generate", fh_generate_fields, &c->generate));
  FH_TRY(fh_options_overlay(o, FH_GROUP_RUN, c->generate.problem, problem_fields,
                            c->generate.problem_config));
  FH_TRY(fh_options_overlay(o, FH_GROUP_CALL, "how", fh_generate_call_fields, &c->generate));
  return fh_options_add(o, FH_GROUP_CALL, "call", call_fields, &c->call);
}

static void print_lists(const fh_run *run, const generate_config *c)
{
  char problems[4096];
  if (run->rank) return;
  if (c->list_problems) {
    fh_problem_list(problems, sizeof problems);
    fputs(problems, stdout);
  }
  for (const fh_preset *p = fh_presets; c->list_presets && p->name; p++)
    printf("%s\n", p->law); /* it begins with the name */
}

/* ---- a look ahead -------------------------------------------------------------------------------------- */

/* solves a sample or two; *seconds: of the last one, the first pays for what is set up once */
static fh_status solve_some(const fh_team *team, const fh_generate_config *c, bool dry_run,
                            fh_labeller **labeller, double *seconds)
{
  char why[256];
  fh_sample_record record;
  FH_TRY(fh_labeller_create(team->space, c, labeller));
  const bool evolves = (*labeller)->problem->class->evolve; /* then there is no solver to ask */
  const int count = (dry_run ? 2 : 1) - (evolves ? 1 : 0);
  for (int64_t i = 0; i < count; i++) {
    const double start = fh_clock();
    FH_TRY(fh_labeller_make(*labeller, i % c->samples, &record, why));
    *seconds = fh_clock() - start;
  }
  return FH_OK;
}

static void print_estimate(const fh_run *run, const fh_team *team, const generate_config *c,
                           const fh_labeller *l, double seconds)
{
  char grid[64], duration[32];
  const fh_problem *p = l->problem;
  ptrdiff_t channels = 0, frames = 0;
  for (int f = 0; f < p->n_fields; f++) {
    channels += p->fields[f].info.channels;
    frames += p->fields[f].info.channels * (p->fields[f].is_output ? l->store->steps : 1);
  }
  const double points = (double)l->store->points, n = (double)c->generate.samples;
  fh_progress_duration(duration, sizeof duration, seconds * n / team->n_samples);
  if (run->rank) return;
  printf("grid: %s stored points, %td unknowns a sample, %td channels in %d fields, %td times\n",
         fh_grid_text(&l->store->grid, grid), p->unknowns, channels, p->n_fields, l->store->steps);
  printf("file: %.4g MB for %td samples\n", 4e-6 * n * points * (double)frames,
         c->generate.samples);
  printf("memory: %.4g MB a rank\n", 1e-6 * (double)fh_memory_peak());
  printf("time: %.3g s a sample, about %s on %d ranks (%d groups)\n", seconds, duration, run->size,
         team->n_samples);
}

/* solvers are set up from what the user typed: what PETSc refuses here is a wrong option */
static fh_status blame_options(fh_status st)
{
  char sentence[512];
  if (st != FH_ERR_LIBRARY) return st;
  snprintf(sentence, sizeof sentence, "%s", fh_status_message());
  FH_RAISE(FH_ERR_USAGE, "the options of the solver do not work: %s", sentence);
}

static fh_status look_ahead(fh_run *run, const fh_team *team, const generate_config *c)
{
  fh_labeller *labeller = NULL;
  double seconds = 0;
  fh_status st = solve_some(team, &c->generate, c->call.dry_run, &labeller, &seconds);
  st = blame_options(fh_status_agree(run->comm, st));
  if (st == FH_OK) st = fh_options_check_solver(run->options);
  if (st == FH_OK && c->call.dry_run) print_estimate(run, team, c, labeller, seconds);
  fh_labeller_destroy(&labeller);
  return st;
}

/* ---- the run --------------------------------------------------------------------------------------------- */

static fh_status check(const fh_run *run, const generate_config *c)
{
  FH_CHECK(c->generate.samples > 0, FH_ERR_USAGE, "option -n is %td: at least 1 sample is needed",
           c->generate.samples);
  FH_TRY(fh_run_check_groups(run, c->generate.ranks_per_sample));
  if (!c->call.dry_run) FH_TRY(fh_require("out", c->generate.out));
  return FH_OK;
}

static void tell_summary(const fh_run *run, const generate_config *c, const fh_generate_summary *s)
{
  const fh_log_value values[] = {{"samples", (double)s->samples}, {"resumed", (double)s->resumed},
                                 {"failed", (double)s->failed},   {"iterations", s->iterations},
                                 {"max_residual", s->residual},   {"seconds", s->seconds},
                                 {"ordering_s", s->ordering}};
  fh_log_record(run->log, "summary", 7, values);
  fh_log_message(run->log, FH_LOG_INFO,
                 "%s: %td samples (%td were there) in %.1f s with %s, %.1f %s a sample, largest %s "
                 "%.2e",
                 c->generate.out, s->samples + s->resumed, s->resumed, s->seconds, s->solver,
                 s->iterations, s->evolved ? "time steps" : "iterations",
                 s->evolved ? "estimated error of a step" : "residual", s->residual);
  if (s->failed)
    fh_log_message(
        run->log, FH_LOG_WARNING, "%s for %td samples: they are stored as NaN with valid = false",
        s->evolved ? "there is no solution" : "no solver reached the tolerance", s->failed);
}

static fh_status generate(fh_run *run, const fh_team *team, const generate_config *c)
{
  fh_generate_summary summary;
  memset(&summary, 0, sizeof summary);
  /* options for solvers can be judged only by solvers: ask them before hours of work */
  if (c->call.dry_run || fh_options_left_for_solver(run->options)) FH_TRY(look_ahead(run, team, c));
  if (c->call.dry_run) return FH_OK;
  FH_TRY(fh_generate_run(run->comm, &c->generate, run->log, &run->stop, &summary));
  tell_summary(run, c, &summary);
  return FH_OK;
}

static fh_status run_generate(fh_run *run, void *config)
{
  const generate_config *c = config;
  fh_team *team = NULL;
  if (c->list_problems || c->list_presets) return print_lists(run, c), FH_OK;
  FH_TRY(check(run, c));
  fh_run_echo(run);
  FH_TRY(fh_team_create(run->comm, 1, (int)c->generate.ranks_per_sample, &team));
  const fh_status st = generate(run, team, c);
  fh_team_destroy(&team);
  return st;
}

const fh_command fh_command_generate = {
    .name = "generate",
    .arguments = "-problem P -n N -size S -seed K -out F.h5 [-preset X] [-resume | -overwrite]",
    .help = "sample PDE problems, solve them with PETSc and store them as a training set",
    .uses_solver = true,
    .is_long = true,
    .echoes = true,
    .config_bytes = sizeof(generate_config),
    .declare = declare,
    .run = run_generate};
