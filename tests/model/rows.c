/*
 * A weight of which the grid uses some rows: the map that computes those alone gives, from the same parameters, the output and
 * the gradients of layers that compute the whole weight and choose their rows at every call.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "operators/gate/gate.h"
#include "operators/spectral/weight.h"

enum { BATCH = 2 };
static int wrong;

typedef struct {
  const char *name;
  int kind, way;
  ptrdiff_t layers;
  fh_spectral_config at;
  ptrdiff_t rank[FH_PARAM_MAX_RANK], n[3];
} part_case;

#define AT(channels, axes, ...)                                                                    \
  {                                                                                                \
    .in_channels = (channels), .out_channels = (channels), .dim = (axes), .bias = true,            \
    __VA_ARGS__                                                                                    \
  }

static const part_case cases[] = {
    {"dense", FH_WEIGHT_DENSE, 0, 0, AT(3, 2, .modes = {8, 8}), {0}, {5, 6}},
    {"dense, separable",
     FH_WEIGHT_DENSE,
     0,
     0,
     AT(3, 3, .modes = {2, 3, 4}, .weight_modes = {5, 4, 3}, .separable = true),
     {0},
     {4, 5, 6}},
    {"dense, another output grid",
     FH_WEIGHT_DENSE,
     0,
     0,
     AT(2, 2, .modes = {8, 8}, .out_n = {4, 9}),
     {0},
     {7, 12}},
    {"cp, middle",
     FH_WEIGHT_CP,
     FH_WAY_MIDDLE,
     0,
     AT(3, 2, .modes = {4, 4}, .weight_modes = {6, 5}),
     {4},
     {7, 8}},
    {"cp, rebuilt, joint", FH_WEIGHT_CP, FH_WAY_REBUILT, 2, AT(3, 1, .modes = {12}), {4}, {7}},
    {"tucker, middle",
     FH_WEIGHT_TUCKER,
     FH_WAY_MIDDLE,
     0,
     AT(3, 2, .modes = {9, 6}),
     {2, 3, 4, 2},
     {6, 8}},
    {"tucker, rebuilt, 3-D",
     FH_WEIGHT_TUCKER,
     FH_WAY_REBUILT,
     0,
     AT(2, 3, .modes = {6, 5, 8}),
     {2, 2, 3, 2, 4},
     {4, 3, 5}},
    {"tucker, separable, joint",
     FH_WEIGHT_TUCKER,
     FH_WAY_REBUILT,
     2,
     AT(3, 2, .modes = {6, 6}, .separable = true),
     {2, 2, 3, 2},
     {5, 4}},
    {"tt, middle",
     FH_WEIGHT_TT,
     FH_WAY_MIDDLE,
     0,
     AT(3, 2, .modes = {8, 6}),
     {1, 2, 3, 2, 1},
     {5, 4}},
    {"tt, rebuilt, joint",
     FH_WEIGHT_TT,
     FH_WAY_REBUILT,
     2,
     AT(2, 2, .modes = {7, 8}),
     {1, 2, 3, 3, 2, 1},
     {4, 5}},
};

/* a gate, whose gradient tells what the layers pass on, and one layer after the other; part: the map computes the rows in use */
static fh_status build(const part_case *c, bool part, const fh_team *team, fh_program **p)
{
  static const char *const names[] = {"layers.0", "layers.1"};
  fh_weight_config w = {.kind = c->kind, .layers = c->layers, .at = c->at, .way = c->way};
  fh_spectral_config layer = c->at;
  ptrdiff_t out[3];
  fh_grid grid;
  fh_slot x = 0;
  memcpy(w.rank, c->rank, sizeof w.rank);
  FH_TRY(fh_program_create(team, p));
  FH_TRY(fh_grid_box(c->at.dim, c->n, FH_PERIODIC, FH_NODE, &grid));
  const fh_shape in = {BATCH, c->at.in_channels, fh_layout_whole(&grid)};
  fh_op *gate = NULL;
  FH_TRY(fh_program_input(*p, &in, &x));
  FH_TRY(fh_gate_create(c->at.in_channels, &gate));
  FH_TRY(fh_program_then(*p, "gate", gate, &x));
  for (int a = 0; a < c->at.dim; a++) out[a] = c->at.out_n[a] ? c->at.out_n[a] : c->n[a];
  if (part) w.rows = fh_spectral_rows_used(&c->at, c->n, out);
  if (part || c->kind != FH_WEIGHT_DENSE)
    FH_TRY(fh_spectral_weight_add(&w, *p, c->layers ? "layers" : names[0], names, &layer));
  for (int l = 0; l < (c->layers ? c->layers : 1); l++) {
    fh_op *op = NULL;
    FH_TRY(fh_spectral_create(&layer, &op));
    FH_TRY(fh_program_then(*p, names[l], op, &x));
  }
  FH_TRY(fh_program_output(*p, x));
  return fh_program_build(*p, FH_TRAIN, FH_PLANNED);
}

static fh_status numbers(uint64_t series, ptrdiff_t n, fh_real **x)
{
  const fh_rng r = {1, FH_STREAM_TEST, series, 0};
  FH_NEW(*x, n);
  for (ptrdiff_t i = 0; i < n; i++) (*x)[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
  return FH_OK;
}

typedef struct {
  fh_program *p;
  fh_real *in, *dout;
  const fh_real *out;
} run;

/* two samples, then one more: maps run once, gradients add up */
static fh_status apply(run *r)
{
  fh_program_init(r->p, 5);
  FH_TRY(numbers(1, BATCH * fh_shape_sample(fh_program_input_shape(r->p, 0)), &r->in));
  FH_TRY(numbers(2, BATCH * fh_shape_sample(fh_program_output_shape(r->p, 0)), &r->dout));
  for (ptrdiff_t batch = 1; batch <= BATCH; batch++) {
    FH_TRY(fh_program_forward(r->p, batch, (const fh_real *const[]){r->in}, &r->out));
    FH_TRY(fh_program_backward(r->p, (const fh_real *const[]){r->dout}, NULL));
  }
  return FH_OK;
}

static void same(const part_case *c, const char *what, ptrdiff_t n, const fh_real *a,
                 const fh_real *b)
{
  double largest = 0, difference = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    largest = fmax(largest, fabs((double)a[i]));
    difference = fmax(difference, fabs((double)(a[i] - b[i])));
  }
  if (largest > 0 && difference <= 1e-13 * largest) return;
  printf("%s: %s differ by %.1e of %.1e\n", c->name, what, difference, largest);
  wrong++;
}

static fh_status compare(const part_case *c, const fh_team *team)
{
  run whole = {0}, part = {0};
  FH_TRY(build(c, false, team, &whole.p));
  FH_TRY(build(c, true, team, &part.p));
  FH_TRY(apply(&whole));
  FH_TRY(apply(&part));
  const ptrdiff_t n = fh_program_param_size(whole.p);
  if (n != fh_program_param_size(part.p)) {
    printf("%s: %td parameters, and %td\n", c->name, n, fh_program_param_size(part.p));
    wrong++;
  } else {
    same(c, "parameters", n, fh_program_values(whole.p), fh_program_values(part.p));
    same(c, "gradients", n, fh_program_gradients(whole.p), fh_program_gradients(part.p));
  }
  same(c, "outputs", BATCH * fh_shape_sample(fh_program_output_shape(whole.p, 0)), whole.out,
       part.out);
  if (fh_program_bytes(part.p).work >= fh_program_bytes(whole.p).work) {
    printf("%s: layers still have room to choose rows\n", c->name);
    wrong++;
  }
  fh_program_destroy(&whole.p);
  fh_program_destroy(&part.p);
  fh_free(whole.in), fh_free(part.in), fh_free(whole.dout), fh_free(part.dout);
  return FH_OK;
}

static void refused(const char *words, fh_status got)
{
  if (got == FH_ERR_ARG && strstr(fh_status_message(), words)) return;
  printf("'%s' was not refused: %s\n", words, fh_status_message());
  wrong++;
}

static void refusals(void)
{
  fh_map *map = NULL;
  fh_weight_config w = {.kind = FH_WEIGHT_DENSE, .at = cases[0].at, .rows = {{0, 3}, {5, 3}}};
  refused("3 rows from 3 of the 5 along axis 1", fh_spectral_weight_map(&w, &map));
  w.rows.first[1] = 0;
  w.layers = 2;
  refused("belongs to one layer", fh_spectral_weight_map(&w, &map));
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_team *team = NULL;
  fh_status st = fh_team_create(MPI_COMM_WORLD, 1, 1, &team);
  for (size_t i = 0; st == FH_OK && i < sizeof cases / sizeof *cases; i++)
    st = compare(&cases[i], team);
  if (st != FH_OK) fh_status_print(stdout);
  refusals();
  fh_team_destroy(&team);
  printf("rows in use: %zu weights, %d wrong\n", sizeof cases / sizeof *cases, wrong);
  MPI_Finalize();
  return st != FH_OK || wrong;
}
