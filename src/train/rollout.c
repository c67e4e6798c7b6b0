#include "train/rollout.h"

#include <math.h>

#include "base/memory.h"
#include "base/size.h"
#include "comm/sum.h"
#include "train/metrics_row.h"

/* what one step of one trajectory leaves */
enum { L2, H1, RMSE, VRMSE, MOST, ERROR2, TRUTH2, STILL2, COLUMNS };

struct fh_rollout {
  const fh_team *team;
  fh_operator *op;
  fh_dataset *dataset;
  const fh_dataset_time *time;
  ptrdiff_t steps, batch, nx, ny, points;
  fh_metrics_row *row;
  double *cells;   /* [trajectories][steps][COLUMNS] */
  double *series;  /* [5][steps]: what the errors point to */
  double *numbers; /* one row of the metrics */
  int64_t *samples;
  fh_real *x, *y, *still, *truth; /* still: the last given frames */
  fh_rollout_errors errors;
};

/* ---- can it be? --------------------------------------------------------------------------------- */

/* steps that have a frame to be compared with */
static ptrdiff_t steps_of(const fh_dataset_time *t)
{
  return (t->frames - 1 - (t->history - 1) * t->stride) / t->stride;
}

fh_status fh_rollout_check(const fh_model_spec *spec, const fh_dataset *d, ptrdiff_t steps,
                           bool truth)
{
  const fh_dataset_time *t = fh_dataset_pairs(d);
  FH_CHECK(
      t, FH_ERR_USAGE,
      "option -rollout needs trajectories, but %s was opened as single samples: it takes a set "
      "with a time axis, (trajectories, frames, grid), and -pairs yes if auto does not see it",
      fh_dataset_path(d));
  FH_CHECK(t->feeds_back, FH_ERR_SHAPE,
           "option -rollout makes predictions the next inputs, but a frame of the input has %td "
           "fields and that of the output %td others or in another order: name the same fields in "
           "-inputs and -outputs",
           t->frame_in, t->frame_out);
  FH_CHECK(
      spec->in_channels == t->history * t->frame_out + t->constants &&
          spec->out_channels == t->frame_out,
      FH_ERR_SHAPE,
      "option -rollout: the model takes %d channels and gives %d, which cannot be fed back into "
      "%td frames of %td channels and %td constant ones",
      spec->in_channels, spec->out_channels, t->history, t->frame_out, t->constants);
  FH_CHECK(
      !truth || steps <= steps_of(t), FH_ERR_USAGE,
      "option -rollout asks for %td steps of %td frame%s after frame %td, but the trajectories "
      "of %s are used up to frame %td, enough to compare %td steps",
      steps, t->stride, t->stride == 1 ? "" : "s", t->first + (t->history - 1) * t->stride,
      fh_dataset_path(d), t->first + t->frames - 1, steps_of(t));
  return FH_OK;
}

/* ---- create ------------------------------------------------------------------------------------- */

static fh_status build(const fh_metrics_config *config, fh_rollout *r)
{
  const fh_grid *grid = fh_dataset_grid(r->dataset);
  const fh_shape out = {
      .batch = 1, .channels = r->time->frame_out, .layout = fh_layout_whole(grid)};
  const fh_metrics_config on_grid = fh_metrics_config_on(config, grid);
  ptrdiff_t cells = 0;
  r->points = fh_grid_size(grid);
  r->nx = fh_dataset_in_channels(r->dataset) * r->points;
  r->ny = r->time->frame_out * r->points;
  FH_TRY(fh_metrics_row_create(&on_grid, &out, &r->row));
  FH_TRY(fh_size_mul(r->time->trajectories, r->steps * COLUMNS, &cells));
  FH_NEW(r->cells, cells);
  FH_NEW(r->series, 5 * r->steps);
  FH_NEW(r->numbers, r->row->width);
  FH_NEW(r->samples, r->batch);
  FH_NEW(r->x, r->batch * r->nx);
  FH_NEW(r->y, r->batch * r->ny);
  FH_NEW(r->still, r->batch * r->ny);
  FH_NEW(r->truth, r->ny);
  return FH_OK;
}

fh_status fh_rollout_create(const fh_team *team, const fh_model_spec *spec, fh_operator *op,
                            fh_dataset *dataset, const fh_metrics_config *config, ptrdiff_t steps,
                            ptrdiff_t batch, fh_rollout **rollout)
{
  fh_rollout *r = NULL;
  *rollout = NULL;
  FH_TRY(fh_rollout_check(spec, dataset, steps, true));
  FH_NEW(r, 1);
  *r = (fh_rollout){.team = team, .op = op, .dataset = dataset, .steps = steps, .batch = batch};
  r->time = fh_dataset_pairs(dataset);
  const fh_status st = build(config, r);
  if (st != FH_OK) fh_rollout_destroy(&r);
  *rollout = r;
  return st;
}

void fh_rollout_destroy(fh_rollout **rollout)
{
  fh_rollout *r = *rollout;
  if (!r) return;
  fh_metrics_row_destroy(&r->row);
  fh_free(r->cells);
  fh_free(r->series);
  fh_free(r->numbers);
  fh_free(r->samples);
  fh_free(r->x);
  fh_free(r->y);
  fh_free(r->still);
  fh_free(r->truth);
  fh_free(r);
  *rollout = NULL;
}

/* ---- run ---------------------------------------------------------------------------------------- */

static double squares(ptrdiff_t n, const fh_real *a, const fh_real *b)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double d = (double)a[i] - (b ? (double)b[i] : 0);
    sum += d * d;
  }
  return sum;
}

static fh_status measure(fh_rollout *r, const fh_real *prediction, const fh_real *still,
                         double *cell)
{
  FH_TRY(fh_metrics_row_fill(r->row, prediction, r->truth, r->numbers));
  cell[L2] = r->numbers[FH_ROW_L2];
  cell[H1] = r->numbers[FH_ROW_H1];
  cell[RMSE] = cell[VRMSE] = cell[MOST] = 0;
  for (ptrdiff_t c = 0; c < r->row->channels; c++) {
    const double *frame = r->numbers + FH_ROW_FRAMES + c * r->row->frame;
    const double share = 1 / (double)r->row->channels;
    cell[RMSE] += share * frame[FH_FRAME_RMSE];
    cell[VRMSE] += share * frame[FH_FRAME_VRMSE];
    cell[MOST] += share * frame[FH_FRAME_MAX];
  }
  cell[ERROR2] = squares(r->ny, prediction, r->truth);
  cell[TRUTH2] = squares(r->ny, r->truth, NULL);
  cell[STILL2] = squares(r->ny, still, r->truth);
  return FH_OK;
}

/* count trajectories from first on; the last given frame stands at the end of the input's frames */
static fh_status start(fh_rollout *r, ptrdiff_t first, ptrdiff_t count)
{
  const fh_dataset_time *t = r->time;
  const int64_t frame = t->first + (t->history - 1) * t->stride;
  for (ptrdiff_t k = 0; k < count; k++) r->samples[k] = (first + k) * t->pairs;
  FH_TRY(fh_dataset_read(r->dataset, count, r->samples, r->x, NULL));
  for (ptrdiff_t k = 0; k < count; k++)
    FH_TRY(fh_dataset_read_frame(r->dataset, first + k, frame, NULL, r->still + k * r->ny));
  return FH_OK;
}

static fh_status compare(fh_rollout *r, ptrdiff_t first, ptrdiff_t count, ptrdiff_t step)
{
  const fh_dataset_time *t = r->time;
  const int64_t frame = t->first + (t->history + step) * t->stride;
  for (ptrdiff_t k = 0; k < count; k++) {
    double *cell = r->cells + ((first + k) * r->steps + step) * COLUMNS;
    FH_TRY(fh_dataset_read_frame(r->dataset, first + k, frame, NULL, r->truth));
    FH_TRY(measure(r, r->y + k * r->ny, r->still + k * r->ny, cell));
  }
  return FH_OK;
}

static fh_status run_batch(fh_rollout *r, ptrdiff_t first, ptrdiff_t count)
{
  fh_status read = start(r, first, count);
  if (r->team->n_patches > 1) read = fh_status_agree(r->team->patches, read);
  FH_TRY(read);
  for (ptrdiff_t step = 0; step < r->steps; step++) {
    FH_TRY(fh_operator_apply(r->op, count, r->x, r->y));
    /* the first of the ranks that share a sample counts it */
    fh_status counted = r->team->patch_part ? FH_OK : compare(r, first, count, step);
    if (r->team->n_patches > 1) counted = fh_status_agree(r->team->patches, counted);
    FH_TRY(counted);
    fh_operator_advance(r->op, count, r->y, r->x);
  }
  return FH_OK;
}

static fh_status run_range(fh_rollout *r, ptrdiff_t first, ptrdiff_t last)
{
  for (ptrdiff_t i = first; i < last; i += r->batch)
    FH_TRY(run_batch(r, i, last - i < r->batch ? last - i : r->batch));
  return FH_OK;
}

/* ---- combine: all loops run in the order of the trajectories ------------------------------------ */

static double mean_of(const fh_rollout *r, ptrdiff_t step, int column)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < r->time->trajectories; i++)
    sum += r->cells[(i * r->steps + step) * COLUMNS + column];
  return sum / (double)r->time->trajectories;
}

static double most_of(const fh_rollout *r, ptrdiff_t step)
{
  double most = 0;
  for (ptrdiff_t i = 0; i < r->time->trajectories; i++) {
    const double x = r->cells[(i * r->steps + step) * COLUMNS + MOST];
    if (isnan(x)) return x;
    if (x > most) most = x;
  }
  return most;
}

/* mean over trajectories of the root of all steps' errors over the root of all truths */
static double whole(const fh_rollout *r, int column)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < r->time->trajectories; i++) {
    const double *cell = r->cells + i * r->steps * COLUMNS;
    double error = 0, truth = 0;
    for (ptrdiff_t k = 0; k < r->steps; k++) {
      error += cell[k * COLUMNS + column];
      truth += cell[k * COLUMNS + TRUTH2];
    }
    sum += sqrt(error) / (truth > 0 ? sqrt(truth) : 1);
  }
  return sum / (double)r->time->trajectories;
}

static void combine(fh_rollout *r)
{
  const ptrdiff_t n = r->steps;
  const fh_dataset_time *t = r->time;
  for (ptrdiff_t k = 0; k < n; k++) {
    for (int column = L2; column <= VRMSE; column++)
      r->series[column * n + k] = mean_of(r, k, column);
    r->series[MOST * n + k] = most_of(r, k);
  }
  r->errors = (fh_rollout_errors){.steps = n,
                                  .trajectories = t->trajectories,
                                  .frame = t->first + (t->history - 1) * t->stride,
                                  .full = whole(r, ERROR2),
                                  .persistence = whole(r, STILL2),
                                  .rel_l2 = r->series + L2 * n,
                                  .rel_h1 = r->series + H1 * n,
                                  .rmse = r->series + RMSE * n,
                                  .vrmse = r->series + VRMSE * n,
                                  .max_error = r->series + MOST * n};
}

fh_status fh_rollout_run(fh_rollout *r, const fh_rollout_errors **errors)
{
  const ptrdiff_t n = r->time->trajectories;
  ptrdiff_t first = 0, last = 0;
  for (ptrdiff_t i = 0; i < n * r->steps * COLUMNS; i++) r->cells[i] = 0;
  fh_team_share(n, r->team->n_samples, r->team->sample_part, &first, &last);
  FH_TRY(fh_status_agree(r->team->world, run_range(r, first, last)));
  FH_TRY(fh_sum_scattered(r->team->world, n * r->steps * COLUMNS, r->cells));
  combine(r);
  *errors = &r->errors;
  return FH_OK;
}
