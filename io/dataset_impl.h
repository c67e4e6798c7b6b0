/* dataset_impl - an open set; what the files of the reader share, nobody else includes it */
#pragma once

#include "io/dataset_find.h"

enum { FH_SLAB = 1 << 18 }; /* values of a slab */

struct fh_dataset {
  char path[1024];
  fh_description is;
  char *config;
  double *times; /* pairs: of the frames of the file */
  hid_t file;
  fh_h5_array arrays[FH_MAX_SOURCES];
  hid_t spaces[FH_MAX_SOURCES];    /* with the values that were read last selected */
  uint32_t *crc[FH_MAX_SOURCES];   /* [samples][parts] */
  ptrdiff_t parts[FH_MAX_SOURCES]; /* of a sample that have a checksum each: 1, or its frames */
  int64_t *kept; /* place in the file of each sample or trajectory that counts; NULL: all count */
  ptrdiff_t n_kept;
  /* each made when it is first needed: */
  float *buffer; /* one sample of the widest data set, or one frame, as stored in our files */
  fh_real *slab; /* a slab of a sample (dataset_slabs.c) */
  float *stored; /* the same as stored in our files */
  int64_t
      verified[FH_MAX_SOURCES]; /* 1 + the sample whose checksum was last found right; 0: none */
};

/** Room for a slab, if there is none. */
fh_status fh_dataset_make_slab(fh_dataset *d) FH_MUST;
/* samples are those of the file, sources have the number i */

/** Makes sure that the checksum of a sample is right, if there is one: once, not at every read of a part. */
fh_status fh_dataset_verify(fh_dataset *d, int i, int64_t sample) FH_MUST;
/** Errors: FH_ERR_FORMAT, where the checksum of a part of a sample is not the stored one. */
fh_status fh_dataset_check_crc(const fh_dataset *d, int i, int64_t sample, ptrdiff_t part,
                               uint32_t found) FH_MUST;
/** Errors: FH_ERR_FORMAT for values, from position first of the sample on, that are not finite. */
fh_status fh_dataset_check_values(const fh_source *source, int64_t sample, ptrdiff_t first,
                                  ptrdiff_t count, const fh_real *values) FH_MUST;
/** Where in the file a sample stands that is read in parts. Errors: FH_ERR_ARG, FH_ERR_STATE for pairs. */
fh_status fh_dataset_find_sample(const fh_dataset *d, int64_t sample, int64_t *stored) FH_MUST;
