#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/atomic.h"
#include "io/crc.h"

typedef struct {
  char magic[8];
  uint32_t version, set;
  uint64_t record_bytes;
  char padding[40];
} header;

typedef struct {
  uint32_t crc; /* of all that follows it */
  uint16_t valid, strategy;
  int64_t index;
  uint64_t seed;
  int32_t iterations, rung;
  double residual, seconds;
} head;

enum { HEADER_BYTES = 64, VERSION = 1 };
static const char magic[8] = "FHJRNL\r\n";
static const double sync_interval = 1.0; /* seconds */

_Static_assert(sizeof(header) == HEADER_BYTES, "the header of a journal has no holes");
_Static_assert(sizeof(head) == 48, "the head of a record has no holes");

size_t fh_journal_record_bytes(ptrdiff_t values)
{
  return sizeof(head) + (size_t)values * sizeof(float);
}

static ptrdiff_t slot_offset(const fh_journal *j, ptrdiff_t slot)
{
  return HEADER_BYTES + slot * (ptrdiff_t)fh_journal_record_bytes(j->values);
}

static fh_status cut(const fh_journal *j, ptrdiff_t bytes)
{
  FH_CHECK(ftruncate(j->file, (off_t)bytes) == 0, FH_ERR_IO, "%s: cannot cut off its torn end: %s",
           j->path, strerror(errno));
  return FH_OK;
}

static header make_header(const fh_journal *j)
{
  header h = {.version = VERSION, .set = j->set};
  memcpy(h.magic, magic, sizeof magic);
  h.record_bytes = fh_journal_record_bytes(j->values);
  return h;
}

static fh_status check_header(const fh_journal *j)
{
  header found;
  const header expected = make_header(j);
  FH_TRY(fh_file_read_at(j->file, j->path, &found, sizeof found, 0));
  FH_CHECK(memcmp(found.magic, magic, sizeof magic) == 0, FH_ERR_FORMAT, "%s is no journal",
           j->path);
  FH_CHECK(memcmp(&found, &expected, sizeof found) == 0, FH_ERR_FORMAT,
           "%s is the journal of another set (%08x, not %08x): remove the folder to begin anew",
           j->path, found.set, j->set);
  return FH_OK;
}

static fh_status build(fh_journal *j, bool create)
{
  struct stat info;
  j->file = open(j->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
  if (j->file < 0 && errno == ENOENT && !create) return FH_OK;
  FH_CHECK(j->file >= 0, FH_ERR_IO, "cannot open %s: %s", j->path, strerror(errno));
  FH_CHECK(fstat(j->file, &info) == 0, FH_ERR_IO, "%s: %s", j->path, strerror(errno));
  char *buffer = NULL;
  FH_NEW(buffer, (ptrdiff_t)fh_journal_record_bytes(j->values));
  j->buffer = buffer;
  if (info.st_size < HEADER_BYTES) { /* new, or its writer died at once */
    const header h = make_header(j);
    FH_TRY(cut(j, 0));
    FH_TRY(fh_file_write_at(j->file, j->path, &h, sizeof h, 0));
    return FH_OK;
  }
  FH_TRY(check_header(j));
  const ptrdiff_t record = (ptrdiff_t)fh_journal_record_bytes(j->values);
  j->slots = ((ptrdiff_t)info.st_size - HEADER_BYTES) / record;
  if (slot_offset(j, j->slots) != (ptrdiff_t)info.st_size) FH_TRY(cut(j, slot_offset(j, j->slots)));
  return FH_OK;
}

fh_status fh_journal_open(const char *folder, int id, uint32_t set, ptrdiff_t values, bool create,
                          fh_journal *j)
{
  *j = (fh_journal){.file = -1, .set = set, .values = values, .synced = fh_clock()};
  const int length = snprintf(j->path, sizeof j->path, "%s/journal-%05d", folder, id);
  FH_CHECK(length > 0 && length < (int)sizeof j->path, FH_ERR_ARG, "the path %s is too long",
           folder);
  const fh_status st = build(j, create);
  if (st == FH_OK) return FH_OK;
  fh_journal_close(j);
  return fh_status_trace(st, __FILE__, __LINE__, __func__);
}

void fh_journal_close(fh_journal *j)
{
  if (j->file >= 0) close(j->file);
  j->file = -1;
  fh_free(j->buffer);
  j->buffer = NULL;
}

static uint32_t record_crc(const fh_journal *j)
{
  const char *bytes = j->buffer;
  const size_t skip = sizeof(uint32_t);
  return fh_crc32c(0, bytes + skip, fh_journal_record_bytes(j->values) - skip);
}

fh_status fh_journal_append(fh_journal *j, const fh_sample_record *r, const float *values)
{
  const ptrdiff_t offset = slot_offset(j, j->slots);
  head *h = j->buffer;
  *h = (head){.valid = r->valid,
              .strategy = (uint16_t)r->strategy,
              .index = r->index,
              .seed = r->seed,
              .iterations = r->iterations,
              .rung = r->rung,
              .residual = r->residual,
              .seconds = r->seconds};
  memcpy(h + 1, values, (size_t)j->values * sizeof(float));
  h->crc = record_crc(j);
  const fh_status st =
      fh_file_write_at(j->file, j->path, h, fh_journal_record_bytes(j->values), offset);
  if (st != FH_OK) {
    /* give the disk its space back; should even this fail, the next opening cuts it off */
    if (ftruncate(j->file, (off_t)offset) != 0) errno = 0;
    return fh_status_trace(st, __FILE__, __LINE__, __func__);
  }
  j->slots++;
  if (fh_clock() - j->synced >= sync_interval) FH_TRY(fh_journal_sync(j));
  return FH_OK;
}

fh_status fh_journal_sync(fh_journal *j)
{
  FH_CHECK(fdatasync(j->file) == 0, FH_ERR_IO, "%s: cannot make it durable: %s", j->path,
           strerror(errno));
  j->synced = fh_clock();
  return FH_OK;
}

fh_status fh_journal_read(fh_journal *j, ptrdiff_t slot, fh_sample_record *r, const float **values,
                          bool *good)
{
  const head *h = j->buffer;
  FH_TRY(fh_file_read_at(j->file, j->path, j->buffer, fh_journal_record_bytes(j->values),
                         slot_offset(j, slot)));
  *good = h->crc == record_crc(j);
  *values = (const float *)(h + 1);
  *r = (fh_sample_record){.index = h->index,
                          .seed = h->seed,
                          .iterations = h->iterations,
                          .rung = h->rung,
                          .strategy = h->strategy,
                          .residual = h->residual,
                          .seconds = h->seconds,
                          .valid = h->valid != 0};
  return FH_OK;
}
