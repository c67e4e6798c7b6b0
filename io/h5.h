/**
 * h5 - the few HDF5 calls that Fredholm needs, made safe; internal to io/
 *
 * Only io/ includes HDF5. Files are opened by one process for itself (never through MPI-IO, see
 * docs/data-format.md). Handles are FH_HID variables, which close themselves on every way out of a
 * function. Every public function that calls HDF5 begins with FH_H5_SCOPE: HDF5 prints nothing and
 * loads no plugins inside, and a program that uses HDF5 itself gets its settings back.
 *
 * Reading follows the rules for untrusted files: hard links only, no external or virtual storage,
 * three known filters, no variable-length types, and no size is believed that the file cannot hold.
 */
#pragma once

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
  H5E_auto2_t function;
  void *data;
  unsigned plugins;
} fh_h5_scope;

fh_h5_scope fh_h5_enter(void);
void fh_h5_leave(fh_h5_scope *scope);
void fh_h5_release(hid_t *id);

#define FH_H5_SCOPE                                                                                \
  __attribute__((cleanup(fh_h5_leave), unused)) fh_h5_scope fh_h5_scope_ = fh_h5_enter()
#define FH_HID __attribute__((cleanup(fh_h5_release))) hid_t

/** Raises FH_ERR_LIBRARY with the innermost sentence of HDF5's own error stack. */
fh_status fh_h5_raise(const char *call, const char *file, int line, const char *function);
/** Runs a call that returns a negative number on failure. */
#define FH_TRY_H5(call)                                                                            \
  do {                                                                                             \
    if ((call) < 0) return fh_h5_raise(#call, __FILE__, __LINE__, __func__);                       \
  } while (0)
/** Names the file in the message of a failure; what HDF5 refuses to read is FH_ERR_FORMAT. */
fh_status fh_h5_in_file(const char *path, fh_status st) FH_MUST;

/* ---- writing: objects without times, the format of HDF5 1.8 (checksummed metadata) --------- */

/** A new file at path (replaced if it exists), or in memory if path is NULL. */
fh_status fh_h5_create(const char *path, hid_t *file) FH_MUST;
fh_status fh_h5_create_group(hid_t parent, const char *name, hid_t *group) FH_MUST;
/** A contiguous data set, allocated at once and not filled; n may be NULL for rank 0. */
fh_status fh_h5_create_array(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *n,
                             hid_t *array) FH_MUST;
/** The same, written and closed. */
fh_status fh_h5_put_array(hid_t parent, const char *name, hid_t type, int rank, const hsize_t *n,
                          const void *values) FH_MUST;
/** h5py's type of booleans: an enumeration on int8. Close it with H5Tclose (FH_HID does). */
fh_status fh_h5_bool_type(hid_t *type) FH_MUST;
/* attributes: texts are variable-length UTF-8, as h5py writes them */
fh_status fh_h5_put_text(hid_t object, const char *name, const char *text) FH_MUST;
fh_status fh_h5_put_texts(hid_t object, const char *name, int n, const char *const *texts) FH_MUST;
fh_status fh_h5_put_bool(hid_t object, const char *name, bool value) FH_MUST;
fh_status fh_h5_put_bools(hid_t object, const char *name, int n, const bool *values) FH_MUST;
fh_status fh_h5_put_int(hid_t object, const char *name, int64_t value) FH_MUST;
fh_status fh_h5_put_real(hid_t object, const char *name, double value) FH_MUST;
/** A text as a data set of bytes with its CRC-32C as attribute: safe to read back. */
fh_status fh_h5_put_bytes(hid_t parent, const char *name, const char *text) FH_MUST;
/** The bytes of an open file that was created in memory (free with fh_free). */
fh_status fh_h5_image(hid_t file, void **image, ptrdiff_t *size) FH_MUST;
/** Flushes and closes; *file is invalid afterwards in any case. */
fh_status fh_h5_close(hid_t *file) FH_MUST;

/* ---- reading ------------------------------------------------------------------------------------ */

enum { FH_H5_MAX_RANK = 8 };

typedef struct {
  hid_t id;
  hid_t type; /* as stored */
  H5T_class_t class;
  size_t bytes; /* of one element as stored */
  int rank;
  ptrdiff_t n[FH_H5_MAX_RANK];
  ptrdiff_t size; /* product of n */
} fh_h5_array;

/** Opens for reading. Errors: FH_ERR_IO (missing), FH_ERR_FORMAT (no HDF5 file, damaged). */
fh_status fh_h5_open(const char *path, hid_t *file) FH_MUST;
/** True if a hard link of that path leads from parent to an object of type. */
bool fh_h5_has(hid_t parent, const char *path, H5O_type_t type);
fh_status fh_h5_open_group(hid_t parent, const char *path, hid_t *group) FH_MUST;
/** A data set of numbers or booleans whose size has been checked against what the file holds. */
fh_status fh_h5_open_array(hid_t parent, const char *path, fh_h5_array *array) FH_MUST;
void fh_h5_close_array(fh_h5_array *array);
#define FH_H5_ARRAY __attribute__((cleanup(fh_h5_close_array))) fh_h5_array
/** Numbers of one sort: count of the names of all links of a group, in alphabetical order. */
fh_status fh_h5_list(hid_t group, int most, char (*names)[256], int *count) FH_MUST;
bool fh_h5_has_attribute(hid_t object, const char *name);
/** An integer attribute of one element. */
fh_status fh_h5_get_int(hid_t object, const char *name, int64_t *value) FH_MUST;
/** A fixed-length text attribute of at most bytes - 1 bytes. */
fh_status fh_h5_get_word(hid_t object, const char *name, char *text, size_t bytes) FH_MUST;
fh_status fh_h5_put_word(hid_t object, const char *name, const char *text, size_t bytes) FH_MUST;
/** A text written by fh_h5_put_bytes, checksum verified; free with fh_free. */
fh_status fh_h5_get_bytes(hid_t parent, const char *name, ptrdiff_t most, char **text) FH_MUST;
