/* taps - shapes, tables and packed weights; see taps.h */
#include "kernels/taps_impl.h"

#include <string.h>

#include "base/memory.h"

const char *const fh_side_names[] = {"zero", "reflect", "replicate", "periodic", NULL};
const char *const fh_convolution_names[] = {"auto", "direct", "winograd", NULL};

/* bytes of the padded bands of both fields: they should stay in the second-level cache */
enum { BAND_BYTES = 384 * 1024 };

ptrdiff_t fh_taps_coarse(ptrdiff_t n, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t pad)
{
  const ptrdiff_t room = n + 2 * pad - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

/* ---- shapes ------------------------------------------------------------------------------------ */

static fh_status check_axis(const fh_taps_shape *h, int a)
{
  const ptrdiff_t n = h->fine[a], p = h->pad[a];
  FH_CHECK(n >= 1 && h->coarse[a] >= 1, FH_ERR_SHAPE,
           "stencil: axis %d has %td fine and %td coarse points; both need at least one", a, n,
           h->coarse[a]);
  FH_CHECK(h->stride[a] >= 1 && h->stride[a] <= 2 && h->kernel[a] >= h->stride[a] && p >= 0 &&
               p < h->kernel[a],
           FH_ERR_SHAPE, "stencil: axis %d has kernel %td, stride %td and padding %td", a,
           h->kernel[a], h->stride[a], p);
  const bool periodic = h->side[a][0] == FH_SIDE_PERIODIC;
  FH_CHECK(
      periodic == (h->side[a][1] == FH_SIDE_PERIODIC), FH_ERR_SHAPE,
      "stencil: axis %d is periodic on one side and %s on the other; make both periodic or none", a,
      fh_side_names[h->side[a][periodic]]);
  FH_CHECK(!periodic || n >= p, FH_ERR_SHAPE,
           "stencil: axis %d has %td points, too few for a periodic padding of %td", a, n, p);
  const bool mirror = h->side[a][0] == FH_SIDE_REFLECT || h->side[a][1] == FH_SIDE_REFLECT;
  FH_CHECK(!mirror || n > p, FH_ERR_SHAPE,
           "stencil: axis %d has %td points, too few to be reflected with a padding of %td", a, n,
           p);
  return FH_OK;
}

/* where padded point r comes from */
static ptrdiff_t origin(const fh_taps_shape *h, int a, ptrdiff_t r)
{
  const ptrdiff_t n = h->fine[a], i = r - h->pad[a];
  if (i >= 0 && i < n) return i;
  if (r >= n + 2 * h->pad[a]) return -1; /* a tap of the last coarse point, outside everything */
  switch (h->side[a][i >= n]) {
  case FH_SIDE_REFLECT:
    return i < 0 ? -i : 2 * n - 2 - i;
  case FH_SIDE_REPLICATE:
    return i < 0 ? 0 : n - 1;
  case FH_SIDE_PERIODIC:
    return i < 0 ? i + n : i - n;
  default:
    return -1;
  }
}

/* Axis a of the grid as axis d here: 2-D is (rows, 1, columns), 1-D is (1, 1, columns). */
static int place(int dim, int a)
{
  return a == dim - 1 ? 2 : a;
}

static fh_status set_axis(fh_taps *s, const fh_taps_shape *h, int a, int d)
{
  FH_TRY(check_axis(h, a));
  s->fine[d] = h->fine[a];
  s->coarse[d] = h->coarse[a];
  s->kernel[d] = h->kernel[a];
  s->stride[d] = h->stride[a];
  s->pad[d] = h->pad[a];
  const ptrdiff_t around = h->fine[a] + 2 * h->pad[a];
  const ptrdiff_t reached = h->stride[a] * (h->coarse[a] - 1) + h->kernel[a];
  s->padded[d] = around > reached ? around : reached;
  FH_NEW(s->source[d], s->padded[d]);
  for (ptrdiff_t r = 0; r < s->padded[d]; r++) s->source[d][r] = origin(h, a, r);
  return FH_OK;
}

static fh_status set_axes(fh_taps *s, const fh_taps_shape *h)
{
  bool set[3] = {false, false, false};
  for (int a = 0; a < h->dim; a++) {
    FH_TRY(set_axis(s, h, a, place(h->dim, a)));
    set[place(h->dim, a)] = true;
  }
  s->taps = s->phases = 1;
  for (int d = 0; d < 3; d++) {
    if (!set[d]) {
      s->fine[d] = s->coarse[d] = s->kernel[d] = s->stride[d] = s->padded[d] = 1;
      FH_NEW(s->source[d], 1);
    }
    s->phase[d] = (s->padded[d] + s->stride[d] - 1) / s->stride[d];
    s->reach[d] = (s->kernel[d] - 1) / s->stride[d];
    s->taps *= s->kernel[d];
    s->phases *= (int)s->stride[d];
  }
  return FH_OK;
}

/* an odd number of cache lines, so that channels do not share the same places of the cache */
static ptrdiff_t pitch(ptrdiff_t n)
{
  const ptrdiff_t line = FH_ALIGNMENT / (ptrdiff_t)sizeof(fh_real);
  return ((n + line - 1) / line | 1) * line;
}

static void set_bands(fh_taps *s)
{
  const ptrdiff_t slack = s->k->strip;
  s->plane = s->phase[1] * s->phase[2];
  const ptrdiff_t row = s->plane * (s->in * s->phases + s->out) * (ptrdiff_t)sizeof(fh_real);
  s->band = BAND_BYTES / row > 4 ? BAND_BYTES / row : 4;
  if (s->band > s->coarse[0]) s->band = s->coarse[0];
  s->front = s->reach[1] * s->phase[2] + s->reach[2];
  s->phase_pitch = pitch((s->band + s->reach[0]) * s->plane);
  s->fine_pitch = pitch(s->phases * s->phase_pitch + slack);
  s->coarse_pitch = pitch(s->front + (s->band + s->reach[0]) * s->plane + slack);
  const ptrdiff_t n = s->coarse[2], strip = s->k->strip;
  const ptrdiff_t by_rows = s->band * s->coarse[1] * ((n + strip - 1) / strip) * strip;
  s->rows = 8 * by_rows <= 9 * s->band * s->plane;
}

/* ---- tables ------------------------------------------------------------------------------------ */

static void entry(const fh_taps *s, ptrdiff_t tap, ptrdiff_t e[3])
{
  e[2] = tap % s->kernel[2];
  e[1] = tap / s->kernel[2] % s->kernel[1];
  e[0] = tap / s->kernel[2] / s->kernel[1];
}

/* the phase of a tap, and its shift within the phase */
static int phase_of(const fh_taps *s, ptrdiff_t tap, ptrdiff_t *shift)
{
  ptrdiff_t e[3], phase = 0;
  entry(s, tap, e);
  for (int d = 0; d < 3; d++) phase = phase * s->stride[d] + e[d] % s->stride[d];
  *shift = e[0] / s->stride[0] * s->plane + e[1] / s->stride[1] * s->phase[2] + e[2] / s->stride[2];
  return (int)phase;
}

static fh_status set_tables(fh_taps *s)
{
  FH_NEW(s->off_gather, s->in * s->taps);
  FH_NEW(s->off_scatter, s->out * s->taps);
  FH_NEW(s->tap_order, s->taps);
  ptrdiff_t shift = 0, next = 0;
  for (ptrdiff_t t = 0; t < s->taps; t++) {
    const int f = phase_of(s, t, &shift);
    for (ptrdiff_t c = 0; c < s->in; c++)
      s->off_gather[c * s->taps + t] = c * s->fine_pitch + f * s->phase_pitch + shift;
  }
  for (int f = 0; f < s->phases; f++) {
    s->first_tap[f] = next;
    for (ptrdiff_t t = 0; t < s->taps; t++)
      if (phase_of(s, t, &shift) == f) s->tap_order[next++] = t;
    const ptrdiff_t n = s->n_taps[f] = next - s->first_tap[f];
    ptrdiff_t *off = s->off_scatter + s->out * s->first_tap[f];
    for (ptrdiff_t o = 0; o < s->out; o++)
      for (ptrdiff_t i = 0; i < n; i++) {
        phase_of(s, s->tap_order[s->first_tap[f] + i], &shift);
        off[o * n + i] = o * s->coarse_pitch + s->front + s->reach[0] * s->plane - shift;
      }
  }
  return FH_OK;
}

fh_status fh_taps_create(const fh_taps_shape *shape, ptrdiff_t in, ptrdiff_t out, fh_taps **taps)
{
  *taps = NULL;
  FH_CHECK(shape->dim >= 1 && shape->dim <= 3 && in >= 1 && out >= 1, FH_ERR_SHAPE,
           "stencil: %td and %td channels on %d axes", in, out, shape->dim);
  fh_taps *s = NULL;
  FH_NEW(s, 1);
  s->k = fh_pointwise_get();
  s->row = fh_taps_kernels_get();
  s->in = in;
  s->out = out;
  fh_status st = set_axes(s, shape);
  if (st == FH_OK) {
    set_bands(s);
    st = set_tables(s);
  }
  if (st == FH_OK) st = fh_taps_winograd_create(s, shape);
  if (st != FH_OK) fh_taps_destroy(&s);
  *taps = s;
  return st;
}

fh_status fh_taps_create_same(int dim, const ptrdiff_t *n, const int (*side)[2], int convolution,
                              ptrdiff_t in, ptrdiff_t out, fh_taps **taps)
{
  fh_taps_shape h = {.dim = dim, .convolution = convolution};
  for (int a = 0; a < dim; a++) {
    h.fine[a] = h.coarse[a] = n[a];
    h.kernel[a] = 3;
    h.stride[a] = h.pad[a] = 1;
    h.side[a][0] = side[a][0];
    h.side[a][1] = side[a][1];
  }
  return fh_taps_create(&h, in, out, taps);
}

void fh_taps_destroy(fh_taps **taps)
{
  fh_taps *s = *taps;
  if (!s) return;
  for (int d = 0; d < 3; d++) fh_free(s->source[d]);
  fh_free(s->off_gather);
  fh_free(s->off_scatter);
  fh_free(s->tap_order);
  fh_winograd_destroy(&s->winograd);
  fh_winograd_destroy(&s->winograd_back);
  fh_winograd_phases_destroy(&s->phased);
  fh_free(s);
  *taps = NULL;
}

/* ---- weights ----------------------------------------------------------------------------------- */

/* of the direct maps, which use as much again while they pack */
static ptrdiff_t weights(const fh_taps *s)
{
  return s->in * s->out * s->taps;
}

ptrdiff_t fh_taps_packed(const fh_taps *s)
{
  if (s->phased) return fh_winograd_phases_packed(s->phased);
  return s->winograd ? fh_winograd_packed(s->winograd) : 2 * weights(s);
}

void fh_taps_pack_gather(const fh_taps *s, fh_real sign, const fh_real *w, fh_real *packed)
{
  const ptrdiff_t n = s->in * s->taps;
  if (s->phased) {
    fh_winograd_phases_pack(s->phased, true, sign, w, packed);
    return;
  }
  if (s->winograd) {
    fh_winograd_pack(s->winograd, w, n, s->taps, false, sign, packed);
    return;
  }
  s->k->pack(s->out, n, w, n, 1, packed);
  for (ptrdiff_t i = 0; i < s->out * n; i++) packed[i] *= sign;
}

void fh_taps_pack_scatter(const fh_taps *s, fh_real sign, const fh_real *w, fh_real *packed)
{
  if (s->phased) {
    fh_winograd_phases_pack(s->phased, false, sign, w, packed);
    return;
  }
  if (s->winograd) { /* the direct maps give dy the sign */
    fh_winograd_pack(s->winograd_back, w, s->taps, s->in * s->taps, true, sign, packed);
    return;
  }
  fh_real *plain = packed + weights(s);
  for (int f = 0; f < s->phases; f++) {
    const ptrdiff_t n = s->n_taps[f], k = s->out * n, *tap = s->tap_order + s->first_tap[f];
    for (ptrdiff_t c = 0; c < s->in; c++)
      for (ptrdiff_t o = 0; o < s->out; o++)
        for (ptrdiff_t i = 0; i < n; i++)
          plain[c * k + o * n + i] = w[(o * s->in + c) * s->taps + tap[i]];
    s->k->pack(s->in, k, plain, k, 1, packed);
    packed += s->in * k;
  }
}
