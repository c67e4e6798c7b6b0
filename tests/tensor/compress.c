/* Compressing models: with ranks large enough the compressed model is the same operator, for every member
 * of the family; the same bits on any number of ranks; what cannot be is refused. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "model/fno.h"
#include "train/compress.h"

static int checks, failures, rank;

static void expect(int ok, const char *what, double a, double b)
{
  checks++;
  if (ok) return;
  failures++;
  printf("FAIL on rank %d: %s (%.10g, %.10g)\n", rank, what, a, b);
}

/* ---- models with random parameters --------------------------------------------------------------------- */

static fh_status make_grid(int dim, fh_grid *grid)
{
  const ptrdiff_t n[] = {dim == 3 ? 8 : 16, dim == 3 ? 6 : 12, 8};
  return fh_grid_box(dim, n, FH_PERIODIC, FH_NODE, grid);
}

/* options: of the model as JSON members */
static fh_status make_model(const fh_team *alone, const char *family, const char *options, int dim,
                            fh_trained **t)
{
  char json[1024];
  fh_model_spec spec;
  fh_grid grid;
  fh_program *p = NULL;
  snprintf(json, sizeof json,
           "{\"model\": \"%s\", \"in_channels\": 1, \"out_channels\": 2, \"options\": {%s}}",
           family, options);
  FH_TRY(make_grid(dim, &grid));
  FH_TRY(fh_model_spec_from_json(json, &spec));
  spec.time = (fh_time_step){1, 3};
  FH_TRY(fh_model_build(&spec, alone, &grid, 1, FH_INFER, FH_PLANNED, &p));
  fh_program_init(p, 5);
  const fh_status st = fh_trained_create(&spec, p, fh_program_values(p), NULL, NULL, &grid, t);
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return st;
}

/* |a x - b x| / |a x| for a random field */
static fh_status difference(const fh_team *alone, const fh_trained *a, const fh_trained *b,
                            double *relative)
{
  const fh_trained *models[] = {a, b};
  const ptrdiff_t points = fh_grid_size(&a->grid);
  const fh_rng rng = {3, FH_STREAM_TEST, 0, 0};
  fh_real *x = NULL, *y[2] = {NULL, NULL};
  double off = 0, all = 0;
  FH_NEW(x, points);
  for (ptrdiff_t i = 0; i < points; i++) x[i] = (fh_real)fh_rng_normal(&rng, (uint64_t)i);
  for (int k = 0; k < 2; k++) {
    fh_operator *op = NULL;
    FH_NEW(y[k], 2 * points);
    FH_TRY(fh_operator_create(models[k], alone, &a->grid, 1, &op));
    FH_TRY(fh_operator_apply(op, 1, x, y[k]));
    fh_operator_destroy(&op);
  }
  for (ptrdiff_t i = 0; i < 2 * points; i++) {
    const double d = (double)y[0][i] - (double)y[1][i];
    off += d * d;
    all += (double)y[0][i] * (double)y[0][i];
  }
  *relative = sqrt(off / all);
  fh_free(x);
  fh_free(y[0]);
  fh_free(y[1]);
  return FH_OK;
}

static bool same_bits(const fh_bundle *a, const fh_bundle *b)
{
  if (a->n_tensors != b->n_tensors) return false;
  for (int i = 0; i < a->n_tensors; i++) {
    const fh_tensor *t = &a->tensors[i], *u = fh_bundle_find(b, t->name);
    if (!u || t->size != u->size || t->dtype != u->dtype) return false;
    if (memcmp(t->data, u->data, (size_t)t->size * (t->dtype == FH_F32 ? 4 : 8)) != 0) return false;
  }
  return !strcmp(fh_bundle_find_text(a, "spec"), fh_bundle_find_text(b, "spec"));
}

/* ---- the same operator ----------------------------------------------------------------------------------- */

typedef struct {
  const char *family, *options;
  int dim;
} variant;

#define SMALL "\"hidden_channels\": 5, \"n_layers\": 3, "
static const variant dense[] = {
    {"fno", SMALL "\"n_modes\": [6, 5]", 2},
    {"fno", SMALL "\"n_modes\": [6, 5], \"separable\": true", 2},
    {"fno", SMALL "\"n_modes\": [5, 4], \"max_n_modes\": [8, 5]", 2},
    {"fno", SMALL "\"n_modes\": [4, 3], \"max_n_modes\": [7, 5]", 2},
    {"fno", SMALL "\"n_modes\": [8]", 1},
    {"fno", "\"hidden_channels\": 4, \"n_layers\": 1, \"n_modes\": [4, 3, 4]", 3},
    {"mg-tfno", SMALL "\"n_modes\": [4, 4], \"factorization\": \"none\"", 2},
};
static const variant low[] = {
    {"tfno", SMALL "\"n_modes\": [6, 5], \"rank\": [2]", 2},
    {"tfno", SMALL "\"n_modes\": [6, 5], \"factorization\": \"cp\", \"rank\": [2, 3, 2]", 2},
    {"tfno", SMALL "\"n_modes\": [6, 5], \"factorization\": \"tt\", \"rank\": [2, 3, 2]", 2},
    {"tfno", SMALL "\"n_modes\": [6], \"joint_factorization\": true, \"rank\": [2]", 1},
    {"mg-tfno",
     SMALL "\"n_modes\": [4, 4], \"joint_factorization\": true, \"factorization\": \"cp\", "
           "\"rank\": [2], \"implementation\": \"factorized\"",
     2},
    {"tfno",
     SMALL "\"n_modes\": [6, 6], \"max_n_modes\": [8, 5], \"factorization\": \"tt\", "
           "\"joint_factorization\": true, \"rank\": [2, 2, 3, 2]",
     2},
    {"tfno",
     SMALL "\"n_modes\": [6, 5], \"separable\": true, \"factorization\": \"cp\", \"rank\": [2]", 2},
};

static fh_status check_same(const fh_team *alone, const variant *v, int kind, bool joint,
                            double error)
{
  const fh_compress_config c = {
      .factorization = kind, .joint = joint, .error = error, .sweeps = 1000, .tolerance = 0};
  const double tolerance = 100 * error + (sizeof(fh_real) == 4 ? 1e-5 : 1e-10);
  fh_trained *model = NULL, *small = NULL, *mine = NULL;
  fh_compress_report report, own;
  double off = (double)NAN;
  FH_TRY(make_model(alone, v->family, v->options, v->dim, &model));
  FH_TRY(fh_compress(MPI_COMM_WORLD, model, &c, &small, &report));
  FH_TRY(fh_compress(MPI_COMM_SELF, model, &c, &mine, &own));
  expect(same_bits(small->bundle, mine->bundle), "the ranks' model is the one of a single rank",
         kind, v->dim);
  FH_TRY(difference(alone, model, small, &off));
  expect(off <= tolerance, v->options, off, tolerance);
  for (int i = 0; i < report.n_weights; i++)
    expect(report.weights[i].error <= error, "the error told", report.weights[i].error, error);
  const fh_fno_config *f = fh_fno_config_of(&small->spec);
  expect(f->factorization == kind + 1 && f->joint_factorization == joint && !f->max_n_modes.count,
         "the options of the compressed model", f->factorization, kind + 1);
  expect(small->spec.time.history == 1 && small->spec.time.stride == 3, "the step in time",
         (double)small->spec.time.history, (double)small->spec.time.stride);
  fh_compress_report_clear(&report);
  fh_compress_report_clear(&own);
  fh_trained_destroy(&model);
  fh_trained_destroy(&small);
  fh_trained_destroy(&mine);
  return FH_OK;
}

/* ---- ranks, frequencies ---------------------------------------------------------------------------------- */

/* keeping fewer frequencies is what n_modes below max_n_modes does */
static fh_status check_modes(const fh_team *alone)
{
  const fh_compress_config c = {
      .factorization = 1, .error = sizeof(fh_real) == 4 ? 1e-6 : 1e-12, .n_modes = {2, {4, 3}}};
  fh_trained *model = NULL, *fewer = NULL, *small = NULL;
  fh_compress_report report;
  double off = (double)NAN;
  FH_TRY(make_model(alone, "fno", SMALL "\"n_modes\": [6, 5]", 2, &model));
  FH_TRY(make_model(alone, "fno", SMALL "\"n_modes\": [4, 3], \"max_n_modes\": [6, 3]", 2, &fewer));
  FH_TRY(fh_compress(MPI_COMM_WORLD, model, &c, &small, &report));
  FH_TRY(difference(alone, fewer, small, &off));
  expect(off <= 100 * c.error + 1e-10, "fewer frequencies", off, c.error);
  expect(report.weights[0].shape[2] == 4 && report.weights[0].shape[3] == 2, "their shape",
         (double)report.weights[0].shape[2], (double)report.weights[0].shape[3]);
  fh_compress_report_clear(&report);
  fh_trained_destroy(&model);
  fh_trained_destroy(&fewer);
  fh_trained_destroy(&small);
  return FH_OK;
}

/* the same fraction gives the ranks and parameters of a model that is trained with it, where the shape
 * can use them */
static fh_status check_fraction(const fh_team *alone)
{
  static const char *const names[] = {"cp", "tucker", "tt"};
  for (int kind = 0; kind < 3; kind++) {
    const fh_compress_config c = {
        .factorization = kind, .rank = {1, {0.3}}, .sweeps = 5, .tolerance = 1e-3};
    char options[256];
    fh_trained *model = NULL, *like = NULL, *small = NULL;
    fh_compress_report report;
    snprintf(options, sizeof options,
             SMALL "\"n_modes\": [6, 5], \"factorization\": \"%s\", \"rank\": [0.3]", names[kind]);
    FH_TRY(make_model(alone, "fno", SMALL "\"n_modes\": [6, 5]", 2, &model));
    FH_TRY(make_model(alone, "fno", options, 2, &like));
    FH_TRY(fh_compress(MPI_COMM_WORLD, model, &c, &small, &report));
    ptrdiff_t sizes[2] = {0, 0};
    for (int i = 0; i < like->bundle->n_tensors; i++) sizes[0] += like->bundle->tensors[i].size;
    for (int i = 0; i < small->bundle->n_tensors; i++) sizes[1] += small->bundle->tensors[i].size;
    expect(sizes[0] == sizes[1] && report.after == sizes[1], "parameters of a fraction",
           (double)sizes[1], (double)sizes[0]);
    expect(report.weights[0].error > 0.01 && report.weights[0].error < 1, "and its error",
           report.weights[0].error, 1);
    fh_compress_report_clear(&report);
    fh_trained_destroy(&model);
    fh_trained_destroy(&like);
    fh_trained_destroy(&small);
  }
  return FH_OK;
}

/* ---- refusals -------------------------------------------------------------------------------------------- */

static void refuse(const fh_trained *model, const fh_compress_config *c, fh_status wanted,
                   const char *words)
{
  fh_trained *small = NULL;
  fh_compress_report report;
  const fh_status st = fh_compress(MPI_COMM_WORLD, model, c, &small, &report);
  expect(st == wanted && !small && strstr(fh_status_message(), words), words, st, wanted);
  if (st != FH_OK && !strstr(fh_status_message(), words)) fh_status_print(stdout);
  fh_status_clear();
}

static fh_status check_refusals(const fh_team *alone)
{
  fh_trained *model = NULL, *other = NULL, *sick = NULL;
  FH_TRY(make_model(alone, "fno", SMALL "\"n_modes\": [6, 5]", 2, &model));
  FH_TRY(make_model(alone, "fno", "\"n_layers\": 20, \"hidden_channels\": 3, \"n_modes\": [4]", 1,
                    &other));
  refuse(model, &(fh_compress_config){.factorization = 1}, FH_ERR_USAGE, "give -rank");
  refuse(model, &(fh_compress_config){.factorization = 1, .error = 1.5}, FH_ERR_USAGE, "1.5");
  refuse(model, &(fh_compress_config){.error = 0.1, .rank = {1, {0.1}}}, FH_ERR_USAGE,
         "give one of them");
  refuse(model, &(fh_compress_config){.factorization = 1, .rank = {4, {6, 5, 5, 3}}}, FH_ERR_USAGE,
         "rank 6 in place 0");
  refuse(model, &(fh_compress_config){.rank = {1, {0.1}}, .n_modes = {1, {8}}}, FH_ERR_USAGE,
         "keeps 8 frequencies");
  refuse(model, &(fh_compress_config){.rank = {1, {0.1}}, .n_modes = {3, {4, 4, 4}}}, FH_ERR_USAGE,
         "3 numbers");
  /* 20 layers of 4 bonds each, and not all alike */
  for (int l = 0; l < 20; l++) {
    char name[64];
    snprintf(name, sizeof name, "fno_blocks.convs.%d.weight.tensor", l);
    const fh_tensor *t = fh_bundle_find(other->bundle, name);
    for (ptrdiff_t i = l % 2 ? 2 : t->size; i < t->size; i++) {
      if (t->dtype == FH_F32) ((float *)t->data)[i] = 0;
      if (t->dtype == FH_F64) ((double *)t->data)[i] = 0;
    }
  }
  refuse(other, &(fh_compress_config){.factorization = 2, .error = 1e-3}, FH_ERR_USAGE,
         "more than the 64 numbers");
  FH_TRY(make_model(alone, "fno", SMALL "\"n_modes\": [6, 5]", 2, &sick));
  const fh_tensor *t = fh_bundle_find(sick->bundle, "fno_blocks.convs.1.weight.tensor");
  if (t->dtype == FH_F32) ((float *)t->data)[7] = NAN;
  if (t->dtype == FH_F64) ((double *)t->data)[7] = (double)NAN;
  refuse(sick, &(fh_compress_config){.rank = {1, {0.1}}}, FH_ERR_NUMERIC, "layer 1");
  fh_trained_destroy(&model);
  fh_trained_destroy(&other);
  fh_trained_destroy(&sick);
  return FH_OK;
}

static fh_status check_all(const fh_team *alone)
{
  const double exact = sizeof(fh_real) == 4 ? 1e-6 : 1e-12;
  for (size_t i = 0; i < sizeof dense / sizeof *dense; i++)
    for (int kind = 1; kind <= 2; kind++)
      for (int joint = 0; joint <= 1; joint++)
        FH_TRY(check_same(alone, &dense[i], kind, joint, exact));
  for (size_t i = 0; i < sizeof low / sizeof *low; i++)
    for (int kind = 1; kind <= 2; kind++) FH_TRY(check_same(alone, &low[i], kind, false, exact));
  FH_TRY(check_same(alone, &low[1], 0, false, 1e-5));
  FH_TRY(check_same(alone, &low[3], 0, false, 1e-5));
  FH_TRY(check_same(alone, &low[4], 0, true, 1e-5));
  FH_TRY(check_same(alone, &low[6], 0, false, 1e-5));
  FH_TRY(check_modes(alone));
  FH_TRY(check_fraction(alone));
  return check_refusals(alone);
}

int main(int argc, char **argv)
{
  fh_team *alone = NULL;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  fh_status st = fh_team_create(MPI_COMM_SELF, 1, 1, &alone);
  if (st == FH_OK) st = check_all(alone);
  if (st != FH_OK) fh_status_print(stdout);
  if (st == FH_OK && !failures && rank == 0) printf("compressed models: %d checks\n", checks);
  fh_team_destroy(&alone);
  MPI_Finalize();
  return st != FH_OK || failures;
}
