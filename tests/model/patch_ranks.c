/* Ranks that share the patches of a sample: each reads what its patches need, makes its box of the
 * field with the bits of one rank's, and compares it with its box of the truth: the values of all
 * losses have one rank's bits, so have their gradients, and the gradients of the parameters add up to its. The operator
 * that computes a few patches at a time gives the same bits again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "comm/gather.h"
#include "train/objective.h"
#include "train/trained.h"

enum { BATCH = 2, OUT = 2 };

static int failures;

static void fail(const char *what, const char *name)
{
  failures++;
  printf("FAIL %s: %s\n", name, what);
}

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 3, .stream = FH_STREAM_TEST, .sample = 0, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

/* ---- one team's run ----------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  int dim;
  ptrdiff_t n[3];
  const char *options[8][2], *loss[6][2], *blocks;
  bool physical, gathers; /* gathers: on more than one rank */
} run_case;

typedef struct {
  fh_model_part part;
  fh_program *p;
  fh_objective *objective;
  ptrdiff_t n_y, n_w;
  fh_real *y, *slope, *dw; /* y, slope: whole fields */
  double values[BATCH];
} run_of;

static fh_status objective_of(const run_case *c, const fh_team *team, const fh_normaliser *decode,
                              run_of *r)
{
  fh_loss_config loss;
  fh_int_list blocks = {1, {1}};
  FH_TRY(fh_config_defaults(fh_loss_fields, &loss));
  for (int i = 0; i < 6 && c->loss[i][0]; i++)
    FH_TRY(fh_config_set(fh_loss_fields, &loss, c->loss[i][0], c->loss[i][1]));
  if (c->blocks)
    for (int a = 0; a < c->dim; a++) blocks = (fh_int_list){1, {c->blocks[0] - '0'}};
  const fh_objective_config config = {&loss, &blocks, decode, &r->part};
  return fh_objective_create(team, &config, fh_program_output_shape(r->p, 0), &r->objective);
}

static fh_status whole_field(const fh_team *team, const run_of *r, const fh_real *boxed,
                             fh_real *whole)
{
  fh_gather *g = NULL;
  FH_TRY(fh_gather_create(team->patches, &r->part.cut->tiles, BATCH * OUT, &g));
  const fh_status st = fh_gather_run(g, BATCH * OUT, boxed, whole);
  fh_gather_destroy(&g);
  return st;
}

/* x, truth: whole fields */
static fh_status compute(const run_case *c, const fh_team *team, const fh_model_spec *spec,
                         const fh_grid *grid, const fh_normaliser *decode, const fh_real *x,
                         const fh_real *truth, run_of *r)
{
  const ptrdiff_t points = fh_grid_size(grid);
  const fh_real *y = NULL, *in = NULL;
  FH_TRY(fh_model_part_find(spec, team, grid, &r->part));
  FH_TRY(fh_model_build(spec, team, grid, BATCH, FH_TRAIN, FH_PLANNED, &r->p));
  fh_program_init(r->p, 7);
  FH_TRY(objective_of(c, team, decode, r));
  const ptrdiff_t nx = fh_shape_size(fh_program_input_shape(r->p, 0)),
                  ny = fh_shape_size(fh_program_output_shape(r->p, 0));
  fh_real *mine = NULL, *my_truth = NULL, *slope = NULL;
  r->n_y = BATCH * OUT * points;
  r->n_w = fh_program_param_size(r->p);
  FH_NEW(r->y, r->n_y);
  FH_NEW(r->slope, r->n_y);
  FH_NEW(r->dw, r->n_w);
  FH_NEW(mine, nx);
  FH_NEW(slope, ny);
  FH_NEW(my_truth, r->n_y);
  fh_selection_gather(&r->part.in, grid, BATCH, x, mine);
  fh_box_cut(fh_objective_truth(r->objective), BATCH * OUT, truth, my_truth);
  in = mine;
  FH_TRY(fh_program_forward(r->p, BATCH, &in, &y));
  FH_TRY(fh_objective_eval(r->objective, BATCH, y, my_truth, 0.7, r->values, slope));
  FH_TRY(whole_field(team, r, y, r->y));
  FH_TRY(whole_field(team, r, slope, r->slope));
  const fh_real *dout = slope;
  FH_TRY(fh_program_backward(r->p, &dout, NULL));
  memcpy(r->dw, fh_program_gradients(r->p), (size_t)r->n_w * sizeof *r->dw);
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, r->dw, (int)r->n_w, FH_MPI_REAL, MPI_SUM, team->patches));
  fh_free(mine);
  fh_free(slope);
  fh_free(my_truth);
  return FH_OK;
}

static void clear(run_of *r)
{
  fh_objective_destroy(&r->objective);
  fh_program_destroy(&r->p);
  fh_model_part_clear(&r->part);
  fh_free(r->y);
  fh_free(r->slope);
  fh_free(r->dw);
}

/* ---- comparisons -------------------------------------------------------------------------------- */

static void same_bits(const char *name, const char *what, ptrdiff_t n, const fh_real *a,
                      const fh_real *b)
{
  if (memcmp(a, b, (size_t)n * sizeof *a)) fail(what, name);
}

static void close_to(const char *name, const char *what, ptrdiff_t n, const fh_real *got,
                     const fh_real *want)
{
  double worst = 0, largest = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
    largest = fmax(largest, fabs((double)want[i]));
  }
  if (!(worst <= 1e-12 * largest && largest > 0)) fail(what, name);
}

/* the operator, patches a few at a time, against the program of the whole field */
static fh_status streamed(const run_case *c, const fh_team *team, const fh_model_spec *spec,
                          const fh_grid *grid, const fh_real *x, const run_of *alone)
{
  fh_real *y = NULL;
  FH_NEW(y, alone->n_y);
  for (ptrdiff_t at_once = 0; at_once <= 3; at_once += 1) {
    fh_operator *op = NULL;
    FH_TRY(fh_operator_create_from(spec, NULL, NULL, team, grid, 1, at_once, &op));
    fh_program *p = fh_operator_program(op);
    memcpy(fh_program_values(p), fh_program_values(alone->p), (size_t)alone->n_w * sizeof(fh_real));
    FH_TRY(fh_operator_apply(op, BATCH, x, y));
    same_bits(c->name, "patches a few at a time: other bits", alone->n_y, y, alone->y);
    fh_operator_destroy(&op);
  }
  fh_free(y);
  return FH_OK;
}

static fh_status compare(const run_case *c, const fh_team *shared, const fh_team *single,
                         const fh_model_spec *spec, const fh_grid *grid)
{
  run_of a = {0}, b = {0};
  fh_real *x = NULL, *truth = NULL;
  const ptrdiff_t points = fh_grid_size(grid);
  const double mean[OUT] = {0.3, -0.2}, deviation[OUT] = {1.7, 0.6};
  fh_normaliser *decode = NULL;
  FH_NEW(x, BATCH * points);
  FH_NEW(truth, BATCH * OUT * points);
  fill(x, BATCH * points, 1);
  fill(truth, BATCH * OUT * points, 2);
  if (c->physical)
    FH_TRY(fh_normaliser_create(FH_NORM_CHANNEL, 0, OUT, 1, mean, deviation, &decode));
  FH_TRY(compute(c, shared, spec, grid, decode, x, truth, &a));
  FH_TRY(compute(c, single, spec, grid, decode, x, truth, &b));
  same_bits(c->name, "the field has other bits", a.n_y, a.y, b.y);
  same_bits(c->name, "the gradient of the loss has other bits", a.n_y, a.slope, b.slope);
  if (memcmp(a.values, b.values, sizeof a.values) || !(b.values[0] > 0 && b.values[1] > 0))
    fail("values of the loss", c->name);
  close_to(c->name, "gradient of the parameters", a.n_w, a.dw, b.dw);
  if (fh_objective_gathers(a.objective) != (c->gathers && shared->n_patches > 1))
    fail("gathers, or should", c->name);
  const double share = (double)fh_selection_size(&a.part.in) / (double)points;
  if (c->n[0] == 64 && !(share < (shared->n_patches > 2   ? 0.7
                                  : shared->n_patches > 1 ? 0.95
                                                          : 1.1)))
    fail("more is read than the patches need", c->name);
  FH_TRY(streamed(c, shared, spec, grid, x, &b));
  clear(&a);
  clear(&b);
  fh_normaliser_destroy(&decode);
  fh_free(x);
  fh_free(truth);
  return FH_OK;
}

static const run_case cases[] = {
    {"H1, periodic", 2, {16, 24}, {{"hidden_channels", "6"}}, {{"loss", "h1"}}, NULL, false, false},
    {"H1, one-sided, uneven, joint norm, physical",
     2,
     {21, 27},
     {{"outside", "reflect"}, {"coordinates", "global"}, {"joint_factorization", "true"}},
     {{"loss", "h1"}, {"loss_periodic", "false"}, {"loss_joint", "true"}},
     NULL,
     true,
     false},
    {"H1, first order at one axis' ends, absolute",
     2,
     {18, 16},
     {{"outside", "zero"}, {"levels", "2"}, {"padding_fraction", "0.1"}},
     {{"loss", "h1"},
      {"loss_periodic_axes", "0,1"},
      {"loss_edge", "first"},
      {"loss_relative", "false"},
      {"loss_value_weight", "0.5"}},
     NULL,
     false,
     false},
    {"L3",
     1,
     {61},
     {{"levels", "2"}, {"padding_fraction", "0.05"}},
     {{"loss", "lp"}, {"loss_p", "3"}},
     NULL,
     true,
     false},
    {"mean squares, 3-D", 3, {8, 6, 10}, {{"n_modes", "4"}}, {{"loss", "mse"}}, NULL, false, false},
    {"a loss a patch",
     2,
     {16, 24},
     {{"hidden_channels", "6"}},
     {{"loss", "h1"}, {"loss_periodic", "false"}},
     "2",
     false,
     false},
    {"spectral H1 needs the whole field",
     2,
     {16, 20},
     {{"hidden_channels", "6"}},
     {{"loss", "spectral-h1"}},
     NULL,
     false,
     true},
    {"patches that share a large weight",
     2,
     {16, 16},
     {{"levels", "2"},
      {"padding_fraction", "0.0625"},
      {"n_modes", "20"},
      {"hidden_channels", "12"},
      {"factorization", "none"}},
     {{"loss", "h1"}},
     NULL,
     false,
     false},
    {"little is read",
     2,
     {64, 64},
     {{"levels", "2"}, {"padding_fraction", "0.0625"}, {"n_modes", "4"}},
     {{"loss", "lp"}},
     NULL,
     false,
     false},
};

static fh_status run_one(const run_case *c, const fh_team *shared, const fh_team *alone)
{
  const fh_model_class *class = NULL;
  fh_model_spec spec;
  fh_grid grid;
  FH_TRY(fh_grid_box(c->dim, c->n, FH_PERIODIC, FH_NODE, &grid));
  FH_TRY(fh_model_class_find("mg-tfno", &class));
  FH_TRY(fh_model_spec_create(class, 1, OUT, &spec));
  FH_TRY(fh_config_set(class->fields, spec.config, "n_modes", "6"));
  FH_TRY(fh_config_set(class->fields, spec.config, "hidden_channels", "4"));
  FH_TRY(fh_config_set(class->fields, spec.config, "n_layers", "2"));
  for (int i = 0; i < 8 && c->options[i][0]; i++)
    FH_TRY(fh_config_set(class->fields, spec.config, c->options[i][0], c->options[i][1]));
  const fh_status st = compare(c, shared, alone, &spec, &grid);
  fh_model_spec_clear(&spec);
  return st;
}

static fh_status refused(const fh_team *shared)
{
  const ptrdiff_t points[] = {16, 24};
  fh_model_spec spec;
  fh_program *p = NULL;
  fh_grid grid;
  const fh_model_class *class = NULL;
  FH_TRY(fh_grid_box(2, points, FH_PERIODIC, FH_NODE, &grid));
  FH_TRY(fh_model_class_find("tfno", &class));
  FH_TRY(fh_model_spec_create(class, 1, 1, &spec));
  const fh_status st = fh_model_program(&spec, shared, &grid, 1, &p);
  if (shared->n_patches > 1 && st != FH_ERR_USAGE) fail("was shared", "tfno");
  fh_status_clear();
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return FH_OK;
}

static fh_status all(int *rank)
{
  fh_team *shared = NULL, *alone = NULL;
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  FH_TRY(fh_team_create(MPI_COMM_WORLD, size, 1, &shared));
  FH_TRY(fh_team_create(MPI_COMM_SELF, 1, 1, &alone));
  *rank = shared->rank;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    FH_TRY(run_one(&cases[i], shared, alone));
  }
  FH_TRY(refused(shared));
  fh_team_destroy(&shared);
  fh_team_destroy(&alone);
  return FH_OK;
}

int main(int argc, char **argv)
{
  int rank = 0;
  MPI_Init(&argc, &argv);
  const fh_status st = all(&rank);
  if (st != FH_OK) fh_status_print(stdout);
  if (st == FH_OK && !failures && rank == 0) printf("patches of a sample shared by ranks\n");
  MPI_Finalize();
  return st != FH_OK || failures;
}
