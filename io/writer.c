#include "io/writer.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/crc.h"
#include "io/writer_state.h"

/* ---- creation ----------------------------------------------------------------------------------- */

static fh_status describe(const char *path, const fh_writer_info *info, fh_writer *w)
{
  FH_CHECK(strlen(path) > 0 && strlen(path) < sizeof w->path, FH_ERR_ARG,
           "a path has 1 to %d bytes, not %zu", FH_PATH_BYTES - 1, strlen(path));
  snprintf(w->path, sizeof w->path, "%s", path);
  snprintf(w->folder, sizeof w->folder, "%s.part", path);
  FH_TRY(fh_manifest_check(info));
  w->info = *info;
  w->info.config = w->config = fh_strdup(info->config ? info->config : "");
  FH_CHECK(w->config, FH_ERR_MEMORY, "out of memory for the configuration");
  FH_TRY(fh_manifest_print(&w->info, &w->manifest));
  w->set = fh_crc32c(0, w->config, strlen(w->config));
  w->set = fh_crc32c(w->set, w->manifest, strlen(w->manifest));
  FH_TRY(fh_manifest_pieces(&w->info, w->pieces, &w->n_pieces));
  w->points = fh_grid_size(&w->info.grid);
  ptrdiff_t frames = 0, bytes = 0;
  for (int p = 0; p < w->n_pieces; p++) frames += w->pieces[p].steps;
  FH_TRY(fh_size_mul(frames, w->points, &w->values));
  FH_TRY(fh_size_mul(w->values, 4 * w->info.samples, &bytes));
  FH_NEW(w->where, w->info.samples);
  FH_NEW(w->has, w->info.samples);
  if (!w->in_runs) FH_NEW(w->buffer, w->values);
  for (ptrdiff_t i = 0; i < w->info.samples; i++) w->where[i] = -1;
  return FH_OK;
}

/* finds the good records of one journal; opening it has cut off a torn end */
static fh_status scan(fh_writer *w, int id)
{
  fh_journal j;
  FH_TRY(fh_journal_open(w->folder, id, w->set, w->values, false, &j));
  fh_status st = FH_OK;
  for (ptrdiff_t slot = 0; st == FH_OK && slot < j.slots; slot++) {
    fh_sample_record record;
    const float *values = NULL;
    bool good = false;
    st = fh_journal_read(&j, slot, &record, &values, &good);
    if (st == FH_OK && good && record.index >= 0 && record.index < w->info.samples)
      w->where[record.index] = fh_where(id, slot);
  }
  fh_journal_close(&j);
  return st;
}

static fh_status scan_mine(fh_writer *w)
{
  for (int id = w->rank; id < w->n_journals; id += w->size) FH_TRY(scan(w, id));
  return FH_OK;
}

static fh_status share_where(fh_writer *w)
{
  int n = 0;
  FH_TRY(fh_size_int(w->info.samples, &n));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, w->where, n, MPI_INT64_T, MPI_MAX, w->comm));
  return FH_OK;
}

static fh_status open_journals(fh_writer *w)
{
  FH_TRY(fh_status_agree(w->comm, scan_mine(w)));
  FH_TRY(share_where(w));
  for (ptrdiff_t i = 0; i < w->info.samples; i++) w->has[i] = w->where[i] >= 0;
  const fh_status st = fh_journal_open(w->folder, w->rank, w->set, w->values, true, &w->journal);
  FH_TRY(fh_status_agree(w->comm, st));
  if (w->n_journals < w->size) w->n_journals = w->size;
  return FH_OK;
}

/* nobody can go on with what fails here */
static fh_status begin_runs(fh_writer *w)
{
  const fh_status st = fh_writer_begin_runs(w);
  if (st != FH_OK && w->rank == 0 && fh_writer_folder_remove(w) != FH_OK) fh_status_clear();
  return st;
}

static fh_status build(MPI_Comm comm, const char *path, const fh_writer_info *info,
                       fh_existing existing, fh_writer *w)
{
  FH_TRY_MPI(MPI_Comm_dup(comm, &w->comm));
  FH_TRY_MPI(MPI_Comm_set_errhandler(w->comm, MPI_ERRORS_RETURN));
  FH_TRY_MPI(MPI_Comm_rank(w->comm, &w->rank));
  FH_TRY_MPI(MPI_Comm_size(w->comm, &w->size));
  FH_TRY(fh_status_agree(w->comm, describe(path, info, w)));
  const fh_status st = w->rank == 0 ? fh_writer_folder_open(w, existing) : FH_OK;
  FH_TRY(fh_status_agree(w->comm, st));
  int found[2] = {w->finished, w->n_journals};
  FH_TRY_MPI(MPI_Bcast(found, 2, MPI_INT, 0, w->comm));
  w->finished = found[0] != 0;
  w->n_journals = found[1];
  if (w->in_runs) return begin_runs(w);
  if (!w->finished) FH_TRY(open_journals(w));
  return FH_OK;
}

static fh_status create(MPI_Comm comm, const char *path, const fh_writer_info *info,
                        fh_existing existing, bool in_runs, fh_writer **writer)
{
  fh_writer *w = NULL;
  *writer = NULL;
  FH_NEW(w, 1);
  w->comm = MPI_COMM_NULL;
  w->lock = w->journal.file = w->file = -1;
  w->in_runs = in_runs;
  const fh_status st = build(comm, path, info, existing, w);
  if (st != FH_OK) fh_writer_destroy(&w);
  *writer = w;
  return st;
}

fh_status fh_writer_create(MPI_Comm comm, const char *path, const fh_writer_info *info,
                           fh_existing existing, fh_writer **writer)
{
  return create(comm, path, info, existing, false, writer);
}

fh_status fh_writer_create_in_runs(MPI_Comm comm, const char *path, const fh_writer_info *info,
                                   fh_existing existing, fh_writer **writer)
{
  *writer = NULL;
  FH_CHECK(existing != FH_RESUME, FH_ERR_ARG, "%s: nobody can go on with a set written in runs",
           path);
  return create(comm, path, info, existing, true, writer);
}

void fh_writer_destroy(fh_writer **writer)
{
  fh_writer *w = *writer;
  if (!w) return;
  /* whoever destroys without finishing wants to resume; what fails here was not durable before */
  if (w->journal.file >= 0 && fh_journal_sync(&w->journal) != FH_OK) fh_status_clear();
  fh_journal_close(&w->journal);
  if (w->lock >= 0) close(w->lock);
  if (w->file >= 0) close(w->file);
  if (w->comm != MPI_COMM_NULL) MPI_Comm_free(&w->comm);
  fh_free(w->config);
  fh_free(w->manifest);
  fh_free(w->where);
  fh_free(w->has);
  fh_free(w->buffer);
  fh_free(w);
  *writer = NULL;
}

void fh_writer_abandon(fh_writer **writer)
{
  fh_writer *w = *writer;
  if (!w) return;
  MPI_Barrier(w->comm); /* nobody writes any more */
  /* it is called after a failure, which is what is told; what cannot be removed stays */
  if (w->rank == 0 && !w->finished && fh_writer_folder_remove(w) != FH_OK) fh_status_clear();
  fh_writer_destroy(writer);
}

/* ---- samples ------------------------------------------------------------------------------------ */

bool fh_writer_has(const fh_writer *w, int64_t index)
{
  return index >= 0 && index < w->info.samples && (w->finished || w->has[index]);
}

fh_status fh_writer_check_value(const fh_writer *w, int64_t index, int piece, ptrdiff_t point,
                                double value, float stored)
{
  FH_CHECK(isfinite(stored), FH_ERR_NUMERIC,
           "sample %lld has %g at point %td of %s, which cannot be stored as float32",
           (long long)index, value, point, w->pieces[piece].name);
  return FH_OK;
}

static fh_status store(fh_writer *w, const double *const *fields, const fh_sample_record *r)
{
  float *to = w->buffer;
  for (int p = 0; p < w->n_pieces; p++) {
    const fh_piece *piece = &w->pieces[p];
    const ptrdiff_t size = piece->steps * w->points;
    const double *from = fields[piece->field] + piece->channel * size;
    const bool missing = !r->valid && piece->is_output;
    for (ptrdiff_t i = 0; i < size; i++) {
      to[i] = missing ? NAN : (float)from[i];
      if (r->valid) FH_TRY(fh_writer_check_value(w, r->index, p, i, from[i], to[i]));
    }
    to += size;
  }
  return FH_OK;
}

fh_status fh_writer_put(fh_writer *w, const double *const *fields, const fh_sample_record *r)
{
  FH_CHECK(r->index >= 0 && r->index < w->info.samples, FH_ERR_ARG,
           "sample %lld is outside a set of %td samples", (long long)r->index, w->info.samples);
  FH_CHECK(!w->in_runs, FH_ERR_STATE, "%s is written in runs, not sample by sample", w->path);
  FH_CHECK(!w->finished && w->where[r->index] < 0, FH_ERR_STATE,
           "sample %lld has been written before: ask fh_writer_has first", (long long)r->index);
  FH_TRY(store(w, fields, r));
  FH_TRY(fh_journal_append(&w->journal, r, w->buffer));
  w->where[r->index] = fh_where(w->rank, w->journal.slots - 1);
  return FH_OK;
}

/* ---- end ---------------------------------------------------------------------------------------- */

static fh_status check_complete(const fh_writer *w)
{
  ptrdiff_t missing = 0, first = -1;
  for (ptrdiff_t i = 0; i < w->info.samples; i++)
    if (w->where[i] < 0 && missing++ == 0) first = i;
  FH_CHECK(missing == 0, FH_ERR_STATE,
           "%s is not complete: %td of %td samples are missing, the first is %td; write them, then "
           "finish again",
           w->path, missing, w->info.samples, first);
  return FH_OK;
}

/* companions first: a set whose name appears is a set that is complete */
static fh_status publish(fh_writer *w, const char *assembled, const double *moments)
{
  FH_TRY(fh_xdmf_write(w->path, &w->info));
  FH_TRY(fh_stats_write(w, moments));
  FH_TRY(fh_atomic_rename(assembled, w->path));
  FH_TRY(fh_writer_folder_remove(w));
  return FH_OK;
}

void fh_writer_assembled(const fh_writer *w, char path[FH_PATH_BYTES + 64])
{
  snprintf(path, FH_PATH_BYTES + 64, "%s/assembled.h5", w->folder);
}

static fh_status assemble_and_publish(fh_writer *w, double *moments)
{
  char assembled[FH_PATH_BYTES + 64];
  fh_writer_assembled(w, assembled);
  const fh_status built =
      w->in_runs ? fh_writer_end_runs(w, moments) : fh_writer_assemble(w, assembled, moments);
  if (built != FH_OK && w->rank == 0) unlink(assembled);
  FH_TRY(built);
  FH_TRY(fh_status_agree(w->comm, w->rank == 0 ? publish(w, assembled, moments) : FH_OK));
  return FH_OK;
}

static fh_status finish(fh_writer *w)
{
  double *moments = NULL;
  FH_TRY(
      fh_status_agree(w->comm, w->in_runs ? fh_writer_sync_runs(w) : fh_journal_sync(&w->journal)));
  FH_TRY(share_where(w));
  FH_TRY(check_complete(w));
  moments = fh_calloc(FH_MOMENTS * w->info.samples * w->n_pieces, sizeof *moments);
  fh_status st =
      moments ? FH_OK
              : fh_status_raise(FH_ERR_MEMORY, __FILE__, __LINE__, __func__,
                                "out of memory for the moments of %td samples", w->info.samples);
  st = fh_status_agree(w->comm, st);
  if (st == FH_OK) st = assemble_and_publish(w, moments);
  fh_free(moments);
  return st;
}

fh_status fh_writer_finish(fh_writer *w)
{
  if (w->finished) return FH_OK;
  FH_TRY(finish(w));
  w->finished = true;
  fh_journal_close(&w->journal);
  if (w->lock >= 0) close(w->lock);
  w->lock = -1;
  return FH_OK;
}
