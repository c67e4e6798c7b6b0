#include "datagen/problem/thermal/thermal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "datagen/problem/thermal/thermal_impl.h"

static const char *const conductivity_names[] = {"constant", "lognormal", "manufactured", NULL};
static const char *const values_names[] = {"random", "fixed", NULL};
static const char *const layout_names[] = {"grid", "nodes", NULL};

#define AT(member) offsetof(fh_thermal_config, member)
static const fh_field fields[] = {
    {"conductivity", FH_FIELD_ENUM, AT(conductivity), "constant", 0.0, 0.0, conductivity_names,
     "constant (k = 1, as published 2024: one matrix), lognormal (k = exp(scale * field)), "
     "manufactured"},
    {"boundary_values", FH_FIELD_ENUM, AT(boundary_values), "random", 0.0, 0.0, values_names,
     "random: temperature and flux times numbers uniform on (0, 1); fixed: they themselves"},
    {"temperature", FH_FIELD_REAL, AT(temperature), "100", 0.0, 0.0, NULL,
     "on the side that is held (temperature)"},
    {"flux", FH_FIELD_REAL, AT(flux), "-100", 0.0, 0.0, NULL,
     "k du/dn on the side with a flux, positive inwards (heat)"},
    {"scale", FH_FIELD_REAL, AT(scale), "1", 0.0, 0.0, NULL,
     "lognormal: conductivity = exp(scale * field)"},
    {"mesh_size", FH_FIELD_REAL, AT(mesh_size), "0.03", 0.0, 0.0, NULL,
     "length of the edges of our mesh (length); published: 0.05 to 0.01"},
    {"rectangle", FH_FIELD_REALS, AT(rectangle), "-0.5,0.5,-0.8,0.8", 0.0, 0.0, NULL,
     "x0,x1,y0,y1 of our mesh (length)"},
    {"slot", FH_FIELD_REALS, AT(slot), "-0.05,0.05,-0.4,0.4", 0.0, 0.0, NULL,
     "x0,x1,y0,y1 of the hole in it (length)"},
    {"mesh", FH_FIELD_TEXT, AT(mesh), "", 0.0, 0.0, NULL,
     "a mesh of triangles instead of ours: any file that PETSc's DMPlex reads (Gmsh's .msh)"},
    {"temperature_side", FH_FIELD_TEXT, AT(temperature_side), "6", 0.0, 0.0, NULL,
     "number or name of the side that is held; of our rectangle: 6 left, 1 right, 5 bottom, 7 top"},
    {"flux_side", FH_FIELD_TEXT, AT(flux_side), "1", 0.0, 0.0, NULL,
     "number or name of the side with the flux; all others are insulated"},
    {"layout", FH_FIELD_ENUM, AT(layout), "grid", 0.0, 0.0, layout_names,
     "what is stored: grid (size points over the box of the mesh, with a mask), nodes (of the "
     "mesh)"},
    FH_GRF_FIELDS(fh_thermal_config, law, "3", "2"),
    FH_FIELDS_END};
#undef AT

/* are temperature and flux inputs? */
static bool has_values(const fh_thermal_config *c)
{
  return c->boundary_values == FH_THERMAL_RANDOM && c->conductivity != FH_THERMAL_MANUFACTURED;
}

/* ---- setup ------------------------------------------------------------------------------------------- */

static fh_status check(const fh_thermal_config *c, const ptrdiff_t n[FH_MAX_DIM])
{
  FH_CHECK(n[0] >= 2 && n[1] >= 2, FH_ERR_USAGE,
           "size %td x %td is too small: the grid over the mesh needs at least 2 points an axis",
           n[0], n[1]);
  FH_CHECK(c->conductivity != FH_THERMAL_CONSTANT || c->boundary_values == FH_THERMAL_RANDOM,
           FH_ERR_USAGE,
           "conductivity constant with boundary_values fixed: nothing would vary from sample to "
           "sample");
  FH_CHECK(isfinite(c->temperature) && isfinite(c->flux), FH_ERR_USAGE,
           "temperature = %g and flux = %g must be finite", c->temperature, c->flux);
  FH_CHECK(c->rectangle.count == 4 && c->slot.count == 4, FH_ERR_USAGE,
           "rectangle has %d numbers and slot %d: both need 4, x0,x1,y0,y1", c->rectangle.count,
           c->slot.count);
  FH_CHECK(strcmp(c->temperature_side, c->flux_side) != 0, FH_ERR_USAGE,
           "temperature_side and flux_side are both '%s': they must differ", c->flux_side);
  return FH_OK;
}

static fh_status make_mesh(const fh_thermal_config *c, fh_mesh **mesh)
{
  const char *const sides[2] = {c->temperature_side, c->flux_side}; /* HELD_SIDE, FLUX_SIDE */
  if (c->mesh[0]) return fh_mesh_read(c->mesh, 2, sides, mesh);
  fh_mesh_slotted shape = {.size = c->mesh_size};
  memcpy(shape.rectangle, c->rectangle.value, sizeof shape.rectangle);
  memcpy(shape.slot, c->slot.value, sizeof shape.slot);
  return fh_mesh_slotted_create(&shape, 2, sides, mesh);
}

/* the grid over the mesh's box, and the stored one */
static fh_status set_grids(fh_problem *p, fh_thermal *d, const ptrdiff_t n[FH_MAX_DIM])
{
  const fh_thermal_config *c = p->config;
  const ptrdiff_t nodes[1] = {d->mesh->n_nodes};
  FH_TRY(fh_grid_box(2, n, FH_OPEN, FH_NODE, &d->plate));
  for (int a = 0; a < 2; a++) d->plate.length[a] = d->mesh->upper[a] - d->mesh->lower[a];
  p->grid = d->plate;
  if (c->layout == FH_THERMAL_NODES) FH_TRY(fh_grid_box(1, nodes, FH_OPEN, FH_NODE, &p->grid));
  return FH_OK;
}

static void describe_inputs(fh_problem *p, const fh_thermal *d)
{
  const fh_thermal_config *c = p->config;
  if (c->conductivity != FH_THERMAL_CONSTANT)
    fh_problem_add_field(p, "k", "1", "conductivity; it means nothing outside the mesh", false);
  if (has_values(c)) {
    fh_problem_add_field(p, "g", "1", "temperature along the side that is held, 0 elsewhere",
                         false);
    fh_problem_add_field(p, "q", "1", "flux k du/dn along the side that has one, 0 elsewhere",
                         false);
  }
  fh_problem_add_scalar(p, "temperature", c->temperature);
  fh_problem_add_scalar(p, "flux", c->flux);
  fh_problem_add_scalar(p, "origin_x", d->mesh->lower[0]);
  fh_problem_add_scalar(p, "origin_y", d->mesh->lower[1]);
  fh_problem_add_scalar(p, "mesh_checksum", fh_mesh_checksum(d->mesh));
  if (!d->field) return;
  fh_problem_add_scalar(p, "field_sigma", fh_grf_sigma(d->field));
  fh_problem_add_scalar(p, "field_tau", c->law.tau);
  fh_problem_add_scalar(p, "field_alpha", c->law.alpha);
}

static fh_status describe(fh_problem *p, fh_thermal *d)
{
  const fh_thermal_config *c = p->config;
  describe_inputs(p, d);
  fh_problem_add_field(p, "u", "1", "temperature, 0 outside the mesh", true);
  if (c->layout == FH_THERMAL_NODES) {
    p->mesh =
        (fh_writer_mesh){d->mesh->n_nodes, d->mesh->n_cells, (const double(*)[2])d->mesh->node,
                         (const int32_t(*)[FH_MESH_NODES])d->mesh->cell};
    return FH_OK;
  }
  FH_NEW(d->mask, fh_grid_size(&d->plate));
  for (ptrdiff_t i = 0; i < fh_grid_size(&d->plate); i++) d->mask[i] = d->where[i] >= 0;
  fh_problem_add_constant(p, "mask", "1 where the mesh is, 0 elsewhere", d->mask);
  return FH_OK;
}

static fh_status setup(fh_problem *p)
{
  const fh_thermal_config *c = p->config;
  ptrdiff_t n[FH_MAX_DIM];
  fh_thermal *d = NULL;
  FH_TRY(fh_problem_points(p, 2, n));
  FH_TRY(check(c, n));
  FH_NEW(d, 1);
  p->data = d;
  FH_TRY(make_mesh(c, &d->mesh));
  FH_TRY(set_grids(p, d, n));
  FH_TRY(fh_thermal_raster(d));
  FH_TRY(fh_thermal_assembly_create(p));
  if (c->conductivity == FH_THERMAL_LOGNORMAL) {
    FH_TRY(fh_grf_create(&c->law, &d->plate, &d->field));
    FH_NEW(d->conductivity, fh_grid_size(&d->plate));
  }
  FH_NEW(d->nodes, d->mesh->n_nodes);
  p->symmetric = p->positive_definite = true;
  p->constant_matrix = c->conductivity != FH_THERMAL_LOGNORMAL;
  return describe(p, d);
}

/* ---- a sample ----------------------------------------------------------------------------------------- */

static fh_status draw_conductivity(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_thermal_config *c = p->config;
  const fh_thermal *d = p->data;
  const ptrdiff_t size = fh_grid_size(&d->plate);
  if (!d->field) return FH_OK;
  fh_grf_sample(d->field, seed, (uint64_t)index, 0, d->conductivity);
  fh_grf_exponential(d->field, c->scale, size, d->conductivity);
  for (ptrdiff_t i = 0; i < size; i++) {
    FH_CHECK(d->conductivity[i] > 0.0 && isfinite(d->conductivity[i]), FH_ERR_NUMERIC,
             "the conductivity is %g at point %td: it must be positive and finite",
             d->conductivity[i], i);
  }
  return FH_OK;
}

/* k at the stored points */
static void show_conductivity(const fh_problem *p, double *k)
{
  const fh_thermal *d = p->data;
  const fh_thermal_config *c = p->config;
  const ptrdiff_t width = d->plate.n[1];
  for (ptrdiff_t i = 0; i < fh_grid_size(&p->grid); i++) {
    const double on_grid[2] = {d->mesh->lower[0] + fh_grid_point(&d->plate, 0, i / width),
                               d->mesh->lower[1] + fh_grid_point(&d->plate, 1, i % width)};
    const bool nodes = c->layout == FH_THERMAL_NODES;
    /* the very numbers that were drawn, not their interpolation */
    k[i] = !nodes && d->conductivity
               ? d->conductivity[i]
               : fh_thermal_conductivity_at(p, nodes ? d->mesh->node[i] : on_grid);
  }
}

/* value along a side, 0 elsewhere */
static void show_side(const fh_problem *p, int side, double value, double *out)
{
  const fh_thermal *d = p->data;
  const fh_thermal_config *c = p->config;
  memset(out, 0, (size_t)fh_grid_size(&p->grid) * sizeof *out);
  if (c->layout == FH_THERMAL_GRID) {
    for (ptrdiff_t i = 0; i < d->n_rim[side]; i++) out[d->rim[side][i]] = value;
    return;
  }
  for (ptrdiff_t e = 0; e < d->mesh->n_edges; e++)
    for (int i = 0; i < 3 && d->mesh->edge[e].side == side; i++)
      out[d->mesh->edge[e].node[i]] = value;
}

static fh_status sample(fh_problem *p, uint64_t seed, int64_t index)
{
  const fh_thermal_config *c = p->config;
  fh_thermal *d = p->data;
  const fh_rng rng = {seed, FH_STREAM_FIELD, (uint64_t)index, 1};
  const bool fixed = !has_values(c);
  int f = 0;
  d->temperature = c->temperature * (fixed ? 1.0 : fh_rng_uniform(&rng, 0));
  d->flux = c->flux * (fixed ? 1.0 : fh_rng_uniform(&rng, 1));
  FH_TRY(draw_conductivity(p, seed, index));
  if (c->conductivity != FH_THERMAL_CONSTANT) show_conductivity(p, p->value[f++]);
  if (fixed) return FH_OK;
  show_side(p, HELD_SIDE, d->temperature, p->value[f++]);
  show_side(p, FLUX_SIDE, d->flux, p->value[f]);
  return FH_OK;
}

static void store(fh_problem *p, const double *x)
{
  const fh_thermal_config *c = p->config;
  const fh_thermal *d = p->data;
  double *u = p->value[p->n_fields - 1];
  double *nodes = c->layout == FH_THERMAL_NODES ? u : d->nodes;
  for (ptrdiff_t i = 0; i < d->mesh->n_nodes; i++)
    nodes[i] = d->unknown[i] >= 0 ? x[d->unknown[i]] : fh_thermal_held(p, d->mesh->node[i]);
  if (c->layout == FH_THERMAL_GRID) fh_thermal_to_grid(d, nodes, u);
}

static bool load(const fh_problem *p, double *x)
{
  const fh_thermal_config *c = p->config;
  const fh_thermal *d = p->data;
  const double *u = p->value[p->n_fields - 1];
  if (c->layout == FH_THERMAL_GRID) return false; /* interpolated: not the solver's unknowns */
  for (ptrdiff_t i = 0; i < d->mesh->n_nodes; i++)
    if (d->unknown[i] >= 0) x[d->unknown[i]] = u[i];
  return true;
}

const fh_mesh *fh_thermal_mesh(const fh_problem *p)
{
  const fh_thermal *d = p->data;
  return d->mesh;
}

static void destroy(fh_problem *p)
{
  fh_thermal *d = p->data;
  if (!d) return;
  fh_mesh_destroy(&d->mesh);
  fh_grf_destroy(&d->field);
  fh_free(d->unknown);
  fh_free(d->conductivity);
  fh_free(d->metric);
  (void)PetscFree(d->entries);
  fh_free(d->where);
  fh_free(d->weights);
  for (int side = 0; side < 2; side++) fh_free(d->rim[side]);
  fh_free(d->mask);
  fh_free(d->nodes);
  fh_free(d);
  p->data = NULL;
}

_Static_assert(sizeof(fh_thermal_config) <= FH_PROBLEM_CONFIG_BYTES, "room for a configuration");

const fh_problem_class fh_thermal_class = {
    .name = "thermal",
    .help =
        "-div(k grad u) = 0 on a plate with a hole, quadratic triangles; temperature, flux and k "
        "random: (k, g, q) -> u",
    .fields = fields,
    .config_bytes = sizeof(fh_thermal_config),
    .setup = setup,
    .sample = sample,
    .matrix_create = fh_thermal_matrix_create,
    .matrix = fh_thermal_matrix,
    .rhs = fh_thermal_rhs,
    .store = store,
    .store_recalls = true, /* the held temperature */
    .load = load,
    .destroy = destroy};
