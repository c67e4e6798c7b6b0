/* patch - see README.md */
#include "operators/patch/patch.h"

#include <string.h>

#include "base/size.h"

enum { MOST_LEVELS = 8 };

typedef struct {
  fh_patch_config config;
  ptrdiff_t count;         /* patches of a sample on this rank, consecutive ones */
  ptrdiff_t first;         /* the first of them */
  ptrdiff_t n[3], size[3]; /* points of field and patch on three axes always, leading ones 1 */
  ptrdiff_t parts[3];
  /* where point r of level l of patch I along axis a comes from; -1: nowhere (zero) */
  ptrdiff_t *from[3];
} patch;

static ptrdiff_t ceil_half(ptrdiff_t x)
{
  return x >= 0 ? (x + 1) / 2 : -((-x) / 2);
}

/* first point on the field thinned to every 2^level-th, n points a patch of h */
static ptrdiff_t origin(ptrdiff_t i, ptrdiff_t h, ptrdiff_t parts, ptrdiff_t p, int level)
{
  if (level == 0) return i * h - p;
  const ptrdiff_t s = (ptrdiff_t)1 << level, thinned = (parts * h + s - 1) / s, stride = h / s;
  return i * stride - (ceil_half(h + (parts - 1) * stride - thinned) + p);
}

/* index inside 0..n-1, or -1 */
static ptrdiff_t inside(ptrdiff_t i, ptrdiff_t n, int outside)
{
  if (i >= 0 && i < n) return i;
  if (outside == FH_OUTSIDE_ZERO) return -1;
  const ptrdiff_t period = outside == FH_OUTSIDE_PERIODIC || n == 1 ? n : 2 * n - 2;
  i = (i % period + period) % period;
  return i < n ? i : period - i;
}

static void fill_axis(patch *v, int axis, ptrdiff_t padding)
{
  const ptrdiff_t n = v->n[axis], parts = v->parts[axis], size = v->size[axis];
  ptrdiff_t *from = v->from[axis];
  for (ptrdiff_t i = 0; i < parts; i++)
    for (int l = 0; l <= v->config.levels; l++) {
      const ptrdiff_t s = (ptrdiff_t)1 << l, thinned = (n + s - 1) / s;
      const ptrdiff_t first = n == 1 ? 0 : origin(i, n / parts, parts, padding, l);
      for (ptrdiff_t r = 0; r < size; r++) {
        const ptrdiff_t at = inside(first + r, thinned, v->config.outside);
        *from++ = at < 0 ? -1 : at * s;
      }
    }
}

/* what the grid must be for n patches along an axis */
static fh_status check_axis(ptrdiff_t n, int levels, ptrdiff_t padding, int axis)
{
  const ptrdiff_t parts = (ptrdiff_t)1 << levels, h = n / parts;
  FH_CHECK(
      n % parts == 0 && h > 0, FH_ERR_SHAPE,
      "patch: %td points along axis %d cannot be cut into 2^%d = %td patches: lower the levels "
      "or use a multiple of %td points",
      n, axis, levels, parts, parts);
  FH_CHECK(padding <= n, FH_ERR_SHAPE,
           "patch: a padding of %td points is more than the %td points along axis %d", padding, n,
           axis);
  FH_CHECK(
      h % parts == 0, FH_ERR_SHAPE,
      "patch: level %d takes every %td-th point, but a patch has %td points along axis %d: lower "
      "the levels or use a multiple of %td points",
      levels, parts, h, axis, parts * parts);
  return FH_OK;
}

static fh_status fill(patch *v, const fh_grid *grid, const fh_team *team)
{
  const fh_patch_config *c = &v->config;
  v->count = 1;
  for (int a = 0; a < 3; a++) {
    const int at = a - (3 - c->dim);
    const ptrdiff_t padding = at >= 0 ? c->padding[at] : 0;
    v->n[a] = at >= 0 ? grid->n[at] : 1;
    v->parts[a] = at >= 0 ? (ptrdiff_t)1 << c->levels : 1;
    if (at >= 0) FH_TRY(check_axis(v->n[a], c->levels, padding, at));
    v->size[a] = v->n[a] / v->parts[a] + 2 * padding;
    v->count *= v->parts[a];
    FH_NEW(v->from[a], v->parts[a] * (c->levels + 1) * v->size[a]);
    fill_axis(v, a, padding);
  }
  if (team->n_patches <= 1) return FH_OK;
  FH_CHECK(v->count % team->n_patches == 0, FH_ERR_USAGE,
           "%d ranks cannot share the %td patches of a sample: choose a divisor of that",
           team->n_patches, v->count);
  v->count /= team->n_patches;
  v->first = team->patch_part * v->count;
  return FH_OK;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  patch *v = op->data;
  (void)need;
  fh_grid grid = in[0].layout.grid;
  FH_CHECK(grid.dim == v->config.dim, FH_ERR_SHAPE,
           "patch: the grid has %d axes, the patches were made for %d", grid.dim, v->config.dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "patch: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(&grid));
  FH_TRY(fill(v, &grid, op->team));
  int fits = 0;
  FH_TRY(fh_size_int(fh_shape_size(&in[0]), &fits));
  for (int a = 0; a < grid.dim; a++) {
    const double spacing = fh_grid_spacing(&grid, a);
    grid.n[a] = v->size[3 - grid.dim + a];
    grid.length[a] = spacing * (double)grid.n[a];
  }
  out[0] = (fh_shape){in[0].batch * v->count, in[0].channels * (v->config.levels + 1),
                      fh_layout_whole(&grid)};
  return FH_OK;
}

/* where the points of one level of one patch come from, axis by axis */
typedef struct {
  const ptrdiff_t *from[3];
} window;

static window window_of(const patch *v, const ptrdiff_t part[3], int level)
{
  window w;
  for (int a = 0; a < 3; a++)
    w.from[a] = v->from[a] + (part[a] * (v->config.levels + 1) + level) * v->size[a];
  return w;
}

static void gather(const patch *v, const window *w, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t i = 0; i < v->size[0]; i++)
    for (ptrdiff_t j = 0; j < v->size[1]; j++, y += v->size[2]) {
      const ptrdiff_t p = w->from[0][i], q = w->from[1][j];
      if (p < 0 || q < 0) {
        memset(y, 0, (size_t)v->size[2] * sizeof *y);
        continue;
      }
      const fh_real *row = x + (p * v->n[1] + q) * v->n[2];
      for (ptrdiff_t k = 0; k < v->size[2]; k++) {
        const ptrdiff_t r = w->from[2][k];
        y[k] = r < 0 ? 0 : row[r];
      }
    }
}

static void scatter(const patch *v, const window *w, const fh_real *dy, fh_real *dx)
{
  for (ptrdiff_t i = 0; i < v->size[0]; i++)
    for (ptrdiff_t j = 0; j < v->size[1]; j++, dy += v->size[2]) {
      const ptrdiff_t p = w->from[0][i], q = w->from[1][j];
      if (p < 0 || q < 0) continue;
      fh_real *row = dx + (p * v->n[1] + q) * v->n[2];
      for (ptrdiff_t k = 0; k < v->size[2]; k++)
        if (w->from[2][k] >= 0) row[w->from[2][k]] += dy[k];
    }
}

/* visits every level of every patch of one sample: x the field's channels, y the patches */
static void visit(const patch *v, ptrdiff_t channels, const fh_real *x, fh_real *y, fh_real *dx,
                  const fh_real *dy)
{
  const ptrdiff_t points = v->n[0] * v->n[1] * v->n[2], size = v->size[0] * v->size[1] * v->size[2];
  ptrdiff_t at = 0;
  for (ptrdiff_t i = v->first; i < v->first + v->count; i++) {
    const ptrdiff_t part[3] = {i / (v->parts[1] * v->parts[2]), i / v->parts[2] % v->parts[1],
                               i % v->parts[2]};
    for (int l = 0; l <= v->config.levels; l++) {
      const window w = window_of(v, part, l);
      for (ptrdiff_t c = 0; c < channels; c++, at += size) {
        if (y)
          gather(v, &w, x + c * points, y + at);
        else
          scatter(v, &w, dy + at, dx + c * points);
      }
    }
  }
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const patch *v = op->data;
  const ptrdiff_t in = fh_shape_sample(&op->in[0]), out = v->count * fh_shape_sample(&op->out[0]);
  for (ptrdiff_t b = 0; b < io->batch; b++)
    visit(v, op->in[0].channels, io->in[0] + b * in, io->out[0] + b * out, NULL, NULL);
  return FH_OK;
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const patch *v = op->data;
  const ptrdiff_t in = fh_shape_sample(&op->in[0]), out = v->count * fh_shape_sample(&op->out[0]);
  if (!io->din[0]) return FH_OK;
  memset(io->din[0], 0, (size_t)(io->batch * in) * sizeof(fh_real));
  for (ptrdiff_t b = 0; b < io->batch; b++)
    visit(v, op->in[0].channels, NULL, NULL, io->din[0] + b * in, io->dout[0] + b * out);
  if (op->team->n_patches > 1)
    FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, io->din[0], (int)(io->batch * in), FH_MPI_REAL, MPI_SUM,
                             op->team->patches));
  return FH_OK;
}

static void destroy(fh_op *op)
{
  patch *v = op->data;
  for (int a = 0; a < 3; a++) fh_free(v->from[a]);
}

static fh_cost cost(const fh_op *op)
{
  const patch *v = op->data;
  return (fh_cost){.bytes =
                       2.0 * (double)(v->count * fh_shape_sample(&op->out[0])) * sizeof(fh_real)};
}

fh_status fh_patch_create(const fh_patch_config *config, fh_op **op)
{
  *op = NULL;
  FH_CHECK(config->dim >= 1 && config->dim <= FH_MAX_DIM, FH_ERR_ARG,
           "patch: %d axes, allowed are 1 to %d", config->dim, FH_MAX_DIM);
  FH_CHECK(config->levels >= 0 && config->levels <= MOST_LEVELS, FH_ERR_ARG,
           "patch: %d levels, allowed are 0 to %d", config->levels, MOST_LEVELS);
  FH_CHECK(config->outside >= FH_OUTSIDE_PERIODIC && config->outside <= FH_OUTSIDE_ZERO, FH_ERR_ARG,
           "patch: outside is %d, allowed are 0 to %d", config->outside, FH_OUTSIDE_ZERO);
  for (int a = 0; a < config->dim; a++)
    FH_CHECK(config->padding[a] >= 0, FH_ERR_ARG,
             "patch: a padding of %td points on axis %d; it must not be negative",
             config->padding[a], a);
  FH_TRY(fh_op_new(&fh_patch_class, 1, 1, sizeof(patch), op));
  ((patch *)(*op)->data)->config = *config;
  return FH_OK;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const struct {
    fh_patch_config config;
    ptrdiff_t n[3], channels;
  } cases[] = {
      {{1, 1, {1}, FH_OUTSIDE_PERIODIC}, {12}, 2},
      {{1, 2, {3}, FH_OUTSIDE_REFLECT}, {32}, 1},
      {{2, 1, {1, 2}, FH_OUTSIDE_PERIODIC}, {8, 12}, 2},
      {{2, 1, {0, 3}, FH_OUTSIDE_ZERO}, {12, 8}, 1},
      {{2, 0, {2, 0}, FH_OUTSIDE_REFLECT}, {5, 7}, 3},
      {{3, 1, {0, 1, 2}, FH_OUTSIDE_PERIODIC}, {8, 8, 4}, 1},
  };
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  fh_grid grid;
  FH_TRY(fh_grid_box(cases[i].config.dim, cases[i].n, FH_PERIODIC, FH_NODE, &grid));
  in[0] = (fh_shape){2, cases[i].channels, fh_layout_whole(&grid)};
  return fh_patch_create(&cases[i].config, op);
}

const fh_op_class fh_patch_class = {.name = "patch",
                                    .setup = setup,
                                    .forward = forward,
                                    .backward = backward,
                                    .destroy = destroy,
                                    .cost = cost,
                                    .example = example,
                                    .linear = true};
