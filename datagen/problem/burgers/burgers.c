#include "datagen/problem/burgers/burgers.h"

#include <math.h>

#include "base/memory.h"

static const char *const initial_names[] = {"field", "cole_hopf", NULL};

#define AT(member) offsetof(fh_burgers_config, member)
static const fh_field fields[] = {
    {"viscosity", FH_FIELD_REAL, AT(viscosity), "0.1", 0.0, 1e9, NULL, "factor of u_xx"},
    {"length", FH_FIELD_REAL, AT(length), "1", 1e-6, 1e6, NULL, "of the periodic line"},
    {"initial", FH_FIELD_ENUM, AT(initial), "field", 0.0, 0.0, initial_names,
     "u at t = 0: field (random: an input, or the first frame); cole_hopf has an exact solution"},
    FH_MARCH_FIELDS(fh_burgers_config, march, "1", "0"),
    FH_GRF_SHAPE_FIELDS(fh_burgers_config, law, "5", "2"),
    FH_FIELDS_END};
#undef AT

typedef struct {
  fh_grf *field; /* NULL if nothing is random */
  fh_march *march;
  int initial_field, output; /* numbers of the stored fields; initial_field -1: the first frame */
  double *square;            /* coefficients of u^2 */
  double fastest;            /* largest |u| in the last product */
  double cells;              /* of unit length */
} burgers;

double fh_burgers_exact(const fh_burgers_config *c, double t, double x)
{
  const double k = 6.283185307179586 / c->length, rate = c->viscosity * k * k;
  const double a = 0.5 * exp(-rate * t), b = 0.3 * exp(-4.0 * rate * t);
  const double phi = 1.0 + a * cos(k * x) + b * sin(2.0 * k * x);
  const double phi_x = k * (-a * sin(k * x) + 2.0 * b * cos(2.0 * k * x));
  return -2.0 * c->viscosity * phi_x / phi;
}

/* ---- the equation -------------------------------------------------------------------------------- */

static void square(void *context, ptrdiff_t first, ptrdiff_t count, double *u)
{
  burgers *d = context;
  (void)first;
  for (ptrdiff_t i = 0; i < count; i++) {
    d->fastest = fmax(d->fastest, fabs(u[i]));
    u[i] *= u[i];
  }
}

/* -(u^2 / 2)_x */
static fh_status slope(void *context, const double *u, double *s, double *courant)
{
  burgers *d = context;
  fh_plane *plane = fh_march_plane(d->march);
  const fh_plane_layout *l = fh_plane_where(plane);
  d->fastest = 0.0;
  FH_TRY(fh_plane_product(plane, 1, &u, &d->square, square, d));
  for (ptrdiff_t i = 0; i < l->modes; i++) {
    const double half = 0.5 * fh_march_wave_unit(d->march, 1) * (double)(l->first_column + i);
    s[2 * i] = half * d->square[2 * i + 1];
    s[2 * i + 1] = -half * d->square[2 * i];
  }
  *courant = d->cells * d->fastest;
  return FH_OK;
}

/* ---- the class ----------------------------------------------------------------------------------- */

static fh_status set_grid(fh_problem *p)
{
  const fh_burgers_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  int ranks = 1;
  FH_TRY(fh_problem_points(p, 1, n));
  FH_TRY_MPI(MPI_Comm_size(p->comm, &ranks));
  FH_CHECK(ranks == 1, FH_ERR_USAGE,
           "ranks_per_sample = %d: a line is not shared by ranks, take 1 and share the samples",
           ranks);
  FH_CHECK(n[0] >= 4, FH_ERR_USAGE,
           "size %td is too small: at least 4 points carry a wave and its square", n[0]);
  FH_TRY(fh_grid_box(1, n, FH_PERIODIC, FH_NODE, &p->grid));
  p->grid.length[0] = c->length;
  p->unknowns = n[0];
  return FH_OK;
}

static void describe(fh_problem *p, burgers *d)
{
  const fh_burgers_config *c = p->config;
  d->initial_field = -1;
  if (p->time.steps == 1)
    d->initial_field = fh_problem_add_field(p, "u_initial", "1", "velocity at time 0", false);
  d->output = fh_problem_add_field(p, "u", "1", "velocity", true);
  fh_problem_add_scalar(p, "viscosity", c->viscosity);
  if (!d->field) return;
  fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
  fh_problem_add_scalar(p, "field_tau", c->law.tau);
  fh_problem_add_scalar(p, "field_alpha", c->law.alpha);
}

static fh_status setup(fh_problem *p)
{
  const fh_burgers_config *c = p->config;
  burgers *d = NULL;
  FH_TRY(set_grid(p));
  FH_TRY(fh_march_times(&c->march, &p->time));
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(fh_march_create(p, &c->march, c->viscosity, slope, d, &d->march));
  const fh_plane_layout *l = fh_plane_where(fh_march_plane(d->march));
  fh_grf_law law = c->law;
  law.boundary = FH_GRF_PERIODIC;
  /* waves that the solver carries: what is stored is what is integrated */
  if (law.modes == 0 || law.modes > l->cut[1] + 1) law.modes = l->cut[1] + 1;
  if (c->initial == FH_BURGERS_FIELD) FH_TRY(fh_grf_create(&law, &p->grid, &d->field));
  describe(p, d);
  FH_NEW(d->square, 2 * l->modes);
  d->cells = (double)p->grid.n[0] / c->length;
  return FH_OK;
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const burgers *d = p->data;
  double *u = p->value[d->initial_field >= 0 ? d->initial_field : d->output];
  if (d->field) {
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, u);
    return FH_OK;
  }
  for (ptrdiff_t i = 0; i < p->grid.n[0]; i++)
    u[i] = fh_burgers_exact(p->config, 0.0, fh_grid_point(&p->grid, 0, i));
  return FH_OK;
}

static fh_status evolve(fh_problem *p, fh_frame_taker take, void *context, fh_evolution *evolution)
{
  burgers *d = p->data;
  const double *initial = p->value[d->initial_field >= 0 ? d->initial_field : d->output];
  return fh_march_run(d->march, p, initial, d->output, take, context, evolution);
}

static void destroy(fh_problem *p)
{
  burgers *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_march_destroy(&d->march);
  fh_free(d->square);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_burgers_config) <= FH_PROBLEM_CONFIG_BYTES, "room for a configuration");

const fh_problem_class fh_burgers_class = {
    .name = "burgers",
    .help =
        "u_t + (u^2/2)_x = nu u_xx on a periodic line: random initial state -> u, at one time or "
        "many",
    .fields = fields,
    .config_bytes = sizeof(fh_burgers_config),
    .setup = setup,
    .sample = sample,
    .evolve = evolve,
    .destroy = destroy};
