/* The number of parameters of known configurations, as neuraloperator's library counts them. */
#include <stdio.h>

#include "model/fno.h"
#include "operators/spectral/spectral.h"

typedef struct {
  const char *name, *modes, *hidden, *projection;
  int dim;
  ptrdiff_t count;     /* dense weights */
  ptrdiff_t tucker[5]; /* 0.5, 0.42, 0.1, 0.05, 0.01; 0: not known */
  ptrdiff_t cp, tt;    /* 0.1 */
} known;

static const char *const fractions[] = {"0.5", "0.42", "0.1", "0.05", "0.01"};

static const known cases[] = {
    {"Darcy example",
     "8,8",
     "24",
     "2",
     2,
     191881,
     {105449, 84713, 26369, 16473, 9329},
     26409,
     25921},
    {"FNO_Small2d",
     "16,16",
     "24",
     "2",
     2,
     671113,
     {350281, 279833, 74905, 40073, 12825},
     75049,
     73297},
    {"16x16 h32", "16,16", "32", "2", 2, 1192801, {635745, 520761, 140521, 72417, 23601}, 0, 0},
    {"12x12 h64", "12,12", "64", "2", 2, 2803393, {1454769, 1352881, 362017, 174281, 79953}, 0, 0},
    {"FNO_Medium2d",
     "64,64",
     "64",
     "4",
     2,
     69265345,
     {35421601, 28797409, 7211353, 3565633, 732689},
     7011089,
     6936529},
    {"FNO_Large2d",
     "64,64",
     "128",
     "2",
     2,
     277024129,
     {141544033, 117312993, 28737817, 14166529, 2854865},
     0,
     0},
    {"FNO_Huge2d",
     "128,128",
     "128",
     "2",
     2,
     1090719105,
     {554833721, 455117953, 110921897, 53968505, 10573345},
     0,
     0},
    {"FNO_Medium3d",
     "32,32,32",
     "64",
     "4",
     3,
     570484801,
     {295168057, 238216049, 56432153, 28682537, 6007665},
     0,
     0},
    {"1-D", "16", "64", "2", 1, 345665, {0, 0, 81049, 0, 0}, 0, 0},
};

static fh_status set(fh_model_spec *spec, const char *name, const char *text)
{
  return fh_config_set(spec->class->fields, spec->config, name, text);
}

/* the steps are laid out but not built: no memory for a thousand million numbers */
static fh_status count(const known *k, const char *factorization, const char *rank,
                       const fh_team *team, ptrdiff_t *n)
{
  const ptrdiff_t points[] = {6, 5, 4};
  fh_grid grid;
  fh_model_spec spec;
  fh_program *p = NULL;
  FH_TRY(fh_grid_box(k->dim, points, FH_PERIODIC, FH_NODE, &grid));
  FH_TRY(fh_model_spec_create(&fh_fno_class, 1, 1, &spec));
  FH_TRY(set(&spec, "n_modes", k->modes));
  FH_TRY(set(&spec, "hidden_channels", k->hidden));
  FH_TRY(set(&spec, "projection_channel_ratio", k->projection));
  FH_TRY(set(&spec, "factorization", factorization));
  FH_TRY(set(&spec, "rank", rank));
  FH_TRY(fh_model_program(&spec, team, &grid, 1, &p));
  *n = fh_model_n_params(p);
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return FH_OK;
}

typedef struct {
  int total, wrong;
} tally;

static fh_status compare(const known *k, const char *factorization, const char *rank,
                         ptrdiff_t expected, const fh_team *team, tally *t)
{
  ptrdiff_t n = 0;
  if (expected == 0) return FH_OK;
  FH_TRY(count(k, factorization, rank, team, &n));
  t->total++;
  if (n == expected) return FH_OK;
  printf("%s, %s %s: %td parameters instead of %td\n", k->name, factorization, rank, n, expected);
  t->wrong++;
  return FH_OK;
}

static fh_status compare_all(const fh_team *team, tally *t)
{
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const known *k = &cases[i];
    FH_TRY(compare(k, "none", "1", k->count, team, t));
    for (int r = 0; r < 5; r++) FH_TRY(compare(k, "tucker", fractions[r], k->tucker[r], team, t));
    FH_TRY(compare(k, "cp", "0.1", k->cp, team, t));
    FH_TRY(compare(k, "tt", "0.1", k->tt, team, t));
  }
  return FH_OK;
}

static fh_status run(tally *t)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  const fh_status st = compare_all(team, t);
  fh_team_destroy(&team);
  if (st == FH_OK && !t->wrong) printf("parameter counts of %d known FNOs\n", t->total);
  return st;
}

int main(int argc, char **argv)
{
  tally t = {0, 0};
  MPI_Init(&argc, &argv);
  const fh_status st = run(&t);
  if (st != FH_OK) fh_status_print(stdout);
  MPI_Finalize();
  return st != FH_OK || t.wrong || t.total == 0;
}
