/* The MgNO family: numbers of parameters of the published configurations, sizes of the levels,
 * linearity of a cycle, a periodic cycle commutes with shifts, and what it refuses. */
#include <string.h>

#include "kernels/taps.h"
#include "model/mgno.h"
#include "train/check.h"

static const fh_team *team;

typedef const char *option[2];

static fh_status make(int in, int out, int dim, const ptrdiff_t *n, fh_boundary side,
                      const option *options, fh_program **p)
{
  fh_model_spec spec;
  fh_grid grid;
  *p = NULL;
  MUST(fh_grid_box(dim, n, side, FH_NODE, &grid));
  MUST(fh_model_spec_create(&fh_mgno_class, in, out, &spec));
  for (; options && (*options)[0]; options++)
    MUST(fh_config_set(fh_mgno_class.fields, spec.config, (*options)[0], (*options)[1]));
  const fh_status st = fh_model_program(&spec, team, &grid, 2, p);
  fh_model_spec_clear(&spec);
  return st;
}

/* ---- counts ------------------------------------------------------------------------------------- */

static void count(const char *variant, int in, ptrdiff_t n, ptrdiff_t want)
{
  const option options[] = {{"mgno_variant", variant}, {NULL, NULL}};
  const ptrdiff_t points[2] = {n, n};
  fh_program *p = NULL;
  MUST(make(in, 1, 2, points, FH_OPEN, options, &p));
  near((double)fh_model_n_params(p), (double)want, 0, variant);
  fh_program_destroy(&p);
}

static void counts(void)
{
  count("darcy", 1, 256, 572661);
  count("darcy-smooth", 1, 211, 678093);
  count("pipe", 2, 128, 783876);
  count("navier-stokes", 1, 64, 2885194);
  /* the authors' class makes an A on the finest level of each of its 5 cycles and never uses it:
   * 9 x 20 + 1 in the first, 9 x 400 + 20 in three, 9 x 20 + 20 in the last */
  count("helmholtz", 1, 101, 5351806 - (9 * 20 + 1) - 3 * (9 * 400 + 20) - (9 * 20 + 20));
  count("darcy", 3, 256, 578685);
}

/* ---- sizes -------------------------------------------------------------------------------------- */

static void sizes(ptrdiff_t pad, int levels, const ptrdiff_t *want)
{
  fh_vcycle c = {.levels = levels, .pad = pad};
  ptrdiff_t n = want[0];
  for (int l = 1; l < levels; l++) {
    fh_vcycle_coarsen(&c, 1, &n);
    near((double)n, (double)want[l], 0, "size of a level");
  }
}

/* ---- what a cycle is ----------------------------------------------------------------------------- */

static void fill_params(fh_program *p)
{
  fh_program_init(p, 7);
}

/* a cycle on n x m points without biases, built for inference */
static void make_cycle(int side, bool wrap, const ptrdiff_t *n, fh_program **p)
{
  fh_vcycle c = {.levels = 3,
                 .u_channels = 3,
                 .f_channels = 2,
                 .factor = {1, 1, 1},
                 .pre = {2, 1, 2},
                 .post = {1, 1, 0},
                 .pad = 1,
                 .wrap = wrap,
                 .restrict_residual = true};
  for (int a = 0; a < 2; a++) c.side[a][0] = c.side[a][1] = side;
  fh_shape in = box_shape(1, 2, 2, n);
  fh_slot x = 0;
  MUST(fh_program_create(team, p));
  MUST(fh_program_input(*p, &in, &x));
  MUST(fh_vcycle_add(&c, "", *p, &x));
  MUST(fh_program_output(*p, x));
  MUST(fh_program_build(*p, FH_INFER, FH_PLANNED));
  fill_params(*p);
}

enum { N = 12, M = 16, POINTS = N * M };

static void apply(fh_program *p, const fh_real *x, fh_real *y)
{
  const fh_real *out = NULL;
  MUST(fh_program_forward(p, 1, &x, &out));
  memcpy(y, out, 3 * POINTS * sizeof *y);
}

static double distance(const fh_real *a, const fh_real *b)
{
  double worst = 0;
  for (int i = 0; i < 3 * POINTS; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
  return worst;
}

static void linearity(void)
{
  static fh_real f[2 * POINTS], g[2 * POINTS], h[2 * POINTS];
  static fh_real wf[3 * POINTS], wg[3 * POINTS], wh[3 * POINTS];
  const ptrdiff_t n[2] = {N, M};
  fh_program *p = NULL;
  make_cycle(FH_SIDE_REFLECT, false, n, &p);
  fill_noise(1, 2 * POINTS, f);
  fill_noise(2, 2 * POINTS, g);
  for (int i = 0; i < 2 * POINTS; i++) h[i] = 2 * f[i] - 3 * g[i];
  apply(p, f, wf);
  apply(p, g, wg);
  apply(p, h, wh);
  for (int i = 0; i < 3 * POINTS; i++) wf[i] = 2 * wf[i] - 3 * wg[i];
  near(distance(wf, wh), 0, 100 * FH_REAL_EPSILON, "W (2f - 3g) = 2 W f - 3 W g");
  fh_program_destroy(&p);
}

/* moved by (4, 8) points: whole points of the coarsest of three levels */
static void shift(int channels, const fh_real *x, fh_real *y)
{
  for (int c = 0; c < channels; c++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < M; j++)
        y[(c * N + (i + 4) % N) * M + (j + 8) % M] = x[(c * N + i) * M + j];
}

/* distance of W (shifted f) and shifted W f */
static double commutator(bool wrap)
{
  static fh_real f[2 * POINTS], moved[2 * POINTS];
  static fh_real w[3 * POINTS], w_moved[3 * POINTS], of_moved[3 * POINTS];
  const ptrdiff_t n[2] = {N, M};
  fh_program *p = NULL;
  make_cycle(FH_SIDE_PERIODIC, wrap, n, &p);
  fill_noise(3, 2 * POINTS, f);
  shift(2, f, moved);
  apply(p, f, w);
  apply(p, moved, of_moved);
  shift(3, w, w_moved);
  fh_program_destroy(&p);
  return distance(w_moved, of_moved);
}

/* ---- refusals ------------------------------------------------------------------------------------ */

static void refuse(int in, int out, int dim, ptrdiff_t n, fh_boundary side, const option *options,
                   fh_status code, const char *words)
{
  const ptrdiff_t points[3] = {n, n, n};
  fh_program *p = NULL;
  refused(make(in, out, dim, points, side, options, &p), code, words);
  fh_program_destroy(&p);
}

static void refusals(void)
{
  const option deep[] = {{"pre_smoothing", "1,1,1,1,1,1,1"}, {NULL, NULL}};
  refuse(1, 1, 2, 16, FH_OPEN, deep, FH_ERR_SHAPE, "7 levels on a grid of 16x16 points: at most 5");
  const option helm[] = {{"mgno_variant", "helmholtz"}, {NULL, NULL}};
  refuse(1, 1, 2, 20, FH_OPEN, helm, FH_ERR_SHAPE, "5 levels on a grid of 20x20 points: at most");
  const option post[] = {{"pre_smoothing", "1,1"}, {"post_smoothing", "1"}, {NULL, NULL}};
  refuse(1, 1, 2, 16, FH_OPEN, post, FH_ERR_USAGE, "-post_smoothing has 1 numbers but");
  const option last[] = {{"pre_smoothing", "1,1"}, {"post_smoothing", "0,1"}, {NULL, NULL}};
  refuse(1, 1, 2, 16, FH_OPEN, last, FH_ERR_USAGE, "coarsest of 2 levels would never run");
  const option none[] = {{"pre_smoothing", "0,1"}, {NULL, NULL}};
  refuse(1, 1, 2, 16, FH_OPEN, none, FH_ERR_USAGE, "needs at least 1");
  const option channels[] = {{"level_channels", "1,2"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_OPEN, channels, FH_ERR_USAGE, "-level_channels has 2 numbers but");
  const option first[] = {{"level_channels", "2,2,2,2,2,2"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_OPEN, first, FH_ERR_USAGE, "begins with 2");
  const option unknown[] = {{"sides", "zero,open"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_OPEN, unknown, FH_ERR_USAGE, "names 'open'");
  const option three[] = {{"sides", "zero,zero,zero"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_OPEN, three, FH_ERR_USAGE, "names 3 kinds but the data has 2 axes");
  const option half[] = {{"sides", "zero,zero,periodic,zero"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_OPEN, half, FH_ERR_USAGE, "axis 1 is periodic below and zero above");
  const option ns[] = {{"mgno_variant", "navier-stokes"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_DIRICHLET, ns, FH_ERR_USAGE, "makes axis 0 periodic but the data is");
  refuse(3, 1, 2, 64, FH_PERIODIC, ns, FH_ERR_USAGE, "adds 3 input channels to 1 output");
  const option kernel[] = {{"prolongation_kernel", "1"}, {NULL, NULL}};
  refuse(1, 1, 2, 64, FH_OPEN, kernel, FH_ERR_USAGE, "at least 2 points");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_team *mine = NULL;
  MUST(fh_team_create(MPI_COMM_WORLD, 1, 1, &mine));
  team = mine;
  counts();
  sizes(1, 6, (const ptrdiff_t[]){256, 128, 64, 32, 16, 8});
  sizes(1, 6, (const ptrdiff_t[]){211, 106, 53, 27, 14, 7});
  sizes(0, 5, (const ptrdiff_t[]){101, 50, 24, 11, 5});
  linearity();
  near(commutator(true), 0, 100 * FH_REAL_EPSILON, "a periodic cycle commutes with shifts");
  expect(commutator(false) > 1e-3, "zeros around the prolongation are not seen in a shift");
  refusals();
  fh_team_destroy(&mine);
  return finish("mgno: counts, sizes, cycles, refusals");
}
