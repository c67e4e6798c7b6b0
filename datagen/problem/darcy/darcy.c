#include "datagen/problem/darcy/darcy.h"

#include <string.h>

#include "base/memory.h"
#include "datagen/problem/darcy/darcy_impl.h"
#include "datagen/problem/darcy/spline.h"

static const char *const scheme_names[] = {"harmonic_fv", "arithmetic_fd", "fno_compat", NULL};
static const char *const coefficient_names[] = {"two_phase",  "lognormal",    "file",   "channels",
                                                "multiscale", "manufactured", "layers", NULL};

static const fh_field fields[] = {
    {"scheme", FH_FIELD_ENUM, offsetof(fh_darcy_config, scheme), "harmonic_fv", 0.0, 0.0,
     scheme_names, "harmonic_fv (cells), arithmetic_fd (vertices), fno_compat (as published 2020)"},
    {"coefficient", FH_FIELD_ENUM, offsetof(fh_darcy_config, coefficient), "two_phase", 0.0, 0.0,
     coefficient_names,
     "two_phase, lognormal, file, channels, multiscale (random waves); manufactured "
     "and "
     "layers have exact solutions"},
    {"values", FH_FIELD_REALS, offsetof(fh_darcy_config, values), "12,3", 0.0, 0.0, NULL,
     "permeability where the field is positive (in the channels), and elsewhere (dimensionless)"},
    {"scale", FH_FIELD_REAL, offsetof(fh_darcy_config, scale), "1", 0.0, 0.0, NULL,
     "lognormal: permeability = exp(scale * field)"},
    {"source", FH_FIELD_REAL, offsetof(fh_darcy_config, source), "1", 0.0, 0.0, NULL,
     "right-hand side f (dimensionless)"},
    {"channel_width", FH_FIELD_REAL, offsetof(fh_darcy_config, channel_width), "0.3", 0.0, 10.0,
     NULL, "channels: where |field| is at most this many of its standard deviations"},
    {"coefficient_file", FH_FIELD_TEXT, offsetof(fh_darcy_config, file), "", 0.0, 0.0, NULL,
     "file: the HDF5 file with the permeability of every sample"},
    {"coefficient_dataset", FH_FIELD_TEXT, offsetof(fh_darcy_config, dataset), "a", 0.0, 0.0, NULL,
     "file: path of the array in it, (samples, points...), on the points of the scheme"},
    {"scales", FH_FIELD_INT, offsetof(fh_darcy_config, scales), "6", 1.0, FH_DARCY_SCALES, NULL,
     "multiscale: pairs of waves, each about half as long as the one before"},
    {"dim", FH_FIELD_INT, offsetof(fh_darcy_config, dim), "2", 2.0, 3.0, NULL,
     "2: unit square, 3: unit cube (not with fno_compat)"},
    FH_GRF_FIELDS(fh_darcy_config, law, "3", "2"),
    FH_FIELDS_END};

static bool has_field(const fh_darcy_config *c)
{
  return c->coefficient == FH_DARCY_LOGNORMAL || c->coefficient == FH_DARCY_TWO_PHASE ||
         c->coefficient == FH_DARCY_CHANNELS;
}

/* from sample to sample */
static bool varies(const fh_darcy_config *c)
{
  return has_field(c) || c->coefficient == FH_DARCY_MULTISCALE || c->coefficient == FH_DARCY_FILE;
}

static bool has_two_values(const fh_darcy_config *c)
{
  return c->coefficient == FH_DARCY_TWO_PHASE || c->coefficient == FH_DARCY_CHANNELS ||
         c->coefficient == FH_DARCY_LAYERS;
}

static fh_status check(const fh_darcy_config *c, const ptrdiff_t n[FH_MAX_DIM])
{
  const bool two = has_two_values(c), from_file = c->coefficient == FH_DARCY_FILE;
  FH_CHECK(
      from_file == (c->file[0] != '\0'), FH_ERR_USAGE,
      "coefficient %s with coefficient_file '%s': the file is needed by coefficient file, and by "
      "it alone",
      coefficient_names[c->coefficient], c->file);
  const ptrdiff_t least = c->scheme == FH_DARCY_HARMONIC_FV ? 2 : 4;
  FH_CHECK(!two || c->values.count == 2, FH_ERR_USAGE, "values has %d numbers, two phases need 2",
           c->values.count);
  FH_CHECK(!two || (c->values.value[0] > 0.0 && c->values.value[1] > 0.0), FH_ERR_USAGE,
           "values %g and %g must both be positive", c->values.value[0], c->values.value[1]);
  FH_CHECK(c->dim == 2 || c->scheme != FH_DARCY_FNO_COMPAT, FH_ERR_USAGE,
           "dim = %td: fno_compat is defined in 2 dimensions only", c->dim);
  for (int a = 0; a < (int)c->dim; a++)
    FH_CHECK(
        n[a] >= least, FH_ERR_USAGE,
        "size %td along axis %d is too small: the scheme %s needs at least %td points per axis",
        n[a], a, scheme_names[c->scheme], least);
  FH_CHECK(c->scheme != FH_DARCY_FNO_COMPAT || n[0] == n[1], FH_ERR_USAGE,
           "size %td x %td: fno_compat is defined on square grids only", n[0], n[1]);
  return FH_OK;
}

static void describe(fh_problem *p, const fh_darcy *d)
{
  const fh_darcy_config *c = p->config;
  fh_problem_add_field(p, "a", "1", "permeability", false);
  fh_problem_add_field(p, "u", "1", "pressure", true);
  if (varies(c)) fh_problem_add_scalar(p, "source", c->source);
  if (has_field(c)) {
    fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
    fh_problem_add_scalar(p, "field_tau", c->law.tau);
    fh_problem_add_scalar(p, "field_alpha", c->law.alpha);
  }
  if (c->coefficient == FH_DARCY_LOGNORMAL) {
    fh_problem_add_scalar(p, "coefficient_scale", c->scale);
  } else if (has_two_values(c)) {
    fh_problem_add_scalar(p, "coefficient_high", c->values.value[0]);
    fh_problem_add_scalar(p, "coefficient_low", c->values.value[1]);
  }
}

static void set_system(fh_problem *p, fh_darcy *d)
{
  const fh_darcy_config *c = p->config;
  fh_darcy_system *s = &d->system;
  s->cells = c->scheme == FH_DARCY_HARMONIC_FV;
  s->dim = p->grid.dim;
  for (int axis = 0; axis < FH_MAX_DIM; axis++) {
    s->m[axis] = 1;
    if (axis >= s->dim) continue;
    const double h =
        p->grid.length[axis] / (double)(s->cells ? p->grid.n[axis] : p->grid.n[axis] - 1);
    s->m[axis] = s->cells ? p->grid.n[axis] : p->grid.n[axis] - 2;
    s->weight[axis] = 1.0 / (h * h);
  }
  p->unknowns = s->m[0] * s->m[1] * s->m[2];
  p->symmetric = true;
  /* splines overshoot: the published coefficient can be negative */
  p->positive_definite = c->scheme != FH_DARCY_FNO_COMPAT;
  p->constant_matrix =
      !varies(c) || (has_two_values(c) && c->values.value[0] == c->values.value[1]);
}

static fh_status setup(fh_problem *p)
{
  const fh_darcy_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  fh_darcy *d = NULL;
  FH_TRY(fh_problem_points(p, (int)c->dim, n));
  FH_TRY(check(c, n));
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(fh_grid_box((int)c->dim, n, FH_DIRICHLET,
                     c->scheme == FH_DARCY_ARITHMETIC_FD ? FH_NODE : FH_CELL, &p->grid));
  if (has_field(c)) FH_TRY(fh_grf_create(&c->law, &p->grid, &d->field));
  if (c->coefficient == FH_DARCY_FILE) {
    FH_TRY(fh_field_file_open(c->file, c->dataset, &p->grid, &d->file));
    p->most_samples = fh_field_file_samples(d->file);
  }
  set_system(p, d);
  describe(p, d);
  if (c->scheme == FH_DARCY_FNO_COMPAT) {
    FH_NEW(d->vertices, n[0] * n[1]);
    FH_NEW(d->work, n[0] * n[1] + 4 * n[0]);
  }
  return FH_OK;
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_darcy_config *c = p->config;
  fh_darcy *d = p->data;
  const ptrdiff_t n = p->grid.n[0];
  FH_TRY(fh_darcy_coefficient_sample(p, seed, index));
  d->system.a = p->value[0];
  if (c->scheme == FH_DARCY_FNO_COMPAT) {
    /* vertex j/(n-1) in units of cells, counted from the first centre */
    fh_spline_resample(n, p->value[0], -0.5, (double)n / (double)(n - 1), d->vertices, d->work);
    d->system.a = d->vertices;
  }
  return FH_OK;
}

/* place of the first unknown of a row along the last axis among the vertices */
static ptrdiff_t first_vertex(const fh_darcy_system *s, ptrdiff_t row)
{
  if (s->dim == 2) return (row + 1) * (s->m[1] + 2) + 1;
  return ((row / s->m[1] + 1) * (s->m[1] + 2) + row % s->m[1] + 1) * (s->m[2] + 2) + 1;
}

static ptrdiff_t row_length(const fh_darcy_system *s)
{
  return s->m[s->dim - 1];
}

/* points: of the grid of vertices, with the boundary */
static void unknowns_to_vertices(const fh_darcy_system *s, ptrdiff_t points, const double *x,
                                 double *u)
{
  const ptrdiff_t length = row_length(s), rows = s->m[0] * s->m[1] * s->m[2] / length;
  memset(u, 0, (size_t)points * sizeof *u);
  for (ptrdiff_t row = 0; row < rows; row++)
    memcpy(u + first_vertex(s, row), x + row * length, (size_t)length * sizeof *u);
}

static void store(fh_problem *p, const double *x)
{
  const fh_darcy_config *c = p->config;
  const fh_darcy *d = p->data;
  const ptrdiff_t n = p->grid.n[0];
  double *u = p->value[1];
  if (c->scheme == FH_DARCY_HARMONIC_FV) {
    memcpy(u, x, (size_t)p->unknowns * sizeof *u);
  } else if (c->scheme == FH_DARCY_ARITHMETIC_FD) {
    unknowns_to_vertices(&d->system, fh_grid_size(&p->grid), x, u);
  } else {
    /* centre (j + 1/2)/n in units of the distance of vertices */
    unknowns_to_vertices(&d->system, n * n, x, d->vertices);
    fh_spline_resample(n, d->vertices, 0.5 * (double)(n - 1) / (double)n,
                       (double)(n - 1) / (double)n, u, d->work);
  }
}

static bool load(const fh_problem *p, double *x)
{
  const fh_darcy_config *c = p->config;
  const fh_darcy *d = p->data;
  const double *u = p->value[1];
  const fh_darcy_system *y = &d->system;
  const ptrdiff_t length = row_length(y);
  if (c->scheme == FH_DARCY_FNO_COMPAT) return false; /* the splined u is not the solver's */
  for (ptrdiff_t row = 0; row < p->unknowns / length; row++)
    memcpy(x + row * length, u + (y->cells ? row * length : first_vertex(y, row)),
           (size_t)length * sizeof *x);
  return true;
}

static void destroy(fh_problem *p)
{
  fh_darcy *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_field_file_close(&d->file);
  fh_free(d->vertices);
  fh_free(d->work);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_darcy_config) <= FH_PROBLEM_CONFIG_BYTES, "room for a configuration");

const fh_problem_class fh_darcy_class = {
    .name = "darcy",
    .help =
        "-div(a grad u) = f on the unit square or cube, u = 0 on the boundary; a random: a -> u",
    .fields = fields,
    .config_bytes = sizeof(fh_darcy_config),
    .setup = setup,
    .sample = sample,
    .matrix_create = fh_darcy_matrix_create,
    .matrix = fh_darcy_matrix,
    .rhs = fh_darcy_rhs,
    .stencil = fh_darcy_stencil,
    .store = store,
    .load = load,
    .destroy = destroy};
