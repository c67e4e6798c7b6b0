/* vcycle - a learned multigrid solver: an MgNO of one V-cycle without activation is a matrix M. Trained on
 * pairs (A u, u) of the 5-point Laplacian A with zero sides it becomes an approximate inverse, and
 *
 *     x <- x + M (b - A x)
 *
 * solves A x = b. The program trains M, shows its V-cycle W as a linear operator, and prints how fast the
 * iteration converges.
 *
 *   mpirun -n 2 vcycle FOLDER [epochs]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fredholm.h>

enum { N = 32, POINTS = N * N, SAMPLES = 512, BOTH = 2 };

/* ---- the equation ------------------------------------------------------------------------------- */

static double at(const double *u, int i, int j)
{
  return i < 0 || j < 0 || i >= N || j >= N ? 0 : u[i * N + j];
}

/* f = A u, times the square of the spacing */
static void laplacian(const double *u, double *f)
{
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      f[i * N + j] =
          4 * at(u, i, j) - at(u, i - 1, j) - at(u, i + 1, j) - at(u, i, j - 1) - at(u, i, j + 1);
}

/* y = sines along both axes of the coefficients c: every function with zero sides is one */
static void sine_series(const double *c, double *y)
{
  static double sine[N][N], half[N][N];
  const double pi = 3.141592653589793;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) sine[i][k] = sin(pi * (i + 1) * (k + 1) / (N + 1));
  memset(half, 0, sizeof half);
  memset(y, 0, POINTS * sizeof *y);
  for (int k = 0; k < N; k++)
    for (int i = 0; i < N; i++)
      for (int l = 0; l < N; l++) half[i][l] += sine[i][k] * c[k * N + l];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      for (int l = 0; l < N; l++) y[i * N + j] += half[i][l] * sine[j][l];
}

/* errors as an iteration meets them: from rough ones, with all modes alike, to smooth ones */
static void draw(int64_t sample, double *u)
{
  static double c[POINTS];
  const fh_rng r = {.seed = 1, .stream = FH_STREAM_FIELD, .sample = (uint64_t)sample};
  const double smoothness = fh_rng_uniform(&r, POINTS);
  double size = 0;
  for (int k = 0; k < N; k++)
    for (int l = 0; l < N; l++) {
      const double wave = hypot(k + 1, l + 1);
      c[k * N + l] = fh_rng_normal(&r, (uint64_t)(k * N + l)) * pow(wave, -2 * smoothness);
    }
  sine_series(c, u);
  for (int i = 0; i < POINTS; i++) size += u[i] * u[i] / POINTS;
  for (int i = 0; i < POINTS; i++) u[i] /= sqrt(size);
}

/* ---- data and training -------------------------------------------------------------------------- */

static fh_status write_set(const fh_team *team, const char *path)
{
  static double f[POINTS], u[POINTS];
  const double *const fields[BOTH] = {f, u};
  fh_writer *w = NULL;
  fh_writer_info info = {.problem = "laplacian",
                         .config = "none: 0\n",
                         .samples = SAMPLES,
                         .n_fields = BOTH,
                         .fields = {{{"f", "1", "h^2 A u", 1}, false}, {{"u", "1", "", 1}, true}}};
  FH_TRY(fh_grid_box(2, (ptrdiff_t[]){N, N}, FH_DIRICHLET, FH_NODE, &info.grid));
  FH_TRY(fh_writer_create(team->world, path, &info, FH_OVERWRITE, &w));
  for (int64_t i = team->rank; i < SAMPLES; i += team->size) {
    const fh_sample_record record = {.index = i, .seed = 1, .valid = true};
    draw(i, u);
    laplacian(u, f);
    FH_TRY(fh_writer_put(w, fields, &record));
  }
  FH_TRY(fh_writer_finish(w));
  fh_writer_destroy(&w);
  return FH_OK;
}

static fh_status set_options(const fh_field *fields, void *config, const char *const (*options)[2])
{
  for (; (*options)[0]; options++)
    FH_TRY(fh_config_set(fields, config, (*options)[0], (*options)[1]));
  return FH_OK;
}

/* a V(2,2) cycle that restricts residuals, and a head without bias: all of it linear */
static fh_status configure(fh_train_setup *s, ptrdiff_t epochs)
{
  static const char *const model[][2] = {{"n_layers", "1"},
                                         {"hidden_channels", "4"},
                                         {"pre_smoothing", "2,2,2,2"},
                                         {"post_smoothing", "2,2,2,0"},
                                         {"restrict_residual", "true"},
                                         {"layer_skip", "none"},
                                         {"non_linearity", "identity"},
                                         {NULL, NULL}};
  static const char *const training[][2] = {
      {"batch", "16"}, {"normalise_output", "none"}, {NULL, NULL}};
  const fh_model_class *mgno = NULL;
  FH_TRY(fh_model_class_find("mgno", &mgno));
  FH_TRY(fh_model_spec_create(mgno, 1, 1, &s->spec));
  FH_TRY(set_options(mgno->fields, s->spec.config, model));
  FH_TRY(fh_config_defaults(fh_train_fields, &s->train));
  FH_TRY(set_options(fh_train_fields, &s->train, training));
  FH_TRY(fh_config_defaults(fh_loss_fields, &s->loss));
  FH_TRY(fh_config_defaults(fh_optimiser_fields, &s->optimiser));
  FH_TRY(fh_config_defaults(fh_schedule_fields, &s->schedule));
  s->train.epochs = epochs;
  s->loss.kind = FH_LOSS_LP;
  s->schedule.rate = 5e-3;
  s->schedule.kind = FH_SCHEDULE_COSINE;
  return FH_OK;
}

static void tell(void *context, const fh_train_epoch *e)
{
  const fh_team *team = context;
  if (team->rank == 0 && (e->epoch == 1 || e->epoch % 5 == 0))
    printf("epoch %td: |M A u - u| / |u| = %.4f on average\n", e->epoch, e->loss);
}

static fh_status train(fh_team *team, const char *folder, ptrdiff_t epochs)
{
  char path[4096];
  fh_train_setup setup = {0};
  fh_dataset *set = NULL;
  const fh_dataset_choice choice = {.boundary = FH_DIRICHLET};
  const fh_train_hooks hooks = {.context = team, .epoch = tell};
  snprintf(path, sizeof path, "%s/pairs.h5", folder);
  FH_TRY(write_set(team, path));
  FH_TRY(fh_dataset_open(team->world, path, &choice, &set));
  FH_TRY(configure(&setup, epochs));
  FH_TRY(fh_train_run(team, &setup, set, 0, NULL, folder, false, &hooks));
  fh_model_spec_clear(&setup.spec);
  fh_dataset_close(&set);
  return FH_OK;
}

/* ---- what was learned --------------------------------------------------------------------------- */

/* W, the V-cycle alone: 1 -> 4 channels */
static fh_status show_cycle(const fh_team *team, const fh_trained *model)
{
  fh_cycle *w = NULL;
  double norm = 0;
  FH_TRY(fh_cycle_create(model, team, &model->grid, 0, true, 1, &w));
  FH_TRY(fh_cycle_norm(w, 50, 1, &norm));
  if (team->rank == 0)
    printf(
        "W: a matrix of %td x %td made of %td parameters, norm %.3f (of the inverse of A: %.3f)\n",
        fh_shape_sample(fh_cycle_u_shape(w)), fh_shape_sample(fh_cycle_f_shape(w)),
        fh_model_n_params(fh_cycle_program(w)), norm,
        1 / (8 * pow(sin(3.141592653589793 / (2 * (N + 1))), 2)));
  fh_cycle_destroy(&w);
  return FH_OK;
}

static double length(const double *x)
{
  double sum = 0;
  for (int i = 0; i < POINTS; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

/* x <- x + M (b - A x); M is linear, so the residual may be scaled for single precision */
static fh_status solve(const fh_team *team, const fh_trained *model)
{
  enum { STEPS = 12 };
  static double b[POINTS], x[POINTS], residual[POINTS];
  static fh_real f[POINTS], correction[POINTS];
  fh_operator *m = NULL;
  double before = 0, first = 0;
  FH_TRY(fh_operator_create(model, team, &model->grid, 1, &m));
  draw(SAMPLES, b); /* an equation that no sample had */
  for (int step = 0; step <= STEPS; step++) {
    laplacian(x, residual);
    for (int i = 0; i < POINTS; i++) residual[i] = b[i] - residual[i];
    const double size = length(residual);
    if (step == 0) first = size;
    if (team->rank == 0)
      printf("cycle %2d: |b - A x| = %.3e  factor %.3f\n", step, size, step ? size / before : 1);
    before = size;
    if (!(size > 0)) break;
    for (int i = 0; i < POINTS; i++) f[i] = (fh_real)(residual[i] / size);
    FH_TRY(fh_operator_apply(m, 1, f, correction));
    for (int i = 0; i < POINTS; i++) x[i] += size * (double)correction[i];
  }
  fh_operator_destroy(&m);
  if (team->rank == 0)
    printf("mean factor of %d cycles: %.4f\n", STEPS, pow(before / first, 1.0 / STEPS));
  return FH_OK;
}

static fh_status job(fh_team *team, const char *folder, ptrdiff_t epochs)
{
  char path[4096];
  fh_trained *model = NULL;
  FH_TRY(train(team, folder, epochs));
  snprintf(path, sizeof path, "%s/model.h5", folder);
  FH_TRY(fh_trained_read(team->world, path, &model));
  FH_TRY(show_cycle(team, model));
  FH_TRY(solve(team, model));
  fh_trained_destroy(&model);
  return FH_OK;
}

static fh_status run(int argc, char **argv)
{
  fh_team *team = NULL;
  FH_CHECK(argc == 2 || argc == 3, FH_ERR_USAGE, "usage: vcycle FOLDER [epochs]");
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  if (team->rank == 0) mkdir(argv[1], 0777);
  MPI_Barrier(team->world);
  const fh_status st = job(team, argv[1], argc == 3 ? strtol(argv[2], NULL, 10) : 30);
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run(argc, argv);
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Finalize();
  return fh_status_exit(st);
}
