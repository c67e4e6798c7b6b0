#include "datagen/choose.h"

#include <math.h>

#include "base/clock.h"
#include "base/memory.h"

/* A candidate is dropped when its first sample takes drop_first times as long as the best one so far -
   with factors, whose symbolic part is done once, drop_symbolic times -; after two batches, drop_later
   times. MOST_TRIES batches are made by the last ones. */
enum { MOST_TRIES = 4 };
static const double drop_first = 3.0, drop_symbolic = 8.0, drop_later = 1.3, no_limit = 1e30,
                    least_limit = 0.02, most_share = 0.15;
static const char not_measured[] = "not measured: so few samples do not pay for it";

/* ---- candidates ---------------------------------------------------------------------------------- */

typedef struct {
  fh_strategy strategy;
  fh_sequence *sequence; /* NULL: not begun, or dropped */
  const char *end;       /* why it was dropped; NULL: in the race */
  int tries;
  double first, later;         /* seconds a sample: in its first batch; summed over the others */
  double samples, failures;    /* over all groups */
  double iterations, residual; /* summed; largest */
} candidate;

typedef struct {
  const fh_team *team;
  fh_labeller *labeller;
  const fh_generate_config *config;
  fh_kept *kept;
  candidate list[FH_STRATEGY_COUNT];
  int n;
  ptrdiff_t own, next; /* samples of this group at least; the next one to be made */
  double best;         /* seconds a sample */
  double spent;        /* seconds of this group on measuring */
  candidate *trying;
} race;

/* the most promising first: slow ones are then dropped early */
static const fh_strategy by_promise[] = {FH_STRATEGY_CONSTANT,     FH_STRATEGY_BATCHED_MULTIGRID,
                                         FH_STRATEGY_FASTELLIPTIC, FH_STRATEGY_CHOLESKY,
                                         FH_STRATEGY_FROZEN,       FH_STRATEGY_LU,
                                         FH_STRATEGY_CG_ICC,       FH_STRATEGY_CG_BOOMERAMG,
                                         FH_STRATEGY_CG_GAMG,      FH_STRATEGY_RCG_ICC,
                                         FH_STRATEGY_BCGS_ILU};

/* LU of a definite matrix, or plain BiCGStab, cannot win against what uses that it is definite; a constant
   matrix is factored once by all */
static bool is_idle(fh_strategy s, const fh_problem *p)
{
  const bool definite = p->symmetric && p->positive_definite;
  return (definite && (s == FH_STRATEGY_LU || s == FH_STRATEGY_BCGS_ILU)) ||
         (p->constant_matrix && s == FH_STRATEGY_FROZEN);
}

static fh_status list_candidates(race *r)
{
  const fh_problem *p = r->labeller->problem;
  fh_sequence_hint hint;
  FH_TRY(fh_labeller_hint(r->labeller, &hint));
  for (size_t i = 0; i < sizeof by_promise / sizeof *by_promise; i++)
    if (!is_idle(by_promise[i], p) && !fh_strategy_unfit(by_promise[i], &hint, r->team->n_space))
      r->list[r->n++] = (candidate){.strategy = by_promise[i]};
  FH_CHECK(r->n > 0, FH_ERR_USAGE,
           "sequence_strategy auto knows nothing that fits this problem: "
           "take manual");
  return FH_OK;
}

static fh_sequence_config config_of(const race *r, const candidate *c)
{
  fh_sequence_config config = r->config->solver;
  config.choice = 1 + (int)c->strategy - FH_STRATEGY_FIRST_SINGLE;
  return config;
}

static void drop(candidate *c, const char *why)
{
  c->end = why;
  fh_sequence_destroy(&c->sequence);
}

/* ---- one batch ----------------------------------------------------------------------------------- */

static fh_status take(void *context, double *const *values, const fh_label *label)
{
  race *r = context;
  candidate *c = r->trying;
  const bool failed = label->posed && !label->solved;
  c->failures += failed;
  c->samples += 1.0;
  c->iterations += label->record.iterations;
  if (label->record.valid) c->residual = fmax(c->residual, label->record.residual);
  if (failed || fh_kept_has(r->kept, label->record.index)) return FH_OK;
  return fh_kept_add(r->kept, values, label);
}

/* this group's next samples; when all are made, the first ones again */
static ptrdiff_t next_samples(race *r, ptrdiff_t count, int64_t *index)
{
  if (count > r->own) count = r->own;
  for (ptrdiff_t i = 0; i < count; i++)
    index[i] = r->team->sample_part + (r->next++ % r->own) * r->team->n_samples;
  return count;
}

/* processor time where a sample has one rank, which is then never waiting */
static double now(const race *r)
{
  return r->team->n_space == 1 ? fh_clock_cpu() : fh_clock();
}

static fh_status begin(race *r, candidate *c)
{
  const fh_sequence_config config = config_of(r, c);
  const fh_status st = fh_labeller_solver(r->labeller, &config, &c->sequence);
  if (fh_status_agree(r->team->world, st) == FH_OK) return FH_OK;
  fh_status_clear();
  drop(c, "PETSc refuses it");
  return FH_OK;
}

/* what is set up for a constant matrix serves all samples: no first one tells anything */
static double first_limit(const race *r, const candidate *c)
{
  if (r->labeller->problem->constant_matrix) return no_limit;
  const bool symbolic = c->strategy == FH_STRATEGY_CHOLESKY || c->strategy == FH_STRATEGY_LU ||
                        c->strategy == FH_STRATEGY_FROZEN;
  return symbolic ? drop_symbolic : drop_first;
}

static fh_status make_batch(race *r, candidate *c, double *seconds)
{
  const fh_receiver to = {take, r};
  const double slowest = c->tries ? drop_later * MOST_TRIES : first_limit(r, c);
  const ptrdiff_t capacity = fh_labeller_capacity(r->labeller, c->sequence);
  int64_t *index = NULL;
  FH_NEW(index, capacity);
  const ptrdiff_t count = next_samples(r, capacity, index);
  const double limit = fmax(least_limit, slowest * r->best);
  r->trying = c;
  MPI_Barrier(r->team->world);
  const double start = now(r);
  const fh_status st = fh_labeller_try(r->labeller, c->sequence, limit, count, index, &to);
  *seconds = (now(r) - start) / (double)count;
  fh_free(index);
  return st;
}

/* sums over the groups: every rank of a group has the same counts, so all ranks count */
static fh_status share(const race *r, double *seconds, double before[4], candidate *c)
{
  double sum[4] = {*seconds, c->samples - before[0], c->failures - before[1],
                   c->iterations - before[2]};
  const double ranks = r->team->n_space, groups = r->team->n_samples;
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, sum, 4, MPI_DOUBLE, MPI_SUM, r->team->world));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, &c->residual, 1, MPI_DOUBLE, MPI_MAX, r->team->world));
  *seconds = sum[0] / (ranks * groups);
  c->samples = before[0] + sum[1] / ranks;
  c->failures = before[1] + sum[2] / ranks;
  c->iterations = before[2] + sum[3] / ranks;
  return FH_OK;
}

static double mean(const candidate *c)
{
  return c->tries > 1 ? c->later / (c->tries - 1) : c->first;
}

static fh_status try_once(race *r, candidate *c)
{
  double seconds = 0.0, before[4] = {c->samples, c->failures, c->iterations, 0.0};
  if (!c->sequence) FH_TRY(begin(r, c));
  if (c->end) return FH_OK;
  FH_TRY(fh_status_agree(r->team->world, make_batch(r, c, &seconds)));
  FH_TRY(share(r, &seconds, before, c));
  r->spent += seconds * (c->samples - before[0]) / r->team->n_samples;
  if (c->tries++ == 0) {
    c->first = seconds;
  } else {
    c->later += seconds;
  }
  if (c->failures > 0.0) {
    drop(c, "too slow, or not to the tolerance");
  } else if (mean(c) < r->best) {
    r->best = mean(c);
  }
  return FH_OK;
}

/* ---- the race ------------------------------------------------------------------------------------ */

static int running(const race *r)
{
  int n = 0;
  for (int i = 0; i < r->n; i++) n += !r->list[i].end;
  return n;
}

/* Two are measured in any case; the others only while measuring is a small part of the work. */
static bool is_too_dear(const race *r, int measured)
{
  const double left = r->best * (double)(r->own > r->next ? r->own - r->next : 0);
  return measured >= 2 && r->spent > most_share * left;
}

static fh_status go_round(race *r, int round)
{
  for (int i = 0; i < r->n; i++) {
    candidate *c = &r->list[i];
    if (!c->end && c->tries == 0 && is_too_dear(r, i)) drop(c, not_measured);
    if (!c->end && c->tries > 0 && is_too_dear(r, i)) continue;
    if (!c->end) FH_TRY(try_once(r, c));
    if (round == 0 && !c->end && c->first > first_limit(r, c) * r->best) drop(c, "much slower");
  }
  for (int i = 0; i < r->n && round > 0; i++)
    if (!r->list[i].end && mean(&r->list[i]) > drop_later * r->best) drop(&r->list[i], "slower");
  return FH_OK;
}

/* none is left: the one that failed least, then the first */
static candidate *winner(race *r)
{
  candidate *best = &r->list[0];
  for (int i = 1; i < r->n; i++) {
    candidate *c = &r->list[i];
    if (c->end == not_measured) continue;
    const bool better =
        c->end ? best->end && c->failures < best->failures : best->end || mean(c) < mean(best);
    if (better) best = c;
  }
  return best;
}

static void tell(const race *r, const fh_log *log, const candidate *chosen)
{
  for (int i = 0; i < r->n; i++) {
    const candidate *c = &r->list[i];
    const double n = fmax(c->samples, 1.0);
    if (c->end == not_measured) {
      fh_log_message(log, FH_LOG_INFO, "auto: %-22s %s", fh_strategy_names[c->strategy], c->end);
      continue;
    }
    const fh_log_value values[] = {
        {"strategy", (double)c->strategy},  {"samples", c->samples},   {"seconds", mean(c)},
        {"iterations", c->iterations / n},  {"residual", c->residual}, {"failures", c->failures},
        {"chosen", c == chosen ? 1.0 : 0.0}};
    fh_log_record(log, "strategy", 7, values);
    fh_log_message(log, FH_LOG_INFO,
                   "auto: %-22s %9.3f ms a sample (%g samples), %6.1f iterations, largest residual "
                   "%.2e, %g failures%s%s",
                   fh_strategy_names[c->strategy], 1e3 * mean(c), c->samples, c->iterations / n,
                   c->residual, c->failures, c->end ? "; dropped: " : "",
                   c == chosen ? " <- taken"
                   : c->end    ? c->end
                               : "");
  }
}

static fh_status run_race(race *r, const fh_log *log, candidate **chosen)
{
  /* so few that measuring would be most of the work */
  const bool few = r->own < 2 * r->n;
  for (int round = 0; round < MOST_TRIES && !few && running(r) > (round > 0); round++)
    FH_TRY(go_round(r, round));
  *chosen = winner(r);
  if (few) {
    fh_log_message(log, FH_LOG_INFO,
                   "auto: %td samples a group are too few to measure %d strategies: takes %s",
                   r->own, r->n, fh_strategy_names[(*chosen)->strategy]);
  } else {
    tell(r, log, *chosen);
  }
  if (!(*chosen)->sequence) {
    const fh_sequence_config config = config_of(r, *chosen);
    FH_TRY(fh_status_agree(r->team->world,
                           fh_labeller_solver(r->labeller, &config, &(*chosen)->sequence)));
  }
  fh_labeller_adopt(r->labeller, &(*chosen)->sequence);
  return FH_OK;
}

fh_status fh_choose(const fh_team *team, fh_labeller *l, fh_generate_config *config,
                    const fh_log *log, fh_kept **kept)
{
  race r = {.team = team,
            .labeller = l,
            .config = config,
            .own = config->samples / team->n_samples,
            .best = no_limit};
  candidate *chosen = NULL;
  FH_TRY(fh_status_agree(team->world,
                         fh_kept_create(l->store, l->rank == 0, r.own * team->n_samples, kept)));
  r.kept = *kept;
  fh_status st = list_candidates(&r);
  if (st == FH_OK) st = run_race(&r, log, &chosen);
  for (int i = 0; i < r.n; i++) fh_sequence_destroy(&r.list[i].sequence);
  FH_TRY(st);
  FH_TRY(fh_kept_share(*kept, team->world));
  config->solver.choice = 1 + (int)chosen->strategy - FH_STRATEGY_FIRST_SINGLE;
  return FH_OK;
}
