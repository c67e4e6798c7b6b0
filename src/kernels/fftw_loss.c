#include "kernels/fftw_loss.h"

#include <fftw3.h>

#include "base/memory.h"
#include "base/size.h"

#ifdef FH_DOUBLE
#define FFTW(name) fftw_##name
#else
#define FFTW(name) fftwf_##name
#endif

static fh_status build(int dim, const ptrdiff_t *n, fh_rfft *f)
{
  int size[3];
  FH_CHECK(dim >= 1 && dim <= 3, FH_ERR_ARG, "a transform of %d axes: 1 to 3 are possible", dim);
  for (int a = 0; a < dim; a++) FH_TRY(fh_size_int(n[a], &size[a]));
  FH_TRY(fh_size_product(dim, n, &f->points));
  f->half = n[dim - 1] / 2 + 1;
  f->modes = f->points / n[dim - 1] * f->half;
  FH_NEW(f->field, f->points);
  FH_NEW(f->spectrum, 2 * f->modes);
  FFTW(complex) *spectrum = (FFTW(complex) *)f->spectrum;
  f->forward =
      FFTW(plan_dft_r2c)(dim, size, f->field, spectrum, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
  f->backward = FFTW(plan_dft_c2r)(dim, size, spectrum, f->field, FFTW_ESTIMATE);
  FH_CHECK(f->forward && f->backward, FH_ERR_LIBRARY, "FFTW has no plan for %td points", f->points);
  return FH_OK;
}

fh_status fh_rfft_create(int dim, const ptrdiff_t *n, fh_rfft **fft)
{
  fh_rfft *f = NULL;
  *fft = NULL;
  FH_NEW(f, 1);
  const fh_status st = build(dim, n, f);
  if (st != FH_OK) fh_rfft_destroy(&f);
  *fft = f;
  return st;
}

void fh_rfft_destroy(fh_rfft **fft)
{
  fh_rfft *f = *fft;
  if (!f) return;
  if (f->backward) FFTW(destroy_plan)(f->backward);
  if (f->forward) FFTW(destroy_plan)(f->forward);
  fh_free(f->spectrum);
  fh_free(f->field);
  fh_free(f);
  *fft = NULL;
}

void fh_rfft_forward(fh_rfft *fft)
{
  FFTW(execute)(fft->forward);
}

void fh_rfft_backward(fh_rfft *fft)
{
  FFTW(execute)(fft->backward);
}
