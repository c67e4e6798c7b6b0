/**
 * taps_moves - rows of a field to phases and back, for each instruction set
 */
#pragma once

#include <stddef.h>

#include "base/real.h"
#include "kernels/dispatch.h"

typedef struct {
  /** a[t] = x[2t], b[t] = x[2t + 1], t < n. */
  void (*unweave)(ptrdiff_t n, const fh_real *x, fh_real *a, fh_real *b);
  /** y[2t] = a[t] + bias + c[2t], y[2t + 1] = b[t] + bias + c[2t + 1], t < n; c may be NULL. */
  void (*weave)(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real bias, const fh_real *c,
                fh_real *y);
  /** y = x + bias + c; c may be NULL. */
  void (*shift)(ptrdiff_t n, const fh_real *x, fh_real bias, const fh_real *c, fh_real *y);
  /** y = s x. */
  void (*scale)(ptrdiff_t n, fh_real s, const fh_real *x, fh_real *y);
} fh_taps_moves;

/** The kernels of fh_isa_best(). */
const fh_taps_moves *fh_taps_moves_get(void);
