/**
 * pointwise - kernels for what happens at every point by itself: activations and small matrices
 *
 * Every kernel exists once in C (src/kernels/isa/) and is compiled for several instruction sets;
 * fh_pointwise_get() chooses at run time. Results may differ in the last bits between instruction
 * sets, never between calls. Matrices work on tiles: `rows` channels of n points, where row r
 * starts at r * ldx of a common pointer, or at off[r] if off is not NULL (a convolution names the shifted rows
 * of its padded input).
 */
#pragma once

#include <stddef.h>

#include "base/real.h"
#include "kernels/dispatch.h"

/** Activations by number, the number that configurations and model files hold. */
typedef enum { FH_ACT_IDENTITY, FH_ACT_RELU, FH_ACT_GELU, FH_ACT_TANH, FH_ACT_COUNT } fh_activation;
/** "identity", "relu", "gelu", "tanh", NULL. */
extern const char *const fh_activation_names[];

typedef struct {
  /* ---- activations: n values, any alignment; buffers may be equal (y = z), not overlap -------- */
  /** y = f(z). kind: fh_activation. */
  void (*activate)(int kind, ptrdiff_t n, const fh_real *z, fh_real *y);
  /** dz = f'(z) dy. */
  void (*activate_back)(int kind, ptrdiff_t n, const fh_real *z, const fh_real *dy, fh_real *dz);
  /** y = f(z) and dz = f'(z) dy at once. */
  void (*activate_both)(int kind, ptrdiff_t n, const fh_real *z, const fh_real *dy, fh_real *y,
                        fh_real *dz);

  /* ---- small matrices on tiles ---------------------------------------------------------------- */
  int lanes; /* reals in a vector */
  int strip; /* columns that apply works on at full speed; x must be readable up to a multiple of it */
  /** Reals that pack writes for a matrix of m x k. */
  ptrdiff_t (*packed_size)(ptrdiff_t m, ptrdiff_t k);
  /** Brings a matrix into the order in which apply reads it: entry (i, j) is w[i * si + j * sj]. */
  void (*pack)(ptrdiff_t m, ptrdiff_t k, const fh_real *w, ptrdiff_t si, ptrdiff_t sj, fh_real *p);
  /** y[i][t] = bias[i] + scale[i] c[i][t] + sum_j w(i, j) x[j * ldx or off[j] + t], i < m, j < k, t < n.
   *  bias, c and scale may be NULL (0, 0, 1); c may be y. Rows of y and c are ldy and ldc apart. */
  void (*apply)(ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, const fh_real *packed, const fh_real *bias,
                const fh_real *c, ptrdiff_t ldc, const fh_real *scale, const fh_real *x,
                ptrdiff_t ldx, const ptrdiff_t *off, fh_real *y, ptrdiff_t ldy);
  /** y[i][t] = scale[i] x[i][t], i < m, t < n. */
  void (*scale_rows)(ptrdiff_t m, ptrdiff_t n, const fh_real *scale, const fh_real *x,
                     ptrdiff_t ldx, fh_real *y, ptrdiff_t ldy);
  /** y[t] = a[t] + b[t]; y may be a or b. */
  void (*add)(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real *y);
  /** y[t] = a[t] b[t]; y may be a or b. */
  void (*multiply)(ptrdiff_t n, const fh_real *a, const fh_real *b, fh_real *y);
  /** The adjoint of apply in w: sum[i][j][lane] += a[i * lda + t] x[j * ldx or off[j] + t] over t < n (rounded
   *  up to whole vectors: a must be zero and x finite beyond n). sum has m * k * lanes reals. */
  void (*outer)(ptrdiff_t m, ptrdiff_t k, ptrdiff_t n, const fh_real *a, ptrdiff_t lda,
                const fh_real *x, ptrdiff_t ldx, const ptrdiff_t *off, fh_real *sum);
  /** sum[i][lane] += a[i * lda + t], t < n as in outer. */
  void (*row_sums)(ptrdiff_t m, ptrdiff_t n, const fh_real *a, ptrdiff_t lda, fh_real *sum);
  /** sum[i][lane] += a[i * lda + t] b[i * ldb + t], t < n as in outer. */
  void (*row_dots)(ptrdiff_t m, ptrdiff_t n, const fh_real *a, ptrdiff_t lda, const fh_real *b,
                   ptrdiff_t ldb, fh_real *sum);
  /** total[i] += the lanes of sum[i], i < count, in a fixed order. */
  void (*fold)(ptrdiff_t count, const fh_real *sum, fh_real *total);

  /* ---- norms ---------------------------------------------------------------------------------- */
  /** s[0] = sum of (x - shift), s[1] = sum of (x - shift)^2, accumulated in double. */
  void (*moments)(ptrdiff_t n, const fh_real *x, double shift, double s[2]);
  /** s[0] = sum of g, s[1] = sum of g (x - shift), where g = dy * w (w may be NULL). */
  void (*weighted_moments)(ptrdiff_t n, const fh_real *dy, const fh_real *w, const fh_real *x,
                           double shift, double s[2]);
  /** y = (x - shift) scale + offset. */
  void (*standardise)(ptrdiff_t n, const fh_real *x, fh_real shift, fh_real scale, fh_real offset,
                      fh_real *y);
  /** y = (x - shift) scale w + b, with w and b of each point. */
  void (*standardise_each)(ptrdiff_t n, const fh_real *x, fh_real shift, fh_real scale,
                           const fh_real *w, const fh_real *b, fh_real *y);
  /** Adjoint of standardise_each in w and b: dw += dy (x - shift) scale, db += dy. */
  void (*standardise_params)(ptrdiff_t n, const fh_real *dy, const fh_real *x, fh_real shift,
                             fh_real scale, fh_real *dw, fh_real *db);
  /** dx = scale dy w - mean - (x - shift) slope; w may be NULL. */
  void (*standardise_back)(ptrdiff_t n, const fh_real *dy, const fh_real *w, const fh_real *x,
                           fh_real shift, fh_real scale, fh_real mean, fh_real slope, fh_real *dx);
} fh_pointwise;

/** The kernels of fh_isa_best(): call it when an operator is made, and keep the pointer. */
const fh_pointwise *fh_pointwise_get(void);
/** The kernels of one instruction set, NULL if this processor cannot run it; for tests. */
const fh_pointwise *fh_pointwise_variant(fh_isa isa);
