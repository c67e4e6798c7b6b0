/* Programs with factorised spectral weights: every factorisation, by layer and jointly, separable,
 * factor by factor and rebuilt, and the models that use them, on patches too (check.h). */
#include <stdio.h>

#include "conformance/check.h"
#include "model/model.h"
#include "operators/spectral/weight.h"
#include "tensor/rank.h"

typedef struct {
  const char *name;
  int kind, way, layers; /* layers 0: one, else a joint tensor */
  fh_spectral_config at;
  double rank[6];
  ptrdiff_t n[3];
  bool part; /* the map computes the rows that the grid uses, no others */
} weight_case;

#define AT(channels_in, channels_out, axes, ...)                                                   \
  .at = {.in_channels = (channels_in),                                                             \
         .out_channels = (channels_out),                                                           \
         .dim = (axes),                                                                            \
         .bias = true,                                                                             \
         __VA_ARGS__}

static const weight_case weights[] = {
    {"cp, 1-D, middle", FH_WEIGHT_CP, FH_WAY_MIDDLE, 0, AT(3, 2, 1, .modes = {5}), {4}, {9}},
    {"cp, 2-D, middle", FH_WEIGHT_CP, FH_WAY_MIDDLE, 0, AT(3, 4, 2, .modes = {4, 6}), {5}, {7, 8}},
    {"cp, 2-D, rebuilt",
     FH_WEIGHT_CP,
     FH_WAY_REBUILT,
     0,
     AT(3, 4, 2, .modes = {4, 6}),
     {5},
     {7, 8}},
    {"cp, 2-D, rebuilt, its adjoint waits",
     FH_WEIGHT_CP,
     FH_WAY_REBUILT,
     0,
     AT(3, 4, 2, .modes = {4, 6}),
     {40},
     {7, 8}},
    {"cp, joint, rows in use, its adjoint waits",
     FH_WEIGHT_CP,
     FH_WAY_REBUILT,
     2,
     AT(3, 3, 2, .modes = {6, 4}),
     {40},
     {4, 5},
     true},
    {"cp, 3-D, separable",
     FH_WEIGHT_CP,
     FH_WAY_REBUILT,
     0,
     AT(3, 3, 3, .modes = {3, 2, 4}, .separable = true),
     {3},
     {4, 5, 4}},
    {"cp, joint, middle",
     FH_WEIGHT_CP,
     FH_WAY_MIDDLE,
     2,
     AT(3, 3, 2, .modes = {4, 5}),
     {4},
     {6, 7}},
    {"cp, joint, rebuilt", FH_WEIGHT_CP, FH_WAY_REBUILT, 3, AT(2, 2, 1, .modes = {6}), {3}, {7}},
    {"tucker, 1-D, middle",
     FH_WEIGHT_TUCKER,
     FH_WAY_MIDDLE,
     0,
     AT(4, 3, 1, .modes = {6}),
     {2, 3, 2},
     {8}},
    {"tucker, 2-D, fewer modes, middle",
     FH_WEIGHT_TUCKER,
     FH_WAY_MIDDLE,
     0,
     AT(3, 4, 2, .modes = {4, 4}, .weight_modes = {6, 4}),
     {2, 3, 4, 2},
     {7, 8}},
    {"tucker, 3-D, rebuilt",
     FH_WEIGHT_TUCKER,
     FH_WAY_REBUILT,
     0,
     AT(2, 3, 3, .modes = {3, 2, 4}),
     {2, 2, 3, 1, 2},
     {4, 5, 4}},
    {"tucker, separable",
     FH_WEIGHT_TUCKER,
     FH_WAY_REBUILT,
     0,
     AT(4, 4, 2, .modes = {4, 5}, .separable = true),
     {3, 2, 3},
     {6, 7}},
    {"tucker, joint, middle",
     FH_WEIGHT_TUCKER,
     FH_WAY_MIDDLE,
     2,
     AT(3, 3, 2, .modes = {4, 5}),
     {2, 3, 2, 3, 2},
     {6, 7}},
    {"tucker, joint, separable",
     FH_WEIGHT_TUCKER,
     FH_WAY_REBUILT,
     3,
     AT(3, 3, 1, .modes = {6}, .separable = true),
     {2, 2, 3},
     {7}},
    {"tt, 1-D, middle", FH_WEIGHT_TT, FH_WAY_MIDDLE, 0, AT(3, 4, 1, .modes = {6}), {2, 3}, {8}},
    {"tt, 2-D, middle",
     FH_WEIGHT_TT,
     FH_WAY_MIDDLE,
     0,
     AT(3, 4, 2, .modes = {4, 6}),
     {2, 3, 2},
     {7, 8}},
    {"tt, 2-D, rebuilt",
     FH_WEIGHT_TT,
     FH_WAY_REBUILT,
     0,
     AT(3, 4, 2, .modes = {4, 6}),
     {2, 3, 2},
     {7, 8}},
    {"tt, separable",
     FH_WEIGHT_TT,
     FH_WAY_REBUILT,
     0,
     AT(3, 3, 2, .modes = {4, 6}, .separable = true),
     {2, 3},
     {7, 8}},
    {"tt, joint",
     FH_WEIGHT_TT,
     FH_WAY_REBUILT,
     2,
     AT(3, 3, 2, .modes = {4, 5}),
     {2, 4, 3, 2},
     {6, 7}},
    {"dense, rows in use",
     FH_WEIGHT_DENSE,
     FH_WAY_REBUILT,
     0,
     AT(3, 2, 2, .modes = {4, 4}, .weight_modes = {7, 4}),
     {0},
     {6, 5},
     true},
    {"cp, separable, rows in use",
     FH_WEIGHT_CP,
     FH_WAY_REBUILT,
     0,
     AT(3, 3, 3, .modes = {5, 4, 8}, .separable = true),
     {3},
     {3, 5, 4},
     true},
    {"tucker, joint, middle, rows in use",
     FH_WEIGHT_TUCKER,
     FH_WAY_MIDDLE,
     2,
     AT(3, 3, 2, .modes = {8, 9}),
     {2, 3, 2, 3, 2},
     {5, 6},
     true},
    {"tt, joint, rows in use",
     FH_WEIGHT_TT,
     FH_WAY_REBUILT,
     2,
     AT(3, 3, 2, .modes = {8, 4}),
     {2, 4, 3, 2},
     {5, 6},
     true},
};

/* the layers one after the other */
static fh_status write_layers(void *context, fh_program *p)
{
  static const char *const names[] = {"layers.0", "layers.1", "layers.2"};
  const weight_case *c = context;
  fh_weight_config w = {.kind = c->kind, .layers = c->layers, .at = c->at, .way = c->way};
  fh_spectral_config layer;
  fh_grid grid;
  fh_slot x = 0;
  fh_real_list rank = {0, {0}};
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  const int modes = fh_spectral_weight_shape(&w, shape);
  while (rank.count < 6 && c->rank[rank.count] > 0) {
    rank.value[rank.count] = c->rank[rank.count];
    rank.count++;
  }
  if (c->kind != FH_WEIGHT_DENSE)
    FH_TRY(fh_rank_resolve((fh_factor_kind)c->kind, modes, shape, &rank, NULL, w.rank));
  if (c->part) w.rows = fh_spectral_rows_used(&c->at, c->n, c->n);
  FH_TRY(fh_grid_box(c->at.dim, c->n, FH_PERIODIC, FH_NODE, &grid));
  const fh_shape in = {2, c->at.in_channels, fh_layout_whole(&grid)};
  FH_TRY(fh_program_input(p, &in, &x));
  FH_TRY(fh_spectral_weight_add(&w, p, c->layers ? "layers" : names[0], names, &layer));
  for (int l = 0; l < (c->layers ? c->layers : 1); l++) {
    fh_op *op = NULL;
    FH_TRY(fh_spectral_create(&layer, &op));
    FH_TRY(fh_program_then(p, names[l], op, &x));
  }
  return fh_program_output(p, x);
}

typedef struct {
  const char *name, *family;
  int dim;
  ptrdiff_t n[3];
  fh_boundary boundary;
  const char *options[10][2];
} family_case;

static const family_case families[] = {
    {"tucker by default",
     "tfno",
     2,
     {6, 7},
     FH_PERIODIC,
     {{"n_modes", "4,5"}, {"hidden_channels", "4"}, {"n_layers", "2"}, {"rank", "0.4"}}},
    {"joint cp, padded",
     "tfno",
     1,
     {9},
     FH_PERIODIC,
     {{"n_modes", "6"},
      {"hidden_channels", "3"},
      {"n_layers", "3"},
      {"factorization", "cp"},
      {"rank", "0.4"},
      {"joint_factorization", "true"},
      {"domain_padding", "0.2"}}},
    {"patches, one level",
     "mg-tfno",
     2,
     {8, 12},
     FH_PERIODIC,
     {{"n_modes", "4"}, {"hidden_channels", "3"}, {"n_layers", "2"}, {"rank", "0.4"}}},
    {"patches, global coordinates, reflected",
     "mg-tfno",
     2,
     {8, 4},
     FH_DIRICHLET,
     {{"n_modes", "4"},
      {"hidden_channels", "3"},
      {"n_layers", "1"},
      {"factorization", "tt"},
      {"rank", "0.5"},
      {"padding_fraction", "0.25,0.5"},
      {"outside", "reflect"},
      {"coordinates", "global"}}},
    {"patches, two levels, zero outside, joint",
     "mg-tfno",
     1,
     {32},
     FH_OPEN,
     {{"n_modes", "4"},
      {"hidden_channels", "2"},
      {"n_layers", "2"},
      {"levels", "2"},
      {"rank", "0.5"},
      {"padding_fraction", "0.05"},
      {"outside", "zero"},
      {"joint_factorization", "true"}}},
    {"patches of a field that they do not divide",
     "mg-tfno",
     2,
     {7, 10},
     FH_OPEN,
     {{"n_modes", "4"},
      {"hidden_channels", "3"},
      {"n_layers", "1"},
      {"levels", "2"},
      {"rank", "0.5"},
      {"padding_fraction", "0.2"},
      {"outside", "zero"},
      {"coordinates", "global"}}},
    {"patches in 3-D, dense",
     "mg-tfno",
     3,
     {4, 4, 8},
     FH_PERIODIC,
     {{"n_modes", "2"},
      {"hidden_channels", "2"},
      {"n_layers", "1"},
      {"factorization", "none"},
      {"norm", "layer_norm"}}},
    {"patches that share a large weight",
     "mg-tfno",
     2,
     {8, 8},
     FH_PERIODIC,
     {{"n_modes", "9"},
      {"hidden_channels", "12"},
      {"n_layers", "2"},
      {"levels", "2"},
      {"factorization", "none"}}},
    {"patches that share a large weight, computed again",
     "mg-tfno",
     1,
     {32},
     FH_PERIODIC,
     {{"n_modes", "24"},
      {"hidden_channels", "14"},
      {"n_layers", "1"},
      {"levels", "3"},
      {"padding_fraction", "0.0625"},
      {"factorization", "tucker"},
      {"rank", "0.9"},
      {"implementation", "reconstructed"},
      {"recompute", "true"}}},
};

static fh_status write_family(void *context, fh_program *p)
{
  const family_case *c = context;
  const fh_model_class *class = NULL;
  fh_model_spec spec;
  fh_grid grid;
  fh_slot x = 0;
  FH_TRY(fh_model_class_find(c->family, &class));
  FH_TRY(fh_model_spec_create(class, 2, 1, &spec));
  for (int i = 0; i < 10 && c->options[i][0]; i++)
    FH_TRY(fh_config_set(class->fields, spec.config, c->options[i][0], c->options[i][1]));
  FH_TRY(class->check(spec.config, c->dim));
  FH_TRY(fh_grid_box(c->dim, c->n, c->boundary, FH_NODE, &grid));
  const fh_shape in = {2, 2, fh_layout_whole(&grid)};
  FH_TRY(fh_program_input(p, &in, &x));
  FH_TRY(class->build(spec.config, 2, 1, p, &x));
  fh_model_spec_clear(&spec);
  return fh_program_output(p, x);
}

static fh_status run(fh_tally *tally, int *rank)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  *rank = team->rank;
  fh_status st = FH_OK;
  for (size_t i = 0; st == FH_OK && i < sizeof weights / sizeof *weights; i++) {
    weight_case c = weights[i];
    fh_subject s = {.write = write_layers, .context = &c, .linear = false};
    snprintf(s.name, sizeof s.name, "weight, %s", c.name);
    st = fh_check_subject(team, &s, tally);
  }
  for (size_t i = 0; st == FH_OK && i < sizeof families / sizeof *families; i++) {
    family_case c = families[i];
    fh_subject s = {.write = write_family, .context = &c};
    snprintf(s.name, sizeof s.name, "%s, %s", c.family, c.name);
    st = fh_check_subject(team, &s, tally);
  }
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_tally tally = {0};
  int rank = 0;
  const fh_status st = run(&tally, &rank);
  if (st != FH_OK) fh_status_print(stderr);
  if (rank == 0 && st == FH_OK)
    printf("conformance of factorised weights and patches: %d checks, %d failed\n", tally.checks,
           tally.failures);
  MPI_Finalize();
  return st != FH_OK || tally.failures || tally.checks == 0;
}
