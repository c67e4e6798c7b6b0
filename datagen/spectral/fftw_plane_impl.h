/* fftw_plane_impl - what the files of the plane share: fftw_plane.c (layout, memory, plans), fftw_plane_rows.c (blocks of
 * rows there and back), fftw_plane_pass.c (columns, their exchange between ranks, the whole); nobody else includes it */
#pragma once

#include <fftw3.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/spectral/fftw_plane.h"

/* rows that are transformed together, and complex numbers between columns: off powers of two */
enum { ROWS = 16, PAD = 8 };

enum { FIELDS = 2 };
static const size_t complex_bytes = sizeof(fftw_complex);
/* of a block of rows, 0: to points, 1: to coefficients */
typedef struct {
  fftw_plan single[2], pair[2];
} fh_row_plans;

struct fh_plane {
  MPI_Comm comm;
  int rank, size;
  fh_plane_layout is;
  ptrdiff_t half, stride; /* complex numbers of a row of points; from column to column */
  double scale;           /* 1 / points */
  /* columns of this rank [columns][stride]; with several ranks: all columns of its rows [cut_1 + 1][rows] */
  fftw_complex *columns[FIELDS], *rows[FIELDS], *parcel;
  fftw_complex *line; /* a block of rows: [ROWS][half], of two functions [ROWS][n_1] */
  double *value;      /* [ROWS][n_1] */
  fftw_plan column_plan[2];
  fh_row_plans row_plans[2];            /* of full blocks, of the last one */
  int *send, *send_at, *take, *take_at; /* reals per rank, from columns to rows */
};

/* rows or columns of a rank: the first ones get one more */
static inline ptrdiff_t share_first(ptrdiff_t n, int size, int rank)
{
  const ptrdiff_t more = n % size;
  return n / size * rank + (rank < more ? rank : more);
}

static inline ptrdiff_t share_count(ptrdiff_t n, int size, int rank)
{
  return share_first(n, size, rank + 1) - share_first(n, size, rank);
}

/** Rows [row, row + count) of the functions from columns to points if `in`, work on them, and back if `out`. */
void fh_plane_block(fh_plane *p, int fields, ptrdiff_t row, ptrdiff_t count, bool in, bool out,
                    fh_plane_work work, void *context);
