/* One V-cycle of a trained model alone: what it makes of its input, what that input is, its transpose and
 * its norm. */
#include <stdlib.h>

#include "io/scratch.h"
#include "model/mgno.h"
#include "train/check.h"
#include "train/cycle.h"

enum { N = 12, M = 8, POINTS = N * M, C = 3 };

static const fh_team *team;
static char folder[256];

typedef const char *option[2];

static const fh_param *param(const fh_program *p, const char *name)
{
  const int i = fh_program_find_param(p, name);
  expect(i >= 0, name);
  return fh_program_param(p, i < 0 ? 0 : i);
}

/* a model with drawn parameters, through a file; the first stencil is the 5-point Laplacian if so wished */
static fh_trained *make(const option *options, bool laplacian)
{
  static const double five[9] = {0, -1, 0, -1, 4, -1, 0, -1, 0};
  char path[512];
  fh_model_spec spec;
  fh_grid grid;
  fh_program *p = NULL;
  fh_trained *t = NULL;
  MUST(fh_grid_box(2, (ptrdiff_t[]){N, M}, FH_PERIODIC, FH_NODE, &grid));
  MUST(fh_model_spec_create(&fh_mgno_class, 1, 1, &spec));
  for (; (*options)[0]; options++)
    MUST(fh_config_set(fh_mgno_class.fields, spec.config, (*options)[0], (*options)[1]));
  MUST(fh_model_build(&spec, team, &grid, 1, FH_INFER, FH_PLANNED, &p));
  fh_program_init(p, 3);
  fh_real *values = fh_program_values(p);
  for (int i = 0; laplacian && i < 9; i++)
    values[param(p, "conv_list.0.layer0.0.S.weight")->offset + i] = (fh_real)five[i];
  snprintf(path, sizeof path, "%s/model-%d.h5", folder, team->rank);
  MUST(fh_trained_write(path, &spec, p, values, NULL, NULL, &grid));
  MUST(fh_trained_read(MPI_COMM_SELF, path, &t));
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return t;
}

static double value(const fh_trained *t, const char *name, ptrdiff_t i)
{
  const fh_tensor *tensor = fh_bundle_find(t->bundle, name);
  expect(tensor && i < tensor->size, name);
  return (double)((const fh_real *)tensor->data)[i];
}

/* without activation the model is its head after its only cycle */
static void head_of_cycle(void)
{
  static fh_real x[POINTS], u[C * POINTS], y[POINTS];
  const option options[] = {{"n_layers", "1"},
                            {"hidden_channels", "3"},
                            {"pre_smoothing", "2,1,1"},
                            {"layer_skip", "none"},
                            {"sides", "periodic"},
                            {"post_smoothing", "1,0,0"},
                            {"non_linearity", "identity"},
                            {NULL, NULL}};
  fh_trained *t = make(options, false);
  fh_operator *op = NULL;
  fh_cycle *w = NULL;
  MUST(fh_operator_create(t, team, &t->grid, 1, &op));
  MUST(fh_cycle_create(t, team, &t->grid, 0, true, 1, &w));
  fill_noise(1, POINTS, x);
  MUST(fh_operator_apply(op, 1, x, y));
  MUST(fh_cycle_apply(w, 1, x, u));
  for (int i = 0; i < POINTS; i++) {
    double sum = 0;
    for (int c = 0; c < C; c++) sum += value(t, "last_layer.weight", c) * (double)u[c * POINTS + i];
    near((double)y[i], sum, 100 * FH_REAL_EPSILON, "the model is the head of its cycle");
  }
  fh_cycle_destroy(&w);
  fh_operator_destroy(&op);
  fh_trained_destroy(&t);
}

static double gelu(double x)
{
  return 0.5 * x * (1 + erf(x / sqrt(2.0)));
}

/* f of the second cycle is gelu(W x + K x + b) of the first layer */
static void input_of_cycle(void)
{
  static fh_real x[POINTS], u[C * POINTS], f[C * POINTS];
  const option options[] = {
      {"n_layers", "2"}, {"hidden_channels", "3"}, {"pre_smoothing", "1,2"}, {NULL, NULL}};
  fh_trained *t = make(options, false);
  fh_cycle *first = NULL, *second = NULL;
  MUST(fh_cycle_create(t, team, &t->grid, 0, false, 1, &first));
  MUST(fh_cycle_create(t, team, &t->grid, 1, true, 1, &second));
  fill_noise(2, POINTS, x);
  MUST(fh_cycle_input(first, 1, x, f));
  expect(!memcmp(f, x, sizeof x), "f of the first cycle is the input");
  MUST(fh_cycle_apply(first, 1, x, u));
  MUST(fh_cycle_input(second, 1, x, f));
  for (int c = 0; c < C; c++)
    for (int i = 0; i < POINTS; i++) {
      const double z = (double)u[c * POINTS + i] +
                       value(t, "linear_list.0.weight", c) * (double)x[i] +
                       value(t, "linear_list.0.bias", c);
      near((double)f[c * POINTS + i], gelu(z), 1e3 * FH_REAL_EPSILON, "f of the second cycle");
    }
  refused(fh_cycle_adjoint(first, 1, u, f), FH_ERR_STATE, "no transpose");
  refused(fh_cycle_create(t, team, &t->grid, 2, true, 1, &first), FH_ERR_USAGE,
          "V-cycles 0 to 1, not 2");
  fh_cycle_destroy(&second);
  fh_trained_destroy(&t);
}

/* biases and norms are left out, and what is left is linear and has a transpose */
static void transpose(void)
{
  static fh_real f[C * POINTS], u[C * POINTS], wf[C * POINTS], wu[C * POINTS], zero[C * POINTS];
  const option options[] = {{"mgno_variant", "navier-stokes"},
                            {"n_layers", "2"},
                            {"hidden_channels", "3"},
                            {"pre_smoothing", "1,2"},
                            {NULL, NULL}};
  fh_trained *t = make(options, false);
  fh_cycle *w = NULL;
  double a = 0, b = 0;
  MUST(fh_cycle_create(t, team, &t->grid, 1, true, 1, &w));
  fill_noise(3, C * POINTS, f);
  fill_noise(4, C * POINTS, u);
  MUST(fh_cycle_apply(w, 1, zero, wf));
  for (int i = 0; i < C * POINTS; i++) near((double)wf[i], 0, 0, "W 0 = 0: no bias is left");
  MUST(fh_cycle_apply(w, 1, f, wf));
  MUST(fh_cycle_adjoint(w, 1, u, wu));
  for (int i = 0; i < C * POINTS; i++) {
    a += (double)wf[i] * (double)u[i];
    b += (double)f[i] * (double)wu[i];
  }
  near(a, b, 100 * FH_REAL_EPSILON, "<W f, u> = <f, W' u>");
  fh_cycle_destroy(&w);
  fh_trained_destroy(&t);
}

/* a cycle of one level is its stencil: the Laplacian's norm is 8, at the shortest waves */
static void norm(void)
{
  const option options[] = {{"n_layers", "1"},
                            {"hidden_channels", "1"},
                            {"pre_smoothing", "1"},
                            {"sides", "periodic"},
                            {NULL, NULL}};
  fh_trained *t = make(options, true);
  fh_cycle *w = NULL;
  double found = 0, before = 0;
  MUST(fh_cycle_create(t, team, &t->grid, 0, true, 1, &w));
  MUST(fh_cycle_norm(w, 5, 1, &before));
  MUST(fh_cycle_norm(w, 300, 1, &found));
  near(found, 8, 1e-5, "norm of the 5-point Laplacian");
  expect(before < found, "the iteration approaches it from below");
  fh_cycle_destroy(&w);
  fh_trained_destroy(&t);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_team *mine = NULL;
  MUST(fh_team_create(MPI_COMM_WORLD, 1, 1, &mine));
  team = mine;
  scratch_make(folder);
  head_of_cycle();
  input_of_cycle();
  transpose();
  norm();
  scratch_remove(folder);
  fh_team_destroy(&mine);
  return finish("a V-cycle as an operator: result, input, transpose, norm");
}
