/**
 * scratch - a folder of its own for a test, and the check that every test here uses
 */
#pragma once

#include <dirent.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/status.h"

/* Aborts all ranks: a test has failed. */
#define EXPECT(condition, ...)                                                                     \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                              \
      fprintf(stderr, __VA_ARGS__);                                                                \
      fprintf(stderr, "\n");                                                                       \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                                \
    }                                                                                              \
  } while (0)

#define EXPECT_OK(call)                                                                            \
  do {                                                                                             \
    const fh_status st_ = (call);                                                                  \
    EXPECT(st_ == FH_OK, "%s", fh_status_message());                                               \
  } while (0)

/* The call fails with code, and the message holds the word. */
#define EXPECT_FAILS(code, word, call)                                                             \
  do {                                                                                             \
    const fh_status st_ = (call);                                                                  \
    EXPECT(st_ == (code), "status %d: %s", (int)st_, fh_status_message());                         \
    EXPECT(strstr(fh_status_message(), (word)), "message: %s", fh_status_message());               \
    fh_status_clear();                                                                             \
  } while (0)

/* Collective: a new folder, the same name on all ranks. */
static inline void scratch_make(char folder[256])
{
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const char *base = getenv("TMPDIR");
  snprintf(folder, 256, "%s/fh-io-XXXXXX", base ? base : "/tmp");
  if (rank == 0) EXPECT(mkdtemp(folder), "cannot create %s", folder);
  MPI_Bcast(folder, 256, MPI_CHAR, 0, MPI_COMM_WORLD);
}

static inline void scratch_drop(const char *path)
{
  DIR *dir = opendir(path);
  for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
    char member[1024];
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    const int length = snprintf(member, sizeof member, "%s/%s", path, e->d_name);
    EXPECT(length < (int)sizeof member, "long path in %s", path);
    scratch_drop(member);
  }
  if (dir) closedir(dir);
  EXPECT(remove(path) == 0, "cannot remove %s", path);
}

/* Collective. */
static inline void scratch_remove(const char *folder)
{
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) scratch_drop(folder);
}

/* Whole files, for tests that damage them. */
static inline char *file_load(const char *path, size_t *size)
{
  FILE *f = fopen(path, "rb");
  EXPECT(f, "cannot open %s", path);
  fseek(f, 0, SEEK_END);
  *size = (size_t)ftell(f);
  rewind(f);
  char *bytes = malloc(*size + 1);
  EXPECT(bytes && fread(bytes, 1, *size, f) == *size, "cannot read %s", path);
  fclose(f);
  return bytes;
}

static inline void file_store(const char *path, const char *bytes, size_t size)
{
  FILE *f = fopen(path, "wb");
  EXPECT(f && fwrite(bytes, 1, size, f) == size, "cannot write %s", path);
  EXPECT(fclose(f) == 0, "cannot write %s", path);
}
