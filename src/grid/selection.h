/**
 * selection - the points of a grid that somebody needs: a list of indices along each axis
 *
 * The points are the product of the lists. A field on a selection is an array of count[0] x count[1]
 * x count[2] values, the last axis fastest, whatever lies between the points on the grid.
 */
#pragma once

#include "base/real.h"
#include "grid/grid.h"

typedef struct {
  int dim;
  ptrdiff_t count[FH_MAX_DIM];  /* points per axis; 1 beyond dim */
  ptrdiff_t *at[FH_MAX_DIM];    /* [count]: their indices on the grid, ascending */
  ptrdiff_t *place[FH_MAX_DIM]; /* [n]: where a point of the grid stands in at, or -1 */
} fh_selection;

/**
 * fh_selection_create - from marks
 *
 * wanted[a][i], i < grid->n[a]: is index i of axis a needed. Axes beyond dim are not read.
 * Errors: FH_ERR_ARG if an axis is left without points. Free with fh_selection_clear.
 */
fh_status fh_selection_create(const fh_grid *grid, const bool *const *wanted,
                              fh_selection *s) FH_MUST;
/** The box of a layout. */
fh_status fh_selection_box(const fh_layout *box, fh_selection *s) FH_MUST;
void fh_selection_clear(fh_selection *s);
ptrdiff_t fh_selection_size(const fh_selection *s);
bool fh_selection_is_whole(const fh_selection *s, const fh_grid *grid);
/** The shape of a field on the selection, for a program's input: the grid, with the numbers of
 *  points that are here. */
fh_layout fh_selection_layout(const fh_selection *s, const fh_grid *grid);
/** selected [channels][selection] from field [channels][grid]. */
void fh_selection_gather(const fh_selection *s, const fh_grid *grid, ptrdiff_t channels,
                         const fh_real *field, fh_real *selected);
