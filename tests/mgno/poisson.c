/* A V-cycle of the MgNO whose kernels are those of textbook multigrid - the Laplacian, damped Jacobi,
 * full weighting, linear interpolation - is a solver for -Lap u = b with u = 0 around the grid: the
 * residual falls by a factor that does not grow with the grid, and the solution is that of the PDE. */
#include "model/vcycle.h"
#include "operators/residual/residual.h"
#include "train/check.h"

/* centre and its neighbours of a 3-point kernel along each axis: product of w, or sum of second
 * differences */
static void set_transfer(int dim, double scale, fh_real *w)
{
  static const double line[3] = {1, 2, 1};
  ptrdiff_t taps = 1;
  for (int a = 0; a < dim; a++) taps *= 3;
  for (ptrdiff_t t = 0; t < taps; t++) {
    double v = scale;
    for (ptrdiff_t a = 0, rest = t; a < dim; a++, rest /= 3) v *= line[rest % 3];
    w[t] = (fh_real)v;
  }
}

static void set_laplacian(int dim, double h, fh_real *w)
{
  ptrdiff_t taps = 1, step = 1;
  for (int a = 0; a < dim; a++) taps *= 3;
  for (ptrdiff_t t = 0; t < taps; t++) w[t] = 0;
  for (int a = 0; a < dim; a++, step *= 3) {
    w[taps / 2 - step] = w[taps / 2 + step] = (fh_real)(-1 / (h * h));
    w[taps / 2] += (fh_real)(2 / (h * h));
  }
}

static void set_jacobi(int dim, double h, fh_real *w)
{
  ptrdiff_t taps = 1;
  for (int a = 0; a < dim; a++) taps *= 3;
  for (ptrdiff_t t = 0; t < taps; t++) w[t] = 0;
  const double omega = 2 * (double)dim / (2 * (double)dim + 1); /* best for smoothing */
  w[taps / 2] = (fh_real)(omega * h * h / (2 * (double)dim));
}

static fh_real *weight(fh_program *p, const char *format, int level)
{
  char name[64];
  snprintf(name, sizeof name, format, level);
  const int i = fh_program_find_param(p, name);
  expect(i >= 0, name);
  return i < 0 ? NULL : fh_program_values(p) + fh_program_param(p, i)->offset;
}

static void set_kernels(int dim, int levels, double h, fh_program *p)
{
  const double mass = pow(0.25, dim), linear = pow(0.5, dim);
  for (int l = 0; l < levels; l++, h *= 2) {
    set_laplacian(dim, h, weight(p, "layer%d.A.weight", l));
    set_jacobi(dim, h, weight(p, "layer%d.S.weight", l));
    if (l > 0) set_transfer(dim, mass, weight(p, "layer%d.0.R.weight", l));
    if (l > 0) set_transfer(dim, 0, weight(p, "layer%d.0.Pi.weight", l)); /* starts from zero */
    if (l < levels - 1) set_transfer(dim, linear, weight(p, "RTlayers.%d.weight", l));
  }
}

/* r = b - A u as a program of its own */
static void make_residual(const fh_team *team, const fh_shape *s, double h, fh_program **p)
{
  const int dim = s->layout.grid.dim;
  const fh_residual_config c = {.f_channels = 1, .u_channels = 1, .dim = dim};
  fh_op *op = NULL;
  fh_slot in[2], out;
  MUST(fh_program_create(team, p));
  MUST(fh_program_input(*p, s, &in[0]));
  MUST(fh_program_input(*p, s, &in[1]));
  MUST(fh_residual_create(&c, &op));
  MUST(fh_program_add(*p, "A", op, in, &out));
  MUST(fh_program_output(*p, out));
  MUST(fh_program_build(*p, FH_INFER, FH_PLANNED));
  set_laplacian(dim, h, fh_program_values(*p));
}

static void make_cycle(const fh_team *team, const fh_shape *s, int levels, double h, fh_program **p)
{
  fh_vcycle c = {
      .levels = levels, .u_channels = 1, .f_channels = 1, .restrict_residual = true, .share = true};
  for (int l = 0; l < levels; l++) {
    c.factor[l] = 1;
    c.pre[l] = 2;
    c.post[l] = l < levels - 1 ? 2 : 0;
  }
  fh_slot x = 0;
  MUST(fh_program_create(team, p));
  MUST(fh_program_input(*p, s, &x));
  MUST(fh_vcycle_add(&c, "", *p, &x));
  MUST(fh_program_output(*p, x));
  MUST(fh_program_build(*p, FH_INFER, FH_PLANNED));
  set_kernels(s->layout.grid.dim, levels, h, *p);
}

static double norm(ptrdiff_t n, const fh_real *x)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sqrt(sum);
}

/* product of sin(pi x) at the inner points */
static double solution(int dim, ptrdiff_t n, ptrdiff_t q)
{
  double v = 1;
  for (int a = 0; a < dim; a++, q /= n) v *= sin(M_PI * (double)(q % n + 1) / (double)(n + 1));
  return v;
}

typedef struct {
  double factor,
      error; /* worst contraction of the residual in one cycle; of the solution, largest */
} outcome;

static outcome solve(const fh_team *team, int dim, int levels)
{
  enum { CYCLES = 12 };
  const ptrdiff_t n = ((ptrdiff_t)1 << levels) - 1, points[3] = {n, n, n};
  const double h = 1 / (double)(n + 1);
  fh_grid grid;
  MUST(fh_grid_box(dim, points, FH_DIRICHLET, FH_NODE, &grid));
  const fh_shape shape = {1, 1, fh_layout_whole(&grid)};
  const ptrdiff_t size = fh_grid_size(&grid);
  fh_program *cycle = NULL, *residual = NULL;
  make_cycle(team, &shape, levels, h, &cycle);
  make_residual(team, &shape, h, &residual);
  fh_real *b = fh_calloc(size, sizeof *b), *u = fh_calloc(size, sizeof *u);
  for (ptrdiff_t q = 0; q < size; q++) b[q] = (fh_real)(dim * M_PI * M_PI * solution(dim, n, q));
  outcome o = {0, 0};
  double before = norm(size, b);
  for (int k = 0; k < CYCLES; k++) {
    const fh_real *in[2] = {b, u}, *r = NULL, *e = NULL;
    MUST(fh_program_forward(residual, 1, in, &r));
    const double now = norm(size, r);
    if (k > 0 && now > 1e-9 * norm(size, b)) o.factor = fmax(o.factor, now / before);
    before = now;
    MUST(fh_program_forward(cycle, 1, &r, &e));
    for (ptrdiff_t q = 0; q < size; q++) u[q] += e[q];
  }
  expect(before < 1e-6 * norm(size, b), "the residual does not vanish");
  for (ptrdiff_t q = 0; q < size; q++)
    o.error = fmax(o.error, fabs((double)u[q] - solution(dim, n, q)));
  fh_free(b);
  fh_free(u);
  fh_program_destroy(&cycle);
  fh_program_destroy(&residual);
  return o;
}

int main(int argc, char **argv)
{
  static const int cases[][2] = {{1, 6}, {1, 9}, {2, 4}, {2, 6}, {2, 7}, {3, 3}, {3, 5}};
  double worst[4] = {0}, previous = 0;
  MPI_Init(&argc, &argv);
  fh_team *team = NULL;
  MUST(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int dim = cases[i][0], levels = cases[i][1];
    const outcome o = solve(team, dim, levels);
    char what[128];
    snprintf(what, sizeof what, "%d-D, %d levels: contraction %.3f, error %.2e", dim, levels,
             o.factor, o.error);
    expect(o.factor < 0.5, what);
    if (i > 0 && cases[i - 1][0] == dim) { /* second order: a quarter a level */
      const double order = log2(previous / o.error) / (levels - cases[i - 1][1]);
      expect(fabs(order - 2) < 0.1, what);
    }
    previous = o.error;
    worst[dim] = fmax(worst[dim], o.factor);
  }
  fh_team_destroy(&team);
  if (failures == 0)
    printf("contraction of the residual per V(2,2) cycle: 1-D %.3f, 2-D %.3f, 3-D %.3f; ", worst[1],
           worst[2], worst[3]);
  return finish("V-cycle as a Poisson solver");
}
