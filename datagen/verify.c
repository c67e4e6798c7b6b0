#include "datagen/verify.h"

#include "base/memory.h"
#include "comm/team.h"
#include "datagen/verify_impl.h"

bool fh_verify_passed(const fh_verify_report *r)
{
  return r->damaged + r->constant + r->repeated + r->records + r->inputs_differ +
             r->outputs_differ + r->residual_high + r->unresolved ==
         0;
}

static fh_status open_set(MPI_Comm comm, const char *path, fh_verify *c)
{
  const fh_dataset_choice choice = {.inputs = "", .outputs = ""};
  FH_TRY_MPI(MPI_Comm_rank(comm, &c->rank));
  FH_TRY_MPI(MPI_Comm_size(comm, &c->size));
  FH_TRY(fh_dataset_open(comm, path, &choice, &c->data));
  const char *yaml = fh_dataset_config(c->data);
  FH_CHECK(yaml && *yaml, FH_ERR_UNSUPPORTED,
           "%s holds no configuration: only sets made by 'fredholm generate' can be made again",
           path);
  c->report->samples = fh_dataset_samples(c->data);
  c->points = fh_grid_size(fh_dataset_grid(c->data));
  c->x_size = fh_dataset_in_channels(c->data) * c->points;
  c->y_size = fh_dataset_out_channels(c->data) * c->points;
  FH_TRY(fh_generate_from_yaml(yaml, &c->config));
  return FH_OK;
}

static fh_status prepare(fh_verify *c)
{
  FH_NEW(c->x, c->x_size);
  FH_NEW(c->y, c->y_size);
  FH_NEW(c->records, c->report->samples);
  FH_TRY(fh_dataset_records(c->data, 0, c->report->samples, c->records));
  FH_TRY(fh_labeller_create(MPI_COMM_SELF, &c->config, &c->labeller));
  FH_CHECK(fh_grid_same_size(&c->labeller->store->grid, fh_dataset_grid(c->data)), FH_ERR_FORMAT,
           "the grid of the file is not that of the configuration in it (size %td...)",
           c->config.size.value[0]);
  return FH_OK;
}

static fh_status reduce(MPI_Comm comm, fh_verify_report *r)
{
  ptrdiff_t *const sums[] = {&r->invalid,        &r->damaged,      &r->constant,
                             &r->repeated,       &r->records,      &r->drawn,
                             &r->solved,         &r->unresolved,   &r->inputs_differ,
                             &r->outputs_differ, &r->residual_high};
  enum { COUNTS = sizeof sums / sizeof *sums };
  double counts[COUNTS];
  double most[] = {r->worst_residual, r->worst_residual_share, r->worst_difference,
                   r->residuals_known ? 0.0 : 1.0};
  for (int i = 0; i < COUNTS; i++) counts[i] = (double)*sums[i];
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, counts, COUNTS, MPI_DOUBLE, MPI_SUM, comm));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, most, 4, MPI_DOUBLE, MPI_MAX, comm));
  for (int i = 0; i < COUNTS; i++) *sums[i] = (ptrdiff_t)counts[i];
  r->worst_residual = most[0];
  r->worst_residual_share = most[1];
  r->worst_difference = most[2];
  r->residuals_known = most[3] == 0.0;
  return FH_OK;
}

static fh_status execute(MPI_Comm comm, const char *path, ptrdiff_t checks, fh_verify *c)
{
  FH_TRY(fh_status_agree(comm, open_set(comm, path, c)));
  FH_TRY(fh_status_agree(comm, prepare(c)));
  FH_TRY(fh_verify_scan(comm, c));
  FH_TRY(fh_status_agree(comm, fh_verify_again(c, checks)));
  return reduce(comm, c->report);
}

fh_status fh_generate_verify(MPI_Comm comm, const char *path, ptrdiff_t checks, const fh_log *log,
                             fh_verify_report *report)
{
  fh_verify c = {.log = log, .report = report};
  *report = (fh_verify_report){.residuals_known = true};
  const fh_status st = execute(comm, path, checks, &c);
  fh_labeller_destroy(&c.labeller);
  fh_dataset_close(&c.data);
  fh_free(c.records);
  fh_free(c.x);
  fh_free(c.y);
  return st;
}
