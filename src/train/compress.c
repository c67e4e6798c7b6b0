#include "train/compress.h"

#include <stdio.h>
#include <string.h>

#include "tensor/decompose.h"
#include "train/compress_weight.h"

static const char *const kinds[] = {"cp", "tucker", "tt", NULL};

#define AT(member) offsetof(fh_compress_config, member)
const fh_field fh_compress_fields[] = {
    {"factorization", FH_FIELD_ENUM, AT(factorization), "tucker", 0, 0, kinds,
     "cp by alternating least squares, tucker by HOSVD and HOOI, tensor train (tt) by TT-SVD"},
    {"joint_factorization", FH_FIELD_BOOL, AT(joint), "false", 0, 0, NULL,
     "one tensor for the weights of all layers"},
    {"rank", FH_FIELD_REALS, AT(rank), "", 0, 1e9, NULL,
     "one number up to 1 is the fraction of the weight's numbers that is kept; else the ranks, of "
     "every layer or of one layer after the other"},
    {"error", FH_FIELD_REAL, AT(error), "0", 0, 1, NULL,
     "instead of -rank: the relative error of every weight that must be reached, with ranks as "
     "small as it takes"},
    {"n_modes", FH_FIELD_INTS, AT(n_modes), "", 1, 65536, NULL,
     "keep only so many frequencies per axis; one number: every axis (default: all)"},
    {"sweeps", FH_FIELD_INT, AT(sweeps), "200", 0, 1e6, NULL, "of HOOI and ALS, at most"},
    {"tolerance", FH_FIELD_REAL, AT(tolerance), "1e-4", 0, 1, NULL,
     "share of the error that a sweep must take off for another one to be done"},
    {"seed", FH_FIELD_INT, AT(seed), "0", 0, 9e15, NULL,
     "of the random columns that cp starts from, beyond singular vectors"},
    FH_FIELDS_END};
#undef AT

/* one job: all ranks hold the same but for factors, which come to them by and by */
typedef struct {
  MPI_Comm comm;
  int rank, size;
  const fh_compress_config *config;
  fh_factor_kind kind;
  fh_dense_weights dense;
  int modes, n_weights; /* of a tensor that is decomposed; tensors */
  ptrdiff_t shape[FH_FACTOR_MODES];
  fh_factors **factors; /* n_weights */
  double *errors;
} job;

/* ---- the tensors -------------------------------------------------------------------------------------- */

static void set_shapes(job *j)
{
  const fh_dense_weights *d = &j->dense;
  const bool joint = j->config->joint;
  j->modes = d->modes + (joint ? 1 : 0);
  j->n_weights = joint ? 1 : d->layers;
  if (joint) j->shape[0] = d->layers;
  memcpy(j->shape + (joint ? 1 : 0), d->shape, (size_t)d->modes * sizeof *d->shape);
}

static fh_status read_tensor(const job *j, int index, double **w)
{
  ptrdiff_t size = 2;
  for (int k = 0; k < j->modes; k++) size *= j->shape[k];
  FH_NEW(*w, size);
  if (!j->config->joint) return fh_dense_weights_get(&j->dense, index, *w);
  for (int l = 0; l < j->dense.layers; l++)
    FH_TRY(fh_dense_weights_get(&j->dense, l, *w + size / j->dense.layers * l));
  return FH_OK;
}

static fh_status resolve(const job *j, int index, ptrdiff_t *rank)
{
  fh_real_list own;
  fh_rank_of_layer(j->kind, j->modes, &j->config->rank, j->n_weights, index, &own);
  FH_TRY(fh_rank_resolve(j->kind, j->modes, j->shape, &own, NULL, rank));
  fh_rank_clip(j->kind, j->modes, j->shape, rank);
  return FH_OK;
}

static fh_status decompose(const job *j, int index, const double *w, fh_factors **f)
{
  const fh_compress_config *c = j->config;
  const fh_sweeps sweeps = {c->sweeps, c->tolerance, 0, (uint64_t)c->seed};
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  if (!c->rank.count) return fh_decompose_to(j->kind, j->modes, j->shape, w, c->error, &sweeps, f);
  FH_TRY(resolve(j, index, rank));
  return fh_decompose(j->kind, j->modes, j->shape, w, rank, &sweeps, f);
}

static fh_status decompose_mine(job *j)
{
  for (int i = j->rank; i < j->n_weights; i += j->size) {
    double *w = NULL;
    fh_status st = read_tensor(j, i, &w);
    if (st == FH_OK) st = decompose(j, i, w, &j->factors[i]);
    if (st == FH_OK) st = fh_factors_error(j->factors[i], w, &j->errors[i]);
    fh_free(w);
    FH_TRY(st);
  }
  return FH_OK;
}

/* ---- from the rank that has made it, to all --------------------------------------------------------- */

static fh_status create_received(job *j, int i, const int64_t *ranks)
{
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  if (j->factors[i]) return FH_OK;
  for (int k = 0; k < fh_rank_count(j->kind, j->modes); k++) rank[k] = (ptrdiff_t)ranks[k];
  return fh_factors_create(j->kind, j->modes, j->shape, rank, &j->factors[i]);
}

static fh_status broadcast(job *j, int i)
{
  const int root = i % j->size;
  int64_t ranks[FH_FACTOR_MODES + 1] = {0};
  for (int k = 0; j->factors[i] && k < fh_rank_count(j->kind, j->modes); k++)
    ranks[k] = j->factors[i]->rank[k];
  FH_TRY_MPI(MPI_Bcast(ranks, FH_FACTOR_MODES + 1, MPI_INT64_T, root, j->comm));
  FH_TRY_MPI(MPI_Bcast(&j->errors[i], 1, MPI_DOUBLE, root, j->comm));
  FH_TRY(fh_status_agree(j->comm, create_received(j, i, ranks)));
  for (int p = 0; p < j->factors[i]->parts; p++)
    FH_TRY_MPI(MPI_Bcast(j->factors[i]->part[p], (int)fh_factors_size(j->factors[i], p),
                         MPI_C_DOUBLE_COMPLEX, root, j->comm));
  return FH_OK;
}

/* ---- the compressed model ----------------------------------------------------------------------------- */

static bool same_ranks(const job *j)
{
  const size_t bytes = (size_t)fh_rank_count(j->kind, j->modes) * sizeof(ptrdiff_t);
  for (int i = 1; i < j->n_weights; i++)
    if (memcmp(j->factors[0]->rank, j->factors[i]->rank, bytes) != 0) return false;
  return true;
}

static fh_status set_options(const job *j, fh_fno_config *fno)
{
  const int n = same_ranks(j) ? 1 : j->n_weights;
  fno->factorization = j->kind;
  fno->joint_factorization = j->config->joint;
  fno->implementation = 0; /* what costs less */
  fno->fixed_rank_modes.count = 0;
  fno->max_n_modes.count = 0;
  if (j->config->n_modes.count) fno->n_modes = j->config->n_modes;
  fno->rank.count = 0;
  for (int i = 0; i < n; i++)
    FH_TRY(fh_rank_express(j->kind, j->modes, j->shape, j->factors[i]->rank, &fno->rank));
  return FH_OK;
}

/* the part that a parameter of this name is; NULL: it is not one of the factors */
static const double *part_of(const job *j, const char *name, ptrdiff_t *size)
{
  for (int i = 0; i < j->n_weights; i++)
    for (int p = 0; p < j->factors[i]->parts; p++) {
      const int mode = j->kind == FH_FACTOR_TT ? p : p - 1;
      char layer[16] = "", role[48], wanted[160];
      if (!j->config->joint) snprintf(layer, sizeof layer, ".%d", i);
      snprintf(role, sizeof role, "factors.factor_%d", mode);
      if (mode < 0) snprintf(role, sizeof role, j->kind == FH_FACTOR_CP ? "weights" : "core");
      snprintf(wanted, sizeof wanted, "fno_blocks.convs%s.weight.%s", layer, role);
      if (strcmp(wanted, name) != 0) continue;
      *size = 2 * fh_factors_size(j->factors[i], p);
      return j->factors[i]->part[p];
    }
  return NULL;
}

static fh_status fill(const job *j, fh_program *to)
{
  const fh_program *from = j->dense.program;
  fh_real *values = fh_program_values(to);
  for (int i = 0; i < fh_program_n_params(to); i++) {
    const fh_param *q = fh_program_param(to, i);
    const int same = fh_program_find_param(from, q->name);
    ptrdiff_t size = same < 0 ? 0 : fh_program_param(from, same)->size;
    const double *part = part_of(j, q->name, &size);
    FH_CHECK(size == q->size && (part || same >= 0), FH_ERR_STATE,
             "parameter %s has %td numbers in the compressed model, %td in the given one", q->name,
             q->size, size);
    const fh_real *old = j->dense.values + (part ? 0 : fh_program_param(from, same)->offset);
    for (ptrdiff_t k = 0; k < q->size; k++)
      values[q->offset + k] = part ? (fh_real)part[k] : old[k];
  }
  return FH_OK;
}

static fh_status assemble(const job *j, const fh_trained *model, const fh_team *team,
                          fh_trained **compressed, fh_compress_report *report)
{
  fh_model_spec spec;
  fh_program *p = NULL;
  FH_TRY(fh_model_spec_copy(&model->spec, &spec));
  fh_status st = set_options(j, fh_fno_config_of(&spec));
  if (st == FH_OK) st = fh_model_build(&spec, team, &model->grid, 1, FH_INFER, FH_PLANNED, &p);
  if (st == FH_OK) st = fill(j, p);
  if (st == FH_OK)
    st = fh_trained_create(&spec, p, fh_program_values(p), model->input, model->output,
                           &model->grid, compressed);
  if (st == FH_OK) report->after = fh_model_n_params(p);
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  FH_TRY(st);
  return FH_OK;
}

static fh_status fill_report(const job *j, fh_compress_report *r)
{
  FH_NEW(r->weights, j->n_weights);
  r->n_weights = j->n_weights;
  for (int i = 0; i < j->n_weights; i++) {
    fh_compressed_weight *w = &r->weights[i];
    w->modes = j->modes;
    w->ranks = fh_rank_count(j->kind, j->modes);
    memcpy(w->shape, j->shape, sizeof j->shape);
    memcpy(w->rank, j->factors[i]->rank, (size_t)w->ranks * sizeof *w->rank);
    w->before = fh_factors_dense_size(j->factors[i]);
    w->after = fh_rank_parameters(j->kind, j->modes, j->shape, w->rank);
    w->error = j->errors[i];
  }
  r->before = fh_model_n_params(j->dense.program);
  return FH_OK;
}

void fh_compress_report_clear(fh_compress_report *report)
{
  fh_free(report->weights);
  *report = (fh_compress_report){.n_weights = 0};
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static fh_status check(const fh_compress_config *c, const fh_trained *model)
{
  FH_CHECK(fh_fno_config_of(&model->spec), FH_ERR_UNSUPPORTED,
           "a model of the family %s has no spectral weights to factorise: compress takes fno, "
           "tfno and mg-tfno",
           model->spec.class->name);
  FH_CHECK(!c->rank.count || !(c->error > 0), FH_ERR_USAGE,
           "options -rank and -error %g both ask for ranks: give one of them", c->error);
  FH_CHECK(c->rank.count || (c->error > 0 && c->error <= 1), FH_ERR_USAGE,
           "give -rank (a fraction, or ranks) or an -error above 0 and up to 1; it is %g",
           c->error);
  return FH_OK;
}

static fh_status prepare(job *j, const fh_trained *model, fh_program *p)
{
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  FH_TRY(fh_trained_load(model, p));
  FH_TRY(fh_dense_weights_open(p, fh_program_values(p), fh_fno_config_of(&model->spec),
                               model->grid.dim, &j->config->n_modes, &j->dense));
  set_shapes(j);
  for (int i = 0; j->config->rank.count && i < j->n_weights; i++) FH_TRY(resolve(j, i, rank));
  FH_NEW(j->factors, j->n_weights);
  FH_NEW(j->errors, j->n_weights);
  return FH_OK;
}

static fh_status finish(const job *j, const fh_trained *model, const fh_team *team,
                        fh_trained **compressed, fh_compress_report *report)
{
  FH_TRY(fill_report(j, report));
  return assemble(j, model, team, compressed, report);
}

static fh_status compress(job *j, const fh_trained *model, const fh_team *team, fh_program *p,
                          fh_trained **compressed, fh_compress_report *report)
{
  fh_status st = fh_status_agree(j->comm, prepare(j, model, p));
  if (st == FH_OK) st = fh_status_agree(j->comm, decompose_mine(j));
  for (int i = 0; st == FH_OK && i < j->n_weights; i++) st = broadcast(j, i);
  if (st == FH_OK) st = fh_status_agree(j->comm, finish(j, model, team, compressed, report));
  for (int i = 0; j->factors && i < j->n_weights; i++) fh_factors_destroy(&j->factors[i]);
  fh_free(j->factors);
  fh_free(j->errors);
  if (st != FH_OK) fh_trained_destroy(compressed);
  return st;
}

fh_status fh_compress(MPI_Comm comm, const fh_trained *model, const fh_compress_config *config,
                      fh_trained **compressed, fh_compress_report *report)
{
  job j = {.comm = comm, .config = config, .kind = (fh_factor_kind)(config->factorization + 1)};
  fh_team *alone = NULL;
  fh_program *p = NULL;
  *compressed = NULL;
  *report = (fh_compress_report){.n_weights = 0};
  FH_TRY(check(config, model));
  FH_TRY_MPI(MPI_Comm_rank(comm, &j.rank));
  FH_TRY_MPI(MPI_Comm_size(comm, &j.size));
  FH_TRY(fh_team_create(MPI_COMM_SELF, 1, 1, &alone));
  fh_status st = fh_model_build(&model->spec, alone, &model->grid, 1, FH_INFER, FH_PLANNED, &p);
  if (st == FH_OK) st = compress(&j, model, alone, p, compressed, report);
  fh_program_destroy(&p);
  fh_team_destroy(&alone);
  if (st != FH_OK) fh_compress_report_clear(report);
  FH_TRY(st);
  return FH_OK;
}
