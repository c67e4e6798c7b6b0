/* writer_runs - a set whose samples nobody holds whole: values go straight to their place in the file,
 * and what depends on all of them, checksums and moments, is taken from the file at the end */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/crc.h"
#include "io/writer_state.h"

enum { RUN = 1 << 16 }; /* values on their way */

static fh_status open_file(fh_writer *w)
{
  char path[FH_PATH_BYTES + 64];
  fh_writer_assembled(w, path);
  w->file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  FH_CHECK(w->file >= 0, FH_ERR_IO, "cannot write %s: %s", path, strerror(errno));
  if (!w->buffer) FH_NEW(w->buffer, RUN);
  return FH_OK;
}

static fh_status close_file(fh_writer *w)
{
  const int file = w->file;
  w->file = -1;
  return fh_file_close_synced(file, w->path);
}

fh_status fh_writer_begin_runs(fh_writer *w)
{
  char path[FH_PATH_BYTES + 64];
  fh_writer_assembled(w, path);
  for (int p = 0; p < w->n_pieces; p++)
    FH_CHECK(w->pieces[p].steps == 1, FH_ERR_UNSUPPORTED,
             "%s: trajectories are written sample by sample", w->path);
  FH_TRY(fh_writer_begin_file(w, path, &w->offsets));
  return fh_status_agree(w->comm, open_file(w));
}

/* ---- samples ------------------------------------------------------------------------------------ */

static fh_status check_index(const fh_writer *w, int64_t index)
{
  FH_CHECK(w->in_runs && w->file >= 0, FH_ERR_STATE, "%s is not written in runs", w->path);
  FH_CHECK(index >= 0 && index < w->info.samples, FH_ERR_ARG,
           "sample %lld is outside a set of %td samples", (long long)index, w->info.samples);
  return FH_OK;
}

fh_status fh_writer_put_run(fh_writer *w, int64_t index, int piece, ptrdiff_t first,
                            ptrdiff_t count, const fh_real *values)
{
  FH_TRY(check_index(w, index));
  FH_CHECK(piece >= 0 && piece < w->n_pieces && first >= 0 && count >= 0 &&
               count <= w->points - first,
           FH_ERR_ARG, "points %td to %td of field %d are outside %s", first, first + count, piece,
           w->path);
  for (ptrdiff_t done = 0; done < count;) {
    const ptrdiff_t left = count - done, n = left < RUN ? left : RUN;
    for (ptrdiff_t i = 0; i < n; i++) {
      w->buffer[i] = (float)values[done + i];
      FH_TRY(fh_writer_check_value(w, index, piece, first + done + i, (double)values[done + i],
                                   w->buffer[i]));
    }
    FH_TRY(fh_file_write_at(w->file, w->path, w->buffer, (size_t)n * sizeof(float),
                            w->offsets.piece[piece] +
                                (index * w->points + first + done) * (ptrdiff_t)sizeof(float)));
    done += n;
  }
  return FH_OK;
}

fh_status fh_writer_put_record(fh_writer *w, const fh_sample_record *r)
{
  char value[8];
  FH_TRY(check_index(w, r->index));
  for (int c = 0; c < FH_COLUMNS; c++) {
    const size_t bytes = fh_columns[c].bytes;
    fh_column_encode(c, r, value);
    FH_TRY(fh_file_write_at(w->file, w->path, value, bytes,
                            w->offsets.column[c] + r->index * (ptrdiff_t)bytes));
  }
  w->where[r->index] = fh_where(w->rank, 0);
  return FH_OK;
}

/* ---- end ---------------------------------------------------------------------------------------- */

static fh_status load(fh_writer *w, ptrdiff_t sample, int piece, ptrdiff_t first, ptrdiff_t *count)
{
  const ptrdiff_t left = w->points - first;
  *count = left < RUN ? left : RUN;
  return fh_file_read_at(w->file, w->path, w->buffer, (size_t)*count * sizeof(float),
                         w->offsets.piece[piece] +
                             (sample * w->points + first) * (ptrdiff_t)sizeof(float));
}

/* two ways through the file: the deviations need the mean */
static fh_status measure(fh_writer *w, ptrdiff_t sample, int piece, double *moments)
{
  const ptrdiff_t n = w->info.samples;
  double *mean = moments + FH_MOMENTS * piece * n + sample, *deviation = mean + n, sum = 0;
  uint32_t crc = 0;
  ptrdiff_t count = 0;
  for (ptrdiff_t first = 0; first < w->points; first += count) {
    FH_TRY(load(w, sample, piece, first, &count));
    crc = fh_crc32c(crc, w->buffer, (size_t)count * sizeof(float));
    sum = fh_add_values(sum, w->buffer, count);
  }
  *mean = sum / (double)w->points;
  for (ptrdiff_t first = 0; first < w->points; first += count) {
    FH_TRY(load(w, sample, piece, first, &count));
    *deviation = fh_add_deviations(*deviation, *mean, w->buffer, count);
  }
  return fh_file_write_at(w->file, w->path, &crc, sizeof crc,
                          w->offsets.crc[piece] + sample * (ptrdiff_t)sizeof crc);
}

static fh_status measure_share(fh_writer *w, double *moments)
{
  const ptrdiff_t all = w->info.samples * w->n_pieces;
  FH_TRY(open_file(w));
  for (ptrdiff_t i = all * w->rank / w->size; i < all * (w->rank + 1) / w->size; i++)
    FH_TRY(measure(w, i / w->n_pieces, (int)(i % w->n_pieces), moments));
  return close_file(w);
}

fh_status fh_writer_sync_runs(fh_writer *w)
{
  return close_file(w);
}

fh_status fh_writer_end_runs(fh_writer *w, double *moments)
{
  /* opened anew: what other ranks have closed is then there on network file systems, too */
  FH_TRY(fh_status_agree(w->comm, measure_share(w, moments)));
  return fh_writer_gather_moments(w, moments);
}
