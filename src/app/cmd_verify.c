/* fredholm verify: does a file still hold what was written, and was that right? */
#include <math.h>
#include <string.h>

#include "app/command.h"
#include "app/data.h"
#include "base/memory.h"
#include "comm/team.h"
#include "datagen/verify.h"
#include "train/trained.h"

typedef struct {
  ptrdiff_t checks;
} verify_how;

typedef struct {
  verify_how how;
  fh_data_config data;
} verify_config;

#define AT(member) offsetof(verify_how, member)
static const fh_field how_fields[] = {{"checks", FH_FIELD_INT, AT(checks), "16", 0, 1e15, NULL,
                                       "sets made by generate: how many samples are solved again "
                                       "beside the residuals of all; 0: all"},
                                      FH_FIELDS_END};
#undef AT

static fh_status declare(fh_options *o, void *config)
{
  verify_config *c = config;
  FH_TRY(fh_options_add(o, FH_GROUP_CALL, "how", how_fields, c ? &c->how : NULL));
  return fh_options_add(o, FH_GROUP_CALL, "data", fh_data_fields, c ? &c->data : NULL);
}

/* ---- bundles: reading checks every CRC ------------------------------------------------------------ */

static ptrdiff_t count_not_finite(const fh_tensor *t)
{
  ptrdiff_t bad = 0;
  for (ptrdiff_t i = 0; i < t->size; i++) {
    if (t->dtype == FH_F32) bad += !isfinite(((const float *)t->data)[i]);
    if (t->dtype == FH_F64) bad += !isfinite(((const double *)t->data)[i]);
  }
  return bad;
}

static fh_status check_tensors(const char *path, const fh_bundle *b)
{
  for (int i = 0; i < b->n_tensors; i++) {
    const ptrdiff_t bad = count_not_finite(&b->tensors[i]);
    FH_CHECK(bad == 0, FH_ERR_NUMERIC, "%s: %td of the %td values of %s are not finite", path, bad,
             b->tensors[i].size, b->tensors[i].name);
  }
  return FH_OK;
}

/* the parameters must be those of the family that the file names */
static fh_status check_model(const char *path, const fh_team *team, const fh_trained *m)
{
  fh_operator *op = NULL;
  FH_TRY(check_tensors(path, m->bundle));
  FH_TRY(fh_operator_create(m, team, &m->grid, 1, &op));
  fh_operator_destroy(&op);
  printf("%s: model %s, %d tensors: checksums right, values finite, parameters fit the model\n",
         path, m->spec.class->name, m->bundle->n_tensors);
  return FH_OK;
}

static fh_status verify_model(const char *path)
{
  fh_team *team = NULL;
  fh_trained *m = NULL;
  FH_TRY(fh_team_create(MPI_COMM_SELF, 1, 1, &team));
  fh_status st = fh_trained_read(MPI_COMM_SELF, path, &m);
  if (st == FH_OK) st = check_model(path, team, m);
  fh_trained_destroy(&m);
  fh_team_destroy(&team);
  return st;
}

static fh_status verify_checkpoint(const char *path)
{
  fh_bundle *b = NULL;
  FH_TRY(fh_bundle_read(path, "checkpoint", &b));
  printf("%s: checkpoint, %d tensors and %d texts: checksums right\n", path, b->n_tensors,
         b->n_texts);
  fh_bundle_destroy(&b);
  return FH_OK;
}

/* ---- data sets --------------------------------------------------------------------------------------- */

/* samples first..last: readable, checksums right, finite; those marked invalid hold NaN and are left out */
static fh_status read_samples(fh_dataset *d, const fh_sample_record *records, ptrdiff_t first,
                              ptrdiff_t last)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(d));
  fh_real *x = NULL, *y = NULL;
  FH_NEW(x, points * fh_dataset_in_channels(d));
  y = fh_calloc(points * fh_dataset_out_channels(d), sizeof *y);
  fh_status st = y ? FH_OK : FH_ERR_MEMORY;
  for (int64_t i = first; i < last && st == FH_OK; i++)
    if (!records || records[i / fh_data_parts(d)].valid) st = fh_dataset_read(d, 1, &i, x, y);
  fh_free(x);
  fh_free(y);
  return st;
}

static fh_status read_all(const fh_run *run, const fh_team *team, fh_dataset *d, ptrdiff_t *invalid)
{
  const ptrdiff_t n = fh_dataset_samples(d);
  fh_sample_record *records = NULL;
  ptrdiff_t first = 0, last = 0;
  fh_status st = FH_OK;
  const ptrdiff_t stored = n / fh_data_parts(d);
  if (fh_dataset_config(d)) {
    FH_NEW(records, stored);
    st = fh_dataset_records(d, 0, stored, records);
  }
  fh_team_share(n, team->n_samples, team->sample_part, &first, &last);
  if (st == FH_OK) st = read_samples(d, records, first, last);
  for (ptrdiff_t i = 0; records && i < stored; i++) *invalid += !records[i].valid;
  fh_free(records);
  return fh_status_agree(run->comm, st);
}

static fh_status verify_samples(const fh_run *run, fh_dataset *d)
{
  fh_team *team = NULL;
  ptrdiff_t invalid = 0;
  FH_TRY(fh_team_create(run->comm, 1, 1, &team));
  const fh_status st = read_all(run, team, d, &invalid);
  fh_team_destroy(&team);
  FH_TRY(st);
  if (run->rank == 0)
    printf("%s: %td samples: %s, values finite%s\n", fh_dataset_path(d),
           fh_dataset_samples(d) / fh_data_parts(d),
           fh_dataset_has_checksums(d) ? "checksums right" : "no checksums in the file",
           invalid ? " but for those that the file marks as invalid" : "");
  return FH_OK;
}

/* ---- sets made by generate: samples are made again ---------------------------------------------------- */

/* every rank speaks for its own samples; who has seen ten has seen enough */
static void warn(void *context, fh_log_level level, const char *text)
{
  enum { ENOUGH = 10 };
  int *told = context;
  if (level != FH_LOG_WARNING || *told > ENOUGH) return;
  fprintf(stderr, "fredholm: warning: %s\n", (*told)++ < ENOUGH ? text : "and others");
}

static void print_report(const char *path, const fh_verify_report *r)
{
  printf("%s: %td samples (%td marked as invalid): %td with wrong checksums or numbers, %td "
         "constant, %td repeated, %td with records that are not theirs\n",
         path, r->samples, r->invalid, r->damaged, r->constant, r->repeated, r->records);
  printf("%s: %td samples drawn again: %td inputs differ\n", path, r->drawn, r->inputs_differ);
  if (r->residuals_known)
    printf("%s: residual of the stored solutions at most %.2e, %.0f%% of what rounding to float32 "
           "allows; %td too high\n",
           path, r->worst_residual, 100 * r->worst_residual_share, r->residual_high);
  else
    printf("%s: no residuals: the file holds other values than those that were solved for\n", path);
  printf("%s: %td samples solved again: %td solutions differ (largest difference %.2e), %td could "
         "not be solved\n",
         path, r->solved, r->outputs_differ, r->worst_difference, r->unresolved);
}

static fh_status verify_generated(const fh_run *run, const verify_config *c)
{
  int told = 0;
  const fh_log log = {.context = &told, .message = warn};
  fh_verify_report r;
  FH_TRY(fh_generate_verify(run->comm, run->file, c->how.checks, &log, &r));
  if (run->rank == 0) print_report(run->file, &r);
  FH_CHECK(fh_verify_passed(&r), FH_ERR_FORMAT,
           "%s is not what its configuration says: generate it anew", run->file);
  return FH_OK;
}

/* predictions carry the configuration of predict, which names the model */
static bool is_generated(const fh_dataset *d)
{
  const char *yaml = fh_dataset_config(d);
  return yaml && !strstr(yaml, "model_file: ");
}

static fh_status verify_data(const fh_run *run, const verify_config *c)
{
  fh_dataset *d = NULL;
  FH_TRY(fh_data_open(run->comm, run->file, "", &c->data, &d));
  const bool generated = is_generated(d);
  const fh_status st = generated ? FH_OK : verify_samples(run, d);
  fh_dataset_close(&d);
  if (st == FH_OK && generated) FH_TRY(verify_generated(run, c));
  return st;
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* rank 0 looks what the file is and deals with what needs one rank only */
static fh_status verify_bundle(const char *path, char kind[32])
{
  FH_TRY(fh_bundle_kind(path, kind));
  if (!strcmp(kind, "model")) return verify_model(path);
  if (!strcmp(kind, "checkpoint")) return verify_checkpoint(path);
  FH_CHECK(!kind[0], FH_ERR_UNSUPPORTED,
           "%s is a %s file, which this version of fredholm does not know", path, kind);
  return FH_OK;
}

static fh_status run_verify(fh_run *run, void *config)
{
  char kind[32] = "";
  FH_TRY(fh_status_agree(run->comm, run->rank ? FH_OK : verify_bundle(run->file, kind)));
  FH_TRY_MPI(MPI_Bcast(kind, sizeof kind, MPI_CHAR, 0, run->comm));
  return kind[0] ? FH_OK : verify_data(run, config);
}

const fh_command fh_command_verify = {
    .name = "verify",
    .arguments = "FILE",
    .help = "recompute checksums (all files) and residuals (sets made by generate)",
    .takes_file = true,
    .uses_solver = true,
    .config_bytes = sizeof(verify_config),
    .declare = declare,
    .run = run_verify};
