#include "app/predict_cycle.h"

#include "base/clock.h"
#include "base/memory.h"

/* everything that a rank needs for its samples */
typedef struct {
  const fh_cycle_call *call;
  fh_dataset *dataset;
  fh_cycle *w;
  fh_writer *file;
  fh_writer_info info;
  ptrdiff_t nx, nf, nu; /* values of a sample: of the data, of f, of u */
  int64_t *samples;
  fh_real *x, *f, *u;
  double *values; /* f and u of one sample as the writer wants them */
} predictor;

static fh_status allocate(predictor *p)
{
  const ptrdiff_t batch = p->call->batch;
  p->nx = fh_dataset_in_channels(p->dataset) * fh_grid_size(fh_dataset_grid(p->dataset));
  p->nf = fh_shape_sample(fh_cycle_f_shape(p->w));
  p->nu = fh_shape_sample(fh_cycle_u_shape(p->w));
  FH_NEW(p->samples, batch);
  FH_NEW(p->x, batch * p->nx);
  FH_NEW(p->f, batch * p->nf);
  FH_NEW(p->u, batch * p->nu);
  FH_NEW(p->values, p->nf + p->nu);
  return FH_OK;
}

static void release(predictor *p)
{
  fh_writer_abandon(&p->file);
  fh_cycle_destroy(&p->w);
  fh_free(p->samples);
  fh_free(p->x);
  fh_free(p->f);
  fh_free(p->u);
  fh_free(p->values);
}

static void describe(predictor *p)
{
  fh_field_info f = {.name = "f", .long_name = "input of the V-cycle"},
                u = {.name = "u", .long_name = "result of the V-cycle"};
  f.channels = (int)fh_cycle_f_shape(p->w)->channels;
  u.channels = (int)fh_cycle_u_shape(p->w)->channels;
  p->info = (fh_writer_info){.problem = "cycle",
                             .config = p->call->yaml,
                             .seed = fh_dataset_seed(p->dataset),
                             .samples = p->call->n,
                             .grid = *fh_dataset_grid(p->dataset),
                             .n_fields = 2,
                             .fields = {{f, false}, {u, true}}};
}

static fh_status put(predictor *p, int64_t sample, const fh_real *f, const fh_real *u,
                     double seconds)
{
  const fh_sample_record record = {
      .index = sample, .seed = p->info.seed, .seconds = seconds, .valid = true};
  const double *const fields[2] = {p->values, p->values + p->nf};
  for (ptrdiff_t i = 0; i < p->nf; i++) p->values[i] = (double)f[i];
  for (ptrdiff_t i = 0; i < p->nu; i++) p->values[p->nf + i] = (double)u[i];
  return fh_writer_put(p->file, fields, &record);
}

static fh_status apply_batch(predictor *p, ptrdiff_t first, ptrdiff_t count)
{
  for (ptrdiff_t k = 0; k < count; k++) p->samples[k] = first + k;
  FH_TRY(fh_dataset_read(p->dataset, count, p->samples, p->x, NULL));
  FH_TRY(fh_cycle_input(p->w, count, p->x, p->f));
  const double start = fh_clock();
  FH_TRY(fh_cycle_apply(p->w, count, p->f, p->u));
  const double seconds = (fh_clock() - start) / (double)count;
  for (ptrdiff_t k = 0; k < count; k++)
    FH_TRY(put(p, first + k, p->f + k * p->nf, p->u + k * p->nu, seconds));
  return FH_OK;
}

static fh_status apply_mine(predictor *p, const fh_team *team)
{
  const ptrdiff_t batch = p->call->batch;
  ptrdiff_t first = 0, last = 0;
  fh_team_share(p->call->n, team->n_samples, team->sample_part, &first, &last);
  for (ptrdiff_t i = first; i < last; i += batch)
    FH_TRY(apply_batch(p, i, last - i < batch ? last - i : batch));
  return FH_OK;
}

static fh_status write_file(predictor *p, const fh_team *team)
{
  FH_TRY(fh_status_agree(team->world, allocate(p)));
  describe(p);
  FH_TRY(fh_writer_create(team->world, p->call->out, &p->info, p->call->existing, &p->file));
  FH_TRY(fh_status_agree(team->world, apply_mine(p, team)));
  return fh_writer_finish(p->file);
}

fh_status fh_predict_cycle(const fh_team *team, const fh_cycle_call *call, const fh_trained *model,
                           fh_dataset *dataset)
{
  predictor p = {.call = call, .dataset = dataset};
  FH_TRY(fh_cycle_create(model, team, fh_dataset_grid(dataset), call->number, call->linear,
                         call->batch, &p.w));
  const fh_status st = write_file(&p, team);
  release(&p);
  return st;
}
