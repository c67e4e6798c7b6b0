/* The operators of the multigrid cycle against their definitions, written as plain loops over every
 * point, channel and tap; all examples of the registry, so every boundary kind in 1-D to 3-D. */
#include <string.h>

#include "kernels_pointwise/rig.h"
#include "operators/prolong/prolong.h"
#include "operators/residual/residual.h"
#include "operators/smooth/smooth.h"
#include "operators/stencil/stencil.h"
#include "train/check.h"

#ifdef FH_DOUBLE
static const double tolerance = 1e-12;
#else
static const double tolerance = 2e-5;
#endif

/* index of the grid that stands at i, -1: nothing */
static ptrdiff_t boundary(ptrdiff_t i, ptrdiff_t n, const int side[2])
{
  if (i >= 0 && i < n) return i;
  switch (side[i >= n]) {
  case FH_SIDE_PERIODIC:
    return ((i % n) + n) % n;
  case FH_SIDE_REFLECT:
    return i < 0 ? -i : 2 * (n - 1) - i;
  case FH_SIDE_REPLICATE:
    return i < 0 ? 0 : n - 1;
  default:
    return -1;
  }
}

typedef struct {
  int dim;
  ptrdiff_t fine[3], coarse[3], kernel[3], stride, pad;
  const int (*side)[2];
} geometry;

static ptrdiff_t count(int dim, const ptrdiff_t *n)
{
  ptrdiff_t size = 1;
  for (int a = 0; a < dim; a++) size *= n[a];
  return size;
}

static void unravel(int dim, const ptrdiff_t *n, ptrdiff_t q, ptrdiff_t *i)
{
  for (int a = dim - 1; a >= 0; a--) {
    i[a] = q % n[a];
    q /= n[a];
  }
}

/* fine point that tap t of coarse point q touches, -1: none */
static ptrdiff_t touched(const geometry *g, ptrdiff_t q, ptrdiff_t t)
{
  ptrdiff_t i[3], e[3], at = 0;
  unravel(g->dim, g->coarse, q, i);
  unravel(g->dim, g->kernel, t, e);
  for (int a = 0; a < g->dim; a++) {
    const ptrdiff_t r = g->stride * i[a] + e[a] - g->pad;
    /* a transposed convolution may reach beyond the padding: cropped */
    if (r >= g->fine[a] + g->pad) return -1;
    const ptrdiff_t k = boundary(r, g->fine[a], g->side[a]);
    if (k < 0) return -1;
    at = at * g->fine[a] + k;
  }
  return at;
}

/* up: x[c][fine] += w y; else y[o][coarse] += w x; weight [out][in][taps] */
static void add_map(const geometry *g, bool up, ptrdiff_t in, ptrdiff_t out, const fh_real *w,
                    double sign, const double *from, double *to)
{
  const ptrdiff_t nf = count(g->dim, g->fine), nc = count(g->dim, g->coarse);
  const ptrdiff_t taps = count(g->dim, g->kernel);
  for (ptrdiff_t o = 0; o < out; o++)
    for (ptrdiff_t c = 0; c < in; c++)
      for (ptrdiff_t q = 0; q < nc; q++)
        for (ptrdiff_t t = 0; t < taps; t++) {
          const ptrdiff_t k = touched(g, q, t);
          const double v = sign * (double)w[(o * in + c) * taps + t];
          if (k < 0) continue;
          if (up)
            to[c * nf + k] += v * from[o * nc + q];
          else
            to[o * nc + q] += v * from[c * nf + k];
        }
}

static void add_bias(ptrdiff_t channels, ptrdiff_t points, const fh_real *b, double sign, double *y)
{
  for (ptrdiff_t i = 0; b && i < channels * points; i++) y[i] += sign * (double)b[i / points];
}

static void copy(ptrdiff_t n, const fh_real *from, double *to)
{
  for (ptrdiff_t i = 0; i < n; i++) to[i] = (double)from[i];
}

static void compare(const char *what, int example, ptrdiff_t n, const fh_real *got,
                    const double *want)
{
  double worst = 0, largest = 1;
  for (ptrdiff_t i = 0; i < n; i++) {
    worst = fmax(worst, fabs((double)got[i] - want[i]));
    largest = fmax(largest, fabs(want[i]));
  }
  char text[80];
  snprintf(text, sizeof text, "%s example %d: off by %.1e of %.1e", what, example, worst, largest);
  expect(worst <= tolerance * largest, text);
}

static geometry geometry_of(const fh_shape *fine, const fh_shape *coarse, ptrdiff_t kernel,
                            ptrdiff_t stride, ptrdiff_t pad, const int (*side)[2])
{
  geometry g = {.dim = fine->layout.grid.dim, .stride = stride, .pad = pad, .side = side};
  memcpy(g.fine, fine->layout.grid.n, sizeof g.fine);
  memcpy(g.coarse, coarse->layout.grid.n, sizeof g.coarse);
  for (int a = 0; a < 3; a++) g.kernel[a] = kernel;
  return g;
}

/* ---- the four operators, one sample each; config stands first in op->data ------------------------- */

static void define_stencil(const fh_rig *r, ptrdiff_t b, double *x, double *y)
{
  const fh_op *op = r->op;
  const fh_stencil_config *c = op->data;
  const geometry g = geometry_of(&op->in[0], &op->out[0], c->kernel, c->stride, c->pad, c->side);
  const ptrdiff_t n = fh_shape_sample(&op->in[0]), m = fh_shape_sample(&op->out[0]);
  copy(n, r->x[0] + b * n, x);
  if (c->add) copy(m, r->x[1] + b * m, y);
  add_map(&g, false, c->in_channels, c->out_channels, r->param[0], 1, x, y);
  add_bias(c->out_channels, m / c->out_channels, c->bias ? r->param[1] : NULL, 1, y);
}

static void define_prolong(const fh_rig *r, ptrdiff_t b, double *x, double *y)
{
  const fh_op *op = r->op;
  const fh_prolong_config *c = op->data;
  geometry g = geometry_of(&op->out[0], &op->in[0], 0, 2, c->pad, c->side);
  memcpy(g.kernel, c->kernel, sizeof g.kernel);
  const ptrdiff_t n = fh_shape_sample(&op->in[0]), m = fh_shape_sample(&op->out[0]);
  copy(n, r->x[0] + b * n, x);
  if (c->add) copy(m, r->x[1] + b * m, y);
  add_map(&g, true, c->out_channels, c->in_channels, r->param[0], 1, x, y);
  add_bias(c->out_channels, m / c->out_channels, c->bias ? r->param[1] : NULL, 1, y);
}

static void define_residual(const fh_rig *r, ptrdiff_t b, double *x, double *y)
{
  const fh_op *op = r->op;
  const fh_residual_config *c = op->data;
  const geometry g = geometry_of(&op->in[0], &op->in[0], 3, 1, 1, c->side);
  const ptrdiff_t nf = fh_shape_sample(&op->in[0]), nu = fh_shape_sample(&op->in[1]);
  copy(nu, r->x[1] + b * nu, x);
  copy(nf, r->x[0] + b * nf, y);
  add_map(&g, false, c->u_channels, c->f_channels, r->param[0], -1, x, y);
  add_bias(c->f_channels, nf / c->f_channels, c->bias ? r->param[1] : NULL, -1, y);
}

static void define_smooth(const fh_rig *r, ptrdiff_t b, double *x, double *y)
{
  const fh_op *op = r->op;
  const fh_smooth_config *c = op->data;
  const geometry g = geometry_of(&op->in[0], &op->in[0], 3, 1, 1, c->side);
  const ptrdiff_t nf = fh_shape_sample(&op->in[0]), nu = fh_shape_sample(&op->in[1]);
  double *res = x + nu;
  copy(nu, r->x[1] + b * nu, x);
  copy(nf, r->x[0] + b * nf, res);
  copy(nu, r->x[1] + b * nu, y);
  add_map(&g, false, c->u_channels, c->f_channels, r->param[0], -1, x, res);
  add_bias(c->f_channels, nf / c->f_channels, c->bias ? r->param[2] : NULL, -1, res);
  add_map(&g, false, c->f_channels, c->u_channels, r->param[1], 1, res, y);
  add_bias(c->u_channels, nu / c->u_channels, c->bias ? r->param[3] : NULL, 1, y);
}

typedef void definition(const fh_rig *r, ptrdiff_t b, double *x, double *y);

static fh_status check(const fh_op_class *class, definition *define)
{
  for (int i = 0;; i++) {
    fh_op *op = NULL;
    fh_shape in[FH_OP_MAX_IN];
    fh_rig rig;
    double *x = NULL, *y = NULL;
    FH_TRY(class->example(i, &op, in));
    if (!op) return FH_OK;
    FH_TRY(fh_rig_run(op, in, &rig));
    const ptrdiff_t m = fh_shape_sample(&op->out[0]);
    FH_NEW(x, 4 * fh_shape_size(&in[0]) + 4 * fh_shape_size(&op->out[0]));
    for (ptrdiff_t b = 0; b < in[0].batch; b++) {
      FH_NEW(y, m);
      define(&rig, b, x, y);
      compare(class->name, i, m, rig.y + b * m, y);
      fh_free(y);
    }
    fh_free(x);
    fh_rig_destroy(&rig);
  }
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  MUST(check(&fh_stencil_class, define_stencil));
  MUST(check(&fh_prolong_class, define_prolong));
  MUST(check(&fh_residual_class, define_residual));
  MUST(check(&fh_smooth_class, define_smooth));
  return finish("multigrid operators against their definitions");
}
