/* Winograd's convolution, its adjoint in the field and in the weight against their definitions as plain sums in
 * double: all sizes from 1 to 40, every pair of boundary kinds on either axis, channel counts with and
 * without remainders, several samples. Also: a sample's bits do not depend on its batch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "kernels/taps.h"

#ifdef FH_DOUBLE
static const double of_map = 1e-13, of_weight = 1e-12;
#else
static const double of_map = 3e-6, of_weight = 1e-5;
#endif

static int failures, cases;

typedef struct {
  ptrdiff_t n[2], in, out, batch;
  int side[2][2];
} trial;

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

typedef struct {
  fh_real *w, *bias, *x, *y, *c, *dw, *db, *one, *packed, *work;
  double *wy, *wx, *ww, *wb; /* wanted */
} data;

/* y += W x, x += W' y, dw += y x for one tap between one coarse and one fine point */
static void define(const trial *t, const data *d, const fh_real *x, const fh_real *y)
{
  const ptrdiff_t plane = t->n[0] * t->n[1];
  for (ptrdiff_t b = 0; b < t->batch; b++)
    for (ptrdiff_t q = 0; q < 9 * plane; q++) {
      const ptrdiff_t a = q % 9, at = q / 9;
      const ptrdiff_t i = beyond(at / t->n[1] + a / 3 - 1, t->n[0], t->side[0]);
      const ptrdiff_t j = beyond(at % t->n[1] + a % 3 - 1, t->n[1], t->side[1]);
      if (i < 0 || j < 0) continue;
      for (ptrdiff_t o = 0; o < t->out; o++)
        for (ptrdiff_t c = 0; c < t->in; c++) {
          const ptrdiff_t k = (o * t->in + c) * 9 + a;
          const ptrdiff_t py = (b * t->out + o) * plane + at,
                          px = (b * t->in + c) * plane + i * t->n[1] + j;
          d->wy[py] += (double)d->w[k] * (double)x[px];
          d->wx[px] += (double)d->w[k] * (double)y[py];
          d->ww[k] += (double)y[py] * (double)x[px];
        }
    }
  for (ptrdiff_t q = 0; q < t->batch * t->out * plane; q++)
    d->wb[q / plane % t->out] += (double)y[q];
}

/* the norm of got - (scale want + shift) against that of want */
static void compare(const trial *t, const char *what, ptrdiff_t n, const fh_real *got,
                    const double *want, const fh_real *shift, double scale, double tolerance)
{
  double error = 0, size = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double e = (double)got[i] - scale * want[i] - (shift ? (double)shift[i] : 0);
    error += e * e;
    size += want[i] * want[i];
  }
  error = sqrt(error / (double)n);
  size = sqrt(size / (double)n) + (shift ? 1 : 0);
  cases++;
  if (error <= tolerance * size) return;
  failures++;
  printf("FAIL %s, %td -> %td channels, %td x %td, sides %d %d %d %d: off by %.2e of %.2e\n", what,
         t->in, t->out, t->n[0], t->n[1], t->side[0][0], t->side[0][1], t->side[1][0],
         t->side[1][1], error, size);
}

static void draw(uint64_t key, ptrdiff_t n, fh_real *x)
{
  const fh_rng r = {.seed = 5, .stream = FH_STREAM_TEST, .sample = key};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

/* each sample by itself gives the same bits */
static void alone(const trial *t, const fh_taps *s, const data *d, const fh_real *all)
{
  const ptrdiff_t plane = t->n[0] * t->n[1];
  for (ptrdiff_t b = 0; b < t->batch; b++) {
    fh_taps_gather(s, 1, d->packed, d->bias, NULL, d->x + b * t->in * plane, d->one, d->work);
    if (!memcmp(d->one, all + b * t->out * plane, (size_t)(t->out * plane) * sizeof *all)) continue;
    failures++;
    printf("FAIL sample %td of %td depends on its batch, %td x %td\n", b, t->batch, t->n[0],
           t->n[1]);
  }
}

static void check(const trial *t, const fh_taps *s, const data *d)
{
  const ptrdiff_t plane = t->n[0] * t->n[1], nx = t->batch * t->in * plane,
                  ny = t->batch * t->out * plane, nw = t->in * t->out * 9;
  draw(1, nw, d->w);
  draw(2, nx, d->x);
  draw(3, ny, d->y);
  draw(4, nx > ny ? nx : ny, d->c);
  memset(d->wy, 0, (size_t)ny * sizeof *d->wy);
  memset(d->wx, 0, (size_t)nx * sizeof *d->wx);
  memset(d->ww, 0, (size_t)nw * sizeof *d->ww);
  memset(d->wb, 0, (size_t)t->out * sizeof *d->wb);
  memset(d->dw, 0, (size_t)nw * sizeof *d->dw);
  memset(d->db, 0, (size_t)t->out * sizeof *d->db);
  define(t, d, d->x, d->y);
  fh_taps_pack_scatter(s, -1, d->w, d->packed);
  fh_taps_gather_back(s, t->batch, d->packed, -1, d->c, d->y, d->x, d->one, d->dw, d->db, d->work);
  compare(t, "gradient of the data", nx, d->one, d->wx, d->c, -1, of_map);
  compare(t, "gradient of the weight", nw, d->dw, d->ww, NULL, -1, of_weight);
  compare(t, "gradient of the bias", t->out, d->db, d->wb, NULL, -1, of_weight);
  fh_taps_pack_gather(s, 1, d->w, d->packed);
  memset(d->bias, 0, (size_t)t->out * sizeof *d->bias);
  fh_taps_gather(s, t->batch, d->packed, NULL, d->c, d->x, d->y, d->work);
  compare(t, "convolution", ny, d->y, d->wy, d->c, 1, of_map);
  draw(6, t->out, d->bias);
  fh_taps_gather(s, t->batch, d->packed, d->bias, NULL, d->x, d->y, d->work);
  alone(t, s, d, d->y);
}

static fh_status run(const trial *t)
{
  data d = {0};
  fh_taps *s = NULL;
  fh_taps_shape h = {.dim = 2, .convolution = FH_CONVOLUTION_WINOGRAD};
  for (int a = 0; a < 2; a++) {
    h.fine[a] = h.coarse[a] = t->n[a];
    h.kernel[a] = 3;
    h.stride[a] = h.pad[a] = 1;
    memcpy(h.side[a], t->side[a], sizeof h.side[a]);
  }
  FH_TRY(fh_taps_create(&h, t->in, t->out, &s));
  FH_CHECK(s->winograd && s->winograd_back, FH_ERR_STATE, "the direct kernel was made");
  const ptrdiff_t plane = t->batch * t->n[0] * t->n[1], nw = t->in * t->out * 9;
  const ptrdiff_t most = plane * (t->in > t->out ? t->in : t->out);
  FH_NEW(d.w, nw);
  FH_NEW(d.dw, nw);
  FH_NEW(d.ww, nw);
  FH_NEW(d.bias, t->out);
  FH_NEW(d.db, t->out);
  FH_NEW(d.wb, t->out);
  FH_NEW(d.x, most);
  FH_NEW(d.y, most);
  FH_NEW(d.c, most);
  FH_NEW(d.one, most);
  FH_NEW(d.wx, most);
  FH_NEW(d.wy, most);
  FH_NEW(d.packed, fh_taps_packed(s));
  FH_NEW(d.work, fh_taps_work(s));
  check(t, s, &d);
  void *parts[] = {d.w, d.dw, d.ww,  d.bias, d.db, d.wb,     d.x,
                   d.y, d.c,  d.one, d.wx,   d.wy, d.packed, d.work};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) fh_free(parts[i]);
  fh_taps_destroy(&s);
  return FH_OK;
}

static const int kinds[][2] = {
    {FH_SIDE_ZERO, FH_SIDE_ZERO},       {FH_SIDE_PERIODIC, FH_SIDE_PERIODIC},
    {FH_SIDE_REFLECT, FH_SIDE_REFLECT}, {FH_SIDE_REPLICATE, FH_SIDE_REPLICATE},
    {FH_SIDE_ZERO, FH_SIDE_REFLECT},    {FH_SIDE_REPLICATE, FH_SIDE_ZERO}};
static const ptrdiff_t channels[][2] = {{1, 1},   {2, 5},  {5, 2}, {9, 13},
                                        {24, 24}, {20, 3}, {3, 33}};

static fh_status all(void)
{
  enum { KINDS = sizeof kinds / sizeof *kinds, CHANNELS = sizeof channels / sizeof *channels };
  for (ptrdiff_t n = 1; n <= 40; n++)
    for (ptrdiff_t k = 0; k < KINDS * 3; k++) {
      const ptrdiff_t other[3] = {n, 41 - n, 1 + (7 * n + k) % 70};
      trial t = {.n = {n, other[k / KINDS]}, .batch = 1 + (n + k) % 3};
      const ptrdiff_t *c = channels[(n + k) % CHANNELS];
      t.in = c[0];
      t.out = c[1];
      memcpy(t.side[0], kinds[k % KINDS], sizeof t.side[0]);
      memcpy(t.side[1], kinds[(k + n) % KINDS], sizeof t.side[1]);
      if (t.n[0] > 1 && t.n[1] > 1) FH_TRY(run(&t)); /* reflect needs two points */
    }
  const trial single[] = {{{1, 1}, 3, 2, 2, {{0, 0}, {0, 0}}}, {{1, 9}, 2, 3, 1, {{3, 3}, {2, 2}}}};
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) FH_TRY(run(&single[i]));
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  if (all() != FH_OK) {
    fh_status_print(stderr);
    failures++;
  }
  if (!failures) printf("winograd: %d comparisons\n", cases);
  MPI_Finalize();
  return failures != 0;
}
