#include <string.h>

#include "io/crc.h"
#include "io/h5.h"

fh_status fh_h5_create_group(hid_t parent, const char *name, hid_t *group)
{
  FH_HID creation = H5I_INVALID_HID;
  FH_TRY_H5(creation = H5Pcreate(H5P_GROUP_CREATE));
  FH_TRY_H5(H5Pset_obj_track_times(creation, false));
  FH_TRY_H5(*group = H5Gcreate2(parent, name, H5P_DEFAULT, creation, H5P_DEFAULT));
  return FH_OK;
}

static fh_status create_space(int rank, const hsize_t *n, hid_t *space)
{
  if (rank == 0)
    FH_TRY_H5(*space = H5Screate(H5S_SCALAR));
  else
    FH_TRY_H5(*space = H5Screate_simple(rank, n, NULL));
  return FH_OK;
}

fh_status fh_h5_create_array(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *n,
                             hid_t *array)
{
  FH_HID creation = H5I_INVALID_HID, space = H5I_INVALID_HID;
  FH_TRY_H5(creation = H5Pcreate(H5P_DATASET_CREATE));
  FH_TRY_H5(H5Pset_obj_track_times(creation, false));
  FH_TRY_H5(H5Pset_layout(creation, H5D_CONTIGUOUS));
  FH_TRY_H5(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY));
  FH_TRY_H5(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER));
  FH_TRY(create_space(rank, n, &space));
  FH_TRY_H5(*array = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  return FH_OK;
}

static fh_status write_all(hid_t array, hid_t type, int rank, const hsize_t *n, const void *values)
{
  hsize_t size = 1;
  for (int i = 0; i < rank; i++) size *= n[i];
  if (size > 0) FH_TRY_H5(H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  return FH_OK;
}

fh_status fh_h5_put_array(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *n,
                          const void *values)
{
  FH_HID array = H5I_INVALID_HID;
  FH_TRY(fh_h5_create_array(parent, name, type, rank, n, &array));
  FH_TRY(write_all(array, type, rank, n, values));
  return FH_OK;
}

fh_status fh_h5_bool_type(hid_t *type)
{
  const signed char no = 0, yes = 1;
  FH_TRY_H5(*type = H5Tenum_create(H5T_NATIVE_INT8));
  FH_TRY_H5(H5Tenum_insert(*type, "FALSE", &no));
  FH_TRY_H5(H5Tenum_insert(*type, "TRUE", &yes));
  return FH_OK;
}

static fh_status put(hid_t object, const char *name, hid_t type, int rank, hsize_t n,
                     const void *value)
{
  FH_HID space = H5I_INVALID_HID, attribute = H5I_INVALID_HID;
  FH_TRY(create_space(rank, &n, &space));
  FH_TRY_H5(attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (rank == 0 || n > 0) FH_TRY_H5(H5Awrite(attribute, type, value));
  return FH_OK;
}

static fh_status text_type(size_t bytes, hid_t *type)
{
  FH_TRY_H5(*type = H5Tcopy(H5T_C_S1));
  FH_TRY_H5(H5Tset_size(*type, bytes));
  FH_TRY_H5(H5Tset_cset(*type, H5T_CSET_UTF8));
  return FH_OK;
}

fh_status fh_h5_put_text(hid_t object, const char *name, const char *text)
{
  FH_HID type = H5I_INVALID_HID;
  FH_TRY(text_type(H5T_VARIABLE, &type));
  FH_TRY(put(object, name, type, 0, 1, &text));
  return FH_OK;
}

fh_status fh_h5_put_texts(hid_t object, const char *name, int n, const char *const *texts)
{
  FH_HID type = H5I_INVALID_HID;
  FH_TRY(text_type(H5T_VARIABLE, &type));
  FH_TRY(put(object, name, type, 1, (hsize_t)n, texts));
  return FH_OK;
}

fh_status fh_h5_put_word(hid_t object, const char *name, const char *text, size_t bytes)
{
  char word[256] = "";
  FH_HID type = H5I_INVALID_HID;
  FH_CHECK(bytes <= sizeof word && strlen(text) < bytes, FH_ERR_ARG,
           "the attribute %s takes fewer than %zu bytes, not %zu", name, bytes, strlen(text));
  memcpy(word, text, strlen(text));
  FH_TRY(text_type(bytes, &type));
  FH_TRY(put(object, name, type, 0, 1, word));
  return FH_OK;
}

fh_status fh_h5_put_bools(hid_t object, const char *name, int n, const bool *values)
{
  signed char bytes[FH_H5_MAX_RANK] = {0};
  FH_HID type = H5I_INVALID_HID;
  FH_CHECK(n <= FH_H5_MAX_RANK, FH_ERR_ARG, "%d flags, at most %d are possible", n, FH_H5_MAX_RANK);
  for (int i = 0; i < n; i++) bytes[i] = values[i] ? 1 : 0;
  FH_TRY(fh_h5_bool_type(&type));
  FH_TRY(put(object, name, type, 1, (hsize_t)n, bytes));
  return FH_OK;
}

fh_status fh_h5_put_bool(hid_t object, const char *name, bool value)
{
  const signed char byte = value ? 1 : 0;
  FH_HID type = H5I_INVALID_HID;
  FH_TRY(fh_h5_bool_type(&type));
  FH_TRY(put(object, name, type, 0, 1, &byte));
  return FH_OK;
}

fh_status fh_h5_put_int(hid_t object, const char *name, int64_t value)
{
  FH_TRY(put(object, name, H5T_NATIVE_INT64, 0, 1, &value));
  return FH_OK;
}

fh_status fh_h5_put_real(hid_t object, const char *name, double value)
{
  FH_TRY(put(object, name, H5T_NATIVE_DOUBLE, 0, 1, &value));
  return FH_OK;
}

fh_status fh_h5_put_bytes(hid_t parent, const char *name, const char *text)
{
  FH_HID array = H5I_INVALID_HID;
  const hsize_t n = strlen(text);
  FH_TRY(fh_h5_create_array(parent, name, H5T_NATIVE_UINT8, 1, &n, &array));
  FH_TRY(write_all(array, H5T_NATIVE_UINT8, 1, &n, text));
  FH_TRY(fh_h5_put_int(array, "crc32c", fh_crc32c(0, text, strlen(text))));
  return FH_OK;
}
