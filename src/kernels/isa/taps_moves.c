/* Moves of rows between plain and phased fields: every value is read and written once, in vectors. */
#include "kernels/taps_moves.h"

#include "kernels/isa/pairs.h"

static void unweave(ptrdiff_t n, const fh_real *x, fh_real *a, fh_real *b)
{
  ptrdiff_t t = 0;
  for (; t + FH_LANES <= n; t += FH_LANES) {
    fh_vec even, odd;
    fh_load_pairs(x + 2 * t, &even, &odd);
    fh_store(a + t, even);
    fh_store(b + t, odd);
  }
  for (; t < n; t++) {
    a[t] = x[2 * t];
    b[t] = x[2 * t + 1];
  }
}

static void weave(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real bias, const fh_real *c,
                  fh_real *y)
{
  ptrdiff_t t = 0;
  for (; t + FH_LANES <= n; t += FH_LANES) {
    const fh_vec va = fh_load(a + t) + bias, vb = fh_load(b + t) + bias;
    fh_store_pairs(y + 2 * t, va, vb);
    if (!c) continue;
    fh_store(y + 2 * t, fh_load(y + 2 * t) + fh_load(c + 2 * t));
    fh_store(y + 2 * t + FH_LANES, fh_load(y + 2 * t + FH_LANES) + fh_load(c + 2 * t + FH_LANES));
  }
  for (; t < n; t++) {
    y[2 * t] = c ? a[t] + bias + c[2 * t] : a[t] + bias;
    y[2 * t + 1] = c ? b[t] + bias + c[2 * t + 1] : b[t] + bias;
  }
}

static void shift(ptrdiff_t n, const fh_real *x, fh_real bias, const fh_real *c, fh_real *y)
{
  if (c)
    for (ptrdiff_t t = 0; t < n; t++) y[t] = x[t] + bias + c[t];
  else
    for (ptrdiff_t t = 0; t < n; t++) y[t] = x[t] + bias;
}

static void scale(ptrdiff_t n, fh_real s, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t t = 0; t < n; t++) y[t] = s * x[t];
}

const fh_taps_moves FH_ISA(fh_taps_moves) = {
    .unweave = unweave, .weave = weave, .shift = shift, .scale = scale};
