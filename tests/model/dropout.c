/* Tensor dropout: gradients of programs that leave out ranks, the law of what is left out, its scale
 * against the definition, and that inference knows nothing of it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "model/model.h"

static int failures, checks;

static void expect(bool good, const char *name, const char *what, double got)
{
  checks++;
  if (good) return;
  failures++;
  printf("FAIL %s: %s (%g)\n", name, what, got);
}

typedef struct {
  const char *name, *options[6][2];
  const char *masked; /* the parameter that is masked */
  int ranks;          /* of how many the scale is a product */
} drop_case;

static const drop_case cases[] = {
    {"cp, factor by factor",
     {{"factorization", "cp"}, {"rank", "9"}, {"implementation", "factorized"}},
     "fno_blocks.convs.0.weight.weights",
     1},
    {"cp, rebuilt, joint",
     {{"factorization", "cp"},
      {"rank", "9"},
      {"implementation", "reconstructed"},
      {"joint_factorization", "true"}},
     "fno_blocks.convs.weight.weights",
     1},
    {"tucker, factor by factor",
     {{"rank", "4,4,5,3"}, {"implementation", "factorized"}},
     "fno_blocks.convs.0.weight.core",
     4},
    {"tucker, rebuilt",
     {{"rank", "4,4,5,3"}, {"implementation", "reconstructed"}},
     "fno_blocks.convs.0.weight.core",
     4},
    {"tt, factor by factor",
     {{"factorization", "tt"}, {"rank", "4,8,4"}, {"implementation", "factorized"}},
     NULL,
     3},
    {"tt, separable", {{"factorization", "tt"}, {"rank", "4,4"}, {"separable", "true"}}, NULL, 2},
};

enum { POINTS = 8, IN = 2 };
static const double p_drop = 0.4;

static fh_status make(const drop_case *c, const fh_team *team, double dropout, fh_purpose purpose,
                      fh_program **p)
{
  const ptrdiff_t n[] = {POINTS, POINTS + 1};
  char text[32];
  const fh_model_class *class = NULL;
  fh_model_spec spec;
  fh_grid grid;
  snprintf(text, sizeof text, "%g", dropout);
  FH_TRY(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &grid));
  FH_TRY(fh_model_class_find("tfno", &class));
  FH_TRY(fh_model_spec_create(class, IN, 1, &spec));
  FH_TRY(fh_config_set(class->fields, spec.config, "n_modes", "6"));
  FH_TRY(fh_config_set(class->fields, spec.config, "hidden_channels", "4"));
  FH_TRY(fh_config_set(class->fields, spec.config, "n_layers", "2"));
  FH_TRY(fh_config_set(class->fields, spec.config, "tensor_dropout", text));
  for (int i = 0; i < 6 && c->options[i][0]; i++)
    FH_TRY(fh_config_set(class->fields, spec.config, c->options[i][0], c->options[i][1]));
  FH_TRY(fh_model_build(&spec, team, &grid, 2, purpose, FH_PLANNED, p));
  fh_program_init(*p, 11);
  fh_model_spec_clear(&spec);
  return FH_OK;
}

typedef struct {
  fh_real x[2 * IN * POINTS * (POINTS + 1)], dy[2 * POINTS * (POINTS + 1)];
  ptrdiff_t n;
} data;

/* sum of dy y, and with grad the gradients of the parameters */
static fh_status value(fh_program *p, const data *d, bool grad, double *sum)
{
  const fh_real *in = d->x, *y = NULL, *dy = d->dy;
  FH_TRY(fh_program_forward(p, 2, &in, &y));
  *sum = 0;
  for (ptrdiff_t i = 0; i < d->n; i++) *sum += (double)d->dy[i] * (double)y[i];
  if (!grad) return FH_OK;
  fh_program_zero_gradients(p);
  return fh_program_backward(p, &dy, NULL);
}

/* directional derivative by central differences against the gradient */
static fh_status check_gradient(const char *name, fh_program *p, const data *d)
{
  const ptrdiff_t n = fh_program_param_size(p);
  const fh_rng r = {.seed = 5, .stream = FH_STREAM_TEST};
  fh_real *start = NULL;
  double middle = 0, side[2] = {0}, slope = 0;
  const double h = 1e-5;
  FH_NEW(start, n);
  FH_TRY(value(p, d, true, &middle));
  const fh_real *gradient = fh_program_gradients(p);
  for (ptrdiff_t i = 0; i < n; i++) slope += (double)gradient[i] * fh_rng_normal(&r, (uint64_t)i);
  memcpy(start, fh_program_values(p), (size_t)n * sizeof *start);
  for (int s = 0; s < 2; s++) {
    fh_real *v = fh_program_values(p);
    for (ptrdiff_t i = 0; i < n; i++)
      v[i] = start[i] + (fh_real)((s ? -h : h) * fh_rng_normal(&r, (uint64_t)i));
    FH_TRY(value(p, d, false, &side[s]));
  }
  memcpy(fh_program_values(p), start, (size_t)n * sizeof *start);
  fh_free(start);
  const double quotient = (side[0] - side[1]) / (2 * h), error = fabs(quotient / slope - 1);
  expect(error <= 1e-7, name, "gradient against differences", error);
  return FH_OK;
}

/* zeros among the gradients of the masked parameter: what is left out */
static ptrdiff_t left_out(fh_program *p, const char *param, bool *out, ptrdiff_t *count)
{
  const fh_param *q = fh_program_param(p, fh_program_find_param(p, param));
  const fh_real *g = fh_program_gradients(p) + q->offset;
  ptrdiff_t zeros = 0;
  *count = q->size / 2;
  for (ptrdiff_t i = 0; i < *count; i++) {
    out[i] = !(fabs((double)g[2 * i]) + fabs((double)g[2 * i + 1]) > 0);
    zeros += out[i];
  }
  return zeros;
}

/* without dropout, but with the masked parameter changed by hand, the result is the same */
static fh_status check_definition(const drop_case *c, const fh_team *team, fh_program *p,
                                  const data *d)
{
  fh_program *plain = NULL;
  bool out[512];
  ptrdiff_t count = 0;
  double with = 0, by_hand = 0;
  FH_TRY(make(c, team, 0, FH_TRAIN, &plain));
  FH_TRY(value(p, d, true, &with));
  const ptrdiff_t zeros = left_out(p, c->masked, out, &count);
  expect(zeros > 0 && zeros < count, c->name, "some, not all, is left out", (double)zeros);
  for (int layer = 0; layer < 2; layer++) {
    char name[160];
    snprintf(name, sizeof name, "%s", c->masked);
    char *digit = strstr(name, "convs.0");
    if (digit) digit[6] = (char)('0' + layer);
    if (!digit && layer) break;
    left_out(p, name, out, &count);
    const fh_param *q = fh_program_param(plain, fh_program_find_param(plain, name));
    fh_real *v = fh_program_values(plain) + q->offset;
    const double scale = pow(1 - p_drop, -c->ranks);
    for (ptrdiff_t i = 0; i < 2 * count; i++) v[i] *= out[i / 2] ? 0 : (fh_real)scale;
  }
  FH_TRY(value(plain, d, false, &by_hand));
  expect(fabs(with - by_hand) <= 1e-12 * fabs(by_hand), c->name, "the definition", with - by_hand);
  fh_program_destroy(&plain);
  return FH_OK;
}

/* the share of CP's ranks that stays, over many steps; every step has one at least */
static fh_status check_law(const drop_case *c, fh_program *p, const data *d)
{
  enum { STEPS = 200, RANK = 9 };
  bool out[512];
  double kept = 0, v = 0;
  for (int step = 0; step < STEPS; step++) {
    ptrdiff_t count = 0;
    fh_program_drop(p, 1, (uint64_t)step);
    FH_TRY(value(p, d, true, &v));
    const ptrdiff_t zeros = left_out(p, c->masked, out, &count), stay = count - zeros;
    expect(count == RANK && stay >= 1, c->name, "one rank stays", (double)stay);
    kept += (double)stay;
  }
  const double n = STEPS * RANK, deviation = sqrt(n * p_drop * (1 - p_drop));
  expect(fabs(kept - n * (1 - p_drop)) <= 4 * deviation, c->name, "share of ranks kept", kept / n);
  return FH_OK;
}

static fh_status check_case(const drop_case *c, const fh_team *team, const data *d)
{
  fh_program *p = NULL, *infer = NULL;
  double before = 0, first = 0, again = 0, other = 0, inferred = 0;
  FH_TRY(make(c, team, p_drop, FH_TRAIN, &p));
  FH_TRY(make(c, team, p_drop, FH_INFER, &infer));
  FH_TRY(value(p, d, false, &before));
  fh_program_drop(p, 1, 3);
  fh_program_drop(infer, 1, 3);
  FH_TRY(value(p, d, false, &first));
  FH_TRY(value(infer, d, false, &inferred));
  FH_TRY(check_gradient(c->name, p, d));
  if (c->masked) FH_TRY(check_definition(c, team, p, d));
  fh_program_drop(p, 1, 4);
  FH_TRY(value(p, d, false, &other));
  fh_program_drop(p, 1, 3);
  FH_TRY(value(p, d, false, &again));
  expect(!memcmp(&first, &again, sizeof first), c->name, "the same step, other bits",
         first - again);
  expect(fabs(first - other) > 0, c->name, "another step, the same draw", other);
  expect(fabs(first - before) > 0, c->name, "nothing is left out", first);
  expect(!memcmp(&before, &inferred, sizeof before), c->name, "inference drops", inferred);
  if (c->ranks == 1) FH_TRY(check_law(c, p, d));
  fh_program_destroy(&p);
  fh_program_destroy(&infer);
  return FH_OK;
}

static fh_status all(void)
{
  static data d;
  fh_team *team = NULL;
  const fh_rng r = {.seed = 4, .stream = FH_STREAM_TEST};
  d.n = (ptrdiff_t)(sizeof d.dy / sizeof *d.dy);
  for (size_t i = 0; i < sizeof d.x / sizeof *d.x; i++) d.x[i] = (fh_real)fh_rng_normal(&r, i);
  for (size_t i = 0; i < sizeof d.dy / sizeof *d.dy; i++)
    d.dy[i] = (fh_real)fh_rng_normal(&r, 100000 + i);
  FH_TRY(fh_team_create(MPI_COMM_SELF, 1, 1, &team));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) FH_TRY(check_case(&cases[i], team, &d));
  fh_team_destroy(&team);
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = all();
  if (st != FH_OK) fh_status_print(stdout);
  if (st == FH_OK && !failures) printf("tensor dropout: %d checks\n", checks);
  MPI_Finalize();
  return st != FH_OK || failures;
}
