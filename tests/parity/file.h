/**
 * file - reading one parity file
 *
 * HDF5 with one group of tensors a purpose (params, grad_params, ...) and attributes that say what
 * was run; the layout is described in docs/parity.md. Everything is read as double. The reader
 * shares nothing with io/, so that a fault there cannot hide in a comparison.
 */
#pragma once

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { PARITY_MAX_RANK = 8, PARITY_NAME = 160 };

typedef struct {
  int rank; /* without the (re, im) axis of complex numbers */
  ptrdiff_t n[PARITY_MAX_RANK];
  ptrdiff_t size;  /* doubles: a complex number counts two */
  bool is_complex; /* attribute "complex" */
  bool unused;     /* attribute "unused": the reference does not use this parameter */
  double *values;
} parity_array;

typedef struct {
  int count;
  char (*name)[PARITY_NAME];
} parity_names;

typedef struct {
  hid_t id;
  char *class, *config, *loss; /* attributes; NULL: absent */
} parity_file;

/** Errors: FH_ERR_IO, FH_ERR_FORMAT (no HDF5 file, truncated, no attribute "class"). */
fh_status parity_open(const char *path, parity_file **file) FH_MUST;
void parity_close(parity_file **file);

/** True if name leads to an object. */
bool parity_has(const parity_file *file, const char *name);
fh_status parity_read(const parity_file *file, const char *name, parity_array *array) FH_MUST;
/** The same for "group/name". */
fh_status parity_read_in(const parity_file *file, const char *group, const char *name,
                         parity_array *array) FH_MUST;
void parity_array_clear(parity_array *array);
#define PARITY_ARRAY __attribute__((cleanup(parity_array_clear))) parity_array
/** Largest absolute value. */
double parity_largest(const parity_array *array);

/** Names in a group in alphabetical order; an absent group has none. groups: only those that are
 *  groups themselves. */
fh_status parity_list(const parity_file *file, const char *group, bool groups,
                      parity_names *names) FH_MUST;
void parity_names_clear(parity_names *names);
#define PARITY_NAMES __attribute__((cleanup(parity_names_clear))) parity_names

/** Attribute of the object at path ("/" the file) as text (free with fh_free), NULL if absent. */
fh_status parity_text(const parity_file *file, const char *path, const char *attribute,
                      char **text) FH_MUST;
#define PARITY_TEXT __attribute__((cleanup(parity_text_free))) char
void parity_text_free(char **text);
/** A number, or preset if absent. */
double parity_attribute(const parity_file *file, const char *path, const char *attribute,
                        double preset);
