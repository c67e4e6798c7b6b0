/* winograd_impl - groups of tiles of the two Winograd files; nobody else includes it */
#pragma once

#include "kernels/winograd.h"

enum {
  FH_WINOGRAD_LANES = 16,
  FH_WINOGRAD_GROUPS = 8
}; /* of the widest instruction set, at most at once */

/** One group of tiles: a piece of a row of tiles, or up to `lanes` tiles of the batch. */
typedef struct {
  ptrdiff_t sample, row, column; /* wide: of the first tile; else the first tile in `first` */
  ptrdiff_t first, count;        /* tiles of the batch */
} fh_winograd_group;

ptrdiff_t fh_winograd_groups(const fh_winograd *w, ptrdiff_t batch);
void fh_winograd_find(const fh_winograd *w, ptrdiff_t batch, ptrdiff_t group, fh_winograd_group *g);
/** Up to nr groups from the i-th of count on; returns how many. */
int fh_winograd_find_groups(const fh_winograd *w, ptrdiff_t batch, ptrdiff_t i, ptrdiff_t count,
                            fh_winograd_group *g);
/** Transformed x of the groups to v. */
void fh_winograd_read(const fh_winograd *w, const fh_winograd_group *g, int groups,
                      const fh_real *x, fh_real *v, fh_real *buffer);
/** y = bias + c + W x of the groups from their transformed x; m: room for the products. */
void fh_winograd_write(const fh_winograd *w, const fh_winograd_group *g, int groups,
                       const fh_real *packed, const fh_real *v, fh_real *m, const fh_real *bias,
                       const fh_real *c, fh_real *y);
/** Reals of scratch of apply. */
ptrdiff_t fh_winograd_apply_work(const fh_winograd *w);
/** A lane's tile of a group that is not wide. */
void fh_winograd_tile(const fh_winograd *w, ptrdiff_t tile, ptrdiff_t *sample, ptrdiff_t *row,
                      ptrdiff_t *column);
/** Reals of the buffer of read. */
ptrdiff_t fh_winograd_buffer(const fh_winograd *w);
/** Some rows of a plane, through tables. */
typedef struct {
  const ptrdiff_t *rows, *columns; /* indices of the plane, -1: zeros */
  ptrdiff_t count, last;           /* entries of rows and of columns */
  ptrdiff_t n, shift;              /* columns of the plane; columns[q] = q - shift inside it */
} fh_winograd_rows_of;

/** Those rows as one group reads them in every plane. */
typedef struct {
  fh_winograd_rows_of of;
  ptrdiff_t first, columns, pitch; /* columns that count; numbers of a row that are loaded */
  bool inside;                     /* the plane can be read as it is */
  ptrdiff_t row[12];               /* where a row begins, in the plane or in the buffer */
} fh_winograd_view;

fh_winograd_view fh_winograd_look(const fh_winograd_rows_of *a, ptrdiff_t first, ptrdiff_t columns,
                                  ptrdiff_t pitch);
/** What v->row counts from: the plane, or the buffer [count][pitch] with a copy where the plane ends. Behind the columns that
 *  count the buffer keeps what it had. */
const fh_real *fh_winograd_rows(const fh_winograd_view *v, const fh_real *plane, fh_real *buffer);
/** A piece of a plane that is read or written soon. */
typedef struct {
  ptrdiff_t first, rows, columns, pitch; /* pitch: columns of the plane */
} fh_winograd_ahead;

/** Rows and columns from (i, j) on, as far as they are inside a plane of n points; small planes: nothing. */
fh_winograd_ahead fh_winograd_ahead_of(const ptrdiff_t n[2], ptrdiff_t i, ptrdiff_t j,
                                       ptrdiff_t rows, ptrdiff_t columns);
/** Asks for its lines. */
void fh_winograd_fetch(const fh_winograd_ahead *a, const fh_real *plane);
/** `count` rows of `columns` numbers from (i, j) on of a plane of n points, zeros where it ends: as fh_winograd_rows. */
void fh_winograd_part(const ptrdiff_t n[2], ptrdiff_t i, ptrdiff_t j, ptrdiff_t count,
                      ptrdiff_t columns, const fh_real **x, ptrdiff_t *row, fh_real *buffer);
/** db[o] += sign * sum of channel o of dy [batch][channels][points]. */
void fh_winograd_add_bias(const fh_winograd_kernels *k, ptrdiff_t channels, ptrdiff_t points,
                          ptrdiff_t batch, fh_real sign, const fh_real *dy, fh_real *db);
/** y = block + c at the points that exist of a block of rows `columns` apart; c may be NULL. */
void fh_winograd_write_part(const ptrdiff_t n[2], ptrdiff_t i, ptrdiff_t j, ptrdiff_t count,
                            ptrdiff_t columns, const fh_real *block, const fh_real *c, fh_real *y);
