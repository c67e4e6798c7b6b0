#include "io/json_lines.h"

#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"

struct fh_json_lines {
  char *path;
  int file;
  ptrdiff_t size;
};

/* the length of the file up to its last complete line */
static fh_status find_end(fh_json_lines *log, ptrdiff_t size)
{
  char c = 0;
  for (; size > 0; size--) {
    FH_TRY(fh_file_read_at(log->file, log->path, &c, 1, size - 1));
    if (c == '\n') break;
  }
  log->size = size;
  return FH_OK;
}

static fh_status build(const char *path, bool resume, fh_json_lines *log)
{
  struct stat info;
  log->path = fh_strdup(path);
  FH_CHECK(log->path, FH_ERR_MEMORY, "out of memory for the path %s", path);
  log->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  FH_CHECK(log->file >= 0, FH_ERR_IO, "cannot write %s: %s", path, strerror(errno));
  FH_CHECK(fstat(log->file, &info) == 0, FH_ERR_IO, "%s: %s", path, strerror(errno));
  if (resume) FH_TRY(find_end(log, (ptrdiff_t)info.st_size));
  FH_CHECK(ftruncate(log->file, (off_t)log->size) == 0, FH_ERR_IO, "cannot write %s: %s", path,
           strerror(errno));
  return FH_OK;
}

fh_status fh_json_lines_open(const char *path, bool resume, fh_json_lines **log)
{
  *log = NULL;
  fh_json_lines *l = NULL;
  FH_NEW(l, 1);
  l->file = -1;
  const fh_status st = build(path, resume, l);
  if (st != FH_OK) fh_json_lines_close(&l);
  *log = l;
  return st;
}

fh_status fh_json_lines_append(fh_json_lines *log, const cJSON *object)
{
  char *line = cJSON_PrintUnformatted(object);
  FH_CHECK(line, FH_ERR_MEMORY, "out of memory for a line of %s", log->path);
  const size_t length = strlen(line);
  line[length] = '\n'; /* in the place of the final zero: the line is not used as text again */
  const fh_status st = fh_file_write_at(log->file, log->path, line, length + 1, log->size);
  cJSON_free(line);
  if (st == FH_OK) {
    log->size += (ptrdiff_t)length + 1;
    return FH_OK;
  }
  if (ftruncate(log->file, (off_t)log->size) != 0) errno = 0; /* the next opening cuts it off */
  return fh_status_trace(st, __FILE__, __LINE__, __func__);
}

void fh_json_lines_close(fh_json_lines **log)
{
  fh_json_lines *l = *log;
  if (!l) return;
  if (l->file >= 0) close(l->file);
  fh_free(l->path);
  fh_free(l);
  *log = NULL;
}
