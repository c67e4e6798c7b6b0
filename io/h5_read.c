#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "io/crc.h"
#include "io/h5.h"

/* deflate cannot shrink data by more than this factor; the constant is for tiny data sets */
enum { DEFLATE_RATIO = 1032, SMALL = 1 << 16 };

/* one step of a path; soft and external links would lead out of what was checked */
static fh_status open_link(hid_t parent, const char *name, hid_t *object)
{
  H5L_info_t link;
  FH_CHECK(H5Lexists(parent, name, H5P_DEFAULT) > 0, FH_ERR_FORMAT, "there is no %s in it", name);
  FH_TRY_H5(H5Lget_info(parent, name, &link, H5P_DEFAULT));
  FH_CHECK(link.type == H5L_TYPE_HARD, FH_ERR_FORMAT,
           "%s is a soft or external link, and only hard links are followed", name);
  FH_TRY_H5(*object = H5Oopen(parent, name, H5P_DEFAULT));
  return FH_OK;
}

static fh_status open_object(hid_t parent, const char *path, hid_t *object)
{
  char name[256];
  const char *slash = strchr(path, '/');
  const size_t length = slash ? (size_t)(slash - path) : strlen(path);
  FH_CHECK(length > 0 && length < sizeof name, FH_ERR_ARG, "%.64s is no path in an HDF5 file",
           path);
  memcpy(name, path, length);
  name[length] = '\0';
  if (!slash) {
    FH_TRY(open_link(parent, name, object));
    return FH_OK;
  }
  FH_HID group = H5I_INVALID_HID;
  FH_TRY(open_link(parent, name, &group));
  FH_CHECK(H5Iget_type(group) == H5I_GROUP, FH_ERR_FORMAT, "%s is not a group", name);
  FH_TRY(open_object(group, slash + 1, object));
  return FH_OK;
}

bool fh_h5_has(hid_t parent, const char *path, H5O_type_t type)
{
  FH_HID object = H5I_INVALID_HID;
  H5O_info_t info;
  const fh_status st = open_object(parent, path, &object);
  if (st != FH_OK) fh_status_clear();
  return st == FH_OK && H5Oget_info2(object, &info, H5O_INFO_BASIC) >= 0 && info.type == type;
}

fh_status fh_h5_open_group(hid_t parent, const char *path, hid_t *group)
{
  *group = H5I_INVALID_HID;
  FH_TRY(open_object(parent, path, group));
  FH_CHECK(H5Iget_type(*group) == H5I_GROUP, FH_ERR_FORMAT, "%s is not a group", path);
  return FH_OK;
}

static bool is_bool(hid_t type)
{
  char names[2][8] = {"", ""};
  const signed char values[2] = {0, 1};
  if (H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) return false;
  for (int i = 0; i < 2; i++)
    if (H5Tenum_nameof(type, &values[i], names[i], sizeof names[i]) < 0) return false;
  return strcmp(names[0], "FALSE") == 0 && strcmp(names[1], "TRUE") == 0;
}

static fh_status check_type(const char *path, fh_h5_array *a)
{
  FH_TRY_H5(a->type = H5Dget_type(a->id));
  a->class = H5Tget_class(a->type);
  a->bytes = H5Tget_size(a->type);
  const bool number =
      (a->class == H5T_INTEGER || (a->class == H5T_FLOAT && a->bytes >= 2)) && a->bytes <= 8;
  FH_CHECK(number || (a->class == H5T_ENUM && is_bool(a->type)), FH_ERR_FORMAT,
           "%s holds neither numbers nor booleans, and nothing else can be read", path);
  return FH_OK;
}

static fh_status check_filters(const char *path, hid_t creation, bool *deflated)
{
  const int n = H5Pget_nfilters(creation);
  for (int i = 0; i < n; i++) {
    unsigned flags = 0, config = 0;
    size_t n_values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, &config);
    FH_CHECK(filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
                 filter == H5Z_FILTER_FLETCHER32,
             FH_ERR_FORMAT,
             "%s uses the filter %d (%s), only deflate, shuffle and fletcher32 are accepted", path,
             (int)filter, name);
    *deflated |= filter == H5Z_FILTER_DEFLATE;
  }
  return FH_OK;
}

/* HDF5 allocates a whole chunk before it looks whether the file holds one */
static fh_status check_chunk(const char *path, hid_t creation, const fh_h5_array *a,
                             ptrdiff_t believable)
{
  hsize_t n[FH_H5_MAX_RANK];
  ptrdiff_t size = (ptrdiff_t)a->bytes;
  FH_CHECK(H5Pget_chunk(creation, FH_H5_MAX_RANK, n) == a->rank, FH_ERR_FORMAT,
           "%s: its chunks have another rank than its data", path);
  for (int i = 0; i < a->rank; i++) FH_TRY(fh_size_mul(size, (ptrdiff_t)n[i], &size));
  FH_CHECK(size <= believable, FH_ERR_FORMAT,
           "%s declares chunks of %td bytes, but the file can hold only %td", path, size,
           believable);
  return FH_OK;
}

static fh_status check_storage(const char *path, const fh_h5_array *a, ptrdiff_t size)
{
  FH_HID creation = H5I_INVALID_HID;
  hsize_t file_bytes = 0;
  bool deflated = false;
  FH_TRY_H5(creation = H5Dget_create_plist(a->id));
  const H5D_layout_t layout = H5Pget_layout(creation);
  FH_CHECK(layout == H5D_CONTIGUOUS || layout == H5D_COMPACT || layout == H5D_CHUNKED,
           FH_ERR_FORMAT, "%s has virtual storage, which would read other files", path);
  FH_CHECK(H5Pget_external_count(creation) == 0, FH_ERR_FORMAT,
           "%s has its data in another file, which is not opened", path);
  FH_TRY(check_filters(path, creation, &deflated));
  const hsize_t stored = H5Dget_storage_size(a->id);
  FH_HID file = H5I_INVALID_HID;
  FH_TRY_H5(file = H5Iget_file_id(a->id));
  FH_TRY_H5(H5Fget_filesize(file, &file_bytes));
  FH_CHECK(stored <= file_bytes, FH_ERR_FORMAT,
           "%s declares %llu bytes of storage in a file of %llu bytes", path,
           (unsigned long long)stored, (unsigned long long)file_bytes);
  const ptrdiff_t believable =
      deflated ? (ptrdiff_t)stored * DEFLATE_RATIO + SMALL : (ptrdiff_t)stored;
  FH_CHECK(size <= believable, FH_ERR_FORMAT,
           "%s declares %td bytes of data, but the file holds only %llu", path, size,
           (unsigned long long)stored);
  if (layout == H5D_CHUNKED && size > 0) FH_TRY(check_chunk(path, creation, a, believable));
  return FH_OK;
}

static fh_status check_array(const char *path, fh_h5_array *a)
{
  FH_HID space = H5I_INVALID_HID;
  hsize_t n[FH_H5_MAX_RANK];
  FH_TRY(check_type(path, a));
  FH_TRY_H5(space = H5Dget_space(a->id));
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  FH_CHECK(kind == H5S_SIMPLE || kind == H5S_SCALAR, FH_ERR_FORMAT, "%s is empty", path);
  a->rank = H5Sget_simple_extent_ndims(space);
  FH_CHECK(a->rank >= 0 && a->rank <= FH_H5_MAX_RANK, FH_ERR_FORMAT,
           "%s has %d axes, at most %d can be read", path, a->rank, FH_H5_MAX_RANK);
  FH_TRY_H5(H5Sget_simple_extent_dims(space, n, NULL));
  for (int i = 0; i < a->rank; i++) a->n[i] = (ptrdiff_t)n[i];
  ptrdiff_t bytes = 0;
  FH_CHECK(fh_size_product(a->rank, a->n, &a->size) == FH_OK &&
               fh_size_mul(a->size, (ptrdiff_t)a->bytes, &bytes) == FH_OK,
           FH_ERR_FORMAT, "%s declares more values than this machine can address", path);
  FH_TRY(check_storage(path, a, bytes));
  return FH_OK;
}

fh_status fh_h5_open_array(hid_t parent, const char *path, fh_h5_array *array)
{
  *array = (fh_h5_array){.id = H5I_INVALID_HID, .type = H5I_INVALID_HID};
  FH_TRY(open_object(parent, path, &array->id));
  FH_CHECK(H5Iget_type(array->id) == H5I_DATASET, FH_ERR_FORMAT, "%s is not a data set", path);
  FH_TRY(check_array(path, array));
  return FH_OK;
}

void fh_h5_close_array(fh_h5_array *array)
{
  fh_h5_release(&array->type);
  fh_h5_release(&array->id);
}

fh_status fh_h5_list(hid_t group, int most, char (*names)[256], int *count)
{
  H5G_info_t info;
  FH_TRY_H5(H5Gget_info(group, &info));
  FH_CHECK(info.nlinks <= (hsize_t)most, FH_ERR_FORMAT,
           "a group has %llu members, at most %d are possible", (unsigned long long)info.nlinks,
           most);
  *count = (int)info.nlinks;
  for (int i = 0; i < *count; i++) {
    const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)i,
                                              names[i], sizeof names[i], H5P_DEFAULT);
    FH_TRY_H5(length);
    FH_CHECK(length < 256, FH_ERR_FORMAT, "a name has %zd bytes, at most 255 are possible", length);
  }
  return FH_OK;
}

bool fh_h5_has_attribute(hid_t object, const char *name)
{
  return H5Aexists(object, name) > 0;
}

static fh_status open_scalar(hid_t object, const char *name, hid_t *attribute, hid_t *type)
{
  FH_HID space = H5I_INVALID_HID;
  FH_CHECK(fh_h5_has_attribute(object, name), FH_ERR_FORMAT, "it has no attribute %s", name);
  FH_TRY_H5(*attribute = H5Aopen(object, name, H5P_DEFAULT));
  FH_TRY_H5(*type = H5Aget_type(*attribute));
  FH_TRY_H5(space = H5Aget_space(*attribute));
  FH_CHECK(H5Sget_simple_extent_npoints(space) == 1, FH_ERR_FORMAT,
           "the attribute %s must have one value", name);
  return FH_OK;
}

fh_status fh_h5_get_int(hid_t object, const char *name, int64_t *value)
{
  FH_HID attribute = H5I_INVALID_HID, type = H5I_INVALID_HID;
  FH_TRY(open_scalar(object, name, &attribute, &type));
  FH_CHECK(H5Tget_class(type) == H5T_INTEGER, FH_ERR_FORMAT, "the attribute %s is no integer",
           name);
  FH_TRY_H5(H5Aread(attribute, H5T_NATIVE_INT64, value));
  return FH_OK;
}

fh_status fh_h5_get_word(hid_t object, const char *name, char *text, size_t bytes)
{
  FH_HID attribute = H5I_INVALID_HID, type = H5I_INVALID_HID;
  FH_TRY(open_scalar(object, name, &attribute, &type));
  FH_CHECK(H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
               H5Tget_size(type) <= bytes,
           FH_ERR_FORMAT, "the attribute %s is no text of at most %zu bytes", name, bytes);
  memset(text, 0, bytes);
  FH_TRY_H5(H5Aread(attribute, type, text));
  FH_CHECK(text[bytes - 1] == '\0', FH_ERR_FORMAT, "the text of the attribute %s does not end",
           name);
  return FH_OK;
}

fh_status fh_h5_get_bytes(hid_t parent, const char *name, ptrdiff_t most, char **text)
{
  FH_H5_ARRAY a = {0};
  int64_t crc = 0;
  *text = NULL;
  FH_TRY(fh_h5_open_array(parent, name, &a));
  FH_CHECK(a.rank == 1 && a.bytes == 1 && a.class == H5T_INTEGER && a.size <= most, FH_ERR_FORMAT,
           "%s is no text of at most %td bytes", name, most);
  FH_TRY(fh_h5_get_int(a.id, "crc32c", &crc));
  FH_NEW(*text, a.size + 1);
  const bool read = a.size == 0 || H5Dread(a.id, a.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *text) >= 0;
  const uint32_t found = fh_crc32c(0, *text, (size_t)a.size);
  if (read && (int64_t)found == crc && strlen(*text) == (size_t)a.size) return FH_OK;
  fh_free(*text);
  *text = NULL;
  FH_RAISE(FH_ERR_FORMAT, "%s is damaged: its checksum is %08x, the file says %08x", name, found,
           (unsigned)crc);
}
