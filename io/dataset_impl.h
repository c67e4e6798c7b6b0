/* dataset_impl - an open set; what the files of the reader share, nobody else includes it */
#pragma once

#include "io/dataset_find.h"

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
  float *buffer; /* one sample of the widest data set, or one frame, as stored in our files */
};

/** A whole sample of source i, which has checksums, into the buffer, verified. */
fh_status fh_dataset_load_checked(fh_dataset *d, int i, int64_t sample) FH_MUST;
