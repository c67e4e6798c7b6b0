#include "datagen/problem/poisson/poisson.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "datagen/problem/rows.h"
#include "datagen/skr/fastelliptic.h"

enum {
  MOST_DEGREE = 31,
  TERMS = MOST_DEGREE + 1,
  SIDES = 4,
  STENCIL = 5,
  SOURCE = 0,
  BOUNDARY = 1
};

typedef struct {
  fh_grf *field;
  ptrdiff_t m[2];   /* interior vertices per axis */
  double weight[2]; /* 1/h^2 */
  /* of the current sample: [l][k] of T_k(x) T_l(y); [0][k] where there is one variable */
  double source[TERMS][TERMS], side[SIDES + 1][1][TERMS];
} poisson;

static const double pi = 3.14159265358979323846;

static const char *const law_names[] = {"chebyshev", "chebyshev_x", "field", "manufactured", NULL};

static const fh_field fields[] = {
    {"law", FH_FIELD_ENUM, offsetof(fh_poisson_config, law), "chebyshev", 0.0, 0.0, law_names,
     "chebyshev: f(x, y) and g along the sides; chebyshev_x (as published 2024); field: f random, "
     "g = 0; manufactured"},
    {"degree", FH_FIELD_INT, offsetof(fh_poisson_config, degree), "5", 0.0, MOST_DEGREE, NULL,
     "of the Chebyshev polynomials (the published code: 5, six coefficients each)"},
    {"amplitude", FH_FIELD_REAL, offsetof(fh_poisson_config, amplitude), "1", 0.0, 0.0, NULL,
     "coefficients are uniform on (-amplitude, amplitude); field: factor of the field"},
    FH_GRF_FIELDS(fh_poisson_config, field, "3", "2"),
    FH_FIELDS_END};

/* ---- what is sampled ------------------------------------------------------------------------------- */

double fh_poisson_exact(double x, double y)
{
  return exp(x) * sin(2.0 * pi * y + 0.5) + x * x * y;
}

static double exact_source(double x, double y)
{
  return (4.0 * pi * pi - 1.0) * exp(x) * sin(2.0 * pi * y + 0.5) - 2.0 * y;
}

/* T_0..T_degree of t in [-1, 1] */
static void chebyshev(ptrdiff_t degree, double t, double *values)
{
  values[0] = 1.0;
  if (degree >= 1) values[1] = t;
  for (ptrdiff_t k = 2; k <= degree; k++) values[k] = 2.0 * t * values[k - 1] - values[k - 2];
}

/* a number is named by its degrees, so that a higher degree adds some and changes none */
static void draw(const fh_poisson_config *c, fh_rng rng, uint64_t which, ptrdiff_t rows,
                 double (*table)[TERMS])
{
  rng.field = which;
  for (ptrdiff_t l = 0; l < rows; l++)
    for (ptrdiff_t k = 0; k <= c->degree - l; k++)
      table[l][k] = c->amplitude * (2.0 * fh_rng_uniform(&rng, (uint64_t)(l * TERMS + k)) - 1.0);
}

static void draw_all(const fh_poisson_config *c, const fh_rng *rng, poisson *d)
{
  draw(c, *rng, 0, c->law == FH_POISSON_CHEBYSHEV ? c->degree + 1 : 1, d->source);
  for (uint64_t side = 1; side <= SIDES; side++) draw(c, *rng, side, 1, d->side[side]);
}

/* a polynomial of s in [0, 1], or of (s, t) with total degree at most `degree` if t >= 0 */
static double polynomial(ptrdiff_t degree, double (*table)[TERMS], double s, double t)
{
  double a[TERMS], b[TERMS] = {1.0}, sum = 0.0;
  chebyshev(degree, 2.0 * s - 1.0, a);
  if (t >= 0.0) chebyshev(degree, 2.0 * t - 1.0, b);
  for (ptrdiff_t l = 0; l <= (t >= 0.0 ? degree : 0); l++)
    for (ptrdiff_t k = 0; k <= degree - l; k++) sum += table[l][k] * a[k] * b[l];
  return sum;
}

/* side 1: y = 0, 2: x = 1, 3: y = 1, 4: x = 0 */
static double side_value(const fh_poisson_config *c, poisson *d, int side, double x, double y)
{
  if (c->law == FH_POISSON_MANUFACTURED) return fh_poisson_exact(x, y);
  const bool along_y = side % 2 == 0 && c->law == FH_POISSON_CHEBYSHEV;
  return polynomial(c->degree, d->side[side], along_y ? y : x, -1.0);
}

/* the mean of the sides that meet in a corner, where they need not agree; no row uses the corners */
static double boundary_value(const fh_problem *p, ptrdiff_t i, ptrdiff_t j)
{
  const ptrdiff_t *n = p->grid.n;
  const double x = fh_grid_point(&p->grid, 0, i), y = fh_grid_point(&p->grid, 1, j);
  const bool on[SIDES + 1] = {false, j == 0, i == n[0] - 1, j == n[1] - 1, i == 0};
  double sum = 0.0;
  int count = 0;
  for (int side = 1; side <= SIDES; side++)
    if (on[side]) {
      sum += side_value(p->config, p->data, side, x, y);
      count++;
    }
  return count ? sum / count : 0.0;
}

static double source_value(const fh_poisson_config *c, poisson *d, double x, double y)
{
  if (c->law == FH_POISSON_MANUFACTURED) return exact_source(x, y);
  return polynomial(c->degree, d->source, x, c->law == FH_POISSON_CHEBYSHEV ? y : -1.0);
}

static fh_status check_finite(const fh_problem *p)
{
  for (ptrdiff_t i = 0; i < fh_grid_size(&p->grid); i++)
    FH_CHECK(isfinite(p->value[SOURCE][i]), FH_ERR_NUMERIC,
             "the source is %g at point %td: it must be finite", p->value[SOURCE][i], i);
  return FH_OK;
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_poisson_config *c = p->config;
  poisson *d = p->data;
  const fh_rng rng = {seed, FH_STREAM_FIELD, (uint64_t)index, 0};
  double *f = p->value[SOURCE];
  if (c->law == FH_POISSON_FIELD) {
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, f);
    for (ptrdiff_t i = 0; i < fh_grid_size(&p->grid); i++) f[i] *= c->amplitude;
    return check_finite(p);
  }
  draw_all(c, &rng, d);
  for (ptrdiff_t i = 0; i < p->grid.n[0]; i++)
    for (ptrdiff_t j = 0; j < p->grid.n[1]; j++) {
      const ptrdiff_t at = i * p->grid.n[1] + j;
      f[at] = source_value(c, d, fh_grid_point(&p->grid, 0, i), fh_grid_point(&p->grid, 1, j));
      p->value[BOUNDARY][at] = boundary_value(p, i, j);
    }
  return check_finite(p);
}

/* ---- the system ------------------------------------------------------------------------------------ */

static const int steps[STENCIL][2] = {{-1, 0}, {0, -1}, {0, 0}, {0, 1}, {1, 0}};

/* unknown (i, j) is vertex (i + 1, j + 1) */
static PetscInt fill_row(const fh_problem *p, PetscInt row, PetscInt *columns, PetscScalar *values)
{
  const poisson *d = p->data;
  const ptrdiff_t i = row / d->m[1], j = row % d->m[1];
  PetscInt n = 0;
  for (int e = 0; e < STENCIL; e++) {
    const ptrdiff_t ni = i + steps[e][0], nj = j + steps[e][1];
    if (ni < 0 || ni >= d->m[0] || nj < 0 || nj >= d->m[1]) continue;
    columns[n] = (PetscInt)(ni * d->m[1] + nj);
    values[n++] =
        ni == i && nj == j ? 2.0 * (d->weight[0] + d->weight[1]) : -d->weight[ni == i ? 1 : 0];
  }
  return n;
}

static double row_rhs(const fh_problem *p, PetscInt row)
{
  const poisson *d = p->data;
  const fh_poisson_config *c = p->config;
  const ptrdiff_t i = row / d->m[1] + 1, j = row % d->m[1] + 1, width = p->grid.n[1];
  double sum = p->value[SOURCE][i * width + j];
  if (c->law == FH_POISSON_FIELD) return sum;
  /* g is 0 inside */
  for (int e = 0; e < STENCIL; e++)
    if (steps[e][0] != 0 || steps[e][1] != 0)
      sum += d->weight[steps[e][0] ? 0 : 1] *
             p->value[BOUNDARY][(i + steps[e][0]) * width + j + steps[e][1]];
  return sum;
}

/* with its grid attached: -pc_type fastelliptic is an exact inverse here */
static PetscErrorCode matrix_create(fh_problem *p, Mat *matrix)
{
  const poisson *d = p->data;
  FHEllipticGrid grid = {.dim = 2};
  PetscFunctionBeginUser;
  for (int a = 0; a < 2; a++) {
    grid.n[a] = (PetscInt)d->m[a];
    grid.side[a][0] = grid.side[a][1] = FH_SIDE_DIRICHLET_NODE;
    grid.spacing[a] = fh_grid_spacing(&p->grid, a);
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

static fh_status setup(fh_problem *p)
{
  const fh_poisson_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  poisson *d = NULL;
  FH_TRY(fh_problem_points(p, 2, n));
  FH_CHECK(n[0] >= 3 && n[1] >= 3, FH_ERR_USAGE,
           "size %td x %td is too small: vertices with the boundary need at least 3 an axis", n[0],
           n[1]);
  FH_CHECK(c->amplitude > 0.0 && isfinite(c->amplitude), FH_ERR_USAGE,
           "amplitude = %g: it must be positive", c->amplitude);
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(fh_grid_box(2, n, FH_DIRICHLET, FH_NODE, &p->grid));
  if (c->law == FH_POISSON_FIELD) FH_TRY(fh_grf_create(&c->field, &p->grid, &d->field));
  for (int a = 0; a < 2; a++) {
    const double h = fh_grid_spacing(&p->grid, a);
    d->m[a] = n[a] - 2;
    d->weight[a] = 1.0 / (h * h);
  }
  p->unknowns = d->m[0] * d->m[1];
  p->symmetric = p->positive_definite = p->constant_matrix = true;
  fh_problem_add_field(p, "f", "1", "source", false);
  if (!d->field) fh_problem_add_field(p, "g", "1", "boundary values, 0 inside", false);
  fh_problem_add_field(p, "u", "1", "solution", true);
  fh_problem_add_scalar(p, "amplitude", c->amplitude);
  if (!d->field) fh_problem_add_scalar(p, "degree", (double)c->degree);
  return FH_OK;
}

static void store(fh_problem *p, const double *x)
{
  const poisson *d = p->data;
  double *u = p->value[p->n_fields - 1];
  const size_t size = (size_t)fh_grid_size(&p->grid) * sizeof *u;
  if (d->field) {
    memset(u, 0, size);
  } else {
    memcpy(u, p->value[BOUNDARY], size);
  }
  for (ptrdiff_t i = 0; i < d->m[0]; i++)
    memcpy(u + (i + 1) * p->grid.n[1] + 1, x + i * d->m[1], (size_t)d->m[1] * sizeof *x);
}

static bool load(const fh_problem *p, double *x)
{
  const poisson *d = p->data;
  const double *u = p->value[p->n_fields - 1];
  for (ptrdiff_t i = 0; i < d->m[0]; i++)
    memcpy(x + i * d->m[1], u + (i + 1) * p->grid.n[1] + 1, (size_t)d->m[1] * sizeof *x);
  return true;
}

static void destroy(fh_problem *p)
{
  poisson *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_poisson_config) <= FH_PROBLEM_CONFIG_BYTES, "room for a configuration");

const fh_problem_class fh_poisson_class = {
    .name = "poisson",
    .help = "-Laplace u = f on the unit square, u = g on the boundary; f, g random: (f, g) -> u",
    .fields = fields,
    .config_bytes = sizeof(fh_poisson_config),
    .setup = setup,
    .sample = sample,
    .matrix_create = matrix_create,
    .matrix = matrix,
    .rhs = rhs,
    .store = store,
    .load = load,
    .destroy = destroy};
