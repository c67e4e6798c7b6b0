/*
 * One set of parameters on several grids.
 *
 * - A band-limited field is the same function on every grid that is fine enough, and so is what a
 *   model without pointwise nonlinearity makes of it: on another grid, and with resolution scaling,
 *   it must give the same values at the common points.
 * - Options that contradict the grid or each other are refused.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/fno.h"

static int wrong;
static const double pi = 3.141592653589793;

typedef struct {
  const char *name, *text;
} option;

static fh_status make_spec(const option *options, fh_model_spec *spec)
{
  FH_TRY(fh_model_spec_create(&fh_fno_class, 1, 1, spec));
  for (; options->name; options++)
    FH_TRY(fh_config_set(spec->class->fields, spec->config, options->name, options->text));
  return FH_OK;
}

static double field(double x, double y)
{
  return 0.3 + cos(2 * pi * (x - 2 * y)) + 0.5 * sin(2 * pi * (2 * x + y)) - 0.7 * cos(4 * pi * y);
}

/* output of the model with these options on n0 x n1 points; free with fh_free */
static fh_status predict(const option *options, const fh_team *team, const ptrdiff_t n[2],
                         ptrdiff_t out_n[2], fh_real **output)
{
  fh_model_spec spec;
  fh_grid grid;
  fh_program *p = NULL;
  fh_real *x = NULL;
  const fh_real *y = NULL;
  FH_TRY(make_spec(options, &spec));
  FH_TRY(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &grid));
  FH_TRY(fh_model_build(&spec, team, &grid, 1, FH_INFER, FH_PLANNED, &p));
  fh_program_init(p, 7);
  FH_NEW(x, n[0] * n[1]);
  for (ptrdiff_t i = 0; i < n[0]; i++)
    for (ptrdiff_t j = 0; j < n[1]; j++)
      x[i * n[1] + j] = (fh_real)field((double)i / (double)n[0], (double)j / (double)n[1]);
  const fh_real *const in[] = {x};
  FH_TRY(fh_program_forward(p, 1, in, &y));
  const fh_shape *shape = fh_program_output_shape(p, 0);
  for (int a = 0; a < 2; a++) out_n[a] = shape->layout.grid.n[a];
  FH_NEW(*output, fh_shape_size(shape));
  memcpy(*output, y, (size_t)fh_shape_size(shape) * sizeof *y);
  fh_free(x);
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return FH_OK;
}

/* the largest difference at the coarse points, over the largest value */
static double differ(const fh_real *coarse, const ptrdiff_t n[2], const fh_real *fine,
                     const ptrdiff_t m[2])
{
  const ptrdiff_t s0 = m[0] / n[0], s1 = m[1] / n[1];
  double largest = 0, difference = 0;
  for (ptrdiff_t i = 0; i < n[0]; i++)
    for (ptrdiff_t j = 0; j < n[1]; j++) {
      const double a = (double)coarse[i * n[1] + j], b = (double)fine[i * s0 * m[1] + j * s1];
      largest = fmax(largest, fabs(a));
      difference = fmax(difference, fabs(a - b));
    }
  return difference / largest;
}

/* linear inside: the only activations are the identity, so that band-limited stays band-limited */
#define LINEAR                                                                                     \
  {"hidden_channels", "5"}, {"n_modes", "6"}, {"n_layers", "2"}, {"non_linearity", "identity"},    \
      {"positional_embedding", "none"},                                                            \
  {                                                                                                \
    "use_channel_mlp", "false"                                                                     \
  }
static const option keeps[] = {LINEAR, {NULL, NULL}};
static const option doubles[] = {LINEAR, {"resolution_scaling_factor", "2,1"}, {NULL, NULL}};
static const option identity[] = {LINEAR, {"fno_skip", "identity"}, {NULL, NULL}};
static const option triples[] = {
    LINEAR, {"fno_skip", "identity"}, {"resolution_scaling_factor", "1,3,2,1"}, {NULL, NULL}};
static const option nonlinear[] = {
    {"hidden_channels", "5"}, {"n_modes", "6"}, {"n_layers", "2"}, {NULL, NULL}};
static const option padded[] = {{"hidden_channels", "5"},
                                {"n_modes", "6"},
                                {"n_layers", "2"},
                                {"domain_padding", "0.3,0.1"},
                                {"domain_padding_mode", "one-sided"},
                                {"resolution_scaling_factor", "2,0.5"},
                                {NULL, NULL}};

static fh_status agree(const char *what, const option *a, const ptrdiff_t n[2], const option *b,
                       const ptrdiff_t m[2], const ptrdiff_t want[2], double tolerance,
                       const fh_team *team)
{
  ptrdiff_t an[2], bn[2];
  fh_real *x = NULL, *y = NULL;
  FH_TRY(predict(a, team, n, an, &x));
  FH_TRY(predict(b, team, m, bn, &y));
  if (bn[0] != want[0] || bn[1] != want[1]) {
    printf("%s: output of %td x %td points instead of %td x %td\n", what, bn[0], bn[1], want[0],
           want[1]);
    wrong++;
  } else {
    const double d = differ(x, an, y, bn);
    if (!(d <= tolerance)) {
      printf("%s: differs by %.1e at the common points\n", what, d);
      wrong++;
    }
  }
  fh_free(x);
  fh_free(y);
  return FH_OK;
}

static fh_status grids(const fh_team *team)
{
  const ptrdiff_t n[] = {9, 10}, fine[] = {27, 20}, twice[] = {18, 20}, both[] = {18, 30};
  FH_TRY(agree("the same function on a finer grid", keeps, n, keeps, fine, fine, 1e-12, team));
  FH_TRY(agree("doubling in the first layer", keeps, n, doubles, n, twice, 1e-12, team));
  FH_TRY(agree("tripling, doubling an axis a layer", identity, n, triples, n, both, 1e-12, team));
  /* with nonlinearities the grids alias differently; only the shape is exact */
  FH_TRY(agree("a model on another grid", nonlinear, n, nonlinear, twice, twice, 0.5, team));
  FH_TRY(agree("padding with scaling keeps the size", padded, n, padded, n, n, 0, team));
  return FH_OK;
}

typedef struct {
  option options[3];
  const char *says;
} refusal;

static const refusal refusals[] = {
    {{{"n_modes", "4,4,4"}}, "n_modes has 3 numbers"},
    {{{"n_modes", "8"}, {"max_n_modes", "6,6"}}, "max_n_modes stores 6 rows"},
    {{{"domain_padding", "0.1,0.1,0.1"}}, "domain_padding has 3 numbers"},
    {{{"resolution_scaling_factor", "1,1,1"}}, "resolution_scaling_factor has 3 numbers"},
    {{{"resolution_scaling_factor", "0.001"}}, "leaves 0 of 9 points"},
    {{{"norm", "group_norm"}, {"norm_groups", "5"}}, "norm_groups is 5"},
    {{{"conv_bias_kernel", "4"}}, "must be odd"},
    {{{"conv_bias_kernel", "3"}, {"fno_skip", "identity"}}, "only the linear fno_skip"},
    {{{"lifting_channel_ratio", "0.01"}}, "lifting_channel_ratio is 0.01"},
    {{{"channel_mlp_expansion", "0.01"}}, "channel_mlp_expansion is 0.01"},
};

static fh_status refuse(const refusal *r, const fh_team *team)
{
  const ptrdiff_t n[] = {9, 10};
  ptrdiff_t out_n[2];
  fh_real *output = NULL;
  const fh_status st = predict(r->options, team, n, out_n, &output);
  fh_free(output);
  if (st == FH_ERR_USAGE && strstr(fh_status_message(), r->says)) return FH_OK;
  printf("%s %s: should be refused with '%s' but: %s\n", r->options[0].name, r->options[0].text,
         r->says, st == FH_OK ? "accepted" : fh_status_message());
  wrong++;
  return FH_OK;
}

static fh_status run(void)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  FH_TRY(grids(team));
  const int total = sizeof refusals / sizeof *refusals;
  for (int i = 0; i < total; i++) FH_TRY(refuse(&refusals[i], team));
  fh_team_destroy(&team);
  if (!wrong) printf("models on several grids; %d contradictions are refused\n", total);
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stdout);
  MPI_Finalize();
  return st != FH_OK || wrong;
}
