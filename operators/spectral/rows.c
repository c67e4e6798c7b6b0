/* rows - which of the frequencies that a weight stores a layer uses on its grids */
#include "operators/spectral/spectral_impl.h"

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b)
{
  return a < b ? a : b;
}

ptrdiff_t fh_spectral_stored(const fh_spectral_config *c, int a)
{
  if (c->weight_modes[a]) return c->weight_modes[a];
  return a == c->dim - 1 ? c->modes[a] / 2 + 1 : c->modes[a];
}

/* frequencies -below .. above of an axis, of which the last holds 0 .. above */
static void keep(const fh_spectral_config *c, int a, ptrdiff_t n_in, ptrdiff_t n_out,
                 fh_spectral_rows *r)
{
  const ptrdiff_t stored = fh_spectral_stored(c, a);
  if (a == c->dim - 1) {
    const ptrdiff_t columns = least(c->modes[a] / 2 + 1, stored);
    r->first[a] = 0;
    r->count[a] = least(columns, least(n_in, n_out) / 2 + 1);
    return;
  }
  const ptrdiff_t rows = least(n_in, least(c->modes[a], stored));
  const ptrdiff_t below = least(rows / 2, n_out / 2), above = least((rows - 1) / 2, n_out / 2);
  r->first[a] = stored / 2 - below;
  r->count[a] = below + above + 1;
}

fh_spectral_rows fh_spectral_rows_used(const fh_spectral_config *c, const ptrdiff_t *n_in,
                                       const ptrdiff_t *n_out)
{
  fh_spectral_rows r = {{0}, {0}};
  for (int a = 0; a < c->dim; a++) keep(c, a, n_in[a], n_out[a], &r);
  return r;
}

fh_mix_box fh_spectral_box(const fh_spectral_config *c, const ptrdiff_t *n_in,
                           const ptrdiff_t *n_out)
{
  const fh_spectral_rows r = fh_spectral_rows_used(c, n_in, n_out);
  fh_mix_box b = {.dim = c->dim};
  for (int a = 0; a < c->dim; a++) {
    b.stored[a] = fh_spectral_stored(c, a);
    b.first[a] = r.first[a];
    b.count[a] = r.count[a];
  }
  return b;
}
