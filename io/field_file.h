/**
 * field_file - one array of fields in an HDF5 file of anybody's: row i is the field of sample i
 *
 * For what a user brings along (coefficients), so values are handed on as they are: whether they are
 * finite and positive is for the problem that they go into to judge, sample by sample. The rules for
 * untrusted files hold (docs/data-format.md). Not collective: every rank opens the file for itself.
 */
#pragma once

#include <stdint.h>

#include "grid/grid.h"

typedef struct fh_field_file fh_field_file;

/**
 * fh_field_file_open - open data set array of a file, whose rows lie on the points of grid
 *
 * Its shape must be (samples, points...), with axes of length 1 between them if there are any.
 * Errors: FH_ERR_IO (missing), FH_ERR_FORMAT (no HDF5 file, no such data set, not numbers),
 * FH_ERR_USAGE for a shape that is not the grid's.
 */
fh_status fh_field_file_open(const char *path, const char *array, const fh_grid *grid,
                             fh_field_file **file) FH_MUST;
void fh_field_file_close(fh_field_file **file);
/** Number of rows. */
ptrdiff_t fh_field_file_samples(const fh_field_file *file);
/** Row sample as doubles [points]. Errors: FH_ERR_ARG beyond the last row, FH_ERR_FORMAT (damaged). */
fh_status fh_field_file_read(fh_field_file *file, int64_t sample, double *values) FH_MUST;
