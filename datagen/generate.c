#include "datagen/generate.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/team.h"
#include "datagen/choose.h"
#include "datagen/labeller.h"
#include "datagen/rounds.h"
#include "datagen/skr/order.h"
#include "io/writer.h"

enum { TOLD = 256 }; /* those of the last rounds */

typedef struct {
  fh_generate_config config; /* a copy: what `auto` chooses goes into it */
  const fh_log *log;
  const fh_stop *stop;
  fh_team *team;
  fh_labeller *labeller;
  fh_kept *kept; /* samples made while strategies were measured */
  fh_writer *writer;
  fh_rounds *rounds;
  int64_t *chain; /* samples of this group, in its order */
  ptrdiff_t chain_length, left, n_rounds;
  ptrdiff_t wanted;   /* to be made in this run: left, and those that were kept */
  int64_t told[TOLD]; /* failed samples that this rank has spoken of, plus 1 */
  int n_told;
  double start, ordering; /* seconds: of the clock when work began; spent on the order */
  bool stopped, failed;   /* agreed by all ranks */
  fh_round total;         /* sums so far, and the largest residual */
} run;

/* ---- before the loop ----------------------------------------------------------------------------- */

static fh_status check(const run *r)
{
  const fh_generate_config *c = &r->config;
  FH_CHECK(c->samples >= 1, FH_ERR_USAGE, "n = %td samples asked for, at least 1 is needed",
           c->samples);
  FH_CHECK(c->out[0], FH_ERR_USAGE, "no output file: name one with -out FILE.h5");
  FH_CHECK(!(c->resume && c->overwrite), FH_ERR_USAGE,
           "-resume and -overwrite contradict each other: give one of them");
  FH_CHECK(r->team->n_samples <= c->samples, FH_ERR_USAGE,
           "%d ranks in groups of %td are %d groups, more than the %td samples asked for: start "
           "fewer ranks, or raise -ranks_per_sample",
           r->team->size, c->ranks_per_sample, r->team->n_samples, c->samples);
  return FH_OK;
}

static fh_status open_writer(run *r)
{
  const fh_generate_config *c = &r->config;
  const fh_problem *p = r->labeller->problem;
  const fh_store *store = r->labeller->store;
  fh_text yaml = {NULL, 0, 0};
  FH_CHECK(p->most_samples == 0 || c->samples <= p->most_samples, FH_ERR_USAGE,
           "n = %td samples asked for, but there are inputs for %td only: ask for fewer with -n",
           c->samples, p->most_samples);
  FH_TRY(fh_status_agree(r->team->world, fh_generate_yaml(c, &yaml)));
  fh_writer_info info = {.config = yaml.data,
                         .seed = (uint64_t)c->seed,
                         .samples = c->samples,
                         .grid = store->grid,
                         .time = p->time,
                         .n_fields = p->n_fields,
                         .n_scalars = p->n_scalars,
                         .n_constants = p->n_constants,
                         .mesh = p->mesh};
  snprintf(info.problem, sizeof info.problem, "%s", p->class->name);
  for (int f = 0; f < p->n_fields; f++) info.fields[f] = p->fields[f];
  for (int s = 0; s < p->n_scalars; s++) info.scalars[s] = p->scalars[s];
  for (int a = 0; a < FH_MAX_DIM; a++) info.shift[a] = store->shift[a];
  for (int k = 0; k < p->n_constants; k++) info.constants[k] = p->constants[k];
  const fh_existing existing = c->resume      ? FH_RESUME
                               : c->overwrite ? FH_OVERWRITE
                                              : FH_REFUSE_EXISTING;
  const fh_status st = fh_writer_create(r->team->world, c->out, &info, existing, &r->writer);
  fh_text_clear(&yaml);
  return st;
}

static void tell_order(const run *r, const fh_order_report *o)
{
  const fh_log_value values[] = {{"coefficients", (double)o->coefficients},
                                 {"sampling_s", o->sampling},
                                 {"sorting_s", o->sorting},
                                 {"step_as_sampled", o->before},
                                 {"step", o->after},
                                 {"step_bound", o->after_bound}};
  fh_log_record(r->log, "order", 6, values);
  fh_log_message(
      r->log, FH_LOG_INFO,
      "order %s of %td samples by %td coefficients: mean step %.4g (as sampled %.4g); with "
      "what was cut off at most %.4g; %.2f s to draw the inputs, %.2f s to sort",
      fh_order_names[r->config.order.kind], r->left, o->coefficients, o->after, o->before,
      o->after_bound, o->sampling, o->sorting);
}

/* the tour through what is wanted; collective. A field is the same function on every grid, so a coarse one
   shows what is alike at a fraction of the cost. */
static fh_status make_tour(run *r, const int64_t *wanted, int64_t *tour, fh_order_report *report)
{
  const fh_generate_config *c = &r->config;
  const fh_problem *own = r->labeller->problem;
  const fh_int_list size = {.count = 1, .value = {c->order.size}};
  const bool coarse = c->order.size > 0 && c->order.kind != FH_ORDER_AS_SAMPLED;
  fh_problem *p = NULL;
  fh_status st = FH_OK;
  if (coarse) st = fh_problem_create(own->comm, own->class, own->config, &size, &p);
  st = fh_status_agree(r->team->world, st);
  if (st == FH_OK)
    st = fh_order_tour(r->team->world, &c->order, coarse ? p : r->labeller->problem,
                       (uint64_t)c->seed, r->left, wanted, tour, report);
  fh_problem_destroy(&p);
  return st;
}

/* and this group's piece of it */
static fh_status order(run *r, const int64_t *wanted, int64_t *tour)
{
  const fh_order_config *c = &r->config.order;
  const int groups = r->team->n_samples;
  fh_order_report report;
  FH_TRY(make_tour(r, wanted, tour, &report));
  r->ordering = report.sampling + report.sorting;
  if (report.coefficients > 0) tell_order(r, &report);
  return fh_order_chain(c->kind, r->left, tour, groups, r->team->sample_part, &r->chain,
                        &r->chain_length);
}

static fh_status list_wanted(run *r, int64_t **wanted)
{
  FH_NEW(*wanted, 2 * r->config.samples); /* and room for the tour */
  for (ptrdiff_t i = 0; i < r->config.samples; i++)
    if (!fh_writer_has(r->writer, i)) {
      r->wanted++;
      if (!fh_kept_has(r->kept, i)) (*wanted)[r->left++] = i;
    }
  return FH_OK;
}

static fh_status plan(run *r)
{
  int64_t *wanted = NULL;
  const int groups = r->team->n_samples;
  const ptrdiff_t batch = fh_labeller_capacity(r->labeller, NULL);
  fh_status st = fh_status_agree(r->team->world, list_wanted(r, &wanted));
  r->n_rounds = ((r->left + groups - 1) / groups + batch - 1) / batch;
  if (st == FH_OK) st = order(r, wanted, wanted + r->config.samples);
  fh_free(wanted);
  return st;
}

/* ---- the loop ------------------------------------------------------------------------------------ */

/* where a finished sample goes, and what happened into a round */
typedef struct {
  run *run;
  fh_round *round;
} sink;

static fh_status put(void *context, double *const *values, const fh_label *label)
{
  const sink *to = context;
  run *r = to->run;
  fh_round *mine = to->round;
  const fh_sample_record *record = &label->record;
  if (r->labeller->rank != 0) return FH_OK;
  FH_TRY(fh_writer_put(r->writer, (const double *const *)values, record));
  mine->done += 1.0;
  mine->iterations += record->iterations;
  if (record->valid) {
    mine->residual = fmax(mine->residual, record->residual);
  } else {
    mine->failed += 1.0;
    mine->culprit = (double)record->index + 1.0; /* 0 is nobody */
    fh_log_message(r->log, FH_LOG_WARNING, "sample %lld is stored as NaN, valid = false: %s",
                   (long long)record->index, label->why);
    r->told[r->n_told++ % TOLD] = record->index + 1;
  }
  return FH_OK;
}

static void report(const run *r)
{
  const double done = r->total.done;
  const bool evolves = r->labeller->problem->class->evolve;
  const fh_log_value values[] = {
      {evolves ? "steps" : "iterations", done > 0.0 ? r->total.iterations / done : 0.0},
      {evolves ? "max_error" : "max_residual", r->total.residual},
      {"failed", r->total.failed}};
  fh_log_progress(r->log, "samples", r->config.samples - r->wanted + (ptrdiff_t)done,
                  r->config.samples, 3, values);
}

/* a sample that failed on another rank, which perhaps has no listener */
static void tell_culprit(const run *r, int64_t culprit)
{
  if (culprit == 0) return;
  for (int i = 0; i < TOLD; i++)
    if (r->told[i] == culprit) return;
  fh_log_message(r->log, FH_LOG_WARNING,
                 "sample %lld is stored as NaN, valid = false: another rank found no solution",
                 (long long)culprit - 1);
}

/* an earlier round of all ranks: the same on all of them */
static void take_in(run *r, const fh_round *round)
{
  r->total.done += round->done;
  r->total.iterations += round->iterations;
  r->total.failed += round->failed;
  if (round->residual > r->total.residual) r->total.residual = round->residual;
  r->stopped = r->stopped || round->stop > 0.0;
  r->failed = r->failed || round->error > 0.0;
  tell_culprit(r, (int64_t)round->culprit);
  report(r);
}

/* this group's piece of a round */
static fh_status make_round(run *r, ptrdiff_t round, fh_round *mine)
{
  const ptrdiff_t batch = fh_labeller_capacity(r->labeller, NULL), from = round * batch;
  const ptrdiff_t left = r->chain_length - from, count = left < batch ? left : batch;
  sink to = {r, mine};
  const fh_receiver receiver = {put, &to};
  return count > 0 ? fh_labeller_make_some(r->labeller, count, r->chain + from, &receiver) : FH_OK;
}

/* A rank that fails goes on taking part in the rounds, without working, until all know of it. */
static fh_status loop(run *r)
{
  fh_status st = FH_OK;
  fh_round round;
  bool arrived = false;
  for (ptrdiff_t i = 0; i < r->n_rounds && !r->stopped && !r->failed; i++) {
    fh_round mine = {.stop = fh_stop_poll(r->stop) & FH_STOP_END ? 1.0 : 0.0};
    if (st == FH_OK) st = fh_status_agree(r->team->space, make_round(r, i, &mine));
    mine.error = st == FH_OK ? 0.0 : 1.0;
    FH_TRY(fh_rounds_post(r->rounds, &mine, &arrived, &round));
    if (arrived) take_in(r, &round);
  }
  for (arrived = true; arrived;) {
    FH_TRY(fh_rounds_drain(r->rounds, &arrived, &round));
    if (arrived) take_in(r, &round);
  }
  return fh_status_agree(r->team->world, st);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void summarise(const run *r, fh_generate_summary *s)
{
  *s = (fh_generate_summary){.samples = (ptrdiff_t)r->total.done,
                             .resumed = r->config.samples - r->wanted,
                             .failed = (ptrdiff_t)r->total.failed,
                             .residual = r->total.residual,
                             .seconds = fh_clock() - r->start,
                             .ordering = r->ordering};
  if (s->samples > 0) s->iterations = r->total.iterations / (double)s->samples;
  s->evolved = r->labeller->problem->class->evolve;
  fh_labeller_describe(r->labeller, s->solver, sizeof s->solver);
}

/* what an earlier run of this set has chosen; rank 0 looks */
static fh_status adopt_choice(run *r, bool *exists)
{
  fh_generate_config stored;
  char *yaml = NULL;
  int found[2] = {0, 0}; /* there is a set; its choice */
  if (r->team->rank == 0) fh_writer_stored_config(r->config.out, &yaml);
  if (yaml) {
    found[0] = 1;
    if (fh_generate_from_yaml(yaml, &stored) == FH_OK) found[1] = stored.solver.choice;
    fh_status_clear();
  }
  fh_free(yaml);
  FH_TRY_MPI(MPI_Bcast(found, 2, MPI_INT, 0, r->team->world));
  *exists = found[0] != 0;
  if (r->config.resume) r->config.solver.choice = found[1];
  return FH_OK;
}

/* Opening the writer refuses a set that must not be touched: then nothing is measured. */
static fh_status choose(run *r)
{
  bool exists = false;
  if (fh_sequence_strategy(&r->config.solver) != FH_STRATEGY_AUTO) return FH_OK;
  FH_TRY(adopt_choice(r, &exists));
  if (exists && !r->config.overwrite && r->config.solver.choice == 0) return FH_OK;
  if (r->config.solver.choice == 0)
    return fh_choose(r->team, r->labeller, &r->config, r->log, &r->kept);
  fh_sequence *chosen = NULL;
  FH_TRY(
      fh_status_agree(r->team->world, fh_labeller_solver(r->labeller, &r->config.solver, &chosen)));
  fh_labeller_adopt(r->labeller, &chosen);
  return FH_OK;
}

/* what was made while measuring: written, and counted by all */
static fh_status write_kept(run *r)
{
  fh_round mine = {.done = 0.0};
  sink to = {r, &mine};
  const fh_receiver receiver = {put, &to};
  FH_TRY(fh_status_agree(r->team->world, fh_kept_give(r->kept, &receiver)));
  double sum[3] = {mine.done, mine.iterations, mine.failed};
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, sum, 3, MPI_DOUBLE, MPI_SUM, r->team->world));
  FH_TRY_MPI(
      MPI_Allreduce(&mine.residual, &r->total.residual, 1, MPI_DOUBLE, MPI_MAX, r->team->world));
  r->total.done = sum[0], r->total.iterations = sum[1], r->total.failed = sum[2];
  return FH_OK;
}

static fh_status execute(MPI_Comm comm, run *r, fh_generate_summary *summary)
{
  const fh_generate_config *c = &r->config;
  FH_TRY(fh_team_create(comm, 1, (int)c->ranks_per_sample, &r->team));
  FH_TRY(check(r));
  FH_TRY(fh_status_agree(r->team->world, fh_labeller_create(r->team->space, c, &r->labeller)));
  r->start = fh_clock();
  if (r->config.order.kind == FH_ORDER_BY_STRATEGY)
    r->config.order.kind =
        c->solver.strategy == FH_STRATEGY_SKR ? FH_ORDER_GREEDY : FH_ORDER_AS_SAMPLED;
  FH_TRY(choose(r));
  FH_TRY(open_writer(r));
  FH_TRY(fh_status_agree(r->team->world, plan(r)));
  FH_TRY(write_kept(r));
  FH_TRY(fh_rounds_create(r->team->world, &r->rounds));
  FH_TRY(loop(r));
  summarise(r, summary);
  const ptrdiff_t there = summary->resumed + summary->samples;
  if (there < c->samples)
    FH_RAISE(FH_STOPPED,
             "stopped on request after %td of %td samples: the same call with -resume "
             "goes on",
             there, c->samples);
  FH_TRY(fh_writer_finish(r->writer));
  FH_CHECK(summary->failed < summary->samples || summary->samples == 0, FH_ERR_NUMERIC,
           "none of the %td samples could be solved to the tolerance %g: the file holds their "
           "inputs, marked valid = false",
           summary->samples, c->solver.tolerance);
  return FH_OK;
}

fh_status fh_generate_run(MPI_Comm comm, const fh_generate_config *config, const fh_log *log,
                          const fh_stop *stop, fh_generate_summary *summary)
{
  run r = {.config = *config, .log = log, .stop = stop};
  fh_generate_summary own;
  const fh_status st = execute(comm, &r, summary ? summary : &own);
  fh_rounds_destroy(&r.rounds);
  fh_writer_destroy(&r.writer);
  fh_kept_destroy(&r.kept);
  fh_labeller_destroy(&r.labeller);
  fh_free(r.chain);
  fh_team_destroy(&r.team);
  return st;
}
