#include "io/h5.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

fh_h5_scope fh_h5_enter(void)
{
  fh_h5_scope scope = {NULL, NULL, 0};
  H5Eget_auto2(H5E_DEFAULT, &scope.function, &scope.data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  /* a filter in a file makes HDF5 load a shared library of that name: never for us */
  H5PLget_loading_state(&scope.plugins);
  H5PLset_loading_state(0);
  return scope;
}

void fh_h5_leave(fh_h5_scope *scope)
{
  H5PLset_loading_state(scope->plugins);
  H5Eset_auto2(H5E_DEFAULT, scope->function, scope->data);
}

void fh_h5_release(hid_t *id)
{
  if (*id > 0 && H5Iis_valid(*id) > 0) H5Idec_ref(*id);
  *id = H5I_INVALID_HID;
}

/* the walk begins at the innermost entry, which says what really happened */
static herr_t take_first(unsigned depth, const H5E_error2_t *entry, void *text)
{
  if (depth == 0) snprintf(text, 256, "%s", entry->desc ? entry->desc : "");
  return 0;
}

fh_status fh_h5_raise(const char *call, const char *file, int line, const char *function)
{
  char sentence[256] = "";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, sentence);
  return fh_status_raise(FH_ERR_LIBRARY, file, line, function, "HDF5: %s (in %.60s)",
                         sentence[0] ? sentence : "no reason given", call);
}

fh_status fh_h5_in_file(const char *path, fh_status st)
{
  if (st == FH_OK) return FH_OK;
  char message[1024];
  snprintf(message, sizeof message, "%s", fh_status_message());
  const fh_status code = st == FH_ERR_LIBRARY ? FH_ERR_FORMAT : st;
  if (strncmp(message, path, strlen(path)) == 0) FH_RAISE(code, "%s", message);
  FH_RAISE(code, "%s: %s", path, message);
}

static fh_status access_list(hid_t *list)
{
  FH_TRY_H5(*list = H5Pcreate(H5P_FILE_ACCESS));
  /* checksummed metadata, and a named version: the bytes must not depend on that of HDF5 */
  FH_TRY_H5(H5Pset_libver_bounds(*list, H5F_LIBVER_V18, H5F_LIBVER_V18));
  FH_TRY_H5(H5Pset_fclose_degree(*list, H5F_CLOSE_STRONG));
#if H5_VERSION_GE(1, 10, 7)
  /* many cluster file systems have no locks, and our files are never written in place */
  FH_TRY_H5(H5Pset_file_locking(*list, false, true));
#endif
  return FH_OK;
}

fh_status fh_h5_create(const char *path, hid_t *file)
{
  FH_HID access = H5I_INVALID_HID, creation = H5I_INVALID_HID;
  *file = H5I_INVALID_HID;
  FH_TRY(access_list(&access));
  if (!path) FH_TRY_H5(H5Pset_fapl_core(access, (size_t)1 << 20, false));
  FH_TRY_H5(creation = H5Pcreate(H5P_FILE_CREATE));
  FH_TRY_H5(H5Pset_obj_track_times(creation, false));
  FH_TRY_H5(*file = H5Fcreate(path ? path : "memory", H5F_ACC_TRUNC, creation, access));
  return FH_OK;
}

fh_status fh_h5_close(hid_t *file)
{
  const hid_t id = *file;
  *file = H5I_INVALID_HID;
  FH_TRY_H5(H5Fclose(id));
  return FH_OK;
}

static fh_status check_regular(const char *path)
{
  struct stat info;
  FH_CHECK(stat(path, &info) == 0, FH_ERR_IO, "cannot open %s: %s", path, strerror(errno));
  FH_CHECK(S_ISREG(info.st_mode), FH_ERR_IO, "cannot open %s: it is not a regular file", path);
  return FH_OK;
}

fh_status fh_h5_open(const char *path, hid_t *file)
{
  FH_HID access = H5I_INVALID_HID;
  *file = H5I_INVALID_HID;
  FH_TRY(check_regular(path));
  FH_TRY_H5(access = H5Pcreate(H5P_FILE_ACCESS));
  FH_TRY_H5(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG));
#if H5_VERSION_GE(1, 10, 7)
  FH_TRY_H5(H5Pset_file_locking(access, false, true));
#endif
  *file = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (*file >= 0) return FH_OK;
  const fh_status st = fh_h5_raise("H5Fopen", __FILE__, __LINE__, __func__);
  char reason[400];
  snprintf(reason, sizeof reason, "%s", fh_status_message());
  FH_CHECK(st == FH_OK, FH_ERR_FORMAT,
           "%s is no HDF5 file, or it is damaged or cut off, or cannot be read: %s", path, reason);
  return FH_OK;
}
