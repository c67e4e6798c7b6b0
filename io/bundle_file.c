#include "io/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/crc.h"
#include "io/h5.h"

/* / @fredholm_bundle @kind @version, /tensors/<name> @crc32c, /texts/<name> @crc32c; after the end of
 * the HDF5 file a seal of 16 letters: "FHCRC32C" and the checksum of everything before it. HDF5 does
 * not mind the seal, and we mind damaged files before HDF5 has to. */
static const char seal_word[] = "FHCRC32C";
enum { SEAL = 16, BLOCK = 1 << 20 };

static hid_t memory_type(fh_dtype dtype)
{
  return dtype == FH_F32   ? H5T_NATIVE_FLOAT
         : dtype == FH_F64 ? H5T_NATIVE_DOUBLE
                           : H5T_NATIVE_INT64;
}

static int by_tensor_name(const void *a, const void *b)
{
  const fh_tensor *const *p = a, *const *q = b;
  return strcmp((*p)->name, (*q)->name);
}

static int by_text_name(const void *a, const void *b)
{
  const fh_bundle_text *const *p = a, *const *q = b;
  return strcmp((*p)->name, (*q)->name);
}

static fh_status put_tensor(hid_t group, const fh_tensor *t)
{
  FH_HID array = H5I_INVALID_HID;
  hsize_t n[8];
  const hid_t type = memory_type(t->dtype);
  for (int i = 0; i < t->rank; i++) n[i] = (hsize_t)t->n[i];
  FH_TRY(fh_h5_create_array(group, t->name, type, t->rank, n, &array));
  if (t->size) FH_TRY_H5(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data));
  const size_t bytes = (size_t)t->size * fh_dtype_bytes(t->dtype);
  FH_TRY(fh_h5_put_int(array, "crc32c", fh_crc32c(0, t->data, bytes)));
  return FH_OK;
}

/* in the order of the names, so that equal content gives equal bytes */
static fh_status put_tensors(hid_t group, const fh_bundle *b, const fh_tensor **order)
{
  for (int i = 0; i < b->n_tensors; i++) order[i] = &b->tensors[i];
  qsort(order, (size_t)b->n_tensors, sizeof *order, by_tensor_name);
  for (int i = 0; i < b->n_tensors; i++) FH_TRY(put_tensor(group, order[i]));
  return FH_OK;
}

static fh_status put_texts(hid_t group, const fh_bundle *b, const fh_bundle_text **order)
{
  for (int i = 0; i < b->n_texts; i++) order[i] = &b->texts[i];
  qsort(order, (size_t)b->n_texts, sizeof *order, by_text_name);
  for (int i = 0; i < b->n_texts; i++)
    FH_TRY(fh_h5_put_bytes(group, order[i]->name, order[i]->text));
  return FH_OK;
}

static fh_status put_all(hid_t file, const fh_bundle *b, void *order)
{
  FH_HID tensors = H5I_INVALID_HID, texts = H5I_INVALID_HID;
  FH_TRY(fh_h5_put_int(file, "fredholm_bundle", FH_BUNDLE_LAYOUT));
  FH_TRY(fh_h5_put_word(file, "kind", b->kind, sizeof b->kind));
  FH_TRY(fh_h5_put_int(file, "version", b->version));
  FH_TRY(fh_h5_create_group(file, "tensors", &tensors));
  FH_TRY(put_tensors(tensors, b, order));
  FH_TRY(fh_h5_create_group(file, "texts", &texts));
  FH_TRY(put_texts(texts, b, order));
  return FH_OK;
}

static fh_status add_seal(void **image, ptrdiff_t *size)
{
  char *sealed = NULL, seal[SEAL + 1];
  FH_NEW(sealed, *size + SEAL);
  memcpy(sealed, *image, (size_t)*size);
  snprintf(seal, sizeof seal, "%s%08x", seal_word, fh_crc32c(0, sealed, (size_t)*size));
  memcpy(sealed + *size, seal, SEAL);
  fh_free(*image);
  *image = sealed;
  *size += SEAL;
  return FH_OK;
}

/* The file is made in memory: a full disk then meets our own write, which fails cleanly. */
static fh_status make_image(const fh_bundle *b, void *order, void **image, ptrdiff_t *size)
{
  FH_HID file = H5I_INVALID_HID;
  FH_TRY(fh_h5_create(NULL, &file));
  FH_TRY(put_all(file, b, order));
  FH_TRY(fh_h5_image(file, image, size));
  FH_TRY(add_seal(image, size));
  FH_TRY(fh_h5_close(&file));
  return FH_OK;
}

fh_status fh_bundle_write(const fh_bundle *b, const char *path)
{
  FH_H5_SCOPE;
  const fh_tensor **order = NULL;
  void *image = NULL;
  ptrdiff_t size = 0;
  FH_NEW(order, b->n_tensors + b->n_texts);
  fh_status st = make_image(b, (void *)order, &image, &size);
  if (st == FH_OK) st = fh_atomic_write(path, image, (size_t)size);
  fh_free((void *)order);
  fh_free(image);
  if (st != FH_OK) return fh_status_trace(st, __FILE__, __LINE__, __func__);
  return FH_OK;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static fh_status checksum_of(int file, const char *path, ptrdiff_t size, uint32_t *crc)
{
  char *block = NULL;
  FH_NEW(block, BLOCK);
  fh_status st = FH_OK;
  for (ptrdiff_t at = 0; st == FH_OK && at < size; at += BLOCK) {
    const size_t n = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
    st = fh_file_read_at(file, path, block, n, at);
    if (st == FH_OK) *crc = fh_crc32c(*crc, block, n);
  }
  fh_free(block);
  return st;
}

static fh_status check_seal_of(int file, const char *path, const char *kind)
{
  char seal[SEAL + 1] = "", found[SEAL + 1] = "";
  struct stat info;
  uint32_t crc = 0;
  FH_CHECK(fstat(file, &info) == 0, FH_ERR_IO, "%s: %s", path, strerror(errno));
  FH_CHECK(S_ISREG(info.st_mode), FH_ERR_IO, "%s is not a regular file", path);
  const ptrdiff_t size = (ptrdiff_t)info.st_size - SEAL;
  if (size > 0) FH_TRY(fh_file_read_at(file, path, found, SEAL, size));
  FH_CHECK(strncmp(found, seal_word, strlen(seal_word)) == 0, FH_ERR_FORMAT,
           "%s is no %s file of Fredholm, or its end is missing", path, kind);
  FH_TRY(checksum_of(file, path, size, &crc));
  snprintf(seal, sizeof seal, "%s%08x", seal_word, crc);
  FH_CHECK(strcmp(seal, found) == 0, FH_ERR_FORMAT,
           "%s is damaged: its checksum is %08x, it ends with %.8s; use a copy of it", path, crc,
           found + strlen(seal_word));
  return FH_OK;
}

static fh_status check_seal(const char *path, const char *kind)
{
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  FH_CHECK(file >= 0, FH_ERR_IO, "cannot open %s: %s", path, strerror(errno));
  const fh_status st = check_seal_of(file, path, kind);
  close(file);
  return st;
}

static fh_status dtype_of(const char *name, const fh_h5_array *a, fh_dtype *dtype)
{
  static const fh_dtype all[] = {FH_F32, FH_F64, FH_I64};
  for (int i = 0; i < 3; i++) {
    *dtype = all[i];
    if (H5Tequal(a->type, memory_type(all[i])) > 0) return FH_OK;
  }
  FH_RAISE(FH_ERR_FORMAT, "the tensor %s is neither float32 nor float64 nor int64", name);
}

static fh_status get_tensor(hid_t group, const char *name, hsize_t *left, fh_bundle *b)
{
  FH_H5_ARRAY a = {0};
  fh_dtype dtype = FH_F32;
  int64_t crc = 0;
  FH_TRY(fh_h5_open_array(group, name, &a));
  FH_TRY(dtype_of(name, &a, &dtype));
  /* several tensors may claim the same storage: together they must still fit into the file */
  const hsize_t bytes = (hsize_t)a.size * a.bytes;
  FH_CHECK(bytes <= *left, FH_ERR_FORMAT, "the tensors claim more bytes than the file has");
  *left -= bytes;
  FH_TRY(fh_h5_get_int(a.id, "crc32c", &crc));
  FH_TRY(fh_bundle_add(b, name, dtype, a.rank, a.n, NULL));
  const fh_tensor *t = &b->tensors[b->n_tensors - 1];
  if (a.size) FH_TRY_H5(H5Dread(a.id, memory_type(dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data));
  const uint32_t found = fh_crc32c(0, t->data, bytes);
  FH_CHECK((int64_t)found == crc, FH_ERR_FORMAT,
           "the tensor %s is damaged: its checksum is %08x, the file says %08x", name, found,
           (unsigned)crc);
  return FH_OK;
}

static fh_status get_text(hid_t group, const char *name, hsize_t *left, fh_bundle *b)
{
  char *text = NULL;
  FH_TRY(fh_h5_get_bytes(group, name, FH_BUNDLE_MAX_TEXT, &text));
  const size_t length = strlen(text);
  fh_status st = FH_OK;
  if (length > *left)
    st = fh_status_raise(FH_ERR_FORMAT, __FILE__, __LINE__, __func__,
                         "the texts claim more bytes than the file has");
  else
    st = fh_bundle_add_text(b, name, text);
  *left -= st == FH_OK ? length : 0;
  fh_free(text);
  return st;
}

typedef fh_status (*getter)(hid_t group, const char *name, hsize_t *left, fh_bundle *b);

static fh_status get_members(hid_t file, const char *path, getter get, hsize_t *left, fh_bundle *b)
{
  FH_HID group = H5I_INVALID_HID;
  H5G_info_t info;
  FH_TRY(fh_h5_open_group(file, path, &group));
  FH_TRY_H5(H5Gget_info(group, &info));
  FH_CHECK(info.nlinks <= FH_BUNDLE_MAX_TENSORS, FH_ERR_FORMAT,
           "%s has %llu members, at most %d are possible", path, (unsigned long long)info.nlinks,
           FH_BUNDLE_MAX_TENSORS);
  char(*names)[256] = NULL;
  int n = 0;
  FH_NEW(names, (ptrdiff_t)info.nlinks);
  fh_status st = fh_h5_list(group, FH_BUNDLE_MAX_TENSORS, names, &n);
  for (int i = 0; st == FH_OK && i < n; i++) st = get(group, names[i], left, b);
  fh_free(names);
  return st;
}

static fh_status get_all(hid_t file, const char *kind, fh_bundle *b)
{
  int64_t layout = 0;
  hsize_t left = 0;
  char found[32];
  H5G_info_t root;
  FH_CHECK(fh_h5_has_attribute(file, "fredholm_bundle"), FH_ERR_FORMAT,
           "it is no %s file of Fredholm", kind);
  FH_TRY(fh_h5_get_int(file, "fredholm_bundle", &layout));
  FH_CHECK(layout == FH_BUNDLE_LAYOUT, FH_ERR_FORMAT,
           "it has layout %lld, this program reads layout %d", (long long)layout, FH_BUNDLE_LAYOUT);
  FH_TRY(fh_h5_get_word(file, "kind", found, sizeof found));
  FH_CHECK(strcmp(found, kind) == 0, FH_ERR_FORMAT, "it is a %s file, a %s file is needed", found,
           kind);
  FH_TRY(fh_h5_get_int(file, "version", &b->version));
  FH_TRY_H5(H5Gget_info(file, &root));
  FH_CHECK(root.nlinks == 2, FH_ERR_FORMAT,
           "it has %llu members, a %s file has 2 (tensors and texts)",
           (unsigned long long)root.nlinks, kind);
  FH_TRY_H5(H5Fget_filesize(file, &left));
  FH_TRY(get_members(file, "tensors", get_tensor, &left, b));
  FH_TRY(get_members(file, "texts", get_text, &left, b));
  return FH_OK;
}

fh_status fh_bundle_read(const char *path, const char *kind, fh_bundle **bundle)
{
  FH_H5_SCOPE;
  FH_HID file = H5I_INVALID_HID;
  *bundle = NULL;
  FH_TRY(check_seal(path, kind));
  FH_TRY(fh_h5_open(path, &file));
  FH_TRY(fh_bundle_create(kind, 0, bundle));
  const fh_status st = get_all(file, kind, *bundle);
  if (st != FH_OK) fh_bundle_destroy(bundle);
  FH_TRY(fh_h5_in_file(path, st));
  return FH_OK;
}
