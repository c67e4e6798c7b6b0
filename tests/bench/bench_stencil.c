/* GFLOP/s of the three maps of a 3x3 convolution (src/kernels/taps.h) on one core, by processor time:
 * gather (forward), scatter (gradient of the data), both gradients together as a backward pass needs them; and the
 * processor's peak. The count is that of the definition, 2 per product, whatever the algorithm.
 *
 *   bench_stencil [seconds a case [auto|direct|winograd]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "kernels/taps.h"

typedef struct {
  ptrdiff_t in, out, n;
  int stride, kernel;
  int side;
} bench_case;

static const bench_case cases[] = {
    {24, 24, 256, 1, 3, FH_SIDE_ZERO},    {24, 24, 128, 1, 3, FH_SIDE_ZERO},
    {24, 24, 32, 1, 3, FH_SIDE_ZERO},     {24, 24, 8, 1, 3, FH_SIDE_ZERO},
    {32, 32, 64, 1, 3, FH_SIDE_PERIODIC}, {32, 32, 16, 1, 3, FH_SIDE_PERIODIC},
    {32, 32, 4, 1, 3, FH_SIDE_PERIODIC},  {24, 24, 211, 1, 3, FH_SIDE_ZERO},
    {20, 20, 101, 1, 3, FH_SIDE_REFLECT}, {1, 24, 256, 1, 3, FH_SIDE_ZERO},
    {24, 1, 256, 1, 3, FH_SIDE_ZERO},     {24, 24, 256, 2, 3, FH_SIDE_ZERO},
    {24, 24, 256, 2, 4, FH_SIDE_ZERO},    {24, 24, 128, 2, 3, FH_SIDE_ZERO},
    {24, 24, 128, 2, 4, FH_SIDE_ZERO},    {24, 24, 64, 2, 3, FH_SIDE_ZERO},
    {32, 32, 64, 2, 3, FH_SIDE_PERIODIC}, {32, 32, 64, 2, 4, FH_SIDE_ZERO},
};

static double processor(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the processor's peak: multiply-adds on registers alone ------------------------------------- */

#define PEAK(name, attributes, bytes)                                                              \
  attributes static double name(void)                                                              \
  {                                                                                                \
    typedef float vector __attribute__((vector_size(bytes)));                                      \
    vector a[10];                                                                                  \
    double best = 0;                                                                               \
    for (int i = 0; i < 10; i++) a[i] = (float)i - (vector){0};                                    \
    for (int rep = 0; rep < 20; rep++) {                                                           \
      const double start = processor();                                                            \
      for (long t = 0; t < 2000000; t++) {                                                         \
        _Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) a[i] = a[i] * 0.999f + 0.001f;       \
      }                                                                                            \
      const double rate = 2e-9 * 10 * 2000000 * (bytes / 4) / (processor() - start);               \
      if (rate > best) best = rate;                                                                \
    }                                                                                              \
    float sum = 0; /* without a use of it nothing would be computed */                             \
    for (int i = 0; i < 10; i++) sum += a[i][0];                                                   \
    return sum > 1e30f ? 0 : best;                                                                 \
  }
PEAK(peak_generic, , 16)
PEAK(peak_avx2, __attribute__((target("avx2,fma"))), 32)
PEAK(peak_avx512, __attribute__((target("avx512f,fma"))), 64)

static double peak(void)
{
  switch (fh_isa_best()) {
  case FH_ISA_AVX512:
    return peak_avx512();
  case FH_ISA_AVX2:
    return peak_avx2();
  default:
    return peak_generic();
  }
}

typedef struct {
  fh_taps *t;
  fh_real *w, *packed, *x, *y, *dx, *sum, *work;
} bench;

static void run(const bench *b, int which)
{
  if (which == 0) fh_taps_gather(b->t, 1, b->packed, NULL, NULL, b->x, b->y, b->work);
  if (which == 1) fh_taps_scatter(b->t, 1, b->packed, NULL, NULL, b->y, b->x, b->work);
  if (which == 2)
    fh_taps_gather_back(b->t, 1, b->packed, 1, NULL, b->y, b->x, b->dx, b->sum, NULL, b->work);
}

static double rate(const bench *b, int which, double flops, double seconds)
{
  double best = 1e9, total = 0;
  if (which == 0) fh_taps_pack_gather(b->t, 1, b->w, b->packed);
  if (which >= 1) fh_taps_pack_scatter(b->t, 1, b->w, b->packed);
  run(b, which);
  while (total < seconds) {
    const double start = processor();
    int reps = 0;
    do run(b, which);
    while (++reps < 1000 && processor() - start < 1e-3);
    const double t = (processor() - start) / reps;
    total += t * reps;
    if (t < best) best = t;
  }
  return 1e-9 * flops / best;
}

static fh_status measure(const bench_case *c, double seconds, int convolution)
{
  bench b = {0};
  const ptrdiff_t m = c->stride == 1 ? c->n : c->n / 2;
  const fh_taps_shape h = {.dim = 2,
                           .fine = {c->n, c->n},
                           .coarse = {m, m},
                           .kernel = {c->kernel, c->kernel},
                           .stride = {c->stride, c->stride},
                           .pad = {1, 1},
                           .convolution = convolution,
                           .side = {{c->side, c->side}, {c->side, c->side}}};
  FH_TRY(fh_taps_create(&h, c->in, c->out, &b.t));
  const ptrdiff_t weights = c->in * c->out * c->kernel * c->kernel;
  FH_NEW(b.w, weights);
  FH_NEW(b.packed, fh_taps_packed(b.t));
  FH_NEW(b.x, c->in * c->n * c->n);
  FH_NEW(b.y, c->out * m * m);
  FH_NEW(b.dx, c->in * c->n * c->n);
  FH_NEW(b.sum, weights);
  FH_NEW(b.work, fh_taps_work(b.t));
  for (ptrdiff_t i = 0; i < weights; i++) b.w[i] = (fh_real)(i % 7 - 3) / 100;
  for (ptrdiff_t i = 0; i < c->in * c->n * c->n; i++) b.x[i] = (fh_real)(i % 11 - 5);
  const double flops = 2 * (double)(weights * m * m);
  printf("%2td -> %2td channels, %3td x %3td, kernel %d, stride %d, %-8s", c->in, c->out, c->n,
         c->n, c->kernel, c->stride, fh_side_names[c->side]);
  for (int which = 0; which < 3; which++)
    printf(" %6.1f", rate(&b, which, (which == 2 ? 2 : 1) * flops, seconds));
  printf("\n");
  fh_free(b.w);
  fh_free(b.packed);
  fh_free(b.x);
  fh_free(b.y);
  fh_free(b.dx);
  fh_free(b.sum);
  fh_free(b.work);
  fh_taps_destroy(&b.t);
  return FH_OK;
}

int main(int argc, char **argv)
{
  const double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.2;
  int convolution = FH_CONVOLUTION_AUTO;
  for (int i = 0; argc > 2 && fh_convolution_names[i]; i++)
    if (!strcmp(argv[2], fh_convolution_names[i])) convolution = i;
  printf("peak of multiply-adds in single precision: %.1f GFLOP/s\n", peak());
  printf("GFLOP/s of gather, scatter, both gradients (%s, %s, %s)\n", FH_PRECISION,
         fh_isa_name(fh_isa_best()), fh_convolution_names[convolution]);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (measure(&cases[i], seconds, convolution) != FH_OK) {
      fh_status_print(stderr);
      return 1;
    }
  return 0;
}
