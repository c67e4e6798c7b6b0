/* Open MPI 4.1.0-4.1.4 returns wrong data from collective strided reads without an error
 * (open-mpi/ompi#10546). This is the reproducer: every rank reads its own strided part of one file
 * collectively. Under fh_io_environment() nothing may be wrong. With --show the cure is left out and
 * the number of wrong reads is printed: it depends on the version of MPI, so nothing is asserted. */
#include <hdf5.h>

#include "io/environment.h"
#include "scratch.h"

enum { READS = 60 };

typedef struct {
  hsize_t start[2], stride[2], count[2], block[2];
} selection;

static void shape_of(int round, hsize_t n[2])
{
  n[0] = 64 + (hsize_t)(round * 37 % 300);
  n[1] = 64 + (hsize_t)(round * 53 % 500);
}

static double made(const hsize_t n[2], hsize_t i, hsize_t j)
{
  return (double)(i * n[1] + j + 1);
}

static void write_file(const char *path, const hsize_t n[2])
{
  double *values = malloc(n[0] * n[1] * sizeof *values);
  for (hsize_t i = 0; i < n[0]; i++)
    for (hsize_t j = 0; j < n[1]; j++) values[i * n[1] + j] = made(n, i, j);
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
              space = H5Screate_simple(2, n, NULL),
              d = H5Dcreate2(file, "v", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT,
                             H5P_DEFAULT);
  EXPECT(H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "write");
  H5Dclose(d);
  H5Sclose(space);
  EXPECT(H5Fclose(file) >= 0, "close");
  free(values);
}

/* the error needs patterns that differ: odd ranks read pairs with holes, even ranks whole rows */
static selection choose(int rank, int size, int round, const hsize_t n[2])
{
  const hsize_t r = (hsize_t)rank, p = (hsize_t)size, k = (hsize_t)round;
  if (rank % 2) return (selection){{k % 7, k % 11}, {2, 3}, {n[0] / 3, n[1] / 5}, {1, 2}};
  return (selection){{r * n[0] / p, 0}, {1, 1}, {n[0] / p, n[1]}, {1, 1}};
}

static int is_right(const selection *s, const hsize_t n[2], const double *values)
{
  const hsize_t columns = s->count[1] * s->block[1];
  for (hsize_t i = 0; i < s->count[0]; i++)
    for (hsize_t j = 0; j < columns; j++) {
      const hsize_t column = s->start[1] + j / s->block[1] * s->stride[1] + j % s->block[1];
      if (values[i * columns + j] != made(n, s->start[0] + i * s->stride[0], column)) return 0;
    }
  return 1;
}

static int read_right(hid_t d, hid_t transfer, const selection *s, const hsize_t n[2])
{
  const hsize_t size = s->count[0] * s->count[1] * s->block[1];
  double *values = calloc(size, sizeof *values);
  const hid_t space = H5Dget_space(d), memory = H5Screate_simple(1, &size, NULL);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, s->start, s->stride, s->count, s->block);
  EXPECT(H5Dread(d, H5T_NATIVE_DOUBLE, memory, space, transfer, values) >= 0, "read");
  H5Sclose(space);
  H5Sclose(memory);
  const int right = is_right(s, n, values);
  free(values);
  return right;
}

static int round_is_wrong(const char *path, int rank, int size, int round)
{
  hsize_t n[2];
  shape_of(round, n);
  if (rank == 0) write_file(path, n);
  MPI_Barrier(MPI_COMM_WORLD);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), transfer = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
  H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access), d = H5Dopen2(file, "v", H5P_DEFAULT);
  EXPECT(file >= 0 && d >= 0, "open");
  const selection s = choose(rank, size, round, n);
  int here = !read_right(d, transfer, &s, n), anywhere = 0;
  H5Dclose(d);
  H5Fclose(file);
  H5Pclose(transfer);
  H5Pclose(access);
  MPI_Allreduce(&here, &anywhere, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return anywhere;
}

int main(int argc, char **argv)
{
  const bool show = argc > 1 && strcmp(argv[1], "--show") == 0;
  char folder[256], path[512];
  int rank = 0, size = 1, wrong = 0;
  if (!show && fh_io_environment() != FH_OK) return 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  EXPECT_FAILS(FH_ERR_STATE, "after MPI_Init", fh_io_environment());
  scratch_make(folder);
  snprintf(path, sizeof path, "%s/v.h5", folder);
  for (int round = 0; round < READS; round++) wrong += round_is_wrong(path, rank, size, round);
  scratch_remove(folder);
  if (rank == 0)
    printf("%d of %d collective strided reads on %d ranks were wrong%s\n", wrong, READS, size,
           show ? " without the cure" : "");
  MPI_Finalize();
  return show || wrong == 0 ? 0 : 1;
}
