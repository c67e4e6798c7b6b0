/* step - one optimiser step: units of the batch, exact sum, update */
#include "train/trainer_impl.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

/* the order of the samples is a function of (seed, epoch) */
static void shuffle(fh_trainer *t)
{
  const ptrdiff_t n = fh_source_samples(t->source);
  if (t->order_epoch == t->state.epoch) return;
  const fh_rng r = {.seed = (uint64_t)t->setup->train.seed,
                    .stream = FH_STREAM_SHUFFLE,
                    .sample = (uint64_t)t->state.epoch};
  if (t->setup->train.shuffle)
    fh_rng_permutation(&r, n, t->order);
  else
    for (ptrdiff_t i = 0; i < n; i++) t->order[i] = i;
  t->order_epoch = t->state.epoch;
}

static fh_status micro_batch(fh_trainer *t, ptrdiff_t count, const int64_t *samples, double scale,
                             double *values)
{
  fh_status read = fh_source_read(t->source, count, samples, t->x, t->y);
  /* ranks that share the sample must not wait for one that could not read it */
  if (t->team->n_patches > 1) read = fh_status_agree(t->team->patches, read);
  FH_TRY(read);
  const fh_real *in = t->x, *out = NULL;
  FH_TRY(fh_program_forward(t->program, count, &in, &out));
  FH_TRY(fh_objective_eval(t->objective, count, out, t->y, scale, values, t->slope));
  const fh_real *slope = t->slope;
  return fh_program_backward(t->program, &slope, NULL);
}

/* forward and backward of the units [first, last) of the batch; each one's gradient is added */
static fh_status run_units(fh_trainer *t, const int64_t *samples, ptrdiff_t batch, ptrdiff_t first,
                           ptrdiff_t last, double scale)
{
  for (ptrdiff_t u = first; u < last; u++) {
    const ptrdiff_t begin = u * t->unit;
    const ptrdiff_t end = begin + t->unit < batch ? begin + t->unit : batch;
    for (ptrdiff_t i = begin; i < end; i += t->micro) {
      const ptrdiff_t count = end - i < t->micro ? end - i : t->micro;
      FH_TRY(micro_batch(t, count, samples + i, scale, t->losses + i));
    }
    fh_sum_add(t->sum, fh_program_unit_gradients(t->program));
  }
  return FH_OK;
}

/* adjoints of maps that wait for the sum; they may overflow where it did not */
static bool complete(const fh_trainer *t)
{
  const ptrdiff_t n = fh_program_param_size(t->program);
  if (fh_program_n_blocks(t->program) == fh_program_n_params(t->program)) return true;
  fh_program_complete(t->program, t->total);
  bool finite = true;
  for (ptrdiff_t i = 0; i < n; i++) finite &= isfinite(t->total[i]) != 0;
  return finite;
}

/* gradient of the batch into t->total; losses of its samples on all ranks */
static fh_status sum_batch(fh_trainer *t, const int64_t *samples, ptrdiff_t batch, bool *finite)
{
  const ptrdiff_t units = (batch + t->unit - 1) / t->unit;
  ptrdiff_t first = 0, last = 0;
  fh_team_share(units, t->team->n_samples, t->team->sample_part, &first, &last);
  const double scale = t->setup->train.loss_reduction == 1 ? 1.0 / (double)batch : 1.0;
  for (bool repeat = true; repeat;) {
    memset(t->losses, 0, (size_t)batch * sizeof *t->losses);
    fh_program_zero_gradients(t->program);
    fh_sum_begin(t->sum);
    FH_TRY(fh_status_agree(t->team->world, run_units(t, samples, batch, first, last, scale)));
    FH_TRY(fh_sum_finish(t->sum, t->total, &repeat, finite));
    if (!*finite) repeat = false;
  }
  *finite = *finite && complete(t);
  /* ranks that share a sample have the same loss of it */
  if (t->team->patch_part) memset(t->losses, 0, (size_t)batch * sizeof *t->losses);
  return fh_sum_scattered(t->team->world, batch, t->losses);
}

static void update(fh_trainer *t)
{
  fh_optimiser_step(t->optimiser, t->schedule.rate, t->schedule.beta1, t->total,
                    fh_program_values(t->program));
  t->state.skips_in_a_row = 0;
}

/* a step whose gradient or loss is not finite changes nothing, on all ranks together */
static fh_status skip(fh_trainer *t)
{
  t->state.skipped++;
  t->state.skips_in_a_row++;
  FH_CHECK(t->state.skips_in_a_row <= t->setup->train.max_skips, FH_ERR_NUMERIC,
           "loss or gradient was not finite in %td steps in a row (epoch %td, step %td): lower -lr "
           "(now %g) or set -clip_norm%s",
           t->state.skips_in_a_row, t->state.epoch + 1, t->state.step + 1, t->schedule.rate,
           t->generation > 0 ? "; the last checkpoint is intact" : "");
  return FH_OK;
}

static fh_status agree_stop(fh_trainer *t, int *stop)
{
  int mine = t->hooks ? fh_stop_poll(t->hooks->stop) : 0;
  FH_TRY_MPI(MPI_Allreduce(&mine, stop, 1, MPI_INT, MPI_MAX, t->team->world));
  return FH_OK;
}

fh_status fh_trainer_step(fh_trainer *t, int *stop)
{
  const ptrdiff_t n = fh_source_samples(t->source), begin = t->state.step * t->setup->train.batch;
  const ptrdiff_t batch = n - begin < t->setup->train.batch ? n - begin : t->setup->train.batch;
  bool finite = true;
  shuffle(t);
  fh_program_drop(t->program, (uint64_t)t->setup->train.seed,
                  (uint64_t)(t->state.epoch * t->steps_per_epoch + t->state.step));
  FH_TRY(sum_batch(t, t->order + begin, batch, &finite));
  double sum = 0;
  for (ptrdiff_t i = 0; i < batch; i++) sum += t->losses[i];
  finite = finite && isfinite(sum);
  if (finite) {
    update(t);
    t->state.loss_sum += sum;
    t->state.loss_samples += batch;
  } else {
    FH_TRY(skip(t));
  }
  if (t->schedule.config.per_step) fh_schedule_advance(&t->schedule);
  t->state.step++;
  return agree_stop(t, stop);
}
