/* taps_winograd - the maps of a stencil by Winograd's algorithm; see winograd.h */
#include <string.h>

#include "base/memory.h"
#include "kernels/taps_impl.h"

/* ---- which, and its tables ------------------------------------------------------------------------- */

static bool can(const fh_taps *s, const fh_taps_shape *h)
{
  bool same = h->dim == 2;
  for (int a = 0; same && a < 2; a++)
    same = h->kernel[a] == 3 && h->stride[a] == 1 && h->pad[a] == 1 && h->coarse[a] == h->fine[a];
  if (!same || h->convolution == FH_CONVOLUTION_DIRECT) return false;
  const ptrdiff_t n[2] = {s->fine[0], s->fine[2]};
  return h->convolution == FH_CONVOLUTION_WINOGRAD || fh_winograd_pays(s->in, s->out, n);
}

/* where the adjoint in x reads dy: what the boundary sends back into the grid comes from the other end
 * (periodic) or is written to a point outside first, as a grid that is larger by one on each side */
static void back_source(const fh_taps_shape *h, int a, bool beyond, ptrdiff_t *source)
{
  const ptrdiff_t n = h->fine[a], shift = beyond ? 2 : 1;
  const bool wraps = h->side[a][0] == FH_SIDE_PERIODIC;
  for (ptrdiff_t q = 0; q < n + 2 * shift; q++) {
    const ptrdiff_t i = q - shift;
    source[q] = i >= 0 && i < n ? i : wraps ? (i + n) % n : -1;
  }
}

static bool sends_back(const fh_taps_shape *h, int a)
{
  bool any = false;
  for (int e = 0; e < 2; e++)
    any = any || h->side[a][e] == FH_SIDE_REFLECT || h->side[a][e] == FH_SIDE_REPLICATE;
  return any;
}

static fh_status create_back(fh_taps *s, const fh_taps_shape *h)
{
  const ptrdiff_t n[2] = {h->fine[0], h->fine[1]};
  ptrdiff_t m[2], *source[2] = {NULL, NULL};
  /* one shift for both axes: the columns' one is what reading rows relies on */
  for (int a = 0; a < 2; a++) {
    s->beyond[a] = sends_back(h, a);
    m[a] = n[a] + (s->beyond[a] ? 2 : 0);
    FH_NEW(source[a], n[a] + 4);
    back_source(h, a, s->beyond[a], source[a]);
  }
  const fh_status st = fh_winograd_create(s->out, s->in, n, m, (const ptrdiff_t *const *)source,
                                          s->beyond[1] ? 2 : 1, &s->winograd_back);
  for (int a = 0; a < 2; a++) fh_free(source[a]);
  return st;
}

/* true if something else than zeros is read beyond end e of axis a */
static bool reads_beyond(const fh_taps_shape *h, int a, int e)
{
  const ptrdiff_t last = h->stride[a] * (h->coarse[a] - 1) + h->kernel[a] - 1 - h->pad[a];
  return h->side[a][e] != FH_SIDE_ZERO && (e ? last >= h->fine[a] : h->pad[a] > 0);
}

/* false: not a stencil that winograd_phases.h knows */
static bool phases_of(const fh_taps_shape *h, fh_winograd_phases_shape *p)
{
  if (h->dim != 2 || h->convolution == FH_CONVOLUTION_DIRECT) return false;
  for (int a = 0; a < 2; a++) {
    if (h->stride[a] != 2) return false;
    p->n[a] = h->fine[a];
    p->m[a] = h->coarse[a];
    p->kernel[a] = h->kernel[a];
    p->pad[a] = h->pad[a];
    p->wraps[a] = false;
    for (int e = 0; e < 2; e++)
      if (reads_beyond(h, a, e)) {
        if (h->side[a][e] != FH_SIDE_PERIODIC) return false;
        p->wraps[a] = true;
      }
  }
  return fh_winograd_phases_can(p);
}

fh_status fh_taps_winograd_create(fh_taps *s, const fh_taps_shape *h)
{
  fh_winograd_phases_shape p;
  if (phases_of(h, &p) &&
      (h->convolution == FH_CONVOLUTION_WINOGRAD || fh_winograd_phases_pays(&p, s->in, s->out)))
    return fh_winograd_phases_create(&p, s->in, s->out, &s->phased);
  if (!can(s, h)) return FH_OK;
  const ptrdiff_t n[2] = {s->fine[0], s->fine[2]};
  const ptrdiff_t *const source[2] = {s->source[0], s->source[2]};
  FH_TRY(fh_winograd_create(s->in, s->out, n, n, source, 1, &s->winograd));
  return create_back(s, h);
}

/* ---- maps ------------------------------------------------------------------------------------------- */

static ptrdiff_t larger(const fh_taps *s)
{
  const fh_winograd *b = s->winograd_back;
  return s->beyond[0] || s->beyond[1] ? s->in * b->m[0] * b->m[1] : 0;
}

ptrdiff_t fh_taps_winograd_work(const fh_taps *s)
{
  const ptrdiff_t a = fh_winograd_work(s->winograd), b = fh_winograd_work(s->winograd_back);
  return larger(s) + (a > b ? a : b);
}

/* x[source[q]] += row[q] for the m points of a row of the larger grid */
static void add_row(const fh_taps *s, const fh_real *row, fh_real *x)
{
  const ptrdiff_t n = s->fine[2], *source = s->source[2];
  if (!s->beyond[1]) {
    s->k->add(n, x, row, x);
    return;
  }
  s->k->add(n, x, row + 1, x);
  if (source[0] >= 0) x[source[0]] += row[0];
  if (source[n + 1] >= 0) x[source[n + 1]] += row[n + 1];
}

/* the larger grid of one sample back to the grid */
static void fold(const fh_taps *s, const fh_real *bias, const fh_real *c, const fh_real *large,
                 fh_real *x)
{
  const fh_winograd *b = s->winograd_back;
  const ptrdiff_t area = s->fine[0] * s->fine[2];
  for (ptrdiff_t ch = 0; ch < s->in; ch++, x += area, large += b->m[0] * b->m[1]) {
    for (ptrdiff_t q = 0; q < area; q++) x[q] = (bias ? bias[ch] : 0) + (c ? c[ch * area + q] : 0);
    for (ptrdiff_t r = 0; r < b->m[0]; r++) {
      const ptrdiff_t i = s->beyond[0] ? s->source[0][r] : r;
      if (i >= 0) add_row(s, large + r * b->m[1], x + i * s->fine[2]);
    }
  }
}

void fh_taps_winograd_scatter(const fh_taps *s, ptrdiff_t batch, const fh_real *packed,
                              const fh_real *bias, const fh_real *c, const fh_real *y, fh_real *x,
                              fh_real *work)
{
  const ptrdiff_t area = s->fine[0] * s->fine[2], large = larger(s);
  if (!large) {
    fh_winograd_apply(s->winograd_back, batch, packed, bias, c, y, x, work);
    return;
  }
  for (ptrdiff_t i = 0; i < batch; i++) {
    fh_winograd_apply(s->winograd_back, 1, packed, NULL, NULL, y + i * s->out * area, work,
                      work + large);
    fold(s, bias, c ? c + i * s->in * area : NULL, work, x + i * s->in * area);
  }
}

void fh_taps_winograd_gather_back(const fh_taps *s, ptrdiff_t batch, const fh_real *packed,
                                  fh_real sign, const fh_real *c, const fh_real *dy,
                                  const fh_real *x, fh_real *dx, fh_real *dw, fh_real *db,
                                  fh_real *work)
{
  if (!larger(s)) {
    fh_winograd_back(s->winograd_back, batch, packed, sign, c, dy, x, dx, dw, db, work);
    return;
  }
  if (dx) fh_taps_winograd_scatter(s, batch, packed, NULL, c, dy, dx, work);
  fh_winograd_gradient(s->winograd, batch, sign, dy, x, dw, db, work);
}
