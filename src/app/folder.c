#include "app/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* the first ones are worth keeping: a run that left one of them left something */
static const char *const results[] = {"checkpoint-0.h5", "checkpoint-1.h5", "model.h5", "best.h5",
                                      NULL};
static const char *const others[] = {"config.yaml", "log.jsonl", "metrics.json", NULL};

fh_status fh_folder_file(const char *folder, const char *name, char path[4096])
{
  const int n = snprintf(path, 4096, "%s/%s", folder, name);
  FH_CHECK(n > 0 && n < 4096, FH_ERR_USAGE, "the name of the folder has %d characters: too many",
           n);
  return FH_OK;
}

static bool has_file(const char *folder, const char *name)
{
  char path[4096];
  if (fh_folder_file(folder, name, path) != FH_OK) return false;
  return access(path, F_OK) == 0;
}

/* of evaluate: metrics_F.json for every file F that the model was measured on */
static void remove_metrics(const char *folder)
{
  char path[4096];
  DIR *d = opendir(folder);
  for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
    const char *end = strrchr(e->d_name, '.');
    if (!strncmp(e->d_name, "metrics_", 8) && end && !strcmp(end, ".json") &&
        fh_folder_file(folder, e->d_name, path) == FH_OK)
      unlink(path);
  }
  if (d) closedir(d);
}

static void remove_files(const char *folder, const char *const *names)
{
  char path[4096];
  for (; *names; names++)
    if (fh_folder_file(folder, *names, path) == FH_OK) unlink(path);
}

static bool same_file(const char *a, const char *b)
{
  struct stat x, y;
  if (stat(a, &x) != 0 || stat(b, &y) != 0) return !strcmp(a, b);
  return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* mkdir -p: the parents may be there or not */
static fh_status make(const char *folder, bool *is_new)
{
  char path[4096];
  FH_TRY(fh_folder_file(folder, "", path));
  *is_new = false;
  for (char *c = path + 1; *c; c++) {
    if (*c != '/') continue;
    *c = '\0';
    const int error = mkdir(path, 0777) == 0 ? 0 : errno;
    FH_CHECK(error == 0 || error == EEXIST, FH_ERR_IO, "cannot make the folder %s: %s", path,
             strerror(error));
    *is_new = *is_new || error == 0;
    *c = '/';
  }
  return FH_OK;
}

static fh_status check_empty(const char *folder)
{
  DIR *d = opendir(folder);
  FH_CHECK(d, FH_ERR_IO, "cannot open the folder %s: %s", folder, strerror(errno));
  bool empty = true;
  for (struct dirent *e = readdir(d); e; e = readdir(d))
    empty = empty && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."));
  closedir(d);
  FH_CHECK(empty, FH_ERR_USAGE,
           "the folder %s is not empty: go on with -resume, start anew with -overwrite, or name "
           "another with -out",
           folder);
  return FH_OK;
}

/* File systems that know no locks are written to without one. */
static fh_status lock(fh_folder *f)
{
  f->lock = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool busy = f->lock >= 0 && flock(f->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  FH_CHECK(!busy, FH_ERR_USAGE,
           "another run is writing into the folder %s: wait until it has ended, or name another "
           "with -out",
           f->path);
  return FH_OK;
}

static fh_status enter(const char *path, bool resume, bool overwrite, fh_folder *f)
{
  FH_TRY(make(path, &f->is_new));
  FH_TRY(lock(f));
  if (!resume && !overwrite) FH_TRY(check_empty(path));
  FH_CHECK(access(path, W_OK | X_OK) == 0, FH_ERR_IO, "cannot write into the folder %s: %s", path,
           strerror(errno));
  f->resume = resume;
  return FH_OK;
}

fh_status fh_folder_enter(MPI_Comm comm, const char *path, bool resume, bool overwrite,
                          fh_folder *folder)
{
  int rank = 0;
  *folder = (fh_folder){.path = path, .lock = -1};
  FH_CHECK(!(resume && overwrite), FH_ERR_USAGE,
           "-resume goes on with what -overwrite would remove: give one of them");
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  const fh_status st = fh_status_agree(comm, rank ? FH_OK : enter(path, resume, overwrite, folder));
  if (st != FH_OK) fh_folder_leave(folder);
  return st;
}

void fh_folder_leave(fh_folder *folder)
{
  if (folder->lock >= 0) close(folder->lock);
  folder->lock = -1;
}

void fh_folder_begin(fh_folder *folder)
{
  folder->begun = true;
  if (folder->resume) return;
  remove_files(folder->path, results);
  remove_files(folder->path, others);
  remove_metrics(folder->path);
}

void fh_folder_take_back(const fh_folder *folder)
{
  for (const char *const *name = results; *name; name++)
    if (has_file(folder->path, *name)) return;
  if (folder->begun && !folder->resume) remove_files(folder->path, others);
  if (folder->is_new) rmdir(folder->path);
}

bool fh_folder_holds(const char *folder, const char *file)
{
  char path[4096];
  for (const char *const *name = results; *name; name++)
    if (fh_folder_file(folder, *name, path) == FH_OK && same_file(path, file)) return true;
  return false;
}

static fh_status look(const char *option, const char *path, bool overwrite)
{
  FH_CHECK(overwrite || access(path, F_OK) != 0, FH_ERR_USAGE,
           "%s exists: give -overwrite to replace it, or another name with -%s", path, option);
  return FH_OK;
}

fh_status fh_refuse_existing(MPI_Comm comm, const char *option, const char *path, bool overwrite)
{
  int rank = 0;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  FH_TRY(fh_status_agree(comm, rank ? FH_OK : look(option, path, overwrite)));
  return FH_OK;
}

static fh_status compare(const char *option, const char *path, const char *output, const char *out)
{
  FH_CHECK(!path[0] || !out[0] || !same_file(path, out), FH_ERR_USAGE,
           "options -%s %s and -%s %s are the same file: write to another one", option, path,
           output, out);
  return FH_OK;
}

fh_status fh_refuse_same_file(MPI_Comm comm, const char *option, const char *path,
                              const char *output, const char *out)
{
  int rank = 0;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  FH_TRY(fh_status_agree(comm, rank ? FH_OK : compare(option, path, output, out)));
  return FH_OK;
}
