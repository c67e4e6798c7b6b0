/* verify_scan - what the stored samples tell by themselves */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "comm/team.h"
#include "datagen/verify_impl.h"

static uint64_t hash_values(const fh_real *v, ptrdiff_t n, uint64_t h)
{
  const unsigned char *bytes = (const unsigned char *)v;
  for (size_t i = 0; i < (size_t)n * sizeof *v; i++) h = (h ^ bytes[i]) * 1099511628211ull;
  return h;
}

/* of a trajectory, frames are the channels: the first may be zero, but none stands still */
static bool has_constant(const fh_real *v, ptrdiff_t channels, ptrdiff_t points, ptrdiff_t steps)
{
  for (ptrdiff_t c = 0; c < channels; c++) {
    const fh_real *field = v + c * points;
    const bool is_first = c % steps == 0;
    ptrdiff_t i = 1;
    while (i < points && field[i] == field[0]) i++;
    if (i == points && (steps == 1 || !is_first)) return true;
    if (!is_first && memcmp(field, field - points, (size_t)points * sizeof *v) == 0) return true;
  }
  return false;
}

fh_status fh_verify_read(fh_verify *c, int64_t i, bool *good)
{
  const fh_status st = fh_dataset_read(c->data, 1, &i, c->x, c->y);
  *good = st == FH_OK;
  if (st != FH_ERR_FORMAT) return st;
  fh_log_message(c->log, FH_LOG_WARNING, "%s", fh_status_message());
  fh_status_clear();
  return FH_OK;
}

static void check_record(fh_verify *c, ptrdiff_t i)
{
  const fh_sample_record *record = &c->records[i];
  const double tolerance = c->config.solver.tolerance;
  const fh_problem *p = c->labeller->problem;
  const bool bounded = !p->class->evolve || p->bounded;
  if (record->index == i && record->seed == (uint64_t)c->config.seed &&
      (!record->valid || !bounded || record->residual <= tolerance))
    return;
  c->report->records++;
  fh_log_message(c->log, FH_LOG_WARNING,
                 "sample %td is recorded as number %lld of seed %llu with residual %.3g, but the "
                 "configuration says seed %td, tolerance %g",
                 i, (long long)record->index, (unsigned long long)record->seed, record->residual,
                 c->config.seed, tolerance);
}

/* hashes[i] of the samples of this rank; 0 for those without one */
static fh_status scan(fh_verify *c, uint64_t *hashes)
{
  fh_verify_report *r = c->report;
  for (ptrdiff_t i = c->rank; i < r->samples; i += c->size) {
    bool good = false;
    check_record(c, i);
    if (!c->records[i].valid) {
      r->invalid++;
      continue;
    }
    FH_TRY(fh_verify_read(c, i, &good));
    if (!good) {
      r->damaged++;
      continue;
    }
    if (has_constant(c->x, c->x_size / c->points, c->points, 1) ||
        has_constant(c->y, c->y_size / c->points, c->points, c->labeller->store->steps)) {
      r->constant++;
      fh_log_message(c->log, FH_LOG_WARNING, "sample %td has a constant field", i);
    }
    hashes[i] = hash_values(c->y, c->y_size, hash_values(c->x, c->x_size, 1469598103934665603ull));
    if (hashes[i] == 0) hashes[i] = 1;
  }
  return FH_OK;
}

static int compare_hashes(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* the hashes of all ranks, each on one of them */
static fh_status count_repeated(MPI_Comm comm, fh_verify *c, int n, uint64_t *hashes)
{
  FH_TRY(fh_status_agree(comm, scan(c, hashes)));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, hashes, n, MPI_UINT64_T, MPI_SUM, comm));
  qsort(hashes, (size_t)n, sizeof *hashes, compare_hashes);
  for (int i = 1; i < n && c->rank == 0; i++)
    c->report->repeated += hashes[i] != 0 && hashes[i] == hashes[i - 1];
  return FH_OK;
}

fh_status fh_verify_scan(MPI_Comm comm, fh_verify *c)
{
  uint64_t *hashes = NULL;
  int n = 0;
  FH_TRY(fh_size_int(c->report->samples, &n));
  FH_NEW(hashes, n);
  const fh_status st = count_repeated(comm, c, n, hashes);
  fh_free(hashes);
  return st;
}
