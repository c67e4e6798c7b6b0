#include "datagen/field/fftw_series.h"

#include <fftw3.h>

#include "base/memory.h"
#include "grid/grid.h"

struct fh_series {
  ptrdiff_t size; /* reals in coefficients */
  double *coefficients, *values;
  fftw_plan plan;
};

double fh_series_factor(fh_series_basis basis, ptrdiff_t n, ptrdiff_t k)
{
  /* FFTW's cosine transforms count inner terms twice */
  if (basis == FH_SERIES_FOURIER || k == 0) return 1.0;
  return basis == FH_SERIES_COSINE_NODE && k == n - 1 ? 1.0 : 0.5;
}

static fh_status build(fh_series_basis basis, int dim, const ptrdiff_t *n, fh_series *s)
{
  int points[FH_MAX_DIM];
  ptrdiff_t values = 0;
  FH_TRY(fh_size_product(dim, n, &values));
  for (int a = 0; a < dim; a++) {
    FH_TRY(fh_size_int(n[a], &points[a]));
    FH_CHECK(basis != FH_SERIES_COSINE_NODE || n[a] >= 2, FH_ERR_ARG,
             "axis %d has %td vertices, a cosine series needs both ends: at least 2", a, n[a]);
  }
  s->size = basis == FH_SERIES_FOURIER ? values / n[dim - 1] * (n[dim - 1] / 2 + 1) * 2 : values;
  FH_NEW(s->coefficients, s->size);
  FH_NEW(s->values, values);
  if (basis == FH_SERIES_FOURIER) {
    s->plan = fftw_plan_dft_c2r(dim, points, (fftw_complex *)s->coefficients, s->values,
                                FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  } else {
    const fftw_r2r_kind kind = basis == FH_SERIES_COSINE_CELL ? FFTW_REDFT01 : FFTW_REDFT00;
    const fftw_r2r_kind kinds[FH_MAX_DIM] = {kind, kind, kind};
    s->plan = fftw_plan_r2r(dim, points, s->coefficients, s->values, kinds,
                            FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  }
  FH_CHECK(s->plan, FH_ERR_LIBRARY, "FFTW cannot plan a transform of %td points", values);
  return FH_OK;
}

fh_status fh_series_create(fh_series_basis basis, int dim, const ptrdiff_t *n, fh_series **series)
{
  fh_series *s = NULL;
  *series = NULL;
  FH_NEW(s, 1);
  const fh_status st = build(basis, dim, n, s);
  if (st != FH_OK) fh_series_destroy(&s);
  *series = s;
  return st;
}

void fh_series_destroy(fh_series **series)
{
  fh_series *s = *series;
  if (!s) return;
  if (s->plan) fftw_destroy_plan(s->plan);
  fh_free(s->coefficients);
  fh_free(s->values);
  fh_free(s);
  *series = NULL;
}

double *fh_series_coefficients(fh_series *s)
{
  return s->coefficients;
}

ptrdiff_t fh_series_size(const fh_series *s)
{
  return s->size;
}

const double *fh_series_sum(fh_series *s)
{
  fftw_execute(s->plan);
  return s->values;
}
