#include "datagen/field/grf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "datagen/field/draw_kernels.h"
#include "datagen/field/fftw_series.h"

static const double pi = 3.14159265358979323846;

const char *const fh_grf_boundary_names[] = {"neumann", "periodic", NULL};

struct fh_grf {
  fh_grf_law law; /* with sigma filled in */
  fh_grid grid;
  fh_series *series;
  ptrdiff_t n[FH_MAX_DIM]; /* points of the series: of a periodic one, without the repeated end */
  ptrdiff_t modes[FH_MAX_DIM]; /* stored indices per axis */
  double *amplitude;           /* cosines: [modes]; Fourier: [modes][2], with the shift to cells */
  double variance;
  uint64_t *words; /* of a row of modes: [pairs][2] */
  double *pairs;   /* their normal numbers */
  const fh_draw_kernels *kernels;
};

static bool is_periodic(const fh_grf *g)
{
  return g->law.boundary == FH_GRF_PERIODIC;
}

/* stored index -> signed wave number */
static ptrdiff_t wave_number(const fh_grf *g, int axis, ptrdiff_t i)
{
  return is_periodic(g) && i > g->n[axis] / 2 ? i - g->n[axis] : i;
}

double fh_grf_deviation(const fh_grf *g, const ptrdiff_t k[FH_MAX_DIM])
{
  double lambda = 0.0;
  bool constant = true;
  for (int a = 0; a < g->grid.dim; a++) {
    const ptrdiff_t most = g->law.modes, size = labs(k[a]);
    if (is_periodic(g) ? 2 * size >= g->n[a] && size > 0 : size >= g->n[a]) return 0.0;
    if (most > 0 && size >= most) return 0.0;
    const double wave = (is_periodic(g) ? 2.0 : 1.0) * pi * (double)k[a] / g->grid.length[a];
    lambda += wave * wave;
    constant = constant && k[a] == 0;
  }
  if (constant && !g->law.mean_mode) return 0.0;
  return g->law.sigma * pow(lambda + g->law.tau * g->law.tau, -0.5 * g->law.alpha);
}

/* value of a unit-norm cosine per unit of coefficient, as the series wants it */
static double cosine_factor(const fh_grf *g, const ptrdiff_t k[FH_MAX_DIM])
{
  const fh_series_basis basis =
      g->grid.points == FH_CELL ? FH_SERIES_COSINE_CELL : FH_SERIES_COSINE_NODE;
  double factor = 1.0;
  for (int a = 0; a < g->grid.dim; a++)
    factor *=
        fh_series_factor(basis, g->n[a], k[a]) * sqrt((k[a] == 0 ? 1.0 : 2.0) / g->grid.length[a]);
  return factor;
}

/* shift by half a cell where points are cell centres */
static double cell_phase(const fh_grf *g, const ptrdiff_t k[FH_MAX_DIM])
{
  double phase = 0.0;
  if (g->grid.points == FH_NODE) return 0.0;
  for (int a = 0; a < g->grid.dim; a++) phase += pi * (double)k[a] / (double)g->n[a];
  return phase;
}

static void set_amplitude(fh_grf *g, ptrdiff_t i, const ptrdiff_t k[FH_MAX_DIM])
{
  const double deviation = fh_grf_deviation(g, k);
  double volume = 1.0;
  for (int a = 0; a < g->grid.dim; a++) volume *= g->grid.length[a];
  if (!is_periodic(g)) {
    g->amplitude[i] = deviation * cosine_factor(g, k);
    g->variance += deviation * deviation / volume;
    return;
  }
  const int last = g->grid.dim - 1;
  const bool constant = k[0] == 0 && k[1] == 0 && k[2] == 0;
  const double size = deviation / sqrt(constant ? volume : 2.0 * volume);
  g->amplitude[2 * i] = size * cos(cell_phase(g, k));
  g->amplitude[2 * i + 1] = size * sin(cell_phase(g, k));
  /* a mode with a conjugate that is not stored counts for both */
  g->variance += deviation * deviation / volume * (k[last] == 0 ? 1.0 : 2.0);
}

/* The name of a mode: its wave vector, each number folded to 0, -1, 1, -2, ... in 21 bits. */
static uint64_t mode_name(const ptrdiff_t k[FH_MAX_DIM])
{
  uint64_t name = 0;
  for (int a = FH_MAX_DIM - 1; a >= 0; a--)
    name = name << 21 | (uint64_t)(k[a] >= 0 ? 2 * k[a] : -2 * k[a] - 1);
  return name;
}

/* of k and -k, which share their two numbers, the one whose last non-zero entry is positive */
static bool is_leading(const ptrdiff_t k[FH_MAX_DIM])
{
  for (int a = FH_MAX_DIM - 1; a >= 0; a--)
    if (k[a] != 0) return k[a] > 0;
  return true;
}

/* A row of coefficients along the last axis from its normal numbers z [n][2]; only of a row's first mode can the
   conjugate be the leading one */
static void fourier_row(const ptrdiff_t k[FH_MAX_DIM], ptrdiff_t n, const double *amplitude,
                        const double *z, double *coefficient)
{
  const double sign = is_leading(k) ? -1.0 : 1.0, first = mode_name(k) == 0 ? 0.0 : sign * z[1];
  coefficient[0] = amplitude[0] * z[0] - amplitude[1] * first;
  coefficient[1] = amplitude[0] * first + amplitude[1] * z[0];
  for (ptrdiff_t i = 2; i < 2 * n; i += 2) {
    coefficient[i] = amplitude[i] * z[i] + amplitude[i + 1] * z[i + 1];
    coefficient[i + 1] = amplitude[i + 1] * z[i] - amplitude[i] * z[i + 1];
  }
}

/* the random words of a row's pairs; of a pair without amplitude none are drawn */
static void row_words(const fh_grf *g, const fh_rng *rng, ptrdiff_t k[FH_MAX_DIM], ptrdiff_t pairs,
                      ptrdiff_t n, const double *amplitude)
{
  const int last = g->grid.dim - 1;
  for (k[last] = 0; k[last] < pairs; k[last]++) {
    const ptrdiff_t i = k[last], minus[FH_MAX_DIM] = {-k[0], -k[1], -k[2]};
    uint64_t words[4] = {0, 0, 0, 0};
    if (amplitude[2 * i] != 0.0 || (2 * i + 1 < n && amplitude[2 * i + 1] != 0.0))
      fh_rng_words(rng, mode_name(!is_periodic(g) || is_leading(k) ? k : minus), words);
    g->words[2 * i] = words[0];
    g->words[2 * i + 1] = words[1];
  }
  k[last] = 0;
}

/* One row of modes along the last axis after the other. Two neighbouring cosines share a draw: half the work. */
static void draw_modes(fh_grf *g, const fh_rng *rng)
{
  double *c = fh_series_coefficients(g->series);
  const int last = g->grid.dim - 1;
  const ptrdiff_t modes = g->modes[last], rows = g->modes[0] * g->modes[1] * g->modes[2] / modes;
  const ptrdiff_t middle = last == 2 ? g->modes[1] : 1;
  const ptrdiff_t n = is_periodic(g) ? 2 * modes : modes, pairs = (n + 1) / 2;
  for (ptrdiff_t row = 0; row < rows; row++) {
    const double *amplitude = g->amplitude + row * n;
    ptrdiff_t k[FH_MAX_DIM] = {0, 0, 0};
    if (last > 0) k[0] = wave_number(g, 0, row / middle);
    if (last > 1) k[1] = wave_number(g, 1, row % middle);
    row_words(g, rng, k, pairs, n, amplitude);
    g->kernels->normal(pairs, g->words, g->pairs);
    if (is_periodic(g))
      fourier_row(k, modes, amplitude, g->pairs, c + row * n);
    else
      for (ptrdiff_t i = 0; i < n; i++) c[row * n + i] = amplitude[i] * g->pairs[i];
  }
}

void fh_grf_sample(fh_grf *g, uint64_t seed, uint64_t sample, uint64_t field, double *values)
{
  const fh_rng rng = {seed, FH_STREAM_FIELD, sample, field};
  draw_modes(g, &rng);
  const double *sum = fh_series_sum(g->series);
  const ptrdiff_t *n = g->grid.n, *m = g->n; /* m: without the end that repeats the start */
  for (ptrdiff_t x = 0; x < n[0]; x++)
    for (ptrdiff_t y = 0; y < n[1]; y++, values += n[2]) {
      const double *row = sum + (x % m[0] * m[1] + y % m[1]) * m[2];
      for (ptrdiff_t z = 0; z < m[2]; z++) values[z] = g->law.mean + row[z];
      for (ptrdiff_t z = m[2]; z < n[2]; z++) values[z] = values[z - m[2]];
    }
}

void fh_grf_exponential(const fh_grf *g, double scale, ptrdiff_t n, double *values)
{
  g->kernels->exponential(n, scale, values);
}

static fh_status check_law(const fh_grf_law *law, int dim)
{
  FH_CHECK(law->alpha > 0.5 * dim, FH_ERR_USAGE,
           "field_alpha = %g: a random field in %d dimensions needs more than %g", law->alpha, dim,
           0.5 * dim);
  FH_CHECK(law->tau > 0.0 || (law->tau == 0.0 && law->sigma > 0.0 && !law->mean_mode), FH_ERR_USAGE,
           "field_tau = %g: it must be positive, or 0 with a field_sigma (now %g) and without the "
           "constant mode",
           law->tau, law->sigma);
  FH_CHECK(law->sigma >= 0.0 && isfinite(law->mean) && law->modes >= 0, FH_ERR_USAGE,
           "field_sigma = %g, field_modes = %td: neither can be negative", law->sigma, law->modes);
  return FH_OK;
}

static fh_status build(fh_grf *g)
{
  const fh_grid *grid = &g->grid;
  const int last = grid->dim - 1;
  fh_series_basis basis = grid->points == FH_CELL ? FH_SERIES_COSINE_CELL : FH_SERIES_COSINE_NODE;
  FH_TRY(check_law(&g->law, grid->dim));
  if (g->law.sigma == 0.0) g->law.sigma = pow(g->law.tau, g->law.alpha - 0.5 * grid->dim);
  for (int a = 0; a < FH_MAX_DIM; a++) {
    const bool repeats = grid->points == FH_NODE && grid->side[a][0] != FH_PERIODIC;
    const bool shorter = is_periodic(g) && repeats && grid->n[a] > 1;
    g->n[a] = g->modes[a] = shorter ? grid->n[a] - 1 : grid->n[a];
    FH_CHECK(a >= grid->dim || g->n[a] < 1 << 20, FH_ERR_USAGE,
             "axis %d has %td points; random fields are named for fewer than 1048576", a, g->n[a]);
  }
  if (is_periodic(g)) {
    basis = FH_SERIES_FOURIER;
    g->modes[last] = g->n[last] / 2 + 1;
  }
  FH_TRY(fh_series_create(basis, grid->dim, g->n, &g->series));
  FH_NEW(g->amplitude, fh_series_size(g->series));
  FH_NEW(g->words, 2 * g->modes[last] + 2);
  FH_NEW(g->pairs, 2 * g->modes[last] + 2);
  g->kernels = fh_draw_kernels_best();
  ptrdiff_t i = 0;
  for (ptrdiff_t x = 0; x < g->modes[0]; x++)
    for (ptrdiff_t y = 0; y < g->modes[1]; y++)
      for (ptrdiff_t z = 0; z < g->modes[2]; z++, i++) {
        const ptrdiff_t k[FH_MAX_DIM] = {wave_number(g, 0, x), wave_number(g, 1, y),
                                         wave_number(g, 2, z)};
        set_amplitude(g, i, k);
      }
  return FH_OK;
}

fh_status fh_grf_create(const fh_grf_law *law, const fh_grid *grid, fh_grf **grf)
{
  fh_grf *g = NULL;
  *grf = NULL;
  FH_NEW(g, 1);
  g->law = *law;
  g->grid = *grid;
  const fh_status st = build(g);
  if (st != FH_OK) fh_grf_destroy(&g);
  *grf = g;
  return st;
}

void fh_grf_destroy(fh_grf **grf)
{
  fh_grf *g = *grf;
  if (!g) return;
  fh_series_destroy(&g->series);
  fh_free(g->amplitude);
  fh_free(g->words);
  fh_free(g->pairs);
  fh_free(g);
  *grf = NULL;
}

double fh_grf_variance(const fh_grf *g)
{
  return g->variance;
}

double fh_grf_sigma(const fh_grf *g)
{
  return g->law.sigma;
}
