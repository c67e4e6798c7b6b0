/* Files that Fredholm did not write: real ones, every type and layout that is accepted, and every
 * reason to refuse one. */
#include <hdf5.h>
#include <math.h>

#include "io/dataset.h"
#include "scratch.h"

enum { N = 5, ROWS = 6, COLUMNS = 7 };

static fh_dataset *open_real(const char *name, const char *inputs, const char *outputs)
{
  char path[512];
  fh_dataset *d = NULL;
  fh_dataset_choice choice = {.boundary = FH_NEUMANN};
  snprintf(path, sizeof path, "%s/tests/data/%s", getenv("FH_SOURCE"), name);
  snprintf(choice.inputs, sizeof choice.inputs, "%s", inputs);
  snprintf(choice.outputs, sizeof choice.outputs, "%s", outputs);
  EXPECT_OK(fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d));
  return d;
}

static void expect_shape(const fh_dataset *d, ptrdiff_t samples, const char *grid, int in, int out)
{
  char text[64];
  EXPECT(fh_dataset_samples(d) == samples, "%td samples", fh_dataset_samples(d));
  EXPECT(strcmp(fh_grid_text(fh_dataset_grid(d), text), grid) == 0, "grid %s", text);
  EXPECT(fh_dataset_in_channels(d) == in && fh_dataset_out_channels(d) == out, "%d -> %d channels",
         fh_dataset_in_channels(d), fh_dataset_out_channels(d));
}

/* neuraloperator's Darcy set: two phases in, a positive solution out */
static void check_darcy(void)
{
  fh_dataset *d = open_real("darcy_neuralop_test_16.hdf5", "", "");
  fh_real x[512], y[512];
  const int64_t both[2] = {49, 0};
  expect_shape(d, 50, "16x16", 1, 1);
  EXPECT(fh_dataset_grid(d)->side[1][0] == FH_NEUMANN && !fh_dataset_config(d) &&
             !fh_dataset_has_checksums(d),
         "a foreign file is taken for ours");
  EXPECT_OK(fh_dataset_read(d, 2, both, x, y));
  int ones = 0;
  for (int i = 0; i < 512; i++) {
    EXPECT(x[i] == 0 || x[i] == 1, "x = %g", (double)x[i]);
    EXPECT((double)y[i] > -1e-3 && y[i] < 2, "y = %g", (double)y[i]);
    ones += x[i] == 1;
  }
  EXPECT(ones > 100 && ones < 412 && memcmp(x, x + 256, 256 * sizeof *x) != 0, "%d ones", ones);
  EXPECT_OK(fh_dataset_read(d, 1, both + 1, NULL, y));
  EXPECT(memcmp(y, y + 256, 256 * sizeof *y) == 0, "the order of the samples matters");
  fh_sample_record record;
  EXPECT_FAILS(FH_ERR_UNSUPPORTED, "no records", fh_dataset_records(d, 0, 1, &record));
  fh_dataset_close(&d);
}

/* Burgers: the 17 times of y become channels, and the first of them is x */
static void check_burgers(void)
{
  fh_dataset *d = open_real("burgers_neuralop_test_16_first_50.hdf5", "", "");
  fh_real x[16], y[17 * 16];
  const int64_t sample = 7;
  expect_shape(d, 50, "16", 1, 17);
  EXPECT_OK(fh_dataset_read(d, 1, &sample, x, y));
  EXPECT(memcmp(x, y, sizeof x) == 0 && memcmp(x, y + 16, sizeof x) != 0, "other times");
  fh_dataset_close(&d);
}

static void check_grayscott(void)
{
  char path[512];
  const fh_dataset_choice none = {.boundary = FH_PERIODIC};
  fh_dataset *d = open_real("grayscott_ninol_63_first_6.hdf5", "A", "S");
  expect_shape(d, 6, "63x63", 1, 1);
  EXPECT(strcmp(fh_dataset_output(d, 0)->name, "S") == 0, "output %s",
         fh_dataset_output(d, 0)->name);
  fh_dataset_close(&d);
  d = open_real("grayscott_ninol_63_first_6.hdf5", "A, S", "S,A");
  expect_shape(d, 6, "63x63", 2, 2);
  fh_real *x = malloc(2 * 63 * 63 * sizeof *x), *y = malloc(2 * 63 * 63 * sizeof *y);
  const int64_t sample = 5;
  EXPECT_OK(fh_dataset_read(d, 1, &sample, x, y));
  EXPECT(memcmp(x, y + 63 * 63, 63 * 63 * sizeof *x) == 0 && memcmp(x, y, 63 * 63 * sizeof *x) != 0,
         "the channels are not in the order that was asked for");
  free(x);
  free(y);
  fh_dataset_close(&d);
  snprintf(path, sizeof path, "%s/tests/data/grayscott_ninol_63_first_6.hdf5", getenv("FH_SOURCE"));
  EXPECT_FAILS(FH_ERR_USAGE, "-inputs", fh_dataset_open(MPI_COMM_WORLD, path, &none, &d));
}

/* ---- files made here, by rank 0 ----------------------------------------------------------------- */

static int is_writer(void)
{
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank == 0;
}

static double made_value(int64_t sample, ptrdiff_t i)
{
  return (double)((sample * 37 + i * 11) % 101);
}

typedef enum { PLAIN, DEFLATED, NOT_FINITE } manner;

static void put(hid_t file, const char *name, hid_t type, int rank, const hsize_t *n, manner how)
{
  hsize_t size = 1, chunk[8] = {1};
  for (int i = 0; i < rank; i++) size *= n[i];
  for (int i = 1; i < rank; i++) chunk[i] = n[i];
  const hid_t space = H5Screate_simple(rank, n, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
  if (how == DEFLATED) {
    H5Pset_chunk(list, rank, chunk);
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 6);
    H5Pset_fletcher32(list);
  }
  const hid_t d = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
  double *values = malloc(size * sizeof *values);
  signed char *flags = malloc(size);
  for (hsize_t i = 0; i < size; i++)
    values[i] = made_value((int64_t)(i / (size / n[0])), (ptrdiff_t)(i % (size / n[0])));
  if (how == NOT_FINITE) values[3 * (size / n[0]) + 2] = (double)NAN;
  for (hsize_t i = 0; i < size; i++) flags[i] = (int)values[i] % 2 != 0;
  const int written = H5Tget_class(type) == H5T_ENUM
                          ? H5Dwrite(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, flags)
                          : H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  EXPECT(written >= 0, "cannot write %s", name);
  free(values);
  free(flags);
  H5Dclose(d);
  H5Pclose(list);
  H5Sclose(space);
}

static void make_pair(const char *path, hid_t x, int x_rank, const hsize_t *nx, hid_t y, int y_rank,
                      const hsize_t *ny, manner how)
{
  MPI_Barrier(MPI_COMM_WORLD); /* nobody reads the file that stood here before */
  if (is_writer()) {
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "x", x, x_rank, nx, how == DEFLATED ? DEFLATED : PLAIN);
    put(file, "y", y, y_rank, ny, how);
    EXPECT(H5Fclose(file) >= 0, "cannot close %s", path);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

static fh_dataset *open_made(const char *path, int dim)
{
  const fh_dataset_choice choice = {.boundary = FH_PERIODIC, .dim = dim};
  fh_dataset *d = NULL;
  EXPECT_OK(fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d));
  return d;
}

static void expect_values(fh_dataset *d, bool flags)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(d)),
                  nx = fh_dataset_in_channels(d) * points, ny = fh_dataset_out_channels(d) * points;
  fh_real *x = malloc((size_t)nx * sizeof *x), *y = malloc((size_t)ny * sizeof *y);
  for (int64_t s = 0; s < N; s++) {
    EXPECT_OK(fh_dataset_read(d, 1, &s, x, y));
    for (ptrdiff_t i = 0; i < nx; i++) {
      const double v = made_value(s, i);
      EXPECT((double)x[i] == (flags ? (int)v % 2 : v), "sample %d: x[%td] = %g", (int)s, i,
             (double)x[i]);
    }
    for (ptrdiff_t i = 0; i < ny; i++)
      EXPECT((double)y[i] == made_value(s, i), "sample %d: y[%td] = %g", (int)s, i, (double)y[i]);
  }
  free(x);
  free(y);
}

static hid_t bool_type(void)
{
  const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  const signed char no = 0, yes = 1;
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  return type;
}

static void check_types(const char *path)
{
  const hsize_t n[3] = {N, ROWS, COLUMNS};
  const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_STD_I8LE,
                         H5T_STD_U16BE,  H5T_STD_I32LE,  H5T_STD_U64LE,  bool_type()};
  for (int i = 0; i < 8; i++) {
    make_pair(path, types[i], 3, n, types[(i * 3) % 7], 3, n, i % 2 ? DEFLATED : PLAIN);
    fh_dataset *d = open_made(path, 0);
    expect_shape(d, N, "6x7", 1, 1);
    expect_values(d, i == 7);
    fh_dataset_close(&d);
  }
}

static void check_axes(const char *path)
{
  const struct {
    int x_rank;
    hsize_t x[5];
    int y_rank;
    hsize_t y[5];
    int dim;
    const char *grid;
    int in, out;
  } cases[] = {
      {2, {N, 9}, 2, {N, 9}, 0, "9", 1, 1},
      {3, {N, 3, 9}, 3, {N, 3, 9}, 0, "9", 3, 3},
      {3, {N, 6, 7}, 4, {N, 1, 6, 7}, 0, "6x7", 1, 1},
      {4, {N, 2, 6, 7}, 4, {N, 5, 6, 7}, 0, "6x7", 2, 5},
      {4, {N, 1, 6, 7}, 4, {N, 1, 6, 7}, 0, "6x7", 1, 1},
      {4, {N, 5, 6, 7}, 4, {N, 5, 6, 7}, 0, "5x6x7", 1, 1},
      {4, {N, 5, 6, 7}, 4, {N, 5, 6, 7}, 2, "6x7", 5, 5},
      {5, {N, 3, 5, 6, 7}, 4, {N, 5, 6, 7}, 0, "5x6x7", 3, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make_pair(path, H5T_IEEE_F32LE, cases[i].x_rank, cases[i].x, H5T_IEEE_F32LE, cases[i].y_rank,
              cases[i].y, PLAIN);
    fh_dataset *d = open_made(path, cases[i].dim);
    expect_shape(d, N, cases[i].grid, cases[i].in, cases[i].out);
    expect_values(d, false);
    fh_dataset_close(&d);
  }
}

static void expect_refused(const char *path, fh_status code, const char *word)
{
  const fh_dataset_choice choice = {.boundary = FH_PERIODIC};
  fh_dataset *d = NULL;
  EXPECT_FAILS(code, word, fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d));
  EXPECT(!d, "an object in spite of an error");
}

static void check_wrong_shapes(const char *path)
{
  const hsize_t n[3] = {N, ROWS, COLUMNS}, fewer[3] = {N - 1, ROWS, COLUMNS},
                other[3] = {N, COLUMNS, ROWS}, flat[1] = {N}, none[3] = {0, ROWS, COLUMNS};
  make_pair(path, H5T_IEEE_F32LE, 3, n, H5T_IEEE_F32LE, 3, fewer, PLAIN);
  expect_refused(path, FH_ERR_FORMAT, "4 samples, but x has 5");
  make_pair(path, H5T_IEEE_F32LE, 3, n, H5T_IEEE_F32LE, 3, other, PLAIN);
  expect_refused(path, FH_ERR_FORMAT, "x has the shape 5x6x7, y has 5x7x6");
  make_pair(path, H5T_IEEE_F32LE, 3, none, H5T_IEEE_F32LE, 3, none, PLAIN);
  expect_refused(path, FH_ERR_FORMAT, "x has the shape 0x6x7 and so no samples");
  make_pair(path, H5T_IEEE_F32LE, 3, n, H5T_IEEE_F32LE, 1, flat, PLAIN);
  expect_refused(path, FH_ERR_FORMAT, "1 axes");
}

static void check_not_finite(const char *path)
{
  const hsize_t n[3] = {N, ROWS, COLUMNS};
  fh_real y[ROWS * COLUMNS];
  const int64_t good = 2, bad = 3;
  make_pair(path, H5T_IEEE_F64LE, 3, n, H5T_IEEE_F64LE, 3, n, NOT_FINITE);
  fh_dataset *d = open_made(path, 0);
  EXPECT_OK(fh_dataset_read(d, 1, &good, NULL, y));
  EXPECT_FAILS(FH_ERR_FORMAT, "sample 3 of y", fh_dataset_read(d, 1, &bad, NULL, y));
  fh_dataset_close(&d);
}

/* links and storage that lead out of the file, types that are no numbers, sizes that cannot be */
static void check_hostile(const char *path)
{
  const hsize_t n[3] = {N, ROWS, COLUMNS}, bomb[3] = {1 << 20, 1 << 13, 1 << 13};
  MPI_Barrier(MPI_COMM_WORLD); /* nobody reads the file that stood here before */
  for (int kind = 0; kind < 6; kind++) {
    static const char *const words[] = {"soft",    "external",        "another file",
                                        "virtual", "neither numbers", "281474976710656"};
    if (is_writer()) {
      const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                  list = H5Pcreate(H5P_DATASET_CREATE), string = H5Tcopy(H5T_C_S1),
                  space = H5Screate_simple(3, kind == 5 ? bomb : n, NULL);
      H5Tset_size(string, H5T_VARIABLE);
      put(file, "y", H5T_IEEE_F32LE, 3, n, PLAIN);
      if (kind == 2) H5Pset_external(list, "/etc/passwd", 0, H5F_UNLIMITED);
      if (kind == 3) H5Pset_virtual(list, space, "/etc/hosts", "x", space);
      if (kind == 0) H5Lcreate_soft("/y", file, "x", H5P_DEFAULT, H5P_DEFAULT);
      if (kind == 1) H5Lcreate_external("/etc/passwd", "y", file, "x", H5P_DEFAULT, H5P_DEFAULT);
      if (kind > 1) {
        const hid_t type = kind == 4 ? string : H5T_IEEE_F32LE;
        const hid_t d = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
        EXPECT(d >= 0 && H5Dclose(d) >= 0, "cannot make kind %d", kind);
      }
      EXPECT(H5Fclose(file) >= 0, "cannot close %s", path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    /* by name: for the search of a pair, a link is no data set */
    fh_dataset_choice choice = {.boundary = FH_PERIODIC, .inputs = "x", .outputs = "y"};
    fh_dataset *d = NULL;
    const fh_status st = fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d);
    EXPECT(st == FH_ERR_FORMAT && strstr(fh_status_message(), words[kind]), "%s: %s", words[kind],
           fh_status_message());
    fh_status_clear();
  }
}

static void check_no_files(const char *folder, const char *path)
{
  const hsize_t n[3] = {N, ROWS, COLUMNS};
  size_t size = 0;
  expect_refused("/nonexistent/set.h5", FH_ERR_IO, "No such file");
  expect_refused(folder, FH_ERR_IO, "not a regular file");
  make_pair(path, H5T_IEEE_F32LE, 3, n, H5T_IEEE_F32LE, 3, n, PLAIN);
  if (is_writer()) {
    char *bytes = file_load(path, &size);
    file_store(path, bytes, size - 1000);
    free(bytes);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  expect_refused(path, FH_ERR_FORMAT, "cut off");
  if (is_writer()) file_store(path, "no HDF5 at all", 14);
  MPI_Barrier(MPI_COMM_WORLD);
  expect_refused(path, FH_ERR_FORMAT, "no HDF5 file");
  if (is_writer()) file_store(path, "", 0);
  MPI_Barrier(MPI_COMM_WORLD);
  expect_refused(path, FH_ERR_FORMAT, "no HDF5 file");
}

/* a file of another program in The Well's layout: the least that it may have */
static void check_well(const char *path)
{
  const hsize_t a[3] = {N, ROWS, COLUMNS}, u[4] = {N, 1, ROWS, COLUMNS}, x[1] = {ROWS};
  if (is_writer()) {
    const int64_t dim = 2;
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    const hid_t at =
        H5Acreate2(file, "n_spatial_dims", H5T_STD_I64LE, scalar, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(at, H5T_NATIVE_INT64, &dim);
    H5Aclose(at);
    static const char *const groups[] = {"t0_fields", "dimensions", "boundary_conditions",
                                         "boundary_conditions/x_periodic",
                                         "boundary_conditions/y_wall"};
    for (int i = 0; i < 5; i++)
      H5Gclose(H5Gcreate2(file, groups[i], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put(file, "t0_fields/solution", H5T_IEEE_F32LE, 4, u, PLAIN);
    put(file, "t0_fields/coefficient", H5T_IEEE_F32LE, 3, a, PLAIN);
    put(file, "dimensions/x", H5T_IEEE_F32LE, 1, x, PLAIN); /* 0, 37, 74, ... */
    EXPECT(H5Fclose(file) >= 0, "cannot close %s", path);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  fh_dataset *d = open_made(path, 0);
  expect_shape(d, N, "6x7", 1, 1);
  expect_values(d, false);
  const fh_grid *g = fh_dataset_grid(d);
  EXPECT(strcmp(fh_dataset_input(d, 0)->name, "coefficient") == 0, "input %s",
         fh_dataset_input(d, 0)->name);
  EXPECT(g->side[0][0] == FH_PERIODIC && g->side[1][1] == FH_DIRICHLET, "other boundaries");
  fh_dataset_close(&d);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  char folder[256], path[512];
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  scratch_make(folder);
  snprintf(path, sizeof path, "%s/foreign.h5", folder);
  check_darcy();
  check_burgers();
  check_grayscott();
  check_types(path);
  check_axes(path);
  check_wrong_shapes(path);
  check_not_finite(path);
  check_hostile(path);
  check_no_files(folder, path);
  check_well(path);
  scratch_remove(folder);
  if (is_writer()) printf("foreign sets: 3 real files, 8 types, 8 shapes, 17 refusals\n");
  MPI_Finalize();
  return 0;
}
