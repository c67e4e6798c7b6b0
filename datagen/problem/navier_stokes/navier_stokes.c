#include "datagen/problem/navier_stokes/navier_stokes.h"

#include <string.h>

#include "base/memory.h"
#include "datagen/problem/navier_stokes/navier_stokes_impl.h"

static const char *const forcing_names[] = {"none",  "diagonal",     "kolmogorov",
                                            "field", "manufactured", NULL};
static const char *const initial_names[] = {"field", "zero", "taylor_green", "manufactured", NULL};

#define AT(member) offsetof(fh_navier_stokes_config, member)
static const fh_field fields[] = {
    {"viscosity", FH_FIELD_REAL, AT(viscosity), "1e-3", 0.0, 1e9, NULL,
     "kinematic viscosity; 1/Re in the units of the equation"},
    {"length", FH_FIELD_REAL, AT(length), "1", 1e-6, 1e6, NULL, "of the sides of the periodic box"},
    {"forcing", FH_FIELD_ENUM, AT(forcing), "diagonal", 0.0, 0.0, forcing_names,
     "of the vorticity: none, diagonal A (sin k(x+y) + cos k(x+y)), kolmogorov A cos ky, field "
     "(random, an input); manufactured has an exact solution"},
    {"forcing_amplitude", FH_FIELD_REAL, AT(forcing_amplitude), "0.1", 0.0, 0.0, NULL,
     "A of diagonal and kolmogorov"},
    {"forcing_wave", FH_FIELD_INT, AT(forcing_wave), "1", 1.0, 1e6, NULL,
     "their wave number: k = 2 pi wave / length"},
    {"initial", FH_FIELD_ENUM, AT(initial), "field", 0.0, 0.0, initial_names,
     "vorticity at t = 0: field (random: an input, or the first frame), zero; taylor_green and "
     "manufactured have exact solutions"},
    FH_MARCH_FIELDS(fh_navier_stokes_config, march, "1", "0"),
    FH_GRF_SHAPE_FIELDS(fh_navier_stokes_config, law, "7", "2.5"),
    FH_FIELDS_END};
#undef AT

static bool is_random(const fh_navier_stokes_config *c)
{
  return c->forcing == FH_FORCING_FIELD || c->initial == FH_INITIAL_FIELD;
}

static fh_status set_grid(fh_problem *p)
{
  const fh_navier_stokes_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  FH_TRY(fh_problem_points(p, 2, n));
  for (int a = 0; a < 2; a++)
    FH_CHECK(n[a] >= 4, FH_ERR_USAGE,
             "size %td along axis %d is too small: at least 4 points carry a wave and its square",
             n[a], a);
  FH_TRY(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &p->grid));
  p->grid.length[0] = p->grid.length[1] = c->length;
  p->unknowns = n[0] * n[1];
  return FH_OK;
}

static fh_status set_fields(fh_problem *p, fh_navier_stokes *d)
{
  const fh_navier_stokes_config *c = p->config;
  d->forcing_field = d->initial_field = -1;
  if (c->forcing == FH_FORCING_FIELD)
    d->forcing_field = fh_problem_add_field(p, "forcing", "1", "forcing of the vorticity", false);
  if (p->time.steps == 1 && c->initial != FH_INITIAL_ZERO)
    d->initial_field =
        fh_problem_add_field(p, "vorticity_initial", "1", "vorticity at time 0", false);
  d->output = fh_problem_add_field(p, "vorticity", "1", "vorticity", true);
  FH_CHECK(p->n_fields > 1 || p->time.steps > 1, FH_ERR_USAGE,
           "nothing varies from sample to sample: take a random field as -forcing or -initial");
  fh_problem_add_scalar(p, "viscosity", c->viscosity);
  if (c->forcing == FH_FORCING_DIAGONAL || c->forcing == FH_FORCING_KOLMOGOROV)
    fh_problem_add_scalar(p, "forcing_amplitude", c->forcing_amplitude);
  if (!is_random(c)) return FH_OK;
  fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
  fh_problem_add_scalar(p, "field_tau", c->law.tau);
  fh_problem_add_scalar(p, "field_alpha", c->law.alpha);
  return FH_OK;
}

/* waves that the solver carries: what is stored is what is integrated */
static fh_status set_law(fh_problem *p, fh_navier_stokes *d)
{
  const fh_navier_stokes_config *c = p->config;
  fh_grf_law law = c->law;
  law.boundary = FH_GRF_PERIODIC;
  for (int a = 0; a < 2; a++) {
    const ptrdiff_t most = fh_plane_where(fh_march_plane(d->march))->cut[a] + 1;
    if (law.modes == 0 || law.modes > most) law.modes = most;
  }
  return fh_grf_create(&law, &p->grid, &d->field);
}

static fh_status allocate(fh_problem *p, fh_navier_stokes *d)
{
  const fh_navier_stokes_config *c = p->config;
  const ptrdiff_t points = fh_grid_size(&p->grid);
  const ptrdiff_t modes = fh_plane_where(fh_march_plane(d->march))->modes;
  FH_NEW(d->f, 2 * modes);
  FH_NEW(d->u, 2 * modes);
  FH_NEW(d->v, 2 * modes);
  FH_NEW(d->forcing, points);
  FH_NEW(d->initial, points);
  fh_navier_stokes_forcing(c, &p->grid, d->forcing);
  fh_navier_stokes_initial(c, &p->grid, d->initial);
  for (int a = 0; a < 2; a++) d->cells[a] = (double)p->grid.n[a] / p->grid.length[a];
  return fh_march_modes(d->march, d->forcing, d->f);
}

static fh_status setup(fh_problem *p)
{
  const fh_navier_stokes_config *c = p->config;
  fh_navier_stokes *d = NULL;
  FH_TRY(set_grid(p));
  FH_TRY(fh_march_times(&c->march, &p->time));
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(fh_march_create(p, &c->march, c->viscosity, fh_navier_stokes_slope, d, &d->march));
  if (is_random(c)) FH_TRY(set_law(p, d));
  FH_TRY(set_fields(p, d));
  return allocate(p, d);
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_navier_stokes_config *c = p->config;
  const fh_navier_stokes *d = p->data;
  /* a trajectory keeps its initial state as first frame */
  double *initial = d->initial_field >= 0 ? p->value[d->initial_field] : p->value[d->output];
  if (c->forcing == FH_FORCING_FIELD)
    fh_grf_sample(d->field, seed, (uint64_t)index, 0, p->value[d->forcing_field]);
  if (c->initial == FH_INITIAL_FIELD)
    fh_grf_sample(d->field, seed, (uint64_t)index, 1, initial);
  else
    memcpy(initial, d->initial, (size_t)fh_grid_size(&p->grid) * sizeof *initial);
  return FH_OK;
}

static fh_status evolve(fh_problem *p, fh_frame_taker take, void *context, fh_evolution *evolution)
{
  fh_navier_stokes *d = p->data;
  const double *initial = p->value[d->initial_field >= 0 ? d->initial_field : d->output];
  if (d->forcing_field >= 0) FH_TRY(fh_march_modes(d->march, p->value[d->forcing_field], d->f));
  return fh_march_run(d->march, p, initial, d->output, take, context, evolution);
}

static void destroy(fh_problem *p)
{
  fh_navier_stokes *d = p->data;
  if (!d) return;
  fh_grf_destroy(&d->field);
  fh_march_destroy(&d->march);
  double *const all[] = {d->forcing, d->initial, d->f, d->u, d->v};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) fh_free(all[i]);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_navier_stokes_config) <= FH_PROBLEM_CONFIG_BYTES, "room");

const fh_problem_class fh_navier_stokes_class = {
    .name = "navier-stokes",
    .help =
        "w_t + u.grad w = nu Laplace w + f on a periodic square: forcing or initial vorticity -> "
        "vorticity, at one time or many",
    .fields = fields,
    .config_bytes = sizeof(fh_navier_stokes_config),
    .setup = setup,
    .sample = sample,
    .evolve = evolve,
    .destroy = destroy};
