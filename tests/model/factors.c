/* Ranks from a fraction for known shapes, ranks as given, what is refused, and the deviation of the
 * weight that factors drawn from their laws make. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "operators/spectral/weight.h"
#include "tensor/rank.h"

static int checks, failures;

static void expect(int ok, const char *what, double a, double b)
{
  checks++;
  if (ok) return;
  failures++;
  printf("FAIL %s (%.10g, %.10g)\n", what, a, b);
}

/* ---- the published table ---------------------------------------------------------------------------- */

typedef struct {
  int modes;
  ptrdiff_t shape[5];
  double fraction;
  ptrdiff_t tucker[5], cp, tt[6], parameters[3]; /* of cp, tucker, tt; 0: not told */
} row;

static const row table[] = {
    {4, {24, 24, 16, 9}, 0.05, {11, 11, 7, 4}, 57, {1, 12, 10, 6, 1}, {4218, 4064, 4182}},
    {4, {24, 24, 16, 9}, 0.1, {13, 13, 9, 5}, 114, {1, 17, 14, 9, 1}, {8436, 8418, 8217}},
    {4, {24, 24, 16, 9}, 0.42, {19, 19, 13, 7}, 477, {1, 35, 30, 18, 1}, {0, 34034, 0}},
    {4, {64, 64, 12, 7}, 0.1, {35, 35, 7, 4}, 234, {1, 29, 17, 4, 1}, {0, 38892, 0}},
    {4, {64, 64, 16, 9}, 0.05, {29, 29, 7, 4}, 193, {1, 26, 16, 5, 1}, {0, 27408, 0}},
    {4, {64, 64, 64, 33}, 0.01, {20, 20, 20, 10}, 384, {1, 27, 27, 21, 1}, {0, 84170, 0}},
    {4, {64, 64, 64, 33}, 0.1, {36, 36, 36, 19}, 3845, {1, 87, 87, 66, 1}, {0, 894003, 0}},
    {4, {64, 64, 64, 33}, 0.42, {51, 51, 51, 27}, 16148, {1, 179, 179, 136, 1}, {0, 3592260, 0}},
    {4, {64, 64, 64, 33}, 1.0, {64, 64, 64, 33}, 38448, {1, 277, 277, 210, 1}, {0, 8664129, 0}},
    {4, {128, 128, 64, 33}, 0.1, {72, 72, 36, 19}, 9803, {1, 173, 130, 66, 1}, {0}},
    {5, {32, 32, 16, 16, 9}, 0.05, {18, 18, 9, 9, 5}, 1123, {1, 59, 44, 30, 23, 1}, {0}},
    {5, {64, 64, 32, 32, 17}, 0.1, {40, 40, 20, 20, 11}, 34116, {1, 328, 246, 164, 126, 1}, {0}},
    {3, {64, 64, 9}, 0.1, {20, 20, 3}, 27, {1, 9, 5, 1}, {0}},
    {5, {8, 64, 64, 32, 32}, 0.1, {5, 40, 40, 20, 20}, 16777, {0}, {0}},
};

static fh_status check_kind(const row *r, fh_factor_kind kind, const ptrdiff_t *want,
                            ptrdiff_t parameters)
{
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  FH_TRY(fh_rank_from_fraction(kind, r->modes, r->shape, r->fraction, NULL, rank));
  for (int i = 0; want[0] && i < fh_rank_count(kind, r->modes); i++)
    expect(rank[i] == want[i], "rank from a fraction", (double)rank[i], (double)want[i]);
  const ptrdiff_t n = fh_rank_parameters(kind, r->modes, r->shape, rank);
  /* the table does not count the weights of CP */
  const ptrdiff_t got = kind == FH_FACTOR_CP ? n - rank[0] : n;
  if (parameters && kind != FH_FACTOR_CP)
    expect(got == parameters, "parameters", (double)got, (double)parameters);
  return FH_OK;
}

static fh_status check_table(void)
{
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const row *r = &table[i];
    FH_TRY(check_kind(r, FH_FACTOR_CP, &r->cp, r->parameters[0]));
    FH_TRY(check_kind(r, FH_FACTOR_TUCKER, r->tucker, r->parameters[1]));
    FH_TRY(check_kind(r, FH_FACTOR_TT, r->tt, r->parameters[2]));
  }
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  const bool first[FH_FACTOR_MODES] = {true};
  const ptrdiff_t want[] = {24, 11, 7, 4};
  FH_TRY(fh_rank_from_fraction(FH_FACTOR_TUCKER, 4, table[0].shape, 0.1, first, rank));
  for (int i = 0; i < 4; i++)
    expect(rank[i] == want[i], "fixed mode", (double)rank[i], (double)want[i]);
  return FH_OK;
}

/* ---- as given --------------------------------------------------------------------------------------- */

static void refuse(fh_factor_kind kind, fh_real_list given, const char *words)
{
  const ptrdiff_t shape[] = {4, 5, 6, 4};
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  const fh_status st = fh_rank_resolve(kind, 4, shape, &given, NULL, rank);
  expect(st == FH_ERR_USAGE && strstr(fh_status_message(), words), words, st, FH_ERR_USAGE);
  fh_status_clear();
}

static fh_status check_given(void)
{
  const ptrdiff_t shape[] = {4, 5, 6, 4};
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  FH_TRY(fh_rank_resolve(FH_FACTOR_TT, 4, shape, &(fh_real_list){3, {2, 3, 4}}, NULL, rank));
  expect(rank[0] == 1 && rank[1] == 2 && rank[3] == 4 && rank[4] == 1, "bonds", rank[1], rank[3]);
  FH_TRY(fh_rank_resolve(FH_FACTOR_TUCKER, 4, shape, &(fh_real_list){1, {3}}, NULL, rank));
  expect(rank[0] == 3 && rank[3] == 3, "one rank for all modes", rank[0], rank[3]);
  refuse(FH_FACTOR_TUCKER, (fh_real_list){4, {5, 5, 6, 4}}, "rank 5 in place 0");
  refuse(FH_FACTOR_TUCKER, (fh_real_list){2, {2, 2}}, "has 2 numbers");
  refuse(FH_FACTOR_TT, (fh_real_list){3, {5, 3, 2}}, "rank 5 in place 1");
  refuse(FH_FACTOR_CP, (fh_real_list){1, {2.5}}, "2.5 is no rank");
  refuse(FH_FACTOR_CP, (fh_real_list){1, {1e-5}}, "CP rank of 0");
  refuse(FH_FACTOR_TT, (fh_real_list){1, {0}}, "leaves nothing");
  return FH_OK;
}

/* ---- deviation -------------------------------------------------------------------------------------- */

/* root of the mean of |W|^2 over the weight and over many draws */
static fh_status deviation(int kind, int layers, double *rms)
{
  enum { DRAWS = 60 };
  fh_weight_config w = {
      .kind = kind,
      .layers = layers,
      .at = {.in_channels = 24, .out_channels = 24, .dim = 2, .modes = {16, 16}, .init_std = 0.2},
      .way = FH_WAY_REBUILT};
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  const int modes = fh_spectral_weight_shape(&w, shape);
  FH_TRY(fh_rank_from_fraction((fh_factor_kind)kind, modes, shape, 0.1, NULL, w.rank));
  fh_map *map = NULL;
  FH_TRY(fh_spectral_weight_map(&w, &map));
  fh_real *param[FH_MAP_MAX_PARAM] = {NULL}, *out = NULL;
  char *state = NULL;
  const ptrdiff_t n = map->n_out * fh_param_size(&map->out);
  for (int k = 0; k < map->n_param; k++) FH_NEW(param[k], fh_param_size(&map->param[k]));
  FH_NEW(out, n);
  FH_NEW(state, (ptrdiff_t)map->state);
  double sum = 0;
  for (uint64_t d = 0; d < DRAWS; d++) {
    for (int k = 0; k < map->n_param; k++) fh_param_draw(&map->param[k], d, (uint64_t)k, param[k]);
    map->class->forward(map, (const fh_real *const *)param, out, state);
    for (ptrdiff_t i = 0; i < n; i++) sum += (double)out[i] * (double)out[i];
  }
  *rms = sqrt(sum / (double)(n / 2) / DRAWS);
  for (int k = 0; k < map->n_param; k++) fh_free(param[k]);
  fh_free(out);
  fh_free(state);
  fh_map_destroy(&map);
  return FH_OK;
}

static fh_status check_deviations(void)
{
  static const char *const names[] = {"", "deviation of CP", "deviation of Tucker",
                                      "deviation of TT"};
  for (int kind = FH_WEIGHT_CP; kind <= FH_WEIGHT_TT; kind++)
    for (int layers = 0; layers <= 4; layers += 4) {
      double rms = 0;
      FH_TRY(deviation(kind, layers, &rms));
      expect(fabs(rms / 0.2 - 1) <= 0.03, names[kind], rms, 0.2);
    }
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_status st = check_table();
  if (st == FH_OK) st = check_given();
  if (st == FH_OK) st = check_deviations();
  if (st != FH_OK) fh_status_print(stdout);
  if (st == FH_OK && !failures) printf("ranks, factors and their deviations: %d checks\n", checks);
  MPI_Finalize();
  return st != FH_OK || failures;
}
