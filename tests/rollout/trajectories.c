/* Trajectories: which frames a pair holds, what is kept in memory, statistics over frames, and a
 * rollout against the same steps done here, one after the other. */
#include <stdlib.h>
#include <unistd.h>

#include "rollout/trajectory_set.h"
#include "train/frames.h"
#include "train/rollout.h"
#include "train/source.h"

static fh_dataset *open_set(const char *path, const fh_dataset_choice *choice)
{
  fh_dataset *d = NULL;
  MUST(fh_dataset_open(MPI_COMM_WORLD, path, choice, &d));
  return d;
}

/* ---- pairs -------------------------------------------------------------------------------------- */

static void expect_frame(const fh_real *at, int64_t trajectory, int64_t frame, const char *what)
{
  bool same = true;
  for (int c = 0; c < FIELDS; c++)
    for (ptrdiff_t i = 0; i < POINTS; i++)
      same = same && (double)at[c * POINTS + i] == value(trajectory, frame, c, i);
  expect(same, what);
}

static void expect_pair(const fh_real *x, const fh_real *y, int64_t trajectory, int64_t oldest,
                        int history, int stride)
{
  bool same = true;
  for (int h = 0; h < history; h++)
    expect_frame(x + h * FIELDS * POINTS, trajectory, oldest + h * stride, "a frame of the input");
  for (ptrdiff_t i = 0; i < POINTS; i++)
    same = same && (double)x[history * FIELDS * POINTS + i] == value(trajectory, 0, FORCING, i);
  expect(same, "the constant field");
  expect_frame(y, trajectory, oldest + history * stride, "the target");
}

/* frames 1 to 7, two of them two apart, then the target: pairs begin at frames 1, 2, 3 */
static const fh_dataset_choice wide = {
    .pairs = FH_PAIRS_AUTO, .history = 2, .stride = 2, .frames = {1, 7}, .samples = {1, 3}};

static void pairs(const char *path)
{
  fh_dataset *d = open_set(path, &wide);
  const fh_dataset_time *t = fh_dataset_pairs(d);
  static fh_real x[(2 * FIELDS + 1) * POINTS], y[FIELDS * POINTS];
  near((double)fh_dataset_samples(d), 9, 0, "pairs of three trajectories");
  near(fh_dataset_in_channels(d), 5, 0, "channels of the input");
  near(fh_dataset_out_channels(d), FIELDS, 0, "channels of the target");
  near(fh_dataset_frame_time(d, 3), 1.75, 0, "time of a frame");
  expect(t && t->feeds_back && t->trajectories == 3 && t->pairs == 3 && t->constants == 1,
         "what is known of the trajectories");
  for (size_t cache = 0; cache < 2; cache++) {
    fh_source *s = NULL;
    MUST(fh_source_create(d, NULL, NULL, cache << 20, &s));
    for (int repeat = 0; repeat < 2; repeat++)
      for (int64_t i = 0; i < 9; i++) {
        MUST(fh_source_read(s, 1, &i, x, y));
        expect_pair(x, y, 1 + i / 3, 1 + i % 3, 2, 2);
      }
    fh_source_destroy(&s);
  }
  expect(!strcmp(fh_dataset_input(d, 0)->name, "u_0(t-2)"), "name of the oldest frame");
  expect(!strcmp(fh_dataset_input(d, 4)->name, "g"), "name of the constant field");
  fh_dataset_close(&d);
}

/* without pairs all frames are channels, as before */
static void whole(const char *path)
{
  const fh_dataset_choice choice = {.pairs = FH_PAIRS_NO};
  static fh_real x[POINTS], y[FIELDS * STEPS * POINTS];
  const int64_t sample = 2;
  fh_dataset *d = open_set(path, &choice);
  expect(!fh_dataset_pairs(d) && fh_dataset_out_channels(d) == FIELDS * STEPS, "whole samples");
  MUST(fh_dataset_read(d, 1, &sample, x, y));
  near((double)y[(STEPS + 3) * POINTS + 5], value(2, 3, 1, 5), 0, "a value of frame 3");
  fh_dataset_close(&d);
}

/* a set whose frames stand in memory once is within a cache that nine pairs would not fit into */
static void kept_once(const char *path)
{
  fh_dataset *d = open_set(path, &wide);
  const size_t frames = sizeof(fh_real) * 3 * (7 * FIELDS + 1) * POINTS;
  const size_t copies = sizeof(fh_real) * 9 * (2 * FIELDS + 1 + FIELDS) * POINTS;
  static fh_real x[(2 * FIELDS + 1) * POINTS], y[FIELDS * POINTS];
  fh_frames *f = NULL;
  expect(frames < copies, "the frames are fewer than what the pairs hold");
  MUST(fh_frames_create(d, frames, &f));
  for (int64_t i = 0; i < 9; i++) MUST(fh_frames_read(f, i, x, y));
  truncate(path, 1000); /* from here on the file cannot be read */
  for (int64_t i = 0; i < 9; i++) {
    MUST(fh_frames_read(f, i, x, y));
    expect_pair(x, y, 1 + i / 3, 1 + i % 3, 2, 2);
  }
  fh_frames_destroy(&f);
  fh_dataset_close(&d);
}

static void refusals(const char *path)
{
  fh_dataset *d = NULL;
  fh_dataset_choice c = {.pairs = FH_PAIRS_YES, .history = 3, .stride = 3};
  refused(
      fh_dataset_open(MPI_COMM_WORLD, path, &c, &d), FH_ERR_USAGE,
      "9 frames hold no one-step pair with a history of 3 frames and a stride of 3: at least 10");
  c = (fh_dataset_choice){.pairs = FH_PAIRS_YES, .frames = {4, 6}};
  refused(fh_dataset_open(MPI_COMM_WORLD, path, &c, &d), FH_ERR_USAGE,
          "frames 4 to 9 were asked for, but the trajectories have frames 0 to 8");
  c = (fh_dataset_choice){.pairs = FH_PAIRS_YES, .samples = {4, 2}};
  refused(fh_dataset_open(MPI_COMM_WORLD, path, &c, &d), FH_ERR_USAGE,
          "samples 4 to 5 were asked for");
  c = (fh_dataset_choice){.pairs = FH_PAIRS_YES, .outputs = "g", .inputs = "u"};
  refused(fh_dataset_open(MPI_COMM_WORLD, path, &c, &d), FH_ERR_FORMAT,
          "t0_fields/g has 3 axes, but one-step pairs need 4");
}

/* ---- statistics --------------------------------------------------------------------------------- */

static void moments(int field, double *mean, double *deviation)
{
  const double n = 3.0 * 7 * POINTS;
  *mean = *deviation = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t s = 1; s < 4; s++)
      for (int64_t t = 1; t < 8; t++)
        for (ptrdiff_t i = 0; i < POINTS; i++) {
          const double v = value(s, field == FORCING ? 0 : t, field, i);
          if (pass == 0)
            *mean += v / n;
          else
            *deviation += (v - *mean) * (v - *mean) / (n - 1);
        }
  }
  *deviation = sqrt(*deviation);
}

static void statistics(const char *path)
{
  static const int field_of[] = {0, 1, 0, 1, FORCING};
  fh_dataset *d = open_set(path, &wide);
  fh_normaliser *in = NULL, *out = NULL;
  MUST(fh_source_fit(MPI_COMM_WORLD, d, FH_NORM_CHANNEL, FH_NORM_CHANNEL, 0, &in, &out));
  expect(in->channels == 5 && out->channels == FIELDS, "channels of the normalisers");
  for (int c = 0; c < 5; c++) {
    double mean, deviation;
    moments(field_of[c], &mean, &deviation);
    near(in->mean[c], mean, 1e-13, "mean over frames");
    near(in->deviation[c], deviation, 1e-12, "deviation over frames");
    if (c < FIELDS) near(out->mean[c], in->mean[c], 0, "a field has one mean, in and out");
  }
  fh_normaliser_destroy(&in);
  fh_normaliser_destroy(&out);
  MUST(fh_source_fit(MPI_COMM_WORLD, d, FH_NORM_POINT, FH_NORM_SCALAR, 0, &in, &out));
  expect(in->channels == 5 && in->points == POINTS, "numbers of each point");
  expect(!memcmp(in->mean, in->mean + 2 * POINTS, 2 * POINTS * sizeof(double)),
         "both frames of the input have the same");
  fh_normaliser_destroy(&in);
  fh_normaliser_destroy(&out);
  fh_dataset_close(&d);
}

/* ---- rollout ------------------------------------------------------------------------------------ */

static void make_spec(fh_model_spec *spec)
{
  const fh_model_class *fno = NULL;
  MUST(fh_model_class_find("fno", &fno));
  MUST(fh_model_spec_create(fno, 2 * FIELDS + 1, FIELDS, spec));
  MUST(fh_config_set(fno->fields, spec->config, "n_modes", "4,4"));
  MUST(fh_config_set(fno->fields, spec->config, "hidden_channels", "3"));
  MUST(fh_config_set(fno->fields, spec->config, "n_layers", "1"));
  spec->time = (fh_time_step){2, 1};
}

static double norm_of(const double *e)
{
  double sum = 0;
  for (int i = 0; i < FIELDS * POINTS; i++) sum += e[i] * e[i];
  return sqrt(sum);
}

enum { ROLL = 6 };

/* steps of one trajectory, and the relative errors that they leave */
static void roll_here(fh_operator *op, int64_t trajectory, double *relative, double *full)
{
  static fh_real frames[STEPS][FIELDS * POINTS], x[(2 * FIELDS + 1) * POINTS];
  double error2 = 0, truth2 = 0, e[FIELDS * POINTS], u[FIELDS * POINTS];
  for (int t = 0; t < 2; t++)
    for (int k = 0; k < FIELDS * POINTS; k++)
      frames[t][k] = (fh_real)value(trajectory, t, k / POINTS, k % POINTS);
  for (int i = 0; i < POINTS; i++)
    x[2 * FIELDS * POINTS + i] = (fh_real)value(trajectory, 0, FORCING, i);
  for (int step = 0; step < ROLL; step++) {
    memcpy(x, frames[step], sizeof frames[0]);
    memcpy(x + FIELDS * POINTS, frames[step + 1], sizeof frames[0]);
    MUST(fh_operator_apply(op, 1, x, frames[step + 2]));
    for (int k = 0; k < FIELDS * POINTS; k++) {
      u[k] = value(trajectory, step + 2, k / POINTS, k % POINTS);
      e[k] = (double)(fh_real)((fh_real)frames[step + 2][k] - (fh_real)u[k]);
    }
    relative[step] += norm_of(e) / norm_of(u) / N;
    error2 += norm_of(e) * norm_of(e);
    truth2 += norm_of(u) * norm_of(u);
  }
  *full += sqrt(error2 / truth2) / N;
}

static void rollout(const fh_team *team, const char *path)
{
  const fh_dataset_choice choice = {.pairs = FH_PAIRS_YES, .history = 2};
  fh_dataset *d = open_set(path, &choice);
  fh_model_spec spec;
  fh_normaliser *in = NULL, *out = NULL;
  fh_operator *op = NULL;
  fh_rollout *r = NULL;
  const fh_rollout_errors *errors = NULL;
  double relative[ROLL] = {0}, full = 0;
  make_spec(&spec);
  MUST(fh_source_fit(MPI_COMM_WORLD, d, FH_NORM_CHANNEL, FH_NORM_CHANNEL, 1e-5, &in, &out));
  MUST(fh_operator_create_from(&spec, in, out, team, fh_dataset_grid(d), 2, 0, &op));
  fh_program_init(fh_operator_program(op), 5);
  MUST(fh_rollout_create(team, &spec, op, d, NULL, ROLL, 2, &r));
  for (int repeat = 0; repeat < 2; repeat++) MUST(fh_rollout_run(r, &errors));
  for (int64_t i = 0; i < N; i++) roll_here(op, i, relative, &full);
  expect(full > 1e-3, "the model is no perfect one");
  for (int k = 0; k < ROLL; k++)
    near(errors->rel_l2[k], relative[k], 20 * FH_REAL_EPSILON, "relative L2 error of a step");
  near(errors->full, full, 20 * FH_REAL_EPSILON, "relative L2 error of all steps together");
  expect(errors->steps == ROLL && errors->frame == 1 && errors->trajectories == N, "what it was");
  refused(fh_rollout_check(&spec, d, 8, true), FH_ERR_USAGE, "enough to compare 7 steps");
  MUST(fh_rollout_check(&spec, d, 8, false));
  spec.out_channels = 1;
  refused(fh_rollout_check(&spec, d, 2, true), FH_ERR_SHAPE, "cannot be fed back");
  fh_rollout_destroy(&r);
  fh_operator_destroy(&op);
  fh_normaliser_destroy(&in);
  fh_normaliser_destroy(&out);
  fh_model_spec_clear(&spec);
  fh_dataset_close(&d);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  char folder[256], path[512];
  fh_team *team = NULL;
  MUST(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  scratch_make(folder);
  snprintf(path, sizeof path, "%s/set.h5", folder);
  make_set(path);
  pairs(path);
  whole(path);
  refusals(path);
  statistics(path);
  rollout(team, path);
  MPI_Barrier(MPI_COMM_WORLD);
  if (team->size == 1) kept_once(path); /* destroys the file */
  scratch_remove(folder);
  fh_team_destroy(&team);
  return finish("trajectories: pairs, frames, statistics, rollout");
}
