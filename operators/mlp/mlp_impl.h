/* mlp_impl - the operator's data, what a call works with, and one tile of points; not installed */
#pragma once

#include "kernels/pointwise_tile.h"
#include "operators/mlp/mlp.h"

typedef struct {
  fh_mlp_config config;
  const fh_pointwise *k;
  ptrdiff_t points;
} mlp;

/* What a call works with. Matrices in the kernels' order: wj, w0, w1 forward, tj, t0, t1
 * transposed. Tiles: x, the skip s, h = act(W0 x + b0) and g the gradient at the hidden layer, z
 * the result; a row of ones. Sums of the gradients: d... */
typedef struct {
  fh_real *wj, *w0, *w1, *tj, *t0, *t1, *x, *s, *h, *g, *z, *one;
  fh_real *dwj, *dw0, *db0, *dw1, *db1, *dgate;
  size_t sums; /* bytes of dwj..dgate, which lie together */
} fh_mlp_bench;

/* Fields at the first point of a tile, rows as far apart as a sample has points; NULL: not there,
 * or nobody wants it. u is input 0, and x = u or join_act(Wj s + u); slope = out_act', x_slope =
 * join_act'. Forward writes y, slope, x, x_slope; backward reads those but y and writes du, ds. */
typedef struct {
  const fh_real *u, *s, *dy;
  fh_real *y, *du, *ds, *slope, *x, *x_slope;
} fh_mlp_place;

/* Cuts work into parts; with work NULL it only counts the bytes. */
size_t fh_mlp_bench_of(const mlp *m, bool backward, void *work, fh_mlp_bench *b);
/* Packs the matrices and clears the sums. w: of the join (or NULL) and of the two layers. */
void fh_mlp_bench_fill(const mlp *m, bool backward, const fh_real *wj, const fh_real *w0,
                       const fh_real *w1, const fh_mlp_bench *b);
/* n points forward. */
void fh_mlp_forward_tile(const mlp *m, const fh_mlp_bench *b, const fh_real *b0, const fh_real *b1,
                         const fh_real *gate, ptrdiff_t n, const fh_mlp_place *at);
/* n points backward; gradients of parameters are added to b's sums. */
void fh_mlp_backward_tile(const mlp *m, const fh_mlp_bench *b, const fh_real *b0,
                          const fh_real *gate, ptrdiff_t n, const fh_mlp_place *at);
