/**
 * verify - is a set what its configuration says?
 *
 * All samples: checksums and finite numbers (the reader's), constant fields, two samples with the
 * same fields, records that contradict the file (number, seed, a residual above the tolerance). The
 * problem of every sample is rebuilt from the configuration in the file;
 *  - inputs (and the first frames of trajectories) drawn again from (seed, i) must be equal to the stored float32 values, to the bit;
 *  - the residual of the stored solution must lie within what float32 allows,
 *      ||b - A u|| <= recorded residual ||b|| + 2^-24 || |A| |u| ||      (times 1.01),
 *    1e-4 is usual at 128 x 128 points: rounding is rough, and A weighs it with 1/h^2.
 * Some samples, chosen at random, or all are solved or integrated again:
 *  - the stored solution must be the new one, relative L2 difference within 1e-6 + 100 x tolerance:
 *    the sharper check of the two for smooth errors.
 */
#pragma once

#include "base/log.h"
#include "datagen/generate.h"

typedef struct {
  ptrdiff_t samples;  /* in the file */
  ptrdiff_t invalid;  /* marked as failed when they were made: not an error */
  ptrdiff_t damaged;  /* wrong checksum, or a number that is not finite */
  ptrdiff_t constant; /* a field with the same value everywhere */
  ptrdiff_t repeated; /* the same fields as another sample */
  ptrdiff_t records;  /* contradict the file: number, seed, or residual above the tolerance */
  ptrdiff_t drawn;    /* drawn again: all that are neither invalid nor damaged */
  ptrdiff_t inputs_differ, residual_high; /* of those */
  ptrdiff_t solved;                       /* solved again */
  ptrdiff_t outputs_differ, unresolved;   /* of those; could not be solved again */
  bool residuals_known;                   /* false: the stored fields do not hold the unknowns */
  double worst_residual;                  /* largest residual of a stored solution */
  double worst_residual_share;            /* largest residual / bound */
  double worst_difference; /* largest difference of a stored solution and the new one */
} fh_verify_report;

/** True if nothing in it is an error (constant fields and frames that stand still are: no training can use them). */
bool fh_verify_passed(const fh_verify_report *report);
/**
 * fh_generate_verify - check a set
 *
 * Collective on comm; the ranks share the samples. checks: how many samples are solved again, 0: all.
 * log receives a warning for every sample that fails, on the rank that checks it.
 * Errors: FH_ERR_IO, FH_ERR_FORMAT (not readable at all), FH_ERR_UNSUPPORTED (no configuration in
 * it). A set that fails its checks is no error: see fh_verify_passed.
 */
fh_status fh_generate_verify(MPI_Comm comm, const char *path, ptrdiff_t checks, const fh_log *log,
                             fh_verify_report *report) FH_MUST;
