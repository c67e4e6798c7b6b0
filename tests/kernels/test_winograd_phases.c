/* Stencils of stride 2 by Winograd's transforms, all four maps, against their definitions as plain sums in double:
 * kernels 3 and 4, paddings 0 to 2, odd and even sizes, every pair of boundary kinds, channel counts with and
 * without remainders, several samples. Also: which shapes are direct, and that a sample's bits do not depend on its
 * batch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "kernels/taps.h"

/* of the norm: results, weight gradients */
#ifdef FH_DOUBLE
static const double of_map = 1e-13, of_weight = 1e-12;
#else
static const double of_map = 3e-6, of_weight = 1e-5;
#endif

static int failures, cases, direct;

typedef struct {
  ptrdiff_t n[2], m[2], kernel[2], pad[2], in, out, batch;
  int side[2][2];
} trial;

typedef struct {
  fh_real *w, *bias, *x, *y, *cx, *cy, *gx, *gy, *dw, *db, *packed, *work;
  double *wx, *wy, *ww, *wb; /* wanted */
} data;

static ptrdiff_t beyond(ptrdiff_t i, ptrdiff_t n, const int side[2])
{
  if (i >= 0 && i < n) return i;
  switch (side[i >= n]) {
  case FH_SIDE_PERIODIC:
    return (i + n) % n;
  case FH_SIDE_REFLECT:
    return i < 0 ? -i : 2 * (n - 1) - i;
  case FH_SIDE_REPLICATE:
    return i < 0 ? 0 : n - 1;
  default:
    return -1;
  }
}

/* the fine point under tap a of coarse point q, -1: nothing */
static ptrdiff_t under(const trial *t, int axis, ptrdiff_t q, ptrdiff_t a)
{
  const ptrdiff_t i = 2 * q + a - t->pad[axis], n = t->n[axis];
  return i >= n + t->pad[axis] ? -1
                               : beyond(i, n, t->side[axis]); /* as taps.h: beyond the padding */
}

/* wy += W x, wx += W' y, ww += y x */
static void define(const trial *t, const data *d)
{
  const ptrdiff_t fine = t->n[0] * t->n[1], coarse = t->m[0] * t->m[1];
  const ptrdiff_t taps = t->kernel[0] * t->kernel[1];
  for (ptrdiff_t b = 0; b < t->batch; b++)
    for (ptrdiff_t q = 0; q < taps * coarse; q++) {
      const ptrdiff_t a = q % taps, at = q / taps;
      const ptrdiff_t i = under(t, 0, at / t->m[1], a / t->kernel[1]);
      const ptrdiff_t j = under(t, 1, at % t->m[1], a % t->kernel[1]);
      if (i < 0 || j < 0) continue;
      for (ptrdiff_t o = 0; o < t->out; o++)
        for (ptrdiff_t c = 0; c < t->in; c++) {
          const ptrdiff_t k = (o * t->in + c) * taps + a, py = (b * t->out + o) * coarse + at;
          const ptrdiff_t px = (b * t->in + c) * fine + i * t->n[1] + j;
          d->wy[py] += (double)d->w[k] * (double)d->x[px];
          d->wx[px] += (double)d->w[k] * (double)d->y[py];
          d->ww[k] += (double)d->y[py] * (double)d->x[px];
        }
    }
  for (ptrdiff_t q = 0; q < t->batch * t->out * coarse; q++)
    d->wb[q / coarse % t->out] += (double)d->y[q];
}

/* the norm of got - (scale want + shift + bias of the channel) against that of want */
static void compare(const trial *t, const char *what, ptrdiff_t n, const fh_real *got,
                    const double *want, double scale, const fh_real *shift, const fh_real *bias,
                    ptrdiff_t points, ptrdiff_t channels, double tolerance)
{
  double error = 0, size = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double w = scale * want[i] + (shift ? (double)shift[i] : 0);
    if (bias) w += (double)bias[i / points % channels];
    const double e = (double)got[i] - w;
    error += e * e;
    size += want[i] * want[i];
  }
  error = sqrt(error / (double)n);
  size = sqrt(size / (double)n) + (shift ? 1 : 0);
  cases++;
  if (error <= tolerance * size) return;
  failures++;
  printf("FAIL %s, %td -> %td channels, fine %td x %td, kernel %td x %td, padding %td %td, sides "
         "%d %d %d %d: off by "
         "%.2e of %.2e\n",
         what, t->in, t->out, t->n[0], t->n[1], t->kernel[0], t->kernel[1], t->pad[0], t->pad[1],
         t->side[0][0], t->side[0][1], t->side[1][0], t->side[1][1], error, size);
}

static void draw(uint64_t key, ptrdiff_t n, fh_real *x)
{
  const fh_rng r = {.seed = 7, .stream = FH_STREAM_TEST, .sample = key};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

/* each sample by itself gives the bits of all at once */
static void same(const trial *t, ptrdiff_t n, const fh_real *one, const fh_real *all)
{
  if (!memcmp(one, all, (size_t)n * sizeof *all)) return;
  failures++;
  printf("FAIL a sample depends on its batch, fine %td x %td\n", t->n[0], t->n[1]);
}

static void check(const trial *t, const fh_taps *s, const data *d)
{
  const ptrdiff_t fine = t->n[0] * t->n[1], coarse = t->m[0] * t->m[1];
  const ptrdiff_t nx = t->batch * t->in * fine, ny = t->batch * t->out * coarse;
  const ptrdiff_t nw = t->in * t->out * t->kernel[0] * t->kernel[1], one = t->batch - 1;
  draw(1, nw, d->w), draw(2, nx, d->x), draw(3, ny, d->y), draw(4, nx, d->cx), draw(5, ny, d->cy);
  draw(6, t->in > t->out ? t->in : t->out, d->bias);
  define(t, d);
  fh_taps_pack_scatter(s, -1, d->w, d->packed);
  fh_taps_gather_back(s, t->batch, d->packed, -1, d->cx, d->y, d->x, d->gx, d->dw, d->db, d->work);
  compare(t, "gather_back, field", nx, d->gx, d->wx, -1, d->cx, NULL, 1, 1, of_map);
  compare(t, "gather_back, weight", nw, d->dw, d->ww, -1, NULL, NULL, 1, 1, of_weight);
  compare(t, "gather_back, bias", t->out, d->db, d->wb, -1, NULL, NULL, 1, 1, of_weight);
  memset(d->dw, 0, (size_t)nw * sizeof *d->dw);
  fh_taps_gather_back(s, t->batch, d->packed, 1, NULL, d->y, d->x, NULL, d->dw, NULL, d->work);
  compare(t, "gather_back, weight alone", nw, d->dw, d->ww, 1, NULL, NULL, 1, 1, of_weight);
  fh_taps_pack_scatter(s, 1, d->w, d->packed);
  fh_taps_scatter(s, t->batch, d->packed, d->bias, d->cx, d->y, d->gx, d->work);
  compare(t, "scatter", nx, d->gx, d->wx, 1, d->cx, d->bias, fine, t->in, of_map);
  const fh_real *c = d->cx + one * t->in * fine, *y = d->y + one * t->out * coarse;
  fh_taps_scatter(s, 1, d->packed, d->bias, c, y, d->cy, d->work);
  same(t, t->in * fine, d->cy, d->gx + one * t->in * fine);
  draw(5, ny, d->cy);
  fh_taps_pack_gather(s, 1, d->w, d->packed);
  fh_taps_gather(s, t->batch, d->packed, d->bias, d->cy, d->x, d->gy, d->work);
  compare(t, "gather", ny, d->gy, d->wy, 1, d->cy, d->bias, coarse, t->out, of_map);
  memset(d->dw, 0, (size_t)nw * sizeof *d->dw);
  fh_taps_scatter_back(s, t->batch, d->packed, d->x, d->y, d->gy, d->dw, d->work);
  compare(t, "scatter_back, field", ny, d->gy, d->wy, 1, NULL, NULL, 1, 1, of_map);
  compare(t, "scatter_back, weight", nw, d->dw, d->ww, 1, NULL, NULL, 1, 1, of_weight);
}

/* mirrors that the stencil reads, and periodic axes of odd size, are left to the direct kernels */
static bool expected(const trial *t)
{
  for (int a = 0; a < 2; a++) {
    const bool low = t->pad[a] > 0;
    const bool high = 2 * (t->m[a] - 1) + t->kernel[a] - 1 - t->pad[a] >= t->n[a];
    for (int e = 0; e < 2; e++) {
      const int kind = (e ? high : low) ? t->side[a][e] : FH_SIDE_ZERO;
      if (kind == FH_SIDE_REFLECT || kind == FH_SIDE_REPLICATE) return false;
      if (kind == FH_SIDE_PERIODIC && t->n[a] != 2 * t->m[a]) return false;
    }
  }
  return sizeof(fh_real) == sizeof(float) || fh_isa_best() != FH_ISA_GENERIC;
}

static fh_status run(trial *t)
{
  data d = {0};
  fh_taps *s = NULL;
  fh_taps_shape h = {.dim = 2, .convolution = FH_CONVOLUTION_WINOGRAD};
  for (int a = 0; a < 2; a++) {
    t->m[a] = fh_taps_coarse(t->n[a], t->kernel[a], 2, t->pad[a]);
    if (t->m[a] < 1 || t->n[a] < 3) return FH_OK;
    h.fine[a] = t->n[a];
    h.coarse[a] = t->m[a];
    h.kernel[a] = t->kernel[a];
    h.stride[a] = 2;
    h.pad[a] = t->pad[a];
    memcpy(h.side[a], t->side[a], sizeof h.side[a]);
  }
  FH_TRY(fh_taps_create(&h, t->in, t->out, &s));
  FH_CHECK(!s->phased == !expected(t), FH_ERR_STATE, "%td x %td points: the wrong kernel was made",
           t->n[0], t->n[1]);
  direct += !s->phased;
  const ptrdiff_t nw = t->in * t->out * t->kernel[0] * t->kernel[1];
  const ptrdiff_t most = t->batch * t->n[0] * t->n[1] * (t->in + t->out);
  FH_NEW(d.w, nw);
  FH_NEW(d.dw, nw);
  FH_NEW(d.ww, nw);
  FH_NEW(d.bias, t->in + t->out);
  FH_NEW(d.db, t->out);
  FH_NEW(d.wb, t->out);
  fh_real **fields[] = {&d.x, &d.y, &d.cx, &d.cy, &d.gx, &d.gy};
  for (int i = 0; i < 6; i++) FH_NEW(*fields[i], most);
  FH_NEW(d.wx, most);
  FH_NEW(d.wy, most);
  FH_NEW(d.packed, fh_taps_packed(s));
  FH_NEW(d.work, fh_taps_work(s));
  check(t, s, &d);
  void *parts[] = {d.w,  d.dw, d.ww, d.bias, d.db, d.wb, d.x,      d.y,
                   d.cx, d.cy, d.gx, d.gy,   d.wx, d.wy, d.packed, d.work};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) fh_free(parts[i]);
  fh_taps_destroy(&s);
  return FH_OK;
}

static const int kinds[][2] = {
    {FH_SIDE_ZERO, FH_SIDE_ZERO},       {FH_SIDE_PERIODIC, FH_SIDE_PERIODIC},
    {FH_SIDE_REFLECT, FH_SIDE_REFLECT}, {FH_SIDE_REPLICATE, FH_SIDE_REPLICATE},
    {FH_SIDE_ZERO, FH_SIDE_REFLECT},    {FH_SIDE_REPLICATE, FH_SIDE_ZERO}};
static const ptrdiff_t channels[][2] = {{1, 1},   {2, 5},  {5, 2}, {9, 13},
                                        {24, 24}, {3, 17}, {20, 3}};

static fh_status all(void)
{
  enum { KINDS = sizeof kinds / sizeof *kinds, CHANNELS = sizeof channels / sizeof *channels };
  int key = 0;
  for (ptrdiff_t n = 3; n <= 34; n++)
    for (int k = 0; k < 2 * KINDS; k++, key++) {
      const ptrdiff_t *c = channels[key % CHANNELS];
      trial t = {.n = {n, k < KINDS ? 3 + (11 * n + k) % 92 : 36 - n + k % 2},
                 .kernel = {3 + key % 2, 3 + key / 2 % 2},
                 .pad = {key / 4 % 3, (key / 4 + key / 12) % 3},
                 .in = c[0],
                 .out = c[1],
                 .batch = 1 + key % 3};
      memcpy(t.side[0], kinds[k % KINDS], sizeof t.side[0]);
      memcpy(t.side[1], kinds[(k + n) % KINDS], sizeof t.side[1]);
      FH_TRY(run(&t));
    }
  /* the sizes and kernels of the published models */
  trial model[] = {
      {.n = {256, 256}, .kernel = {3, 3}, .pad = {1, 1}, .in = 2, .out = 3, .batch = 1},
      {.n = {256, 256}, .kernel = {4, 4}, .pad = {1, 1}, .in = 3, .out = 2, .batch = 1},
      {.n = {211, 211}, .kernel = {3, 3}, .pad = {1, 1}, .in = 2, .out = 3, .batch = 1},
      {.n = {106, 53}, .kernel = {4, 3}, .pad = {1, 1}, .in = 3, .out = 2, .batch = 2},
      {.n = {64, 64},
       .kernel = {3, 3},
       .pad = {1, 1},
       .in = 8,
       .out = 8,
       .batch = 2,
       .side = {{FH_SIDE_PERIODIC, FH_SIDE_PERIODIC}, {FH_SIDE_PERIODIC, FH_SIDE_PERIODIC}}},
      {.n = {101, 101}, .kernel = {3, 3}, .pad = {0, 0}, .in = 3, .out = 4, .batch = 1}};
  for (size_t i = 0; i < sizeof model / sizeof *model; i++) FH_TRY(run(&model[i]));
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  if (all() != FH_OK) {
    fh_status_print(stderr);
    failures++;
  }
  if (!failures) printf("winograd_phases: %d comparisons, %d shapes direct\n", cases, direct);
  MPI_Finalize();
  return failures != 0;
}
