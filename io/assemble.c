#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/crc.h"
#include "io/writer_state.h"

/* One rank's share of the file: samples [first, last), and what it collects of them. */
typedef struct {
  fh_writer *w;
  const fh_well_offsets *offsets;
  const char *path;
  int file;
  ptrdiff_t first, last;
  fh_journal *journals;      /* n_journals, opened when first needed */
  char *columns[FH_COLUMNS]; /* [last - first] values */
  uint32_t *crc[FH_MAX_PIECES];
  double *moments;
} share;

/* ---- every rank: its samples -------------------------------------------------------------------- */

static fh_status build(share *s)
{
  const ptrdiff_t n = s->last - s->first;
  for (int c = 0; c < FH_COLUMNS; c++) FH_NEW(s->columns[c], n * (ptrdiff_t)fh_columns[c].bytes);
  for (int p = 0; p < s->w->n_pieces; p++) FH_NEW(s->crc[p], n * s->w->pieces[p].steps);
  FH_NEW(s->journals, s->w->n_journals);
  for (int j = 0; j < s->w->n_journals; j++) s->journals[j].file = -1;
  s->file = open(s->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  FH_CHECK(s->file >= 0, FH_ERR_IO, "cannot write %s: %s", s->path, strerror(errno));
  return FH_OK;
}

static void clear(share *s)
{
  for (int c = 0; c < FH_COLUMNS; c++) fh_free(s->columns[c]);
  for (int p = 0; p < s->w->n_pieces; p++) fh_free(s->crc[p]);
  for (int j = 0; s->journals && j < s->w->n_journals; j++) fh_journal_close(&s->journals[j]);
  fh_free(s->journals);
  if (s->file >= 0) close(s->file);
}

/* mean and sum of squared deviations of one sample, in double */
static void measure(const float *values, ptrdiff_t n, double *mean, double *deviation)
{
  *mean = fh_add_values(0, values, n) / (double)n;
  *deviation = fh_add_deviations(0, *mean, values, n);
}

/* the same of values[step + 1] - values[step] */
static void measure_steps(const float *values, ptrdiff_t steps, ptrdiff_t points, double *mean,
                          double *deviation)
{
  const ptrdiff_t n = (steps - 1) * points;
  double sum = 0, squares = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (double)values[i + points] - (double)values[i];
  *mean = n > 0 ? sum / (double)n : 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double d = (double)values[i + points] - (double)values[i] - *mean;
    squares += d * d;
  }
  *deviation = squares;
}

static fh_status put_piece(share *s, ptrdiff_t i, int p, const float *values)
{
  const fh_writer *w = s->w;
  const ptrdiff_t n = w->info.samples, steps = w->pieces[p].steps;
  const size_t frame = (size_t)w->points * sizeof(float), bytes = frame * (size_t)steps;
  double *moments = s->moments + FH_MOMENTS * p * n + i;
  for (ptrdiff_t t = 0; t < steps; t++)
    s->crc[p][(i - s->first) * steps + t] = fh_crc32c(0, values + t * w->points, frame);
  measure(values, steps * w->points, moments, moments + n);
  measure_steps(values, steps, w->points, moments + 2 * n, moments + 3 * n);
  return fh_file_write_at(s->file, s->path, values, bytes,
                          s->offsets->piece[p] + i * (ptrdiff_t)bytes);
}

static fh_status put_values(share *s, ptrdiff_t i, const float *values)
{
  for (int p = 0; p < s->w->n_pieces; p++) {
    FH_TRY(put_piece(s, i, p, values));
    values += s->w->pieces[p].steps * s->w->points;
  }
  return FH_OK;
}

static fh_status put_sample(share *s, ptrdiff_t i)
{
  fh_writer *w = s->w;
  fh_sample_record record;
  const float *values = NULL;
  bool good = false;
  const int id = fh_where_journal(w->where[i]);
  fh_journal *j = &s->journals[id];
  if (j->file < 0) {
    FH_TRY(fh_journal_open(w->folder, id, w->set, w->values, false, j));
    FH_CHECK(j->file >= 0, FH_ERR_IO, "%s has vanished", j->path);
  }
  FH_TRY(fh_journal_read(j, fh_where_slot(w->where[i]), &record, &values, &good));
  FH_CHECK(good && record.index == i, FH_ERR_IO,
           "sample %td has changed in %s since it was written: resume to make it again", i,
           j->path);
  FH_TRY(put_values(s, i, values));
  for (int c = 0; c < FH_COLUMNS; c++)
    fh_column_encode(c, &record, s->columns[c] + (i - s->first) * (ptrdiff_t)fh_columns[c].bytes);
  return FH_OK;
}

static fh_status put_columns(share *s)
{
  const size_t n = (size_t)(s->last - s->first);
  for (int c = 0; c < FH_COLUMNS; c++) {
    const size_t bytes = fh_columns[c].bytes;
    FH_TRY(fh_file_write_at(s->file, s->path, s->columns[c], n * bytes,
                            s->offsets->column[c] + s->first * (ptrdiff_t)bytes));
  }
  for (int p = 0; p < s->w->n_pieces; p++) {
    const size_t bytes = (size_t)s->w->pieces[p].steps * sizeof **s->crc;
    FH_TRY(fh_file_write_at(s->file, s->path, s->crc[p], n * bytes,
                            s->offsets->crc[p] + s->first * (ptrdiff_t)bytes));
  }
  return FH_OK;
}

static fh_status put_share(share *s)
{
  FH_TRY(build(s));
  for (ptrdiff_t i = s->first; i < s->last; i++) FH_TRY(put_sample(s, i));
  FH_TRY(put_columns(s));
  const int file = s->file;
  s->file = -1;
  FH_TRY(fh_file_close_synced(file, s->path));
  return FH_OK;
}

/* every entry is non-zero on one rank at most, so that the sum is exact in any order */
fh_status fh_writer_gather_moments(const fh_writer *w, double *moments)
{
  int n = 0;
  FH_TRY(fh_size_int(w->info.samples, &n));
  for (int p = 0; p < FH_MOMENTS * w->n_pieces; p++) {
    double *part = moments + p * w->info.samples;
    FH_TRY_MPI(
        MPI_Reduce(w->rank == 0 ? MPI_IN_PLACE : part, part, n, MPI_DOUBLE, MPI_SUM, 0, w->comm));
  }
  return FH_OK;
}

fh_status fh_writer_begin_file(fh_writer *w, const char *path, fh_well_offsets *offsets)
{
  FH_TRY(fh_status_agree(w->comm, w->rank == 0 ? fh_skeleton_write(w, path, offsets) : FH_OK));
  FH_TRY_MPI(MPI_Bcast(offsets, (int)sizeof *offsets, MPI_BYTE, 0, w->comm));
  return FH_OK;
}

fh_status fh_writer_assemble(fh_writer *w, const char *path, double *moments)
{
  fh_well_offsets offsets = {0};
  FH_TRY(fh_writer_begin_file(w, path, &offsets));
  share s = {.w = w, .offsets = &offsets, .path = path, .file = -1, .moments = moments};
  s.first = w->info.samples * w->rank / w->size;
  s.last = w->info.samples * (w->rank + 1) / w->size;
  const fh_status st = put_share(&s);
  clear(&s);
  FH_TRY(fh_status_agree(w->comm, st));
  FH_TRY(fh_writer_gather_moments(w, moments));
  return FH_OK;
}
