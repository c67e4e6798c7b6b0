#include "datagen/problem/helmholtz/helmholtz.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "datagen/problem/helmholtz/helmholtz_impl.h"
#include "datagen/skr/fastelliptic.h"

static const char *const scheme_names[] = {"fv", "q1_fem", NULL};
static const char *const boundary_names[] = {"dirichlet", "neumann", "impedance", NULL};
static const char *const medium_names[] = {"linear", "tanh", "manufactured", NULL};
static const char *const drive_names[] = {"constant", "gaussian", "top_flux", NULL};

#define AT(member) offsetof(fh_helmholtz_config, member)
static const fh_field fields[] = {
    {"scheme", FH_FIELD_ENUM, AT(scheme), "fv", 0.0, 0.0, scheme_names,
     "fv (cells), q1_fem (vertices, bilinear elements, Neumann only)"},
    {"boundary", FH_FIELD_ENUM, AT(boundary), "dirichlet", 0.0, 0.0, boundary_names,
     "dirichlet (u = 0), neumann (du/dn = g), impedance (du/dn - i k u = g; u is complex)"},
    {"medium", FH_FIELD_ENUM, AT(medium), "linear", 0.0, 0.0, medium_names,
     "linear: k = omega/speed (1 + amplitude field); tanh: c = speed + amplitude tanh(field); "
     "manufactured"},
    {"drive", FH_FIELD_ENUM, AT(drive), "constant", 0.0, 0.0, drive_names,
     "f constant, f gaussian at the centre, or top_flux: du/dn = source on a piece of y = 1"},
    {"omega", FH_FIELD_REAL, AT(omega), "10", 0.0, 0.0, NULL,
     "angular frequency; the wave number is k = omega/c (1/length)"},
    {"speed", FH_FIELD_REAL, AT(speed), "1", 0.0, 0.0, NULL, "mean wave speed (dimensionless)"},
    {"amplitude", FH_FIELD_REAL, AT(amplitude), "0.3", 0.0, 0.0, NULL,
     "how much the field changes the medium"},
    {"source", FH_FIELD_REAL, AT(source), "1", 0.0, 0.0, NULL, "height of what drives the wave"},
    {"width", FH_FIELD_REAL, AT(width), "0.15", 0.0, 0.0, NULL,
     "gaussian: its deviation; top_flux: half the length of the piece (length)"},
    {"resonance", FH_FIELD_REAL, AT(resonance), "1e-6", 0.0, 1.0, NULL,
     "fail a sample with ||f|| < this k0^2 ||u||: so near resonance u is not determined"},
    FH_GRF_FIELDS(fh_helmholtz_config, law, "3", "2"),
    FH_FIELDS_END};
#undef AT

static fh_status check(const fh_helmholtz_config *c, const ptrdiff_t n[FH_MAX_DIM])
{
  FH_CHECK(n[0] >= 2 && n[1] >= 2, FH_ERR_USAGE,
           "size %td x %td is too small: at least 2 points an axis", n[0], n[1]);
  FH_CHECK(c->omega > 0.0 && c->speed > 0.0 && isfinite(c->omega) && isfinite(c->speed),
           FH_ERR_USAGE, "omega = %g and speed = %g must both be positive", c->omega, c->speed);
  FH_CHECK(c->scheme != FH_HELMHOLTZ_Q1 || c->boundary == FH_HELMHOLTZ_NEUMANN, FH_ERR_USAGE,
           "the scheme q1_fem has boundary neumann only, not %s: take scheme fv",
           boundary_names[c->boundary]);
  FH_CHECK(c->drive != FH_HELMHOLTZ_TOP_FLUX || c->boundary != FH_HELMHOLTZ_DIRICHLET, FH_ERR_USAGE,
           "drive %s needs boundary neumann or impedance, not %s", drive_names[c->drive],
           boundary_names[c->boundary]);
  FH_CHECK(c->drive == FH_HELMHOLTZ_CONSTANT || c->width > 0.0, FH_ERR_USAGE,
           "width = %g: drive %s needs a positive one", c->width, drive_names[c->drive]);
  return FH_OK;
}

static void describe(fh_problem *p, const fh_helmholtz *d)
{
  const fh_helmholtz_config *c = p->config;
  fh_problem_add_field(p, "c", "1", "wave speed", false);
  if (d->parts == 1) {
    fh_problem_add_field(p, "u", "1", "wave", true);
  } else {
    fh_problem_add_field(p, "u_re", "1", "wave, real part", true);
    fh_problem_add_field(p, "u_im", "1", "wave, imaginary part", true);
  }
  fh_problem_add_scalar(p, "omega", c->omega);
  fh_problem_add_scalar(p, "speed", c->speed);
  fh_problem_add_scalar(p, "amplitude", c->amplitude);
  fh_problem_add_scalar(p, "source", c->source);
  if (!d->field) return;
  fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
  fh_problem_add_scalar(p, "field_tau", c->law.tau);
  fh_problem_add_scalar(p, "field_alpha", c->law.alpha);
}

static fh_status setup(fh_problem *p)
{
  static const fh_boundary sides[] = {FH_DIRICHLET, FH_NEUMANN, FH_OPEN};
  const fh_helmholtz_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  fh_helmholtz *d = NULL;
  FH_TRY(fh_problem_points(p, 2, n));
  FH_TRY(check(c, n));
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(fh_grid_box(2, n, sides[c->boundary], c->scheme == FH_HELMHOLTZ_FV ? FH_CELL : FH_NODE,
                     &p->grid));
  if (c->medium != FH_HELMHOLTZ_MANUFACTURED) FH_TRY(fh_grf_create(&c->law, &p->grid, &d->field));
  d->parts = c->boundary == FH_HELMHOLTZ_IMPEDANCE ? 2 : 1;
  for (int a = 0; a < 2; a++) {
    d->n[a] = n[a];
    d->h[a] = fh_grid_spacing(&p->grid, a);
  }
  p->unknowns = n[0] * n[1] * d->parts;
  p->symmetric = true;
  p->constant_matrix = !d->field || c->amplitude == 0.0;
  describe(p, d);
  return FH_OK;
}

/* for -pc_type fastelliptic: real walls alone, where A is a 5-point Laplacian less k^2 */
static PetscErrorCode attach_grid(const fh_problem *p, Mat a)
{
  const fh_helmholtz_config *c = p->config;
  const fh_helmholtz *d = p->data;
  FHEllipticGrid grid = {.dim = 2, .reaction = true};
  PetscFunctionBeginUser;
  if (c->scheme != FH_HELMHOLTZ_FV || d->parts != 1) PetscFunctionReturn(0);
  for (int axis = 0; axis < 2; axis++) {
    grid.n[axis] = (PetscInt)d->n[axis];
    grid.spacing[axis] = d->h[axis];
    grid.side[axis][0] = grid.side[axis][1] =
        c->boundary == FH_HELMHOLTZ_DIRICHLET ? FH_SIDE_DIRICHLET_CELL : FH_SIDE_NEUMANN_CELL;
  }
  PetscCall(FHPCFastEllipticSetGrid((PetscObject)a, &grid));
  PetscFunctionReturn(0);
}

static PetscErrorCode matrix_create(fh_problem *p, Mat *matrix)
{
  const fh_helmholtz_config *c = p->config;
  PetscFunctionBeginUser;
  PetscCall(fh_rows_create(p, c->scheme == FH_HELMHOLTZ_Q1 ? 9 : 6, matrix));
  PetscCall(attach_grid(p, *matrix));
  PetscFunctionReturn(0);
}

static PetscErrorCode matrix(fh_problem *p, Mat a)
{
  const fh_helmholtz_config *c = p->config;
  return fh_rows_matrix(p, c->scheme == FH_HELMHOLTZ_Q1 ? fh_helmholtz_q1_row : fh_helmholtz_fv_row,
                        a);
}

static PetscErrorCode rhs(fh_problem *p, Vec b)
{
  const fh_helmholtz_config *c = p->config;
  return fh_rows_vector(p, c->scheme == FH_HELMHOLTZ_Q1 ? fh_helmholtz_q1_rhs : fh_helmholtz_fv_rhs,
                        b);
}

/* ||b|| / ||u|| is an upper bound of the distance to the nearest singular matrix */
static PetscErrorCode accept(fh_problem *p, Vec b, Vec x, bool *good, char why[256])
{
  const fh_helmholtz_config *c = p->config;
  const double k = c->omega / c->speed;
  PetscReal drive = 0.0, wave = 0.0;
  PetscFunctionBeginUser;
  PetscCall(VecNorm(b, NORM_2, &drive));
  PetscCall(VecNorm(x, NORM_2, &wave));
  const double gap = wave > 0.0 ? (double)(drive / wave) / (k * k) : 1.0;
  *good = gap >= c->resonance;
  if (!*good)
    snprintf(why, 256, "resonance: ||f|| / (k0^2 ||u||) = %.3g is below the option resonance = %g",
             gap, c->resonance);
  PetscFunctionReturn(0);
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  return fh_helmholtz_medium_sample(p, seed, index);
}

static void store(fh_problem *p, const double *x)
{
  const fh_helmholtz *d = p->data;
  for (int part = 0; part < d->parts; part++)
    for (ptrdiff_t i = 0; i < d->n[0] * d->n[1]; i++)
      p->value[1 + part][i] = x[i * d->parts + part];
}

static bool load(const fh_problem *p, double *x)
{
  const fh_helmholtz *d = p->data;
  for (int part = 0; part < d->parts; part++)
    for (ptrdiff_t i = 0; i < d->n[0] * d->n[1]; i++)
      x[i * d->parts + part] = p->value[1 + part][i];
  return true;
}

static void destroy(fh_problem *p)
{
  fh_helmholtz *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_helmholtz_config) <= FH_PROBLEM_CONFIG_BYTES, "room for a configuration");

const fh_problem_class fh_helmholtz_class = {
    .name = "helmholtz",
    .help =
        "-Laplace u - (omega/c)^2 u = f on the unit square; speed c random: c -> u (indefinite)",
    .fields = fields,
    .config_bytes = sizeof(fh_helmholtz_config),
    .setup = setup,
    .sample = sample,
    .matrix_create = matrix_create,
    .matrix = matrix,
    .rhs = rhs,
    .accept = accept,
    .store = store,
    .load = load,
    .destroy = destroy};
