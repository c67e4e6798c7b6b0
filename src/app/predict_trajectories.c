#include "app/predict_trajectories.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "train/rollout.h"

/* everything that a rank needs to predict its trajectories; frames are counted in time steps */
typedef struct {
  const fh_trajectory_call *call;
  fh_operator *op;
  fh_dataset *dataset;
  const fh_dataset_time *time;
  fh_prediction *file;
  ptrdiff_t steps;        /* frames of a trajectory in the file */
  ptrdiff_t nx, ny, rest; /* values of an input, of a frame, of the constant fields */
  int64_t *samples;
  fh_real *x, *y, *constants;
  fh_real *truth, *predicted; /* [batch][steps][ny] */
} predictor;

static fh_status allocate(predictor *p)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(p->dataset)), batch = p->call->batch;
  const fh_dataset_time *t = p->time;
  p->nx = fh_dataset_in_channels(p->dataset) * points;
  p->ny = t->frame_out * points;
  p->rest = t->constants * points;
  p->steps = p->call->rollout ? t->history + p->call->rollout : 1 + (t->frames - 1) / t->stride;
  FH_NEW(p->samples, batch);
  FH_NEW(p->x, batch * p->nx);
  FH_NEW(p->y, batch * p->ny);
  FH_NEW(p->constants, p->rest);
  FH_NEW(p->truth, batch * p->steps * p->ny);
  FH_NEW(p->predicted, batch * p->steps * p->ny);
  return FH_OK;
}

static void release(predictor *p)
{
  fh_prediction_destroy(&p->file);
  fh_free(p->samples);
  fh_free(p->x);
  fh_free(p->y);
  fh_free(p->constants);
  fh_free(p->truth);
  fh_free(p->predicted);
}

static fh_real *frame_of(const predictor *p, fh_real *frames, ptrdiff_t k, ptrdiff_t step)
{
  return frames + (k * p->steps + step) * p->ny;
}

/* true frames, as many as are compared with or at least given; the given ones start the prediction */
static fh_status read_frames(predictor *p, ptrdiff_t first, ptrdiff_t count)
{
  const fh_dataset_time *t = p->time;
  const ptrdiff_t known = p->call->truth ? p->steps : t->history;
  for (ptrdiff_t k = 0; k < count; k++) {
    for (ptrdiff_t step = 0; step < known; step++)
      FH_TRY(fh_dataset_read_frame(p->dataset, first + k, t->first + step * t->stride, NULL,
                                   frame_of(p, p->truth, k, step)));
    memcpy(frame_of(p, p->predicted, k, 0), frame_of(p, p->truth, k, 0),
           (size_t)(t->history * p->ny) * sizeof *p->predicted);
  }
  return FH_OK;
}

/* the input of that step from the data */
static fh_status read_input(predictor *p, ptrdiff_t first, ptrdiff_t count, ptrdiff_t step)
{
  const fh_dataset_time *t = p->time;
  for (ptrdiff_t k = 0; k < count; k++)
    p->samples[k] = (first + k) * t->pairs + (step - t->history) * t->stride;
  return fh_dataset_read(p->dataset, count, p->samples, p->x, NULL);
}

/* ranks that share a sample predict together: none may be missing */
static fh_status agreed(const fh_team *team, fh_status mine)
{
  return team->n_patches > 1 ? fh_status_agree(team->patches, mine) : mine;
}

static fh_status predict_frames(predictor *p, const fh_team *team, ptrdiff_t first, ptrdiff_t count,
                                double *seconds)
{
  const ptrdiff_t start = p->time->history;
  *seconds = 0;
  for (ptrdiff_t step = start; step < p->steps; step++) {
    if (step == start || !p->call->rollout) FH_TRY(agreed(team, read_input(p, first, count, step)));
    const double begin = fh_clock();
    FH_TRY(fh_operator_apply(p->op, count, p->x, p->y));
    *seconds += fh_clock() - begin;
    for (ptrdiff_t k = 0; k < count; k++)
      memcpy(frame_of(p, p->predicted, k, step), p->y + k * p->ny,
             (size_t)p->ny * sizeof *p->predicted);
    if (p->call->rollout) fh_operator_advance(p->op, count, p->y, p->x);
  }
  return FH_OK;
}

/* the first of the ranks that share a sample writes it */
static fh_status put_frames(predictor *p, const fh_team *team, ptrdiff_t first, ptrdiff_t count,
                            double seconds)
{
  for (ptrdiff_t k = 0; team->patch_part == 0 && k < count; k++) {
    FH_TRY(fh_dataset_read_constants(p->dataset, first + k, p->constants));
    FH_TRY(fh_prediction_put_trajectory(p->file, first + k, p->constants,
                                        p->call->truth ? frame_of(p, p->truth, k, 0) : NULL,
                                        frame_of(p, p->predicted, k, 0), seconds / (double)count));
  }
  return FH_OK;
}

static fh_status predict_batch(predictor *p, const fh_team *team, ptrdiff_t first, ptrdiff_t count)
{
  double seconds = 0;
  FH_TRY(agreed(team, read_frames(p, first, count)));
  FH_TRY(predict_frames(p, team, first, count, &seconds));
  return agreed(team, put_frames(p, team, first, count, seconds));
}

static fh_status predict_mine(predictor *p, const fh_team *team)
{
  ptrdiff_t first = 0, last = 0;
  fh_team_share(p->call->n, team->n_samples, team->sample_part, &first, &last);
  for (ptrdiff_t i = first; i < last; i += p->call->batch)
    FH_TRY(predict_batch(p, team, i, last - i < p->call->batch ? last - i : p->call->batch));
  return FH_OK;
}

static fh_status predict(predictor *p, const fh_team *team)
{
  const fh_trajectory_call *c = p->call;
  FH_TRY(fh_status_agree(team->world, allocate(p)));
  FH_TRY(fh_prediction_create_trajectories(team->world, c->out, p->dataset, c->n, p->steps,
                                           c->truth, c->yaml, c->existing, &p->file));
  FH_TRY(fh_status_agree(team->world, predict_mine(p, team)));
  return fh_prediction_finish(p->file);
}

fh_status fh_predict_trajectories(const fh_team *team, const fh_trajectory_call *call,
                                  const fh_model_spec *spec, fh_operator *op, fh_dataset *dataset)
{
  predictor p = {.call = call, .op = op, .dataset = dataset, .time = fh_dataset_pairs(dataset)};
  if (call->rollout) FH_TRY(fh_rollout_check(spec, dataset, call->rollout, call->truth));
  const fh_status st = predict(&p, team);
  release(&p);
  return st;
}
