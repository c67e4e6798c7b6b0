#include "io/prediction.h"

#include <string.h>

#include "base/memory.h"

struct fh_prediction {
  fh_writer *writer;
  fh_writer_info info;
  const double *fields[FH_WRITER_MAX_FIELDS]; /* into values */
  double *values;
  ptrdiff_t nx, ny;        /* values of the inputs and of the outputs of a sample */
  ptrdiff_t points, steps; /* steps: frames of a trajectory, 1: single samples */
  bool with_truth, in_runs;
};

static fh_status add_field(fh_writer_info *info, const fh_field_info *field, bool is_output,
                           bool predicted)
{
  FH_CHECK(info->n_fields < FH_WRITER_MAX_FIELDS, FH_ERR_UNSUPPORTED,
           "a file holds %d fields; inputs, truth and prediction of this set are more",
           FH_WRITER_MAX_FIELDS);
  fh_writer_field *f = &info->fields[info->n_fields++];
  *f = (fh_writer_field){*field, is_output};
  if (!predicted) return FH_OK;
  snprintf(f->info.name, sizeof f->info.name, "%.58s_pred", field->name);
  snprintf(f->info.long_name, sizeof f->info.long_name, "predicted %.116s", field->long_name);
  return FH_OK;
}

/* of trajectories: the fields behind those of the frames, which do not change */
static int first_input(const fh_dataset *d)
{
  const fh_dataset_time *t = fh_dataset_pairs(d);
  return t ? (int)(t->history * t->frame_in) : 0;
}

/* evenly spaced, as the writer wants them */
static fh_writer_time times_of(const fh_dataset *d, ptrdiff_t steps)
{
  const fh_dataset_time *t = fh_dataset_pairs(d);
  if (!t) return (fh_writer_time){0};
  const double first = fh_dataset_frame_time(d, t->first);
  const double interval = fh_dataset_frame_time(d, t->first + t->stride) - first;
  return (fh_writer_time){
      .steps = steps, .first = first, .interval = interval > 0 ? interval : (double)t->stride};
}

/* foreign files name no problem */
static fh_status describe(const fh_dataset *d, ptrdiff_t count, const char *config,
                          fh_prediction *p)
{
  const char *problem = fh_dataset_problem(d);
  fh_writer_info *info = &p->info;
  *info = (fh_writer_info){.config = config, .samples = count, .grid = *fh_dataset_grid(d)};
  info->seed = fh_dataset_seed(d);
  info->time = times_of(d, p->steps);
  snprintf(info->problem, sizeof info->problem, "%s", problem[0] ? problem : "prediction");
  for (int i = first_input(d); i < fh_dataset_n_inputs(d); i++)
    FH_TRY(add_field(info, fh_dataset_input(d, i), false, false));
  for (int i = 0; p->with_truth && i < fh_dataset_n_outputs(d); i++)
    FH_TRY(add_field(info, fh_dataset_output(d, i), true, false));
  for (int i = 0; i < fh_dataset_n_outputs(d); i++)
    FH_TRY(add_field(info, fh_dataset_output(d, i), true, true));
  return FH_OK;
}

static fh_status build(MPI_Comm comm, const char *path, const fh_dataset *d, const char *config,
                       ptrdiff_t count, fh_existing existing, fh_prediction *p)
{
  const fh_dataset_time *t = fh_dataset_pairs(d);
  p->points = fh_grid_size(fh_dataset_grid(d));
  FH_TRY(describe(d, count, config, p));
  p->nx = (t ? t->constants : fh_dataset_in_channels(d)) * p->points;
  p->ny = p->steps * fh_dataset_out_channels(d) * p->points;
  if (p->in_runs) return fh_writer_create_in_runs(comm, path, &p->info, existing, &p->writer);
  FH_NEW(p->values, p->nx + 2 * p->ny);
  const double *at = p->values;
  for (int f = 0; f < p->info.n_fields; f++) {
    p->fields[f] = at;
    at +=
        p->info.fields[f].info.channels * (p->info.fields[f].is_output ? p->steps : 1) * p->points;
  }
  FH_TRY(fh_writer_create(comm, path, &p->info, existing, &p->writer));
  return FH_OK;
}

static fh_status create(MPI_Comm comm, const char *path, const fh_dataset *d, ptrdiff_t count,
                        const fh_prediction *kind, const char *config, fh_existing existing,
                        fh_prediction **prediction)
{
  fh_prediction *p = NULL;
  *prediction = NULL;
  FH_NEW(p, 1);
  *p = *kind;
  const fh_status st = build(comm, path, d, config, count, existing, p);
  if (st != FH_OK) fh_prediction_destroy(&p);
  *prediction = p;
  return st;
}

fh_status fh_prediction_create(MPI_Comm comm, const char *path, const fh_dataset *d,
                               ptrdiff_t count, bool with_truth, const char *config,
                               fh_existing existing, fh_prediction **prediction)
{
  *prediction = NULL;
  FH_CHECK(!fh_dataset_pairs(d), FH_ERR_STATE, "%s holds trajectories", fh_dataset_path(d));
  const fh_prediction kind = {.steps = 1, .with_truth = with_truth};
  return create(comm, path, d, count, &kind, config, existing, prediction);
}

fh_status fh_prediction_create_in_runs(MPI_Comm comm, const char *path, const fh_dataset *d,
                                       ptrdiff_t count, bool with_truth, const char *config,
                                       fh_existing existing, fh_prediction **prediction)
{
  *prediction = NULL;
  FH_CHECK(!fh_dataset_pairs(d), FH_ERR_STATE, "%s holds trajectories", fh_dataset_path(d));
  const fh_prediction kind = {.steps = 1, .with_truth = with_truth, .in_runs = true};
  return create(comm, path, d, count, &kind, config, existing, prediction);
}

fh_status fh_prediction_create_trajectories(MPI_Comm comm, const char *path, const fh_dataset *d,
                                            ptrdiff_t count, ptrdiff_t steps, bool with_truth,
                                            const char *config, fh_existing existing,
                                            fh_prediction **prediction)
{
  *prediction = NULL;
  FH_CHECK(fh_dataset_pairs(d), FH_ERR_STATE, "%s holds no trajectories", fh_dataset_path(d));
  const fh_prediction kind = {.steps = steps, .with_truth = with_truth};
  return create(comm, path, d, count, &kind, config, existing, prediction);
}

static double *copy(double *to, ptrdiff_t n, const fh_real *from)
{
  for (ptrdiff_t i = 0; i < n; i++) to[i] = (double)from[i];
  return to + n;
}

/* [steps][channels][points] as the file has it: [channels][steps][points] */
static double *copy_frames(const fh_prediction *p, double *to, const fh_real *from)
{
  const ptrdiff_t channels = p->ny / (p->steps * p->points);
  for (ptrdiff_t c = 0; c < channels; c++)
    for (ptrdiff_t k = 0; k < p->steps; k++)
      to = copy(to, p->points, from + (k * channels + c) * p->points);
  return to;
}

fh_status fh_prediction_put_trajectory(fh_prediction *p, int64_t index, const fh_real *constants,
                                       const fh_real *truth, const fh_real *predicted,
                                       double seconds)
{
  const fh_sample_record record = {
      .index = index, .seed = p->info.seed, .seconds = seconds, .valid = true};
  if (fh_writer_has(p->writer, index)) return FH_OK;
  FH_CHECK(truth || !p->with_truth, FH_ERR_ARG, "the truth of sample %lld is missing",
           (long long)index);
  double *at = copy(p->values, p->nx, constants);
  if (p->with_truth) at = copy_frames(p, at, truth);
  copy_frames(p, at, predicted);
  return fh_writer_put(p->writer, p->fields, &record);
}

fh_status fh_prediction_put(fh_prediction *p, int64_t index, const fh_real *x, const fh_real *truth,
                            const fh_real *predicted, double seconds)
{
  return fh_prediction_put_trajectory(p, index, x, truth, predicted, seconds);
}

/* ---- samples that nobody holds whole: channels are the pieces of the writer, in this order ---------- */

fh_status fh_prediction_put_run(fh_prediction *p, int64_t index, bool of_output, ptrdiff_t channel,
                                ptrdiff_t first, ptrdiff_t count, const fh_real *values)
{
  FH_CHECK(!of_output || p->with_truth, FH_ERR_STATE, "the file has no truth");
  const ptrdiff_t piece = (of_output ? p->nx / p->points : 0) + channel;
  return fh_writer_put_run(p->writer, index, (int)piece, first, count, values);
}

fh_status fh_prediction_put_box(fh_prediction *p, int64_t index, const fh_layout *box,
                                const fh_real *predicted)
{
  const ptrdiff_t channels = p->ny / p->points,
                  before = p->nx / p->points + (p->with_truth ? channels : 0);
  const fh_grid *g = &box->grid;
  ptrdiff_t n[3] = {1, 1, 1}, first[3] = {0}, size[3] = {1, 1, 1}; /* leading axes of one point */
  for (int a = 0; a < g->dim; a++) {
    n[3 - g->dim + a] = g->n[a];
    first[3 - g->dim + a] = box->first[a];
    size[3 - g->dim + a] = box->count[a];
  }
  for (ptrdiff_t c = 0; c < channels; c++)
    for (ptrdiff_t i = 0; i < size[0]; i++)
      for (ptrdiff_t j = 0; j < size[1]; j++, predicted += size[2]) {
        const ptrdiff_t at = ((first[0] + i) * n[1] + first[1] + j) * n[2] + first[2];
        FH_TRY(fh_writer_put_run(p->writer, index, (int)(before + c), at, size[2], predicted));
      }
  return FH_OK;
}

fh_status fh_prediction_put_seconds(fh_prediction *p, int64_t index, double seconds)
{
  const fh_sample_record record = {
      .index = index, .seed = p->info.seed, .seconds = seconds, .valid = true};
  return fh_writer_put_record(p->writer, &record);
}

fh_status fh_prediction_finish(fh_prediction *p)
{
  FH_TRY(fh_writer_finish(p->writer));
  return FH_OK;
}

void fh_prediction_destroy(fh_prediction **prediction)
{
  fh_prediction *p = *prediction;
  if (!p) return;
  fh_writer_abandon(&p->writer); /* predicting is cheap: there is no resume */
  fh_free(p->values);
  fh_free(p);
  *prediction = NULL;
}
