/* Model files: what goes in comes out, equal content gives equal bytes, and no damaged or hostile
 * file is read as anything but an error or its original content. */
#include <hdf5.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/bundle.h"
#include "io/crc.h"
#include "scratch.h"

enum { ROWS = 40, COLUMNS = 21 };

static fh_bundle *make(bool reversed)
{
  static const ptrdiff_t shape[2] = {ROWS, COLUMNS}, none[3] = {4, 0, 2};
  float w[ROWS * COLUMNS];
  const double mean[3] = {M_PI, -0.0, 1e-300};
  const int64_t step = INT64_MIN;
  fh_bundle *b = NULL;
  for (int i = 0; i < ROWS * COLUMNS; i++) w[i] = (float)sin(i);
  EXPECT_OK(fh_bundle_create("model", 3, &b));
  for (int k = 0; k < 4; k++) switch (reversed ? 3 - k : k) {
    case 0:
      EXPECT_OK(fh_bundle_add(b, "layer.0.weight", FH_F32, 2, shape, w));
      break;
    case 1:
      EXPECT_OK(fh_bundle_add(b, "mean", FH_F64, 1, (ptrdiff_t[]){3}, mean));
      break;
    case 2:
      EXPECT_OK(fh_bundle_add(b, "step", FH_I64, 0, NULL, &step));
      break;
    default:
      EXPECT_OK(fh_bundle_add(b, "nothing", FH_F32, 3, none, NULL));
      break;
    }
  EXPECT_OK(fh_bundle_add_text(b, reversed ? "notes" : "config", reversed ? "" : "{\"k\": \"é\"}"));
  EXPECT_OK(fh_bundle_add_text(b, reversed ? "config" : "notes", reversed ? "{\"k\": \"é\"}" : ""));
  return b;
}

static bool same(const fh_bundle *a, const fh_bundle *b)
{
  if (a->version != b->version || a->n_tensors != b->n_tensors || a->n_texts != b->n_texts)
    return false;
  for (int i = 0; i < a->n_tensors; i++) {
    const fh_tensor *p = &a->tensors[i], *q = fh_bundle_find(b, p->name);
    const size_t bytes = (size_t)p->size * (p->dtype == FH_F32 ? 4 : 8);
    if (!q || p->dtype != q->dtype || p->rank != q->rank || memcmp(p->n, q->n, sizeof p->n) != 0 ||
        memcmp(p->data, q->data, bytes) != 0)
      return false;
  }
  for (int i = 0; i < a->n_texts; i++) {
    const char *text = fh_bundle_find_text(b, a->texts[i].name);
    if (!text || strcmp(text, a->texts[i].text) != 0) return false;
  }
  return true;
}

static void check_round_trip(const char *folder, const fh_bundle *b, char path[512])
{
  fh_bundle *back = NULL, *other = make(true);
  char again[512];
  size_t n = 0, m = 0;
  double mean[3];
  snprintf(path, 512, "%s/model.h5", folder);
  snprintf(again, sizeof again, "%s/again.h5", folder);
  EXPECT_OK(fh_bundle_write(b, path));
  sleep(1); /* a time in the file would now differ */
  EXPECT_OK(fh_bundle_write(other, again));
  char *p = file_load(path, &n), *q = file_load(again, &m);
  EXPECT(n == m && memcmp(p, q, n) == 0, "two files of equal content differ");
  EXPECT_OK(fh_bundle_read(path, "model", &back));
  EXPECT(same(b, back) && strcmp(back->kind, "model") == 0, "the content changed");
  EXPECT_OK(fh_bundle_get_f64(back, "mean", 3, mean));
  EXPECT(mean[0] == M_PI && mean[2] == 1e-300, "mean %g %g", mean[0], mean[2]);
  EXPECT_FAILS(FH_ERR_SHAPE, "3 values, 4", fh_bundle_get_f64(back, "mean", 4, mean));
  EXPECT_FAILS(FH_ERR_FORMAT, "integers", fh_bundle_get_f64(back, "step", 1, mean));
  EXPECT_FAILS(FH_ERR_FORMAT, "no tensor", fh_bundle_get_f64(back, "deviation", 3, mean));
  EXPECT_OK(fh_bundle_write(b, path)); /* replaces */
  fh_bundle_destroy(&back);
  fh_bundle_destroy(&other);
  EXPECT(!back, "destroy sets the pointer to NULL");
  free(p);
  free(q);
}

static void check_arguments(fh_bundle *b)
{
  const double one = 1;
  fh_bundle *nothing = NULL;
  EXPECT_FAILS(FH_ERR_ARG, "already", fh_bundle_add(b, "mean", FH_F64, 0, NULL, &one));
  EXPECT_FAILS(FH_ERR_ARG, "name", fh_bundle_add(b, "a/b", FH_F64, 0, NULL, &one));
  EXPECT_FAILS(FH_ERR_ARG, "9 axes", fh_bundle_add(b, "deep", FH_F64, 9, NULL, &one));
  EXPECT_FAILS(FH_ERR_ARG, "already", fh_bundle_add_text(b, "config", ""));
  EXPECT_FAILS(FH_ERR_IO, "No such file", fh_bundle_read("/nonexistent/m.h5", "model", &nothing));
  EXPECT_FAILS(FH_ERR_IO, "No such file", fh_bundle_write(b, "/nonexistent/m.h5"));
}

/* ---- damage ------------------------------------------------------------------------------------- */

/* true if the file is refused; false if it gives what it gave before */
static bool refused(const char *path, const fh_bundle *original, const char *what, size_t where)
{
  fh_bundle *back = NULL;
  const fh_status st = fh_bundle_read(path, "model", &back);
  if (st == FH_OK) EXPECT(same(original, back), "%s at byte %zu was not noticed", what, where);
  if (st != FH_OK)
    EXPECT(st == FH_ERR_FORMAT && !back, "%s at byte %zu: %s", what, where, fh_status_message());
  fh_status_clear();
  fh_bundle_destroy(&back);
  return st != FH_OK;
}

/* what somebody does who changes a file on purpose: the bytes before the seal with a new seal */
static void store_sealed(const char *path, const char *bytes, size_t size)
{
  char *copy = malloc(size + 17);
  EXPECT(copy, "memory");
  memcpy(copy, bytes, size);
  snprintf(copy + size, 17, "FHCRC32C%08x", fh_crc32c(0, bytes, size));
  file_store(path, copy, size + 16);
  free(copy);
}

/* every byte of the metadata, and some of the rest, with one bit changed */
static int flip_bits(const char *path, const fh_bundle *b, const char *bytes, size_t size,
                     bool sealed)
{
  int noticed = 0, tried = 0;
  char *copy = malloc(size);
  EXPECT(copy, "memory");
  memcpy(copy, bytes, size);
  for (size_t i = 0; i < size; i += i < 4096 ? 1 : 61, tried++) {
    copy[i] = (char)(bytes[i] ^ (1 << (i * 5 + i / 8) % 8));
    if (sealed)
      store_sealed(path, copy, size);
    else
      file_store(path, copy, size);
    noticed += refused(path, b, "a flipped bit", i);
    copy[i] = bytes[i];
  }
  free(copy);
  EXPECT(sealed || noticed == tried, "only %d of %d flipped bits were noticed", noticed, tried);
  return noticed;
}

/* HDF5 itself meets the damage: in a process of its own, because HDF5 may be left unable to end */
static void flip_sealed_bits(const char *path, const fh_bundle *b, const char *bytes, size_t size)
{
  int status = 0;
  fflush(stdout);
  const pid_t child = fork();
  EXPECT(child >= 0, "no process");
  if (child == 0) {
    const int noticed = flip_bits(path, b, bytes, size, true);
    _exit(noticed > 1000 ? 0 : 1);
  }
  EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
         "a sealed damaged file was read wrongly or ended the process (%x)", (unsigned)status);
}

static int truncate_everywhere(const char *path, const fh_bundle *b, const char *bytes, size_t size)
{
  int noticed = 0, tried = 0;
  for (size_t n = 0; n < size; n += n < 512 ? 1 : 61, tried++) {
    file_store(path, bytes, n);
    noticed += refused(path, b, "an end", n);
  }
  EXPECT(noticed == tried, "only %d of %d truncated files were refused", noticed, tried);
  return tried;
}

/* ---- files made by somebody who means it -------------------------------------------------------- */

typedef struct {
  hid_t file, tensors, texts;
} forged;

static forged forge(const char *path, const char *kind)
{
  const int64_t one = 1;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), scalar = H5Screate(H5S_SCALAR),
              word = H5Tcopy(H5T_C_S1);
  char text[32] = "";
  snprintf(text, sizeof text, "%s", kind);
  H5Tset_size(word, sizeof text);
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  forged f = {.file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access)};
  const char *names[] = {"fredholm_bundle", "version"};
  for (int i = 0; i < 2; i++) {
    const hid_t a =
        H5Acreate2(f.file, names[i], H5T_NATIVE_INT64, scalar, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT(H5Awrite(a, H5T_NATIVE_INT64, &one) >= 0, "forging failed");
    H5Aclose(a);
  }
  const hid_t a = H5Acreate2(f.file, "kind", word, scalar, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT(H5Awrite(a, word, text) >= 0, "forging failed");
  H5Aclose(a);
  f.tensors = H5Gcreate2(f.file, "tensors", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  f.texts = H5Gcreate2(f.file, "texts", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  return f;
}

/* a data set of n floats in tensors; the data are never written */
static void forge_tensor(const forged *f, hid_t creation, hid_t type, hsize_t n)
{
  const hid_t space = H5Screate_simple(1, &n, NULL);
  const hid_t d = H5Dcreate2(f->tensors, "w", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  const int64_t crc = 0;
  EXPECT(d >= 0, "forging failed");
  const hid_t scalar = H5Screate(H5S_SCALAR);
  const hid_t a = H5Acreate2(d, "crc32c", H5T_NATIVE_INT64, scalar, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT(H5Awrite(a, H5T_NATIVE_INT64, &crc) >= 0, "forging failed");
  H5Aclose(a);
  H5Dclose(d);
}

static void expect_refused(const char *path, const forged *f, const char *word)
{
  fh_bundle *back = NULL;
  H5Gclose(f->tensors);
  H5Gclose(f->texts);
  EXPECT(H5Fclose(f->file) >= 0, "forging failed");
  size_t size = 0;
  char *bytes = file_load(path, &size);
  store_sealed(path, bytes, size);
  free(bytes);
  EXPECT_FAILS(FH_ERR_FORMAT, word, fh_bundle_read(path, "model", &back));
}

static void check_forged(const char *path)
{
  const hid_t plain = H5Pcreate(H5P_DATASET_CREATE), outside = H5Pcreate(H5P_DATASET_CREATE),
              chunked = H5Pcreate(H5P_DATASET_CREATE), filtered = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = 1 << 20, small = 16;
  H5Pset_external(outside, "/etc/passwd", 0, 64);
  H5Pset_chunk(chunked, 1, &chunk);
  H5Pset_chunk(filtered, 1, &small);
  H5Pset_scaleoffset(filtered, H5Z_SO_FLOAT_DSCALE, 2);
  forged f = forge(path, "model");
  forge_tensor(&f, plain, H5T_NATIVE_FLOAT, (hsize_t)1 << 46); /* 281 TB in 1 kB */
  expect_refused(path, &f, "281474976710656");
  f = forge(path, "model");
  forge_tensor(&f, chunked, H5T_NATIVE_FLOAT, (hsize_t)1 << 46);
  expect_refused(path, &f, "281474976710656");
  f = forge(path, "model");
  forge_tensor(&f, outside, H5T_NATIVE_FLOAT, 16);
  expect_refused(path, &f, "another file");
  f = forge(path, "model");
  forge_tensor(&f, filtered, H5T_NATIVE_FLOAT, 16);
  expect_refused(path, &f, "filter");
  f = forge(path, "model");
  const hid_t vlen = H5Tvlen_create(H5T_NATIVE_FLOAT);
  forge_tensor(&f, plain, vlen, 16);
  expect_refused(path, &f, "neither numbers");
  f = forge(path, "model");
  forge_tensor(&f, plain, H5T_NATIVE_INT32, 0);
  expect_refused(path, &f, "neither float32");
  f = forge(path, "model");
  EXPECT(H5Lcreate_soft("/texts", f.tensors, "w", H5P_DEFAULT, H5P_DEFAULT) >= 0, "forging failed");
  expect_refused(path, &f, "soft");
  f = forge(path, "model");
  EXPECT(H5Lcreate_external("/etc/passwd", "/", f.tensors, "w", H5P_DEFAULT, H5P_DEFAULT) >= 0,
         "forging failed");
  expect_refused(path, &f, "external");
  f = forge(path, "model");
  H5Gclose(H5Gcreate2(f.file, "more", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  expect_refused(path, &f, "3 members");
  f = forge(path, "checkpoint");
  expect_refused(path, &f, "checkpoint file, a model file");
}

/* our silence and our ban of plugins must not outlive our calls */
static void check_settings_of_others(void)
{
  unsigned before = 0, after = 0;
  fh_bundle *back = NULL;
  H5E_auto2_t print = NULL, now = NULL;
  void *data = NULL;
  H5PLget_loading_state(&before);
  H5Eget_auto2(H5E_DEFAULT, &print, &data);
  EXPECT_FAILS(FH_ERR_FORMAT, "no model file", fh_bundle_read("/proc/self/exe", "model", &back));
  H5PLget_loading_state(&after);
  H5Eget_auto2(H5E_DEFAULT, &now, &data);
  EXPECT(before == after && print == now, "HDF5 was left with other settings");
}

/* A checkpoint at every epoch must not let the process grow. Some libraries make the allocator take large blocks from its
 * heap; there, what two files leave behind must have room for the third. */
static void check_memory(const char *folder)
{
  enum { WRITES = 10, ENTRIES = 1 << 20 };
  const ptrdiff_t n = ENTRIES;
  size_t before = 0;
  char path[512];
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
#endif
  snprintf(path, sizeof path, "%s/large.h5", folder);
  float *values = fh_calloc(n, sizeof *values);
  for (int i = 0; i < WRITES; i++) {
    fh_bundle *b = NULL;
    EXPECT_OK(fh_bundle_create("checkpoint", 1, &b));
    EXPECT_OK(fh_bundle_add(b, "values", FH_F32, 1, &n, values));
    EXPECT_OK(fh_bundle_add(b, "first", FH_F32, 1, &n, values));
    EXPECT_OK(fh_bundle_write(b, path));
    fh_bundle_destroy(&b);
    if (i == 2) before = fh_memory_peak();
  }
  fh_free(values);
  EXPECT(fh_memory_peak() < before + 2 * ENTRIES * sizeof *values,
         "%d files of 8 MB let the process grow from %zu to %zu bytes", WRITES, before,
         fh_memory_peak());
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  char folder[256], path[512];
  size_t size = 0;
  scratch_make(folder);
  fh_bundle *b = make(false);
  check_round_trip(folder, b, path);
  check_settings_of_others();
  check_arguments(b);
  char *bytes = file_load(path, &size);
  const int flips = flip_bits(path, b, bytes, size, false);
  flip_sealed_bits(path, b, bytes, size - 16);
  const int ends = truncate_everywhere(path, b, bytes, size);
  check_forged(path);
  free(bytes);
  fh_bundle_destroy(&b);
  check_memory(folder);
  scratch_remove(folder);
  printf("bundle: equal bytes; %d flipped bits, %d ends and 10 forged files refused\n", flips,
         ends);
  MPI_Finalize();
  return 0;
}
