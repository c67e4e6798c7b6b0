/**
 * stencil_kernels - loops of the batched solvers; internal to datagen/skr
 *
 * Flat loops over all unknowns of all samples of a batch: couplings that would lead out of the box are
 * zero, so that no loop knows of rows or boundaries, and vectors are full on the coarsest grid too. What
 * a neighbour's place can be outside of the array is there and finite (FH_GUARD entries before and
 * after). isa/stencil.c and isa/stencil_setup.c are compiled once for each instruction set.
 */
#pragma once

#include <stddef.h>

/** A symmetric matrix: (A x)_i = d_i x_i - sum over axes of c_i x_(i+step) + c_(i-step) x_(i-step). */
typedef struct {
  int dim;
  ptrdiff_t step[3];
  const double *c[3], *d;
} fh_stencil_matrix;

/** The same in single precision, with w = 1/d. */
typedef struct {
  int dim;
  ptrdiff_t step[3];
  float *c[3], *d, *w;
} fh_stencil_level;

/** What is done once for a matrix: faces [outer][n + 1][inner] along one axis. */
typedef struct {
  /* c = -A(i, i + 1), 0 at the end; d += both faces */
  void (*couple)(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *face, float *c,
                 float *d);
  void (*couple_real)(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const double *face, double *c,
                      double *d);
  /* sums of two: [outer][n][inner] -> [outer][(n + 1)/2][inner] */
  void (*add_pairs)(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *fine,
                    float *coarse);
  /* Faces between pairs: the resistances r = 1 / face between the middles of two coarse cells in
     series; and what share of a fine point the other coarse cell has, t [outer][n][inner]. n >= 2 */
  void (*halve_faces)(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *r, float *coarse,
                      float *t);
  /* y = 1 / x */
  void (*invert)(ptrdiff_t n, const float *x, float *y);
  /* y = scale x */
  void (*narrow)(ptrdiff_t n, double scale, const double *x, float *y);
} fh_stencil_setup;

typedef struct {
  const fh_stencil_setup *setup;
  /* p = z + beta p */
  void (*combine)(ptrdiff_t n, const float *z, double beta, double *p);
  /* q = A p; returns p'q */
  double (*apply)(const fh_stencil_matrix *a, ptrdiff_t n, const double *p, double *q);
  /* x += alpha p, r -= alpha q, s = scale r; returns r'r */
  double (*advance)(ptrdiff_t n, double alpha, const double *p, const double *q, double *x,
                    double *r, float scale, float *s);
  /* r = b - A x, s = scale r; returns r'r */
  double (*residual)(const fh_stencil_matrix *a, ptrdiff_t n, const double *x, const double *b,
                     double *r, float scale, float *s);
  double (*dot)(ptrdiff_t n, const double *r, const float *z);
  /* x = omega w b */
  void (*begin)(const fh_stencil_level *l, ptrdiff_t n, float omega, const float *b, float *x);
  /* out = x + rho (x - out) + omega (w (b + sum of c x) - x): a step of Chebyshev's iteration */
  void (*sweep)(const fh_stencil_level *l, ptrdiff_t n, float rho, float omega, const float *b,
                const float *x, float *out);
  /* r = b - A x */
  void (*defect)(const fh_stencil_level *l, ptrdiff_t n, const float *b, const float *x, float *r);
  /* Transfers along one axis: fine [outer][n][inner], coarse [outer][(n+1)/2][inner]; t as fine: the
     share of a fine point that its other coarse neighbour has. add: fine += instead of =. */
  void (*restrict_axis)(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *t,
                        const float *fine, float *coarse);
  void (*prolong_axis)(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const float *t, int add,
                       const float *coarse, float *fine);
} fh_stencil_kernels;

/** Those of the widest instruction set that this processor runs (FREDHOLM_ISA lowers it). */
const fh_stencil_kernels *fh_stencil_kernels_best(void);

extern const fh_stencil_setup fh_stencil_setup_generic, fh_stencil_setup_avx2,
    fh_stencil_setup_avx512;
extern const fh_stencil_kernels fh_stencil_kernels_generic, fh_stencil_kernels_avx2,
    fh_stencil_kernels_avx512;
