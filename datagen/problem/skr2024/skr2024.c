#include "datagen/problem/skr2024/skr2024.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "datagen/field/grf.h"
#include "datagen/problem/rows.h"

enum { STENCIL = 5, LEAST = 5 };

typedef struct {
  fh_grf *field;
  ptrdiff_t m; /* unknowns per axis: two less than points of the coefficient */
  double h;    /* their distance, as published: 1/(m - 1) */
  double k;    /* of the current sample; 0: skr-2024-darcy */
  bool has_k;
} skr2024;

/* no options: what could be changed would not be what was published */
typedef struct {
  int none;
} config;

static const fh_field fields[] = {FH_FIELDS_END};

double fh_skr2024_wave_number(uint64_t seed, int64_t index)
{
  const fh_rng rng = {seed, FH_STREAM_FIELD, (uint64_t)index, 1};
  return fh_rng_uniform(&rng, 0);
}

/* coefficient of the upper neighbour of an unknown: two places before its own in the array of the
   neighbours, running on into the row before */
static double upper_coefficient(const fh_problem *p, const skr2024 *d, ptrdiff_t unknown)
{
  const ptrdiff_t place = unknown - 2;
  return p->value[0][place / d->m * p->grid.n[1] + place % d->m + 1];
}

static PetscInt fill_row(const fh_problem *p, PetscInt row, PetscInt *columns, PetscScalar *values)
{
  const skr2024 *d = p->data;
  const ptrdiff_t m = d->m, i = row / m, j = row % m, width = p->grid.n[1];
  const double *own = p->value[0] + (i + 1) * width + j + 1;
  PetscInt n = 0;
  if (i > 0) columns[n] = (PetscInt)(row - m), values[n++] = -upper_coefficient(p, d, row);
  if (j > 0) columns[n] = row - 1, values[n++] = -own[-1];
  columns[n] = row, values[n++] = 4.0 * own[0] - d->h * d->h * d->k * d->k;
  if (j < m - 1) columns[n] = row + 1, values[n++] = -own[1];
  if (i < m - 1) columns[n] = (PetscInt)(row + m), values[n++] = -own[width];
  return n;
}

static double row_rhs(const fh_problem *p, PetscInt row)
{
  const skr2024 *d = p->data;
  (void)row;
  return d->h * d->h;
}

static PetscErrorCode matrix_create(fh_problem *p, Mat *matrix)
{
  return fh_rows_create(p, STENCIL, matrix);
}

static PetscErrorCode matrix(fh_problem *p, Mat a)
{
  return fh_rows_matrix(p, fill_row, a);
}

static PetscErrorCode rhs(fh_problem *p, Vec b)
{
  return fh_rows_vector(p, row_rhs, b);
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  skr2024 *d = p->data;
  double *a = p->value[0];
  fh_grf_sample(d->field, seed, (uint64_t)index, 0, a);
  fh_grf_exponential(d->field, 1.0, fh_grid_size(&p->grid), a);
  if (d->has_k) d->k = fh_skr2024_wave_number(seed, index);
  return FH_OK;
}

static fh_status set_up(fh_problem *p, bool has_k)
{
  /* sigma = tau^(alpha - 1), the default */
  const fh_grf_law law = {.tau = 7.0, .alpha = 2.5, .boundary = FH_GRF_PERIODIC};
  ptrdiff_t n[FH_MAX_DIM];
  skr2024 *d = NULL;
  fh_grid torus;
  FH_TRY(fh_problem_points(p, 2, n));
  FH_CHECK(n[0] == n[1] && n[0] >= LEAST, FH_ERR_USAGE,
           "size %td x %td: the published matrices are square, with at least %d points", n[0], n[1],
           LEAST);
  FH_NEW(d, 1);
  p->data = d;
  d->has_k = has_k;
  d->m = n[0] - 2;
  d->h = 1.0 / (double)(d->m - 1);
  FH_TRY(fh_grid_box(2, n, FH_DIRICHLET, FH_NODE, &p->grid));
  /* the field repeats after n points, not after n - 1 */
  FH_TRY(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &torus));
  FH_TRY(fh_grf_create(&law, &torus, &d->field));
  p->unknowns = d->m * d->m;
  fh_problem_add_field(p, "a", "1", "coefficient as published, no permeability", false);
  fh_problem_add_field(p, "u", "1", "solution of the published system, 0 on the border", true);
  fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
  fh_problem_add_scalar(p, "field_tau", law.tau);
  fh_problem_add_scalar(p, "field_alpha", law.alpha);
  return FH_OK;
}

static fh_status setup_darcy(fh_problem *p)
{
  return set_up(p, false);
}

static fh_status setup_helmholtz(fh_problem *p)
{
  return set_up(p, true);
}

static void store(fh_problem *p, const double *x)
{
  const skr2024 *d = p->data;
  double *u = p->value[1];
  memset(u, 0, (size_t)fh_grid_size(&p->grid) * sizeof *u);
  for (ptrdiff_t i = 0; i < d->m; i++)
    memcpy(u + (i + 1) * p->grid.n[1] + 1, x + i * d->m, (size_t)d->m * sizeof *x);
}

static bool load(const fh_problem *p, double *x)
{
  const skr2024 *d = p->data;
  for (ptrdiff_t i = 0; i < d->m; i++)
    memcpy(x + i * d->m, p->value[1] + (i + 1) * p->grid.n[1] + 1, (size_t)d->m * sizeof *x);
  return true;
}

static void destroy(fh_problem *p)
{
  skr2024 *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_free(d);
  p->data = NULL;
}

const fh_problem_class fh_skr2024_darcy_class = {
    .name = "skr-2024-darcy",
    .help =
        "NOT Darcy's equation: the matrices published under this name with SKR, to reproduce it",
    .fields = fields,
    .config_bytes = sizeof(config),
    .setup = setup_darcy,
    .sample = sample,
    .matrix_create = matrix_create,
    .matrix = matrix,
    .rhs = rhs,
    .store = store,
    .load = load,
    .destroy = destroy};

const fh_problem_class fh_skr2024_helmholtz_class = {
    .name = "skr-2024-helmholtz",
    .help = "NOT Helmholtz' equation: the same matrices minus h^2 k^2, one k < 1 a sample",
    .fields = fields,
    .config_bytes = sizeof(config),
    .setup = setup_helmholtz,
    .sample = sample,
    .matrix_create = matrix_create,
    .matrix = matrix,
    .rhs = rhs,
    .store = store,
    .load = load,
    .destroy = destroy};
