#include "datagen/problem/convection/convection.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/problem/rows.h"
#include "datagen/skr/fastelliptic.h"

/*
 * Cells. The flow through a face is the difference of the stream function at its two ends, so that it is
 * free of divergence to rounding. Flux through a face between u_here and u_there, with the flow q per
 * length and D = diffusion / distance:  D (B(-q/D) u_here - B(q/D) u_there), B the Bernoulli function
 * (exponential), 1 + |t|/2 - t/2 (upwind) or 1 - t/2 (central); at the boundary u_there = 0.
 */
enum { STENCIL = 5 };

typedef struct {
  fh_grf *field;
  double *psi; /* at the (n0 + 1)(n1 + 1) vertices, times speed */
  fh_grid vertices;
  ptrdiff_t n[2];
  double h[2];
} convection;

static const double pi = 3.14159265358979323846;
static const int steps[STENCIL][2] = {{-1, 0}, {0, -1}, {0, 0}, {0, 1}, {1, 0}};

static const char *const scheme_names[] = {"exponential", "central", "upwind", NULL};
static const char *const flow_names[] = {"random", "manufactured", NULL};

#define AT(member) offsetof(fh_convection_config, member)
static const fh_field fields[] = {
    {"scheme", FH_FIELD_ENUM, AT(scheme), "exponential", 0.0, 0.0, scheme_names,
     "exponential (second order, monotone), central (second order, may oscillate), upwind (first)"},
    {"flow", FH_FIELD_ENUM, AT(flow), "random", 0.0, 0.0, flow_names,
     "random: curl of a random stream function; manufactured has an exact solution"},
    {"diffusion", FH_FIELD_REAL, AT(diffusion), "0.02", 0.0, 0.0, NULL,
     "diffusivity (dimensionless)"},
    {"speed", FH_FIELD_REAL, AT(speed), "1", 0.0, 0.0, NULL,
     "factor of the velocity (dimensionless)"},
    {"source", FH_FIELD_REAL, AT(source), "1", 0.0, 0.0, NULL, "right-hand side f (dimensionless)"},
    FH_GRF_FIELDS(fh_convection_config, law, "5", "4"),
    FH_FIELDS_END};
#undef AT

/* ---- what is sampled ------------------------------------------------------------------------------- */

static double test_stream(double x, double y)
{
  return sin(pi * x + 0.3) * cos(pi * y + 0.2) + 0.5 * x;
}

double fh_convection_exact(double x, double y)
{
  return sin(pi * x) * sin(2.0 * pi * y);
}

/* b grad u - diffusion Laplace u */
static double test_source(const fh_convection_config *c, double x, double y)
{
  const double b0 = -pi * c->speed * sin(pi * x + 0.3) * sin(pi * y + 0.2);
  const double b1 = -c->speed * (pi * cos(pi * x + 0.3) * cos(pi * y + 0.2) + 0.5);
  return b0 * pi * cos(pi * x) * sin(2.0 * pi * y) +
         b1 * 2.0 * pi * sin(pi * x) * cos(2.0 * pi * y) +
         c->diffusion * 5.0 * pi * pi * fh_convection_exact(x, y);
}

/* the flow out of cell (i, j) through the face towards step, per length of the face */
static double face_flow(const convection *d, ptrdiff_t i, ptrdiff_t j, const int step[2])
{
  const ptrdiff_t width = d->n[1] + 1;
  if (step[0]) {
    const double *end = d->psi + (i + (step[0] > 0)) * width + j;
    return step[0] * (end[1] - end[0]) / d->h[1];
  }
  const double *end = d->psi + i * width + j + (step[1] > 0);
  return -step[1] * (end[width] - end[0]) / d->h[0];
}

static void set_velocity(fh_problem *p, const convection *d)
{
  static const int lower[2][2] = {{-1, 0}, {0, -1}}, upper[2][2] = {{1, 0}, {0, 1}};
  for (int axis = 0; axis < 2; axis++)
    for (ptrdiff_t i = 0; i < d->n[0]; i++)
      for (ptrdiff_t j = 0; j < d->n[1]; j++)
        p->value[axis][i * d->n[1] + j] =
            0.5 * (face_flow(d, i, j, upper[axis]) - face_flow(d, i, j, lower[axis]));
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_convection_config *c = p->config;
  convection *d = p->data;
  if (d->field) {
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, d->psi);
    for (ptrdiff_t i = 0; i < fh_grid_size(&d->vertices); i++) d->psi[i] *= c->speed;
  } else {
    for (ptrdiff_t i = 0; i <= d->n[0]; i++)
      for (ptrdiff_t j = 0; j <= d->n[1]; j++)
        d->psi[i * (d->n[1] + 1) + j] = c->speed * test_stream(fh_grid_point(&d->vertices, 0, i),
                                                               fh_grid_point(&d->vertices, 1, j));
  }
  set_velocity(p, d);
  for (int axis = 0; axis < 2; axis++)
    for (ptrdiff_t i = 0; i < fh_grid_size(&p->grid); i++)
      FH_CHECK(isfinite(p->value[axis][i]), FH_ERR_NUMERIC,
               "the velocity is %g at point %td: it must be finite", p->value[axis][i], i);
  return FH_OK;
}

/* ---- the system ------------------------------------------------------------------------------------ */

/* t / (exp(t) - 1) */
static double bernoulli(double t)
{
  if (fabs(t) < 1e-5) return 1.0 - 0.5 * t;
  return t > 700.0 ? 0.0 : t / expm1(t);
}

static double weight(int scheme, double t)
{
  if (scheme == FH_CONVECTION_EXPONENTIAL) return bernoulli(t);
  return scheme == FH_CONVECTION_CENTRAL ? 1.0 - 0.5 * t : 1.0 + 0.5 * (fabs(t) - t);
}

static PetscInt fill_row(const fh_problem *p, PetscInt row, PetscInt *columns, PetscScalar *values)
{
  const fh_convection_config *c = p->config;
  const convection *d = p->data;
  const ptrdiff_t i = row / d->n[1], j = row % d->n[1];
  PetscInt n = 0, diagonal = 0;
  double sum = 0.0;
  for (int e = 0; e < STENCIL; e++) {
    const ptrdiff_t ni = i + steps[e][0], nj = j + steps[e][1];
    if (ni == i && nj == j) {
      diagonal = n;
      columns[n++] = row;
      continue;
    }
    const bool inside = ni >= 0 && ni < d->n[0] && nj >= 0 && nj < d->n[1];
    const double h = d->h[steps[e][0] ? 0 : 1], conductance = c->diffusion / (inside ? h : 0.5 * h);
    const double flow = face_flow(d, i, j, steps[e]);
    /* nothing flows with u = 0, but the exponential profile sees the flow */
    const bool plain = !inside && c->scheme == FH_CONVECTION_CENTRAL;
    sum += conductance / h * (plain ? 1.0 : weight(c->scheme, -flow / conductance));
    if (!inside) continue;
    columns[n] = (PetscInt)(ni * d->n[1] + nj);
    values[n++] = -conductance / h * weight(c->scheme, flow / conductance);
  }
  values[diagonal] = sum;
  return n;
}

static double row_rhs(const fh_problem *p, PetscInt row)
{
  const fh_convection_config *c = p->config;
  const convection *d = p->data;
  if (d->field) return c->source;
  return test_source(c, fh_grid_point(&p->grid, 0, row / d->n[1]),
                     fh_grid_point(&p->grid, 1, row % d->n[1]));
}

/* for -pc_type fastelliptic, which inverts the diffusion alone */
static PetscErrorCode matrix_create(fh_problem *p, Mat *matrix)
{
  const convection *d = p->data;
  FHEllipticGrid grid = {.dim = 2};
  PetscFunctionBeginUser;
  for (int a = 0; a < 2; a++) {
    grid.n[a] = (PetscInt)d->n[a];
    grid.spacing[a] = d->h[a];
    grid.side[a][0] = grid.side[a][1] = FH_SIDE_DIRICHLET_CELL;
  }
  PetscCall(fh_rows_create(p, STENCIL, matrix));
  PetscCall(FHPCFastEllipticSetGrid((PetscObject)*matrix, &grid));
  PetscFunctionReturn(0);
}

static PetscErrorCode matrix(fh_problem *p, Mat a)
{
  return fh_rows_matrix(p, fill_row, a);
}

static PetscErrorCode rhs(fh_problem *p, Vec b)
{
  return fh_rows_vector(p, row_rhs, b);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void describe(fh_problem *p, const convection *d)
{
  const fh_convection_config *c = p->config;
  fh_problem_add_field(p, "b_x", "1", "velocity along x", false);
  fh_problem_add_field(p, "b_y", "1", "velocity along y", false);
  fh_problem_add_field(p, "u", "1", "concentration", true);
  fh_problem_add_scalar(p, "diffusion", c->diffusion);
  fh_problem_add_scalar(p, "speed", c->speed);
  fh_problem_add_scalar(p, "source", c->source);
  if (!d->field) return;
  fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
  fh_problem_add_scalar(p, "field_tau", c->law.tau);
  fh_problem_add_scalar(p, "field_alpha", c->law.alpha);
}

static fh_status setup(fh_problem *p)
{
  const fh_convection_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  convection *d = NULL;
  FH_TRY(fh_problem_points(p, 2, n));
  FH_CHECK(n[0] >= 2 && n[1] >= 2, FH_ERR_USAGE,
           "size %td x %td is too small: at least 2 cells an axis", n[0], n[1]);
  FH_CHECK(c->diffusion > 0.0 && isfinite(c->diffusion), FH_ERR_USAGE,
           "diffusion = %g: it must be positive", c->diffusion);
  FH_CHECK(c->flow != 0 || c->law.alpha > 2.0, FH_ERR_USAGE,
           "field_alpha = %g: the stream function must have a derivative, which needs more than 2",
           c->law.alpha);
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(fh_grid_box(2, n, FH_DIRICHLET, FH_CELL, &p->grid));
  for (int a = 0; a < 2; a++) {
    d->n[a] = n[a]++;
    d->h[a] = fh_grid_spacing(&p->grid, a);
  }
  FH_TRY(fh_grid_box(2, n, FH_DIRICHLET, FH_NODE, &d->vertices));
  FH_NEW(d->psi, fh_grid_size(&d->vertices));
  if (c->flow == 0) FH_TRY(fh_grf_create(&c->law, &d->vertices, &d->field));
  p->unknowns = d->n[0] * d->n[1];
  p->constant_matrix = !d->field || c->speed == 0.0;
  describe(p, d);
  return FH_OK;
}

static void store(fh_problem *p, const double *x)
{
  memcpy(p->value[2], x, (size_t)p->unknowns * sizeof *x);
}

static bool load(const fh_problem *p, double *x)
{
  memcpy(x, p->value[2], (size_t)p->unknowns * sizeof *x);
  return true;
}

static void destroy(fh_problem *p)
{
  convection *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_free(d->psi);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_convection_config) <= FH_PROBLEM_CONFIG_BYTES, "room for a configuration");

const fh_problem_class fh_convection_class = {
    .name = "convection",
    .help =
        "div(b u - D grad u) = f on the unit square, u = 0 on the boundary; flow b random: b -> u",
    .fields = fields,
    .config_bytes = sizeof(fh_convection_config),
    .setup = setup,
    .sample = sample,
    .matrix_create = matrix_create,
    .matrix = matrix,
    .rhs = rhs,
    .store = store,
    .load = load,
    .destroy = destroy};
