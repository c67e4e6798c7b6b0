/**
 * reference - layers at every point written as loops in double, and checks that count, for the tests
 */
#pragma once

#include "program/op.h"

static const double tight = 100 * FH_REAL_EPSILON;

/** Remembers a relative error and says so if it is not within what is allowed. */
void check(const char *what, double error, double allowed);
/** Prints the number of checks and the worst error unless something failed; false if so. */
bool told(const char *subject);

/** batch samples of channels on a periodic box. */
fh_status box(ptrdiff_t batch, ptrdiff_t channels, int dim, const ptrdiff_t *n,
              fh_shape *s) FH_MUST;
void zero(fh_real *x, ptrdiff_t n);

/* ---- y = sum_i W[o][i] x[i] + b[o] on p points of one sample; all others are its adjoints ------ */
void linear_forward(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *w, const fh_real *b,
                    const fh_real *x, fh_real *y);
void linear_input(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *w, const fh_real *dy,
                  fh_real *dx);
/** Adds; db may be NULL. */
void linear_params(ptrdiff_t in, ptrdiff_t out, ptrdiff_t p, const fh_real *x, const fh_real *dy,
                   fh_real *dw, fh_real *db);

/* ---- activations and their derivatives, kind: fh_activation -------------------------------------- */
fh_real act(int kind, double z);
fh_real act_slope(int kind, double z);
