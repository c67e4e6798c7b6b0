/* Time of the parts of a Fourier layer, forward and backward, as CSV:
 *   bench_spectral [smoke | points, as 64x64]
 * One line a part and size: microseconds a sample (best of many calls) and GF/s by the operations
 * that the method does. The first line says on which processor. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "kernels/dft.h"
#include "kernels/dft_table.h"
#include "kernels/mixing.h"
#include "operators/spectral/spectral.h"

typedef struct {
  int dim;
  ptrdiff_t n[3], modes[3], channels, batch;
} size;

static const size sizes[] = {
    {1, {16}, {8}, 8, 2},
    {2, {64, 64}, {12, 12}, 32, 1},
    {2, {64, 64}, {12, 12}, 32, 4},
    {2, {64, 64}, {16, 16}, 32, 1},
    {2, {64, 64}, {16, 16}, 32, 4},
    {2, {64, 64}, {16, 16}, 32, 8},
    {2, {64, 64}, {24, 24}, 32, 4},
    {2, {64, 64}, {32, 32}, 32, 4},
    {2, {64, 64}, {64, 64}, 32, 4},
    {2, {16, 16}, {16, 16}, 32, 8},
    {2, {128, 128}, {16, 16}, 32, 4},
    {2, {128, 128}, {32, 32}, 32, 2},
    {2, {128, 128}, {64, 64}, 32, 2},
    {2, {128, 128}, {64, 64}, 64, 4},
    {2, {256, 256}, {16, 16}, 32, 1},
    {2, {256, 256}, {64, 64}, 16, 1},
    {2, {421, 421}, {24, 24}, 16, 1},
    {1, {1024}, {16}, 64, 8},
    {1, {1024}, {128}, 64, 8},
    {1, {8192}, {32}, 32, 2},
    {3, {32, 32, 32}, {8, 8, 8}, 16, 1},
    {3, {64, 64, 64}, {16, 16, 16}, 8, 1},
};

/* the last axis of a field, unfolded: rows x points times points x columns */
typedef struct {
  ptrdiff_t rows, terms, columns;
} product;

typedef struct {
  product p;
  fh_dft *dft[2];
  fh_op *op;
  fh_need need;
  fh_mix_size n;
  const fh_mix_table *mix;
  fh_real *x, *y, *z, *g, *w, *dw, *work, *saved, *a;
} bench;

typedef void (*part)(bench *b, const size *s);

/* the small product that the transforms are made of, and the one of BLAS */
static void product_here(bench *b, const size *s)
{
  const product *p = &b->p;
  for (ptrdiff_t f = 0; f < s->batch * s->channels; f++)
    fh_dft_table_get(fh_isa_best())
        ->product(p->rows, p->terms, p->columns, b->x, p->terms, b->y, p->columns, b->a,
                  p->columns);
}
static void product_blas(bench *b, const size *s)
{
  const product *p = &b->p;
  for (ptrdiff_t f = 0; f < s->batch * s->channels; f++)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)p->rows, (int)p->columns,
                (int)p->terms, 1, b->x, (int)p->terms, b->y, (int)p->columns, 0, b->a,
                (int)p->columns);
}
static void analyse(bench *b, const size *s)
{
  fh_dft_analyse(b->dft[0], s->batch * s->channels, b->x, b->z, b->work);
}
static void synthesise(bench *b, const size *s)
{
  fh_dft_synthesise(b->dft[1], s->batch * s->channels, b->z, b->y, b->work);
}
static void mix(bench *b, const size *s)
{
  (void)s;
  b->mix->forward(&b->n, b->w, b->z, b->g);
}
static void mix_back(bench *b, const size *s)
{
  (void)s;
  b->mix->backward(&b->n, b->w, b->z, b->g);
}
static void mix_gradient(bench *b, const size *s)
{
  (void)s;
  b->mix->gradient(&b->n, b->z, b->g, b->dw);
}
static void layer_forward(bench *b, const size *s)
{
  const fh_fwd io = {.batch = s->batch,
                     .in = {b->x},
                     .out = {b->y},
                     .param = {b->w, b->w},
                     .saved = b->saved,
                     .work = b->work};
  if (b->op->class->forward(b->op, &io) != FH_OK) exit(1);
}
static void layer_backward(bench *b, const size *s)
{
  const fh_bwd io = {.batch = s->batch,
                     .dout = {b->y},
                     .din = {b->x},
                     .param = {b->w, b->w},
                     .dparam = {b->dw, b->dw},
                     .saved = b->saved,
                     .work = b->work};
  if (b->op->class->backward(b->op, &io) != FH_OK) exit(1);
}

static double best(part p, bench *b, const size *s, double patience)
{
  double least = HUGE_VAL;
  const double start = fh_clock();
  for (int i = 0; i < 1000 && (i < 2 || fh_clock() - start < patience); i++) {
    const double t = fh_clock();
    p(b, s);
    least = fmin(least, fh_clock() - t);
  }
  return least;
}

static void fill(fh_real *x, ptrdiff_t n)
{
  const fh_rng r = {.seed = 1, .stream = FH_STREAM_TEST};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)(fh_rng_uniform(&r, (uint64_t)i % 4096) - 0.5);
}

static fh_status prepare(bench *b, const size *s, fh_dft_method method)
{
  fh_spectral_config c = {.in_channels = s->channels,
                          .out_channels = s->channels,
                          .dim = s->dim,
                          .bias = true,
                          .method = (int)method};
  memcpy(c.modes, s->modes, sizeof c.modes);
  fh_grid grid;
  FH_TRY(fh_grid_box(s->dim, s->n, FH_PERIODIC, FH_NODE, &grid));
  const fh_shape shape = {s->batch, s->channels, fh_layout_whole(&grid)};
  FH_TRY(fh_spectral_create(&c, &b->op));
  FH_TRY(fh_op_setup(b->op, NULL, &shape, &b->need));
  fh_dft_spec t = {.dim = s->dim, .method = method, .isa = fh_isa_best()};
  for (int a = 0; a < s->dim; a++) {
    const bool last = a == s->dim - 1;
    t.n[a] = t.other[a] = s->n[a];
    t.first[a] = last ? 0 : -(s->modes[a] / 2);
    t.count[a] = last ? s->modes[a] / 2 + 1 : s->modes[a];
  }
  FH_TRY(fh_dft_create(&t, &b->dft[0]));
  t.side = FH_DFT_OUTPUT;
  FH_TRY(fh_dft_create(&t, &b->dft[1]));
  b->n = (fh_mix_size){s->batch, s->channels, s->channels, fh_dft_modes(b->dft[0])};
  b->mix = fh_mix_table_get(t.isa);
  const ptrdiff_t field = fh_shape_size(&shape), weights = fh_param_size(&b->op->param[0]);
  const ptrdiff_t spectra = 2 * s->batch * s->channels * b->n.modes + FH_DFT_SLACK;
  const size_t work = b->need.work > fh_dft_work(b->dft[0]) ? b->need.work : fh_dft_work(b->dft[0]);
  FH_NEW(b->x, field);
  FH_NEW(b->y, field);
  FH_NEW(b->z, spectra);
  FH_NEW(b->g, spectra);
  FH_NEW(b->w, weights);
  FH_NEW(b->dw, weights);
  FH_NEW(b->work, (ptrdiff_t)(work / sizeof(fh_real)) + 1);
  FH_NEW(b->saved, (ptrdiff_t)(b->need.saved / sizeof(fh_real)) + 1);
  const ptrdiff_t n = s->n[s->dim - 1];
  b->p = (product){s->dim == 1 ? 1 : 2 * (s->modes[s->dim - 2] / 2 + 1), n,
                   (s->modes[s->dim - 1] + 17) / 16 * 16};
  FH_NEW(b->a, b->p.rows * b->p.columns);
  fill(b->x, field);
  fill(b->y, field);
  fill(b->z, spectra);
  fill(b->w, weights);
  return FH_OK;
}

static void release(bench *b)
{
  fh_dft_destroy(&b->dft[0]);
  fh_dft_destroy(&b->dft[1]);
  fh_op_destroy(&b->op);
  fh_real *all[] = {b->x, b->y, b->z, b->g, b->w, b->dw, b->work, b->saved, b->a};
  for (int i = 0; i < 9; i++) fh_free(all[i]);
}

/* "64x64" */
static const char *extents(int dim, const ptrdiff_t *n, char text[64])
{
  text[0] = 0;
  for (int a = 0; a < dim; a++)
    snprintf(text + strlen(text), 64 - strlen(text), "%s%td", a ? "x" : "", n[a]);
  return text;
}

static void line(const size *s, fh_dft_method method, const char *name, double seconds,
                 double flops)
{
  char n[64], m[64];
  printf("%s,%s,%td,%td,%s,%s,%.1f,%.1f\n", extents(s->dim, s->n, n), extents(s->dim, s->modes, m),
         s->channels, s->batch, method == FH_DFT_GEMM ? "gemm" : "fftw", name,
         1e6 * seconds / (double)s->batch, flops * (double)s->batch / seconds * 1e-9);
  fflush(stdout);
}

static fh_status measure(const size *s, fh_dft_method method, double patience)
{
  bench b = {0};
  FH_TRY(prepare(&b, s, method));
  const double c = (double)s->channels, dft = c * fh_dft_flops(b.dft[0]);
  const double mixing = 8 * c * c * (double)b.n.modes;
  line(s, method, "analyse", best(analyse, &b, s, patience), dft);
  line(s, method, "synthesise", best(synthesise, &b, s, patience), dft);
  if (method == FH_DFT_GEMM && s->dim > 1) {
    const double flops = 2 * c * (double)(b.p.rows * b.p.terms * b.p.columns);
    line(s, method, "product", best(product_here, &b, s, patience), flops);
    line(s, method, "product-blas", best(product_blas, &b, s, patience), flops);
  }
  if (method == FH_DFT_GEMM) {
    line(s, method, "mix", best(mix, &b, s, patience), mixing);
    line(s, method, "mix-dx", best(mix_back, &b, s, patience), mixing);
    line(s, method, "mix-dw", best(mix_gradient, &b, s, patience), mixing);
  }
  line(s, method, "layer-forward", best(layer_forward, &b, s, patience), 2 * dft + mixing);
  line(s, method, "layer-backward", best(layer_backward, &b, s, patience), 2 * dft + 2 * mixing);
  release(&b);
  return FH_OK;
}

static void machine(void)
{
  char text[256], name[256] = "unknown";
  FILE *f = fopen("/proc/cpuinfo", "r");
  while (f && fgets(text, sizeof text, f))
    if (sscanf(text, "model name : %255[^\n]", name) == 1) break;
  if (f) fclose(f);
  printf("# %s, %s, %s\n", name, fh_isa_name(fh_isa_best()), FH_PRECISION);
  printf("points,modes,channels,batch,method,part,us_per_sample,gflops\n");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
  machine();
  fh_status st = FH_OK;
  for (size_t i = 0; st == FH_OK && i < (smoke ? 1 : sizeof sizes / sizeof *sizes); i++) {
    char n[64];
    if (argc > 1 && !smoke && strcmp(argv[1], extents(sizes[i].dim, sizes[i].n, n)) != 0) continue;
    for (int method = FH_DFT_GEMM; st == FH_OK && method <= FH_DFT_FFTW; method++)
      st = measure(&sizes[i], (fh_dft_method)method, smoke ? 0 : 0.05);
  }
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Finalize();
  return st != FH_OK;
}
