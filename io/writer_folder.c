#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/h5.h"
#include "io/writer_state.h"

enum { MAX_CONFIG = 1 << 24, MAX_JOURNALS = 1 << 20 };

fh_status fh_path_beside(const char *path, const char *ending, char *beside, size_t bytes)
{
  static const char *const endings[] = {".h5", ".hdf5"};
  size_t length = strlen(path);
  for (int i = 0; i < 2; i++) {
    const size_t tail = strlen(endings[i]);
    if (length > tail && strcmp(path + length - tail, endings[i]) == 0) {
      length -= tail;
      break;
    }
  }
  FH_CHECK(length + strlen(ending) < bytes, FH_ERR_ARG, "the path %s is too long", path);
  snprintf(beside, bytes, "%.*s%s", (int)length, path, ending);
  return FH_OK;
}

static bool exists(const char *path)
{
  struct stat info;
  return lstat(path, &info) == 0;
}

static fh_status member(const fh_writer *w, const char *name, char path[FH_PATH_BYTES + 64])
{
  const int length = snprintf(path, FH_PATH_BYTES + 64, "%s/%s", w->folder, name);
  FH_CHECK(length < FH_PATH_BYTES + 64, FH_ERR_FORMAT, "%s holds a file with a very long name",
           w->folder);
  return FH_OK;
}

/* ---- removal ------------------------------------------------------------------------------------ */

/* only what a writer makes: a folder of that name could hold something else */
static bool is_ours(const char *name)
{
  static const char *const ours[] = {"journal-", "manifest.json", "config.yaml", "assembled.h5",
                                     "lock"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strncmp(name, ours[i], strlen(ours[i])) == 0) return true;
  return false;
}

static fh_status remove_members(const fh_writer *w, DIR *dir)
{
  char path[FH_PATH_BYTES + 64];
  for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
    if (!is_ours(e->d_name)) continue;
    FH_TRY(member(w, e->d_name, path));
    FH_CHECK(unlink(path) == 0, FH_ERR_IO, "cannot remove %s: %s", path, strerror(errno));
  }
  return FH_OK;
}

fh_status fh_writer_folder_remove(fh_writer *w)
{
  DIR *dir = opendir(w->folder);
  FH_CHECK(dir, FH_ERR_IO, "cannot open the folder %s: %s", w->folder, strerror(errno));
  const fh_status st = remove_members(w, dir);
  closedir(dir);
  FH_TRY(st);
  FH_CHECK(rmdir(w->folder) == 0, FH_ERR_IO, "cannot remove the folder %s: %s", w->folder,
           strerror(errno));
  return FH_OK;
}

/* ---- a finished set ----------------------------------------------------------------------------- */

static fh_status compare_texts(const fh_writer *w, const char *where, const char *config,
                               const char *manifest)
{
  FH_TRY(fh_manifest_compare(where, config, w->config));
  FH_TRY(fh_manifest_compare(where, manifest, w->manifest));
  return FH_OK;
}

static fh_status compare_finished(const fh_writer *w)
{
  FH_H5_SCOPE;
  FH_HID file = H5I_INVALID_HID;
  char *config = NULL, *manifest = NULL;
  FH_TRY(fh_h5_open(w->path, &file));
  FH_CHECK(fh_h5_has(file, "provenance/manifest", H5O_TYPE_DATASET), FH_ERR_USAGE,
           "%s is there already, and it is no set of Fredholm: write to another file", w->path);
  fh_status st = fh_h5_get_bytes(file, "provenance/config", MAX_CONFIG, &config);
  if (st == FH_OK) st = fh_h5_get_bytes(file, "provenance/manifest", FH_MAX_MANIFEST, &manifest);
  st = fh_h5_in_file(w->path, st);
  if (st == FH_OK) st = compare_texts(w, w->path, config, manifest);
  fh_free(config);
  fh_free(manifest);
  return st;
}

/* ---- what a set says of itself ----------------------------------------------------------------- */

static fh_status read_stored(const char *path, const char *folder, char **config)
{
  char member_path[FH_PATH_BYTES + 64];
  if (exists(path)) {
    FH_H5_SCOPE;
    FH_HID file = H5I_INVALID_HID;
    FH_TRY(fh_h5_open(path, &file));
    if (fh_h5_has(file, "provenance/config", H5O_TYPE_DATASET))
      FH_TRY(fh_h5_get_bytes(file, "provenance/config", MAX_CONFIG, config));
    return FH_OK;
  }
  snprintf(member_path, sizeof member_path, "%s/config.yaml", folder);
  if (exists(member_path)) FH_TRY(fh_file_read_text(member_path, MAX_CONFIG, config));
  return FH_OK;
}

void fh_writer_stored_config(const char *path, char **config)
{
  char folder[FH_PATH_BYTES];
  *config = NULL;
  if (snprintf(folder, sizeof folder, "%s.part", path) >= (int)sizeof folder) return;
  if (read_stored(path, folder, config) != FH_OK) fh_status_clear();
}

/* ---- an unfinished set -------------------------------------------------------------------------- */

static fh_status compare_unfinished(const fh_writer *w)
{
  char path[FH_PATH_BYTES + 64], *config = NULL, *manifest = NULL;
  FH_TRY(member(w, "config.yaml", path));
  FH_TRY(fh_file_read_text(path, MAX_CONFIG, &config));
  fh_status st = member(w, "manifest.json", path);
  if (st == FH_OK) st = fh_file_read_text(path, FH_MAX_MANIFEST, &manifest);
  if (st == FH_OK) st = compare_texts(w, w->folder, config, manifest);
  fh_free(config);
  fh_free(manifest);
  return st;
}

/* the manifest comes last: with it, the folder is one that can be resumed */
static fh_status write_texts(const fh_writer *w)
{
  char path[FH_PATH_BYTES + 64];
  FH_TRY(member(w, "config.yaml", path));
  FH_TRY(fh_atomic_write_text(path, w->config));
  FH_TRY(member(w, "manifest.json", path));
  FH_TRY(fh_atomic_write_text(path, w->manifest));
  return FH_OK;
}

/* freed by the system when the process dies; file systems without locks are used without */
static fh_status lock(fh_writer *w)
{
  char path[FH_PATH_BYTES + 64];
  FH_TRY(member(w, "lock", path));
  w->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  FH_CHECK(w->lock >= 0, FH_ERR_IO, "cannot write into %s: %s", w->folder, strerror(errno));
  FH_CHECK(flock(w->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, FH_ERR_USAGE,
           "another run is writing %s at this moment: wait for it, or write to another file",
           w->path);
  return FH_OK;
}

static fh_status count_journals(fh_writer *w)
{
  DIR *dir = opendir(w->folder);
  FH_CHECK(dir, FH_ERR_IO, "cannot open the folder %s: %s", w->folder, strerror(errno));
  for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
    if (strncmp(e->d_name, "journal-", 8) != 0) continue;
    const long id = strtol(e->d_name + 8, NULL, 10);
    if (id >= w->n_journals && id < MAX_JOURNALS) w->n_journals = (int)id + 1;
  }
  closedir(dir);
  return FH_OK;
}

static fh_status adopt(fh_writer *w)
{
  char path[FH_PATH_BYTES + 64];
  FH_TRY(lock(w));
  FH_TRY(member(w, "manifest.json", path));
  if (!exists(path)) { /* its writer died before the first sample */
    FH_TRY(write_texts(w));
    return FH_OK;
  }
  FH_TRY(compare_unfinished(w));
  FH_TRY(count_journals(w));
  return FH_OK;
}

static fh_status begin(fh_writer *w)
{
  FH_CHECK(mkdir(w->folder, 0777) == 0, FH_ERR_IO, "cannot create the folder %s: %s", w->folder,
           strerror(errno));
  FH_TRY(lock(w));
  FH_TRY(write_texts(w));
  return FH_OK;
}

static fh_status refuse(const fh_writer *w)
{
  FH_CHECK(!exists(w->path), FH_ERR_USAGE,
           "%s is there already: write to another file, or say -overwrite", w->path);
  FH_CHECK(!exists(w->folder), FH_ERR_USAGE,
           "%s is an unfinished set: go on with -resume, or say -overwrite", w->folder);
  return FH_OK;
}

/* the old set, if there is one, stays until the new one takes its name */
static fh_status discard(fh_writer *w)
{
  if (!exists(w->folder)) return FH_OK;
  FH_TRY(lock(w));
  FH_TRY(fh_writer_folder_remove(w));
  close(w->lock);
  w->lock = -1;
  return FH_OK;
}

fh_status fh_writer_folder_open(fh_writer *w, fh_existing existing)
{
  if (existing == FH_REFUSE_EXISTING) FH_TRY(refuse(w));
  if (existing == FH_OVERWRITE) FH_TRY(discard(w));
  if (existing == FH_RESUME && exists(w->path)) {
    FH_TRY(compare_finished(w));
    w->finished = true;
    /* its writer died between the last rename and the removal of the journals */
    if (exists(w->folder)) FH_TRY(fh_writer_folder_remove(w));
    return FH_OK;
  }
  if (exists(w->folder))
    FH_TRY(adopt(w));
  else
    FH_TRY(begin(w));
  return FH_OK;
}
