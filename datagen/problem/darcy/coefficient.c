#include <math.h>

#include "datagen/problem/darcy/darcy_impl.h"

static const double pi = 3.14159265358979323846;

static double test_coefficient(const fh_darcy_config *c, double x, double y)
{
  if (c->coefficient == FH_DARCY_LAYERS) return c->values.value[x < 0.5 ? 0 : 1];
  return 1.0 + 0.5 * sin(2.0 * pi * x) * cos(pi * y);
}

/* Layers: u = sin(2 pi x) sin(pi y) / a is continuous with a continuous flux at x = 1/2. */
double fh_darcy_exact(const fh_darcy_config *c, double x, double y)
{
  if (c->coefficient == FH_DARCY_LAYERS)
    return sin(2.0 * pi * x) * sin(pi * y) / test_coefficient(c, x, y);
  return sin(pi * x) * sin(2.0 * pi * y);
}

double fh_darcy_source(const fh_darcy_config *c, double x, double y)
{
  if (c->coefficient == FH_DARCY_LAYERS) return 5.0 * pi * pi * sin(2.0 * pi * x) * sin(pi * y);
  if (c->coefficient != FH_DARCY_MANUFACTURED) return c->source;
  /* -(a_x u_x + a_y u_y + a Laplace u) */
  const double ax = pi * cos(2.0 * pi * x) * cos(pi * y);
  const double ay = -0.5 * pi * sin(2.0 * pi * x) * sin(pi * y);
  const double ux = pi * cos(pi * x) * sin(2.0 * pi * y);
  const double uy = 2.0 * pi * sin(pi * x) * cos(2.0 * pi * y);
  const double u = fh_darcy_exact(c, x, y);
  return 5.0 * pi * pi * test_coefficient(c, x, y) * u - ax * ux - ay * uy;
}

static void fill_test(const fh_problem *p, double *a)
{
  for (ptrdiff_t i = 0; i < p->grid.n[0]; i++)
    for (ptrdiff_t j = 0; j < p->grid.n[1]; j++)
      a[i * p->grid.n[1] + j] =
          test_coefficient(p->config, fh_grid_point(&p->grid, 0, i), fh_grid_point(&p->grid, 1, j));
}

static void field_to_coefficient(const fh_darcy_config *c, ptrdiff_t size, double *a)
{
  if (c->coefficient == FH_DARCY_TWO_PHASE) {
    for (ptrdiff_t i = 0; i < size; i++) a[i] = c->values.value[a[i] >= 0.0 ? 0 : 1];
  } else {
    for (ptrdiff_t i = 0; i < size; i++) a[i] = exp(c->scale * a[i]);
  }
}

fh_status fh_darcy_coefficient_sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_darcy_config *c = p->config;
  const fh_darcy *d = p->data;
  const ptrdiff_t size = fh_grid_size(&p->grid);
  double *a = p->value[0];
  if (d->field) {
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, a);
    field_to_coefficient(c, size, a);
  } else {
    fill_test(p, a);
  }
  for (ptrdiff_t i = 0; i < size; i++)
    FH_CHECK(a[i] > 0.0 && isfinite(a[i]), FH_ERR_NUMERIC,
             "the coefficient is %g at point %td: Darcy's equation needs it positive and finite",
             a[i], i);
  return FH_OK;
}
