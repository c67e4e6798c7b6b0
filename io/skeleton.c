#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SEEK_DATA */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/well_fixed.h"
#include "io/writer_state.h"

/* HDF5 1.10 crashes when a program ends after a write has failed (disk full, quota). So it writes the
 * file without its samples into shared memory, where the room for them is a hole, and what it has
 * written is copied to the disk by our own writes, which fail cleanly. */

enum { BLOCK = 1 << 20, METADATA = 1 << 20 };

static ptrdiff_t file_bytes(const fh_writer *w)
{
  ptrdiff_t per_sample = w->values * (ptrdiff_t)sizeof(float);
  for (int p = 0; p < w->n_pieces; p++) per_sample += 4 * w->pieces[p].steps;
  for (int c = 0; c < FH_COLUMNS; c++) per_sample += (ptrdiff_t)fh_columns[c].bytes;
  ptrdiff_t other = METADATA + 4 * (ptrdiff_t)(strlen(w->config) + strlen(w->manifest));
  for (int a = 0; a < w->info.grid.dim; a++) other += 8 * w->info.grid.n[a];
  other += 4 * fh_manifest_steps(&w->info);
  other += fh_well_fixed_bytes(&w->info);
  return w->info.samples * per_sample + other;
}

static fh_status check_space(const fh_writer *w, const char *path, int file)
{
  struct statvfs disk;
  const ptrdiff_t bytes = file_bytes(w);
  if (fstatvfs(file, &disk) == 0 && disk.f_blocks > 0) {
    const double available = (double)disk.f_bavail * (double)disk.f_frsize;
    FH_CHECK(available >= (double)bytes, FH_ERR_IO,
             "%s needs %td bytes, but only %.0f are free on its disk: make room and resume",
             w->path, bytes, available);
  }
  /* also finds a limit of the file size, which would hold for the file in memory too */
  FH_CHECK(ftruncate(file, (off_t)bytes) == 0, FH_ERR_IO, "%s cannot have %td bytes: %s", path,
           bytes, strerror(errno));
  return FH_OK;
}

static fh_status copy_range(int from, int to, const char *path, off_t first, off_t last,
                            char *block)
{
  for (off_t at = first; at < last; at += BLOCK) {
    const size_t n = last - at < BLOCK ? (size_t)(last - at) : BLOCK;
    FH_TRY(fh_file_read_at(from, "the file in memory", block, n, at));
    FH_TRY(fh_file_write_at(to, path, block, n, at));
  }
  return FH_OK;
}

/* only what was written: the holes are for the samples */
static fh_status copy_written(int from, int to, const char *path, char *block)
{
  struct stat info;
  FH_CHECK(fstat(from, &info) == 0, FH_ERR_IO, "%s: %s", path, strerror(errno));
  FH_CHECK(ftruncate(to, info.st_size) == 0, FH_ERR_IO, "%s cannot have %td bytes: %s", path,
           (ptrdiff_t)info.st_size, strerror(errno));
  for (off_t end = 0; end < info.st_size;) {
    const off_t start = lseek(from, end, SEEK_DATA);
    if (start < 0 && errno == ENXIO) break; /* a hole until the end */
    end = start < 0 ? -1 : lseek(from, start, SEEK_HOLE);
    FH_CHECK(start >= 0 && end > start, FH_ERR_IO, "the file in memory cannot be searched: %s",
             strerror(errno));
    FH_TRY(copy_range(from, to, path, start, end, block));
  }
  return FH_OK;
}

static fh_status copy(int from, int to, const char *path)
{
  char *block = NULL;
  FH_NEW(block, BLOCK);
  const fh_status st = copy_written(from, to, path, block);
  fh_free(block);
  return st;
}

/* memory: an open file called name */
static fh_status write_through(const fh_writer *w, const char *path, int memory, const char *name,
                               fh_well_offsets *offsets)
{
  const fh_well_run run = {.ranks = w->size};
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  FH_CHECK(file >= 0, FH_ERR_IO, "cannot write %s: %s", path, strerror(errno));
  fh_status st = check_space(w, path, file);
  if (st == FH_OK) st = fh_well_create(name, &w->info, w->manifest, &run, offsets);
  if (st == FH_OK) st = copy(memory, file, path);
  close(file);
  return st;
}

fh_status fh_skeleton_write(const fh_writer *w, const char *path, fh_well_offsets *offsets)
{
  char name[FH_PATH_BYTES + 64] = "/dev/shm/fredholm-XXXXXX";
  int memory = mkstemp(name);
  if (memory < 0) { /* a machine without shared memory: then on the disk itself */
    snprintf(name, sizeof name, "%s/assembled.h5-XXXXXX", w->folder);
    memory = mkstemp(name);
  }
  FH_CHECK(memory >= 0, FH_ERR_IO, "cannot write %s: %s", name, strerror(errno));
  const fh_status st = write_through(w, path, memory, name, offsets);
  close(memory);
  unlink(name);
  return st;
}
