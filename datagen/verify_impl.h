/** verify_impl - what the parts of verify share: verify_scan.c reads all samples, verify_again.c makes them anew */
#pragma once

#include "datagen/labeller.h"
#include "datagen/verify.h"
#include "io/dataset.h"

typedef struct {
  const fh_log *log;
  fh_verify_report *report;
  fh_generate_config config;
  fh_dataset *data;
  fh_labeller *labeller;
  fh_sample_record *records; /* of all samples */
  fh_real *x, *y;            /* one sample */
  ptrdiff_t x_size, y_size, points;
  int rank, size;
} fh_verify;

/** Reads sample i into x and y. *good = false if its values are damaged, which is told. */
fh_status fh_verify_read(fh_verify *c, int64_t i, bool *good) FH_MUST;
/** Records, checksums, constant fields, samples that are there twice. Collective on comm. */
fh_status fh_verify_scan(MPI_Comm comm, fh_verify *c) FH_MUST;
/** Draws and assembles this rank's share of the samples again, solves `checks` of all (0: every one). */
fh_status fh_verify_again(fh_verify *c, ptrdiff_t checks) FH_MUST;
