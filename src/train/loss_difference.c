#include "train/loss_difference.h"

/* One-sided weights of z[0], z[1], ... at the lower end, times h; the upper end mirrors them with the
   opposite sign. */
static const double third_order[4] = {-11.0 / 6, 18.0 / 6, -9.0 / 6, 2.0 / 6};
static const double first_order[2] = {-1, 1};

static int edge_weights(const fh_difference *d, const double **weights)
{
  *weights = d->edge == FH_EDGE_FIRST ? first_order : third_order;
  return d->edge == FH_EDGE_FIRST ? 2 : 4;
}

ptrdiff_t fh_difference_least(const fh_difference *d)
{
  if (d->periodic) return 1;
  return d->edge == FH_EDGE_FIRST ? 2 : 4;
}

static void add_row(ptrdiff_t inner, fh_real factor, const fh_real *restrict x, fh_real *restrict y)
{
  for (ptrdiff_t k = 0; k < inner; k++) y[k] += factor * x[k];
}

/* ---- forward ---- */

static void central_row(ptrdiff_t inner, fh_real c, const fh_real *above, const fh_real *below,
                        fh_real *restrict y)
{
  for (ptrdiff_t k = 0; k < inner; k++) y[k] = c * (above[k] - below[k]);
}

/* one-sided quotient at an end: inwards is the way to the next row, +1 or -1 */
static void edge_row(const fh_difference *d, const fh_real *end, int inwards, fh_real *y)
{
  const double *weights;
  const int count = edge_weights(d, &weights);
  for (ptrdiff_t k = 0; k < d->inner; k++) y[k] = 0;
  for (int j = 0; j < count; j++) {
    const fh_real w = (fh_real)(inwards * weights[j] / d->h);
    add_row(d->inner, w, end + inwards * j * d->inner, y);
  }
}

void fh_difference_apply(const fh_difference *d, const fh_real *field, fh_real *quotient)
{
  const ptrdiff_t n = d->n, inner = d->inner;
  const fh_real c = (fh_real)(0.5 / d->h);
  for (ptrdiff_t o = 0; o < d->outer; o++) {
    const fh_real *z = field + o * n * inner;
    fh_real *y = quotient + o * n * inner;
    if (n > 2) central_row((n - 2) * inner, c, z + 2 * inner, z, y + inner);
    if (d->periodic) {
      central_row(inner, c, z + (1 % n) * inner, z + (n - 1) * inner, y);
      central_row(inner, c, z, z + (n > 1 ? n - 2 : 0) * inner, y + (n - 1) * inner);
    } else {
      edge_row(d, z, 1, y);
      edge_row(d, z + (n - 1) * inner, -1, y + (n - 1) * inner);
    }
  }
}

/* ---- adjoint: row j of the gradient gets c e[j-1] - c e[j+1] from the central rows ---- */

static void central_adjoint(ptrdiff_t count, fh_real c, const fh_real *below, const fh_real *above,
                            fh_real *restrict g)
{
  for (ptrdiff_t k = 0; k < count; k++) g[k] += c * (below[k] - above[k]);
}

/* what the one-sided quotient e at an end gives to the rows it was made of */
static void end_adjoint(const fh_difference *d, const fh_real *e, int inwards, fh_real *g)
{
  const double *weights;
  const int count = edge_weights(d, &weights);
  for (int j = 0; j < count; j++)
    add_row(d->inner, (fh_real)(inwards * weights[j] / d->h), e, g + inwards * j * d->inner);
}

static void edge_adjoint(const fh_difference *d, const fh_real *e, fh_real *g)
{
  const ptrdiff_t n = d->n, inner = d->inner, last = (n - 1) * inner;
  const fh_real c = (fh_real)(0.5 / d->h);
  for (ptrdiff_t j = 0; j < n; j++) {
    if (j == 2 && n > 4) j = n - 2; /* rows 2..n-3 have two central neighbours: done already */
    if (j >= 2) add_row(inner, c, e + (j - 1) * inner, g + j * inner);
    if (j + 1 <= n - 2) add_row(inner, -c, e + (j + 1) * inner, g + j * inner);
  }
  end_adjoint(d, e, 1, g);
  end_adjoint(d, e + last, -1, g + last);
}

void fh_difference_adjoint(const fh_difference *d, const fh_real *quotient, fh_real *gradient)
{
  const ptrdiff_t n = d->n, inner = d->inner;
  const fh_real c = (fh_real)(0.5 / d->h);
  for (ptrdiff_t o = 0; o < d->outer; o++) {
    const fh_real *e = quotient + o * n * inner;
    fh_real *g = gradient + o * n * inner;
    if (d->periodic) {
      if (n > 2) central_adjoint((n - 2) * inner, c, e, e + 2 * inner, g + inner);
      central_adjoint(inner, c, e + (n - 1) * inner, e + (1 % n) * inner, g);
      if (n > 1) central_adjoint(inner, c, e + (n - 2) * inner, e, g + (n - 1) * inner);
    } else {
      if (n > 4) central_adjoint((n - 4) * inner, c, e + inner, e + 3 * inner, g + 2 * inner);
      edge_adjoint(d, e, g);
    }
  }
}

/* ---- a part of the axis --------------------------------------------------------------------------- */

ptrdiff_t fh_difference_least_here(const fh_difference *d)
{
  return d->periodic ? FH_DIFFERENCE_HALO : fh_difference_least(d);
}

/* is there an end of a field that is not periodic, below (above) the points here? */
static bool ends_below(const fh_difference *d)
{
  return !d->periodic && d->first == 0;
}

static bool ends_above(const fh_difference *d)
{
  return !d->periodic && d->first + d->n == d->total;
}

static void ring(const fh_difference *d, bool end, const fh_real *above, const fh_real *below,
                 fh_real *y)
{
  if (y && end)
    for (ptrdiff_t k = 0; k < d->inner; k++) y[k] = 0;
  else if (y)
    central_row(d->inner, (fh_real)(0.5 / d->h), above, below, y);
}

void fh_difference_apply_part(const fh_difference *d, const fh_real *field, const fh_real *low,
                              const fh_real *high, fh_real *quotient, fh_real *before,
                              fh_real *after)
{
  const ptrdiff_t n = d->n, inner = d->inner;
  const fh_real c = (fh_real)(0.5 / d->h);
  for (ptrdiff_t o = 0; o < d->outer; o++) {
    const fh_real *z = field + o * n * inner, *last = z + (n - 1) * inner;
    const fh_real *below = low + o * FH_DIFFERENCE_HALO * inner;
    const fh_real *above = high + o * FH_DIFFERENCE_HALO * inner;
    fh_real *y = quotient + o * n * inner;
    if (n > 2) central_row((n - 2) * inner, c, z + 2 * inner, z, y + inner);
    if (ends_below(d))
      edge_row(d, z, 1, y);
    else
      central_row(inner, c, z + inner, below + inner, y);
    if (ends_above(d))
      edge_row(d, last, -1, y + (n - 1) * inner);
    else
      central_row(inner, c, above, last - inner, y + (n - 1) * inner);
    ring(d, ends_below(d), z, below, before ? before + o * inner : NULL);
    ring(d, ends_above(d), above + inner, last, after ? after + o * inner : NULL);
  }
}

/* row j of the gradient beside an end, in the order of edge_adjoint; i: its place on the whole axis */
static void near_end(const fh_difference *d, ptrdiff_t i, const fh_real *below,
                     const fh_real *above, fh_real *g)
{
  const fh_real c = (fh_real)(0.5 / d->h);
  if (i >= 2) add_row(d->inner, c, below, g);
  if (i + 1 <= d->total - 2) add_row(d->inner, -c, above, g);
}

void fh_difference_adjoint_part(const fh_difference *d, const fh_real *quotient,
                                const fh_real *before, const fh_real *after, fh_real *gradient)
{
  const ptrdiff_t n = d->n, inner = d->inner;
  const fh_real c = (fh_real)(0.5 / d->h);
  for (ptrdiff_t o = 0; o < d->outer; o++) {
    const fh_real *e = quotient + o * n * inner;
    fh_real *g = gradient + o * n * inner;
    for (ptrdiff_t j = 0; j < n; j++) {
      const ptrdiff_t i = d->first + j;
      const fh_real *below = j > 0 ? e + (j - 1) * inner : before + o * inner;
      const fh_real *above = j < n - 1 ? e + (j + 1) * inner : after + o * inner;
      if (d->periodic || (i >= 2 && i <= d->total - 3)) {
        /* rows with both neighbours here go in one run */
        const ptrdiff_t most =
            d->periodic || d->first + n - 2 <= d->total - 3 ? n - 2 : d->total - 3 - d->first;
        const ptrdiff_t run = j > 0 && j < most ? most - j + 1 : 1;
        central_adjoint(run * inner, c, below, above, g + j * inner);
        j += run - 1;
      } else {
        near_end(d, i, below, above, g + j * inner);
      }
    }
    if (ends_below(d)) end_adjoint(d, e, 1, g);
    if (ends_above(d)) end_adjoint(d, e + (n - 1) * inner, -1, g + (n - 1) * inner);
  }
}
