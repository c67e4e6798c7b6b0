/* The truncated DFT by FFTW, an axis at a time from the last to the first: after every axis only the
 * frequencies that are kept go on. One field at a time, in aligned scratch. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/dft_impl.h"

/* the complex array [outer][n][inner] on which axis a is transformed */
typedef struct {
  ptrdiff_t outer, n, inner;
} block;

static block block_of(const fh_dft_spec *s, int a)
{
  block b = {1, s->n[a], 1};
  for (int i = 0; i < a; i++) b.outer *= s->n[i];
  for (int i = a + 1; i < s->dim; i++) b.inner *= s->count[i];
  return b;
}

/* Operations a point of a complex transform of n points: 5 log2 of the small prime factors; a factor p
 * that FFTW has no short transform for costs it about 8 p. */
static double per_point(ptrdiff_t n)
{
  double sum = 0;
  for (ptrdiff_t p = 2; n > 1; p++)
    for (; n % p == 0; n /= p) sum += p <= 13 ? 5 * log2((double)p) : 8 * (double)p;
  return sum;
}

double fh_dft_fft_flops(const fh_dft_spec *s)
{
  const int last = s->dim - 1;
  double flops = 0.5 * per_point(s->n[last]);
  for (int a = 0; a < s->dim; a++) flops *= (double)s->n[a];
  for (int a = 0; a < last; a++) {
    const block b = block_of(s, a);
    flops += per_point(b.n) * (double)b.outer * (double)b.n * (double)b.inner;
  }
  return flops;
}

/* scratch: lines (reals), half (their half spectra), axis (complex); in reals */
typedef struct {
  ptrdiff_t lines, half, axis, end;
} places;

static places layout(const fh_dft *d)
{
  const fh_dft_spec *s = &d->spec;
  const ptrdiff_t n = s->n[s->dim - 1], lines = d->points / n;
  places w = {.half = fh_dft_padded(d->points)};
  w.axis = w.half + fh_dft_padded(2 * lines * (n / 2 + 1));
  w.end = w.axis + 2 * fh_dft_padded(2 * lines * s->count[s->dim - 1]);
  return w;
}

fh_status fh_dft_fft_build(fh_dft *d)
{
  const fh_dft_spec *s = &d->spec;
  const int last = s->dim - 1;
  FH_NEW(d->fft.cosine, s->count[last]);
  FH_NEW(d->fft.sine, s->count[last]);
  for (ptrdiff_t k = 0; k < s->count[last]; k++)
    fh_dft_column(s, k, &d->fft.cosine[k], &d->fft.sine[k]);
  for (int inverse = 0; inverse < 2; inverse++) {
    FH_TRY(fh_fftw_lines(s->n[last], d->points / s->n[last], inverse, &d->fft.lines[inverse]));
    for (int a = 0; a < last; a++) {
      const block b = block_of(s, a);
      FH_TRY(fh_fftw_axis(b.outer, b.n, b.inner, inverse, &d->fft.axis[a][inverse]));
    }
  }
  d->work = (size_t)layout(d).end * sizeof(fh_real);
  return FH_OK;
}

void fh_dft_fft_free(fh_dft *d)
{
  fh_free(d->fft.cosine);
  fh_free(d->fft.sine);
  for (int i = 0; i < 2; i++) {
    fh_fftw_destroy(&d->fft.lines[i]);
    for (int a = 0; a < 2; a++) fh_fftw_destroy(&d->fft.axis[a][i]);
  }
}

/* kept columns of the half spectra, weighted */
static void take_columns(const fh_dft *d, const fh_real *half, fh_real *out)
{
  const fh_dft_spec *s = &d->spec;
  const ptrdiff_t n = s->n[s->dim - 1], nk = s->count[s->dim - 1], lines = d->points / n;
  for (ptrdiff_t i = 0; i < lines; i++)
    for (ptrdiff_t k = 0; k < nk; k++) {
      const fh_real *z = half + 2 * (i * (n / 2 + 1) + k);
      out[2 * (i * nk + k)] = (fh_real)d->fft.cosine[k] * z[0];
      out[2 * (i * nk + k) + 1] = (fh_real)d->fft.sine[k] * z[1];
    }
}

/* FFTW's inverse doubles what is neither frequency zero nor Nyquist */
static void put_columns(const fh_dft *d, const fh_real *in, fh_real *half)
{
  const fh_dft_spec *s = &d->spec;
  const ptrdiff_t n = s->n[s->dim - 1], nk = s->count[s->dim - 1], lines = d->points / n;
  memset(half, 0, (size_t)(2 * lines * (n / 2 + 1)) * sizeof(fh_real));
  for (ptrdiff_t i = 0; i < lines; i++)
    for (ptrdiff_t k = 0; k < nk; k++) {
      const fh_real once = k == 0 || 2 * k == n ? 1 : (fh_real)0.5;
      fh_real *z = half + 2 * (i * (n / 2 + 1) + k);
      z[0] = once * (fh_real)d->fft.cosine[k] * in[2 * (i * nk + k)];
      z[1] = once * (fh_real)d->fft.sine[k] * in[2 * (i * nk + k) + 1];
    }
}

/* rows of frequencies first.. out of all rows; a Nyquist frequency is the mean of both signs */
static void take_rows(const fh_dft_spec *s, int a, const fh_real *in, fh_real *out)
{
  const block b = block_of(s, a);
  const ptrdiff_t row = 2 * b.inner, n = b.n;
  for (ptrdiff_t o = 0; o < b.outer; o++)
    for (ptrdiff_t j = 0; j < s->count[a]; j++) {
      const ptrdiff_t f = s->first[a] + j;
      const fh_real *plus = in + (o * n + (f + n) % n) * row;
      const fh_real *minus = in + (o * n + (n - f) % n) * row;
      fh_real *z = out + (o * s->count[a] + j) * row;
      if (fh_dft_is_nyquist(s, a, f))
        for (ptrdiff_t k = 0; k < row; k++) z[k] = (fh_real)0.5 * (plus[k] + minus[k]);
      else
        memcpy(z, plus, (size_t)row * sizeof(fh_real));
    }
}

static void put_rows(const fh_dft_spec *s, int a, const fh_real *in, fh_real *out)
{
  const block b = block_of(s, a);
  const ptrdiff_t row = 2 * b.inner, n = b.n;
  memset(out, 0, (size_t)(b.outer * n * row) * sizeof(fh_real));
  for (ptrdiff_t o = 0; o < b.outer; o++)
    for (ptrdiff_t j = 0; j < s->count[a]; j++) {
      const ptrdiff_t f = s->first[a] + j;
      const fh_real *z = in + (o * s->count[a] + j) * row;
      fh_real *plus = out + (o * n + (f + n) % n) * row, *minus = out + (o * n + (n - f) % n) * row;
      const fh_real part = fh_dft_is_nyquist(s, a, f) ? (fh_real)0.5 : 1;
      for (ptrdiff_t k = 0; k < row; k++) plus[k] += part * z[k];
      if (part < 1)
        for (ptrdiff_t k = 0; k < row; k++) minus[k] += part * z[k];
    }
}

void fh_dft_fft_analyse(const fh_dft *d, ptrdiff_t fields, const fh_real *x, fh_real *modes,
                        fh_real *work)
{
  const fh_dft_spec *s = &d->spec;
  const places w = layout(d);
  fh_real *lines = work + w.lines, *half = work + w.half;
  fh_real *buffer[2] = {work + w.axis, work + (w.axis + w.end) / 2};
  for (ptrdiff_t f = 0; f < fields; f++) {
    fh_real *z = modes + 2 * f * d->modes;
    memcpy(lines, x + f * d->points, (size_t)d->points * sizeof(fh_real));
    fh_fftw_run(d->fft.lines[0], lines, half);
    take_columns(d, half, s->dim == 1 ? z : buffer[0]);
    for (int a = s->dim - 2, i = 0; a >= 0; a--, i = !i) {
      fh_fftw_run(d->fft.axis[a][0], buffer[i], buffer[i]);
      take_rows(s, a, buffer[i], a == 0 ? z : buffer[!i]);
    }
  }
}

void fh_dft_fft_synthesise(const fh_dft *d, ptrdiff_t fields, const fh_real *modes, fh_real *x,
                           fh_real *work)
{
  const fh_dft_spec *s = &d->spec;
  const places w = layout(d);
  fh_real *lines = work + w.lines, *half = work + w.half;
  fh_real *buffer[2] = {work + w.axis, work + (w.axis + w.end) / 2};
  for (ptrdiff_t f = 0; f < fields; f++) {
    const fh_real *z = modes + 2 * f * d->modes;
    for (int a = 0, i = 0; a <= s->dim - 2; a++, i = !i) {
      put_rows(s, a, z, buffer[i]);
      fh_fftw_run(d->fft.axis[a][1], buffer[i], buffer[i]);
      z = buffer[i];
    }
    put_columns(d, z, half);
    fh_fftw_run(d->fft.lines[1], half, lines);
    memcpy(x + f * d->points, lines, (size_t)d->points * sizeof(fh_real));
  }
}
