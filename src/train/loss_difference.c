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

static void edge_rows(const fh_difference *d, const fh_real *z, fh_real *y)
{
  const ptrdiff_t inner = d->inner, last = (d->n - 1) * inner;
  const double *weights;
  const int count = edge_weights(d, &weights);
  for (ptrdiff_t k = 0; k < inner; k++) y[k] = y[last + k] = 0;
  for (int j = 0; j < count; j++) {
    const fh_real w = (fh_real)(weights[j] / d->h);
    add_row(inner, w, z + j * inner, y);
    add_row(inner, -w, z + last - j * inner, y + last);
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
      edge_rows(d, z, y);
    }
  }
}

/* ---- adjoint: row j of the gradient gets c e[j-1] - c e[j+1] from the central rows ---- */

static void central_adjoint(ptrdiff_t count, fh_real c, const fh_real *below, const fh_real *above,
                            fh_real *restrict g)
{
  for (ptrdiff_t k = 0; k < count; k++) g[k] += c * (below[k] - above[k]);
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
  const double *weights;
  const int count = edge_weights(d, &weights);
  for (int j = 0; j < count; j++) {
    const fh_real w = (fh_real)(weights[j] / d->h);
    add_row(inner, w, e, g + j * inner);
    add_row(inner, -w, e + last, g + last - j * inner);
  }
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
