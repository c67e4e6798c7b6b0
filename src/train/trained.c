#include "train/trained.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "io/bundle_comm.h"

enum { MODEL_VERSION = 1 };

/* ---- texts of the bundle: grid and normalisers ---------------------------------------------- */

static fh_status add_json(fh_bundle *b, const char *name, cJSON *json)
{
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  FH_CHECK(text, FH_ERR_MEMORY, "out of memory while writing %s as JSON", name);
  const fh_status st = fh_bundle_add_text(b, name, text);
  cJSON_free(text);
  return st;
}

/* 17 digits: cJSON's own way of printing a number may drop the last one */
static cJSON *exact(double value)
{
  char text[40];
  snprintf(text, sizeof text, "%.17g", value);
  return cJSON_CreateRaw(text);
}

static fh_status add_grid(fh_bundle *b, const fh_grid *g)
{
  cJSON *json = cJSON_CreateObject();
  cJSON *n = cJSON_AddArrayToObject(json, "n"), *length = cJSON_AddArrayToObject(json, "length"),
        *sides = cJSON_AddArrayToObject(json, "sides");
  for (int a = 0; a < g->dim; a++) {
    cJSON_AddItemToArray(n, cJSON_CreateNumber((double)g->n[a]));
    cJSON_AddItemToArray(length, exact(g->length[a]));
    for (int k = 0; k < 2; k++)
      cJSON_AddItemToArray(sides, cJSON_CreateString(fh_boundary_name(g->side[a][k])));
  }
  cJSON_AddStringToObject(json, "points", g->points == FH_NODE ? "node" : "cell");
  return add_json(b, "grid", json);
}

static fh_boundary boundary_of(const char *name)
{
  for (fh_boundary b = FH_PERIODIC; b <= FH_OPEN; b++)
    if (name && !strcmp(name, fh_boundary_name(b))) return b;
  return FH_OPEN;
}

static fh_status parse_grid(const cJSON *json, fh_grid *g)
{
  const cJSON *n = cJSON_GetObjectItem(json, "n"), *length = cJSON_GetObjectItem(json, "length"),
              *sides = cJSON_GetObjectItem(json, "sides");
  const int dim = cJSON_GetArraySize(n);
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM && cJSON_GetArraySize(length) == dim &&
               cJSON_GetArraySize(sides) == 2 * dim,
           FH_ERR_FORMAT, "the model file describes a grid of %d axes; 1 to %d are possible", dim,
           FH_MAX_DIM);
  ptrdiff_t points[FH_MAX_DIM];
  for (int a = 0; a < dim; a++) points[a] = cJSON_GetArrayItem(n, a)->valueint;
  const char *where = cJSON_GetStringValue(cJSON_GetObjectItem(json, "points"));
  FH_TRY(fh_grid_box(dim, points, FH_OPEN, where && !strcmp(where, "node") ? FH_NODE : FH_CELL, g));
  for (int a = 0; a < dim; a++) {
    g->length[a] = cJSON_GetArrayItem(length, a)->valuedouble;
    for (int k = 0; k < 2; k++)
      g->side[a][k] = boundary_of(cJSON_GetStringValue(cJSON_GetArrayItem(sides, 2 * a + k)));
  }
  return FH_OK;
}

static fh_status add_normaliser(fh_bundle *b, const char *side, const fh_normaliser *n)
{
  char name[64];
  if (!n) return FH_OK;
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "kind", fh_norm_names[n->kind]);
  cJSON_AddItemToObject(json, "epsilon", exact(n->epsilon));
  snprintf(name, sizeof name, "normaliser.%s", side);
  FH_TRY(add_json(b, name, json));
  const ptrdiff_t shape[2] = {n->channels, n->points};
  snprintf(name, sizeof name, "normaliser.%s.mean", side);
  FH_TRY(fh_bundle_add(b, name, FH_F64, 2, shape, n->mean));
  snprintf(name, sizeof name, "normaliser.%s.deviation", side);
  return fh_bundle_add(b, name, FH_F64, 2, shape, n->deviation);
}

static int norm_kind(const char *name)
{
  for (int i = 0; name && fh_norm_names[i]; i++)
    if (!strcmp(name, fh_norm_names[i])) return i;
  return -1;
}

static fh_status parse_normaliser(const fh_bundle *b, const char *side, fh_normaliser **n)
{
  char name[64];
  snprintf(name, sizeof name, "normaliser.%s", side);
  const char *text = fh_bundle_find_text(b, name);
  *n = NULL;
  if (!text) return FH_OK;
  snprintf(name, sizeof name, "normaliser.%s.mean", side);
  const fh_tensor *mean = fh_bundle_find(b, name);
  snprintf(name, sizeof name, "normaliser.%s.deviation", side);
  const fh_tensor *deviation = fh_bundle_find(b, name);
  cJSON *json = cJSON_Parse(text);
  const int kind = norm_kind(cJSON_GetStringValue(cJSON_GetObjectItem(json, "kind")));
  const cJSON *epsilon = cJSON_GetObjectItem(json, "epsilon");
  const bool good = kind >= 0 && cJSON_IsNumber(epsilon) && mean && deviation &&
                    mean->dtype == FH_F64 && deviation->dtype == FH_F64 && mean->rank == 2 &&
                    deviation->rank == 2 && mean->n[0] == deviation->n[0] &&
                    mean->n[1] == deviation->n[1];
  const double eps = cJSON_IsNumber(epsilon) ? epsilon->valuedouble : 0;
  cJSON_Delete(json);
  FH_CHECK(good, FH_ERR_FORMAT, "the %s normaliser of the model file is incomplete", side);
  return fh_normaliser_create(kind, eps, mean->n[0], mean->n[1], mean->data, deviation->data, n);
}

/* ---- write ---------------------------------------------------------------------------------- */

#ifdef FH_DOUBLE
static const fh_dtype real_type = FH_F64;
#else
static const fh_dtype real_type = FH_F32;
#endif

static fh_status add_params(fh_bundle *b, const fh_program *p, const fh_real *values)
{
  for (int i = 0; i < fh_program_n_params(p); i++) {
    const fh_param *q = fh_program_param(p, i);
    ptrdiff_t n[FH_PARAM_MAX_RANK + 1];
    int rank = q->decl.rank;
    memcpy(n, q->decl.n, (size_t)rank * sizeof *n);
    if (q->decl.is_complex && rank < FH_PARAM_MAX_RANK) n[rank++] = 2;
    FH_TRY(fh_bundle_add(b, q->name, real_type, rank, n, values + q->offset));
  }
  return FH_OK;
}

static fh_status fill_bundle(fh_bundle *b, const fh_model_spec *spec, const fh_program *program,
                             const fh_real *values, const fh_normaliser *input,
                             const fh_normaliser *output, const fh_grid *grid)
{
  char *json = NULL;
  FH_TRY(fh_model_spec_to_json(spec, &json));
  const fh_status st = fh_bundle_add_text(b, "spec", json);
  fh_free(json);
  FH_TRY(st);
  FH_TRY(add_grid(b, grid));
  FH_TRY(add_normaliser(b, "input", input));
  FH_TRY(add_normaliser(b, "output", output));
  return add_params(b, program, values);
}

static fh_status make_bundle(const fh_model_spec *spec, const fh_program *program,
                             const fh_real *values, const fh_normaliser *input,
                             const fh_normaliser *output, const fh_grid *grid, fh_bundle **b)
{
  FH_TRY(fh_bundle_create("model", MODEL_VERSION, b));
  const fh_status st = fill_bundle(*b, spec, program, values, input, output, grid);
  if (st != FH_OK) fh_bundle_destroy(b);
  return st;
}

fh_status fh_trained_write(const char *path, const fh_model_spec *spec, const fh_program *program,
                           const fh_real *values, const fh_normaliser *input,
                           const fh_normaliser *output, const fh_grid *grid)
{
  fh_bundle *b = NULL;
  FH_TRY(make_bundle(spec, program, values, input, output, grid, &b));
  const fh_status st = fh_bundle_write(b, path);
  fh_bundle_destroy(&b);
  return st;
}

/* ---- read ----------------------------------------------------------------------------------- */

static fh_status parse(fh_trained *t)
{
  const fh_bundle *b = t->bundle;
  FH_CHECK(b->version == MODEL_VERSION, FH_ERR_FORMAT,
           "the model file has layout version %lld, this program reads %d", (long long)b->version,
           MODEL_VERSION);
  const char *spec = fh_bundle_find_text(b, "spec"), *grid = fh_bundle_find_text(b, "grid");
  FH_CHECK(spec && grid, FH_ERR_FORMAT, "the model file lacks its %s", spec ? "grid" : "spec");
  FH_TRY(fh_model_spec_from_json(spec, &t->spec));
  cJSON *json = cJSON_Parse(grid);
  const fh_status st = parse_grid(json, &t->grid);
  cJSON_Delete(json);
  FH_TRY(st);
  FH_TRY(parse_normaliser(b, "input", &t->input));
  return parse_normaliser(b, "output", &t->output);
}

fh_status fh_trained_read(MPI_Comm comm, const char *path, fh_trained **trained)
{
  int rank = 0;
  fh_trained *t = NULL;
  *trained = NULL;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  FH_NEW(t, 1);
  fh_status st = rank == 0 ? fh_bundle_read(path, "model", &t->bundle) : FH_OK;
  st = fh_bundle_broadcast(comm, st, &t->bundle);
  if (st == FH_OK) st = parse(t);
  if (st != FH_OK) fh_trained_destroy(&t);
  *trained = t;
  return st;
}

fh_status fh_trained_create(const fh_model_spec *spec, const fh_program *program,
                            const fh_real *values, const fh_normaliser *input,
                            const fh_normaliser *output, const fh_grid *grid, fh_trained **trained)
{
  fh_trained *t = NULL;
  *trained = NULL;
  FH_NEW(t, 1);
  fh_status st = make_bundle(spec, program, values, input, output, grid, &t->bundle);
  if (st == FH_OK) st = parse(t); /* copies of everything, the way they come out of a file */
  if (st != FH_OK) fh_trained_destroy(&t);
  *trained = t;
  return st;
}

void fh_trained_destroy(fh_trained **trained)
{
  fh_trained *t = *trained;
  if (!t) return;
  fh_model_spec_clear(&t->spec);
  fh_normaliser_destroy(&t->input);
  fh_normaliser_destroy(&t->output);
  fh_bundle_destroy(&t->bundle);
  fh_free(t);
  *trained = NULL;
}

/* a parameter that has another size on another grid */
static fh_status check_size(const fh_trained *trained, const fh_tensor *t, const fh_param *q,
                            const fh_grid *grid)
{
  char text[2][64];
  const bool same = fh_grid_same_size(&trained->grid, grid);
  FH_CHECK(t->dtype != FH_I64 && (t->size == q->size || !same), FH_ERR_FORMAT,
           "parameter %s has %td numbers in the model file, the model on this grid needs %td",
           q->name, t->size, q->size);
  FH_CHECK(t->size == q->size, FH_ERR_SHAPE,
           "the model was trained on %s points and cannot be used on %s: its parameter %s has %td "
           "numbers there and would need %td here%s",
           fh_grid_text(&trained->grid, text[0]), fh_grid_text(grid, text[1]), q->name, t->size,
           q->size, fh_model_tie(&trained->spec, q->name));
  return FH_OK;
}

static void copy_values(const fh_tensor *t, fh_real *values)
{
  const float *single = t->data;
  const double *twofold = t->data;
  for (ptrdiff_t i = 0; i < t->size; i++)
    values[i] = t->dtype == FH_F32 ? (fh_real)single[i] : (fh_real)twofold[i];
}

fh_status fh_trained_load(const fh_trained *t, fh_program *p)
{
  const fh_grid *grid = &fh_program_input_shape(p, 0)->layout.grid;
  for (int i = 0; i < fh_program_n_params(p); i++) {
    const fh_param *q = fh_program_param(p, i);
    const fh_tensor *stored = fh_bundle_find(t->bundle, q->name);
    FH_CHECK(stored, FH_ERR_FORMAT, "the model file lacks the parameter %s", q->name);
    FH_TRY(check_size(t, stored, q, grid));
    copy_values(stored, fh_program_values(p) + q->offset);
  }
  return FH_OK;
}
