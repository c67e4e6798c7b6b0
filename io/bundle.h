/**
 * bundle - named tensors and texts in one HDF5 file: the model file and the checkpoint
 *
 * Written by one rank to a temporary name, flushed, fsynced and renamed, the folder fsynced; equal
 * content gives equal bytes (no times, no addresses). Every tensor carries a CRC-32C. Read as
 * untrusted input: every size is bounded before anything is allocated, only hard links, contiguous
 * storage and the types below are accepted, unknown content is an error.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum { FH_F32, FH_F64, FH_I64 } fh_dtype;

typedef struct {
  char *name; /* may hold dots, no slashes */
  fh_dtype dtype;
  int rank;
  ptrdiff_t n[8];
  void *data;
  ptrdiff_t size; /* product of n */
} fh_tensor;

typedef struct {
  char *name, *text; /* UTF-8; "config" holds JSON */
} fh_bundle_text;

typedef struct {
  char kind[32];   /* "model", "checkpoint" */
  int64_t version; /* of the layout of this kind */
  int n_tensors, n_texts;
  fh_tensor *tensors;
  fh_bundle_text *texts;
} fh_bundle;

/** An empty bundle; add copies data (size elements of dtype) and text. */
fh_status fh_bundle_create(const char *kind, int64_t version, fh_bundle **bundle) FH_MUST;
fh_status fh_bundle_add(fh_bundle *bundle, const char *name, fh_dtype dtype, int rank,
                        const ptrdiff_t *n, const void *data) FH_MUST;
fh_status fh_bundle_add_text(fh_bundle *bundle, const char *name, const char *text) FH_MUST;
void fh_bundle_destroy(fh_bundle **bundle);
/** The tensor or text of that name, or NULL. */
const fh_tensor *fh_bundle_find(const fh_bundle *bundle, const char *name);
const char *fh_bundle_find_text(const fh_bundle *bundle, const char *name);
/** Reads a tensor of FH_F32 or FH_F64 into doubles; size must be the tensor's. */
fh_status fh_bundle_get_f64(const fh_bundle *bundle, const char *name, ptrdiff_t size,
                            double *values) FH_MUST;

/** Not collective: one rank writes. Errors: FH_ERR_IO (what the system said). */
fh_status fh_bundle_write(const fh_bundle *bundle, const char *path) FH_MUST;
/** Not collective: one rank reads (then broadcasts what it needs).
 *  Errors: FH_ERR_IO missing file; FH_ERR_FORMAT wrong kind, damaged or hostile content. */
fh_status fh_bundle_read(const char *path, const char *kind, fh_bundle **bundle) FH_MUST;
/** Reads only what kind of bundle path is; kind = "" if it is another HDF5 file. Not collective.
 *  Errors: FH_ERR_IO missing file; FH_ERR_FORMAT no HDF5 file. */
fh_status fh_bundle_kind(const char *path, char kind[32]) FH_MUST;
