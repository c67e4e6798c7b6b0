#include "kernels/rfft.h"

#include "base/memory.h"
#include "base/size.h"

static fh_status build(int dim, const ptrdiff_t *n, fh_rfft *f)
{
  FH_CHECK(dim >= 1 && dim <= 3, FH_ERR_ARG, "a transform of %d axes: 1 to 3 are possible", dim);
  FH_TRY(fh_size_product(dim, n, &f->points));
  FH_CHECK(f->points >= 1, FH_ERR_ARG, "a transform of %td points: at least 1 is needed",
           f->points);
  f->half = n[dim - 1] / 2 + 1;
  f->modes = f->points / n[dim - 1] * f->half;
  f->n_axis = dim - 1;
  FH_NEW(f->field, f->points);
  FH_NEW(f->spectrum, 2 * f->modes);
  for (int back = 0; back < 2; back++) {
    FH_TRY(fh_fftw_lines(n[dim - 1], f->points / n[dim - 1], back, &f->lines[back]));
    ptrdiff_t outer = 1;
    for (int a = 0; a < f->n_axis; a++) {
      FH_TRY(fh_fftw_axis(outer, n[a], f->modes / outer / n[a], back, &f->axis[a][back]));
      outer *= n[a];
    }
  }
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
  for (int back = 0; back < 2; back++) {
    for (int a = 0; a < f->n_axis; a++) fh_fftw_destroy(&f->axis[a][back]);
    fh_fftw_destroy(&f->lines[back]);
  }
  fh_free(f->spectrum);
  fh_free(f->field);
  fh_free(f);
  *fft = NULL;
}

void fh_rfft_forward(fh_rfft *f)
{
  fh_fftw_run(f->lines[0], f->field, f->spectrum);
  for (int a = 0; a < f->n_axis; a++) fh_fftw_run(f->axis[a][0], f->spectrum, f->spectrum);
}

void fh_rfft_backward(fh_rfft *f)
{
  for (int a = 0; a < f->n_axis; a++) fh_fftw_run(f->axis[a][1], f->spectrum, f->spectrum);
  fh_fftw_run(f->lines[1], f->spectrum, f->field);
}
