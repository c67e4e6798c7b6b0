/* A set with any one bit changed gives an error or the right values; damage in the samples is told by
 * the number of the sample. Also: samples that no solver solved, and more ranks than samples. */
#include <sys/wait.h>
#include <unistd.h>

#include "io/dataset.h"
#include "sample_set.h"
#include "scratch.h"

enum { SAMPLES = 3 };
static const fh_dataset_choice any = {.boundary = FH_PERIODIC};

static void write_set(const char *path, bool one_invalid)
{
  const fh_writer_info info = set_info(SAMPLES, 2, 1, 1);
  fh_writer *w = NULL;
  EXPECT_OK(fh_writer_create(MPI_COMM_WORLD, path, &info, FH_OVERWRITE, &w));
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int64_t i = 0; rank == 0 && i < SAMPLES; i++) {
    if (!one_invalid || i != 1) {
      EXPECT_OK(set_put(w, &info, i));
      continue;
    }
    double values[30] = {0};
    const double *fields[2] = {values, values};
    const fh_sample_record record = {.index = i, .rung = 3, .residual = 0.1, .valid = false};
    EXPECT_OK(fh_writer_put(w, fields, &record));
  }
  EXPECT_OK(fh_writer_finish(w));
  fh_writer_destroy(&w);
}

/* 0: refused, 1: right, 2: wrong */
static int look(const char *path)
{
  fh_dataset *d = NULL;
  fh_real x[30], y[30];
  int result = 1;
  if (fh_dataset_open(MPI_COMM_SELF, path, &any, &d) != FH_OK) return 0;
  if (fh_dataset_samples(d) != SAMPLES || fh_grid_size(fh_dataset_grid(d)) != 30) result = 2;
  for (int64_t s = 0; result == 1 && s < SAMPLES; s++) {
    if (fh_dataset_read(d, 1, &s, x, y) != FH_OK) {
      result = 0;
      break;
    }
    for (int i = 0; i < 30; i++)
      if (x[i] != (fh_real)set_value(s, 0, 0, i) || y[i] != (fh_real)set_value(s, 1, 0, i))
        result = 2;
  }
  fh_dataset_close(&d);
  return result;
}

/* in a process of its own: a damaged file can leave HDF5 unable to end */
static void flip_bits(const char *path)
{
  size_t size = 0;
  char *bytes = file_load(path, &size);
  int status = 0, count[3] = {0};
  fflush(stdout);
  const pid_t child = fork();
  EXPECT(child >= 0, "no process");
  if (child == 0) {
    for (size_t i = 0; i < size; i += i < 6000 ? 3 : 29) {
      const char was = bytes[i];
      bytes[i] = (char)(was ^ (1 << (i * 3 + i / 8) % 8));
      file_store(path, bytes, size);
      bytes[i] = was;
      count[look(path)]++;
    }
    _exit(count[2] > 0 ? 1 : count[0] < 200 ? 2 : 0);
  }
  EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
         "a damaged set was read wrongly, noticed too rarely, or ended the process (%x)",
         (unsigned)status);
  file_store(path, bytes, size);
  free(bytes);
}

/* the bytes of sample 1 of u are found by their values and one of them is changed */
static void damage_sample(const char *path)
{
  size_t size = 0, at = 0;
  char *bytes = file_load(path, &size);
  float u[30];
  fh_real y[30], pair[60];
  fh_dataset *d = NULL;
  for (int i = 0; i < 30; i++) u[i] = (float)set_value(1, 1, 0, i);
  while (at + sizeof u <= size && memcmp(bytes + at, u, sizeof u) != 0) at++;
  EXPECT(at + sizeof u <= size, "the sample is not in the file as it should be");
  bytes[at + 57] ^= 16;
  file_store(path, bytes, size);
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, path, &any, &d));
  EXPECT_OK(fh_dataset_read(d, 2, (int64_t[]){0, 2}, NULL, pair));
  EXPECT_FAILS(FH_ERR_FORMAT, "sample 1 of t0_fields/u is damaged",
               fh_dataset_read(d, 1, (int64_t[]){1}, NULL, y));
  fh_dataset_close(&d);
  bytes[at + 57] ^= 16;
  file_store(path, bytes, size);
  for (size_t n = 0; n < size; n += 97) {
    file_store(path, bytes, n);
    EXPECT(look(path) == 0, "a set of %zu instead of %zu bytes is not refused", n, size);
  }
  file_store(path, bytes, size);
  free(bytes);
}

static void check_invalid(const char *path)
{
  fh_dataset *d = NULL;
  fh_real x[30], y[30];
  fh_sample_record record;
  write_set(path, true);
  EXPECT_OK(fh_dataset_open(MPI_COMM_WORLD, path, &any, &d));
  EXPECT_OK(fh_dataset_records(d, 1, 1, &record));
  EXPECT(!record.valid && record.rung == 3 && record.residual == 0.1, "another record");
  EXPECT_FAILS(FH_ERR_FORMAT, "sample 1 of t0_fields/u",
               fh_dataset_read(d, 1, (int64_t[]){1}, x, y));
  EXPECT_OK(fh_dataset_read(d, 1, (int64_t[]){2}, x, y));
  fh_dataset_close(&d);

  /* left out on request: what was sample 2 is now sample 1 */
  fh_real skipped[30];
  const fh_dataset_choice choice = {.skip_invalid = true};
  EXPECT_OK(fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d));
  EXPECT(fh_dataset_samples(d) == SAMPLES - 1, "%td samples are left", fh_dataset_samples(d));
  EXPECT_OK(fh_dataset_read(d, 1, (int64_t[]){1}, skipped, NULL));
  EXPECT(memcmp(skipped, x, sizeof x) == 0, "another sample took the place of the one left out");
  EXPECT_FAILS(FH_ERR_ARG, "was asked for",
               fh_dataset_read(d, 1, (int64_t[]){SAMPLES - 1}, skipped, NULL));
  fh_dataset_close(&d);
}

static void check_arguments(const char *path)
{
  fh_writer *w = NULL;
  fh_writer_info info = set_info(SAMPLES, 2, 1, 1);
  double values[30] = {0};
  const double *fields[2] = {values, values};
  fh_sample_record record = set_record(0);
  EXPECT_FAILS(FH_ERR_USAGE, "-overwrite",
               fh_writer_create(MPI_COMM_WORLD, path, &info, FH_REFUSE_EXISTING, &w));
  snprintf(info.fields[1].info.name, sizeof info.fields[1].info.name, "a");
  EXPECT_FAILS(FH_ERR_ARG, "two fields",
               fh_writer_create(MPI_COMM_WORLD, path, &info, FH_OVERWRITE, &w));
  snprintf(info.fields[1].info.name, sizeof info.fields[1].info.name, "../u");
  EXPECT_FAILS(FH_ERR_ARG, "name of a field",
               fh_writer_create(MPI_COMM_WORLD, path, &info, FH_OVERWRITE, &w));
  info = set_info(SAMPLES, 2, 1, 1);
  EXPECT_OK(fh_writer_create(MPI_COMM_WORLD, path, &info, FH_OVERWRITE, &w));
  EXPECT_FAILS(FH_ERR_STATE, "3 of 3 samples are missing", fh_writer_finish(w));
  record.index = SAMPLES;
  EXPECT_FAILS(FH_ERR_ARG, "outside", fh_writer_put(w, fields, &record));
  record.index = 0;
  values[7] = 1e39;
  EXPECT_FAILS(FH_ERR_NUMERIC, "1e+39 at point 7 of a", fh_writer_put(w, fields, &record));
  values[7] = (double)NAN;
  EXPECT_FAILS(FH_ERR_NUMERIC, "nan at point 7 of a", fh_writer_put(w, fields, &record));
  values[7] = 0;
  EXPECT_OK(fh_writer_put(w, fields, &record));
  EXPECT_FAILS(FH_ERR_STATE, "before", fh_writer_put(w, fields, &record));
  fh_writer_destroy(&w);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  int rank = 0, size = 1;
  char folder[256], path[512];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  scratch_make(folder);
  snprintf(path, sizeof path, "%s/set.h5", folder);
  write_set(path, false); /* on 4 ranks: more ranks than samples */
  if (size == 1) damage_sample(path);
  if (size == 1) flip_bits(path);
  EXPECT(look(path) == 1, "the undamaged set is not right");
  check_invalid(path);
  if (size == 1) check_arguments(path);
  scratch_remove(folder);
  if (rank == 0) printf("damaged sets: no changed bit was read as data\n");
  MPI_Finalize();
  return 0;
}
