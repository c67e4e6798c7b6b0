#include "io/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { TRIES = 100 };

fh_status fh_file_write_at(int file, const char *path, const void *bytes, size_t size,
                           ptrdiff_t offset)
{
  const char *p = bytes;
  while (size > 0) {
    const ssize_t n = pwrite(file, p, size, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    FH_CHECK(n > 0, FH_ERR_IO, "%s: cannot write %zu bytes: %s", path, size,
             n == 0 ? "the system took none" : strerror(errno));
    p += n;
    size -= (size_t)n;
    offset += n;
  }
  return FH_OK;
}

fh_status fh_file_read_at(int file, const char *path, void *bytes, size_t size, ptrdiff_t offset)
{
  char *p = bytes;
  while (size > 0) {
    const ssize_t n = pread(file, p, size, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    FH_CHECK(n > 0, FH_ERR_IO, "%s: cannot read %zu bytes at %td: %s", path, size, offset,
             n == 0 ? "the file ends before" : strerror(errno));
    p += n;
    size -= (size_t)n;
    offset += n;
  }
  return FH_OK;
}

static fh_status read_open(int file, const char *path, ptrdiff_t most, char **text)
{
  struct stat info;
  FH_CHECK(fstat(file, &info) == 0, FH_ERR_IO, "%s: %s", path, strerror(errno));
  FH_CHECK(S_ISREG(info.st_mode), FH_ERR_IO, "%s is not a regular file", path);
  FH_CHECK((ptrdiff_t)info.st_size <= most, FH_ERR_FORMAT,
           "%s has %td bytes, more than the %td that are allowed here", path,
           (ptrdiff_t)info.st_size, most);
  FH_NEW(*text, (ptrdiff_t)info.st_size + 1);
  FH_TRY(fh_file_read_at(file, path, *text, (size_t)info.st_size, 0));
  return FH_OK;
}

fh_status fh_file_read_text(const char *path, ptrdiff_t most, char **text)
{
  *text = NULL;
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  FH_CHECK(file >= 0, FH_ERR_IO, "cannot open %s: %s", path, strerror(errno));
  const fh_status st = read_open(file, path, most, text);
  close(file);
  if (st == FH_OK) return FH_OK;
  fh_free(*text);
  *text = NULL;
  return st;
}

fh_status fh_file_close_synced(int file, const char *path)
{
  const int synced = fsync(file), sync_error = errno;
  const int closed = close(file), close_error = errno;
  FH_CHECK(synced == 0 && closed == 0, FH_ERR_IO, "%s: cannot finish writing: %s", path,
           strerror(synced != 0 ? sync_error : close_error));
  return FH_OK;
}

/* without it, a power cut may forget the new name although the data are safe */
static fh_status sync_folder(const char *path)
{
  char folder[PATH_MAX] = ".";
  const char *slash = strrchr(path, '/');
  if (slash) {
    const size_t length = slash == path ? 1 : (size_t)(slash - path);
    FH_CHECK(length < sizeof folder, FH_ERR_ARG, "the path %s is too long", path);
    memcpy(folder, path, length);
    folder[length] = '\0';
  }
  const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  FH_CHECK(file >= 0, FH_ERR_IO, "cannot open the folder %s: %s", folder, strerror(errno));
  const int synced = fsync(file), error = errno;
  close(file);
  /* some network file systems have no fsync for folders: they have nothing to lose there */
  FH_CHECK(synced == 0 || error == EINVAL || error == ENOTSUP, FH_ERR_IO,
           "cannot make the folder %s durable: %s", folder, strerror(error));
  return FH_OK;
}

fh_status fh_atomic_rename(const char *from, const char *path)
{
  FH_CHECK(rename(from, path) == 0, FH_ERR_IO, "cannot rename %s to %s: %s", from, path,
           strerror(errno));
  FH_TRY(sync_folder(path));
  return FH_OK;
}

/* O_EXCL: neither an old temporary file nor a link that somebody planted is ever written to */
static fh_status open_temporary(const char *path, char temporary[PATH_MAX], int *file)
{
  for (int i = 0; i < TRIES; i++) {
    const int length = snprintf(temporary, PATH_MAX, "%s.tmp-%ld-%d", path, (long)getpid(), i);
    FH_CHECK(length > 0 && length < PATH_MAX, FH_ERR_ARG, "the path %s is too long", path);
    *file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*file >= 0) return FH_OK;
    FH_CHECK(errno == EEXIST, FH_ERR_IO, "cannot write %s: %s", path, strerror(errno));
  }
  FH_RAISE(FH_ERR_IO, "cannot write %s: %d temporary files %s are in the way: remove them", path,
           TRIES, temporary);
}

fh_status fh_atomic_write(const char *path, const void *bytes, size_t size)
{
  char temporary[PATH_MAX];
  int file = -1;
  FH_TRY(open_temporary(path, temporary, &file));
  fh_status st = fh_file_write_at(file, path, bytes, size, 0);
  if (st == FH_OK)
    st = fh_file_close_synced(file, path);
  else
    close(file);
  if (st == FH_OK) st = fh_atomic_rename(temporary, path);
  if (st == FH_OK) return FH_OK;
  unlink(temporary);
  return fh_status_trace(st, __FILE__, __LINE__, __func__);
}

fh_status fh_atomic_write_text(const char *path, const char *text)
{
  FH_TRY(fh_atomic_write(path, text, strlen(text)));
  return FH_OK;
}
