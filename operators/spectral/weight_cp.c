/* weight_cp - products over the frequencies of each rank, then one matrix product with the channels
 *
 * For each layer M[r][k] = w_r L[l,r] prod F_j[k_j,r], built up one axis after the other; rebuilt,
 * W = C M with C[(i,o)][r] = A[i,r] B[o,r]. The middle way needs M only. */
#include <string.h>

#include "base/memory.h"
#include "operators/spectral/weight_impl.h"

/* y += a conj(b), complex */
static inline void multiply_add_conjugate(const fh_real *a, const fh_real *b, fh_real *y)
{
  y[0] += a[0] * b[0] + a[1] * b[1];
  y[1] += a[1] * b[0] - a[0] * b[1];
}

/* y = a b */
static inline void multiply(const fh_real *a, const fh_real *b, fh_real *y)
{
  y[0] = a[0] * b[0] - a[1] * b[1];
  y[1] = a[0] * b[1] + a[1] * b[0];
}

static ptrdiff_t rank_of(const fh_weight *w)
{
  return w->r[0];
}

/* points of the first n axes of frequencies */
static ptrdiff_t points_of(const fh_weight *w, int n)
{
  ptrdiff_t k = 1;
  for (int j = 0; j < n; j++) k *= w->s[w->mode + j];
  return k;
}

static int axes_of(const fh_weight *w)
{
  return w->modes - w->mode;
}

/* reals of the stages of one layer: rank x points of 0, 1, .. axes */
static ptrdiff_t stages_size(const fh_weight *w, int axes)
{
  ptrdiff_t n = 0;
  for (int j = 0; j < axes; j++) n += 2 * rank_of(w) * points_of(w, j);
  return n;
}

static bool is_rebuilt(const fh_weight *w)
{
  return w->way == FH_WAY_REBUILT;
}

double fh_weight_cp_plan(const fh_weight *w, fh_map *map)
{
  const ptrdiff_t r = rank_of(w), m = 2 * r * w->points, c = 2 * w->channels * r;
  const bool rebuilt = is_rebuilt(w);
  map->state =
      (size_t)(w->layers * (stages_size(w, axes_of(w)) + (rebuilt ? m : 0)) + (rebuilt ? c : 0)) *
      sizeof(fh_real);
  map->work = (size_t)(3 * m + (rebuilt ? c : 0)) * sizeof(fh_real);
  const double products = 6.0 * (double)(r * w->points * w->layers);
  return products +
         (rebuilt ? 8.0 * (double)(w->channels * r) * (double)(w->points * w->layers) : 0);
}

/* out[r][p][k] = in[r][p] f[k][r] */
static void expand(ptrdiff_t r, ptrdiff_t pre, ptrdiff_t s, const fh_real *f, const fh_real *in,
                   fh_real *out)
{
  for (ptrdiff_t q = 0; q < r; q++)
    for (ptrdiff_t p = 0; p < pre; p++, in += 2)
      for (ptrdiff_t k = 0; k < s; k++, out += 2) multiply(in, f + 2 * (k * r + q), out);
}

/* df[k][r] += dout conj(in), din = dout conj(f) */
static void expand_adjoint(ptrdiff_t r, ptrdiff_t pre, ptrdiff_t s, const fh_real *f,
                           const fh_real *in, const fh_real *dout, fh_real *df, fh_real *din)
{
  for (ptrdiff_t q = 0; q < r; q++)
    for (ptrdiff_t p = 0; p < pre; p++, in += 2, din += 2) {
      din[0] = din[1] = 0;
      for (ptrdiff_t k = 0; k < s; k++, dout += 2) {
        multiply_add_conjugate(dout, in, df + 2 * (k * r + q));
        multiply_add_conjugate(dout, f + 2 * (k * r + q), din);
      }
    }
}

/* the parameters: weights, then one factor a mode */
static const fh_real *factor(const fh_real *const *param, int mode)
{
  return param[1 + mode];
}

/* stages and M of layer l */
static void build_middle(const fh_weight *w, const fh_real *const *param, ptrdiff_t l,
                         fh_real *stage, fh_real *m)
{
  const ptrdiff_t r = rank_of(w);
  const int axes = axes_of(w);
  for (ptrdiff_t q = 0; q < r; q++) {
    if (w->channel)
      multiply(param[0] + 2 * q, factor(param, 0) + 2 * (l * r + q), stage + 2 * q);
    else
      memcpy(stage + 2 * q, param[0] + 2 * q, 2 * sizeof *stage);
  }
  for (int j = 0; j < axes; j++) {
    fh_real *to = j + 1 < axes ? stage + 2 * r * points_of(w, j) : m;
    expand(r, points_of(w, j), w->s[w->mode + j], factor(param, w->mode + j), stage, to);
    stage = to;
  }
}

/* C[(i,o)][r] = A[i,r] B[o,r]; separable: A */
static void build_channels(const fh_weight *w, const fh_real *const *param, fh_real *c)
{
  const ptrdiff_t r = rank_of(w), in = w->s[w->channel];
  const fh_real *a = factor(param, w->channel), *b = factor(param, w->channel + 1);
  if (w->mode == w->channel + 1) {
    memcpy(c, a, (size_t)(2 * in * r) * sizeof *c);
    return;
  }
  for (ptrdiff_t i = 0; i < in; i++)
    for (ptrdiff_t o = 0; o < w->s[w->channel + 1]; o++)
      for (ptrdiff_t q = 0; q < r; q++, c += 2)
        multiply(a + 2 * (i * r + q), b + 2 * (o * r + q), c);
}

static void add_channels_gradient(const fh_weight *w, const fh_real *const *param,
                                  const fh_real *dc, fh_real *const *dparam)
{
  const ptrdiff_t r = rank_of(w), in = w->s[w->channel];
  const fh_real *a = factor(param, w->channel), *b = factor(param, w->channel + 1);
  fh_real *da = dparam[1 + w->channel], *db = dparam[2 + w->channel];
  if (w->mode == w->channel + 1) {
    for (ptrdiff_t i = 0; i < 2 * in * r; i++) da[i] += dc[i];
    return;
  }
  for (ptrdiff_t i = 0; i < in; i++)
    for (ptrdiff_t o = 0; o < w->s[w->channel + 1]; o++)
      for (ptrdiff_t q = 0; q < r; q++, dc += 2) {
        multiply_add_conjugate(dc, b + 2 * (o * r + q), da + 2 * (i * r + q));
        multiply_add_conjugate(dc, a + 2 * (i * r + q), db + 2 * (o * r + q));
      }
}

static void forward(const fh_map *map, const fh_real *const *param, fh_real *out, void *state)
{
  const fh_weight *w = map->data;
  const ptrdiff_t r = rank_of(w), size = fh_param_size(&map->out);
  const ptrdiff_t stages = stages_size(w, axes_of(w)), m = 2 * r * w->points;
  if (!is_rebuilt(w)) {
    for (ptrdiff_t l = 0; l < w->layers; l++)
      build_middle(w, param, l, (fh_real *)state + l * stages, out + l * size);
    return;
  }
  fh_real *c = state, *layer = c + 2 * w->channels * r;
  build_channels(w, param, c);
  for (ptrdiff_t l = 0; l < w->layers; l++, layer += stages + m) {
    build_middle(w, param, l, layer, layer + stages);
    fh_cgemm(FH_AS_IS, FH_AS_IS, w->channels, w->points, r, c, layer + stages, false,
             out + l * size);
  }
}

/* pulls the gradient dm of M back to the weights and the factors of layers and axes */
static void add_middle_gradient(const fh_weight *w, const fh_real *const *param, ptrdiff_t l,
                                const fh_real *stage, const fh_real *dm, fh_real *const *dparam,
                                fh_real *work)
{
  const ptrdiff_t r = rank_of(w), m = 2 * r * w->points;
  const fh_real *d = dm;
  for (int j = axes_of(w) - 1; j >= 0; j--) {
    fh_real *din = work + (j % 2) * m;
    const int mode = w->mode + j;
    expand_adjoint(r, points_of(w, j), w->s[mode], factor(param, mode), stage + stages_size(w, j),
                   d, dparam[1 + mode], din);
    d = din;
  }
  for (ptrdiff_t q = 0; q < r; q++, d += 2) {
    if (!w->channel) {
      dparam[0][2 * q] += d[0];
      dparam[0][2 * q + 1] += d[1];
      continue;
    }
    multiply_add_conjugate(d, factor(param, 0) + 2 * (l * r + q), dparam[0] + 2 * q);
    multiply_add_conjugate(d, param[0] + 2 * q, dparam[1] + 2 * (l * r + q));
  }
}

static void backward(const fh_map *map, const fh_real *const *param, fh_real *dout,
                     fh_real *const *dparam, void *state, void *work)
{
  const fh_weight *w = map->data;
  const ptrdiff_t r = rank_of(w), size = fh_param_size(&map->out);
  const ptrdiff_t stages = stages_size(w, axes_of(w)), m = 2 * r * w->points;
  fh_real *turn = work, *dm = turn + 2 * m, *dc = dm + m;
  if (!is_rebuilt(w)) {
    for (ptrdiff_t l = 0; l < w->layers; l++)
      add_middle_gradient(w, param, l, (fh_real *)state + l * stages, dout + l * size, dparam,
                          turn);
    return;
  }
  const fh_real *c = state, *layer = c + 2 * w->channels * r;
  for (ptrdiff_t l = 0; l < w->layers; l++, layer += stages + m) {
    const fh_real *d = dout + l * size;
    fh_cgemm(FH_AS_IS, FH_ADJOINT, w->channels, r, w->points, d, layer + stages, l > 0, dc);
    fh_cgemm(FH_ADJOINT, FH_AS_IS, r, w->points, w->channels, c, d, false, dm);
    add_middle_gradient(w, param, l, layer, dm, dparam, turn);
  }
  add_channels_gradient(w, param, dc, dparam);
}

const fh_map_class fh_weight_cp_class = {
    .name = "cp", .forward = forward, .backward = backward, .draw = fh_weight_draw};
