/**
 * fftw_plane - real functions on a periodic grid and their Fourier coefficients below a cut, over ranks
 *
 *   u(x_j) = sum over |k_a| <= cut_a of c(k) exp(2 pi i (k_0 j_0 / n_0 + k_1 j_1 / n_1)),   c(-k) = conj c(k)
 *
 * Two axes; a line is a grid of one row. With cut < n/3 a product of two such functions, taken at the
 * points, has these coefficients exactly: no aliasing (the 2/3 rule, Orszag 1971). Points are dealt
 * over the ranks by rows (axis 0), coefficients by columns (k_1); one all-to-all a transform.
 *
 * Rows are transformed a few at a time, so that a product of functions never leaves the cache: that is
 * why fh_plane_product is the one operation, and the transforms are cases of it. Two functions u, v go
 * through it as one complex function u + i v, which halves the work along the rows. The third file of
 * the generator that calls FFTW (plans with FFTW_ESTIMATE: the same numbers every time).
 */
#pragma once

#include <mpi.h>
#include <stddef.h>

#include "base/status.h"

/** What is where; the same on all ranks but for first and count. */
typedef struct {
  ptrdiff_t n[2], cut[2];
  ptrdiff_t first_row, rows;       /* points here: rows of n[1] values */
  ptrdiff_t first_column, columns; /* coefficients here: k_1 = first_column, ... */
  ptrdiff_t height;                /* of a column: k_0 = 0..cut_0, -cut_0..-1, so 2 cut_0 + 1 */
  ptrdiff_t modes;                 /* columns * height complex numbers, (re, im) */
} fh_plane_layout;

typedef struct fh_plane fh_plane;

/**
 * fh_plane_create - plan the transforms of n[0] x n[1] points
 *
 * Collective on comm (not owned, returns errors), which may have more ranks than there are rows. cut NULL:
 * the largest without aliasing of products, (n - 1)/3.
 * Errors: FH_ERR_ARG for a cut that the grid does not carry (2 cut >= n on an axis of more than 1 point).
 */
fh_status fh_plane_create(MPI_Comm comm, const ptrdiff_t n[2], const ptrdiff_t *cut,
                          fh_plane **plane) FH_MUST;
void fh_plane_destroy(fh_plane **plane);
const fh_plane_layout *fh_plane_where(const fh_plane *plane);
/** Wave number k_0 of entry i of a column. */
ptrdiff_t fh_plane_wave(const fh_plane *plane, ptrdiff_t i);

/**
 * What is done, in place, with a few rows of points: count of them, the first of which is point number
 * first of this rank. values: one a point, or u, v, u, v, ... of two functions.
 */
typedef void (*fh_plane_work)(void *context, ptrdiff_t first, ptrdiff_t count, double *values);

/**
 * fh_plane_product - coefficients to points, work on them, points to coefficients
 *
 * Collective. fields: 1 or 2 functions. in[fields], out[fields]: [modes][2]; an out may be an in. in
 * NULL: work makes the values, out NULL: it keeps them. Of what it makes, the part below the cut comes
 * back. Errors: those of MPI.
 */
fh_status fh_plane_product(fh_plane *plane, int fields, const double *const *in, double *const *out,
                           fh_plane_work work, void *context) FH_MUST;
/** Values at the points of this rank, [rows][n_1], of coefficients; and back. Collective. */
fh_status fh_plane_to_points(fh_plane *plane, const double *modes, double *points) FH_MUST;
fh_status fh_plane_to_modes(fh_plane *plane, const double *points, double *modes) FH_MUST;
/** All points on rank 0 of comm, [n_0][n_1] (NULL elsewhere). Collective. */
fh_status fh_plane_gather(fh_plane *plane, const double *points, double *all) FH_MUST;
