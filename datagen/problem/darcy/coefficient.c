#include <math.h>

#include "base/rng.h"
#include "datagen/problem/darcy/darcy_impl.h"

static const double pi = 3.14159265358979323846;

/* the third factor of the smooth coefficient and of both solutions; 1 in two dimensions */
static double depth(const fh_darcy_config *c, double z)
{
  return c->dim == 3 ? 1.0 + 0.5 * z : 1.0;
}

static double depth_wave(const fh_darcy_config *c, double z)
{
  return c->dim == 3 ? sin(pi * z) : 1.0;
}

static double test_coefficient(const fh_darcy_config *c, const double x[FH_MAX_DIM])
{
  if (c->coefficient == FH_DARCY_LAYERS) return c->values.value[x[0] < 0.5 ? 0 : 1];
  return (1.0 + 0.5 * sin(2.0 * pi * x[0]) * cos(pi * x[1])) * depth(c, x[2]);
}

/* Layers: u = sin(2 pi x) sin(pi y) / a is continuous with a continuous flux at x = 1/2. */
double fh_darcy_exact(const fh_darcy_config *c, const double x[FH_MAX_DIM])
{
  const double wave = depth_wave(c, x[2]);
  if (c->coefficient == FH_DARCY_LAYERS)
    return sin(2.0 * pi * x[0]) * sin(pi * x[1]) * wave / test_coefficient(c, x);
  return sin(pi * x[0]) * sin(2.0 * pi * x[1]) * wave;
}

double fh_darcy_source(const fh_darcy_config *c, const double x[FH_MAX_DIM])
{
  const double wave = depth_wave(c, x[2]), lambda = (c->dim == 3 ? 6.0 : 5.0) * pi * pi;
  if (c->coefficient == FH_DARCY_LAYERS)
    return lambda * sin(2.0 * pi * x[0]) * sin(pi * x[1]) * wave;
  if (c->coefficient != FH_DARCY_MANUFACTURED) return c->source;
  /* -(a_x u_x + a_y u_y + a_z u_z + a Laplace u) */
  const double ax = pi * cos(2.0 * pi * x[0]) * cos(pi * x[1]) * depth(c, x[2]);
  const double ay = -0.5 * pi * sin(2.0 * pi * x[0]) * sin(pi * x[1]) * depth(c, x[2]);
  const double az = 0.5 * test_coefficient(c, x) / depth(c, x[2]);
  const double ux = pi * cos(pi * x[0]) * sin(2.0 * pi * x[1]) * wave;
  const double uy = 2.0 * pi * sin(pi * x[0]) * cos(2.0 * pi * x[1]) * wave;
  const double uz = c->dim == 3 ? pi * sin(pi * x[0]) * sin(2.0 * pi * x[1]) * cos(pi * x[2]) : 0.0;
  return lambda * test_coefficient(c, x) * fh_darcy_exact(c, x) - ax * ux - ay * uy - az * uz;
}

double fh_darcy_multiscale(const fh_darcy_config *c, const double wave[FH_DARCY_SCALES],
                           const double x[FH_MAX_DIM])
{
  double a = 1.0;
  for (int k = 0; k < (int)c->scales; k++) {
    a *= 1.0 + 0.5 * cos(wave[k] * pi * (x[0] + x[1]));
    a *= 1.0 + 0.5 * sin(wave[k] * pi * (x[1] - 3.0 * x[0]));
    if (c->dim == 3) a *= 1.0 + 0.5 * cos(wave[k] * pi * x[2]);
  }
  return a;
}

/* wave[k] uniform on (2^k, 1.5 2^k), k = 0, 1, ... */
static void draw_waves(uint64_t seed, int64_t index, double wave[FH_DARCY_SCALES])
{
  const fh_rng rng = {seed, FH_STREAM_FIELD, (uint64_t)index, 0};
  for (int k = 0; k < FH_DARCY_SCALES; k++)
    wave[k] = ldexp(1.0 + 0.5 * fh_rng_uniform(&rng, (uint64_t)k), k);
}

/* what is a function of the point: test cases, waves */
static void fill_function(const fh_problem *p, const double wave[FH_DARCY_SCALES], double *a)
{
  const fh_darcy_config *c = p->config;
  const ptrdiff_t *n = p->grid.n;
  for (ptrdiff_t i = 0; i < fh_grid_size(&p->grid); i++) {
    const double x[FH_MAX_DIM] = {fh_grid_point(&p->grid, 0, i / (n[1] * n[2])),
                                  fh_grid_point(&p->grid, 1, i / n[2] % n[1]),
                                  fh_grid_point(&p->grid, 2, i % n[2])};
    a[i] = c->coefficient == FH_DARCY_MULTISCALE ? fh_darcy_multiscale(c, wave, x)
                                                 : test_coefficient(c, x);
  }
}

static void field_to_coefficient(const fh_darcy_config *c, const fh_grf *field, ptrdiff_t size,
                                 double *a)
{
  const double width = c->channel_width * sqrt(fh_grf_variance(field));
  if (c->coefficient == FH_DARCY_TWO_PHASE) {
    for (ptrdiff_t i = 0; i < size; i++) a[i] = c->values.value[a[i] >= 0.0 ? 0 : 1];
  } else if (c->coefficient == FH_DARCY_CHANNELS) {
    for (ptrdiff_t i = 0; i < size; i++)
      a[i] = c->values.value[fabs(a[i] - c->law.mean) <= width ? 0 : 1];
  } else {
    fh_grf_exponential(field, c->scale, size, a);
  }
}

fh_status fh_darcy_coefficient_sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_darcy_config *c = p->config;
  const fh_darcy *d = p->data;
  const ptrdiff_t size = fh_grid_size(&p->grid);
  double *a = p->value[0];
  if (d->file) {
    FH_TRY(fh_field_file_read(d->file, index, a));
  } else if (d->field) {
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, a);
    field_to_coefficient(c, d->field, size, a);
  } else {
    double wave[FH_DARCY_SCALES];
    draw_waves(seed, index, wave);
    fill_function(p, wave, a);
  }
  for (ptrdiff_t i = 0; i < size; i++)
    FH_CHECK(a[i] > 0.0 && isfinite(a[i]), FH_ERR_NUMERIC,
             "the coefficient is %g at point %td: Darcy's equation needs it positive and finite",
             a[i], i);
  return FH_OK;
}
