#include <math.h>

#include "datagen/problem/helmholtz/helmholtz_impl.h"

static const double pi = 3.14159265358979323846;

static double test_number(const fh_helmholtz_config *c, double x, double y)
{
  return c->omega / c->speed * (1.0 + 0.2 * sin(2.0 * pi * x) * cos(pi * y));
}

static void fill_test(const fh_problem *p, double *speed)
{
  const fh_helmholtz_config *c = p->config;
  for (ptrdiff_t i = 0; i < p->grid.n[0]; i++)
    for (ptrdiff_t j = 0; j < p->grid.n[1]; j++)
      speed[i * p->grid.n[1] + j] =
          c->omega / test_number(c, fh_grid_point(&p->grid, 0, i), fh_grid_point(&p->grid, 1, j));
}

static void field_to_speed(const fh_helmholtz_config *c, ptrdiff_t size, double *v)
{
  if (c->medium == FH_HELMHOLTZ_TANH) {
    for (ptrdiff_t i = 0; i < size; i++) v[i] = c->speed + c->amplitude * tanh(v[i]);
  } else {
    for (ptrdiff_t i = 0; i < size; i++) v[i] = c->speed / (1.0 + c->amplitude * v[i]);
  }
}

fh_status fh_helmholtz_medium_sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  const ptrdiff_t size = fh_grid_size(&p->grid);
  double *v = p->value[0];
  if (d->field) {
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, v);
    field_to_speed(c, size, v);
  } else {
    fill_test(p, v);
  }
  for (ptrdiff_t i = 0; i < size; i++)
    FH_CHECK(v[i] > 0.0 && isfinite(v[i]), FH_ERR_NUMERIC,
             "the wave speed is %g at point %td: it must be positive and finite", v[i], i);
  return FH_OK;
}

/* ---- exact solutions: u = 0, du/dn = 0, or a plane wave across the square ---------------------------- */

static const double wave[2] = {4.0, 3.0};

double fh_helmholtz_exact(const fh_helmholtz_config *c, int part, double x, double y)
{
  if (c->boundary == FH_HELMHOLTZ_DIRICHLET) return sin(pi * x) * sin(2.0 * pi * y);
  if (c->boundary == FH_HELMHOLTZ_NEUMANN) return cos(pi * x) * cos(2.0 * pi * y);
  const double phase = wave[0] * x + wave[1] * y;
  return part == 0 ? cos(phase) : sin(phase);
}

static double test_source(const fh_helmholtz_config *c, int part, double x, double y)
{
  const double k = test_number(c, x, y);
  const double lambda =
      c->boundary == FH_HELMHOLTZ_IMPEDANCE ? wave[0] * wave[0] + wave[1] * wave[1] : 5.0 * pi * pi;
  return (lambda - k * k) * fh_helmholtz_exact(c, part, x, y);
}

/* du/dn - i k u of the plane wave: i (+-p - k) u */
static double test_flux(const fh_helmholtz_config *c, int part, int axis, bool upper, double x,
                        double y)
{
  if (c->boundary != FH_HELMHOLTZ_IMPEDANCE) return 0.0;
  const double factor = (upper ? wave[axis] : -wave[axis]) - test_number(c, x, y);
  return part == 0 ? -factor * fh_helmholtz_exact(c, 1, x, y)
                   : factor * fh_helmholtz_exact(c, 0, x, y);
}

double fh_helmholtz_source(const fh_helmholtz_config *c, int part, double x, double y)
{
  if (c->medium == FH_HELMHOLTZ_MANUFACTURED) return test_source(c, part, x, y);
  if (part == 1 || c->drive == FH_HELMHOLTZ_TOP_FLUX) return 0.0;
  if (c->drive == FH_HELMHOLTZ_CONSTANT) return c->source;
  const double dx = x - 0.5, dy = y - 0.5;
  return c->source * exp(-0.5 * (dx * dx + dy * dy) / (c->width * c->width));
}

double fh_helmholtz_share(const fh_helmholtz_config *c, double from, double to)
{
  const double low = fmax(from, 0.5 - c->width), high = fmin(to, 0.5 + c->width);
  return high > low ? (high - low) / (to - from) : 0.0;
}

double fh_helmholtz_flux(const fh_helmholtz_config *c, int part, int axis, bool upper, double x,
                         double y)
{
  return c->medium == FH_HELMHOLTZ_MANUFACTURED ? test_flux(c, part, axis, upper, x, y) : 0.0;
}
