#include <math.h>

#include "datagen/problem/thermal/thermal_impl.h"

/* ---- manufactured ------------------------------------------------------------------------------------ */

double fh_thermal_exact(double x, double y)
{
  return exp(0.5 * x) * sin(2.0 * y + 0.3);
}

static void exact_gradient(double x, double y, double g[2])
{
  g[0] = 0.5 * exp(0.5 * x) * sin(2.0 * y + 0.3);
  g[1] = 2.0 * exp(0.5 * x) * cos(2.0 * y + 0.3);
}

static double exact_conductivity(double x, double y)
{
  return 1.0 + 0.5 * sin(3.0 * x) * cos(2.0 * y);
}

/* -div(k grad u), with Laplace u = (1/4 - 4) u */
static double exact_source(double x, double y)
{
  double g[2];
  exact_gradient(x, y, g);
  const double kx = 1.5 * cos(3.0 * x) * cos(2.0 * y), ky = -sin(3.0 * x) * sin(2.0 * y);
  return 3.75 * exact_conductivity(x, y) * fh_thermal_exact(x, y) - kx * g[0] - ky * g[1];
}

/* ---- at a point --------------------------------------------------------------------------------------- */

static bool is_manufactured(const fh_problem *p)
{
  return ((const fh_thermal_config *)p->config)->conductivity == FH_THERMAL_MANUFACTURED;
}

/* cell of the grid and place in it, along an axis */
static ptrdiff_t split(const fh_thermal *d, int axis, double x, double *rest)
{
  const double t = (x - d->mesh->lower[axis]) / fh_grid_spacing(&d->plate, axis);
  const double last = (double)(d->plate.n[axis] - 2);
  const double cell = fmin(fmax(floor(t), 0.0), last);
  *rest = fmin(fmax(t - cell, 0.0), 1.0);
  return (ptrdiff_t)cell;
}

double fh_thermal_conductivity_at(const fh_problem *p, const double x[2])
{
  const fh_thermal *d = p->data;
  if (is_manufactured(p)) return exact_conductivity(x[0], x[1]);
  if (!d->conductivity) return 1.0;
  double s = 0.0, t = 0.0;
  const ptrdiff_t i = split(d, 0, x[0], &s), j = split(d, 1, x[1], &t);
  const double *k = d->conductivity + i * d->plate.n[1] + j, *next = k + d->plate.n[1];
  return (1.0 - s) * ((1.0 - t) * k[0] + t * k[1]) + s * ((1.0 - t) * next[0] + t * next[1]);
}

double fh_thermal_held(const fh_problem *p, const double x[2])
{
  const fh_thermal *d = p->data;
  return is_manufactured(p) ? fh_thermal_exact(x[0], x[1]) : d->temperature;
}

double fh_thermal_flux(const fh_problem *p, int32_t side, const double x[2], const double n[2])
{
  const fh_thermal *d = p->data;
  double g[2];
  if (!is_manufactured(p)) return side == FLUX_SIDE ? d->flux : 0.0;
  exact_gradient(x[0], x[1], g);
  return exact_conductivity(x[0], x[1]) * (g[0] * n[0] + g[1] * n[1]);
}

double fh_thermal_source(const fh_problem *p, const double x[2])
{
  return is_manufactured(p) ? exact_source(x[0], x[1]) : 0.0;
}
