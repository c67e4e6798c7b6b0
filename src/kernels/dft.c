#include "kernels/dft.h"

#include <math.h>

#include "base/memory.h"
#include "base/size.h"
#include "kernels/dft_impl.h"

extern const fh_dft_table fh_dft_table_generic, fh_dft_table_avx2, fh_dft_table_avx512;

const fh_dft_table *fh_dft_table_get(fh_isa isa)
{
  if (isa == FH_ISA_AVX512) return &fh_dft_table_avx512;
  return isa == FH_ISA_AVX2 ? &fh_dft_table_avx2 : &fh_dft_table_generic;
}

void fh_dft_unit(ptrdiff_t f, ptrdiff_t j, ptrdiff_t n, double *c, double *s)
{
  static const double quarter[5] = {1, 0, -1, 0, 1};
  const ptrdiff_t r = (f % n + n) % n * j % n;
  if (4 * r % n == 0) {
    *c = quarter[4 * r / n];
    *s = -quarter[4 * r / n + 1];
    return;
  }
  const double pi = 3.14159265358979323846;
  *c = cos(2 * pi * (double)r / (double)n);
  *s = sin(2 * pi * (double)r / (double)n);
}

bool fh_dft_is_nyquist(const fh_dft_spec *s, int a, ptrdiff_t f)
{
  const ptrdiff_t n = s->n[a], m = s->other[a];
  const ptrdiff_t least = s->side == FH_DFT_OUTPUT && m < n ? m : n;
  return 2 * (f < 0 ? -f : f) == least;
}

void fh_dft_column(const fh_dft_spec *s, ptrdiff_t k, double *c, double *sn)
{
  const int a = s->dim - 1;
  double w = k == 0 || 2 * k == s->other[a] ? 1 : 2;
  if (s->side == FH_DFT_INPUT) {
    w = 1;
    for (int b = 0; b < s->dim; b++) w /= (double)s->n[b];
  }
  *c = w;
  *sn = k == 0 || fh_dft_is_nyquist(s, a, k) ? 0 : w;
}

static fh_status check(const fh_dft_spec *s)
{
  FH_CHECK(s->dim >= 1 && s->dim <= 3, FH_ERR_ARG, "a transform over %d axes: give 1 to 3", s->dim);
  for (int a = 0; a < s->dim; a++) {
    const ptrdiff_t lo = s->first[a], hi = lo + s->count[a] - 1;
    const bool last = a == s->dim - 1;
    FH_CHECK(s->n[a] > 0 && s->count[a] > 0, FH_ERR_ARG,
             "axis %d has %td points and %td frequencies: give at least one of each", a, s->n[a],
             s->count[a]);
    FH_CHECK((last ? lo == 0 : lo <= 0) && hi >= 0 && -2 * lo <= s->n[a] && 2 * hi <= s->n[a],
             FH_ERR_ARG, "axis %d of %td points does not hold frequencies %td to %td", a, s->n[a],
             lo, hi);
  }
  return FH_OK;
}

/* How many operations of a product take the time of one of FFTW's, as measured with 512-bit vectors
 * (tests/bench/bench_spectral): the products use the vectors that there are, FFTW those of 256 bits
 * at most, and its transforms across several axes wait for memory. */
static double fft_penalty(const fh_dft *d)
{
  const double wide = d->spec.dim == 1 ? 5 : 9;
  const double bits = 8.0 * (double)sizeof(fh_real) * d->table->lanes;
  return bits >= 512 ? wide : bits >= 256 ? wide / 2 : wide / 6;
}

static fh_status build(fh_dft *d)
{
  const fh_dft_spec *s = &d->spec;
  FH_TRY(check(s));
  FH_TRY(fh_size_product(s->dim, s->n, &d->points));
  FH_TRY(fh_size_product(s->dim, s->count, &d->modes));
  for (int a = 0; a < s->dim; a++) d->zero = d->zero * s->count[a] - s->first[a];
  d->table = fh_dft_table_get(s->isa);
  const double gemm = fh_dft_gemm_flops(s, d->table->lanes), fft = fh_dft_fft_flops(s);
  if (s->method == FH_DFT_AUTO)
    d->spec.method = gemm <= fft_penalty(d) * fft ? FH_DFT_GEMM : FH_DFT_FFTW;
  d->flops = s->method == FH_DFT_GEMM ? gemm : fft;
  return s->method == FH_DFT_GEMM ? fh_dft_gemm_build(d) : fh_dft_fft_build(d);
}

fh_status fh_dft_create(const fh_dft_spec *spec, fh_dft **dft)
{
  FH_NEW(*dft, 1);
  (*dft)->spec = *spec;
  return build(*dft);
}

void fh_dft_destroy(fh_dft **dft)
{
  if (!*dft) return;
  fh_dft_gemm_free(*dft);
  fh_dft_fft_free(*dft);
  fh_free(*dft);
  *dft = NULL;
}

size_t fh_dft_work(const fh_dft *d)
{
  return d->work;
}
ptrdiff_t fh_dft_modes(const fh_dft *d)
{
  return d->modes;
}
ptrdiff_t fh_dft_zero(const fh_dft *d)
{
  return d->zero;
}
fh_dft_method fh_dft_chosen(const fh_dft *d)
{
  return d->spec.method;
}
double fh_dft_flops(const fh_dft *d)
{
  return d->flops;
}

void fh_dft_analyse(const fh_dft *d, ptrdiff_t fields, const fh_real *x, fh_real *modes, void *work)
{
  if (d->spec.method == FH_DFT_GEMM)
    fh_dft_gemm_analyse(d, fields, x, modes, work);
  else
    fh_dft_fft_analyse(d, fields, x, modes, work);
}

void fh_dft_synthesise(const fh_dft *d, ptrdiff_t fields, const fh_real *modes, fh_real *x,
                       void *work)
{
  if (d->spec.method == FH_DFT_GEMM)
    fh_dft_gemm_synthesise(d, fields, modes, x, work);
  else
    fh_dft_fft_synthesise(d, fields, modes, x, work);
}
