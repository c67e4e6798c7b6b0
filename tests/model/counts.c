/* The number of parameters of known configurations, as neuraloperator's library counts them. */
#include <stdio.h>

#include "model/fno.h"
#include "operators/spectral/spectral.h"

typedef struct {
  const char *name, *modes, *hidden, *projection;
  int dim;
  ptrdiff_t count;
} known;

static const known cases[] = {
    {"Darcy example", "8,8", "24", "2", 2, 191881},
    {"FNO_Small2d", "16,16", "24", "2", 2, 671113},
    {"16x16 h32", "16,16", "32", "2", 2, 1192801},
    {"12x12 h64", "12,12", "64", "2", 2, 2803393},
    {"FNO_Medium2d", "64,64", "64", "4", 2, 69265345},
    {"FNO_Large2d", "64,64", "128", "2", 2, 277024129},
    {"FNO_Huge2d", "128,128", "128", "2", 2, 1090719105},
    {"FNO_Medium3d", "32,32,32", "64", "4", 3, 570484801},
    {"1-D", "16", "64", "2", 1, 345665},
};

static fh_status set(fh_model_spec *spec, const char *name, const char *text)
{
  return fh_config_set(spec->class->fields, spec->config, name, text);
}

/* the steps are laid out but not built: no memory for a thousand million numbers */
static fh_status count(const known *k, const fh_team *team, ptrdiff_t *n)
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
  FH_TRY(fh_model_program(&spec, team, &grid, 1, &p));
  *n = fh_model_n_params(p);
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return FH_OK;
}

static fh_status run(int *wrong)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  const int total = sizeof cases / sizeof *cases;
  for (int i = 0; i < total; i++) {
    ptrdiff_t n = 0;
    FH_TRY(count(&cases[i], team, &n));
    if (n == cases[i].count) continue;
    printf("%s: %td parameters instead of %td\n", cases[i].name, n, cases[i].count);
    ++*wrong;
  }
  fh_team_destroy(&team);
  if (!*wrong) printf("parameter counts of %d known FNOs\n", total);
  return FH_OK;
}

int main(int argc, char **argv)
{
  int wrong = 0;
  MPI_Init(&argc, &argv);
  const fh_status st = run(&wrong);
  if (st != FH_OK) fh_status_print(stdout);
  MPI_Finalize();
  return st != FH_OK || wrong;
}
