#include <math.h>

#include "datagen/problem/navier_stokes/navier_stokes_impl.h"

static const double two_pi = 6.283185307179586;

typedef double (*plane_function)(const fh_navier_stokes_config *c, double x, double y);

static void fill(const fh_navier_stokes_config *c, const fh_grid *g, plane_function f,
                 double *values)
{
  for (ptrdiff_t i = 0; i < g->n[0]; i++)
    for (ptrdiff_t j = 0; j < g->n[1]; j++)
      values[i * g->n[1] + j] = f(c, fh_grid_point(g, 0, i), fh_grid_point(g, 1, j));
}

static double zero(const fh_navier_stokes_config *c, double x, double y)
{
  (void)c, (void)x, (void)y;
  return 0.0;
}

static double diagonal(const fh_navier_stokes_config *c, double x, double y)
{
  const double phase = two_pi * (double)c->forcing_wave / c->length * (x + y);
  return c->forcing_amplitude * (sin(phase) + cos(phase));
}

static double kolmogorov(const fh_navier_stokes_config *c, double x, double y)
{
  (void)x;
  return c->forcing_amplitude * cos(two_pi * (double)c->forcing_wave / c->length * y);
}

static double taylor_green(const fh_navier_stokes_config *c, double x, double y)
{
  const double k = two_pi / c->length;
  return 2.0 * k * cos(k * x) * cos(k * y);
}

/* psi = g(x) g(y + x) with g = exp(sin): every wave number, analytic. In units where the length is 2 pi,
   with s = sin, t = cos:  g' = t g,  g'' = (t^2 - s) g,  g''' = (t^3 - 3 t s - t) g,
   g'''' = (t^4 - 6 t^2 s - 4 t^2 + 3 s^2 + s) g. */
typedef struct {
  double d[5]; /* g and its derivatives */
} jet;

static jet jet_at(double x)
{
  const double s = sin(x), t = cos(x), g = exp(s);
  return (jet){{g, t * g, (t * t - s) * g, (t * t * t - 3.0 * t * s - t) * g,
                (t * t * t * t - 6.0 * t * t * s - 4.0 * t * t + 3.0 * s * s + s) * g}};
}

/* d_x^a d_y^b of psi = p(x) q(x + y) */
static double derivative(const jet *p, const jet *q, int a, int b)
{
  static const double binomial[5][5] = {{1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}};
  double sum = 0.0;
  for (int i = 0; i <= a; i++) sum += binomial[a][i] * p->d[i] * q->d[a - i + b];
  return sum;
}

static double manufactured_vorticity(const fh_navier_stokes_config *c, double x, double y)
{
  const double k = two_pi / c->length;
  const jet p = jet_at(k * x), q = jet_at(k * (x + y));
  return -(derivative(&p, &q, 2, 0) + derivative(&p, &q, 0, 2));
}

/* u . grad w - viscosity Laplace w; every derivative brings a k, psi is scaled by 1/k^2 */
static double manufactured_forcing(const fh_navier_stokes_config *c, double x, double y)
{
  const double k = two_pi / c->length;
  const jet p = jet_at(k * x), q = jet_at(k * (x + y));
  const double u = derivative(&p, &q, 0, 1), v = -derivative(&p, &q, 1, 0);
  const double wx = -(derivative(&p, &q, 3, 0) + derivative(&p, &q, 1, 2));
  const double wy = -(derivative(&p, &q, 2, 1) + derivative(&p, &q, 0, 3));
  const double laplace =
      -(derivative(&p, &q, 4, 0) + 2.0 * derivative(&p, &q, 2, 2) + derivative(&p, &q, 0, 4));
  return u * wx + v * wy - c->viscosity * k * k * laplace;
}

void fh_navier_stokes_forcing(const fh_navier_stokes_config *c, const fh_grid *grid, double *f)
{
  static const plane_function functions[] = {[FH_FORCING_NONE] = zero,
                                             [FH_FORCING_DIAGONAL] = diagonal,
                                             [FH_FORCING_KOLMOGOROV] = kolmogorov,
                                             [FH_FORCING_FIELD] = zero,
                                             [FH_FORCING_MANUFACTURED] = manufactured_forcing};
  fill(c, grid, functions[c->forcing], f);
}

void fh_navier_stokes_initial(const fh_navier_stokes_config *c, const fh_grid *grid, double *w)
{
  static const plane_function functions[] = {[FH_INITIAL_FIELD] = zero,
                                             [FH_INITIAL_ZERO] = zero,
                                             [FH_INITIAL_TAYLOR_GREEN] = taylor_green,
                                             [FH_INITIAL_MANUFACTURED] = manufactured_vorticity};
  fill(c, grid, functions[c->initial], w);
}
