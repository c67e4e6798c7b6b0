#include "app/estimate.h"

#include "base/clock.h"
#include "base/memory.h"

/* seconds of a forward and backward of one micro-batch, the better of two */
static fh_status time_micro_batch(fh_program *p, ptrdiff_t batch, double *seconds)
{
  const fh_real *out = NULL;
  fh_real *x = NULL, *slope = NULL;
  fh_status st = FH_OK;
  FH_NEW(x, fh_shape_size(fh_program_input_shape(p, 0)));
  slope = fh_calloc(fh_shape_size(fh_program_output_shape(p, 0)), sizeof *slope);
  if (!slope) st = FH_ERR_MEMORY;
  *seconds = 1e30;
  for (int i = 0; i < 2 && st == FH_OK; i++) {
    const double start = fh_clock();
    const fh_real *in = x, *dout = slope;
    st = fh_program_forward(p, batch, &in, &out);
    if (st == FH_OK) st = fh_program_backward(p, &dout, NULL);
    const double taken = fh_clock() - start;
    if (taken < *seconds) *seconds = taken;
  }
  fh_free(x);
  fh_free(slope);
  return st;
}

static fh_status time_step(const fh_team *team, const fh_train_setup *setup, fh_dataset *train,
                           const fh_train_estimate *e, double *seconds)
{
  fh_program *p = NULL;
  double micro = 0;
  FH_TRY(fh_model_build(&setup->spec, team, fh_dataset_grid(train), e->micro_batch, FH_TRAIN,
                        FH_PLANNED, &p));
  fh_program_init(p, 0);
  const fh_status st = time_micro_batch(p, e->micro_batch, &micro);
  fh_program_destroy(&p);
  FH_TRY(fh_status_agree(team->world, st));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, &micro, 1, MPI_DOUBLE, MPI_MAX, team->world));
  const ptrdiff_t units_here = (e->units + team->n_samples - 1) / team->n_samples;
  const ptrdiff_t micros = (e->unit + e->micro_batch - 1) / e->micro_batch;
  *seconds = micro * (double)(units_here * micros);
  return FH_OK;
}

static void print_estimate(const fh_run *run, const fh_train_setup *setup, const fh_dataset *train,
                           const fh_train_estimate *e, double step_seconds)
{
  char grid[64], duration[32];
  const double mb = 1e-6, model_mb = mb * sizeof(fh_real) * (double)e->parameters;
  const double steps = (double)e->steps_per_epoch * (double)setup->train.epochs;
  fh_progress_duration(duration, sizeof duration, steps * step_seconds);
  if (run->rank) return;
  printf("data: %td samples of %s points, %d -> %d channels\n", fh_dataset_samples(train),
         fh_grid_text(fh_dataset_grid(train), grid), setup->spec.in_channels,
         setup->spec.out_channels);
  printf("model: %s, %td parameters\n", setup->spec.class->name, e->parameters);
  printf("steps: %td an epoch, %.0f in all; a batch of %td in %td units of %td, micro-batch %td\n",
         e->steps_per_epoch, steps, e->batch, e->units, e->unit, e->micro_batch);
  printf("memory a rank: %.4g MB for values, %.4g MB for parameters and optimiser\n",
         mb * (double)e->arena_bytes, mb * (double)e->state_bytes);
  printf("files: model.h5 %.4g MB, two checkpoints of %.4g MB\n", model_mb, 3 * model_mb);
  printf("time: %.3g s a step (%.3g GFlop) on %d ranks, about %s without evaluations\n",
         step_seconds, 1e-9 * e->flops_per_step, run->size, duration);
}

fh_status fh_estimate_training(const fh_run *run, const fh_team *team, const fh_train_setup *setup,
                               fh_dataset *train)
{
  fh_train_estimate e;
  double seconds = 0;
  FH_TRY(fh_train_plan(team, setup, train, &e));
  FH_TRY(time_step(team, setup, train, &e, &seconds));
  print_estimate(run, setup, train, &e, seconds);
  return FH_OK;
}
