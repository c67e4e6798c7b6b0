#include "io/prediction.h"

#include <string.h>

#include "base/memory.h"

struct fh_prediction {
  fh_writer *writer;
  fh_writer_info info;
  const double *fields[FH_WRITER_MAX_FIELDS]; /* into values */
  double *values;
  ptrdiff_t nx, ny; /* values of the inputs and of the outputs of a sample */
  bool with_truth;
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

/* foreign files name no problem */
static fh_status describe(const fh_dataset *d, ptrdiff_t count, bool with_truth, const char *config,
                          fh_writer_info *info)
{
  const char *problem = fh_dataset_problem(d);
  *info = (fh_writer_info){.config = config, .samples = count, .grid = *fh_dataset_grid(d)};
  info->seed = fh_dataset_seed(d);
  snprintf(info->problem, sizeof info->problem, "%s", problem[0] ? problem : "prediction");
  for (int i = 0; i < fh_dataset_n_inputs(d); i++)
    FH_TRY(add_field(info, fh_dataset_input(d, i), false, false));
  for (int i = 0; with_truth && i < fh_dataset_n_outputs(d); i++)
    FH_TRY(add_field(info, fh_dataset_output(d, i), true, false));
  for (int i = 0; i < fh_dataset_n_outputs(d); i++)
    FH_TRY(add_field(info, fh_dataset_output(d, i), true, true));
  return FH_OK;
}

static fh_status build(MPI_Comm comm, const char *path, const fh_dataset *d, const char *config,
                       ptrdiff_t count, fh_existing existing, fh_prediction *p)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(d));
  FH_TRY(describe(d, count, p->with_truth, config, &p->info));
  p->nx = fh_dataset_in_channels(d) * points;
  p->ny = fh_dataset_out_channels(d) * points;
  FH_NEW(p->values, p->nx + 2 * p->ny);
  const double *at = p->values;
  for (int f = 0; f < p->info.n_fields; f++) {
    p->fields[f] = at;
    at += p->info.fields[f].info.channels * points;
  }
  FH_TRY(fh_writer_create(comm, path, &p->info, existing, &p->writer));
  return FH_OK;
}

fh_status fh_prediction_create(MPI_Comm comm, const char *path, const fh_dataset *d,
                               ptrdiff_t count, bool with_truth, const char *config,
                               fh_existing existing, fh_prediction **prediction)
{
  fh_prediction *p = NULL;
  *prediction = NULL;
  FH_NEW(p, 1);
  p->with_truth = with_truth;
  const fh_status st = build(comm, path, d, config, count, existing, p);
  if (st != FH_OK) fh_prediction_destroy(&p);
  *prediction = p;
  return st;
}

static double *copy(double *to, ptrdiff_t n, const fh_real *from)
{
  for (ptrdiff_t i = 0; i < n; i++) to[i] = (double)from[i];
  return to + n;
}

fh_status fh_prediction_put(fh_prediction *p, int64_t index, const fh_real *x, const fh_real *truth,
                            const fh_real *predicted, double seconds)
{
  const fh_sample_record record = {
      .index = index, .seed = p->info.seed, .seconds = seconds, .valid = true};
  if (fh_writer_has(p->writer, index)) return FH_OK;
  FH_CHECK(truth || !p->with_truth, FH_ERR_ARG, "the truth of sample %lld is missing",
           (long long)index);
  double *at = copy(p->values, p->nx, x);
  if (p->with_truth) at = copy(at, p->ny, truth);
  copy(at, p->ny, predicted);
  FH_TRY(fh_writer_put(p->writer, p->fields, &record));
  return FH_OK;
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
